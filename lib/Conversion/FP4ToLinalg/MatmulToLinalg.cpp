//===- MatmulToLinalg.cpp - fp4.scaled_matmul to linalg -------------------===//
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
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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

/// Four times the dot product of one group of codes, exact: the sum over the
/// bytes of the group at lhs[lhsPlace..., byte] and rhs[rhsPlace..., byte].
static Value emitDotOfGroup(StructuredBuilder &b, Value lhs,
                            ValueRange lhsPlace, Value rhs, ValueRange rhsPlace,
                            int64_t bytes) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value count = arith::ConstantIndexOp::create(b, bytes);
  Value start = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  auto loop = scf::ForOp::create(
      b, zero, count, one, start,
      [&](OpBuilder &nested, Location loc, Value byte, ValueRange sum) {
        StructuredBuilder b(loc, nested);
        auto load = [&](Value codes, ValueRange place) {
          SmallVector<Value> indices(place);
          indices.push_back(byte);
          return b.load(codes, indices);
        };
        Value dot = emitDotOfBytes(b, load(lhs, lhsPlace), load(rhs, rhsPlace));
        scf::YieldOp::create(
            b, arith::AddIOp::create(b, sum.front(), dot).getResult());
      });
  return loop.getResult(0);
}

namespace {
/// Lowers scaled_matmul to exact dot products of groups, their scaled sum in
/// f64, and one rounding. In f64 every term is exact and no product of two
/// scales overflows or is subnormal (|exponent| <= 254), so that no guard is
/// needed.
struct LowerScaledMatmul : OpRewritePattern<ScaledMatmulOp> {
  LowerScaledMatmul(MLIRContext *context, bool magnitudes)
      : OpRewritePattern(context), magnitudes(magnitudes) {}

  LogicalResult matchAndRewrite(ScaledMatmulOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    Type f64 = b.getF64Type();
    // Loops: leading dimensions, n, group.
    int64_t rank = op.getNumTileLoops(), n = rank - 1, group = rank;
    int64_t bytes = op.getGroupSize() / 2;
    Value lhs = b.splitLast(op.getLhsCodes(), {bytes});
    Value rhs = b.splitLast(op.getRhsCodes(), {bytes});
    Value sum = b.createZeroed(b.getSizes(op.getOutput()), f64, op.getOutput());
    sum = b.generic(
        rank + 1,
        {{op.getLhsScales(), loops(rank - 1, {group})},
         {op.getRhsScales(), {n, group}}},
        {sum, loops(rank)},
        [&](StructuredBuilder &b, ValueRange args) -> Value {
          SmallVector<Value> place;
          for (int64_t loop = 0; loop <= rank; ++loop)
            place.push_back(linalg::IndexOp::create(b, loop));
          SmallVector<Value> lhsPlace(place), rhsPlace{place[n], place[group]};
          lhsPlace.erase(lhsPlace.begin() + n);
          Value dot = arith::SIToFPOp::create(
              b, f64, emitDotOfGroup(b, lhs, lhsPlace, rhs, rhsPlace, bytes));
          auto scale = [&](Value value) {
            return arith::ExtFOp::create(b, f64, emitDecodeScale(b, value));
          };
          Value scales =
              arith::MulFOp::create(b, scale(args[0]), scale(args[1]));
          Value term = arith::MulFOp::create(b, scales, dot);
          if (magnitudes)
            term = math::AbsFOp::create(b, term);
          return arith::AddFOp::create(b, args[2], term);
        });

    // The codes were decoded as twice their value, both of them.
    Value quarter = arith::ConstantOp::create(b, b.getF64FloatAttr(0.25));
    Value alpha = arith::ExtFOp::create(b, f64, op.getAlpha());
    Value factor = arith::MulFOp::create(b, alpha, quarter);
    if (magnitudes)
      factor = math::AbsFOp::create(b, factor);
    Value output = b.generic(
        rank, {{sum, loops(rank)}}, {op.getOutput(), loops(rank)},
        [&](StructuredBuilder &b, ValueRange args) {
          return emitNarrow(b, arith::MulFOp::create(b, factor, args[0]),
                            args[1].getType());
        });
    replaceWithFilled(rewriter, op, output);
    return success();
  }

  bool magnitudes;
};
} // namespace

void fp4::populateMatmulToLinalgPatterns(RewritePatternSet &patterns,
                                         bool magnitudes) {
  patterns.add<LowerScaledMatmul>(patterns.getContext(), magnitudes);
}
