//===- CheckLowered.cpp - Nothing but LLVM is left ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4CHECKLOWEREDPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;

namespace {
struct FP4CheckLoweredPass
    : fp4::impl::FP4CheckLoweredPassBase<FP4CheckLoweredPass> {
  void runOnOperation() override {
    // A cast between types is left by an op that is, and says less than it.
    Operation *cast = nullptr;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (isa<ModuleOp>(op) ||
          isa_and_nonnull<LLVM::LLVMDialect, omp::OpenMPDialect>(
              op->getDialect()))
        return WalkResult::advance();
      if (isa<UnrealizedConversionCastOp>(op)) {
        cast = op;
        return WalkResult::advance();
      }
      op->emitOpError("cannot be lowered to the LLVM dialect");
      return WalkResult::interrupt();
    });
    if (cast && !result.wasInterrupted())
      cast->emitOpError("is left over from an op that cannot be lowered to the "
                        "LLVM dialect");
    if (cast || result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
