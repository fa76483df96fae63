//===- ScaleSignsToLinalg.cpp - fp4.absorb_scale_signs to linalg ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numerics/Numerics.h"
#include "Patterns.h"
#include "StructuredBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// Lowers absorb_scale_signs to bit operations on codes and on scales.
struct LowerAbsorbScaleSigns : OpRewritePattern<AbsorbScaleSignsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AbsorbScaleSignsOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    // Loops: leading dimensions, group, byte of the group. Codes first: they
    // read the scales, which may be overwritten.
    int64_t rank = op.getNumTileLoops(), bytes = op.getGroupSize() / 2;
    Value codes =
        b.generic(rank + 1,
                  {{b.splitLast(op.getCodes(), {bytes}), loops(rank + 1)},
                   {op.getScales(), loops(rank)}},
                  {b.splitLast(op.getCodesOutput(), {bytes}), loops(rank + 1)},
                  [](StructuredBuilder &b, ValueRange args) -> Value {
                    return arith::XOrIOp::create(
                        b, args[0], emitSplitScaleSign(b, args[1]).flip);
                  });
    Value scales = b.generic(rank, {{op.getScales(), loops(rank)}},
                             {op.getScalesOutput(), loops(rank)},
                             [](StructuredBuilder &b, ValueRange args) {
                               return emitSplitScaleSign(b, args[0]).magnitude;
                             });
    replaceWithFilled(rewriter, op,
                      {b.unsplitLast(codes, op.getCodesOutput()), scales});
    return success();
  }
};
} // namespace

void fp4::populateScaleSignsToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerAbsorbScaleSigns>(patterns.getContext());
}
