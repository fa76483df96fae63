//===- MatmulToVector.cpp - Products of packed operands -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each panel of the weight and each block of rows: a stretch of K at a
// time, the codes of the panel are expanded to bytes that stay in the first
// cache, and each tile of rows is multiplied with them.
//
// A group's products are summed as integers, exactly. How its sum is then
// scaled depends on the format:
//
// - f8E4M3FN: converted to f32, and one multiply-add with the product of the
//   two scales, which f32 holds exactly.
// - f8E8M0FNU: by nothing at all. The sum starts at the bits of the float
//   1.5 * 2^(23 + e), where e is the sum of the exponents of the two scales;
//   each unit that is added to these bits is then one 2^e, and the difference
//   of the two floats is the scaled sum, exactly.
//
// Exponents of f8E8M0FNU are relative to the largest of their row, so that no
// sum overflows; rows and columns whose exponents spread too far for that are
// summed again in f64.
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "Emit.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

/// The bits of 1.5 * 2^23: a float whose last place is 1.
static constexpr int64_t kUnitBits = 0x4b400000;

/// Elements of K whose expanded codes and whose rows of a tile are in the
/// first cache together.
static constexpr int64_t kStretch = 512;

/// Tiles of rows whose sums are in the second cache.
static constexpr int64_t kBlockTiles = 96;

/// Elements of K whose products are written out one by one.
static constexpr int64_t kUnrolled = 32;

namespace {
/// The sizes of an op, and the buffers that its parts share.
struct Matmul {
  VectorBuilder &b;
  PackedMatmulOp op;
  int64_t groupSize, rows, lanes, vectors, columns;
  bool isPowerOfTwo;
  /// Bytes of the values of the panel, (steps of 4 K, columns * 4).
  Value panel;
  /// Scales of the panel, (groups, columns): bits of f32, see above.
  Value scales;
  /// Sums of the block, (rows, columns).
  Value sums;
  /// What columns are multiplied with at the end, f64; f8E8M0FNU only.
  Value columnFactors;
  /// Largest exponents of the columns, as i8; f8E8M0FNU only.
  Value columnExponents;
  /// Not zero if a column's exponents spread too far, one i8.
  Value wideColumn;

  Matmul(VectorBuilder &b, PackedMatmulOp op);

  int64_t groupsInStretch() const {
    return std::max<int64_t>(kStretch / groupSize, 1);
  }
  Value laneConstant(int64_t value) {
    return b.constant(b.vectorType(lanes, b.getI32Type()), value);
  }
  Value column(int64_t vector) { return b.index(vector * lanes); }
  Value groups() { return b.dim(op.getValues(), 1); }

  void findColumnExponents(Value panelIndex);
  void expandScales(Value panelIndex, Value first, Value g);
  void markWideColumns(Value panelIndex, Value group);
  void expandCodes(Value panelIndex, Value first, Value g);
  void clearSums(Value numRows);
  void prefetch(Value tile, Value group);
  SmallVector<Value> startGroup(Value tile, Value group, Value g);
  SmallVector<Value> multiply(Value tile, Value group, Value g, Value chunk,
                              SmallVector<Value> sums);
  Value scale(Value tile, Value group, Value g, int64_t row, int64_t vector,
              Value groupSum, Value sum);
  void multiplyTile(Value tile, Value tileInBlock, Value first, Value count);
  void storeRow(Value panelIndex, Value row, Value rowInBlock, Value factor);
  Value sumInF64(Value panelIndex, Value tile, Value inTile, Value row,
                 Value column);
  void sumTileAgain(Value panelIndex, Value tile);
  void forRows(Value tile, llvm::function_ref<void(Value inTile, Value row)>);
  void emitBlock(Value panelIndex, Value firstTile, Value numTiles);
  void emit();
};
} // namespace

