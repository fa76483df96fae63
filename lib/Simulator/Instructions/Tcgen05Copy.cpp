//===- Tcgen05Copy.cpp - Copies into and within tensor memory -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tcgen05.cp and tcgen05.shift [PTX 9.7.16.9].
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Tcgen05.h"
#include "fp4/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// cp
//===----------------------------------------------------------------------===//

namespace {
/// `format` is what elements of less than a byte are unpacked from.
class CopyOperation : public TensorOperation {
public:
  CopyOperation(const Issuer &issuer, ArrayRef<Cta *> ctas, CopyShape shape,
                std::optional<MmaType> format, const SharedMatrix &source,
                TensorAddress to)
      : TensorOperation(issuer, ctas), shape(shape), format(format),
        source(source), to(to) {}

private:
  bool execute() override;
  bool copyInto(Cta &cta);

  const CopyShape shape;
  const std::optional<MmaType> format;
  const SharedMatrix source;
  const TensorAddress to;
};
} // namespace

/// The bytes of a chunk as they arrive, and their poison.
static void convert(std::optional<MmaType> format, const uint8_t *data,
                    const uint8_t *shadow, uint8_t (&bytes)[16],
                    uint8_t (&poison)[16]) {
  if (!format) {
    std::memcpy(bytes, data, 16);
    std::memcpy(poison, shadow, 16);
    return;
  }
  // The padding need not be written.
  bool isPoisoned = false;
  for (unsigned i = 0; i < getUnpaddedBytes(*format); ++i)
    isPoisoned |= shadow[i] != 0;
  unpackElements(*format, ArrayRef(data, 16), bytes);
  std::fill(std::begin(poison), std::end(poison), isPoisoned ? 255 : 0);
}

bool CopyOperation::copyInto(Cta &cta) {
  auto &unit = cta.unit<TensorMemoryUnit>();
  unsigned columns = getNumCopyBytes(shape) / 4;
  if (!unit.checkColumns(issuer, to.column, columns, "the copy"))
    return false;
  for (unsigned row = 0; row < getNumCopyRows(shape); ++row) {
    SmallVector<unsigned, 4> lanes = getCopyLanes(shape, row);
    for (unsigned at = 0; at < getNumCopyBytes(shape); at += 16) {
      // The padding of elements that are unpacked is not read.
      unsigned size = format ? getUnpaddedBytes(*format) : 16;
      std::optional<Chunk> chunk =
          readShared(cta, getKMajorAddress(source, row, at), size, "the copy");
      if (!chunk)
        return false;
      uint8_t bytes[16], poison[16];
      convert(format, chunk->data, chunk->shadow, bytes, poison);
      for (unsigned lane : lanes) {
        std::memcpy(unit.words(lane + to.lane, to.column + at / 4), bytes, 16);
        for (unsigned word = 0; word < 4; ++word) {
          uint8_t bad = 0;
          for (unsigned i = 0; i < 4; ++i)
            bad |= (poison[4 * word + i] != 0) << i;
          *unit.poison(lane + to.lane, to.column + at / 4 + word) = bad;
        }
      }
    }
    if (shape == CopyShape::L4x256b &&
        !noteAccess(cta, {lanes[0] + to.lane, 1, to.column, columns},
                    Access::Write))
      return false;
  }
  return shape == CopyShape::L4x256b ||
         noteAccess(cta, {0, kTensorMemoryLanes, to.column, columns},
                    Access::Write);
}

bool CopyOperation::execute() {
  return all_of(ctas, [&](Cta *cta) { return copyInto(*cta); });
}

/// Operands: the address, the descriptor. `option` is the shape, `option2` the
/// cta_group, `immediate` the format.
static Flow executeCopy(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    Issuer issuer(warp, countr_zero(left));
    auto address = readOperand(issuer, in.operands[0], "the address");
    if (!address)
      return Flow::Fault;
    auto descriptor = readOperand(issuer, in.operands[1], "the descriptor");
    if (!descriptor)
      return Flow::Fault;
    SmallVector<Cta *, 2> ctas;
    if (!getGroup(issuer, in.option2, ctas))
      return Flow::Fault;
    Expected<SharedMatrix> source = decodeSharedMatrix(*descriptor);
    if (!source)
      return warp.fault(issuer.lane, "matrix-descriptor",
                        toString(source.takeError()));
    auto to = splitAddress(issuer, uint32_t(*address + uint64_t(in.offset)),
                           "the copy");
    if (!to)
      return Flow::Fault;
    CopyShape shape = CopyShape(in.option);
    // 4 rows go to one lane of each partition, the others fill all of them.
    unsigned lanes = shape == CopyShape::L4x256b ? kLanesPerPartition : 1;
    if (to->lane >= lanes)
      return warp.fault(issuer.lane, "tensor-memory-bounds",
                        "the copy begins at lane " + Twine(to->lane) +
                            ", but expects one below " + Twine(lanes));
    for (Cta *cta : ctas)
      if (!cta->unit<TensorMemoryUnit>().checkColumns(
              issuer, to->column, getNumCopyBytes(shape) / 4, "the copy"))
        return Flow::Fault;
    std::optional<MmaType> format;
    if (in.immediate)
      format = MmaType(in.immediate - 1);
    pushTensorOperation(issuer, std::make_unique<CopyOperation>(
                                    issuer, ctas, shape, format, *source, *to));
  }
  return Flow::Next;
}

