//===- MatmulToLinalg.cpp - fp4.scaled_matmul to linalg ---------------*- C++
//-*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numerics.h"
#include "Patterns.h"
#include "StructuredBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// Four times the products of the two codes in a byte of each side, summed.
static Value emitDotOfBytes(StructuredBuilder &b, Value lhs, Value rhs) {
  Type i32 = b.getI32Type();
  Value four = arith::ConstantOp::create(b, b.getI32IntegerAttr(4));
  Value mask = arith::ConstantOp::create(b, b.getI32IntegerAttr(15));
  lhs = arith::ExtUIOp::create(b, i32, lhs);
  rhs = arith::ExtUIOp::create(b, i32, rhs);
  auto low = [&](Value byte) {
    return emitDecodeE2M1Twice(b, arith::AndIOp::create(b, byte, mask));
  };
  auto high = [&](Value byte) {
    return emitDecodeE2M1Twice(b, arith::ShRUIOp::create(b, byte, four));
  };
  return arith::AddIOp::create(b, arith::MulIOp::create(b, low(lhs), low(rhs)),
                               arith::MulIOp::create(b, high(lhs), high(rhs)));
}

namespace {
/// Lowers scaled_matmul to a sum in f64 and one rounding. In f64 no product of
/// two scales overflows or is subnormal (|exponent| <= 254), and each term is
/// exact, so that no order or guard is needed.
struct LowerScaledMatmul : OpRewritePattern<ScaledMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaledMatmulOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    // Loops: leading dimensions, n, group, byte of the group.
    int64_t rank = op.getNumTileLoops(), leading = rank - 1;
    int64_t n = leading, group = rank, byte = rank + 1;
    int64_t bytes = op.getGroupSize() / 2;
    Value lhs = b.splitLast(op.getLhsCodes(), {bytes});
    Value rhs = b.splitLast(op.getRhsCodes(), {bytes});
    Value sum = b.createZeroed(b.getSizes(op.getOutput()), b.getF64Type(),
                               op.getOutput());
    sum = b.generic(
        rank + 2,
        {{lhs, loops(leading, {group, byte})},
         {op.getLhsScales(), loops(leading, {group})},
         {rhs, {n, group, byte}},
         {op.getRhsScales(), {n, group}}},
        {sum, loops(rank)}, [](StructuredBuilder &b, ValueRange args) -> Value {
          auto scale = [&](Value value) {
            return arith::ExtFOp::create(b, b.getF64Type(),
                                         emitDecodeScale(b, value));
          };
          Value scales =
              arith::MulFOp::create(b, scale(args[1]), scale(args[3]));
          Value dot = arith::SIToFPOp::create(
              b, b.getF64Type(), emitDotOfBytes(b, args[0], args[2]));
          return arith::AddFOp::create(b, args[4],
                                       arith::MulFOp::create(b, scales, dot));
        });

    // The codes were decoded as twice their value, both of them.
    Value quarter = arith::ConstantOp::create(b, b.getF64FloatAttr(0.25));
    Value alpha = arith::ExtFOp::create(b, b.getF64Type(), op.getAlpha());
    Value factor = arith::MulFOp::create(b, alpha, quarter);
    Value output = b.generic(
        rank, {{sum, loops(rank)}}, {op.getOutput(), loops(rank)},
        [&](StructuredBuilder &b, ValueRange args) {
          return emitNarrow(b, arith::MulFOp::create(b, factor, args[0]),
                            args[1].getType());
        });
    replaceWithFilled(rewriter, op, output);
    return success();
  }
};
} // namespace

void fp4::populateMatmulToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerScaledMatmul>(patterns.getContext());
}
