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
// - few rows (decode): codes are expanded in registers and multiplied with a
//   few rows at once, all rows of a group before the next group. The weight is
//   read from memory once, which is what takes the time.
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
#include "llvm/Support/MathExtras.h"

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
  /// Rows that registers hold the sums of, in decode.
  int64_t rowsAtOnce;
  bool isDecode;
  /// Bytes of the values of the panel, (steps of 4 K, columns * 4).
  Value bytes;
  /// Scales of the panel, (groups, columns).
  Value scales;
  /// Sums of the block so far, (rows, columns), and in decode, those of a
  /// stretch.
  Value totals, sums;

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
  Value loadTerm(Value tile, Value group, int64_t which, Value row) {
    return b.load(op.getTerms(), {tile, group, b.index(which), row});
  }

  SmallVector<Value> zeros(int64_t count);
  SmallVector<Value> load(Value sums, Value firstSum, int64_t count);
  void store(Value sums, Value firstSum, ValueRange values);
  void addToTotals(Value firstSum, ValueRange values);
  Value loadRow(Value tile, Value group, Value row, Value place);
  SmallVector<Value>
  forChunks(SmallVector<Value> groupSums,
            llvm::function_ref<void(Value firstStep, SmallVector<Value> &)>);

  void expand(Value panel, Value first, Value g);
  void prefetchRows(Value tile, Value group, Value firstRow, int64_t count);
  void multiplyStretch(Place place, Value first, Value count);

  SmallVector<Value> multiplyGroup(Place place, Value group, Value firstRow,
                                   ArrayRef<Value> columnScales);
  void multiplyGroups(Place place, Value first, int64_t count, Value firstRow);
  void prefetchCodes(Value panel, Value first, int64_t count);
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
  rowsAtOnce = std::min(rows, b.cpu.getTile().decodeRows);
  totals =
      b.scratch({(isDecode ? 1 : kBlockTiles) * rows, columns}, b.getF32Type());
  if (isDecode) {
    sums = b.scratch({rows, columns}, b.getF32Type());
    return;
  }
  int64_t inStretch = groupsInStretch();
  bytes = b.scratch({inStretch * groupSize / 4, columns * 4}, b.getI8Type());
  scales = b.scratch({inStretch, columns}, b.getI32Type());
}

//===----------------------------------------------------------------------===//
// What both ways share
//===----------------------------------------------------------------------===//

SmallVector<Value> Matmul::zeros(int64_t count) {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  return SmallVector<Value>(count * vectors, zero);
}

/// The sums of `count` rows, row by row.
SmallVector<Value> Matmul::load(Value sums, Value firstSum, int64_t count) {
  SmallVector<Value> values;
  for (int64_t r = 0; r < count; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      values.push_back(
          b.loadVector(lanes, sums, {b.add(firstSum, r), column(v)}));
  return values;
}

void Matmul::store(Value sums, Value firstSum, ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values))
    b.storeVector(value, sums,
                  {b.add(firstSum, i / vectors), column(i % vectors)});
}

/// The errors of f32 grow with the length of a sum: that of a stretch is summed
/// by itself and added as one.
void Matmul::addToTotals(Value firstSum, ValueRange values) {
  SmallVector<Value> results = load(totals, firstSum, values.size() / vectors);
  for (auto [result, value] : llvm::zip_equal(results, values))
    result = arith::AddFOp::create(b, result, value);
  store(totals, firstSum, results);
}

/// Four values of a row, from `place` on, as an i32.
Value Matmul::loadRow(Value tile, Value group, Value row, Value place) {
  Value four = b.loadVector(4, op.getValues(), {tile, group, row, place});
  return vector::ExtractOp::create(b, b.bitcast(b.getI32Type(), four), 0);
}

