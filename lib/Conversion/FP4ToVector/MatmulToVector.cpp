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
// - a few rows (decode), as many as registers hold the sums of: codes are
//   expanded in registers and multiplied with all rows.
// - more rows (prefill): a stretch of K at a time, the codes of the panel are
//   expanded to bytes that stay in the first cache, and each tile of rows is
//   multiplied with them; its sums so far wait in the second cache.
// - in between (a batch): the same, but the codes of the next stretch are on
//   their way from memory, and tiles are as large as registers can make them.
//
// Either way the weight is read from memory once, which is what takes the time
// of the first.
//
// With row_pairs, the rows of a tile go two by two, as do columns: a vector of
// bytes is eight elements of one and then of the other, a vector of sums is the
// two columns of one row and then of the other.
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
  /// Rows that are multiplied at once, one or two; how many times there are
  /// these; and the vectors of their sums.
  int64_t together, lines, inLine;
  /// At most what registers hold the sums of, or few tiles, or many.
  bool isDecode, isBatch;
  /// Bytes of the values of the panel, (steps of K, vectors of bytes): steps of
  /// 4 elements, or of 8 for two rows at once.
  Value bytes;
  /// Scales of the panel, (groups, vectors of scales).
  Value scales;
  /// Sums of the block so far, (rows, columns).
  Value totals;

  Matmul(VectorBuilder &b, PackedMatmulOp op);

  int64_t groupsInStretch() const {
    return std::max<int64_t>(kStretch / groupSize, 1);
  }
  int64_t stepsInGroup() const { return groupSize / 8; }
  /// Elements of K in the four bytes, or in the eight of two rows, of a step.
  int64_t elementsInStep() const { return 4 * together; }
  Value column(int64_t vector) { return b.index(vector * lanes); }
  Value groups() { return b.dim(op.getValues(), 1); }
  Value loadCodes(Value panel, Value step, Value firstColumn) {
    return b.loadVector(lanes * 4, op.getRhsCodes(),
                        {panel, step, b.mul(firstColumn, 4)});
  }

  SmallVector<Value> zeros();
  void store(Value firstSum, ValueRange values);
  SmallVector<Value> getByRows(ValueRange sums);
  void addToTotals(Value firstSum, ValueRange values);
  Value loadTerm(Place place, Value group, int64_t which, int64_t line);
  Value loadLine(Place place, Value group, int64_t line, Value first,
                 int64_t offset);
  Value multiply(Value sums, Value weights, Value values);
  void startLine(Place place, Value group, int64_t line,
                 ArrayRef<Value> columnScales, SmallVector<Value> &groupSums);
  void finishLine(Place place, Value group, int64_t line,
                  ArrayRef<Value> columnScales, ArrayRef<Value> groupSums,
                  MutableArrayRef<Value> sums);
  SmallVector<Value>
  forChunks(SmallVector<Value> groupSums,
            llvm::function_ref<void(Value firstStep, SmallVector<Value> &)>);
  SmallVector<Value>
  forGroups(Value count, ValueRange sums,
            llvm::function_ref<void(Value g, SmallVector<Value> &)>);
  void forParts(Value count, int64_t atMost,
                llvm::function_ref<void(Value first, Value count)>);
  void forStretches(llvm::function_ref<void(Value first, Value count)>);
  void prefetchRows(Value tile, Value group);
  void prefetchGroup(Value panel, Value group);

  void storeScales(Value g, int64_t vector, Value values);
  void storeBytes(Value step, int64_t vector, Value even, Value odd);
  void expand(Value panel, Value first, Value g);
  SmallVector<Value> loadBytes(Value firstStep, int64_t count);
  int64_t getPlaceInLine(int64_t step) const;
  int64_t getStep(int64_t i, int64_t count) const;
  void multiplyRowByRow(Place place, Value group, Value g,
                        ArrayRef<Value> columnScales,
                        MutableArrayRef<Value> sums);
  void multiplyStepByStep(Place place, Value group, Value g,
                          ArrayRef<Value> columnScales,
                          MutableArrayRef<Value> sums);
  void multiplyStretch(Place place, Value first, Value count);

  void multiplyGroup(Place place, Value group, MutableArrayRef<Value> sums);
  void multiplyAll(Place place);

  void storeRow(Value panel, Value row, Value sum, Value factor);
  SmallVector<Value> getPlaceOfValue(Value inTile, Value i, bool isOdd);
  Value sumInF64(Value panel, Value tile, Value inTile, Value row,
                 Value column);
  void sumAgain(Value panel, Value tile);
  void storeTile(Place place);
  void forRows(Value tile, llvm::function_ref<void(Value inTile, Value row)>);

  void emitPrefill(Value panel);
  void emit();
};
} // namespace

