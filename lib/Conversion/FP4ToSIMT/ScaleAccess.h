//===- ScaleAccess.h - Scales of either layout ------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOSIMT_SCALEACCESS_H
#define FP4_LIB_CONVERSION_FP4TOSIMT_SCALEACCESS_H

#include "LoopBuilder/LoopBuilder.h"

namespace mlir::fp4 {

/// Where the scale of a row and column lies in the blocked layout.
SmallVector<Value> emitBlockedPlace(LoopBuilder &b, Value row, Value column);

/// The row and column of a place in the blocked layout; the inverse.
std::pair<Value, Value> emitRowAndColumn(LoopBuilder &b, ValueRange place);

/// The scale of the group at `place` (leading dimensions, group) of codes with
/// as many dimensions, from scales of either layout.
Value emitLoadScale(LoopBuilder &b, Value scales, ValueRange place);

/// The byte 0 as a scale: padding. f8E8M0FNU has no zero.
Value emitPadding(LoopBuilder &b, Type type);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOSIMT_SCALEACCESS_H
