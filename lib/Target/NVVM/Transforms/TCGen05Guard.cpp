//===- TCGen05Guard.cpp - What tensor cores lose, again -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TCGen05Guard.h"
#include "FP4ToSIMT/ExactProduct.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

static constexpr int64_t kThreadsOfWarp = 32;
static constexpr int64_t kExponentShift = 23; // of f32
static constexpr int64_t kNaNScale = 0xff;    // of e8m0; as an exponent of f32
                                              // it is infinity.
/// Products of a limit of a row and one of a column are at least 2^-100. An f32
/// as large has lost nothing to underflow that counts.
static constexpr int64_t kLeastLimit = 127 - 50;
/// A product of two such scales and two codes is at least 2^-128.
static constexpr int64_t kLeastOrdinary = 127 - 63;

/// See docs/rationale.md: 2^headroom * 3 * (K / 64) <= 2^12 * min(K / 128, 8).
static int64_t getHeadroom(int64_t kTiles) {
  return 15 -
         int64_t(llvm::Log2_64_Ceil(3 * std::max<int64_t>(4 * kTiles, 16)));
}

RangeGuard::RangeGuard(LoopBuilder &b, ScaledMatmulOp op, Value thread,
                       const ProductShape &shape, Value columnLimits,
                       Value rowSpreads, Value columnSpreads)
    : b(b), op(op), kTiles(shape.kTiles), headroom(getHeadroom(shape.kTiles)),
      thread(thread), lane(b.rem(thread, kThreadsOfWarp)),
      warp(b.div(thread, kThreadsOfWarp)), columnLimits(columnLimits),
      rowSpreads(rowSpreads), columnSpreads(columnSpreads) {
  int64_t bytes = cast<MemRefType>(op.getLhsCodes().getType()).getDimSize(1);
  groups = 2 * bytes / int64_t(op.getGroupSize());
  // All partial sums are multiples of 2^-(spread + 2) of the largest pair of
  // scales, and at most 36 K times as large as it: 24 bits hold them.
  exactSpread = 22 - int64_t(llvm::Log2_64_Ceil(36 * 2 * bytes));
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

/// Two bytes of a word, as 16 bits each.
static Value emitHalves(LoopBuilder &b, Value word) {
  Value bytes = arith::AndIOp::create(b, word, b.i32(0x00ff00ff));
  Value one =
      vector::BroadcastOp::create(b, VectorType::get(1, b.getI32Type()), bytes);
  return vector::BitCastOp::create(b, VectorType::get(2, b.getI16Type()), one);
}

/// For the row, then for each tile of columns: the largest scale, and 255 less
/// the least one, both as the larger of two.
SmallVector<Value> RangeGuard::getFirst() {
  Value zero = arith::ConstantOp::create(
      b, b.getZeroAttr(VectorType::get(2, b.getI16Type())));
  int64_t columns = cast<MemRefType>(columnLimits.getType()).getDimSize(0);
  return SmallVector<Value>(2 * (1 + columns / kScaleTileRows), zero);
}

SmallVector<Value> RangeGuard::see(ValueRange ends, Value kTile, Value lhsWords,
                                   Value rhsWords) {
  int64_t scaleTiles = cast<MemRefType>(lhsWords.getType()).getDimSize(1);
  Value all = arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<VectorType>(ends[0].getType()),
                                b.getI16IntegerAttr(255)));
  Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, kTile,
                                       b.index(kTiles - 1));
  SmallVector<Value> result;
  for (size_t i = 0; i < ends.size(); i += 2) {
    Value largest = ends[i], least = ends[i + 1];
    for (int64_t tile = 0; tile < scaleTiles; ++tile) {
      // Row t of a tile of 128 is at [t % 32, t / 32].
      Value word =
          b.load(i == 0 ? lhsWords : rhsWords,
                 {b.index(i == 0 ? 0 : i / 2 - 1), b.index(tile), lane, warp});
      // The padding behind K is zero: the largest scale it is not, and the
      // least one it should not be.
      int64_t rest = groups - ((kTiles - 1) * scaleTiles + tile) * 4;
      auto padding =
          uint32_t(~uint64_t(0) << (8 * std::clamp<int64_t>(rest, 0, 4)));
      Value padded = word;
      if (padding != 0)
        padded = arith::OrIOp::create(
            b, word,
            arith::SelectOp::create(b, isLast, b.i32(int32_t(padding)),
                                    b.i32(0)));
      for (bool isOdd : {false, true}) {
        auto halves = [&](Value word) {
          if (isOdd)
            word = arith::ShRUIOp::create(b, word, b.i32(8));
          return emitHalves(b, word);
        };
        largest = arith::MaxUIOp::create(b, largest, halves(word));
        least = arith::MaxUIOp::create(
            b, least, arith::XOrIOp::create(b, halves(padded), all));
      }
    }
    result.append({largest, least});
  }
  return result;
}

