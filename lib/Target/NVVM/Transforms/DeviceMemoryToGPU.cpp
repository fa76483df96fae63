//===- DeviceMemoryToGPU.cpp - Buffers of the device to the gpu dialect ---===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4DEVICEMEMORYTOGPUPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

static bool isDevice(Value value) {
  auto type = dyn_cast<BaseMemRefType>(value.getType());
  return type && nvvm::isInDeviceMemory(type);
}

static LogicalResult convertCopy(memref::CopyOp op) {
  for (Value operand : op.getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type || !type.getLayout().isIdentity())
      return op.emitOpError("between host and device, or on the device, "
                            "expects contiguous buffers, but got ")
             << operand.getType();
  }
  OpBuilder builder(op);
  gpu::MemcpyOp::create(builder, op.getLoc(), TypeRange(), ValueRange(),
                        op.getTarget(), op.getSource());
  op.erase();
  return success();
}

static void convertAlloc(memref::AllocOp op) {
  OpBuilder builder(op);
  auto alloc = gpu::AllocOp::create(
      builder, op.getLoc(), op.getType(), /*asyncToken=*/Type(),
      /*asyncDependencies=*/ValueRange(), op.getDynamicSizes(),
      /*symbolOperands=*/ValueRange());
  op.replaceAllUsesWith(alloc.getMemref());
  op.erase();
}

static void convertDealloc(memref::DeallocOp op) {
  OpBuilder builder(op);
  gpu::DeallocOp::create(builder, op.getLoc(), /*asyncToken=*/Type(),
                         /*asyncDependencies=*/ValueRange(), op.getMemref());
  op.erase();
}

/// Holds an op of the host to what it can do with memory of the device.
static LogicalResult checkHost(Operation *op) {
  if (isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp>(op) ||
      op->getParentOfType<gpu::LaunchOp>() ||
      op->getParentOfType<gpu::GPUModuleOp>())
    return success();
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return success();
  auto hasEffect = [&](Value value) {
    SmallVector<MemoryEffects::EffectInstance> found;
    effects.getEffectsOnValue(value, found);
    return isDevice(value) && !found.empty();
  };
  if (llvm::any_of(op->getOperands(), hasEffect) ||
      llvm::any_of(op->getResults(), hasEffect))
    return op->emitOpError("is executed by the host, but on device memory "
                           "(space ")
           << nvvm::kDeviceMemorySpace << ")";
  return success();
}

namespace {
struct FP4DeviceMemoryToGPUPass
    : fp4::impl::FP4DeviceMemoryToGPUPassBase<FP4DeviceMemoryToGPUPass> {
  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocs;
    SmallVector<memref::DeallocOp> deallocs;
    SmallVector<memref::CopyOp> copies;
    WalkResult result = getOperation()->walk([&](Operation *op) -> WalkResult {
      if (!llvm::any_of(op->getOperands(), isDevice) &&
          !llvm::any_of(op->getResults(), isDevice))
        return WalkResult::advance();
      if (failed(checkHost(op)))
        return WalkResult::interrupt();
      if (auto alloc = dyn_cast<memref::AllocOp>(op))
        allocs.push_back(alloc);
      else if (auto dealloc = dyn_cast<memref::DeallocOp>(op))
        deallocs.push_back(dealloc);
      else if (auto copy = dyn_cast<memref::CopyOp>(op))
        copies.push_back(copy);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    llvm::for_each(allocs, convertAlloc);
    llvm::for_each(deallocs, convertDealloc);
    for (memref::CopyOp copy : copies)
      if (failed(convertCopy(copy)))
        return signalPassFailure();
  }
};
} // namespace
