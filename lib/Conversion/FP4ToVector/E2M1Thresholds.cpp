//===- E2M1Thresholds.cpp - e2m1 codes without division -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "E2M1Thresholds.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::fp4;

/// Ties in a vector, whose size is a power of two: the last one twice.
static constexpr int64_t kTieLanes = 8;

static int64_t getTieBits(int64_t index) {
  constexpr int64_t kLast = std::size(kE2M1Ties) - 1;
  return llvm::bit_cast<uint32_t>(kE2M1Ties[std::min(index, kLast)]);
}

/// With lookups, vectors have 32 lanes of 16 bits whatever the groups are, as
/// long as a row of the matrix fills one; a table for either sign would be one
/// too many.
static bool canSearch(const VectorBuilder &b, Type inputType, int64_t maxLanes,
                      Rounding rounding) {
  return b.hasLookup16() && inputType.isBF16() && maxLanes >= 32 &&
         (rounding == Rounding::Even || rounding == Rounding::Zero);
}

E2M1Thresholds::E2M1Thresholds(VectorBuilder &b, Type inputType,
                               int64_t groupSize, int64_t maxLanes,
                               Rounding rounding, Value factor, int64_t rows)
    : format(inputType.isBF16() ? kBF16 : kF32), groupSize(groupSize),
      search(canSearch(b, inputType, maxLanes, rounding)) {
  int64_t lanes = b.cpu.getVectorBytes() * 8 / format.width();
  if (!search)
    lanes = std::min(lanes, groupSize);
  type = b.vectorType(lanes, b.getIntegerType(format.width()));
  constexpr Outwards kNone = {};
  constexpr Outwards kAll = {true, true, true, true, true, true, true};
  switch (rounding) {
  case Rounding::Even:
    tables = {{false, true, false, true, false, true, false}};
    break;
  case Rounding::Zero:
    tables = {kNone};
    break;
  case Rounding::Down:
    tables = {kNone, kAll};
    break;
  case Rounding::Up:
    tables = {kAll, kNone};
    break;
  }
  emitTables(b, factor, rows);
}

//===----------------------------------------------------------------------===//
// The tables
//===----------------------------------------------------------------------===//

/// The magnitudes just below the thresholds of a divisor in [1, 2), in the
/// format and for a divisor of field kFirstField, less the row in a word.
Value E2M1Thresholds::emitRow(VectorBuilder &b, Value divisor, Value row,
                              const Outwards &outwards) {
  SmallVector<int32_t> ties, least;
  for (int64_t i = 0; i < kTieLanes; ++i) {
    ties.push_back(getTieBits(i));
    least.push_back(ties[i] + !outwards[std::min(i, kCount - 1)]);
  }
  VectorType bitsType = b.vectorType(kTieLanes, b.getI32Type());
  auto constant = [&](ArrayRef<int32_t> values) -> Value {
    return arith::ConstantOp::create(b,
                                     DenseElementsAttr::get(bitsType, values));
  };
  Bits i(b, 32, bitsType);
  Type f32 = b.getF32Type();
  Value divisors = b.broadcast(divisor, kTieLanes);
  Value product =
      i.from(arith::MulFOp::create(b, i.to(f32, constant(ties)), divisors));
  int64_t unusedBits = kF32.width() - format.width();
  int64_t step = int64_t(1) << unusedBits;
  bool isF32 = step == 1;
  Value first = isF32 ? i.add(product, -3) : i.bitAnd(product, -step);
  Value below = i.add(first, -step);
  for (int64_t candidate = 0; candidate < (isF32 ? 5 : 2); ++candidate) {
    Value x = i.to(f32, i.add(first, candidate * step));
    Value quotient = i.from(arith::DivFOp::create(b, x, divisors));
    Value reached = i.compare(Bits::Predicate::uge, quotient, constant(least));
    below = i.add(below, i.select(reached, 0, step));
  }
  below = i.add(below, (kFirstField - kF32.bias()) * (1 << kF32.mantissaBits));
  Value rowInWord = b.broadcast(row, kTieLanes);
  return i.to(type.getElementType(),
              i.sub(i.shr(below, unusedBits), rowInWord));
}

/// Stores thresholds as they are loaded: for a search those of a step side by
/// side, in the order of the codes, as many as the step can ask for.
void E2M1Thresholds::emitStoreRow(VectorBuilder &b, Value thresholds,
                                  int64_t table, Value row) {
  for (int64_t tie = 0; tie < kCount; ++tie) {
    Value threshold = vector::ExtractOp::create(b, thresholds, tie);
    if (!search) {
      b.storeVector(b.broadcast(threshold, getLanes()), memory,
                    {b.index(table), row, b.index(tie), b.index(0)});
      continue;
    }
    // Tie 3 is between the codes below 4 and the others, ties 1 and 5 between
    // pairs of codes, the even ones within a pair: the bits of a tie above the
    // first one that is clear are the code so far.
    int64_t step = kSteps - 1 - llvm::countr_one<uint64_t>(tie);
    b.store(threshold, memory,
            {b.index(step),
             b.add(b.mul(row, int64_t(1) << step), tie >> (kSteps - step))});
  }
}

