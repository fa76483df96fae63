//===- MatmulToVector.cpp - Products of packed operands -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each panel of the weight and each block of rows, one of two ways:
//
// - many rows (prefill): a stretch of K at a time, the codes of the panel are
//   expanded to bytes that stay in the first cache, and each tile of rows is
//   multiplied with them; its sums so far wait in the second cache.
// - few rows (decode): each vector of codes is expanded in registers and
//   multiplied with all rows of a tile, over the whole of K. Nothing is written
//   but results: reading the weight is what takes the time.
//
// How sums of groups come to their scales is said in GroupScaling.h. Rows and
// columns whose scales spread too far for that are summed again in f64.
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "Emit.h"
#include "GroupScaling.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

/// Elements of K whose expanded codes and whose rows of a tile are in the
/// first cache together.
static constexpr int64_t kStretch = 512;

/// Tiles of rows whose sums are in the second cache.
static constexpr int64_t kBlockTiles = 96;

/// Elements of K whose products are written out one by one.
static constexpr int64_t kUnrolled = 32;

static constexpr int64_t kCacheLine = 64;

namespace {
/// Where something is: a panel, and the rows of a tile in the sums.
struct Place {
  Value panel, tile, firstSum;
};

/// The sizes of an op, and the buffers that its parts share.
struct Matmul {
  VectorBuilder &b;
  PackedMatmulOp op;
  std::unique_ptr<GroupScaling> scaling;
  int64_t groupSize, rows, lanes, vectors, columns;
  bool isDecode;
  /// Bytes of the values of the panel, (steps of 4 K, columns * 4).
  Value bytes;
  /// Scales of the panel, (groups, columns).
  Value scales;
  /// Sums of the block, (rows, columns).
  Value sums;

  Matmul(VectorBuilder &b, PackedMatmulOp op);

  int64_t groupsInStretch() const {
    return std::max<int64_t>(kStretch / groupSize, 1);
  }
  int64_t stepsInGroup() const { return groupSize / 8; }
  Value column(int64_t vector) { return b.index(vector * lanes); }
  Value groups() { return b.dim(op.getValues(), 1); }
  Value loadCodes(Value panel, Value step, Value firstColumn) {
    return b.loadVector(lanes * 4, op.getRhsCodes(),
                        {panel, step, b.mul(firstColumn, 4)});
  }
  Value loadTerm(Value tile, Value group, int64_t which, int64_t row) {
    return b.load(op.getTerms(), {tile, group, b.index(which), b.index(row)});
  }

  SmallVector<Value> loadSums(Value firstSum);
  void storeSums(Value firstSum, ValueRange values);
  Value loadRow(Value tile, Value group, int64_t row, Value place);
  SmallVector<Value>
  forChunks(SmallVector<Value> groupSums,
            llvm::function_ref<void(Value firstStep, SmallVector<Value> &)>);

  void expand(Value panel, Value first, Value g);
  void prefetchRows(Value tile, Value group);
  void multiplyStretch(Place place, Value first, Value count);

  SmallVector<Value> multiplyGroup(Place place, Value group, Value firstColumn,
                                   ValueRange sums);
  void multiplyAll(Place place);

  void storeRow(Value panel, Value row, Value sum, Value factor);
  Value sumInF64(Value panel, Value tile, Value inTile, Value row,
                 Value column);
  void sumAgain(Value panel, Value tile);
  void storeTile(Place place);
  void forRows(Value tile, llvm::function_ref<void(Value inTile, Value row)>);

  void emitPrefillBlock(Value panel, Value firstTile, Value numTiles);
  void emitPrefill(Value panel, Value numTiles);
  void emit();
};
} // namespace

Matmul::Matmul(VectorBuilder &b, PackedMatmulOp op)
    : b(b), op(op), scaling(GroupScaling::create(b, op)),
      groupSize(op.getGroupSize()),
      rows(cast<MemRefType>(op.getValues().getType()).getDimSize(2)),
      lanes(b.cpu.getTile().lanes),
      columns(cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2)) {
  vectors = columns / lanes;
  isDecode = rows != b.cpu.getTile().prefillRows;
  sums =
      b.scratch({(isDecode ? 1 : kBlockTiles) * rows, columns}, b.getF32Type());
  if (isDecode)
    return;
  int64_t inStretch = groupsInStretch();
  bytes = b.scratch({inStretch * groupSize / 4, columns * 4}, b.getI8Type());
  scales = b.scratch({inStretch, columns}, b.getI32Type());
}

//===----------------------------------------------------------------------===//
// What both ways share
//===----------------------------------------------------------------------===//

