//===- FlattenRows.cpp - Leading dimensions to one ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4FLATTENROWSPASS
#include "fp4/Target/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// The operands that hold a row for each index of the leading dimensions.
static SmallVector<OpOperand *> getRowOperands(Operation *op) {
  return llvm::TypeSwitch<Operation *, SmallVector<OpOperand *>>(op)
      .Case([](BlockTransformOp op) -> SmallVector<OpOperand *> {
        return {&op.getInputMutable(), &op.getOutputMutable()};
      })
      .Case([](QuantizePackOp op) -> SmallVector<OpOperand *> {
        return {&op.getInputMutable(), &op.getCodesMutable(),
                &op.getScalesMutable()};
      })
      .Case([](QuantizeWithScalesOp op) -> SmallVector<OpOperand *> {
        return {&op.getInputMutable(), &op.getScalesMutable(),
                &op.getCodesMutable()};
      })
      .Case([](DequantizeOp op) -> SmallVector<OpOperand *> {
        return {&op.getCodesMutable(), &op.getScalesMutable(),
                &op.getOutputMutable()};
      })
      .Case([](AbsorbScaleSignsOp op) -> SmallVector<OpOperand *> {
        return {&op.getCodesMutable(), &op.getScalesMutable(),
                &op.getCodesOutputMutable(), &op.getScalesOutputMutable()};
      })
      .Case([](ScaledMatmulOp op) -> SmallVector<OpOperand *> {
        return {&op.getLhsCodesMutable(), &op.getLhsScalesMutable(),
                &op.getOutputMutable()};
      })
      .Default([](Operation *) { return SmallVector<OpOperand *>(); });
}

/// All dimensions but the last in one group.
static SmallVector<ReassociationIndices> getReassociation(int64_t rank) {
  ReassociationIndices rows = llvm::to_vector<2>(llvm::seq<int64_t>(rank - 1));
  return {rows, {rank - 1}};
}

static Value flatten(ImplicitLocOpBuilder &b, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() > 2)
    return tensor::CollapseShapeOp::create(b, value,
                                           getReassociation(type.getRank()));
  auto row =
      RankedTensorType::get({1, type.getDimSize(0)}, type.getElementType());
  return tensor::ExpandShapeOp::create(
      b, row, value, ArrayRef<ReassociationIndices>{{0, 1}},
      {b.getIndexAttr(1), tensor::getMixedSize(b, b.getLoc(), value, 0)});
}

/// The inverse, to the shape of `original`.
static Value unflatten(ImplicitLocOpBuilder &b, Value flat, Value original) {
  auto type = cast<RankedTensorType>(original.getType());
  if (type.getRank() > 2)
    return tensor::ExpandShapeOp::create(
        b, type, flat, getReassociation(type.getRank()),
        tensor::getMixedSizes(b, b.getLoc(), original));
  return tensor::CollapseShapeOp::create(
      b, type, flat, ArrayRef<ReassociationIndices>{{0, 1}});
}

static void flattenRows(Operation *op, ArrayRef<OpOperand *> operands) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  auto destinations = cast<DestinationStyleOpInterface>(op);
  SmallVector<Value> originals = llvm::map_to_vector(
      destinations.getDpsInits(), [](Value init) { return init; });
  for (OpOperand *operand : operands)
    operand->set(flatten(b, operand->get()));
  b.setInsertionPointAfter(op);
  for (auto [result, init, original] : llvm::zip_equal(
           op->getResults(), destinations.getDpsInits(), originals)) {
    result.setType(init.getType());
    Value restored = unflatten(b, result, original);
    result.replaceAllUsesExcept(restored, restored.getDefiningOp());
  }
}

namespace {
struct FP4FlattenRowsPass
    : fp4::impl::FP4FlattenRowsPassBase<FP4FlattenRowsPass> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      SmallVector<OpOperand *> operands = getRowOperands(op);
      if (operands.empty() || getStrategy(op) == "reference" ||
          !isa<RankedTensorType>(operands.front()->get().getType()))
        return;
      if (cast<RankedTensorType>(operands.front()->get().getType()).getRank() !=
          2)
        flattenRows(op, operands);
    });
    // What one op expands and the next one collapses goes away, and
    // destinations are created flat.
    RewritePatternSet patterns(&getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
