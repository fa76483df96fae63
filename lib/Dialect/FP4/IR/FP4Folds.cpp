//===- FP4Folds.cpp - Folders of the fp4 ops ------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fold must not change a bit of any result. That is why an identity transform
// does not fold, for one: it turns a row with an infinity into NaN.
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::fp4;

/// Whether two values of one type have equal shapes, dynamic sizes included.
static bool haveEqualShapes(Value a, Value b) {
  if (a.getType() != b.getType())
    return false;
  auto type = cast<ShapedType>(a.getType());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    FailureOr<bool> equal = ValueBoundsConstraintSet::areEqual({a, i}, {b, i});
    if (failed(equal) || !*equal)
      return false;
  }
  return true;
}

/// A layout change of a layout change back folds to the first input. From
/// blocked to row-major and back only where there is no padding: that would
/// otherwise be overwritten with zeros.
LogicalResult
ConvertScaleLayoutOp::fold(FoldAdaptor,
                           SmallVectorImpl<OpFoldResult> &results) {
  auto first = getInput().getDefiningOp<ConvertScaleLayoutOp>();
  if (!first) // and never on memrefs: an op with a destination defines none
    return failure();
  auto rowMajor = cast<ShapedType>(getInput().getType());
  if (rowMajor.getRank() == 2 &&
      (!rowMajor.hasStaticShape() ||
       rowMajor.getDimSize(0) % kScaleTileRows != 0 ||
       rowMajor.getDimSize(1) % kScaleTileColumns != 0))
    return failure();
  if (!haveEqualShapes(first.getInput(), getOutput()))
    return failure();
  results.push_back(first.getInput());
  return success();
}
