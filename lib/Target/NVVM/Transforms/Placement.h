//===- Placement.h - Where tensors are --------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors have no memory space: which memory one will be in follows from the op
// that makes it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_PLACEMENT_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_PLACEMENT_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace mlir::fp4::nvvm {

enum class Placement {
  Host,
  Device,
  /// An uninitialized tensor, or a part of one: wherever its user is.
  Any,
};

/// Where the buffer of a tensor will be.
Placement getPlacement(Value tensor);

/// Where an op of tensors reads and writes; nothing for an op that only renames
/// a tensor and works anywhere, and for ops without tensors.
std::optional<Placement> getExecution(Operation *op);

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_PLACEMENT_H
