//===- SharedMatrix.cpp - Matrices in shared memory, by descriptor --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/SharedMatrix.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/Endian.h"
#include <cassert>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// Bytes along K of one instruction, of all kinds.
static constexpr unsigned kBytesPerInstruction = 32;

unsigned sim::getSwizzleSpan(MatrixSwizzle swizzle) {
  switch (swizzle) {
  case MatrixSwizzle::None:
    return 16;
  case MatrixSwizzle::B32:
    return 32;
  case MatrixSwizzle::B64:
    return 64;
  case MatrixSwizzle::B128:
  case MatrixSwizzle::B128Atom32B:
    return 128;
  }
  return 16;
}

uint32_t sim::swizzleAddress(MatrixSwizzle swizzle, uint32_t address) {
  // The row of the pattern, which begins at bit 7 whatever the span: a row of
  // 32 bytes is the fourth part of 128.
  uint32_t row = address >> 7;
  switch (swizzle) {
  case MatrixSwizzle::None:
    return address;
  case MatrixSwizzle::B128Atom32B:
    return address ^ (row & 3) << 5;
  case MatrixSwizzle::B128:
    return address ^ (row & 7) << 4;
  case MatrixSwizzle::B64:
    return address ^ (row & 3) << 4;
  case MatrixSwizzle::B32:
    return address ^ (row & 1) << 4;
  }
  return address;
}

/// `count` bits from bit `first`.
static uint64_t getField(uint64_t bits, unsigned first, unsigned count) {
  return (bits >> first) & ((uint64_t(1) << count) - 1);
}

Expected<SharedMatrix> sim::decodeSharedMatrix(uint64_t descriptor) {
  for (auto [first, count] : {std::pair(14, 2), {30, 2}, {53, 8}})
    if (getField(descriptor, first, count) != 0)
      return makeError("matrix descriptor {0:x} expects its bits {1} to {2} to "
                       "be 0",
                       descriptor, first, first + count - 1);
  if (uint64_t version = getField(descriptor, 46, 3); version != 1)
    return makeError("matrix descriptor {0:x} expects bits 46 to 48, its "
                     "version, to be 1, but got {1}",
                     descriptor, version);
  uint64_t swizzle = getField(descriptor, 61, 3);
  if (swizzle == 3 || swizzle == 5 || swizzle == 7)
    return makeError("matrix descriptor {0:x} expects a swizzle of 0, 1, 2, 4 "
                     "or 6, but got {1}",
                     descriptor, swizzle);
  // Without a swizzle it means nothing: Triton's copies of scales have it.
  if (uint64_t offset = getField(descriptor, 49, 3); offset && swizzle)
    return makeError("matrix descriptor {0:x} has base offset {1}: patterns "
                     "off their natural boundary are not modelled",
                     descriptor, offset);
  if (getField(descriptor, 52, 1))
    return makeError("matrix descriptor {0:x} has an absolute leading offset, "
                     "which is for K = 96 and not modelled",
                     descriptor);
  SharedMatrix matrix;
  matrix.startAddress = uint32_t(getField(descriptor, 0, 14) << 4);
  matrix.leadingByteOffset = uint32_t(getField(descriptor, 16, 14) << 4);
  matrix.strideByteOffset = uint32_t(getField(descriptor, 32, 14) << 4);
  matrix.swizzle = MatrixSwizzle(swizzle);
  return matrix;
}

/// Bits of an element in shared memory.
static unsigned getBits(MmaType type) {
  switch (type) {
  case MmaType::E2M1:
    return 4;
  case MmaType::E2M3:
  case MmaType::E3M2:
    return 6;
  case MmaType::F16:
  case MmaType::BF16:
    return 16;
  case MmaType::TF32:
    return 32;
  default:
    return 8;
  }
}

Error sim::checkOperand(const SharedMatrix &matrix, MatrixMajor major,
                        MmaType type) {
  bool isAtom32B = matrix.swizzle == MatrixSwizzle::B128Atom32B;
  if (major == MatrixMajor::K && isAtom32B)
    return makeError("matrix descriptor has swizzle 1, 128 bytes with 32-byte "
                     "atoms, which K-major operands do not have");
  if (major == MatrixMajor::MN && getBits(type) < 8)
    return makeError("matrix descriptor is for an MN-major operand, which {0} "
                     "does not have",
                     getName(type));
  if (major == MatrixMajor::MN && isAtom32B != (type == MmaType::TF32))
    return makeError("matrix descriptor of an MN-major operand of {0} expects "
                     "a swizzle {1}, but got {2}",
                     getName(type), isAtom32B ? "other than 1" : "of 1",
                     unsigned(matrix.swizzle));
  if (matrix.swizzle == MatrixSwizzle::None)
    return Error::success();

  // It may start in any row: the pattern is that of the addresses, and begins
  // where a base offset of 0 says that it does.
  unsigned span = getSwizzleSpan(matrix.swizzle);
  uint32_t inRow = matrix.startAddress % span;
  unsigned room = major == MatrixMajor::K ? kBytesPerInstruction : span;
  if (inRow + room > span)
    return makeError("matrix descriptor starts at {0:x}, {1} bytes into a "
                     "row of {2}, but expects room for {3} bytes",
                     matrix.startAddress, inRow, span, room);
  return Error::success();
}

uint32_t sim::getKMajorAddress(const SharedMatrix &matrix, unsigned row,
                               unsigned kByte) {
  uint32_t address = matrix.startAddress + row / 8 * matrix.strideByteOffset;
  unsigned span = getSwizzleSpan(matrix.swizzle);
  if (matrix.swizzle == MatrixSwizzle::None)
    return address + kByte / span * matrix.leadingByteOffset + row % 8 * span +
           kByte % span;
  return swizzleAddress(matrix.swizzle, address + row % 8 * span + kByte);
}

uint32_t sim::getMNMajorAddress(const SharedMatrix &matrix, unsigned mnByte,
                                unsigned k) {
  unsigned span = getSwizzleSpan(matrix.swizzle);
  unsigned rows = matrix.swizzle == MatrixSwizzle::B128Atom32B ? 4 : 8;
  // Without a swizzle the two offsets change places [PTX 9.7.16.3.3].
  bool isPlain = matrix.swizzle == MatrixSwizzle::None;
  uint32_t alongMN =
      isPlain ? matrix.strideByteOffset : matrix.leadingByteOffset;
  uint32_t alongK =
      isPlain ? matrix.leadingByteOffset : matrix.strideByteOffset;
  return swizzleAddress(
      matrix.swizzle, matrix.startAddress + mnByte / span * alongMN +
                          k / rows * alongK + k % rows * span + mnByte % span);
}

unsigned sim::getUnpaddedBytes(MmaType type) {
  unsigned bits = getBits(type);
  return bits < 8 ? 2 * bits : 16;
}

void sim::unpackElements(MmaType type, ArrayRef<uint8_t> padded,
                         MutableArrayRef<uint8_t> elements) {
  assert(padded.size() == elements.size() && padded.size() % 16 == 0 &&
         "not whole chunks");
  unsigned bits = getBits(type);
  assert(bits <= 8 && "not a type of a byte or less");
  for (unsigned i = 0; i < elements.size(); ++i) {
    unsigned firstBit = i % 16 * bits;
    // An element of 6 bits can span two bytes, both of them before the padding.
    unsigned byte = i / 16 * 16 + firstBit / 8;
    unsigned word = padded[byte];
    if (firstBit % 8 + bits > 8)
      word |= unsigned(padded[byte + 1]) << 8;
    elements[i] = uint8_t((word >> firstBit % 8) & ((1u << bits) - 1));
  }
}