/// The sums of a tile, row by row.
SmallVector<Value> Matmul::loadSums(Value firstSum) {
  SmallVector<Value> values;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      values.push_back(
          b.loadVector(lanes, sums, {b.add(firstSum, r), column(v)}));
  return values;
}

void Matmul::storeSums(Value firstSum, ValueRange values) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(values[r * vectors + v], sums,
                    {b.add(firstSum, r), column(v)});
}

/// Four values of a row, from `place` on, as an i32.
Value Matmul::loadRow(Value tile, Value group, int64_t row, Value place) {
  Value four =
      b.loadVector(4, op.getValues(), {tile, group, b.index(row), place});
  return vector::ExtractOp::create(b, b.bitcast(b.getI32Type(), four), 0);
}

/// Adds the products of a group, written out for up to kUnrolled elements, and
/// in a loop over such chunks for larger groups.
SmallVector<Value>
Matmul::forChunks(SmallVector<Value> groupSums,
                  llvm::function_ref<void(Value, SmallVector<Value> &)> body) {
  if (groupSize <= kUnrolled) {
    body(b.index(0), groupSums);
    return groupSums;
  }
  auto loop = scf::ForOp::create(b, b.index(0), b.index(groupSize / kUnrolled),
                                 b.index(1), groupSums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> values(loop.getRegionIterArgs());
  body(b.mul(loop.getInductionVar(), kUnrolled / 8), values);
  scf::YieldOp::create(b, values);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

//===----------------------------------------------------------------------===//
// Many rows
//===----------------------------------------------------------------------===//

/// The values of a group of the panel as bytes, and its scales.
void Matmul::expand(Value panel, Value first, Value g) {
  Value group = b.add(first, g);
  for (int64_t v = 0; v < vectors; ++v)
    b.storeVector(scaling->getScales(panel, group, column(v)), scales,
                  {g, column(v)});
  b.loop(b.index(stepsInGroup()), [&](Value s) {
    Value from = b.add(b.mul(group, stepsInGroup()), s);
    Value to = b.mul(b.add(b.mul(g, stepsInGroup()), s), 2);
    for (int64_t v = 0; v < vectors; ++v) {
      auto [even, odd] =
          emitCodeValues(b, loadCodes(panel, from, column(v)), op.getOffset());
      Value place = b.index(v * lanes * 4);
      b.storeVector(even, bytes, {to, place});
      b.storeVector(odd, bytes, {b.add(to, 1), place});
    }
  });
}

/// The next tile's part of a stretch is elsewhere in memory, too short for the
/// hardware to see it coming. Beyond the last tile, this has no effect.
void Matmul::prefetchRows(Value tile, Value group) {
  Value zero = b.index(0);
  for (int64_t byte = 0; byte < rows * groupSize; byte += kCacheLine)
    b.prefetch(op.getValues(), {tile, group, b.index(byte / groupSize),
                                b.index(byte % groupSize)});
  b.prefetch(op.getTerms(), {tile, group, zero, zero});
}

/// Adds the products of `count` groups from `first` on to the sums of a tile.
void Matmul::multiplyStretch(Place place, Value first, Value count) {
  auto loop = scf::ForOp::create(b, b.index(0), count, b.index(1),
                                 loadSums(place.firstSum));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value g = loop.getInductionVar(), group = b.add(first, g);
    prefetchRows(b.add(place.tile, 1), group);
    SmallVector<Value> groupSums;
    for (int64_t r = 0; r < rows; ++r) {
      Value start = b.broadcast(loadTerm(place.tile, group, 1, r), lanes);
      for (int64_t v = 0; v < vectors; ++v)
        groupSums.push_back(
            scaling->start(start, b.loadVector(lanes, scales, {g, column(v)})));
    }
    int64_t unrolled = std::min(groupSize, kUnrolled) / 8;
    groupSums = forChunks(
        std::move(groupSums), [&](Value firstStep, SmallVector<Value> &chunk) {
          Value from = b.mul(b.add(b.mul(g, stepsInGroup()), firstStep), 2);
          for (int64_t i = 0; i < 2 * unrolled; ++i) {
            // Steps hold even elements and odd ones, rows first all even ones.
            Value inRow =
                b.add(b.mul(firstStep, 4), i % 2 * groupSize / 2 + i / 2 * 4);
            SmallVector<Value> weights;
            for (int64_t v = 0; v < vectors; ++v)
              weights.push_back(b.loadVector(
                  lanes * 4, bytes, {b.add(from, i), b.index(v * lanes * 4)}));
            for (int64_t r = 0; r < rows; ++r) {
              Value row = loadRow(place.tile, group, r, inRow);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = chunk[r * vectors + v];
                sum = b.dot(sum, weights[v], row);
              }
            }
          }
        });
    SmallVector<Value> results;
    for (int64_t r = 0; r < rows; ++r) {
      Value rowScale = scaling->getRowScale(loadTerm(place.tile, group, 0, r));
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t i = r * vectors + v;
        results.push_back(
            scaling->add(loop.getRegionIterArg(i), groupSums[i], rowScale,
                         b.loadVector(lanes, scales, {g, column(v)})));
      }
    }
    scf::YieldOp::create(b, results);
  }
  storeSums(place.firstSum, loop.getResults());
}

