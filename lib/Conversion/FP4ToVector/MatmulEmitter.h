//===- MatmulEmitter.h - Products of packed operands ------------*- C++ -*-===//
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

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_MATMULEMITTER_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_MATMULEMITTER_H

#include "GroupScaling.h"

namespace mlir::fp4 {

/// Where something is: a panel, and the rows of a tile in the sums.
struct Place {
  Value panel, tile, firstSum;
};

/// The sizes of an op, and the buffers that its parts share.
struct MatmulEmitter {
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

  MatmulEmitter(VectorBuilder &b, PackedMatmulOp op);

  /// Elements of K whose expanded codes and whose rows of a tile are in the
  /// first cache together.
  static constexpr int64_t kStretch = 512;
  /// Elements of K whose products are written out one by one.
  static constexpr int64_t kUnrolled = 32;

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

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_MATMULEMITTER_H