/// The larger one of two 16-bit integers, as an i32.
static Value emitLarger(LoopBuilder &b, Value both) {
  return arith::ExtUIOp::create(
      b, b.getI32Type(),
      vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, both));
}

/// 2^(scale - offset - 127), or infinity for NaN.
Value RangeGuard::emitLimit(Value largest, int64_t offset) {
  Value scale = emitLarger(b, largest);
  Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, scale,
                                      b.i32(kNaNScale));
  Value exponent = arith::SubIOp::create(b, scale, b.i32(offset));
  exponent = arith::MaxSIOp::create(b, exponent, b.i32(kLeastLimit));
  exponent = arith::MinSIOp::create(b, exponent, b.i32(kNaNScale - 1));
  exponent = arith::SelectOp::create(b, isNaN, scale, exponent);
  Value bits = arith::ShLIOp::create(b, exponent, b.i32(kExponentShift));
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

/// The distance of the ends, as exponents; more than any if the least scale is
/// so small that a sum of products with such ones may underflow.
Value RangeGuard::emitSpread(Value largest, Value least) {
  least = arith::SubIOp::create(b, b.i32(255), emitLarger(b, least));
  Value spread = arith::SubIOp::create(b, emitLarger(b, largest), least);
  Value isSmall = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, least,
                                        b.i32(kLeastOrdinary));
  return arith::SelectOp::create(b, isSmall, b.i32(1 << 16), spread);
}

void RangeGuard::setLimits(ValueRange ends) {
  rowLimit = emitLimit(ends[0], /*offset=*/0);
  b.store(emitSpread(ends[0], ends[1]), rowSpreads, thread);
  for (size_t i = 2; i < ends.size(); i += 2) {
    Value place = b.add(thread, (i / 2 - 1) * kScaleTileRows);
    b.store(emitLimit(ends[i], headroom), columnLimits, place);
    b.store(emitSpread(ends[i], ends[i + 1]), columnSpreads, place);
  }
}

/// Infinite, or less than a limit, or NaN, which any comparison says of the
/// least or of the largest distance to the limits.
Value RangeGuard::hasLost(Value values, Value column) {
  auto type = cast<VectorType>(values.getType());
  Value limits = vector::LoadOp::create(b, type, columnLimits, column);
  Value rowLimits =
      vector::BroadcastOp::create(b, type, arith::NegFOp::create(b, rowLimit));
  // Rounded once, so that its sign is right.
  Value distances = math::FmaOp::create(b, limits, rowLimits,
                                        math::AbsFOp::create(b, values));
  auto compare = [&](vector::CombiningKind kind, arith::CmpFPredicate predicate,
                     float limit) -> Value {
    return arith::CmpFOp::create(
        b, predicate, vector::ReductionOp::create(b, kind, distances),
        arith::ConstantOp::create(b, b.getF32FloatAttr(limit)));
  };
  return arith::OrIOp::create(
      b, compare(vector::CombiningKind::MINIMUMF, arith::CmpFPredicate::ULT, 0),
      compare(vector::CombiningKind::MAXNUMF, arith::CmpFPredicate::OEQ,
              std::numeric_limits<float>::infinity()));
}

/// Which of them: a bit for each, in an i32.
Value RangeGuard::findLost(Value values, Value column) {
  auto type = cast<VectorType>(values.getType());
  Value limits = vector::LoadOp::create(b, type, columnLimits, column);
  limits = arith::MulFOp::create(
      b, limits, vector::BroadcastOp::create(b, type, rowLimit));
  Value magnitude = math::AbsFOp::create(b, values);
  Value infinity = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, std::numeric_limits<float>::infinity()));
  // Also true of NaN.
  Value isSmall =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ULT, magnitude, limits);
  Value isInfinite =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, magnitude, infinity);
  Value isLost = arith::OrIOp::create(b, isSmall, isInfinite);

  auto words = VectorType::get(type.getShape(), b.getI32Type());
  SmallVector<int32_t> bits;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    bits.push_back(int32_t(uint32_t(1) << i));
  Value set = arith::ConstantOp::create(
      b, DenseElementsAttr::get(words, ArrayRef<int32_t>(bits)));
  Value unset = arith::ConstantOp::create(b, b.getZeroAttr(words));
  return vector::ReductionOp::create(
      b, vector::CombiningKind::OR,
      arith::SelectOp::create(b, isLost, set, unset));
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

