//===- Modules.cpp - Modules and kernels, loaded at first use -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Modules.h"
#include "Device.h"
#include "State.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

std::string mlir::fp4::runtime::describe(const FP4RTKernel &kernel) {
  return ("kernel '" + Twine(kernel.name) + "'").str();
}

static std::string describe(const FP4RTModule &module) {
  return ("module '" + Twine(module.name ? module.name : "") + "'").str();
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// The first lines of ptxas' log, where the first error is.
static std::string excerpt(StringRef log) {
  constexpr size_t maxLines = 8;
  SmallVector<StringRef> lines;
  log.trim().split(lines, '\n');
  bool isLonger = lines.size() > maxLines;
  if (isLonger)
    lines.truncate(maxLines);
  return join(lines, "\n") + (isLonger ? "\n..." : "");
}

Error Modules::load(const Driver &driver, FP4RTModule &module) {
  if (!module.image || module.size <= 0)
    return makeError("its image is empty");
  // The driver finds the end of PTX text by its NUL, which the size may or may
  // not count.
  std::string image(static_cast<const char *>(module.image), module.size);
  std::string log(8 << 10, '\0');
  JitOption options[] = {ErrorLogBuffer, ErrorLogBufferSizeBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  CUmodule handle = nullptr;
  Error error = driver.call(driver.cuModuleLoadDataEx, &handle, image.c_str(),
                            std::size(options), options, values);
  if (error) {
    std::string reason = excerpt(log.c_str());
    if (reason.empty())
      return error;
    return makeError("{0}: {1}", toString(std::move(error)), reason);
  }
  module.module = handle;
  loaded.try_emplace(&module);
  return Error::success();
}

Expected<CUfunction> Modules::resolve(const Device &device,
                                      const FP4RTKernel &kernel) {
  const Driver &driver = *device.driver;
  int32_t sharedBytes = kernel.dynamicSharedBytes;
  if (sharedBytes < 0 || sharedBytes > device.maxSharedBytes)
    return makeError("it declares {0} bytes of dynamic shared memory, but a "
                     "block of {1} has at most {2}",
                     sharedBytes, device.name, device.maxSharedBytes);
  CUfunction function = nullptr;
  if (Error error = driver.call(driver.cuModuleGetFunction, &function,
                                static_cast<CUmodule>(kernel.module->module),
                                kernel.name))
    return inContextOf(::describe(*kernel.module), std::move(error));
  if (sharedBytes > defaultMaxDynamicSharedBytes)
    if (Error error = driver.call(driver.cuFuncSetAttribute, function,
                                  MaxDynamicSharedSizeBytes, sharedBytes))
      return inContextOf(Twine(sharedBytes) + " bytes of dynamic shared memory",
                         std::move(error));
  return function;
}

Expected<CUfunction> Modules::getFunction(const Device &device,
                                          FP4RTKernel &kernel) {
  // Launches after the first take no lock. The structures are C's and cannot
  // hold a std::atomic.
  if (void *function = __atomic_load_n(&kernel.function, __ATOMIC_ACQUIRE))
    return static_cast<CUfunction>(function);
  std::lock_guard<std::mutex> lock(mutex);
  if (kernel.function)
    return static_cast<CUfunction>(kernel.function);
  if (!kernel.module->module)
    if (Error error = load(*device.driver, *kernel.module))
      return inContextOf(::describe(*kernel.module), std::move(error));
  Expected<CUfunction> function = resolve(device, kernel);
  if (!function)
    return inContextOf(describe(kernel), function.takeError());
  loaded[kernel.module].push_back(&kernel);
  __atomic_store_n(&kernel.function, *function, __ATOMIC_RELEASE);
  return *function;
}

//===----------------------------------------------------------------------===//
// Unloading
//===----------------------------------------------------------------------===//

static void reset(FP4RTModule &module, ArrayRef<FP4RTKernel *> kernels) {
  for (FP4RTKernel *kernel : kernels)
    kernel->function = nullptr;
  module.module = nullptr;
}

Error Modules::unload(const Driver &driver, FP4RTModule &module) {
  std::lock_guard<std::mutex> lock(mutex);
  auto entry = loaded.find(&module);
  if (entry == loaded.end())
    return Error::success();
  CUmodule handle = static_cast<CUmodule>(module.module);
  reset(module, entry->second);
  loaded.erase(entry);
  return inContextOf(::describe(module),
                     driver.call(driver.cuModuleUnload, handle));
}

void Modules::unloadAll(const Driver &driver) {
  for (auto &[module, kernels] : loaded)
    consumeError(driver.call(driver.cuModuleUnload,
                             static_cast<CUmodule>(module->module)));
  forgetAll();
}

void Modules::forgetAll() {
  std::lock_guard<std::mutex> lock(mutex);
  for (auto &[module, kernels] : loaded)
    reset(*module, kernels);
  loaded.clear();
}

void fp4rtUnloadModule(FP4RTModule *module) {
  giveBack([&](Device &device) {
    return device.modules.unload(*device.driver, *module);
  });
}
