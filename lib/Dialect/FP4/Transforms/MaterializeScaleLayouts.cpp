//===- MaterializeScaleLayouts.cpp - Explicit scale layout changes --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4MATERIALIZESCALELAYOUTSPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// An uninitialized row-major tensor for the scales of `of`, codes or values of
/// rank 2 with `elements` of them in each element of the last dimension.
static Value createRowMajor(OpBuilder &builder, Location loc, Value of,
                            Type scaleType, int64_t elements,
                            int64_t groupSize) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, of);
  AffineExpr d0 = builder.getAffineDimExpr(0);
  sizes.back() = affine::makeComposedFoldedAffineApply(
      builder, loc, (d0 * elements).floorDiv(groupSize), {sizes.back()});
  return tensor::EmptyOp::create(builder, loc, sizes, scaleType);
}

static Value convertLayout(OpBuilder &builder, Location loc, Value scales,
                           Value destination) {
  return ConvertScaleLayoutOp::create(builder, loc, destination.getType(),
                                      scales, destination,
                                      /*strategy=*/StringAttr())
      .getResult(0);
}

static bool isBlocked(Value scales, Value of) {
  return isBlockedScales(cast<ShapedType>(scales.getType()),
                         cast<ShapedType>(of.getType()).getRank());
}

/// Puts a layout change in front of a blocked operand of `op`.
static void makeRowMajor(Operation *op, OpOperand &scales, Value of,
                         int64_t groupSize) {
  if (!isBlocked(scales.get(), of))
    return;
  OpBuilder builder(op);
  Type element = getElementTypeOrSelf(of);
  int64_t elements = isa<Float4E2M1FNType, IntegerType>(element)
                         ? getCodesPerElement(cast<ShapedType>(of.getType()))
                         : 1;
  Value rowMajor =
      createRowMajor(builder, op->getLoc(), of,
                     getElementTypeOrSelf(scales.get()), elements, groupSize);
  scales.set(convertLayout(builder, op->getLoc(), scales.get(), rowMajor));
}

/// Quantizes to row-major scales and blocks them.
static void makeRowMajor(QuantizePackOp op) {
  Value blocked = op.getScales();
  if (!isBlocked(blocked, op.getInput()))
    return;
  OpBuilder builder(op);
  Value rowMajor =
      createRowMajor(builder, op.getLoc(), op.getInput(),
                     getElementTypeOrSelf(blocked), 1, op.getGroupSize());
  op.getScalesMutable().set(rowMajor);
  op.getResult(1).setType(cast<RankedTensorType>(rowMajor.getType()));
  builder.setInsertionPointAfter(op);
  Value converted =
      convertLayout(builder, op.getLoc(), op.getResult(1), blocked);
  op.getResult(1).replaceAllUsesExcept(converted, converted.getDefiningOp());
}

/// Lowerings for a CPU read row-major scales; tensor cores do not.
static bool readsRowMajor(Operation *op) {
  return getStrategy(op) == "reference" || getStrategy(op) == "vector";
}

/// A layout change needs a new buffer, and only tensors have them for the
/// asking.
static LogicalResult checkTensors(TileDimsOpInterface op) {
  if (isa<ConvertScaleLayoutOp>(op) || !readsRowMajor(op))
    return success();
  for (OpOperand &operand : op->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()) &&
        hasBlockedScales(op, operand))
      return op.emitOpError("has blocked scales in a memref, of type ")
             << operand.get().getType()
             << "; their layout can be changed before bufferization only";
  return success();
}

namespace {
struct FP4MaterializeScaleLayoutsPass
    : fp4::impl::FP4MaterializeScaleLayoutsPassBase<
          FP4MaterializeScaleLayoutsPass> {
  void runOnOperation() override {
    WalkResult memrefs = getOperation()->walk([](TileDimsOpInterface op) {
      return failed(checkTensors(op)) ? WalkResult::interrupt()
                                      : WalkResult::advance();
    });
    if (memrefs.wasInterrupted())
      return signalPassFailure();
    getOperation()->walk([](Operation *op) {
      if (!readsRowMajor(op))
        return;
      llvm::TypeSwitch<Operation *>(op)
          .Case([](QuantLinearOp op) {
            makeRowMajor(op, op.getWeightScalesMutable(), op.getWeightCodes(),
                         op.getGroupSize());
          })
          .Case([](QuantizePackOp op) { makeRowMajor(op); })
          .Case([](QuantizeWithScalesOp op) {
            makeRowMajor(op, op.getScalesMutable(), op.getInput(),
                         op.getGroupSize());
          })
          .Case([](DequantizeOp op) {
            makeRowMajor(op, op.getScalesMutable(), op.getCodes(),
                         op.getGroupSize());
          })
          .Case([](ScaledMatmulOp op) {
            makeRowMajor(op, op.getLhsScalesMutable(), op.getLhsCodes(),
                         op.getGroupSize());
            makeRowMajor(op, op.getRhsScalesMutable(), op.getRhsCodes(),
                         op.getGroupSize());
          });
    });
  }
};
} // namespace
