//===- MmaSync.cpp - Products of matrices in registers --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mma.sync.m16n8 [PTX 9.7.14.5.14], dense and without scales. A is 16 by K, B
// is K by 8.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"
#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"
#include "fp4/Simulator/Descriptors/WarpMatrix.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

static constexpr unsigned numRows = 16, numColumns = 8;

static unsigned bitsOf(MmaType type) {
  switch (type) {
  case MmaType::F16:
  case MmaType::BF16:
    return 16;
  case MmaType::TF32:
  case MmaType::F32:
  case MmaType::S32:
    return 32;
  default:
    return 8;
  }
}

static std::optional<MmaType> parseMmaType(StringRef name) {
  return StringSwitch<std::optional<MmaType>>(name)
      .Case("f16", MmaType::F16)
      .Case("bf16", MmaType::BF16)
      .Case("tf32", MmaType::TF32)
      .Case("e4m3", MmaType::E4M3)
      .Case("e5m2", MmaType::E5M2)
      .Case("u8", MmaType::U8)
      .Case("s8", MmaType::S8)
      .Case("f32", MmaType::F32)
      .Case("s32", MmaType::S32)
      .Default(std::nullopt);
}

/// The tensor cores that the chip has.
static TensorCore coreOf(const Chip &chip) {
  if (chip.number < 89)
    return TensorCore::Ampere;
  if (chip.number < 90)
    return TensorCore::Ada;
  if (chip.number < 100)
    return TensorCore::Hopper;
  return TensorCore::Blackwell;
}

/// The model of an instruction: the types are in `immediate`, K in `target`.
static Expected<MmaModel> modelOf(const Chip &chip, const Instruction &in) {
  return getMmaSyncModel(coreOf(chip), in.target, MmaType(in.immediate & 255),
                         MmaType(in.immediate >> 8 & 255),
                         MmaType(in.immediate >> 16 & 255), in.option);
}

/// Reads the elements of a matrix out of the registers from that operand on,
/// and calls `body(row, column, element)`. False after a fault.
template <typename Function>
static bool readFragments(Warp &warp, const Instruction &in, unsigned first,
                          FragmentMatrix matrix, unsigned bits, unsigned k,
                          Function body) {
  unsigned registers = getNumFragmentRegisters(matrix, bits, k);
  for (unsigned reg = 0; reg < registers; ++reg) {
    const Lanes &lanes = warp.read(in.operands[first + reg]);
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      if (lanes.poison[lane] & poisonOfSize(4)) {
        warp.fault(lane, "poison",
                   "a matrix depends on uninitialised data, in register " +
                       Twine(reg) + " of " +
                       (matrix == FragmentMatrix::A   ? "A"
                        : matrix == FragmentMatrix::B ? "B"
                                                      : "C"));
        return false;
      }
      for (unsigned part = 0; part < 32 / bits; ++part) {
        MatrixElement at = getFragmentElement(matrix, bits, lane, reg, part);
        body(at.row, at.column,
             uint32_t(lanes.value[lane] >> (part * bits) &
                      ((uint64_t(1) << bits) - 1)));
      }
    }
  }
  return true;
}

