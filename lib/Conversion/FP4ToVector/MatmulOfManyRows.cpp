//===- MatmulOfManyRows.cpp - A stretch of K at a time --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "MatmulEmitter.h"

using namespace mlir;
using namespace mlir::fp4;

/// Stores scales of the columns of a vector, of two and two for pairs of rows.
void MatmulEmitter::storeScales(Value g, int64_t vector, Value values) {
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
void MatmulEmitter::storeBytes(Value step, int64_t vector, Value even,
                               Value odd) {
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
void MatmulEmitter::expand(Value panel, Value first, Value g) {
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
SmallVector<Value> MatmulEmitter::loadBytes(Value firstStep, int64_t count) {
  SmallVector<Value> weights;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t v = 0; v < inLine; ++v)
      weights.push_back(b.loadVector(
          lanes * 4, bytes, {b.add(firstStep, i), b.index(v * lanes * 4)}));
  return weights;
}

/// Where the elements of a step are in a line. Steps of four hold even elements
/// and odd ones by turns, rows first all even ones.
int64_t MatmulEmitter::getPlaceInLine(int64_t step) const {
  if (together == 2)
    return step * 16;
  return step % 2 * groupSize / 2 + step / 2 * 4;
}

/// The i-th of `count` steps to be multiplied: where vectors of values hold
/// several steps, one vector after the other.
int64_t MatmulEmitter::getStep(int64_t i, int64_t count) const {
  if (together == 2 || !b.cpu.hasNEONDot())
    return i;
  return i % (count / 2) * 2 + i / (count / 2);
}

/// The products of a group of a tile: each row from its start to its scales,
/// while registers keep the group's bytes.
void MatmulEmitter::multiplyRowByRow(Place place, Value group, Value g,
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
void MatmulEmitter::multiplyStepByStep(Place place, Value group, Value g,
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
void MatmulEmitter::multiplyStretch(Place place, Value first, Value count) {
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

void MatmulEmitter::emitPrefill(Value panel) {
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
