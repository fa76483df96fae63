//===- LowerPacks.cpp - linalg.pack to pad, reshape, transpose ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/CPU/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4LOWERPACKSPASS
#include "fp4/Target/CPU/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
struct FP4LowerPacksPass : fp4::impl::FP4LowerPacksPassBase<FP4LowerPacksPass> {
  void runOnOperation() override {
    SmallVector<linalg::PackOp> packs;
    getOperation().walk([&](linalg::PackOp op) { packs.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::PackOp op : packs) {
      rewriter.setInsertionPoint(op);
      if (failed(linalg::lowerPack(rewriter, op))) {
        op.emitOpError("cannot be lowered to pad, reshape and transpose");
        return signalPassFailure();
      }
    }
  }
};
} // namespace
