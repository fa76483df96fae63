//===- ScaleLayoutToLinalg.cpp - fp4.convert_scale_layout to linalg -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp4;

/// Affine functions of the loops of the enclosing linalg.generic.
static SmallVector<Value> emitIndices(StructuredBuilder &b, int64_t numLoops,
                                      ArrayRef<AffineExpr> exprs) {
  SmallVector<Value> loopIndices, result;
  for (int64_t i = 0; i < numLoops; ++i)
    loopIndices.push_back(linalg::IndexOp::create(b, i));
  for (AffineExpr expr : exprs)
    result.push_back(affine::AffineApplyOp::create(
        b, AffineMap::get(numLoops, 0, expr), loopIndices));
  return result;
}

/// Row-major element (r, c) from its place in the blocked layout.
static Value emitFromBlocked(StructuredBuilder &b, ConvertScaleLayoutOp op) {
  AffineExpr r, c;
  bindDims(b.getContext(), r, c);
  return b.generic(
      2, {}, {op.getOutput(), loops(2)}, [&](StructuredBuilder &b, ValueRange) {
        SmallVector<Value> place = emitIndices(
            b, 2,
            {r.floorDiv(kScaleTileRows), c.floorDiv(kScaleTileColumns), r % 32,
             (r % kScaleTileRows).floorDiv(32), c % kScaleTileColumns});
        return b.load(op.getInput(), place);
      });
}

/// Each element of the blocked layout from its row and column; zero where that
/// is outside.
static Value emitToBlocked(StructuredBuilder &b, ConvertScaleLayoutOp op) {
  SmallVector<Value> sizes =
      getValueOrCreateConstantIndexOp(b, b.getLoc(), b.getSizes(op.getInput()));
  AffineExpr rowTile, columnTile, row, rowOf32, column;
  bindDims(b.getContext(), rowTile, columnTile, row, rowOf32, column);
  return b.generic(
      kBlockedScalesRank, {}, {op.getOutput(), loops(kBlockedScalesRank)},
      [&](StructuredBuilder &b, ValueRange args) {
        Type type = args[0].getType();
        SmallVector<Value> place =
            emitIndices(b, kBlockedScalesRank,
                        {rowTile * kScaleTileRows + rowOf32 * 32 + row,
                         columnTile * kScaleTileColumns + column});
        auto isInside = [&](int64_t dim) {
          return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, place[dim],
                                       sizes[dim]);
        };
        Value inside = arith::AndIOp::create(b, isInside(0), isInside(1));
        auto branch = scf::IfOp::create(
            b, inside,
            [&](OpBuilder &nested, Location loc) {
              StructuredBuilder b(loc, nested);
              scf::YieldOp::create(b, b.load(op.getInput(), place));
            },
            [&](OpBuilder &nested, Location loc) {
              // Zero the byte: f8E8M0FNU has no zero.
              StructuredBuilder b(loc, nested);
              Value zero = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
              scf::YieldOp::create(
                  b, arith::BitcastOp::create(b, type, zero).getResult());
            });
        return branch.getResult(0);
      });
}

namespace {
/// Lowers convert_scale_layout to a gather.
struct LowerConvertScaleLayout : OpRewritePattern<ConvertScaleLayoutOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvertScaleLayoutOp op,
                                PatternRewriter &rewriter) const override {
    StructuredBuilder b(op.getLoc(), rewriter);
    bool toBlocked = cast<ShapedType>(op.getInput().getType()).getRank() == 2;
    replaceWithFilled(rewriter, op,
                      toBlocked ? emitToBlocked(b, op)
                                : emitFromBlocked(b, op));
    return success();
  }
};
} // namespace

void fp4::populateScaleLayoutToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerConvertScaleLayout>(patterns.getContext());
}
