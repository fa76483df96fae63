//===- CheckSmallFloats.cpp - No arithmetic on 8 bits or fewer ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4CHECKSMALLFLOATSPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;

static bool isSmallFloat(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return element && element.getWidth() <= 8;
}

static LogicalResult check(Operation *op) {
  if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
          op->getDialect()) ||
      isa<arith::ConstantOp, arith::SelectOp, arith::BitcastOp>(op))
    return success();
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (isSmallFloat(type)) {
        InFlightDiagnostic diag = op->emitOpError("computes with ") << type;
        diag.attachNote()
            << "only fp4 ops give floats of 8 bits or fewer a value; "
               "convert with fp4.dequantize or fp4.quantize_pack";
        return diag;
      }
  return success();
}

namespace {
struct FP4CheckSmallFloatsPass
    : fp4::impl::FP4CheckSmallFloatsPassBase<FP4CheckSmallFloatsPass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](Operation *op) {
      return failed(check(op)) ? WalkResult::interrupt()
                               : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
