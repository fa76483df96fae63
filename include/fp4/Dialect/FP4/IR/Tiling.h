//===- Tiling.h - Tiling of the fp4 ops -------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All op-level fp4 ops tile alike: each dimension of an operand either follows
// one loop of the iteration domain, with a fixed number of elements for each
// iteration, or is taken whole. An op says which (`getTileDims`); the
// TilingInterface is implemented once, here.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_TILING_H
#define FP4_DIALECT_FP4_IR_TILING_H

#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::fp4 {

/// How one dimension of an operand depends on the iteration domain.
struct TileDim {
  /// The loop that this dimension follows, or kWhole.
  int64_t loop;
  /// Elements of this dimension for each iteration of the loop.
  int64_t width = 1;
  /// The last iteration may be cut off by the end of the dimension.
  bool partial = false;
  /// Iterations of the loop for each element of this dimension, the inverse of
  /// a width. A tile has to start at a multiple.
  int64_t divisor = 1;

  static constexpr int64_t kWhole = -1;
};

/// How an operand of `rank` dimensions depends on the domain if each dimension
/// follows the loop of the same number, the last with `lastWidth` elements for
/// each iteration.
SmallVector<TileDim> getRowTileDims(int64_t rank, int64_t lastWidth);

} // namespace mlir::fp4

#include "fp4/Dialect/FP4/IR/FP4Interfaces.h.inc"

namespace mlir::fp4 {

/// Whether `operand` of `op` holds scales in the blocked layout.
bool hasBlockedScales(TileDimsOpInterface op, OpOperand &operand);

/// The parts of the TilingInterface, for ops with the TileDimsOpInterface.

SmallVector<Range> getTileDomain(TileDimsOpInterface op, OpBuilder &builder);

FailureOr<TilingResult> getTile(TileDimsOpInterface op, OpBuilder &builder,
                                ArrayRef<OpFoldResult> offsets,
                                ArrayRef<OpFoldResult> sizes);

LogicalResult getResultTile(TileDimsOpInterface op, OpBuilder &builder,
                            unsigned resultNumber,
                            ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes,
                            SmallVector<OpFoldResult> &resultOffsets,
                            SmallVector<OpFoldResult> &resultSizes);

/// Fails if the tile of the result is not whole iterations of the domain, or
/// not provably so.
LogicalResult getDomainTile(TileDimsOpInterface op, OpBuilder &builder,
                            unsigned resultNumber,
                            ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes,
                            SmallVectorImpl<OpFoldResult> &domainOffsets,
                            SmallVectorImpl<OpFoldResult> &domainSizes);

FailureOr<TilingResult> getTileOfResult(TileDimsOpInterface op,
                                        OpBuilder &builder,
                                        unsigned resultNumber,
                                        ArrayRef<OpFoldResult> offsets,
                                        ArrayRef<OpFoldResult> sizes);

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_IR_TILING_H
