//===- Descriptors.cpp - Encodings of tcgen05 and TMA operands ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The constants that CUTLASS's kernels are seen to use are asserted here, the
// others in the unit tests.
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Descriptors.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

//===----------------------------------------------------------------------===//
// Matrices in shared memory
//===----------------------------------------------------------------------===//

namespace {
struct SwizzleInfo {
  uint64_t span;
  uint64_t code; ///< Bits 61 to 63 of a matrix descriptor.
  TensorMapSwizzle tensorMap;
};
} // namespace

/// In the order of SharedMemorySwizzle.
static constexpr SwizzleInfo swizzles[] = {
    {16, 0, TensorMapSwizzle::None},
    {32, 6, TensorMapSwizzle::B32},
    {64, 4, TensorMapSwizzle::B64},
    {128, 2, TensorMapSwizzle::B128},
};
static_assert(std::size(swizzles) == size_t(SharedMemorySwizzle::B128) + 1);

static constexpr const SwizzleInfo &infoOf(SharedMemorySwizzle swizzle) {
  return swizzles[size_t(swizzle)];
}

uint64_t nvvm::getSwizzleSpan(SharedMemorySwizzle swizzle) {
  return infoOf(swizzle).span;
}

TensorMapSwizzle nvvm::getTensorMapSwizzle(SharedMemorySwizzle swizzle) {
  return infoOf(swizzle).tensorMap;
}

uint64_t nvvm::swizzleOffset(SharedMemorySwizzle swizzle,
                             uint64_t absoluteAddress) {
  // A chunk's place in its span is exclusive-ored with the number of its
  // 128-byte line, one row of banks.
  uint64_t chunks = infoOf(swizzle).span / 16;
  uint64_t line = absoluteAddress / 128;
  return absoluteAddress ^ (line % chunks * 16);
}

/// Offsets within a dense K-major operand.
static constexpr MatrixDescriptor getKMajorMatrix(SharedMemorySwizzle swizzle) {
  // Without a swizzle, columns of eight 16-byte rows come in pairs: K = 64.
  // With one, the leading offset is what CUTLASS writes there.
  if (swizzle == SharedMemorySwizzle::None)
    return {0, /*leadingByteOffset=*/128, /*strideByteOffset=*/256, swizzle};
  return {0, /*leadingByteOffset=*/16, 8 * infoOf(swizzle).span, swizzle};
}

uint64_t nvvm::getKMajorOffset(SharedMemorySwizzle swizzle, uint64_t row,
                               uint64_t kByte) {
  MatrixDescriptor matrix = getKMajorMatrix(swizzle);
  uint64_t span = infoOf(swizzle).span;
  assert(
      (kByte < span || (swizzle == SharedMemorySwizzle::None && kByte < 32)) &&
      "byte of another block");
  uint64_t offset = row / 8 * matrix.strideByteOffset +
                    kByte / span * matrix.leadingByteOffset + row % 8 * span +
                    kByte % span;
  return swizzleOffset(swizzle, offset);
}

static constexpr uint64_t packMatrixDescriptor(const MatrixDescriptor &matrix) {
  // Bits 46 to 48 tell this descriptor from Hopper's.
  return matrix.startAddress / 16 | matrix.leadingByteOffset / 16 << 16 |
         matrix.strideByteOffset / 16 << 32 | uint64_t(1) << 46 |
         infoOf(matrix.swizzle).code << 61;
}

/// Scales are copied as core matrices of eight 16-byte rows, in one column.
static constexpr MatrixDescriptor scaleAtom = {0, /*leadingByteOffset=*/16,
                                               /*strideByteOffset=*/128,
                                               SharedMemorySwizzle::None};

static_assert(packMatrixDescriptor(getKMajorMatrix(
                  SharedMemorySwizzle::B128)) == 4611756662049538048);
static_assert(packMatrixDescriptor(scaleAtom) == 70403103981568);

Expected<uint64_t>
nvvm::encodeMatrixDescriptor(const MatrixDescriptor &matrix) {
  constexpr uint64_t limit = ((1 << 14) - 1) * 16;
  std::pair<const char *, uint64_t> fields[] = {
      {"start address", matrix.startAddress},
      {"leading byte offset", matrix.leadingByteOffset},
      {"stride byte offset", matrix.strideByteOffset},
  };
  for (auto [name, value] : fields) {
    if (value % 16 != 0)
      return makeError("matrix descriptor expects the {0} to be a multiple of "
                       "16 bytes, but got {1}",
                       name, value);
    if (value > limit)
      return makeError("matrix descriptor expects the {0} to be at most {1} "
                       "bytes, but got {2}",
                       name, limit, value);
  }
  return packMatrixDescriptor(matrix);
}

uint64_t nvvm::getKMajorDescriptorBase(SharedMemorySwizzle swizzle) {
  return packMatrixDescriptor(getKMajorMatrix(swizzle));
}

uint64_t nvvm::getScaleCopyDescriptorBase() {
  return packMatrixDescriptor(scaleAtom);
}