/// Has the values and terms of rows read into the first cache. A place behind
/// the last one has no effect.
void Matmul::prefetchRows(Value tile, Value group, Value firstRow,
                          int64_t count) {
  for (int64_t byte = 0; byte < count * groupSize; byte += kCacheLine)
    b.prefetch(op.getValues(), {tile, group, b.add(firstRow, byte / groupSize),
                                b.index(byte % groupSize)});
  b.prefetch(op.getTerms(), {tile, group, b.index(0), firstRow});
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

/// Adds the products of `count` groups from `first` on to the sums of a tile.
void Matmul::multiplyStretch(Place place, Value first, Value count) {
  auto loop = scf::ForOp::create(b, b.index(0), count, b.index(1), zeros(rows));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value g = loop.getInductionVar(), group = b.add(first, g);
    // The next tile's part of a stretch is elsewhere in memory, too short for
    // the hardware to see it coming.
    prefetchRows(b.add(place.tile, 1), group, b.index(0), rows);
    SmallVector<Value> groupSums;
    for (int64_t r = 0; r < rows; ++r) {
      Value start =
          b.broadcast(loadTerm(place.tile, group, 1, b.index(r)), lanes);
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
              Value row = loadRow(place.tile, group, b.index(r), inRow);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = chunk[r * vectors + v];
                sum = b.dot(sum, weights[v], row);
              }
            }
          }
        });
    SmallVector<Value> results;
    for (int64_t r = 0; r < rows; ++r) {
      Value rowScale =
          scaling->getRowScale(loadTerm(place.tile, group, 0, b.index(r)));
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t i = r * vectors + v;
        results.push_back(
            scaling->add(loop.getRegionIterArg(i), groupSums[i], rowScale,
                         b.loadVector(lanes, scales, {g, column(v)})));
      }
    }
    scf::YieldOp::create(b, results);
  }
  addToTotals(place.firstSum, loop.getResults());
}

void Matmul::emitPrefillBlock(Value panel, Value firstTile, Value numTiles) {
  auto place = [&](Value tile) -> Place {
    return {panel, b.add(firstTile, tile), b.mul(tile, rows)};
  };
  b.loop(numTiles,
         [&](Value tile) { store(totals, b.mul(tile, rows), zeros(rows)); });
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

/// The sums of the products of a group and a few rows from `firstRow` on.
SmallVector<Value> Matmul::multiplyGroup(Place place, Value group,
                                         Value firstRow,
                                         ArrayRef<Value> columnScales) {
  SmallVector<Value> groupSums;
  for (int64_t r = 0; r < rowsAtOnce; ++r) {
    Value start =
        b.broadcast(loadTerm(place.tile, group, 1, b.add(firstRow, r)), lanes);
    for (int64_t v = 0; v < vectors; ++v)
      groupSums.push_back(scaling->start(start, columnScales[v]));
  }
  int64_t unrolled = std::min(groupSize, kUnrolled) / 8;
  return forChunks(
      std::move(groupSums), [&](Value firstStep, SmallVector<Value> &chunk) {
        Value from = b.add(b.mul(group, stepsInGroup()), firstStep);
        for (int64_t s = 0; s < unrolled; ++s) {
          // Even elements, and odd ones.
          SmallVector<Value> weights[2];
          for (int64_t v = 0; v < vectors; ++v) {
            Value codes = loadCodes(place.panel, b.add(from, s), column(v));
            auto [even, odd] = emitCodeValues(b, codes, op.getOffset());
            weights[0].push_back(even);
            weights[1].push_back(odd);
          }
          for (int64_t half = 0; half < 2; ++half)
            for (int64_t r = 0; r < rowsAtOnce; ++r) {
              Value inRow =
                  b.add(b.mul(firstStep, 4), s * 4 + half * groupSize / 2);
              Value row = loadRow(place.tile, group, b.add(firstRow, r), inRow);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = chunk[r * vectors + v];
                sum = b.dot(sum, weights[half][v], row);
              }
            }
        }
      });
}

/// Adds the products of `count` groups from `first` on to the sums of a few
/// rows.
void Matmul::multiplyGroups(Place place, Value first, int64_t count,
                            Value firstRow) {
  Value firstSum = b.add(place.firstSum, firstRow);
  // The rows, all of which are read for each panel, are in the second cache.
  Value ahead = b.add(first, 2 * count);
  for (int64_t g = 0; g < count; ++g)
    prefetchRows(place.tile, b.add(ahead, g), firstRow, rowsAtOnce);
  SmallVector<Value> rowSums = load(sums, firstSum, rowsAtOnce);
  for (int64_t g = 0; g < count; ++g) {
    Value group = b.add(first, g);
    SmallVector<Value> columnScales;
    for (int64_t v = 0; v < vectors; ++v)
      columnScales.push_back(scaling->getScales(place.panel, group, column(v)));
    SmallVector<Value> groupSums =
        multiplyGroup(place, group, firstRow, columnScales);
    for (int64_t r = 0; r < rowsAtOnce; ++r) {
      Value rowScale = scaling->getRowScale(
          loadTerm(place.tile, group, 0, b.add(firstRow, r)));
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = rowSums[r * vectors + v];
        sum = scaling->add(sum, groupSums[r * vectors + v], rowScale,
                           columnScales[v]);
      }
    }
  }
  store(sums, firstSum, rowSums);
}