/// Groups: the cta_group, the shape, its multicast, and the two formats.
static void copy(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  Expected<CopyShape> shape = parseCopyShape(d.group(2), d.group(3));
  if (!shape)
    return d.fail(toString(shape.takeError()));
  d.out.option = uint8_t(*shape);
  d.out.option2 = uint8_t(getCtaGroup(d));
  if (d.group(4).empty() != d.group(5).empty())
    return d.fail("expects both formats or none");
  if (!d.group(5).empty()) {
    Expected<MmaType> format = parsePaddedFormat(d.group(5));
    if (!format)
      return d.fail(toString(format.takeError()));
    d.out.immediate = uint64_t(*format) + 1;
  }
  d.address(d.in.operands[0], StateSpace::Generic);
  d.source(1, Type::B64);
  d.out.execute = executeCopy;
}

//===----------------------------------------------------------------------===//
// shift
//===----------------------------------------------------------------------===//

namespace {
class ShiftOperation : public TensorOperation {
public:
  ShiftOperation(const Issuer &issuer, ArrayRef<Cta *> ctas, TensorAddress from)
      : TensorOperation(issuer, ctas), from(from) {}

private:
  bool execute() override;

  const TensorAddress from;
};
} // namespace

bool ShiftOperation::execute() {
  for (Cta *cta : ctas) {
    auto &unit = cta->unit<TensorMemoryUnit>();
    if (!unit.checkColumns(issuer, from.column, kShiftColumns, "the shift") ||
        !noteAccess(*cta,
                    {from.lane, kLanesPerPartition, from.column, kShiftColumns},
                    Access::Write))
      return false;
    for (unsigned lane = from.lane; lane < from.lane + kShiftLanes; ++lane)
      for (unsigned i = 0; i < kShiftColumns; ++i) {
        TensorMemoryWord source = getShiftSource({lane, from.column + i});
        *unit.words(lane, from.column + i) =
            *unit.words(source.lane, source.column);
        *unit.poison(lane, from.column + i) =
            *unit.poison(source.lane, source.column);
      }
  }
  return true;
}

/// Operand: the address. `option` is the cta_group.
static Flow executeShift(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    Issuer issuer(warp, countr_zero(left));
    auto address = readOperand(issuer, in.operands[0], "the address");
    if (!address)
      return Flow::Fault;
    SmallVector<Cta *, 2> ctas;
    if (!getGroup(issuer, in.option, ctas))
      return Flow::Fault;
    auto from = splitAddress(issuer, uint32_t(*address + uint64_t(in.offset)),
                             "the shift");
    if (!from)
      return Flow::Fault;
    if (from->lane % kLanesPerPartition != 0)
      return warp.fault(issuer.lane, "tensor-memory-bounds",
                        "the shift begins at lane " + Twine(from->lane) +
                            ", but expects a multiple of " +
                            Twine(kLanesPerPartition));
    for (Cta *cta : ctas)
      if (!cta->unit<TensorMemoryUnit>().checkColumns(
              issuer, from->column, kShiftColumns, "the shift"))
        return Flow::Fault;
    pushTensorOperation(issuer,
                        std::make_unique<ShiftOperation>(issuer, ctas, *from));
  }
  return Flow::Next;
}

static void shift(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.out.option = uint8_t(getCtaGroup(d));
  d.address(d.in.operands[0], StateSpace::Generic);
  d.out.execute = executeShift;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"tcgen05 cp cta_group::1|cta_group::2 128x256b|128x128b|64x128b|32x128b|"
     "4x256b [warpx2::02_13|warpx2::01_23|warpx4] [b8x16] "
     "[b4x16_p64|b6x16_p32]",
     copy, kind, Tcgen05},
    {"tcgen05 shift cta_group::1|cta_group::2 down", shift, kind, Tcgen05},
};

Rows sim::tcgen05CopyRows() { return rows; }
