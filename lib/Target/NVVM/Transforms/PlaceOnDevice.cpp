//===- PlaceOnDevice.cpp - Copies between host and device -----------------===//
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
#define GEN_PASS_DEF_FP4PLACEONDEVICEPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

namespace {
/// Makes copies, one for each value and place.
class Copies {
public:
  Value get(Value tensor, Placement to) {
    Value &copy = copies[{tensor, static_cast<unsigned>(to)}];
    if (!copy)
      copy = create(tensor, to);
    return copy;
  }

private:
  static Value create(Value tensor, Placement to) {
    OpBuilder builder(tensor.getContext());
    builder.setInsertionPointAfterValue(tensor);
    auto type = cast<RankedTensorType>(tensor.getType());
    auto alloc = bufferization::AllocTensorOp::create(
        builder, tensor.getLoc(), type, /*dynamicSizes=*/ValueRange(),
        /*copy=*/tensor);
    // Without a memory space, bufferization takes that of the original.
    alloc.setMemorySpaceAttr(to == Placement::Device
                                 ? getDeviceMemorySpace(tensor.getContext())
                                 : builder.getI64IntegerAttr(0));
    return alloc;
  }

  DenseMap<std::pair<Value, unsigned>, Value> copies;
};
} // namespace

namespace {
struct FP4PlaceOnDevicePass
    : fp4::impl::FP4PlaceOnDevicePassBase<FP4PlaceOnDevicePass> {
  void runOnOperation() override {
    Copies copies;
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      // A result in device memory is stored from there: a buffer that is made
      // here must not become the host's destination.
      bool isStore = isa<bufferization::MaterializeInDestinationOp>(op);
      std::optional<Placement> where =
          isStore ? getDestination(op) : getExecution(op);
      if (!where)
        continue;
      for (OpOperand &operand : op->getOpOperands()) {
        if (!isa<RankedTensorType>(operand.get().getType()))
          continue;
        Placement from = getPlacement(operand.get());
        if (from != Placement::Any && from != *where)
          operand.set(copies.get(operand.get(), *where));
      }
    }
  }

  static std::optional<Placement> getDestination(Operation *op) {
    auto store = cast<bufferization::MaterializeInDestinationOp>(op);
    auto type = dyn_cast<BaseMemRefType>(store.getDest().getType());
    if (!type)
      return std::nullopt;
    return isInDeviceMemory(type) ? Placement::Device : Placement::Host;
  }
};
} // namespace