Value RangeGuard::vote(Value condition) {
  return NVVM::VoteSyncOp::create(b, b.getI1Type(), b.i32(-1), condition,
                                  NVVM::VoteSyncKind::any);
}

/// A bit for each thread of the warp.
Value RangeGuard::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(b, b.getI32Type(), b.i32(-1), condition,
                                  NVVM::VoteSyncKind::ballot);
}

/// What thread `lane` of the warp has in an i32 or f64.
Value RangeGuard::shuffle(Value value, Value lane) {
  if (value.getType().isInteger(32))
    return NVVM::ShflOp::create(
        b, b.getI32Type(), b.i32(-1), value,
        arith::IndexCastOp::create(b, b.getI32Type(), lane),
        b.i32(kThreadsOfWarp - 1), NVVM::ShflKind::idx,
        /*return_value_and_is_valid=*/UnitAttr());
  auto halves = VectorType::get(2, b.getI32Type());
  auto whole = VectorType::get(1, value.getType());
  Value words = vector::BitCastOp::create(
      b, halves, vector::BroadcastOp::create(b, whole, value));
  Value low = shuffle(vector::ExtractOp::create(b, words, 0), lane);
  Value high = shuffle(vector::ExtractOp::create(b, words, 1), lane);
  words = vector::FromElementsOp::create(b, halves, ValueRange{low, high});
  return vector::ExtractOp::create(
      b, vector::BitCastOp::create(b, whole, words), 0);
}

/// Calls `body` with the number of each bit that is set in an i32.
void RangeGuard::forEachBit(Value bits, function_ref<void(Value)> body) {
  Value count = arith::IndexCastOp::create(b, b.getIndexType(),
                                           math::CtPopOp::create(b, bits));
  b.reduce(count, bits, [&](Value, Value rest) -> Value {
    body(arith::IndexCastUIOp::create(
        b, b.getIndexType(), math::CountTrailingZerosOp::create(b, rest)));
    // Without its lowest bit.
    return arith::AndIOp::create(b, rest,
                                 arith::SubIOp::create(b, rest, b.i32(1)));
  });
}

//===----------------------------------------------------------------------===//
// Recomputation
//===----------------------------------------------------------------------===//

/// Whether the codes of a row are not all zero: threads of the warp look at a
/// group each.
Value RangeGuard::emitHasCodes(Value row) {
  int64_t bytes = op.getGroupSize() / 2;
  auto bytesType = VectorType::get(bytes, b.getI8Type());
  auto wordsType = VectorType::get(bytes / 4, b.getI32Type());
  auto loop = scf::ForOp::create(b, lane, b.index(groups),
                                 b.index(kThreadsOfWarp), b.i32(0));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value codes = vector::LoadOp::create(
        b, bytesType, op.getLhsCodes(),
        ValueRange{row, b.mul(loop.getInductionVar(), bytes)},
        /*nontemporal=*/false, llvm::MaybeAlign(kDeviceAlignment));
    Value words = vector::BitCastOp::create(b, wordsType, codes);
    Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR, words,
                                            loop.getRegionIterArg(0));
    scf::YieldOp::create(b, any);
  }
  // Code 8 is -0.
  Value magnitudes =
      arith::AndIOp::create(b, loop.getResult(0), b.i32(0x77777777));
  return vote(
      arith::CmpIOp::create(b, arith::CmpIPredicate::ne, magnitudes, b.i32(0)));
}

/// The sum of the terms of an element, in every thread of the warp. Each thread
/// computes the terms of a group, and all of them add up all terms, from the
/// first group on.
Value RangeGuard::emitSum(Value row, Value column) {
  Value zero = arith::ConstantOp::create(b, b.getF64FloatAttr(0));
  auto loop = scf::ForOp::create(b, b.index(0), b.index(groups),
                                 b.index(kThreadsOfWarp), zero);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  Value first = loop.getInductionVar();
  Value group = b.add(first, lane);
  Value hasGroup = b.isLess(group, b.index(groups));
  auto branch = scf::IfOp::create(b, b.getF64Type(), hasGroup,
                                  /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&branch.getThenRegion().front());
    scf::YieldOp::create(b, emitTerm(b, op, row, column, group));
    b.setInsertionPointToEnd(&branch.getElseRegion().front());
    scf::YieldOp::create(b, zero);
  }
  Value count = arith::IndexCastOp::create(
      b, b.getIndexType(), math::CtPopOp::create(b, ballot(hasGroup)));
  Value sum = b.reduce(
      count, loop.getRegionIterArg(0), [&](Value i, Value sum) -> Value {
        return arith::AddFOp::create(b, sum, shuffle(branch.getResult(0), i));
      });
  scf::YieldOp::create(b, sum);
  return loop.getResult(0);
}