Matmul::Matmul(VectorBuilder &b, PackedMatmulOp op)
    : b(b), op(op), scaling(GroupScaling::create(b, op)),
      groupSize(op.getGroupSize()), rows(op.getTileRows()),
      lanes(b.cpu.getTile().lanes),
      columns(cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2)),
      together(op.getRowsTogether()) {
  vectors = columns / lanes;
  lines = rows / together;
  inLine = vectors * together;
  cpu::Tile tile = b.cpu.getTile();
  isDecode = rows <= tile.decodeRows;
  isBatch = rows == tile.batchRows && rows != tile.prefillRows;
  totals = b.scratch({(isDecode ? 1 : cpu::Tile::kBlockTiles) * rows, columns},
                     b.getF32Type());
  if (isDecode)
    return;
  int64_t inStretch = groupsInStretch();
  bytes = b.scratch(
      {inStretch * groupSize / elementsInStep(), columns * elementsInStep()},
      b.getI8Type());
  scales = b.scratch({inStretch, columns * together}, b.getI32Type());
}

//===----------------------------------------------------------------------===//
// What both ways share
//===----------------------------------------------------------------------===//

/// Sums of a tile to start with, row by row.
SmallVector<Value> Matmul::zeros() {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  return SmallVector<Value>(rows * vectors, zero);
}

void Matmul::store(Value firstSum, ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values))
    b.storeVector(value, totals,
                  {b.add(firstSum, i / vectors), column(i % vectors)});
}

/// Sums of a tile row by row.
SmallVector<Value> Matmul::getByRows(ValueRange sums) {
  if (together == 1)
    return llvm::to_vector(sums);
  SmallVector<Value> result;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      int64_t first = r / 2 * inLine + 2 * v, half = r % 2 * 2;
      result.push_back(b.shuffle(sums[first], sums[first + 1],
                                 {half, half + 1, half + 4, half + 5}));
    }
  return result;
}

/// The errors of f32 grow with the length of a sum: that of a stretch is summed
/// by itself and added as one.
void Matmul::addToTotals(Value firstSum, ValueRange values) {
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(getByRows(values))) {
    Value total = b.loadVector(
        lanes, totals, {b.add(firstSum, i / vectors), column(i % vectors)});
    results.push_back(arith::AddFOp::create(b, total, value));
  }
  store(firstSum, results);
}

/// The terms of a row, or of two rows in half a vector each.
Value Matmul::loadTerm(Place place, Value group, int64_t which, int64_t line) {
  SmallVector<Value> from = {place.tile, group, b.index(which),
                             b.index(line * together)};
  if (together == 1)
    return b.load(op.getTerms(), from);
  Value terms = b.loadVector(together, op.getTerms(), from);
  return b.shuffle(terms, terms, {0, 0, 1, 1});
}

