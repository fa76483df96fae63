//===- MatrixMove.cpp - Matrices between memory and registers -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ldmatrix, stmatrix and movmatrix [PTX 9.7.14.5.15 to 17].
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"
#include "fp4/Simulator/Descriptors/SharedMatrix.h"
#include "fp4/Simulator/Descriptors/TensorMemory.h"
#include "fp4/Simulator/Descriptors/WarpMatrix.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

namespace {
/// In `option2`.
enum Form : uint8_t { IsTransposed = 1, IsPadded4 = 2, IsPadded6 = 4 };

/// The rows of an instruction, as bytes.
struct MatrixRows {
  uint8_t data[warpSize][16] = {};
  uint8_t shadow[warpSize][16] = {};
};
} // namespace

/// The memory of a row; null after a fault. A row that is `written` is its
/// bytes, of which none is poison, if there is one.
static Bytes accessRow(Warp &warp, const Instruction &in, unsigned thread,
                       unsigned size, Access kind,
                       const uint8_t *written = nullptr) {
  const Lanes &base = warp.read(in.operands[0]);
  if (base.poison[thread]) {
    warp.fault(thread, "poison", "the address depends on uninitialised data");
    return Bytes();
  }
  Bytes bytes = warp.accessRange(thread, in.space,
                                 base.value[thread] + uint64_t(in.offset), 16,
                                 16, kind == Access::Write);
  if (bytes.data && !bytes.owner) {
    warp.fault(thread, "out-of-bounds", "the row is not in shared memory");
    return Bytes();
  }
  if (!bytes.data)
    return Bytes();
  const uint8_t initialised[16] = {};
  if (written && !std::memcmp(bytes.data, written, size) &&
      !std::memcmp(bytes.shadow, initialised, size))
    kind = Access::Rewrite;
  return warp.noteAccess(thread, bytes, size, kind) ? bytes : Bytes();
}

//===----------------------------------------------------------------------===//
// ldmatrix and stmatrix
//===----------------------------------------------------------------------===//

/// Operands: the address, the registers. `option` is the shape, `count` how
/// many rows there are in all.
static Flow executeLoad(Warp &warp, const Instruction &in) {
  MatrixRows rows;
  std::optional<MmaType> padded;
  if (in.option2 & IsPadded4)
    padded = MmaType::E2M1;
  else if (in.option2 & IsPadded6)
    padded = MmaType::E2M3;
  for (unsigned thread = 0; thread < in.count; ++thread) {
    unsigned size = padded ? getUnpaddedBytes(*padded) : 16;
    Bytes bytes = accessRow(warp, in, thread, size, Access::Read);
    if (!bytes.data)
      return Flow::Fault;
    std::memcpy(rows.data[thread], bytes.data, size);
    std::memcpy(rows.shadow[thread], bytes.shadow, size);
    if (!padded)
      continue;
    uint8_t elements[16];
    unpackElements(*padded, rows.data[thread], elements);
    std::memcpy(rows.data[thread], elements, 16);
    bool poisoned = any_of(ArrayRef(rows.shadow[thread], size),
                           [](uint8_t byte) { return byte; });
    std::memset(rows.shadow[thread], poisoned ? 255 : 0, 16);
  }
  for (unsigned reg = 0; reg + 1 < in.operands.size(); ++reg) {
    Lanes &d = warp.write(in.operands[1 + reg]);
    forActive(warp, [&](unsigned lane) {
      uint64_t value = 0;
      uint8_t poison = 0;
      for (unsigned part = 0; part < 4; ++part) {
        MatrixByte from = getMatrixByte(
            MatrixShape(in.option), in.option2 & IsTransposed, lane, reg, part);
        value |= uint64_t(rows.data[from.addressThread][from.byte])
                 << (8 * part);
        if (rows.shadow[from.addressThread][from.byte])
          poison |= 1 << part;
      }
      d.value[lane] = value;
      d.poison[lane] = poison;
    });
  }
  warp.statistics.sharedBytesRead += 16 * in.count;
  return Flow::Next;
}