//===----------------------------------------------------------------------===//
// Instruction descriptor
//===----------------------------------------------------------------------===//

static Error verifyShape(const InstructionDescriptor &desc) {
  if (desc.ctaGroup != 1 && desc.ctaGroup != 2)
    return makeError(
        "instruction descriptor expects cta_group 1 or 2, but got {0}",
        desc.ctaGroup);
  bool isLegalM = desc.m == 128 || (desc.m == 256 && desc.ctaGroup == 2);
  if (!isLegalM)
    return makeError("instruction descriptor expects M to be {0} with "
                     "cta_group {1}, but got {2}",
                     desc.ctaGroup == 1 ? "128" : "128 or 256", desc.ctaGroup,
                     desc.m);
  unsigned step = 8 * desc.ctaGroup;
  if (desc.n == 0 || desc.n > 256 || desc.n % step != 0)
    return makeError("instruction descriptor expects N to be a multiple of {0} "
                     "from {0} to 256 with cta_group {1}, but got {2}",
                     step, desc.ctaGroup, desc.n);
  return Error::success();
}

static Error verifyScaleId(StringRef name, unsigned id, ScaleType scaleType) {
  if (id != 0 && id != 2)
    return makeError(
        "instruction descriptor expects {0} to be 0 or 2, but got {1}", name,
        id);
  if (id != 0 && scaleType == ScaleType::UE4M3)
    return makeError("instruction descriptor expects {0} to be 0 with ue4m3 "
                     "scales, but got {1}",
                     name, id);
  return Error::success();
}

