//===- PackWeights.cpp - Weights of products in panels --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Panels.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4PACKWEIGHTSPASS
#include "fp4/Target/CPU/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
struct FP4PackWeightsPass
    : fp4::impl::FP4PackWeightsPassBase<FP4PackWeightsPass> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<cpu::CPU> cpu =
        cpu::CPU::create(getOperation(), triple, this->cpu, features);
    if (failed(cpu))
      return signalPassFailure();
    getOperation().walk([&](ScaledMatmulOp op) {
      if (getStrategy(op) != "vector")
        return;
      ImplicitLocOpBuilder b(op.getLoc(), op);
      op.getRhsCodesMutable().set(
          packAndUnpack(b, op.getRhsCodes(), getCodesTile(*cpu)));
      op.getRhsScalesMutable().set(
          packAndUnpack(b, op.getRhsScales(), getScalesTile(*cpu)));
    });
  }
};
} // namespace