/// Has the codes of `count` groups read that come some time after the ones from
/// `first` on: far enough for memory to answer, and over the end of a panel
/// into the next one, which the hardware does not foresee.
void Matmul::prefetchCodes(Value panel, Value first, int64_t count) {
  constexpr int64_t kBytesAhead = 8192;
  int64_t stepBytes = columns * 4;
  Value step = b.add(b.mul(first, stepsInGroup()), kBytesAhead / stepBytes);
  for (int64_t s = 0; s < count * stepsInGroup(); ++s)
    for (int64_t byte = 0; byte < stepBytes; byte += kCacheLine)
      b.prefetch(op.getRhsCodes(), {panel, b.add(step, s), b.index(byte)});
}

/// The sums of a tile over the whole of K. Codes come from memory for the first
/// few rows, and for the others from the first cache. The sums wait there as
/// well: in registers, there is room for those of a few rows only.
void Matmul::multiplyAll(Place place) {
  Value left = arith::SubIOp::create(b, b.dim(op.getOutput(), 0),
                                     b.mul(place.tile, rows));
  Value present = arith::MinUIOp::create(b, left, b.index(rows));
  Value parts = b.div(b.add(present, rowsAtOnce - 1), rowsAtOnce);
  auto forParts = [&](llvm::function_ref<void(Value firstRow)> body) {
    b.loop(parts, [&](Value part) { body(b.mul(part, rowsAtOnce)); });
  };
  forParts([&](Value row) {
    store(sums, row, zeros(rowsAtOnce));
    store(totals, row, zeros(rowsAtOnce));
  });
  int64_t numGroups = cast<MemRefType>(op.getValues().getType()).getDimSize(1);
  int64_t atOnce = std::max<int64_t>(kUnrolled / groupSize, 1);
  int64_t inStretch = groupsInStretch();
  b.loop(b.index(llvm::divideCeil(numGroups, inStretch)), [&](Value stretch) {
    Value first = b.mul(stretch, inStretch);
    Value count = arith::MinUIOp::create(
        b, arith::SubIOp::create(b, b.index(numGroups), first),
        b.index(inStretch));
    Value chunks = b.div(count, atOnce);
    b.loop(chunks, [&](Value chunk) {
      Value group = b.add(first, b.mul(chunk, atOnce));
      prefetchCodes(place.panel, group, atOnce);
      forParts([&](Value row) { multiplyGroups(place, group, atOnce, row); });
    });
    if (numGroups % atOnce != 0)
      b.loop(b.rem(count, atOnce), [&](Value g) {
        Value group = b.add(b.add(first, b.mul(chunks, atOnce)), g);
        forParts([&](Value row) { multiplyGroups(place, group, 1, row); });
      });
    forParts([&](Value row) {
      addToTotals(row, load(sums, row, rowsAtOnce));
      store(sums, row, zeros(rowsAtOnce));
    });
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

/// f32 to the output's element type. In the block of the store: where there is
/// no instruction for bf16, LLVM has a call round what comes from another block
/// once more.
static Value emitOutput(Matmul &m, Value value) {
  return m.b.narrow(
      value, cast<MemRefType>(m.op.getOutput().getType()).getElementType());
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
                              b.loadVector(lanes, totals, {sum, column(v)})),
        broadcast);
    if (Value factors = scaling->getColumnFactors(column(v)))
      value = arith::MulFOp::create(b, value, factors);
    Value result = b.narrow(value, b.getF32Type());
    Value first = b.add(b.mul(panel, columns), v * lanes);
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::ule,
                                          b.add(first, lanes), numColumns);
    b.ifThenElse(
        isWhole,
        [&] { b.storeVector(emitOutput(*this, result), output, {row, first}); },
        [&] {
          b.loop(b.index(lanes), [&](Value lane) {
            Value column = b.add(first, lane);
            b.ifThen(b.isLess(column, numColumns), [&] {
              Value element = vector::ExtractOp::create(b, result, lane);
              b.store(emitOutput(*this, element), output, {row, column});
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
        b.store(emitOutput(*this, b.narrow(result, b.getF32Type())),
                op.getOutput(), {row, column});
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