Matmul::Matmul(VectorBuilder &b, PackedMatmulOp op)
    : b(b), op(op), groupSize(op.getGroupSize()),
      rows(cast<MemRefType>(op.getValues().getType()).getDimSize(2)),
      lanes(b.cpu.getTile().lanes),
      columns(cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2)) {
  auto scalesType = cast<MemRefType>(op.getRhsScales().getType());
  isPowerOfTwo = isa<Float8E8M0FNUType>(scalesType.getElementType());
  vectors = columns / lanes;
  int64_t inStretch = groupsInStretch();
  panel = b.scratch({inStretch * groupSize / 4, columns * 4}, b.getI8Type());
  scales = b.scratch({inStretch, columns}, b.getI32Type());
  sums = b.scratch({kBlockTiles * rows, columns}, b.getF32Type());
  if (!isPowerOfTwo)
    return;
  columnFactors = b.scratch({columns}, b.getF64Type());
  columnExponents = b.scratch({columns}, b.getI8Type());
  wideColumn = b.scratch({1}, b.getI8Type());
}

//===----------------------------------------------------------------------===//
// A panel of the weight
//===----------------------------------------------------------------------===//

static Value loadScaleBytes(Matmul &m, Value panelIndex, Value group,
                            int64_t first, int64_t size) {
  Value scales = m.b.loadVector(size, m.op.getRhsScales(),
                                {panelIndex, group, m.b.index(first)});
  return m.b.bitcast(m.b.getI8Type(), scales);
}

void Matmul::findColumnExponents(Value panelIndex) {
  b.store(b.constant(b.getI8Type(), int64_t(0)), wideColumn, b.index(0));
  for (int64_t v = 0; v < vectors; ++v) {
    VectorType bytes = b.vectorType(lanes, b.getI8Type());
    Value zero = b.constant(bytes, int64_t(0));
    Value nanByte = b.constant(bytes, kNaNExponent - 256);
    auto loop = scf::ForOp::create(b, b.index(0), groups(), b.index(1),
                                   ValueRange{zero, zero});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      Value exponents = loadScaleBytes(
          *this, panelIndex, loop.getInductionVar(), v * lanes, lanes);
      Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                          exponents, nanByte);
      Value finite = arith::SelectOp::create(b, isNaN, zero, exponents);
      Value nan = arith::SelectOp::create(b, isNaN, nanByte, zero);
      scf::YieldOp::create(
          b, ValueRange{
                 arith::MaxUIOp::create(b, loop.getRegionIterArg(0), finite),
                 arith::OrIOp::create(b, loop.getRegionIterArg(1), nan)});
    }
    Value largest = loop.getResult(0);
    Value hasNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                         loop.getResult(1), nanByte);
    b.storeVector(largest, columnExponents, column(v));
    Value wide =
        arith::ExtUIOp::create(b, b.vectorType(lanes, b.getI32Type()), largest);
    b.storeVector(emitPowerOfTwo(b, wide, hasNaN), columnFactors, column(v));
  }
}

/// Looks for codes that are not zero in columns whose scale in the group is
/// cut off.
void Matmul::markWideColumns(Value panelIndex, Value group) {
  Type i32 = b.getI32Type();
  b.loop(b.index(columns), [&](Value column) {
    Value byte = b.bitcast(
        b.getI8Type(), b.load(op.getRhsScales(), {panelIndex, group, column}));
    Value exponent = arith::ExtUIOp::create(b, i32, byte);
    Value largest =
        arith::ExtUIOp::create(b, i32, b.load(columnExponents, column));
    Value difference = arith::SubIOp::create(b, exponent, largest);
    Value isOutside = arith::CmpIOp::create(
        b, arith::CmpIPredicate::slt, difference, b.i32(kSmallestExponent));
    b.ifThen(isOutside, [&] {
      b.loop(b.index(groupSize / 8), [&](Value s) {
        Value codes =
            b.loadVector(4, op.getRhsCodes(),
                         {panelIndex, b.add(b.mul(group, groupSize / 8), s),
                          b.mul(column, 4)});
        Value any = vector::ReductionOp::create(
            b, vector::CombiningKind::OR,
            arith::AndIOp::create(b, codes,
                                  b.constant(codes.getType(), int64_t(0x77))));
        Value old = b.load(wideColumn, b.index(0));
        b.store(arith::OrIOp::create(b, old, any), wideColumn, b.index(0));
      });
    });
  });
}

