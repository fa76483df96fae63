//===- Engine.h - Machine code in memory ------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNNER_ENGINE_H
#define FP4_LIB_RUNNER_ENGINE_H

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp4 {

/// A function of this process that compiled code calls by name.
using HostFunction = std::pair<StringRef, void *>;

/// Code generation for this machine and plain code: conversions to bf16 are not
/// its instructions', which flush subnormals.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createHostMachine();

/// Compiles `module`, in the LLVM dialect, in this process. Code that fails a
/// check or gets no memory ends the process with a message and exit code 1.
llvm::Expected<std::unique_ptr<ExecutionEngine>>
createEngine(ModuleOp module, std::unique_ptr<llvm::TargetMachine> machine,
             ArrayRef<HostFunction> functions = {});

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_ENGINE_H
