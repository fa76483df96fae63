//===- QuantizeToVector.cpp - Quantize on vectors -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A segment of a row is read twice: for the largest magnitudes, from which the
// scales of a chunk of groups come at once, and, in the first-level cache by
// then, for the codes.
//
//===----------------------------------------------------------------------===//

#include "E2M1Thresholds.h"
#include "Emit.h"
#include "GroupMaxima.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;
using Predicate = Bits::Predicate;

/// Of the input: enough that the latency of a division shows but once, and few
/// enough that memory is not left idle for long.
static constexpr int64_t kSegmentBytes = 8192;

namespace {
/// How the codes of a group are found.
enum Kind : int64_t {
  kThresholds,
  kDivision, ///< the divisor is outside of what thresholds are made for
  kNaN,      ///< all quotients are NaN
};

class QuantizeEmitter {
public:
  QuantizeEmitter(VectorBuilder &b, QuantizePackOp op);
  void emit();

private:
  /// What the codes of a group need to know of its divisor, as vectors with a
  /// lane for each group of a chunk.
  struct Divisors {
    Value divisor, kind, word;
  };

  Divisors emitScales(Value row, Value firstGroup);
  Value emitSegmentScales(Value row, Value first, Value last);
  void emitGroups(Value row, Value group);
  void emitOddGroup(Value row, Value group, Value kind);
  void emitSegment(Value row, Value first, Value last);
  void storeCodes(Value codes, Value row, Value column);

  bool isMX() const { return isa<Float8E8M0FNUType>(scaleType); }
  Value splat(Value scalar) { return b.broadcast(scalar, groups); }

  VectorBuilder &b;
  QuantizePackOp op;
  int64_t groupSize;
  /// Groups of a row, of a chunk and of a segment.
  int64_t rowGroups, groups, segmentGroups;
  /// Lanes of an f32 vector, or fewer if a group is smaller.
  int64_t f32Lanes;
  Type scaleType;
  FloatFormat format;
  /// Of a vector whose codes are found by thresholds, and its groups.
  int64_t lanes, vectorGroups;

  // What is emitted once, in front of the loops.
  Value scaleDivisor;
  Value fieldLimit; ///< divisors of a field less kFirstField below are regular
  Value flip;       ///< the sign bit of all regular divisors
  std::optional<E2M1Thresholds> thresholds;
  Value divisorScratch, kindScratch, wordScratch;
};
} // namespace

QuantizeEmitter::QuantizeEmitter(VectorBuilder &b, QuantizePackOp op)
    : b(b), op(op), groupSize(op.getGroupSize()) {
  auto inputType = cast<MemRefType>(op.getInput().getType());
  scaleType = cast<MemRefType>(op.getScales().getType()).getElementType();
  int64_t bytes = b.cpu.getVectorBytes();
  rowGroups = inputType.getDimSize(1) / groupSize;
  groups = std::min<int64_t>(bytes / 4, llvm::bit_floor<uint64_t>(rowGroups));
  int64_t chunkBytes =
      groups * groupSize * inputType.getElementTypeBitWidth() / 8;
  segmentGroups = groups * std::max<int64_t>(1, kSegmentBytes / chunkBytes);
  f32Lanes = std::min(bytes / 4, groupSize);

  Value gs = op.getGlobalScale();
  scaleDivisor = arith::MulFOp::create(b, op.getScaleScale(), gs);
  Bits i(b, 32, b.getI32Type());
  Value gsBits = i.from(gs);
  // A subnormal's significand is not where thresholds take it from.
  Value gsField = i.bitAnd(i.shr(gsBits, kF32.mantissaBits), 0xff);
  Value gsIsNormal = i.compare(Predicate::ult, i.add(gsField, -1), 254);
  fieldLimit = i.select(gsIsNormal, E2M1Thresholds::kFields, int64_t(0));
  // Scales have the sign of the quotient that they come from, or none.
  Value sign = isMX() ? gsBits : i.bitXor(gsBits, i.from(scaleDivisor));

  thresholds.emplace(b, inputType.getElementType(), groupSize,
                     rowGroups * groupSize, op.getRounding(), gs,
                     isMX() ? 1 : 8);
  format = thresholds->getFormat();
  lanes = thresholds->getLanes();
  vectorGroups = std::max<int64_t>(1, lanes / groupSize);
  Type patternType = b.getIntegerType(format.width());
  flip = b.broadcast(i.to(patternType, i.shr(i.bitAnd(sign, kF32.signBit()),
                                             32 - format.width())),
                     lanes);
  divisorScratch = b.scratch({rowGroups}, b.getF32Type());
  kindScratch = b.scratch({rowGroups}, b.getI32Type());
  wordScratch = b.scratch({rowGroups}, patternType);
}

