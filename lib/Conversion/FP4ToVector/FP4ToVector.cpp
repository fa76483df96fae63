//===- FP4ToVector.cpp - Conversion from fp4 to vectors -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "fp4/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOVECTORPASS
#include "fp4/Conversion/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// Data-tiled ops have no other lowering; the rest says which it wants.
static bool isForVectors(Operation *op) {
  if (isa<PackLhsOp, PackedMatmulOp>(op))
    return true;
  return isa<BlockTransformOp, QuantizePackOp>(op) &&
         fp4::getStrategy(op) == "vector";
}

/// Holds an operand to the form that vectors are loaded from.
static LogicalResult checkOperand(OpOperand &operand) {
  Operation *op = operand.getOwner();
  auto shaped = dyn_cast<ShapedType>(operand.get().getType());
  if (!shaped)
    return success();
  auto memref = dyn_cast<MemRefType>(shaped);
  if (!memref)
    return op->emitOpError("is on tensors; bufferize first");
  if (!memref.isLastDimUnitStride())
    return op->emitOpError("operand #")
           << operand.getOperandNumber()
           << " of strategy vector expects elements of the last dimension side "
              "by side, but got "
           << memref;
  return success();
}

namespace {
struct ConvertFP4ToVectorPass
    : fp4::impl::ConvertFP4ToVectorPassBase<ConvertFP4ToVectorPass> {
  using Base::Base;

  void runOnOperation() override {
    auto cpu = cpu::CPU::create(triple, this->cpu, features);
    if (!cpu) {
      emitError(getOperation().getLoc()) << llvm::toString(cpu.takeError());
      return signalPassFailure();
    }
    SmallVector<Operation *> ops;
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isForVectors(op))
        return WalkResult::advance();
      ops.push_back(op);
      for (OpOperand &operand : op->getOpOperands())
        if (failed(checkOperand(operand)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (Operation *op : ops) {
      VectorBuilder b(op->getLoc(), op, *cpu);
      llvm::TypeSwitch<Operation *>(op)
          .Case<BlockTransformOp, QuantizePackOp, PackLhsOp, PackedMatmulOp>(
              [&](auto op) { emitVectors(b, op); });
      op->erase();
    }
  }
};
} // namespace
