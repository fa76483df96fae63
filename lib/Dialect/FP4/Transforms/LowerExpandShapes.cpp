//===- LowerExpandShapes.cpp - Buffers of several dynamic dimensions ------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4LOWEREXPANDSHAPESPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// An expansion as a reinterpreted buffer: sizes are what the op says, a stride
/// that of the next dimension times its size.
struct LowerExpandShape : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    MemRefType result = op.getResultType();
    auto hasSeveral = [&](const ReassociationIndices &group) {
      return llvm::count_if(group, [&](int64_t dim) {
               return result.isDynamicDim(dim);
             }) > 1;
    };
    if (llvm::none_of(op.getReassociationIndices(), hasSeveral))
      return rewriter.notifyMatchFailure(op, "upstream lowers it");
    SmallVector<int64_t> strideTypes;
    int64_t offsetType;
    if (failed(result.getStridesAndOffset(strideTypes, offsetType)))
      return rewriter.notifyMatchFailure(op, "is not strided");

    Location loc = op.getLoc();
    auto source =
        memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> strides(result.getRank());
    AffineExpr stride, size;
    bindSymbols(getContext(), stride, size);
    for (auto [group, of] :
         llvm::zip_equal(op.getReassociationIndices(),
                         source.getConstifiedMixedStrides())) {
      OpFoldResult next = of;
      for (int64_t dim : llvm::reverse(group)) {
        // What the type says, the op has to say as well.
        strides[dim] = ShapedType::isDynamic(strideTypes[dim])
                           ? next
                           : rewriter.getIndexAttr(strideTypes[dim]);
        next = affine::makeComposedFoldedAffineApply(
            rewriter, loc, stride * size, {next, sizes[dim]});
      }
    }
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
        op, result, source.getBaseBuffer(), source.getConstifiedMixedOffset(),
        sizes, strides);
    return success();
  }
};

struct FP4LowerExpandShapesPass
    : fp4::impl::FP4LowerExpandShapesPassBase<FP4LowerExpandShapesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LowerExpandShape>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
