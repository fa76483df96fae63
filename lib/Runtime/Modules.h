//===- Modules.h - Modules and kernels, loaded at first use -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNTIME_MODULES_H
#define FP4_LIB_RUNTIME_MODULES_H

#include "Driver.h"
#include "fp4/Runtime/Runtime.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <mutex>

namespace mlir::fp4::runtime {

class Device;

/// What a block may have without asking for it; more than that must be set as
/// an attribute of the kernel, on every device.
constexpr int32_t defaultMaxDynamicSharedBytes = 48 << 10;

/// The modules that are loaded in the context of a device. The handles
/// themselves are in the caller's FP4RTModule and FP4RTKernel; this knows which
/// of those to reset. The context must be current in all calls.
class Modules {
public:
  /// The function of `kernel`, whose module is loaded if it was not.
  llvm::Expected<CUfunction> getFunction(const Device &device,
                                         FP4RTKernel &kernel);

  llvm::Error unload(const Driver &driver, FP4RTModule &module);
  void unloadAll(const Driver &driver);

  /// Resets all handles and leaves what they stand for to the context.
  void forgetAll();

private:
  llvm::Error load(const Driver &driver, FP4RTModule &module);
  llvm::Expected<CUfunction> resolve(const Device &device,
                                     const FP4RTKernel &kernel);

  std::mutex mutex;
  /// The loaded modules with those of their kernels that are resolved.
  llvm::DenseMap<FP4RTModule *, llvm::SmallVector<FP4RTKernel *>> loaded;
};

/// "kernel 'name'", for messages.
std::string describe(const FP4RTKernel &kernel);

} // namespace mlir::fp4::runtime

#endif // FP4_LIB_RUNTIME_MODULES_H