static Flow executeStore(Warp &warp, const Instruction &in) {
  MatrixRows rows;
  for (unsigned reg = 0; reg + 1 < in.operands.size(); ++reg) {
    const Lanes &a = warp.read(in.operands[1 + reg]);
    forActive(warp, [&](unsigned lane) {
      for (unsigned part = 0; part < 4; ++part) {
        MatrixByte to = getMatrixByte(
            MatrixShape(in.option), in.option2 & IsTransposed, lane, reg, part);
        rows.data[to.addressThread][to.byte] =
            uint8_t(a.value[lane] >> (8 * part));
        rows.shadow[to.addressThread][to.byte] =
            a.poison[lane] >> part & 1 ? 255 : 0;
      }
    });
  }
  for (unsigned thread = 0; thread < in.count; ++thread) {
    bool poisoned = any_of(rows.shadow[thread], [](uint8_t b) { return b; });
    Bytes bytes = accessRow(warp, in, thread, 16, Access::Write,
                            poisoned ? nullptr : rows.data[thread]);
    if (!bytes.data)
      return Flow::Fault;
    std::memcpy(bytes.data, rows.data[thread], 16);
    std::memcpy(bytes.shadow, rows.shadow[thread], 16);
  }
  warp.statistics.sharedBytesWritten += 16 * in.count;
  return Flow::Next;
}

template <bool IsStore>
static void moveMatrix(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.aligned = true;
  MatrixShape shape = d.has("m8n16")    ? MatrixShape::M8N16
                      : d.has("m16n16") ? MatrixShape::M16N16
                      : d.has("m16n8")  ? MatrixShape::M16N8
                                        : MatrixShape::M8N8;
  unsigned num = d.has("x4") ? 4 : d.has("x2") ? 2 : 1;
  Expected<unsigned> registers = getNumMatrixRegisters(shape, num);
  if (!registers)
    return d.fail(toString(registers.takeError()));
  const Operand &data = d.in.operands[IsStore ? 1 : 0];
  if (data.kind != Operand::Kind::Vector || data.elements.size() != *registers)
    return d.fail("expects a vector of " + Twine(*registers) + " registers");
  d.address(d.in.operands[IsStore ? 0 : 1],
            d.has("shared") || d.has("shared::cta") ? StateSpace::Shared
                                                    : StateSpace::Generic);
  for (const Operand &element : data.elements)
    if (IsStore)
      d.source(element, Type::B32);
    else
      d.destination(element, Type::B32);
  d.out.option = uint8_t(shape);
  d.out.option2 = uint8_t((d.has("trans") ? IsTransposed : 0) |
                          (d.has("b4x16_p64") ? IsPadded4 : 0) |
                          (d.has("b6x16_p32") ? IsPadded6 : 0));
  d.out.count = uint8_t(num * getNumMatrixRows(shape));
  d.out.execute = IsStore ? executeStore : executeLoad;
}

//===----------------------------------------------------------------------===//
// movmatrix
//===----------------------------------------------------------------------===//

/// Thread t has the columns 2 (t % 4) and the next of row t / 4.
static Flow executeTranspose(Warp &warp, const Instruction &in) {
  const Lanes a = warp.read(in.operands[1]); // d may be the same register
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned lane) {
    uint64_t value = 0;
    uint8_t poison = 0;
    for (unsigned half = 0; half < 2; ++half) {
      unsigned row = 2 * (lane % 4) + half, column = lane / 4;
      unsigned from = row * 4 + column / 2, shift = column % 2;
      value |= (a.value[from] >> (16 * shift) & 0xffff) << (16 * half);
      poison |= (a.poison[from] >> (2 * shift) & 3) << (2 * half);
    }
    d.value[lane] = value;
    d.poison[lane] = poison;
  });
  return Flow::Next;
}

static void transpose(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.aligned = true;
  d.destination(0, Type::B32);
  d.source(1, Type::B32);
  d.out.execute = executeTranspose;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Memory;

#define WHERE " [shared|shared::cta] "

static constexpr Row rows[] = {
    {"ldmatrix sync aligned m8n8 x1|x2|x4 [trans]" WHERE "b16",
     moveMatrix<false>, kind},
    {"ldmatrix sync aligned m8n16 x1|x2|x4" WHERE "b8x16 b4x16_p64|b6x16_p32",
     moveMatrix<false>, kind, Tcgen05},
    {"ldmatrix sync aligned m16n16 x1|x2 trans" WHERE "b8", moveMatrix<false>,
     kind, Tcgen05},
    {"ldmatrix sync aligned m16n16 x1|x2 trans" WHERE
     "b8x16 b4x16_p64|b6x16_p32",
     moveMatrix<false>, kind, Tcgen05},
    {"stmatrix sync aligned m8n8 x1|x2|x4 [trans]" WHERE "b16",
     moveMatrix<true>, kind, Sm90},
    {"stmatrix sync aligned m16n8 x1|x2|x4 trans" WHERE "b8", moveMatrix<true>,
     kind, Tcgen05},
    {"movmatrix sync aligned m8n8 trans b16", transpose, kind},
};

Rows sim::matrixMoveRows() { return rows; }