void E2M1Thresholds::emitTables(VectorBuilder &b, Value factor, int64_t rows) {
  Type element = type.getElementType();
  if (search)
    memory = b.scratch({kSteps, getLanes()}, element);
  else if (rows > 1)
    memory = b.scratch({int64_t(tables.size()), rows, kTieLanes, getLanes()},
                       element);
  Bits i(b, 32, b.getI32Type());
  constexpr int64_t kOne = kF32.bias() << kF32.mantissaBits;
  auto withFieldOfOne = [&](Value value) {
    Value mantissa = i.bitAnd(i.from(value), (1 << kF32.mantissaBits) - 1);
    return i.to(b.getF32Type(), i.bitOr(mantissa, kOne));
  };
  factor = withFieldOfOne(factor);
  for (int64_t table = 0, e = tables.size(); table < e; ++table) {
    if (!memory) {
      Value row = emitRow(b, factor, b.i32(0), tables[table]);
      onlyRows.emplace_back();
      for (int64_t tie = 0; tie < kCount; ++tie)
        onlyRows.back().push_back(
            b.broadcast(vector::ExtractOp::create(b, row, tie), getLanes()));
      continue;
    }
    b.loop(b.index(rows), [&](Value place) {
      Value row = arith::IndexCastOp::create(b, b.getI32Type(), place);
      Value scale = i.to(b.getF32Type(),
                         i.bitOr(i.shl(row, kF32.mantissaBits - 3), kOne));
      Value divisor = withFieldOfOne(arith::MulFOp::create(b, factor, scale));
      emitStoreRow(b, emitRow(b, divisor, row, tables[table]), table, place);
    });
  }
  for (int64_t step = 0; search && step < kSteps; ++step)
    steps.push_back(
        b.loadVector(getLanes(), memory, {b.index(step), b.index(0)}));
}

SmallVector<Value> E2M1Thresholds::getRow(VectorBuilder &b, int64_t table,
                                          Value word) const {
  if (!memory)
    return onlyRows[table];
  Bits i(b, format.width(), word.getType());
  Value row =
      arith::IndexCastUIOp::create(b, b.getIndexType(), i.bitAnd(word, 7));
  SmallVector<Value> result;
  for (int64_t tie = 0; tie < kCount; ++tie)
    result.push_back(b.loadVector(
        getLanes(), memory, {b.index(table), row, b.index(tie), b.index(0)}));
  return result;
}

//===----------------------------------------------------------------------===//
// The codes
//===----------------------------------------------------------------------===//

Value E2M1Thresholds::emitWords(VectorBuilder &b, Value field,
                                Value row) const {
  Bits i(b, 32, field.getType());
  Value word = i.shl(field, format.mantissaBits);
  if (row)
    word = i.bitOr(word, row);
  return i.to(type.getElementType(), word);
}

/// Three comparisons find the place among seven thresholds. Each looks its
/// threshold up by the row and the code so far, and shifts the sign of the
/// difference, which is the next bit of the code, in from below.
Value E2M1Thresholds::emitSearch(VectorBuilder &b, Value x, Value words) const {
  Bits i(b, format.width(), type);
  Value one = i.constant(1);
  for (Value table : steps) {
    Value difference = i.sub(b.lookup16(table, words), x);
    words = LLVM::FshlOp::create(b, words, difference, one);
  }
  return words;
}

/// The same with thresholds selected from those of one row.
Value E2M1Thresholds::emitSelect(VectorBuilder &b, Value x, Value word,
                                 llvm::function_ref<Value()> negative) const {
  Bits i(b, format.width(), type);
  SmallVector<Value> below = getRow(b, 0, word);
  if (tables.size() > 1) {
    Value isNegative = negative();
    for (auto [value, other] : llvm::zip_equal(below, getRow(b, 1, word)))
      value = i.select(isNegative, other, value);
  }
  auto isBeyond = [&](Value threshold) {
    return i.compare(Bits::Predicate::sgt, x, threshold);
  };
  Value four = isBeyond(below[3]);
  Value two = isBeyond(i.select(four, below[5], below[1]));
  Value low = i.select(two, below[2], below[0]);
  Value high = i.select(two, below[6], below[4]);
  Value one = isBeyond(i.select(four, high, low));
  return i.add(
      i.add(i.select(four, 4, int64_t(0)), i.select(two, 2, int64_t(0))),
      i.select(one, 1, int64_t(0)));
}

/// The word of its group for each lane.
static Value emitLoadWords(VectorBuilder &b, Value words, Value place,
                           int64_t lanes, int64_t groupSize) {
  if (groupSize >= lanes)
    return b.broadcast(b.load(words, place), lanes);
  Value few = b.loadVector(lanes / groupSize, words, place);
  SmallVector<int64_t> groups;
  for (int64_t lane = 0; lane < lanes; ++lane)
    groups.push_back(lane / groupSize);
  return vector::ShuffleOp::create(b, few, few, groups);
}

Value E2M1Thresholds::emitCodes(VectorBuilder &b, Value magnitudes, Value words,
                                Value place,
                                llvm::function_ref<Value()> negative) const {
  Bits i(b, format.width(), type);
  Value shifts = emitLoadWords(b, words, place, getLanes(), groupSize);
  // Saturating: thresholds are positive, also where they are shifted the least.
  // x and the thresholds are so small that the order of signed integers is
  // theirs, too: AVX2 compares no others.
  Value x = i.sub(i.maxUnsigned(magnitudes, shifts), shifts);
  if (search)
    return emitSearch(b, x, shifts);
  return emitSelect(b, x, b.load(words, place), negative);
}
