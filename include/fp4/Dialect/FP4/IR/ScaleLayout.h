//===- ScaleLayout.h - Shapes of codes and scales ---------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How many elements a code type holds, and how scales are laid out.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_SCALELAYOUT_H
#define FP4_DIALECT_FP4_IR_SCALELAYOUT_H

#include "mlir/IR/BuiltinTypes.h"

namespace mlir::fp4 {

/// A tile of blocked scales is 128 rows by 4 columns, stored as 32 x 4 x 4.
inline constexpr int64_t kScaleTileRows = 128;
inline constexpr int64_t kScaleTileColumns = 4;
inline constexpr int64_t kScaleTileShape[] = {32, 4, 4};
inline constexpr int64_t kBlockedScalesRank = 5;

/// The number of codes in one element of the storage of `codes`: 1 in the
/// logical form (f4E2M1FN), 2 in the packed form (i8).
int64_t getCodesPerElement(ShapedType codes);

/// Whether `scales` of codes with `codesRank` dimensions are in the blocked
/// layout. Only the scales of rank-2 codes can be.
bool isBlockedScales(ShapedType scales, int64_t codesRank);

/// The type of blocked scales that holds `rowMajor`, of rank 2.
RankedTensorType getBlockedScalesType(RankedTensorType rowMajor);

/// The packed form of a tensor of f4E2M1FN codes: i8, the last dimension
/// halved. Null if the last dimension is odd or there is none.
RankedTensorType getPackedCodesType(RankedTensorType codes);

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_IR_SCALELAYOUT_H
