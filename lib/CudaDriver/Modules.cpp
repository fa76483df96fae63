//===- Modules.cpp - cuModule ---------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Images.h"
#include "Loading.h"

using namespace llvm;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

static Error load(Driver &driver, Context &context, const void *image,
                  StringRef name, CUmodule *out) {
  Expected<std::string> text = readImage(image, driver.chip());
  if (!text)
    return text.takeError();
  Expected<Module *> module = loadModule(driver, context, *text, name);
  if (!module)
    return module.takeError();
  *out = toHandle<CUmodule>(**module);
  return Error::success();
}

static CUresult loadData(const char *name, CUmodule *module, const void *image,
                         unsigned numOptions = 0,
                         const CUjit_option *options = nullptr,
                         void **values = nullptr) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!module || !image)
      return CUDA_ERROR_INVALID_VALUE;
    JitOptions jit;
    CUresult result =
        jit.read(name, driver.chip(), numOptions, options, values);
    if (result != CUDA_SUCCESS)
      return result;
    return jit.finish(name, load(driver, context, image, "ptx", module));
  });
}

FP4_CUDA(cuModuleLoad, (CUmodule * module, const char *file)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!module || !file)
      return CUDA_ERROR_INVALID_VALUE;
    JitOptions jit;
    Expected<std::string> bytes = readFile(file);
    if (!bytes)
      return jit.finish("cuModuleLoad", bytes.takeError());
    return jit.finish("cuModuleLoad",
                      load(driver, context, bytes->c_str(), file, module));
  });
}

FP4_CUDA(cuModuleLoadData, (CUmodule * module, const void *image)) {
  return loadData("cuModuleLoadData", module, image);
}

FP4_CUDA(cuModuleLoadDataEx,
         (CUmodule * module, const void *image, unsigned numOptions,
          const CUjit_option *options, void **values)) {
  return loadData("cuModuleLoadDataEx", module, image, numOptions, options,
                  values);
}

FP4_CUDA(cuModuleLoadFatBinary, (CUmodule * module, const void *image)) {
  return loadData("cuModuleLoadFatBinary", module, image);
}

FP4_CUDA(cuModuleGetLoadingMode, (int *mode)) {
  return call([&](Driver &) {
    if (!mode)
      return CUDA_ERROR_INVALID_VALUE;
    *mode = 1; // CU_MODULE_EAGER_LOADING
    return CUDA_SUCCESS;
  });
}

//===----------------------------------------------------------------------===//
// What modules have
//===----------------------------------------------------------------------===//

/// Runs a call about a module of the current context.
static CUresult
callWithModule(CUmodule handle,
               function_ref<CUresult(Driver &, Module &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    Module *module = driver.modules.find(handle);
    if (!module || module->context != context.handle)
      return CUDA_ERROR_INVALID_HANDLE;
    return body(driver, *module);
  });
}

FP4_CUDA(cuModuleUnload, (CUmodule module)) {
  return callWithModule(module, [](Driver &driver, Module &found) {
    // A library unloads its own.
    if (found.library)
      return CUDA_ERROR_NOT_PERMITTED;
    unloadModule(driver, found);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuModuleGetFunction,
         (CUfunction * function, CUmodule module, const char *name)) {
  return callWithModule(module, [&](Driver &driver, Module &found) {
    if (!function || !name)
      return CUDA_ERROR_INVALID_VALUE;
    for (uint64_t handle : found.functions) {
      if (driver.functions.find(handle)->name != name)
        continue;
      *function = reinterpret_cast<CUfunction>(handle);
      return CUDA_SUCCESS;
    }
    return CUDA_ERROR_NOT_FOUND;
  });
}

FP4_CUDA(cuModuleGetFunctionCount, (unsigned *count, CUmodule module)) {
  return callWithModule(module, [&](Driver &, Module &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    *count = unsigned(found.functions.size());
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuModuleEnumerateFunctions,
         (CUfunction * functions, unsigned count, CUmodule module)) {
  return callWithModule(module, [&](Driver &, Module &found) {
    if (!functions || count == 0)
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < count && i < found.functions.size(); ++i)
      functions[i] = reinterpret_cast<CUfunction>(found.functions[i]);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuModuleGetGlobal_v2, (CUdeviceptr * address, size_t *size,
                                CUmodule module, const char *name)) {
  return callWithModule(module, [&](Driver &, Module &found) {
    return getGlobal(found, name, address, size);
  });
}
FP4_CUDA_ALIAS(cuModuleGetGlobal, cuModuleGetGlobal_v2)
