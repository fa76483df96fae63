//===- Passes.h - Passes of the CPU lowering --------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_CPU_PASSES_H
#define FP4_TARGET_CPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::fp4 {

#define GEN_PASS_DECL
#include "fp4/Target/CPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "fp4/Target/CPU/Passes.h.inc"

} // namespace mlir::fp4

#endif // FP4_TARGET_CPU_PASSES_H
