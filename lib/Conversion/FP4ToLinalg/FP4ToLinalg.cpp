//===- FP4ToLinalg.cpp - Conversion from fp4 to linalg --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "fp4/Conversion/Passes.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOLINALGPASS
#include "fp4/Conversion/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

void fp4::replaceWithFilled(RewriterBase &rewriter, Operation *op,
                            ValueRange filled) {
  if (op->getNumResults() == 0)
    rewriter.eraseOp(op);
  else
    rewriter.replaceOp(op, filled);
}

/// Holds an op to the forms that the patterns know.
static LogicalResult checkForm(Operation *op) {
  if (isa<QuantLinearOp>(op))
    return op->emitOpError(
        "is not lowered; run --fp4-decompose-quant-linear first");
  auto tiled = cast<TileDimsOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<ShapedType>(operand.get().getType());
    if (!type)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    auto memref = dyn_cast<MemRefType>(type);
    if (memref && failed(memref.getStridesAndOffset(strides, offset)))
      return op->emitOpError(
                 "has a memref whose layout is not strided, of type ")
             << type;
    if (isa<Float4E2M1FNType>(type.getElementType()))
      return op->emitOpError("has codes that are not packed, of type ")
             << type << "; run --fp4-pack-codes first";
    if (hasBlockedScales(tiled, operand))
      return op->emitOpError("has blocked scales, of type ")
             << type << "; run --fp4-materialize-scale-layouts first";
  }
  return success();
}

namespace {
struct ConvertFP4ToLinalgPass
    : fp4::impl::ConvertFP4ToLinalgPassBase<ConvertFP4ToLinalgPass> {
  using ConvertFP4ToLinalgPassBase::ConvertFP4ToLinalgPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<FP4Dialect>(op->getDialect()) ||
          getStrategy(op) != "reference")
        return WalkResult::advance();
      ops.push_back(op);
      return failed(checkForm(op)) ? WalkResult::interrupt()
                                   : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    RewritePatternSet patterns(&getContext());
    populateTransformToLinalgPatterns(patterns);
    populateQuantizeToLinalgPatterns(patterns);
    populateMatmulToLinalgPatterns(patterns, magnitudes);
    populateScaleLayoutToLinalgPatterns(patterns);
    populateScaleSignsToLinalgPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    if (failed(applyOpPatternsGreedily(ops, std::move(patterns), config)))
      return signalPassFailure();
  }
};
} // namespace