/// Steps 1 to 4 of quantize_pack in docs/numerics.md for a chunk, and the
/// divisors that step 5 starts with.
QuantizeEmitter::Divisors QuantizeEmitter::emitScales(Value row,
                                                      Value firstGroup) {
  Value column = b.mul(firstGroup, groupSize);
  Value amax =
      emitGroupMaxima(b, op.getInput(), row, column, groups, groupSize);
  Value ratio = arith::DivFOp::create(b, amax, splat(scaleDivisor));
  Value scale = emitEncodeScale(b, ratio, scaleType);
  b.storeVector(scale, op.getScales(), {row, firstGroup});

  Value decoded = emitDecodeScale(b, scale);
  Value divisor = arith::MulFOp::create(b, decoded, splat(op.getGlobalScale()));
  Bits i(b, 32, divisor.getType());
  Value bits = i.bitAnd(i.from(divisor), kF32.magnitudeMask());
  Value isNaN = i.compare(Predicate::ugt, bits, kF32.infinity());
  Value isZero = i.compare(Predicate::eq, bits, 0);
  Value zeroInput = i.compare(Predicate::eq, i.from(amax), 0);
  // 0 / 0 is NaN; 0 / s is a zero, whose sign regular groups get right.
  isNaN = arith::OrIOp::create(b, isNaN,
                               arith::AndIOp::create(b, zeroInput, isZero));
  Value field =
      i.add(i.shr(bits, kF32.mantissaBits), -E2M1Thresholds::kFirstField);
  Value isRegular = i.compare(Predicate::ult, field, splat(fieldLimit));
  Value kind = i.select(arith::OrIOp::create(b, isRegular, zeroInput),
                        kThresholds, kDivision);
  Divisors result;
  result.divisor = divisor;
  result.kind = i.select(isNaN, kNaN, kind);
  Value tableRow;
  if (!isMX())
    tableRow = i.bitAnd(i.shr(i.from(decoded), kF32.mantissaBits - 3), 7);
  result.word = thresholds->emitWords(
      b, i.select(isRegular, field, i.constant(0)), tableRow);
  return result;
}

/// Packs codes, in the low bits of lanes, two a byte, and stores them as those
/// of the elements from `column` on.
void QuantizeEmitter::storeCodes(Value codes, Value row, Value column) {
  auto type = cast<VectorType>(codes.getType());
  // The even element is in the low half of a pair of lanes.
  int64_t width = type.getElementTypeBitWidth();
  Value pairs = b.bitcast(b.getIntegerType(2 * width), codes);
  Bits i(b, 2 * width, pairs.getType());
  Value bytes = i.to(b.getI8Type(), i.bitOr(pairs, i.shr(pairs, width - 4)));
  b.storeVector(bytes, op.getCodes(), {row, b.div(column, 2)});
}

