//===- ScaleAccess.cpp - Scales of either layout --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleAccess.h"
#include "fp4/Dialect/FP4/IR/ScaleLayout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

// Inside a tile, row r is at [r % 32, r / 32].
static constexpr int64_t kInnerRows = kScaleTileShape[0];

SmallVector<Value> fp4::emitBlockedPlace(LoopBuilder &b, Value row,
                                         Value column) {
  return {b.div(row, kScaleTileRows), b.div(column, kScaleTileColumns),
          b.rem(row, kInnerRows), b.div(b.rem(row, kScaleTileRows), kInnerRows),
          b.rem(column, kScaleTileColumns)};
}

std::pair<Value, Value> fp4::emitRowAndColumn(LoopBuilder &b,
                                              ValueRange place) {
  Value row = b.add(b.mul(place[0], kScaleTileRows),
                    b.add(b.mul(place[3], kInnerRows), place[2]));
  Value column = b.add(b.mul(place[1], kScaleTileColumns), place[4]);
  return {row, column};
}

Value fp4::emitLoadScale(LoopBuilder &b, Value scales, ValueRange place) {
  if (isBlockedScales(cast<ShapedType>(scales.getType()), place.size()))
    return b.load(scales, emitBlockedPlace(b, place[0], place[1]));
  return b.load(scales, place);
}

Value fp4::emitPadding(LoopBuilder &b, Type type) {
  Value zero = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
  return arith::BitcastOp::create(b, type, zero);
}
