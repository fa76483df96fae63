//===- Passes.h - Passes that know the targets ------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_PASSES_H
#define FP4_TARGET_PASSES_H

#include "fp4/Target/Strategies.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include <string>

namespace mlir::fp4 {

#define GEN_PASS_DECL
#include "fp4/Target/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "fp4/Target/Passes.h.inc"

/// The name of the function that re-lays the parameters of `entry`, see
/// `--fp4-outline-prepare`.
std::string getPrepareName(llvm::StringRef entry);

} // namespace mlir::fp4

#endif // FP4_TARGET_PASSES_H