/// Operands: the registers of D, A, B and C, one after another.
static Flow executeMma(Warp &warp, const Instruction &in) {
  Expected<MmaModel> found = modelOf(warp.cta.grid.chip, in);
  if (!found)
    return warp.fault(0, "mma", toString(found.takeError()));
  const MmaModel model = *found;
  const unsigned bitsA = bitsOf(model.a), bitsB = bitsOf(model.b),
                 bitsD = bitsOf(model.d), k = model.k;
  unsigned numD = getNumFragmentRegisters(FragmentMatrix::D, bitsD, k);
  unsigned numA = getNumFragmentRegisters(FragmentMatrix::A, bitsA, k);
  unsigned numB = getNumFragmentRegisters(FragmentMatrix::B, bitsB, k);
  std::vector<uint8_t> a(numRows * k * bitsA / 8);
  std::vector<uint8_t> b(numColumns * k * bitsB / 8);
  uint32_t d[numRows][numColumns] = {};
  auto put = [&](std::vector<uint8_t> &to, unsigned bits) {
    return [&to, bits, k](unsigned row, unsigned column, uint32_t element) {
      std::memcpy(&to[(row * k + column) * bits / 8], &element, bits / 8);
    };
  };
  auto putB = [&](unsigned row, unsigned column, uint32_t element) {
    put(b, bitsB)(column, row, element);
  };
  auto putC = [&](unsigned row, unsigned column, uint32_t element) {
    d[row][column] = element;
  };
  if (!readFragments(warp, in, numD, FragmentMatrix::A, bitsA, k,
                     put(a, bitsA)) ||
      !readFragments(warp, in, numD + numA, FragmentMatrix::B, bitsB, k,
                     putB) ||
      !readFragments(warp, in, numD + numA + numB, FragmentMatrix::D, bitsD, k,
                     putC))
    return Flow::Fault;
  MmaOperand left(model, model.a, numRows), right(model, model.b, numColumns);
  unsigned rowA = k * bitsA / 8, rowB = k * bitsB / 8;
  for (unsigned row = 0; row < numRows; ++row)
    left.setRow(row, ArrayRef(a).slice(row * rowA, rowA));
  for (unsigned column = 0; column < numColumns; ++column)
    right.setRow(column, ArrayRef(b).slice(column * rowB, rowB));
  for (unsigned row = 0; row < numRows; ++row)
    multiplyRow(model, left, row, right, 0, d[row], /*readD=*/true);
  for (unsigned reg = 0; reg < numD; ++reg) {
    Lanes &to = warp.write(in.operands[reg]);
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      uint64_t value = 0;
      for (unsigned part = 0; part < 32 / bitsD; ++part) {
        MatrixElement at =
            getFragmentElement(FragmentMatrix::D, bitsD, lane, reg, part);
        value |= uint64_t(d[at.row][at.column]) << (part * bitsD);
      }
      to.value[lane] = value;
      to.poison[lane] = 0;
    }
  }
  warp.statistics.tensorFlop += uint64_t(2) * numRows * numColumns * k;
  return Flow::Next;
}

static void multiply(Decoder &d) {
  if (!d.expectOperands(4))
    return;
  d.out.aligned = true;
  SmallVector<MmaType, 4> types;
  for (StringRef modifier : d.in.modifiers) {
    StringRef shape = modifier;
    if (shape.consume_front("m16n8k"))
      shape.getAsInteger(10, d.out.target);
    else if (std::optional<MmaType> type = parseMmaType(modifier))
      types.push_back(*type);
  }
  if (types.size() != 4 || types[0] != types[3])
    return d.fail("expects C to have the type of D");
  d.out.immediate =
      uint64_t(types[1]) | uint64_t(types[2]) << 8 | uint64_t(types[0]) << 16;
  d.out.option = d.has("satfinite");
  Expected<MmaModel> model = modelOf(d.names.chip(), d.out);
  if (!model)
    return d.fail(toString(model.takeError()));
  unsigned numD =
      getNumFragmentRegisters(FragmentMatrix::D, bitsOf(model->d), model->k);
  const unsigned counts[] = {
      numD,
      getNumFragmentRegisters(FragmentMatrix::A, bitsOf(model->a), model->k),
      getNumFragmentRegisters(FragmentMatrix::B, bitsOf(model->b), model->k),
      numD};
  for (unsigned i = 0; i < 4; ++i) {
    const Operand &operand = d.in.operands[i];
    SmallVector<Operand, 4> registers = {operand};
    if (operand.kind == Operand::Kind::Vector)
      registers.assign(operand.elements.begin(), operand.elements.end());
    if (registers.size() != counts[i])
      return d.fail("expects " + Twine(counts[i]) + " registers as operand " +
                    Twine(i) + ", but got " + Twine(registers.size()));
    bool isFloat = (i == 0 || i == 3) && model->d == MmaType::F32;
    for (const Operand &reg : registers)
      if (i == 0)
        d.destination(reg, isFloat ? Type::F32 : Type::B32);
      else
        d.source(reg, isFloat ? Type::F32 : Type::B32);
  }
  d.out.execute = executeMma;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"mma sync aligned m16n8k8|m16n8k16 row col f16|f32 f16 f16 f16|f32",
     multiply, kind},
    {"mma sync aligned m16n8k8|m16n8k16 row col f32 bf16 bf16 f32", multiply,
     kind},
    {"mma sync aligned m16n8k4|m16n8k8 row col f32 tf32 tf32 f32", multiply,
     kind},
    {"mma sync aligned m16n8k16|m16n8k32 row col f16|f32 e4m3|e5m2 e4m3|e5m2 "
     "f16|f32",
     multiply, kind},
    {"mma sync aligned m16n8k16|m16n8k32 row col [satfinite] s32 u8|s8 u8|s8 "
     "s32",
     multiply, kind},
};

Rows sim::mmaSyncRows() { return rows; }