void Matmul::expandScales(Value panelIndex, Value first, Value g) {
  Value group = b.add(first, g);
  Value anyOutside;
  for (int64_t v = 0; v < vectors; ++v) {
    Value bytes = loadScaleBytes(*this, panelIndex, group, v * lanes, lanes);
    if (!isPowerOfTwo) {
      Value scale = emitDecodeE4M3(b, bytes);
      b.storeVector(b.bitcast(b.getI32Type(), scale), scales, {g, column(v)});
      continue;
    }
    VectorType wide = b.vectorType(lanes, b.getI32Type());
    Value exponents = arith::ExtUIOp::create(b, wide, bytes);
    Value largest = arith::ExtUIOp::create(
        b, wide, b.loadVector(lanes, columnExponents, column(v)));
    Value difference = arith::SubIOp::create(b, exponents, largest);
    Value smallest = laneConstant(kSmallestExponent);
    // NaN is larger than the largest; the factor of its column is NaN.
    Value inside = arith::MinSIOp::create(
        b, arith::MaxSIOp::create(b, difference, smallest), laneConstant(0));
    Value bits = arith::AddIOp::create(
        b, arith::ShLIOp::create(b, inside, laneConstant(23)),
        laneConstant(kUnitBits));
    b.storeVector(bits, scales, {g, column(v)});
    Value outside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                          difference, smallest);
    anyOutside = anyOutside
                     ? arith::OrIOp::create(b, anyOutside, outside).getResult()
                     : outside;
  }
  if (!anyOutside)
    return;
  Value any =
      vector::ReductionOp::create(b, vector::CombiningKind::OR, anyOutside);
  b.ifThen(any, [&] { markWideColumns(panelIndex, group); });
}

void Matmul::expandCodes(Value panelIndex, Value first, Value g) {
  int64_t steps = groupSize / 8;
  b.loop(b.index(steps), [&](Value s) {
    Value from = b.add(b.mul(b.add(first, g), steps), s);
    Value to = b.mul(b.add(b.mul(g, steps), s), 2);
    for (int64_t v = 0; v < vectors; ++v) {
      Value place = b.index(v * lanes * 4);
      Value vector =
          b.loadVector(lanes * 4, op.getRhsCodes(), {panelIndex, from, place});
      auto [even, odd] = emitCodeValues(b, vector, op.getOffset());
      b.storeVector(even, panel, {to, place});
      b.storeVector(odd, panel, {b.add(to, 1), place});
    }
  });
}

//===----------------------------------------------------------------------===//
// A tile of rows
//===----------------------------------------------------------------------===//

/// The next tile's part of a stretch is elsewhere in memory, too short for the
/// hardware to see it coming. Beyond the last tile, this has no effect.
void Matmul::prefetch(Value tile, Value group) {
  constexpr int64_t kCacheLine = 64, kLocality = 3;
  Value zero = b.index(0);
  auto line = [&](Value memref, ValueRange place) {
    memref::PrefetchOp::create(b, memref, place, /*isWrite=*/false, kLocality,
                               /*isDataCache=*/true);
  };
  for (int64_t byte = 0; byte < rows * groupSize; byte += kCacheLine)
    line(op.getValues(),
         {tile, group, b.index(byte / groupSize), b.index(byte % groupSize)});
  line(op.getTerms(), {tile, group, zero, zero});
}

/// What the sums of a group start with.
SmallVector<Value> Matmul::startGroup(Value tile, Value group, Value g) {
  SmallVector<Value> result;
  for (int64_t r = 0; r < rows; ++r) {
    Value start = b.broadcast(
        b.load(op.getTerms(), {tile, group, b.index(1), b.index(r)}), lanes);
    for (int64_t v = 0; v < vectors; ++v) {
      Value sum = start;
      if (isPowerOfTwo)
        sum = arith::AddIOp::create(
            b, start, b.loadVector(lanes, scales, {g, column(v)}));
      result.push_back(sum);
    }
  }
  return result;
}