/// Whether the element at `place` of a thread's row may be. Where the scales of
/// its row and column are close to each other, only f32's range counts, and
/// zeros are common and exact. For all threads of a warp.
Value RangeGuard::emitMayBeLost(Value accumulator, Value place) {
  Value two = b.index(2);
  Value second = arith::RemUIOp::create(b, place, two);
  Value values = tcgen05::LoadOp::create(
      b, VectorType::get(2, b.getF32Type()), accumulator,
      arith::SubIOp::create(b, place, second));
  values = tcgen05::WaitLoadsOp::create(b, values);
  Value isSecond =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ne, second, b.index(0));
  Value value = arith::SelectOp::create(
      b, isSecond, vector::ExtractOp::create(b, values, 1),
      vector::ExtractOp::create(b, values, 0));
  Value magnitude = math::AbsFOp::create(b, value);
  auto compare = [&](arith::CmpFPredicate predicate, float limit) -> Value {
    Value constant = arith::ConstantOp::create(b, b.getF32FloatAttr(limit));
    return arith::CmpFOp::create(b, predicate, magnitude, constant);
  };
  Value isZero = compare(arith::CmpFPredicate::OEQ, 0);
  // Both also true of NaN.
  Value isSmall = compare(arith::CmpFPredicate::ULT, 0x1p-100f);
  Value isInfinite = compare(arith::CmpFPredicate::UEQ,
                             std::numeric_limits<float>::infinity());
  Value spread = arith::AddIOp::create(b, b.load(rowSpreads, thread),
                                       b.load(columnSpreads, place));
  auto isWider = [&](int64_t limit) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, spread,
                                 b.i32(limit));
  };
  Value isOutside =
      arith::SelectOp::create(b, isZero, isWider(exactSpread),
                              arith::OrIOp::create(b, isSmall, isInfinite));
  return arith::OrIOp::create(b, isWider(headroom - 2), isOutside);
}

void RangeGuard::recompute(Value hasLost, Value values, Value accumulator,
                           Value column, Value isInside) {
  int64_t width = cast<VectorType>(values.getType()).getNumElements();
  Value infinity = arith::ConstantOp::create(
      b, b.getF32FloatAttr(std::numeric_limits<float>::infinity()));
  auto hasNumbers = [&](Value limit) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, limit, infinity);
  };
  auto isNotZero = [&](Value word) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, word, b.i32(0));
  };
  // A NaN among the scales of the row makes all of it NaN, as it is already.
  Value counts = arith::AndIOp::create(b, isInside, hasNumbers(rowLimit));
  counts = arith::AndIOp::create(b, counts, hasLost);
  b.ifThen(vote(counts), [&] {
    Value lost =
        arith::SelectOp::create(b, counts, findLost(values, column), b.i32(0));
    // Behind the last column there are zeros, which are no results.
    Value rest = b.sub(b.dim(op.getOutput(), 1), column);
    rest = arith::MinSIOp::create(b, rest, b.index(width));
    Value behind = arith::SubIOp::create(
        b, b.i32(width), arith::IndexCastOp::create(b, b.getI32Type(), rest));
    auto all = int32_t(~uint32_t(0) >> (32 - width));
    Value flags = arith::AndIOp::create(
        b, lost, arith::ShRUIOp::create(b, b.i32(all), behind));

    forEachBit(ballot(isNotZero(flags)), [&](Value owner) {
      Value row = b.add(b.mul(warp, kThreadsOfWarp), owner);
      Value isOwner =
          arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, owner);
      auto hasOwner = [&](Value condition) {
        return vote(arith::AndIOp::create(b, isOwner, condition));
      };
      // The whole row is zero already, which is common: rows that pad a batch.
      b.ifThen(emitHasCodes(row), [&] {
        forEachBit(shuffle(flags, owner), [&](Value bit) {
          Value place = b.add(column, bit);
          // A NaN among the scales of the column is in the element already.
          Value counts =
              arith::AndIOp::create(b, hasNumbers(b.load(columnLimits, place)),
                                    emitMayBeLost(accumulator, place));
          b.ifThen(hasOwner(counts), [&] {
            Value result = emitResult(b, op, emitSum(row, place));
            // By the thread that stored it before.
            b.ifThen(isOwner,
                     [&] { b.store(result, op.getOutput(), {row, place}); });
            NVVM::SyncWarpOp::create(b, b.i32(-1));
          });
        });
      });
    });
    // What reads tensor memory next is for all threads of a warp at once.
    NVVM::SyncWarpOp::create(b, b.i32(-1));
  });
}
