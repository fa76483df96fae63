//===- Loading.h - Modules, from images and with options ------ -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_LOADING_H
#define FP4_LIB_CUDADRIVER_LOADING_H

#include "Driver.h"

namespace mlir::fp4::sim::cuda {

/// The options of a call that loads, and the logs that it fills.
class JitOptions {
public:
  /// An error is a number that is no option, or what is not simulated.
  CUresult read(const char *call, const Chip &chip, unsigned count,
                const CUjit_option *options, void **values);

  /// Fills the logs after a load that ended with that error, or well. Without a
  /// log the error is said on stderr. Returns the result of the call.
  CUresult finish(const char *call, llvm::Error error);

private:
  void fill(int buffer, int size, llvm::StringRef text);
  void **find(int option);

  std::map<int, void **> slots;
  std::chrono::steady_clock::time_point begin =
      std::chrono::steady_clock::now();
};

/// Loads PTX in a context. Errors are ImageErrors.
llvm::Expected<Module *> loadModule(Driver &driver, Context &context,
                                    llvm::StringRef text, llvm::StringRef name);

/// The bytes of a file and a NUL. Errors are ImageErrors.
llvm::Expected<std::string> readFile(const char *name);

/// Forgets a module and its functions.
void unloadModule(Driver &driver, Module &module);

/// The variable of a module, for cuModuleGetGlobal().
CUresult getGlobal(const Module &module, const char *name, CUdeviceptr *address,
                   size_t *size);

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_LOADING_H