void Matmul::emitPrefillBlock(Value panel, Value firstTile, Value numTiles) {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  SmallVector<Value> zeros(rows * vectors, zero);
  auto place = [&](Value tile) -> Place {
    return {panel, b.add(firstTile, tile), b.mul(tile, rows)};
  };
  b.loop(numTiles, [&](Value tile) { storeSums(b.mul(tile, rows), zeros); });
  int64_t inStretch = groupsInStretch();
  Value stretches = b.div(b.add(groups(), inStretch - 1), inStretch);
  b.loop(stretches, [&](Value stretch) {
    Value first = b.mul(stretch, inStretch);
    Value left = arith::SubIOp::create(b, groups(), first);
    Value count = arith::MinUIOp::create(b, left, b.index(inStretch));
    b.loop(count, [&](Value g) { expand(panel, first, g); });
    b.loop(numTiles,
           [&](Value tile) { multiplyStretch(place(tile), first, count); });
  });
  b.loop(numTiles, [&](Value tile) { storeTile(place(tile)); });
}

void Matmul::emitPrefill(Value panel, Value numTiles) {
  Value blocks = b.div(b.add(numTiles, kBlockTiles - 1), kBlockTiles);
  b.loop(blocks, [&](Value block) {
    Value firstTile = b.mul(block, kBlockTiles);
    Value left = arith::SubIOp::create(b, numTiles, firstTile);
    emitPrefillBlock(panel, firstTile,
                     arith::MinUIOp::create(b, left, b.index(kBlockTiles)));
  });
}

//===----------------------------------------------------------------------===//
// Few rows
//===----------------------------------------------------------------------===//

/// Adds the products of a group and one vector of columns to the sums of the
/// rows.
SmallVector<Value> Matmul::multiplyGroup(Place place, Value group,
                                         Value firstColumn, ValueRange sums) {
  Value columnScales = scaling->getScales(place.panel, group, firstColumn);
  SmallVector<Value> groupSums;
  for (int64_t r = 0; r < rows; ++r)
    groupSums.push_back(scaling->start(
        b.broadcast(loadTerm(place.tile, group, 1, r), lanes), columnScales));
  int64_t unrolled = std::min(groupSize, kUnrolled) / 8;
  groupSums = forChunks(std::move(groupSums), [&](Value firstStep,
                                                  SmallVector<Value> &chunk) {
    Value from = b.add(b.mul(group, stepsInGroup()), firstStep);
    for (int64_t s = 0; s < unrolled; ++s) {
      Value codes = loadCodes(place.panel, b.add(from, s), firstColumn);
      auto [even, odd] = emitCodeValues(b, codes, op.getOffset());
      Value inRow = b.add(b.mul(firstStep, 4), s * 4);
      Value oddInRow = b.add(inRow, groupSize / 2);
      for (int64_t r = 0; r < rows; ++r)
        chunk[r] = b.dot(chunk[r], even, loadRow(place.tile, group, r, inRow));
      for (int64_t r = 0; r < rows; ++r)
        chunk[r] =
            b.dot(chunk[r], odd, loadRow(place.tile, group, r, oddInRow));
    }
  });
  SmallVector<Value> results;
  for (int64_t r = 0; r < rows; ++r)
    results.push_back(scaling->add(
        sums[r], groupSums[r],
        scaling->getRowScale(loadTerm(place.tile, group, 0, r)), columnScales));
  return results;
}

