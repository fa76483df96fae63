//===- BinariesToConstants.h - Kernels in the host's code -------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_BINARIESTOCONSTANTS_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_BINARIESTOCONSTANTS_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace mlir::fp4::nvvm {

/// The symbol of the FP4RTKernel of a kernel that is launched.
std::string getKernelSymbol(StringRef binary, StringRef kernel);

/// Replaces each `gpu.binary` with an FP4RTModule that holds its first object,
/// and an FP4RTKernel for each of its kernels that is launched.
LogicalResult convertBinaries(ModuleOp module);

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_BINARIESTOCONSTANTS_H