/// Adds the products of one chunk of a group, of kUnrolled elements or all.
SmallVector<Value> Matmul::multiply(Value tile, Value group, Value g,
                                    Value chunk, SmallVector<Value> groupSums) {
  int64_t steps = groupSize / 8, unrolled = std::min(steps, kUnrolled / 8);
  Value firstStep = b.mul(chunk, unrolled);
  Value panelStep = b.mul(b.add(b.mul(g, steps), firstStep), 2);
  Value firstValue = b.mul(firstStep, 4);
  for (int64_t s = 0; s < unrolled; ++s)
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> weights;
      for (int64_t v = 0; v < vectors; ++v)
        weights.push_back(b.loadVector(
            lanes * 4, panel,
            {b.add(panelStep, 2 * s + half), b.index(v * lanes * 4)}));
      for (int64_t r = 0; r < rows; ++r) {
        Value place = b.add(firstValue, half * groupSize / 2 + 4 * s);
        Value four = b.bitcast(
            b.getI32Type(),
            b.loadVector(4, op.getValues(), {tile, group, b.index(r), place}));
        Value row = vector::ExtractOp::create(b, four, 0);
        for (int64_t v = 0; v < vectors; ++v) {
          Value &sum = groupSums[r * vectors + v];
          sum = b.dot(sum, weights[v], row);
        }
      }
    }
  return groupSums;
}

/// sum + groupSum * (the scales of the group).
Value Matmul::scale(Value tile, Value group, Value g, int64_t row,
                    int64_t vector, Value groupSum, Value sum) {
  Value term = b.broadcast(
      b.load(op.getTerms(), {tile, group, b.index(0), b.index(row)}), lanes);
  Value scale = b.loadVector(lanes, scales, {g, column(vector)});
  Type f32 = b.getF32Type();
  if (isPowerOfTwo) {
    Value unit = arith::AddIOp::create(b, scale, term);
    Value scaled = arith::SubFOp::create(b, b.bitcast(f32, groupSum),
                                         b.bitcast(f32, unit));
    return arith::AddFOp::create(b, sum, scaled);
  }
  Value product =
      arith::MulFOp::create(b, b.bitcast(f32, scale), b.bitcast(f32, term));
  Value converted =
      arith::SIToFPOp::create(b, b.vectorType(lanes, f32), groupSum);
  return vector::FMAOp::create(b, converted, product, sum);
}

/// Adds the products of `count` groups from `first` on to the sums of a tile.
/// Those of a stretch are summed by themselves first: the errors of f32 grow
/// with the length of a sum.
void Matmul::multiplyTile(Value tile, Value tileInBlock, Value first,
                          Value count) {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  SmallVector<Value> initial(rows * vectors, zero);
  auto loop = scf::ForOp::create(b, b.index(0), count, b.index(1), initial);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value g = loop.getInductionVar(), group = b.add(first, g);
    prefetch(b.add(tile, 1), group);
    SmallVector<Value> groupSums = startGroup(tile, group, g);
    if (groupSize <= kUnrolled) {
      groupSums = multiply(tile, group, g, b.index(0), groupSums);
    } else {
      auto chunks = scf::ForOp::create(
          b, b.index(0), b.index(groupSize / kUnrolled), b.index(1), groupSums);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(chunks.getBody());
      scf::YieldOp::create(
          b, multiply(tile, group, g, chunks.getInductionVar(),
                      llvm::to_vector(ValueRange(chunks.getRegionIterArgs()))));
      groupSums = llvm::to_vector(ValueRange(chunks.getResults()));
    }
    SmallVector<Value> results;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t i = r * vectors + v;
        results.push_back(scale(tile, group, g, r, v, groupSums[i],
                                loop.getRegionIterArg(i)));
      }
    scf::YieldOp::create(b, results);
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      SmallVector<Value> place = {b.add(b.mul(tileInBlock, rows), r),
                                  column(v)};
      Value sum = arith::AddFOp::create(b, b.loadVector(lanes, sums, place),
                                        loop.getResult(r * vectors + v));
      b.storeVector(sum, sums, place);
    }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// alpha / 4: both operands' values are doubled.
