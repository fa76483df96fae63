//===- CheckChip.h - Whether a chip has what a kernel uses ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's instruction selection ends the process at an intrinsic that the target
// lacks. So every kernel goes through these checks before it gets there, and
// what is missing is an error at the op that uses it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_CHECKCHIP_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_CHECKCHIP_H

#include "fp4/Target/NVVM/Chip.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::fp4::nvvm {

/// The chip that the one target of `module` names, if code can be made for it
/// as the attribute asks.
FailureOr<const Chip *> getTargetChip(gpu::GPUModuleOp module);

/// Holds the ops of `module`, at any level, to the chip by their names.
LogicalResult checkOps(gpu::GPUModuleOp module, const Chip &chip);

/// Holds the intrinsics and types that `module`, in the LLVM and NVVM dialects,
/// is translated to, to the chip: exact where the name of an op does not say
/// what it becomes.
LogicalResult checkInstructions(gpu::GPUModuleOp module, const Chip &chip);

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_CHECKCHIP_H
