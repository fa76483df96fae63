//===- ScaleLayout.cpp - Shapes of codes and scales -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/ScaleLayout.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

int64_t fp4::getCodesPerElement(ShapedType codes) {
  return codes.getElementType().isInteger(8) ? 2 : 1;
}

bool fp4::isBlockedScales(ShapedType scales, int64_t codesRank) {
  return codesRank == 2 && scales.getRank() == kBlockedScalesRank;
}

RankedTensorType fp4::getBlockedScalesType(RankedTensorType rowMajor) {
  auto tiles = [&](unsigned dim, int64_t tile) {
    return rowMajor.isDynamicDim(dim)
               ? ShapedType::kDynamic
               : int64_t(llvm::divideCeil(rowMajor.getDimSize(dim), tile));
  };
  SmallVector<int64_t> shape = {tiles(0, kScaleTileRows),
                                tiles(1, kScaleTileColumns)};
  llvm::append_range(shape, kScaleTileShape);
  return RankedTensorType::get(shape, rowMajor.getElementType());
}

RankedTensorType fp4::getPackedCodesType(RankedTensorType codes) {
  if (codes.getRank() == 0)
    return {};
  SmallVector<int64_t> shape(codes.getShape());
  if (!ShapedType::isDynamic(shape.back())) {
    if (shape.back() % 2 != 0)
      return {};
    shape.back() /= 2;
  }
  return RankedTensorType::get(shape, IntegerType::get(codes.getContext(), 8));
}
