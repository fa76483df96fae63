//===- MatmulOfFewRows.cpp - Codes are expanded in registers --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "MatmulEmitter.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

/// Adds the products of a group to the sums of the rows.
void MatmulEmitter::multiplyGroup(Place place, Value group,
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
void MatmulEmitter::multiplyAll(Place place) {
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
