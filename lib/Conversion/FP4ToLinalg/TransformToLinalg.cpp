//===- TransformToLinalg.cpp - fp4.block_transform to linalg --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numerics/Numerics.h"
#include "Patterns.h"
#include "StructuredBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// Lowers block_transform to a batched product that sums in f32, and one
/// rounding.
struct LowerBlockTransform : OpRewritePattern<BlockTransformOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BlockTransformOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    auto transformType = cast<ShapedType>(op.getTransform().getType());
    int64_t block = transformType.getShape().back();
    int64_t rank = op.getNumTileLoops();

    // Loops: leading dimensions, block, output element j, input element i.
    int64_t blockLoop = rank - 1, j = rank, i = rank + 1;
    Value input = b.splitLast(op.getInput(), {block});
    Value output = b.splitLast(op.getOutput(), {block});
    Value sum = b.createZeroed(b.getSizes(input), b.getF32Type(), output);
    SmallVector<int64_t> transformLoops = {j, i};
    if (transformType.getRank() == 3)
      transformLoops.insert(transformLoops.begin(), blockLoop);
    sum = b.generic(
        rank + 2,
        {{input, loops(rank, {i})}, {op.getTransform(), transformLoops}},
        {sum, loops(rank, {j})},
        [](StructuredBuilder &b, ValueRange args) -> Value {
          Value product = arith::MulFOp::create(b, emitWidenToF32(b, args[1]),
                                                emitWidenToF32(b, args[0]));
          return arith::AddFOp::create(b, args[2], product);
        });
    Value rounded =
        b.generic(rank + 1, {{sum, loops(rank + 1)}}, {output, loops(rank + 1)},
                  [](StructuredBuilder &b, ValueRange args) {
                    return emitNarrow(b, args[0], args[1].getType());
                  });
    replaceWithFilled(rewriter, op, b.unsplitLast(rounded, op.getOutput()));
    return success();
  }
};
} // namespace

void fp4::populateTransformToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerBlockTransform>(patterns.getContext());
}