static Value emitFactor(Matmul &m) {
  Value alpha = arith::ExtFOp::create(m.b, m.b.getF64Type(), m.op.getAlpha());
  return arith::MulFOp::create(m.b, alpha,
                               m.b.constant(m.b.getF64Type(), 0.25));
}

/// f64 to the output's element type, through f32.
static Value emitOutput(Matmul &m, Value value) {
  Type element = cast<MemRefType>(m.op.getOutput().getType()).getElementType();
  return m.b.narrow(m.b.narrow(value, m.b.getF32Type()), element);
}

void Matmul::storeRow(Value panelIndex, Value row, Value rowInBlock,
                      Value factor) {
  Value output = op.getOutput();
  Value numColumns = b.dim(output, 1);
  Value broadcast = b.broadcast(factor, lanes);
  for (int64_t v = 0; v < vectors; ++v) {
    Value sum = b.loadVector(lanes, sums, {rowInBlock, column(v)});
    VectorType f64 = b.vectorType(lanes, b.getF64Type());
    Value wide = arith::ExtFOp::create(b, f64, sum);
    Value value = arith::MulFOp::create(b, wide, broadcast);
    if (isPowerOfTwo)
      value = arith::MulFOp::create(
          b, value, b.loadVector(lanes, columnFactors, column(v)));
    Value result = emitOutput(*this, value);
    Value first = b.add(b.mul(panelIndex, columns), v * lanes);
    Value end = b.add(first, lanes);
    Value isWhole =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, end, numColumns);
    b.ifThenElse(
        isWhole, [&] { b.storeVector(result, output, {row, first}); },
        [&] {
          b.loop(b.index(lanes), [&](Value lane) {
            Value column = b.add(first, lane);
            b.ifThen(b.isLess(column, numColumns), [&] {
              b.store(vector::ExtractOp::create(b, result, lane), output,
                      {row, column});
            });
          });
        });
  }
}

/// For each row of a tile that the output has.
void Matmul::forRows(Value tile, llvm::function_ref<void(Value, Value)> body) {
  Value numRows = b.dim(op.getOutput(), 0);
  b.loop(b.index(rows), [&](Value inTile) {
    Value row = b.add(b.mul(tile, rows), inTile);
    b.ifThen(b.isLess(row, numRows), [&] { body(inTile, row); });
  });
}

/// One element of the output, with all its scales, as f64.
Value Matmul::sumInF64(Value panelIndex, Value tile, Value inTile, Value row,
                       Value column) {
  Type f64 = b.getF64Type(), i32 = b.getI32Type();
  auto decode = [&](Value scale) -> Value {
    return arith::ExtFOp::create(b, f64, emitDecodeScale(b, scale));
  };
  auto group = [&](Value g, Value sum) -> Value {
    auto bytePair = [&](Value i, Value groupSum) -> Value {
      Value step = b.add(b.mul(g, groupSize / 8), b.div(i, 4));
      Value byte =
          b.load(op.getRhsCodes(),
                 {panelIndex, step, b.add(b.mul(column, 4), b.rem(i, 4))});
      Value codes = arith::ExtUIOp::create(b, i32, byte);
      Value low = arith::AndIOp::create(b, codes, b.i32(15));
      Value high = arith::ShRUIOp::create(b, codes, b.i32(4));
      for (auto [code, place] :
           {std::pair(low, i), std::pair(high, b.add(i, groupSize / 2))}) {
        Value value = arith::ExtSIOp::create(
            b, i32, b.load(op.getValues(), {tile, g, inTile, place}));
        Value product =
            arith::MulIOp::create(b, value, emitDecodeE2M1Twice(b, code));
        groupSum = arith::AddIOp::create(b, groupSum, product);
      }
      return groupSum;
    };
    Value groupSum = b.reduce(b.index(groupSize / 2), b.i32(0), bytePair);
    Value scales = arith::MulFOp::create(
        b, decode(b.load(op.getLhsScales(), {row, g})),
        decode(b.load(op.getRhsScales(), {panelIndex, g, column})));
    Value scaled = arith::MulFOp::create(
        b, arith::SIToFPOp::create(b, f64, groupSum), scales);
    return arith::AddFOp::create(b, sum, scaled);
  };
  return b.reduce(groups(), b.constant(f64, 0.0), group);
}

