//===- QuantizeToLinalg.cpp - fp4 quantization ops to linalg --------------===//
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

using namespace mlir;
using namespace mlir::fp4;

/// The scale of each group: steps 1 to 4 of quantize_pack in docs/numerics.md.
static Value emitScales(StructuredBuilder &b, QuantizePackOp op) {
  int64_t rank = op.getNumTileLoops();
  Value input = b.splitLast(op.getInput(), {int64_t(op.getGroupSize())});

  // max |x| of each group, as bits: their order is that of the magnitudes, and
  // a NaN is the maximum of its group.
  Value amax = b.createZeroed(b.getSizes(op.getScales()), b.getI32Type(),
                              op.getScales());
  amax = b.generic(rank + 1, {{input, loops(rank + 1)}}, {amax, loops(rank)},
                   [](StructuredBuilder &b, ValueRange args) -> Value {
                     Value x = emitWidenToF32(b, args[0]);
                     return arith::MaxUIOp::create(b, emitMagnitudeBits(b, x),
                                                   args[1]);
                   });

  Value divisor =
      arith::MulFOp::create(b, op.getScaleScale(), op.getGlobalScale());
  return b.generic(rank, {{amax, loops(rank)}}, {op.getScales(), loops(rank)},
                   [&](StructuredBuilder &b, ValueRange args) {
                     Value max =
                         arith::BitcastOp::create(b, b.getF32Type(), args[0]);
                     Value scale = arith::DivFOp::create(b, max, divisor);
                     return emitEncodeScale(b, scale, args[1].getType());
                   });
}

/// The code of each element: steps 5 and 6 of quantize_pack.
static Value emitCodes(StructuredBuilder &b, Value input, Value scales,
                       Value globalScale, Value codes, int64_t groupSize,
                       Rounding rounding) {
  // Loops: leading dimensions, group, byte of the group, nibble of the byte.
  int64_t rank = cast<ShapedType>(codes.getType()).getRank();
  int64_t nibble = rank + 1;
  Value elements = b.splitLast(input, {groupSize / 2, 2});
  Value bytes = b.fillWithZero(b.splitLast(codes, {groupSize / 2}));
  bytes = b.generic(
      rank + 2, {{elements, loops(rank + 2)}, {scales, loops(rank)}},
      {bytes, loops(rank + 1)},
      [&](StructuredBuilder &b, ValueRange args) -> Value {
        Value scale =
            arith::MulFOp::create(b, emitDecodeScale(b, args[1]), globalScale);
        Value quotient =
            arith::DivFOp::create(b, emitWidenToF32(b, args[0]), scale);
        Value code = emitEncodeE2M1(b, quotient, rounding);
        Value index = arith::IndexCastOp::create(
            b, b.getI32Type(), linalg::IndexOp::create(b, nibble));
        Value four = arith::ConstantOp::create(b, b.getI32IntegerAttr(4));
        Value shifted = arith::ShLIOp::create(
            b, code, arith::MulIOp::create(b, index, four));
        return arith::OrIOp::create(
            b, args[2], arith::TruncIOp::create(b, b.getI8Type(), shifted));
      });
  return b.unsplitLast(bytes, codes);
}

namespace {
/// Lowers quantize_pack to a maximum of each group, its scale, and the codes.
struct LowerQuantizePack : OpRewritePattern<QuantizePackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizePackOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    Value scales = emitScales(b, op);
    Value codes = emitCodes(b, op.getInput(), scales, op.getGlobalScale(),
                            op.getCodes(), op.getGroupSize(), op.getRounding());
    replaceWithFilled(rewriter, op, {codes, scales});
    return success();
  }
};

/// Lowers quantize_with_scales to the codes alone.
struct LowerQuantizeWithScales : OpRewritePattern<QuantizeWithScalesOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeWithScalesOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    Value codes =
        emitCodes(b, op.getInput(), op.getScales(), op.getGlobalScale(),
                  op.getCodes(), op.getGroupSize(), op.getRounding());
    replaceWithFilled(rewriter, op, codes);
    return success();
  }
};

/// Lowers dequantize to one product for each element.
struct LowerDequantize : OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    // Loops: leading dimensions, group, byte of the group, nibble of the byte.
    int64_t rank = op.getNumTileLoops(), group = op.getGroupSize();
    int64_t nibble = rank + 1;
    Value bytes = b.splitLast(op.getCodes(), {group / 2});
    Value output = b.splitLast(op.getOutput(), {group / 2, 2});
    output = b.generic(
        rank + 2, {{bytes, loops(rank + 1)}, {op.getScales(), loops(rank)}},
        {output, loops(rank + 2)},
        [&](StructuredBuilder &b, ValueRange args) -> Value {
          Type i32 = b.getI32Type();
          Value index = arith::IndexCastOp::create(
              b, i32, linalg::IndexOp::create(b, nibble));
          Value four = arith::ConstantOp::create(b, b.getI32IntegerAttr(4));
          Value mask = arith::ConstantOp::create(b, b.getI32IntegerAttr(15));
          Value byte = arith::ExtUIOp::create(b, i32, args[0]);
          Value code = arith::AndIOp::create(
              b,
              arith::ShRUIOp::create(b, byte,
                                     arith::MulIOp::create(b, index, four)),
              mask);
          Value scale = arith::MulFOp::create(b, emitDecodeScale(b, args[1]),
                                              op.getGlobalScale());
          Value value =
              arith::MulFOp::create(b, emitDecodeE2M1(b, code), scale);
          return emitNarrow(b, value, args[2].getType());
        });
    replaceWithFilled(rewriter, op, b.unsplitLast(output, op.getOutput()));
    return success();
  }
};
} // namespace

void fp4::populateQuantizeToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerQuantizePack, LowerQuantizeWithScales, LowerDequantize>(
      patterns.getContext());
}
