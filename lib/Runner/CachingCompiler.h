//===- CachingCompiler.h - LLVM IR to objects, once ----------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNNER_CACHINGCOMPILER_H
#define FP4_LIB_RUNNER_CACHINGCOMPILER_H

#include "llvm/ExecutionEngine/Orc/IRCompileLayer.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"

namespace mlir::fp4 {

/// Optimizes a module and compiles it to an object, or takes the object from a
/// folder that an earlier process, or another one at the same time, has put it
/// in. Objects are found by all that they depend on: the IR, the CPU with its
/// features, and the versions of LLVM and of this project.
class CachingCompiler : public llvm::orc::IRCompileLayer::IRCompiler {
public:
  /// \param folder is made if it is not there; empty: nothing is kept.
  CachingCompiler(llvm::orc::JITTargetMachineBuilder machine,
                  std::string folder);

  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
  operator()(llvm::Module &module) override;

private:
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
  compile(llvm::Module &module);
  std::string getKey(const llvm::Module &module) const;

  llvm::orc::JITTargetMachineBuilder machine;
  std::string folder;
};

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_CACHINGCOMPILER_H