void Matmul::sumTileAgain(Value panelIndex, Value tile) {
  forRows(tile, [&](Value inTile, Value row) {
    b.loop(b.index(columns), [&](Value inPanel) {
      Value column = b.add(b.mul(panelIndex, columns), inPanel);
      b.ifThen(b.isLess(column, b.dim(op.getOutput(), 1)), [&] {
        Value sum = sumInF64(panelIndex, tile, inTile, row, inPanel);
        Value result = arith::MulFOp::create(b, sum, emitFactor(*this));
        b.store(emitOutput(*this, result), op.getOutput(), {row, column});
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// The loops
//===----------------------------------------------------------------------===//

void Matmul::clearSums(Value numTiles) {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  b.loop(b.mul(numTiles, rows), [&](Value row) {
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(zero, sums, {row, column(v)});
  });
}

void Matmul::emitBlock(Value panelIndex, Value firstTile, Value numTiles) {
  clearSums(numTiles);
  int64_t inStretch = groupsInStretch();
  Value stretches = b.div(b.add(groups(), inStretch - 1), inStretch);
  b.loop(stretches, [&](Value stretch) {
    Value first = b.mul(stretch, inStretch);
    Value left = arith::SubIOp::create(b, groups(), first);
    Value count = arith::MinUIOp::create(b, left, b.index(inStretch));
    b.loop(count, [&](Value g) {
      expandScales(panelIndex, first, g);
      expandCodes(panelIndex, first, g);
    });
    b.loop(numTiles, [&](Value tile) {
      multiplyTile(b.add(firstTile, tile), tile, first, count);
    });
  });
  Value alpha = emitFactor(*this);
  b.loop(numTiles, [&](Value tileInBlock) {
    Value tile = b.add(firstTile, tileInBlock);
    forRows(tile, [&](Value inTile, Value row) {
      Value factor = arith::MulFOp::create(
          b, alpha, b.load(op.getFactors(), {tile, inTile}));
      storeRow(panelIndex, row, b.add(b.mul(tileInBlock, rows), inTile),
               factor);
    });
    if (!isPowerOfTwo)
      return;
    Value wide = arith::OrIOp::create(b, b.load(op.getWide(), tile),
                                      b.load(wideColumn, b.index(0)));
    Value isWide = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, wide,
                                         b.constant(b.getI8Type(), int64_t(0)));
    b.ifThen(isWide, [&] { sumTileAgain(panelIndex, tile); });
  });
}

void Matmul::emit() {
  Value numTiles = b.dim(op.getValues(), 0);
  b.loop(b.dim(op.getRhsCodes(), 0), [&](Value panelIndex) {
    if (isPowerOfTwo)
      findColumnExponents(panelIndex);
    Value blocks = b.div(b.add(numTiles, kBlockTiles - 1), kBlockTiles);
    b.loop(blocks, [&](Value block) {
      Value firstTile = b.mul(block, kBlockTiles);
      Value left = arith::SubIOp::create(b, numTiles, firstTile);
      emitBlock(panelIndex, firstTile,
                arith::MinUIOp::create(b, left, b.index(kBlockTiles)));
    });
  });
}

void fp4::emitVectors(VectorBuilder &b, PackedMatmulOp op) {
  Matmul(b, op).emit();
}
