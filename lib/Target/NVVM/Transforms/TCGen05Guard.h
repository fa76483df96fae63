//===- TCGen05Guard.h - What tensor cores lose, again -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The accumulator has the range of f32, and what an instruction adds is cut off
// 35 bits below the largest pair of scales in it. e8m0 scales reach beyond
// both. So the epilogue holds each element against a limit, and what is under
// it is computed once more as the reference does: rule M7 of docs/numerics.md.
// What the limit is, and why it suffices, is in docs/blackwell.md and
// docs/rationale.md.
//
// e4m3 scales are not guarded. A product with these is zero or from 2^-20 to
// 2^23, so that f32 holds all sums.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05GUARD_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05GUARD_H

#include "LoopBuilder/LoopBuilder.h"
#include "TCGen05Kernel.h"

namespace mlir::fp4::nvvm {

/// Emits its parts of a kernel of 128 threads, each of which has a row.
class RangeGuard {
public:
  /// The last three are room in shared memory for what is known of rows and of
  /// columns, up to a multiple of 128 of them: f32, and i32 of the spreads.
  RangeGuard(LoopBuilder &b, ScaledMatmulOp op, Value thread,
             const ProductShape &shape, Value columnLimits, Value rowSpreads,
             Value columnSpreads);

  /// The ends of the scales that a thread has seen: values to carry around the
  /// loop over K. First none, then those of a K tile too, whose scales are in
  /// shared memory as words of four: (tiles of rows, tiles of scales, 32, 4).
  SmallVector<Value> getFirst();
  SmallVector<Value> see(ValueRange ends, Value kTile, Value lhsWords,
                         Value rhsWords);

  /// Makes limits of them, for all threads behind the next barrier.
  void setLimits(ValueRange ends);

  /// Whether some of `values`, from `column` of the accumulator on, may be
  /// lost.
  Value hasLost(Value values, Value column);

  /// Computes those that are again, if there are some, and stores them over
  /// what was stored. For all threads, of which `isInside` says which have a
  /// row of the result.
  void recompute(Value hasLost, Value values, Value accumulator, Value column,
                 Value isInside);

private:
  Value emitLimit(Value largest, int64_t offset);
  Value emitSpread(Value largest, Value least);
  Value findLost(Value values, Value column);
  Value emitMayBeLost(Value accumulator, Value place);
  Value emitHasCodes(Value row);
  Value emitSum(Value row, Value column);
  void forEachBit(Value bits, function_ref<void(Value)> body);
  Value shuffle(Value value, Value lane);
  Value vote(Value condition);
  Value ballot(Value condition);

  LoopBuilder &b;
  ScaledMatmulOp op;
  int64_t groups, kTiles;
  /// How far below the largest pair of scales a sum may be, as an exponent.
  int64_t headroom;
  /// How far scales may be apart for a sum to be exact, as exponents.
  int64_t exactSpread;
  Value thread, lane, warp;
  Value rowLimit, columnLimits, rowSpreads, columnSpreads;
};

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05GUARD_H