/// The sums of a tile over the whole of K. With more than one row, a vector of
/// columns after the other: registers hold the sums of no more.
void Matmul::multiplyAll(Place place) {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  int64_t atOnce = rows == 1 ? vectors : 1;
  b.loop(b.index(vectors / atOnce), [&](Value pass) {
    auto firstColumn = [&](int64_t v) {
      return b.mul(b.add(b.mul(pass, atOnce), v), lanes);
    };
    auto loop = scf::ForOp::create(b, b.index(0), groups(), b.index(1),
                                   SmallVector<Value>(rows * atOnce, zero));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      SmallVector<Value> results;
      for (int64_t v = 0; v < atOnce; ++v)
        llvm::append_range(
            results,
            multiplyGroup(place, loop.getInductionVar(), firstColumn(v),
                          loop.getRegionIterArgs().slice(v * rows, rows)));
      scf::YieldOp::create(b, results);
    }
    for (int64_t v = 0; v < atOnce; ++v)
      for (int64_t r = 0; r < rows; ++r)
        b.storeVector(loop.getResult(v * rows + r), sums,
                      {b.add(place.firstSum, r), firstColumn(v)});
  });
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
  Type f32 = m.b.getF32Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    f32 = vector.clone(f32);
  return m.b.narrow(arith::TruncFOp::create(m.b, f32, value), element);
}

void Matmul::storeRow(Value panel, Value row, Value sum, Value factor) {
  Value output = op.getOutput();
  Value numColumns = b.dim(output, 1);
  Value broadcast = b.broadcast(factor, lanes);
  for (int64_t v = 0; v < vectors; ++v) {
    VectorType f64 = b.vectorType(lanes, b.getF64Type());
    Value value = arith::MulFOp::create(
        b,
        arith::ExtFOp::create(b, f64,
                              b.loadVector(lanes, sums, {sum, column(v)})),
        broadcast);
    if (Value factors = scaling->getColumnFactors(column(v)))
      value = arith::MulFOp::create(b, value, factors);
    Value result = emitOutput(*this, value);
    Value first = b.add(b.mul(panel, columns), v * lanes);
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::ule,
                                          b.add(first, lanes), numColumns);
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

void Matmul::storeTile(Place place) {
  Value alpha = emitFactor(*this);
  forRows(place.tile, [&](Value inTile, Value row) {
    Value factor = arith::MulFOp::create(
        b, alpha, b.load(op.getFactors(), {place.tile, inTile}));
    storeRow(place.panel, row, b.add(place.firstSum, inTile), factor);
  });
  Value wideColumn = scaling->getWide();
  if (!wideColumn)
    return;
  Value wide =
      arith::OrIOp::create(b, b.load(op.getWide(), place.tile), wideColumn);
  Value isWide = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, wide,
                                       b.constant(b.getI8Type(), int64_t(0)));
  b.ifThen(isWide, [&] { sumAgain(place.panel, place.tile); });
}

//===----------------------------------------------------------------------===//
// Scales that spread too far
//===----------------------------------------------------------------------===//

/// One element of the output, with all its scales, as f64.
Value Matmul::sumInF64(Value panel, Value tile, Value inTile, Value row,
                       Value column) {
  Type f64 = b.getF64Type(), i32 = b.getI32Type();
  auto decode = [&](Value scale) -> Value {
    return arith::ExtFOp::create(b, f64, emitDecodeScale(b, scale));
  };
  auto group = [&](Value g, Value sum) -> Value {
    auto bytePair = [&](Value i, Value groupSum) -> Value {
      Value step = b.add(b.mul(g, stepsInGroup()), b.div(i, 4));
      Value byte = b.load(op.getRhsCodes(),
                          {panel, step, b.add(b.mul(column, 4), b.rem(i, 4))});
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
        decode(b.load(op.getRhsScales(), {panel, g, column})));
    Value scaled = arith::MulFOp::create(
        b, arith::SIToFPOp::create(b, f64, groupSum), scales);
    return arith::AddFOp::create(b, sum, scaled);
  };
  return b.reduce(groups(), b.constant(f64, 0.0), group);
}

void Matmul::sumAgain(Value panel, Value tile) {
  forRows(tile, [&](Value inTile, Value row) {
    b.loop(b.index(columns), [&](Value inPanel) {
      Value column = b.add(b.mul(panel, columns), inPanel);
      b.ifThen(b.isLess(column, b.dim(op.getOutput(), 1)), [&] {
        Value sum = sumInF64(panel, tile, inTile, row, inPanel);
        Value result = arith::MulFOp::create(b, sum, emitFactor(*this));
        b.store(emitOutput(*this, result), op.getOutput(), {row, column});
      });
    });
  });
}

void Matmul::emit() {
  Value numTiles = b.dim(op.getValues(), 0);
  b.loop(b.dim(op.getRhsCodes(), 0), [&](Value panel) {
    scaling->startPanel(panel);
    if (!isDecode)
      return emitPrefill(panel, numTiles);
    b.loop(numTiles, [&](Value tile) {
      Place place{panel, tile, b.index(0)};
      multiplyAll(place);
      storeTile(place);
    });
  });
}

void fp4::emitVectors(VectorBuilder &b, PackedMatmulOp op) {
  Matmul(b, op).emit();
}
