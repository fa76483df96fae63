//===- AllocateOnDevice.cpp - Uninitialized tensors in device memory ------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Placement.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4ALLOCATEONDEVICEPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

/// A tensor like `tensor`, which is uninitialized or a view of one that is, in
/// device memory. Others may use the original on the host, or another op on the
/// device: each gets its own.
static Value allocate(OpBuilder &builder, Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    auto alloc = bufferization::AllocTensorOp::create(
        builder, empty.getLoc(), empty.getType(), empty.getDynamicSizes());
    alloc.setMemorySpaceAttr(getDeviceMemorySpace(builder.getContext()));
    return alloc;
  }
  // Of what is inserted nothing is initialized either.
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return allocate(builder, insert.getDest());
  // A view; the tensor is its first operand.
  Value source = allocate(builder, op->getOperand(0));
  Operation *view = builder.clone(*op);
  view->setOperand(0, source);
  return view->getResult(0);
}

namespace {
struct FP4AllocateOnDevicePass
    : fp4::impl::FP4AllocateOnDevicePassBase<FP4AllocateOnDevicePass> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (getExecution(op) != Placement::Device)
        return;
      OpBuilder builder(op);
      for (OpOperand &operand : op->getOpOperands())
        if (isa<RankedTensorType>(operand.get().getType()) &&
            getPlacement(operand.get()) == Placement::Any)
          operand.set(allocate(builder, operand.get()));
    });
  }
};
} // namespace
