//===- CopyToSIMT.cpp - A kernel for strided copies -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "fp4/Target/NVVM/DeviceMemory.h"

using namespace mlir;
using namespace mlir::fp4;

bool fp4::needsKernel(memref::CopyOp op) {
  auto source = dyn_cast<MemRefType>(op.getSource().getType());
  auto target = dyn_cast<MemRefType>(op.getTarget().getType());
  if (!source || !target || !nvvm::isInDeviceMemory(source) ||
      !nvvm::isInDeviceMemory(target))
    return false;
  // gpu.memcpy takes no other layouts, contiguous or not.
  return !source.getLayout().isIdentity() || !target.getLayout().isIdentity();
}

/// An item is one element.
void fp4::emitKernel(ItemBuilder &b, memref::CopyOp op) {
  b.launch(b.sizes(op.getTarget()), [&](ValueRange place) {
    b.store(b.load(op.getSource(), place), op.getTarget(), place);
  });
}