Expected<uint32_t> nvvm::encodeBlockScaledInstructionDescriptor(
    const InstructionDescriptor &desc) {
  if (Error error = verifyShape(desc))
    return error;
  if (Error error = verifyScaleId("SFA id", desc.sfaId, desc.scaleType))
    return error;
  if (Error error = verifyScaleId("SFB id", desc.sfbId, desc.scaleType))
    return error;
  // Of these kinds e2m1 is type 1; kind::mxf8f6f4 calls it 5.
  constexpr uint32_t e2m1 = 1;
  return desc.sfbId << 4 | e2m1 << 7 | e2m1 << 10 | desc.n / 8 << 17 |
         uint32_t(desc.scaleType == ScaleType::UE8M0) << 23 |
         desc.m / 128 << 27 | desc.sfaId << 29;
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

uint64_t nvvm::getScaleByteOffset(uint64_t row, uint64_t group,
                                  uint64_t numGroups) {
  assert(group < numGroups && "group of another row");
  uint64_t atom = row / 128 * divideCeil(numGroups, uint64_t(4)) + group / 4;
  return atom * 512 + row % 32 * 16 + row % 128 / 32 * 4 + group % 4;
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

namespace {
struct DataTypeInfo {
  StringLiteral name;
  unsigned bits;
  bool isFloat;
};

struct TensorMapSwizzleInfo {
  StringLiteral name;
  uint64_t span; ///< 0 for None.
};
} // namespace

/// In the order of TensorMapDataType, with the driver's names.
static constexpr DataTypeInfo dataTypes[] = {
    {"UINT8", 8, false},         {"UINT16", 16, false},
    {"UINT32", 32, false},       {"INT32", 32, false},
    {"UINT64", 64, false},       {"INT64", 64, false},
    {"FLOAT16", 16, true},       {"FLOAT32", 32, true},
    {"FLOAT64", 64, true},       {"BFLOAT16", 16, true},
    {"FLOAT32_FTZ", 32, true},   {"TFLOAT32", 32, true},
    {"TFLOAT32_FTZ", 32, true},  {"16U4_ALIGN8B", 4, false},
    {"16U4_ALIGN16B", 4, false}, {"16U6_ALIGN16B", 6, false},
};
static_assert(std::size(dataTypes) ==
              size_t(TensorMapDataType::Packed16U6Align16B) + 1);

/// In the order of TensorMapSwizzle, with the driver's names.
static constexpr TensorMapSwizzleInfo tensorMapSwizzles[] = {
    {"NONE", 0},
    {"32B", 32},
    {"64B", 64},
    {"128B", 128},
    {"128B_ATOM_32B", 128},
    {"128B_ATOM_32B_FLIP_8B", 128},
    {"128B_ATOM_64B", 128},
};
static_assert(std::size(tensorMapSwizzles) ==
              size_t(TensorMapSwizzle::B128Atom64B) + 1);

namespace {
/// The checks of one tensor map.
class TensorMapVerifier {
public:
  explicit TensorMapVerifier(const TensorMap &map)
      : map(map), type(dataTypes[size_t(map.dataType)]),
        isAlign16B(map.dataType == TensorMapDataType::Packed16U4Align16B ||
                   map.dataType == TensorMapDataType::Packed16U6Align16B) {}

  Error run() const;

private:
  Error verifyRank() const;
  Error verifyGlobalDims() const;
  Error verifyGlobalStrides() const;
  Error verifyBoxDims() const;
  Error verifySwizzle() const;
  Error verifyFill() const;

  const TensorMap &map;
  const DataTypeInfo &type;
  /// The type is unpacked to chunks of 16 bytes in shared memory.
  bool isAlign16B;
};
} // namespace

Error TensorMapVerifier::verifyRank() const {
  unsigned rank = map.getRank();
  if (rank < 1 || rank > 5)
    return makeError("tensor map expects a rank of 1 to 5, but got {0}", rank);
  if (map.globalStrides.size() != rank - 1)
    return makeError("tensor map of rank {0} expects {1} global strides, but "
                     "got {2}",
                     rank, rank - 1, map.globalStrides.size());
  if (map.boxDims.size() != rank)
    return makeError("tensor map of rank {0} expects {0} box dimensions, but "
                     "got {1}",
                     rank, map.boxDims.size());
  return Error::success();
}

Error TensorMapVerifier::verifyGlobalDims() const {
  constexpr uint64_t limit = uint64_t(1) << 32;
  for (auto [index, dim] : enumerate(map.globalDims))
    if (dim < 1 || dim > limit)
      return makeError("tensor map expects global dimension {0} to be 1 to "
                       "{1}, but got {2}",
                       index, limit, dim);
  uint64_t multiple = 1;
  if (isAlign16B)
    multiple = 128;
  else if (map.dataType == TensorMapDataType::Packed16U4Align8B)
    multiple = 2;
  if (map.globalDims[0] % multiple != 0)
    return makeError("tensor map of {0} expects global dimension 0 to be a "
                     "multiple of {1}, but got {2}",
                     type.name, multiple, map.globalDims[0]);
  return Error::success();
}

Error TensorMapVerifier::verifyGlobalStrides() const {
  constexpr uint64_t limit = uint64_t(1) << 40;
  uint64_t multiple = isAlign16B ? 32 : 16;
  for (auto [index, stride] : enumerate(map.globalStrides)) {
    if (stride % multiple != 0)
      return makeError("tensor map of {0} expects global stride {1} to be a "
                       "multiple of {2} bytes, but got {3}",
                       type.name, index, multiple, stride);
    if (stride >= limit)
      return makeError("tensor map expects global stride {0} to be less than "
                       "{1} bytes, but got {2}",
                       index, limit, stride);
  }
  return Error::success();
}

Error TensorMapVerifier::verifyBoxDims() const {
  for (auto [index, dim] : enumerate(map.boxDims))
    if (dim < 1 || dim > 256)
      return makeError("tensor map expects box dimension {0} to be 1 to 256, "
                       "but got {1}",
                       index, dim);
  if (isAlign16B && map.boxDims[0] != 128)
    return makeError("tensor map of {0} expects box dimension 0 to be 128, but "
                     "got {1}",
                     type.name, map.boxDims[0]);
  if (map.boxDims[0] * type.bits % 128 != 0)
    return makeError("tensor map of {0} expects box dimension 0 to span a "
                     "multiple of 16 bytes, but got {1} elements of {2} bits",
                     type.name, map.boxDims[0], type.bits);
  return Error::success();
}

Error TensorMapVerifier::verifySwizzle() const {
  const TensorMapSwizzleInfo &swizzle = tensorMapSwizzles[size_t(map.swizzle)];
  bool isUnpackedSwizzle =
      map.swizzle == TensorMapSwizzle::None ||
      map.swizzle == TensorMapSwizzle::B128 ||
      map.swizzle == TensorMapSwizzle::B128Atom32B ||
      (map.swizzle == TensorMapSwizzle::B128Atom64B &&
       map.dataType == TensorMapDataType::Packed16U6Align16B);
  if (isAlign16B && !isUnpackedSwizzle)
    return makeError("tensor map of {0} does not support swizzle {1}",
                     type.name, swizzle.name);
  if (swizzle.span != 0 && map.boxDims[0] * type.bits > swizzle.span * 8)
    return makeError("tensor map of {0} with swizzle {1} expects box dimension "
                     "0 to span at most {2} bytes, but got {3} elements of {4} "
                     "bits",
                     type.name, swizzle.name, swizzle.span, map.boxDims[0],
                     type.bits);
  return Error::success();
}

Error TensorMapVerifier::verifyFill() const {
  if (map.oobFill == TensorMapOOBFill::NaN && !type.isFloat)
    return makeError("tensor map of {0} cannot fill with NaN, which takes a "
                     "floating-point type",
                     type.name);
  return Error::success();
}

Error TensorMapVerifier::run() const {
  for (auto verify :
       {&TensorMapVerifier::verifyRank, &TensorMapVerifier::verifyGlobalDims,
        &TensorMapVerifier::verifyGlobalStrides,
        &TensorMapVerifier::verifyBoxDims, &TensorMapVerifier::verifySwizzle,
        &TensorMapVerifier::verifyFill})
    if (Error error = (this->*verify)())
      return error;
  return Error::success();
}

Error nvvm::verifyTensorMap(const TensorMap &map) {
  return TensorMapVerifier(map).run();
}
