//===- Placement.cpp - Where tensors are ----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Placement.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

/// The tensor whose buffer an op's result is a view of; null if it is none.
static Value getViewSource(Operation *op) {
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ExtractSliceOp>(op))
    return op->getOperand(0);
  // An insertion happens where the inserted tensor is.
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return getPlacement(insert.getSource()) == Placement::Any
               ? insert.getDest()
               : insert.getSource();
  return {};
}

Placement nvvm::getPlacement(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return Placement::Host;
  if (isa<tensor::EmptyOp>(op))
    return Placement::Any;
  if (Value source = getViewSource(op))
    return getPlacement(source);
  if (auto toTensor = dyn_cast<bufferization::ToTensorOp>(op))
    return isInDeviceMemory(
               cast<BaseMemRefType>(toTensor.getBuffer().getType()))
               ? Placement::Device
               : Placement::Host;
  if (auto alloc = dyn_cast<bufferization::AllocTensorOp>(op))
    return alloc.getMemorySpaceAttr() == getDeviceMemorySpace(op->getContext())
               ? Placement::Device
               : Placement::Host;
  return isOnDevice(op) ? Placement::Device : Placement::Host;
}

std::optional<Placement> nvvm::getExecution(Operation *op) {
  // Views, sizes, and copies between any two places.
  if (isa<bufferization::AllocTensorOp, bufferization::ToTensorOp,
          bufferization::MaterializeInDestinationOp, tensor::CastOp,
          tensor::CollapseShapeOp, tensor::DimOp, tensor::EmptyOp,
          tensor::ExpandShapeOp, tensor::ExtractSliceOp>(op))
    return std::nullopt;
  if (isa<tensor::InsertSliceOp>(op))
    return getPlacement(op->getResult(0));
  // Who asks for a buffer says where.
  if (auto toBuffer = dyn_cast<bufferization::ToBufferOp>(op))
    return isInDeviceMemory(cast<BaseMemRefType>(toBuffer.getType()))
               ? Placement::Device
               : Placement::Host;
  return isOnDevice(op) ? Placement::Device : Placement::Host;
}
