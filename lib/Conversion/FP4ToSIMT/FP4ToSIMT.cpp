//===- FP4ToSIMT.cpp - Conversion from fp4 to one-item threads ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "fp4/Conversion/Passes.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOSIMTPASS
#include "fp4/Conversion/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

static bool isInKernel(Operation *op) {
  return op->getParentOfType<gpu::LaunchOp>() ||
         op->getParentOfType<gpu::GPUModuleOp>();
}

/// Holds an operand to the forms that the kernels know.
static LogicalResult checkOperand(OpOperand &operand) {
  Operation *op = operand.getOwner();
  Type type = operand.get().getType();
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return success();
  // Of tensors only, and to be said before they are bufferized: the codes of a
  // memref are bytes.
  if (isa<Float4E2M1FNType>(shaped.getElementType()))
    return op->emitOpError("has codes that are not packed, of type ")
           << type << "; run --fp4-pack-codes first";
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return op->emitOpError("is on tensors; bufferize first");
  if (!memref.isStrided())
    return op->emitOpError("has a memref whose layout is not strided, of type ")
           << type;
  if (nvvm::isInDeviceMemory(memref))
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError("operand #")
                                  << operand.getOperandNumber()
                                  << " of a simt op is in memory space ";
  if (auto space = dyn_cast_or_null<IntegerAttr>(memref.getMemorySpace()))
    diagnostic << space.getInt();
  else if (memref.getMemorySpace())
    diagnostic << memref.getMemorySpace();
  else
    diagnostic << 0;
  return diagnostic << "; device memory is space " << nvvm::kDeviceMemorySpace;
}

static LogicalResult checkForm(Operation *op) {
  if (isa<QuantLinearOp>(op))
    return op->emitOpError(
        "is not lowered; run --fp4-decompose-quant-linear first");
  if (isInKernel(op))
    return op->emitOpError("of strategy simt is inside of a kernel; it becomes "
                           "a kernel of its own");
  for (OpOperand &operand : op->getOpOperands())
    if (failed(checkOperand(operand)))
      return failure();
  return success();
}

namespace {
struct ConvertFP4ToSIMTPass
    : fp4::impl::ConvertFP4ToSIMTPassBase<ConvertFP4ToSIMTPass> {
  using ConvertFP4ToSIMTPassBase::ConvertFP4ToSIMTPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (nvvm::hasStrategy(op, "simt")) {
        ops.push_back(op);
        if (failed(checkForm(op)))
          return WalkResult::interrupt();
      }
      auto copy = dyn_cast<memref::CopyOp>(op);
      if (copy && needsKernel(copy) && !isInKernel(op))
        ops.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    for (Operation *op : ops) {
      ItemBuilder b(op->getLoc(), op);
      llvm::TypeSwitch<Operation *>(op)
          .Case<BlockTransformOp, QuantizePackOp, QuantizeWithScalesOp,
                DequantizeOp, ScaledMatmulOp, AbsorbScaleSignsOp,
                ConvertScaleLayoutOp, memref::CopyOp>(
              [&](auto op) { emitKernel(b, op); });
      // What the kernel does, for its name.
      if (auto launch = dyn_cast_or_null<gpu::LaunchOp>(op->getPrevNode()))
        launch.setFunctionAttr(FlatSymbolRefAttr::get(
            op->getContext(), op->getName().stripDialect()));
      op->erase();
    }
  }
};
} // namespace
