//===- Passes.h - Passes of the NVVM lowering -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_PASSES_H
#define FP4_TARGET_NVVM_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/Pass.h"

namespace mlir::fp4 {

#define GEN_PASS_DECL
#include "fp4/Target/NVVM/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "fp4/Target/NVVM/Passes.h.inc"

/// What the names of the FP4RTModules of a lowered module start with, see
/// `--convert-host-to-runtime`.
inline constexpr llvm::StringLiteral kRuntimeModulePrefix = "fp4rt.module.";

/// What --fp4-check-kernels sees the translation of ops to instructions with.
void registerCheckKernelsTranslation(DialectRegistry &registry);

} // namespace mlir::fp4

#endif // FP4_TARGET_NVVM_PASSES_H