/// Values of a line from `first` + `offset` on: four of a row, as an i32, or
/// the eight of two rows. Where instructions take four bytes out of a vector,
/// it is loaded as a whole.
Value Matmul::loadLine(Place place, Value group, int64_t line, Value first,
                       int64_t offset) {
  int64_t size = together == 2 ? 16 : 4;
  if (together == 1 && b.cpu.hasNEONDot())
    size = std::min<int64_t>(groupSize, 16);
  int64_t inVector = offset % size;
  Value values = b.loadVector(
      size, op.getValues(),
      {place.tile, group, b.index(line), b.add(first, offset - inVector)});
  if (together == 2)
    return values;
  return vector::ExtractOp::create(b, b.bitcast(b.getI32Type(), values),
                                   inVector / 4);
}

Value Matmul::multiply(Value sums, Value weights, Value values) {
  return together == 1 ? b.dot(sums, weights, values)
                       : b.dotPairs(sums, values, weights);
}

/// Appends what the sums of a group of a line start with.
void Matmul::startLine(Place place, Value group, int64_t line,
                       ArrayRef<Value> columnScales,
                       SmallVector<Value> &groupSums) {
  Value start = loadTerm(place, group, 1, line);
  if (together == 1)
    start = b.broadcast(start, lanes);
  for (Value scales : columnScales)
    groupSums.push_back(scaling->start(start, scales));
}

/// Adds the sums of a group of a line to those of the tile.
void Matmul::finishLine(Place place, Value group, int64_t line,
                        ArrayRef<Value> columnScales, ArrayRef<Value> groupSums,
                        MutableArrayRef<Value> sums) {
  Value rowScale = scaling->getRowScale(loadTerm(place, group, 0, line));
  for (auto [v, scales] : llvm::enumerate(columnScales))
    sums[v] = scaling->add(sums[v], groupSums[v], rowScale, scales);
}

/// Has the values and terms of a tile's rows read into the first cache. A place
/// behind the last one has no effect.
void Matmul::prefetchRows(Value tile, Value group) {
  int64_t width = together * groupSize;
  for (int64_t byte = 0; byte < rows * groupSize; byte += kCacheLine)
    b.prefetch(op.getValues(),
               {tile, group, b.index(byte / width), b.index(byte % width)});
  b.prefetch(op.getTerms(), {tile, group, b.index(0), b.index(0)});
}

