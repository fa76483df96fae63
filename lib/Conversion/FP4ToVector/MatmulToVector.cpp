//===- MatmulToVector.cpp - Products of packed operands -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "MatmulEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

static constexpr int64_t kCacheLine = 64;

MatmulEmitter::MatmulEmitter(VectorBuilder &b, PackedMatmulOp op)
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

/// Sums of a tile to start with, row by row.
SmallVector<Value> MatmulEmitter::zeros() {
  Value zero = b.constant(b.vectorType(lanes, b.getF32Type()), 0.0);
  return SmallVector<Value>(rows * vectors, zero);
}

void MatmulEmitter::store(Value firstSum, ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values))
    b.storeVector(value, totals,
                  {b.add(firstSum, i / vectors), column(i % vectors)});
}

/// Sums of a tile row by row.
SmallVector<Value> MatmulEmitter::getByRows(ValueRange sums) {
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
void MatmulEmitter::addToTotals(Value firstSum, ValueRange values) {
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(getByRows(values))) {
    Value total = b.loadVector(
        lanes, totals, {b.add(firstSum, i / vectors), column(i % vectors)});
    results.push_back(arith::AddFOp::create(b, total, value));
  }
  store(firstSum, results);
}

/// The terms of a row, or of two rows in half a vector each.
Value MatmulEmitter::loadTerm(Place place, Value group, int64_t which,
                              int64_t line) {
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
Value MatmulEmitter::loadLine(Place place, Value group, int64_t line,
                              Value first, int64_t offset) {
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

Value MatmulEmitter::multiply(Value sums, Value weights, Value values) {
  return together == 1 ? b.dot(sums, weights, values)
                       : b.dotPairs(sums, values, weights);
}

/// Appends what the sums of a group of a line start with.
void MatmulEmitter::startLine(Place place, Value group, int64_t line,
                              ArrayRef<Value> columnScales,
                              SmallVector<Value> &groupSums) {
  Value start = loadTerm(place, group, 1, line);
  if (together == 1)
    start = b.broadcast(start, lanes);
  for (Value scales : columnScales)
    groupSums.push_back(scaling->start(start, scales));
}

/// Adds the sums of a group of a line to those of the tile.
void MatmulEmitter::finishLine(Place place, Value group, int64_t line,
                               ArrayRef<Value> columnScales,
                               ArrayRef<Value> groupSums,
                               MutableArrayRef<Value> sums) {
  Value rowScale = scaling->getRowScale(loadTerm(place, group, 0, line));
  for (auto [v, scales] : llvm::enumerate(columnScales))
    sums[v] = scaling->add(sums[v], groupSums[v], rowScale, scales);
}

/// Has the values and terms of a tile's rows read into the first cache. A place
/// behind the last one has no effect.
void MatmulEmitter::prefetchRows(Value tile, Value group) {
  int64_t width = together * groupSize;
  for (int64_t byte = 0; byte < rows * groupSize; byte += kCacheLine)
    b.prefetch(op.getValues(),
               {tile, group, b.index(byte / width), b.index(byte % width)});
  b.prefetch(op.getTerms(), {tile, group, b.index(0), b.index(0)});
}

/// Has the codes and scales of a group read, over the end of a panel into the
/// next one, which the hardware does not foresee.
void MatmulEmitter::prefetchGroup(Value panel, Value group) {
  for (int64_t s = 0; s < stepsInGroup(); ++s)
    for (int64_t byte = 0; byte < columns * 4; byte += kCacheLine)
      b.prefetch(
          op.getRhsCodes(),
          {panel, b.add(b.mul(group, stepsInGroup()), s), b.index(byte)});
  b.prefetch(op.getRhsScales(), {panel, group, b.index(0)});
}

/// Adds the products of a group, written out for up to kUnrolled elements, and
/// in a loop over such chunks for larger groups.
SmallVector<Value> MatmulEmitter::forChunks(
    SmallVector<Value> groupSums,
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
SmallVector<Value> MatmulEmitter::forGroups(
    Value count, ValueRange sums,
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
void MatmulEmitter::forParts(Value count, int64_t atMost,
                             llvm::function_ref<void(Value, Value)> body) {
  b.loop(b.div(b.add(count, atMost - 1), atMost), [&](Value part) {
    Value first = b.mul(part, atMost);
    Value left = arith::SubIOp::create(b, count, first);
    body(first, arith::MinUIOp::create(b, left, b.index(atMost)));
  });
}

/// For each stretch: its first group, and how many there are.
void MatmulEmitter::forStretches(llvm::function_ref<void(Value, Value)> body) {
  forParts(groups(), groupsInStretch(), body);
}

void MatmulEmitter::emit() {
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
  MatmulEmitter(b, op).emit();
}
