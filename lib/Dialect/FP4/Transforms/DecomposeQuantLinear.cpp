//===- DecomposeQuantLinear.cpp - fp4.quant_linear to its parts -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4DECOMPOSEQUANTLINEARPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// Replaces a layer with transform, quantization and product.
/// The input of the layer, with the size of its rows that the weight tells
/// where its own type leaves it open: tensor cores need it.
static Value refineInput(ImplicitLocOpBuilder &b, QuantLinearOp op) {
  Value input = op.getInput();
  auto type = cast<RankedTensorType>(input.getType());
  auto weight = cast<RankedTensorType>(op.getWeightCodes().getType());
  int64_t last = type.getRank() - 1, k = weight.getDimSize(1);
  if (!type.isDynamicDim(last) || ShapedType::isDynamic(k))
    return input;
  // Packed codes are two to a byte.
  if (weight.getElementType().isInteger(8))
    k *= 2;
  SmallVector<int64_t> shape(type.getShape());
  shape[last] = k;
  return tensor::CastOp::create(b, type.clone(shape), input);
}

struct DecomposeQuantLinear : OpRewritePattern<QuantLinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantLinearOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value input = refineInput(b, op);
    Type elementType = getElementTypeOrSelf(input);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, op.getLoc(), input);
    int64_t groupSize = op.getGroupSize();

    if (Value transform = op.getTransform()) {
      Value empty = tensor::EmptyOp::create(b, sizes, elementType);
      input = BlockTransformOp::create(b, empty.getType(), input, transform,
                                       empty, op.getQuantizeStrategyAttr())
                  .getResult(0);
    }

    SmallVector<OpFoldResult> scaleSizes = sizes;
    AffineExpr d0 = b.getAffineDimExpr(0);
    scaleSizes.back() = affine::makeComposedFoldedAffineApply(
        b, op.getLoc(), d0.floorDiv(groupSize), {sizes.back()});
    // Codes in the form of the weight's: the product takes one form.
    auto weightType = cast<ShapedType>(op.getWeightCodes().getType());
    SmallVector<OpFoldResult> codesSizes = sizes;
    codesSizes.back() = affine::makeComposedFoldedAffineApply(
        b, op.getLoc(), d0.floorDiv(getCodesPerElement(weightType)),
        {sizes.back()});
    Value codes =
        tensor::EmptyOp::create(b, codesSizes, weightType.getElementType());
    Value scales = tensor::EmptyOp::create(
        b, scaleSizes, getElementTypeOrSelf(op.getWeightScales()));
    auto quantize = QuantizePackOp::create(
        b, TypeRange{codes.getType(), scales.getType()}, input,
        op.getActivationGlobalScale(), op.getActivationScaleScale(), codes,
        scales, groupSize, op.getRounding(), op.getQuantizeStrategyAttr());

    Value alpha = arith::MulFOp::create(b, op.getActivationGlobalScale(),
                                        op.getWeightGlobalScale());
    SmallVector<OpFoldResult> resultSizes = sizes;
    resultSizes.back() =
        tensor::getMixedSize(b, op.getLoc(), op.getWeightCodes(), 0);
    Value output =
        tensor::EmptyOp::create(b, resultSizes, op.getType().getElementType());
    Value result =
        ScaledMatmulOp::create(b, output.getType(), quantize.getResult(0),
                               quantize.getResult(1), op.getWeightCodes(),
                               op.getWeightScales(), alpha, output, groupSize,
                               op.getMatmulStrategyAttr())
            .getResult(0);
    if (result.getType() != op.getType())
      result = tensor::CastOp::create(b, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct FP4DecomposeQuantLinearPass
    : fp4::impl::FP4DecomposeQuantLinearPassBase<FP4DecomposeQuantLinearPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DecomposeQuantLinear>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