/// Has the codes and scales of a group read, over the end of a panel into the
/// next one, which the hardware does not foresee.
void Matmul::prefetchGroup(Value panel, Value group) {
  for (int64_t s = 0; s < stepsInGroup(); ++s)
    for (int64_t byte = 0; byte < columns * 4; byte += kCacheLine)
      b.prefetch(
          op.getRhsCodes(),
          {panel, b.add(b.mul(group, stepsInGroup()), s), b.index(byte)});
  b.prefetch(op.getRhsScales(), {panel, group, b.index(0)});
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

/// Sums over `count` iterations, which `body` adds to.
SmallVector<Value>
Matmul::forGroups(Value count, ValueRange sums,
                  llvm::function_ref<void(Value, SmallVector<Value> &)> body) {
  auto loop = scf::ForOp::create(b, b.index(0), count, b.index(1), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> values(loop.getRegionIterArgs());
  body(loop.getInductionVar(), values);
  scf::YieldOp::create(b, values);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// For each `atMost` of `count` things: the first one, and how many there are.
void Matmul::forParts(Value count, int64_t atMost,
                      llvm::function_ref<void(Value, Value)> body) {
  b.loop(b.div(b.add(count, atMost - 1), atMost), [&](Value part) {
    Value first = b.mul(part, atMost);
    Value left = arith::SubIOp::create(b, count, first);
    body(first, arith::MinUIOp::create(b, left, b.index(atMost)));
  });
}

/// For each stretch: its first group, and how many there are.
void Matmul::forStretches(llvm::function_ref<void(Value, Value)> body) {
  forParts(groups(), groupsInStretch(), body);
}

//===----------------------------------------------------------------------===//
// Many rows
//===----------------------------------------------------------------------===//

/// Stores scales of the columns of a vector, of two and two for pairs of rows.
void Matmul::storeScales(Value g, int64_t vector, Value values) {
  if (together == 1)
    return b.storeVector(values, scales, {g, column(vector)});
  for (int64_t half = 0; half < 2; ++half) {
    int64_t first = 2 * half;
    b.storeVector(
        b.shuffle(values, values, {first, first + 1, first, first + 1}), scales,
        {g, column(2 * vector + half)});
  }
}

/// Stores the bytes of eight elements of K and the columns of a vector: the
/// even elements and the odd ones are a step each, or, for pairs of rows, all
/// those of two columns and of the next two are vectors of one step.
void Matmul::storeBytes(Value step, int64_t vector, Value even, Value odd) {
  if (together == 1) {
    Value place = b.index(vector * lanes * 4);
    b.storeVector(even, bytes, {step, place});
    b.storeVector(odd, bytes, {b.add(step, 1), place});
    return;
  }
  Value fours[] = {b.bitcast(b.getI32Type(), even),
                   b.bitcast(b.getI32Type(), odd)};
  for (int64_t half = 0; half < 2; ++half) {
    int64_t first = 2 * half;
    Value columns =
        b.shuffle(fours[0], fours[1],
                  {first, first + lanes, first + 1, first + 1 + lanes});
    b.storeVector(b.bitcast(b.getI8Type(), columns), bytes,
                  {step, b.index((2 * vector + half) * lanes * 4)});
  }
}

/// The values of a group of the panel as bytes, and its scales.
void Matmul::expand(Value panel, Value first, Value g) {
  Value group = b.add(first, g);
  for (int64_t v = 0; v < vectors; ++v)
    storeScales(g, v, scaling->getScales(panel, group, column(v)));
  b.loop(b.index(stepsInGroup()), [&](Value s) {
    Value from = b.add(b.mul(group, stepsInGroup()), s);
    Value to = b.mul(b.add(b.mul(g, stepsInGroup()), s), 2 / together);
    for (int64_t v = 0; v < vectors; ++v) {
      auto [even, odd] =
          emitCodeValues(b, loadCodes(panel, from, column(v)), op.getOffset());
      storeBytes(to, v, even, odd);
    }
  });
}

/// The bytes of `count` steps, step by step.
SmallVector<Value> Matmul::loadBytes(Value firstStep, int64_t count) {
  SmallVector<Value> weights;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t v = 0; v < inLine; ++v)
      weights.push_back(b.loadVector(
          lanes * 4, bytes, {b.add(firstStep, i), b.index(v * lanes * 4)}));
  return weights;
}

/// Where the elements of a step are in a line. Steps of four hold even elements
/// and odd ones by turns, rows first all even ones.
int64_t Matmul::getPlaceInLine(int64_t step) const {
  if (together == 2)
    return step * 16;
  return step % 2 * groupSize / 2 + step / 2 * 4;
}

/// The i-th of `count` steps to be multiplied: where vectors of values hold
/// several steps, one vector after the other.
int64_t Matmul::getStep(int64_t i, int64_t count) const {
  if (together == 2 || !b.cpu.hasNEONDot())
    return i;
  return i % (count / 2) * 2 + i / (count / 2);
}

/// The products of a group of a tile: each row from its start to its scales,
/// while registers keep the group's bytes.
void Matmul::multiplyRowByRow(Place place, Value group, Value g,
                              ArrayRef<Value> columnScales,
                              MutableArrayRef<Value> sums) {
  int64_t steps = groupSize / 4;
  SmallVector<Value> weights = loadBytes(b.mul(g, steps), steps);
  for (int64_t r = 0; r < rows; ++r) {
    SmallVector<Value> rowSums;
    startLine(place, group, r, columnScales, rowSums);
    for (int64_t i = 0; i < steps; ++i) {
      Value row = loadLine(place, group, r, b.index(0), getPlaceInLine(i));
      for (int64_t v = 0; v < vectors; ++v)
        rowSums[v] = b.dot(rowSums[v], weights[i * vectors + v], row);
    }
    finishLine(place, group, r, columnScales, rowSums,
               sums.slice(r * vectors, vectors));
  }
}

/// The products of a group of a tile: each step for all rows, while registers
/// keep the sums of all.
void Matmul::multiplyStepByStep(Place place, Value group, Value g,
                                ArrayRef<Value> columnScales,
                                MutableArrayRef<Value> sums) {
  SmallVector<Value> groupSums;
  for (int64_t l = 0; l < lines; ++l)
    startLine(place, group, l, columnScales, groupSums);
  int64_t unrolled = std::min(groupSize, kUnrolled) / elementsInStep();
  groupSums = forChunks(std::move(groupSums), [&](Value firstEight,
                                                  SmallVector<Value> &chunk) {
    Value from =
        b.mul(b.add(b.mul(g, stepsInGroup()), firstEight), 2 / together);
    for (int64_t i = 0; i < unrolled; ++i) {
      int64_t step = getStep(i, unrolled);
      SmallVector<Value> weights = loadBytes(b.add(from, step), 1);
      for (int64_t l = 0; l < lines; ++l) {
        // Of eight elements, all of two rows are side by side, or half of one.
        Value first = b.mul(firstEight, together == 1 ? 4 : 16);
        Value values = loadLine(place, group, l, first, getPlaceInLine(step));
        for (auto [v, columns] : llvm::enumerate(weights)) {
          Value &sum = chunk[l * weights.size() + v];
          sum = multiply(sum, columns, values);
        }
      }
    }
  });
  for (int64_t l = 0; l < lines; ++l)
    finishLine(place, group, l, columnScales,
               ArrayRef(groupSums).slice(l * inLine, inLine),
               sums.slice(l * inLine, inLine));
}

/// Adds the products of `count` groups from `first` on to the sums of a tile.
void Matmul::multiplyStretch(Place place, Value first, Value count) {
  SmallVector<Value> sums =
      forGroups(count, zeros(), [&](Value g, SmallVector<Value> &sums) {
        Value group = b.add(first, g);
        // The next tile's part of a stretch is elsewhere in memory, too short
        // for the hardware to see it coming.
        prefetchRows(b.add(place.tile, 1), group);
        if (isBatch)
          prefetchGroup(place.panel, b.add(group, groupsInStretch()));
        SmallVector<Value> columnScales;
        for (int64_t v = 0; v < inLine; ++v)
          columnScales.push_back(b.loadVector(lanes, scales, {g, column(v)}));
        if (isBatch && groupSize <= kUnrolled)
          multiplyRowByRow(place, group, g, columnScales, sums);
        else
          multiplyStepByStep(place, group, g, columnScales, sums);
      });
  addToTotals(place.firstSum, sums);
}

void Matmul::emitPrefill(Value panel) {
  forParts(b.dim(op.getValues(), 0), cpu::Tile::kBlockTiles,
           [&](Value firstTile, Value numTiles) {
             auto forTiles = [&](llvm::function_ref<void(Place)> body) {
               b.loop(numTiles, [&](Value tile) {
                 body({panel, b.add(firstTile, tile), b.mul(tile, rows)});
               });
             };
             forTiles([&](Place place) { store(place.firstSum, zeros()); });
             forStretches([&](Value first, Value count) {
               b.loop(count, [&](Value g) { expand(panel, first, g); });
               forTiles(
                   [&](Place place) { multiplyStretch(place, first, count); });
             });
             forTiles([&](Place place) { storeTile(place); });
           });
}

//===----------------------------------------------------------------------===//
// Few rows
//===----------------------------------------------------------------------===//

/// Adds the products of a group to the sums of the rows.
void Matmul::multiplyGroup(Place place, Value group,
                           MutableArrayRef<Value> sums) {
  SmallVector<Value> columnScales, groupSums;
  for (int64_t v = 0; v < vectors; ++v)
    columnScales.push_back(scaling->getScales(place.panel, group, column(v)));
  for (int64_t r = 0; r < rows; ++r)
    startLine(place, group, r, columnScales, groupSums);
  int64_t unrolled = std::min(groupSize, kUnrolled) / 8;
  groupSums = forChunks(
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
            for (int64_t r = 0; r < rows; ++r) {
              Value row = loadLine(place, group, r, b.mul(firstStep, 4),
                                   s * 4 + half * groupSize / 2);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = chunk[r * vectors + v];
                sum = b.dot(sum, weights[half][v], row);
              }
            }
        }
      });
  for (int64_t r = 0; r < rows; ++r)
    finishLine(place, group, r, columnScales,
               ArrayRef(groupSums).slice(r * vectors, vectors),
               sums.slice(r * vectors, vectors));
}

