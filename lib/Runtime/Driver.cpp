//===- Driver.cpp - The CUDA driver, loaded at run time -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <dlfcn.h>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

/// Finds a function; its type is the caller's word.
template <typename... Params>
static bool resolve(void *handle, const char *symbol,
                    Driver::Function<Params...> &function) {
  function.entry =
      reinterpret_cast<CUresult (*)(Params...)>(dlsym(handle, symbol));
  return function.entry != nullptr;
}

Expected<std::unique_ptr<Driver>> Driver::load(StringRef path) {
  void *handle = dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    // glibc begins with the library at fault, which may be one that the driver
    // needs in turn.
    StringRef reason = dlerror();
    reason.consume_front((path + ": ").str());
    return makeError("no CUDA driver: {0}: {1}", path, reason);
  }
  std::unique_ptr<Driver> driver(new Driver(handle));

#define FP4_RESOLVE(NAME, SYMBOL, ...)                                         \
  if (!resolve(handle, SYMBOL, driver->NAME))                                  \
    return makeError("no CUDA driver: {0}: it lacks {1}", path, SYMBOL);
  FP4_DRIVER_FUNCTIONS(FP4_RESOLVE)
#undef FP4_RESOLVE
#define FP4_RESOLVE(NAME, SYMBOL, ...) resolve(handle, SYMBOL, driver->NAME);
  FP4_DRIVER_OPTIONAL_FUNCTIONS(FP4_RESOLVE)
#undef FP4_RESOLVE
  return std::move(driver);
}

Driver::~Driver() { dlclose(handle); }

Error Driver::describe(const char *name, CUresult result) const {
  // Both leave null for a number that is newer than they are.
  const char *errorName = nullptr, *errorString = nullptr;
  cuGetErrorName.entry(result, &errorName);
  cuGetErrorString.entry(result, &errorString);
  if (!errorName)
    return makeError("{0} failed: error {1}", name, result);
  return makeError("{0} failed: {1} ({2})", name, errorName,
                   errorString ? errorString : "no description");
}

Error mlir::fp4::runtime::inContextOf(const Twine &thing, Error error) {
  if (!error)
    return error;
  return createStringError(thing + ": " + toString(std::move(error)));
}
