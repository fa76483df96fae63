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

/// Also of dimensions of size 1, whose strides mean nothing, but are no
/// identity layout's.
static bool isContiguous(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset, expected = 1;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    if (strides[i] != expected)
      return false;
    int64_t size = type.getDimSize(i);
    expected = ShapedType::isDynamic(size) || ShapedType::isDynamic(expected)
                   ? ShapedType::kDynamic
                   : expected * size;
  }
  return type.areTrailingDimsContiguous(type.getRank());
}

bool fp4::needsKernel(memref::CopyOp op) {
  auto source = dyn_cast<MemRefType>(op.getSource().getType());
  auto target = dyn_cast<MemRefType>(op.getTarget().getType());
  if (!source || !target || !nvvm::isInDeviceMemory(source) ||
      !nvvm::isInDeviceMemory(target))
    return false;
  return !isContiguous(source) || !isContiguous(target);
}

/// An item is one element.
void fp4::emitKernel(ItemBuilder &b, memref::CopyOp op) {
  b.launch(b.sizes(op.getTarget()), [&](ValueRange place) {
    b.store(b.load(op.getSource(), place), op.getTarget(), place);
  });
}