/// The sums of a tile over the whole of K. The rows, which are read for each
/// panel, are in the second cache.
void Matmul::multiplyAll(Place place) {
  // Far enough for memory to answer.
  constexpr int64_t kBytesAhead = 8192;
  int64_t groupsAhead = llvm::divideCeil(kBytesAhead, columns * groupSize / 2);
  int64_t atOnce = std::max<int64_t>(kUnrolled / groupSize, 1);
  store(place.firstSum, zeros());
  forStretches([&](Value first, Value count) {
    Value chunks = b.div(count, atOnce);
    SmallVector<Value> sums =
        forGroups(chunks, zeros(), [&](Value chunk, SmallVector<Value> &sums) {
          Value group = b.add(first, b.mul(chunk, atOnce));
          for (int64_t g = 0; g < atOnce; ++g) {
            prefetchGroup(place.panel, b.add(group, groupsAhead + g));
            prefetchRows(place.tile, b.add(group, 2 * atOnce + g));
          }
          for (int64_t g = 0; g < atOnce; ++g)
            multiplyGroup(place, b.add(group, g), sums);
        });
    if (cast<MemRefType>(op.getValues().getType()).getDimSize(1) % atOnce != 0)
      sums = forGroups(
          b.rem(count, atOnce), sums, [&](Value g, SmallVector<Value> &sums) {
            Value done = b.mul(chunks, atOnce);
            multiplyGroup(place, b.add(b.add(first, done), g), sums);
          });
    addToTotals(place.firstSum, sums);
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

/// Where in its tile and group the i-th even element of a row is, or the odd
/// one.
SmallVector<Value> Matmul::getPlaceOfValue(Value inTile, Value i, bool isOdd) {
  if (together == 1)
    return {inTile, isOdd ? b.add(i, groupSize / 2) : i};
  Value inEight = b.add(b.mul(b.rem(inTile, 2), 8), isOdd ? 4 : 0);
  Value eights = b.mul(b.div(i, 4), 16);
  return {b.div(inTile, 2), b.add(eights, b.add(inEight, b.rem(i, 4)))};
}

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
           {std::pair(low, getPlaceOfValue(inTile, i, /*isOdd=*/false)),
            std::pair(high, getPlaceOfValue(inTile, i, /*isOdd=*/true))}) {
        Value value = arith::ExtSIOp::create(
            b, i32, b.load(op.getValues(), {tile, g, place[0], place[1]}));
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
  b.loop(b.dim(op.getRhsCodes(), 0), [&](Value panel) {
    scaling->startPanel(panel);
    if (!isDecode)
      return emitPrefill(panel);
    b.loop(b.dim(op.getValues(), 0), [&](Value tile) {
      Place place{panel, tile, b.index(0)};
      multiplyAll(place);
      storeTile(place);
    });
  });
}

void fp4::emitVectors(VectorBuilder &b, PackedMatmulOp op) {
  Matmul(b, op).emit();
}