/// The codes of a group, or of the groups of a vector, by thresholds.
void QuantizeEmitter::emitGroups(Value row, Value group) {
  Value column = b.mul(group, groupSize);
  // The next segment, while this one needs nothing of the memory.
  memref::PrefetchOp::create(
      b, op.getInput(),
      ValueRange{row, b.add(column, segmentGroups * groupSize)},
      /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  Bits i(b, format.width(), flip.getType());
  b.loop(b.index(vectorGroups * groupSize / lanes), [&](Value vector) {
    Value place = b.add(column, b.mul(vector, lanes));
    Value x = b.loadVector(lanes, op.getInput(), {row, place});
    if (cast<VectorType>(x.getType()).getElementType().isF16())
      x = b.widen(x);
    Value bits = i.from(x);
    Value signs = i.bitXor(bits, flip);
    Value codes = thresholds->emitCodes(
        b, i.bitAnd(bits, format.magnitudeMask()), wordScratch, group,
        [&] { return i.compare(Predicate::slt, signs, 0); });
    Value signBits = i.shr(signs, format.width() - 4);
    storeCodes(i.bitOr(i.bitAnd(codes, 7), i.bitAnd(signBits, ~int64_t(7))),
               row, place);
  });
}

/// The codes of a group that thresholds are not made for.
void QuantizeEmitter::emitOddGroup(Value row, Value group, Value kind) {
  Value column = b.mul(group, groupSize);
  Value divisor = b.load(divisorScratch, group);
  Value isNaN = arith::CmpIOp::create(b, Predicate::eq, kind, b.i32(kNaN));
  Value divisors = b.broadcast(divisor, f32Lanes);
  b.loop(b.index(groupSize / f32Lanes), [&](Value vector) {
    Value place = b.add(column, b.mul(vector, f32Lanes));
    b.ifThenElse(
        isNaN,
        [&] {
          Type codes = b.vectorType(f32Lanes, b.getI32Type());
          storeCodes(b.constant(codes, int64_t(7)), row, place);
        },
        [&] {
          Value x = b.loadVector(f32Lanes, op.getInput(), {row, place});
          Value quotient = arith::DivFOp::create(b, b.widen(x), divisors);
          storeCodes(emitEncodeE2M1(b, quotient, op.getRounding()), row, place);
        });
  });
}

/// The scales of the groups from `first` to `last`, and what their codes need
/// to know. Returns whether thresholds are not enough for one of them.
Value QuantizeEmitter::emitSegmentScales(Value row, Value first, Value last) {
  Value chunks = b.div(b.add(b.sub(last, first), groups - 1), groups);
  Type kinds = b.vectorType(groups, b.getI32Type());
  Value kind = b.reduce(
      chunks, b.constant(kinds, int64_t(0)), [&](Value chunk, Value kinds) {
        Value group = b.add(first, b.mul(chunk, groups));
        // The last chunk overlaps the one before it instead of being smaller:
        // what is written twice is the same.
        if (rowGroups % groups)
          group = arith::MinUIOp::create(b, group, b.index(rowGroups - groups));
        Divisors divisors = emitScales(row, group);
        b.storeVector(divisors.divisor, divisorScratch, group);
        b.storeVector(divisors.kind, kindScratch, group);
        b.storeVector(divisors.word, wordScratch, group);
        return arith::OrIOp::create(b, kinds, divisors.kind).getResult();
      });
  Bits i(b, 32, kind.getType());
  return vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                     i.compare(Predicate::ne, kind, 0));
}

void QuantizeEmitter::emitSegment(Value row, Value first, Value last) {
  Value anyOdd = emitSegmentScales(row, first, last);
  // No branch on the kind of a group where nearly all are regular: the codes of
  // the others are written twice. The last vector of a row overlaps the one
  // before it, as the last chunk does.
  bool overlaps = rowGroups % vectorGroups != 0;
  auto clamp = [&](Value group) -> Value {
    if (!overlaps)
      return group;
    Value lastVector = b.index(rowGroups - vectorGroups);
    return arith::MinUIOp::create(b, group, lastVector);
  };
  Value count = b.add(b.sub(last, first), vectorGroups - 1);
  b.loop(b.div(count, vectorGroups), [&](Value vector) {
    emitGroups(row, clamp(b.add(first, b.mul(vector, vectorGroups))));
  });
  b.ifThen(anyOdd, [&] {
    Value firstWritten = clamp(first);
    b.loop(b.sub(last, firstWritten), [&](Value number) {
      Value group = b.add(firstWritten, number);
      Value kind = b.load(kindScratch, group);
      Value isOdd =
          arith::CmpIOp::create(b, Predicate::ne, kind, b.i32(kThresholds));
      b.ifThen(isOdd, [&] { emitOddGroup(row, group, kind); });
    });
  });
}

void QuantizeEmitter::emit() {
  int64_t segments = llvm::divideCeil(rowGroups, segmentGroups);
  b.loop(b.dim(op.getInput(), 0), [&](Value row) {
    b.loop(b.index(segments), [&](Value segment) {
      Value first = b.mul(segment, segmentGroups);
      Value last = b.add(first, segmentGroups);
      if (rowGroups % segmentGroups)
        last = arith::MinUIOp::create(b, last, b.index(rowGroups));
      emitSegment(row, first, last);
    });
  });
}

void fp4::emitVectors(VectorBuilder &b, QuantizePackOp op) {
  QuantizeEmitter(b, op).emit();
}
