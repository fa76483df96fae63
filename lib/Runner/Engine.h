//===- Engine.h - Machine code in memory ------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR's ExecutionEngine compiles a whole module before its first function can
// be called. Here a function is compiled when it is called first: of the code
// for few and for many rows, what is not needed costs nothing.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNNER_ENGINE_H
#define FP4_LIB_RUNNER_ENGINE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <mutex>

namespace mlir::fp4 {

/// A function of this process that compiled code calls by name.
using HostFunction = std::pair<StringRef, void *>;

/// This machine and plain code: conversions to bf16 are not its instructions',
/// which flush subnormals.
llvm::Expected<llvm::orc::JITTargetMachineBuilder> detectHost();

class Engine {
public:
  /// Takes `module`, in the LLVM dialect, for what `machine` says. Its code is
  /// to be called by callChecked.
  /// \param cache a folder to keep objects in, empty for none.
  static llvm::Expected<std::unique_ptr<Engine>>
  create(ModuleOp module, llvm::orc::JITTargetMachineBuilder machine,
         ArrayRef<HostFunction> functions = {}, StringRef cache = "");

  /// The address of a global or of a function of the module.
  llvm::Expected<void *> lookup(StringRef name);

  /// The function that calls `name` with arguments that `pointers` point to.
  using PackedFunction = void (*)(void **pointers);
  llvm::Expected<PackedFunction> lookupPacked(StringRef name);

private:
  explicit Engine(std::unique_ptr<llvm::orc::LLLazyJIT> jit)
      : jit(std::move(jit)) {}

  std::unique_ptr<llvm::orc::LLLazyJIT> jit;
  /// Those that were looked up: the JIT takes longer for that than a small
  /// layer for its work.
  llvm::StringMap<PackedFunction> functions;
  std::mutex mutex;
};

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_ENGINE_H
