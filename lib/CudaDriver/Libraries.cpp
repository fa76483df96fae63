//===- Libraries.cpp - cuLibrary and cuKernel -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A library is of no context: each context in which a kernel is used loads it
// then. Kernels are also taken wherever functions are.
//
//===----------------------------------------------------------------------===//

#include "Functions.h"
#include "Images.h"
#include "Loading.h"
#include "fp4/Simulator/Parser.h"

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// In a context
//===----------------------------------------------------------------------===//

Module *Driver::findModule(Context &context, Library &library,
                           CUresult &result) {
  if (Module *module = modules.findIf([&](const Module &module) {
        return module.library == library.handle &&
               module.context == context.handle;
      }))
    return module;
  Expected<Module *> module = loadModule(*this, context, library.text, "ptx");
  if (!module) {
    result = JitOptions().finish("cuLibrary", module.takeError());
    return nullptr;
  }
  (*module)->library = library.handle;
  for (auto [i, handle] : enumerate(library.kernels))
    for (auto [attribute, value] : kernels.find(handle)->attributes)
      setAttribute("cuKernelSetAttribute", chip(),
                   *functions.find((*module)->functions[i]), attribute, value);
  return *module;
}

Function *Driver::findFunction(Context &context, const void *handle) {
  if (Function *function = functions.find(handle))
    return function->context == context.handle ? function : nullptr;
  LibraryKernel *kernel = kernels.find(handle);
  Library *library = kernel ? libraries.find(kernel->library) : nullptr;
  CUresult result = CUDA_SUCCESS;
  Module *module = library ? findModule(context, *library, result) : nullptr;
  return module ? functions.find(module->functions[kernel->index]) : nullptr;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// Reads the image so far that its kernels are known.
static Error load(Driver &driver, const void *image, CUlibrary *out) {
  Expected<std::string> text = readImage(image, driver.chip());
  if (!text)
    return text.takeError();
  Expected<ptx::Module> parsed = ptx::parse(*text, "ptx");
  if (!parsed)
    return make_error<ImageError>(CUDA_ERROR_INVALID_PTX,
                                  toString(parsed.takeError()));
  // Loading it once shows what is wrong now rather than at its first use.
  if (Error error = driver.chip().checkTarget(*parsed))
    return make_error<ImageError>(CUDA_ERROR_NO_BINARY_FOR_GPU,
                                  toString(std::move(error)));
  DeviceMemory memory;
  Expected<std::unique_ptr<Program>> program =
      Program::load(std::move(*parsed), driver.chip(), memory);
  if (!program)
    return make_error<ImageError>(CUDA_ERROR_INVALID_PTX,
                                  toString(program.takeError()));
  Library &library = driver.libraries.add(std::make_unique<Library>());
  library.text = std::move(*text);
  for (auto [i, kernel] : enumerate((*program)->kernels())) {
    LibraryKernel &added =
        driver.kernels.add(std::make_unique<LibraryKernel>());
    added.library = library.handle;
    added.index = unsigned(i);
    added.name = kernel.name.str();
    library.kernels.push_back(added.handle);
  }
  *out = toHandle<CUlibrary>(library);
  return Error::success();
}

static CUresult load(const char *name, CUlibrary *library, const char *file,
                     const void *image, const CUjit_option *options,
                     void **values, unsigned numOptions,
                     const CUlibraryOption *libraryOptions,
                     unsigned numLibraryOptions) {
  return call([&](Driver &driver) {
    if (!library || !(file || image) || (numLibraryOptions && !libraryOptions))
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < numLibraryOptions; ++i)
      if (libraryOptions[i] != CU_LIBRARY_BINARY_IS_PRESERVED)
        return libraryOptions[i] ==
                       CU_LIBRARY_HOST_UNIVERSAL_FUNCTION_AND_DATA_TABLE
                   ? refuse(name, "the runtime's tables are not public")
                   : CUDA_ERROR_INVALID_VALUE;
    JitOptions jit;
    CUresult result =
        jit.read(name, driver.chip(), numOptions, options, values);
    if (result != CUDA_SUCCESS)
      return result;
    if (image)
      return jit.finish(name, load(driver, image, library));
    Expected<std::string> bytes = readFile(file);
    return jit.finish(name, bytes ? load(driver, bytes->c_str(), library)
                                  : bytes.takeError());
  });
}

FP4_CUDA(cuLibraryLoadData,
         (CUlibrary * library, const void *image, CUjit_option *options,
          void **values, unsigned numOptions, CUlibraryOption *libraryOptions,
          void **, unsigned numLibraryOptions)) {
  return load("cuLibraryLoadData", library, nullptr, image, options, values,
              numOptions, libraryOptions, numLibraryOptions);
}

FP4_CUDA(cuLibraryLoadFromFile,
         (CUlibrary * library, const char *file, CUjit_option *options,
          void **values, unsigned numOptions, CUlibraryOption *libraryOptions,
          void **, unsigned numLibraryOptions)) {
  return load("cuLibraryLoadFromFile", library, file, nullptr, options, values,
              numOptions, libraryOptions, numLibraryOptions);
}

//===----------------------------------------------------------------------===//
// What libraries have
//===----------------------------------------------------------------------===//

static CUresult
callWithLibrary(CUlibrary handle,
                function_ref<CUresult(Driver &, Library &)> body) {
  return call([&](Driver &driver) {
    Library *library = driver.libraries.find(handle);
    return library ? body(driver, *library) : CUDA_ERROR_INVALID_HANDLE;
  });
}

/// Runs a call about a library as it is loaded in the current context.
static CUresult callWithModule(CUlibrary handle,
                               function_ref<CUresult(Module &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    Library *library = driver.libraries.find(handle);
    if (!library)
      return CUDA_ERROR_INVALID_HANDLE;
    CUresult result = CUDA_SUCCESS;
    Module *module = driver.findModule(context, *library, result);
    return module ? body(*module) : result;
  });
}

FP4_CUDA(cuLibraryUnload, (CUlibrary library)) {
  return callWithLibrary(library, [](Driver &driver, Library &found) {
    while (Module *module = driver.modules.findIf([&](const Module &module) {
      return module.library == found.handle;
    }))
      unloadModule(driver, *module);
    for (uint64_t handle : found.kernels)
      driver.kernels.erase(*driver.kernels.find(handle));
    driver.libraries.erase(found);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuLibraryGetKernel,
         (CUkernel * kernel, CUlibrary library, const char *name)) {
  return callWithLibrary(library, [&](Driver &driver, Library &found) {
    if (!kernel || !name)
      return CUDA_ERROR_INVALID_VALUE;
    for (uint64_t handle : found.kernels) {
      if (driver.kernels.find(handle)->name != name)
        continue;
      *kernel = reinterpret_cast<CUkernel>(handle);
      return CUDA_SUCCESS;
    }
    return CUDA_ERROR_NOT_FOUND;
  });
}

FP4_CUDA(cuLibraryGetKernelCount, (unsigned *count, CUlibrary library)) {
  return callWithLibrary(library, [&](Driver &, Library &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    *count = unsigned(found.kernels.size());
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuLibraryEnumerateKernels,
         (CUkernel * kernels, unsigned count, CUlibrary library)) {
  return callWithLibrary(library, [&](Driver &, Library &found) {
    if (!kernels || count == 0)
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < count && i < found.kernels.size(); ++i)
      kernels[i] = reinterpret_cast<CUkernel>(found.kernels[i]);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuLibraryGetModule, (CUmodule * module, CUlibrary library)) {
  return callWithModule(library, [&](Module &found) {
    if (!module)
      return CUDA_ERROR_INVALID_VALUE;
    *module = toHandle<CUmodule>(found);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuLibraryGetGlobal, (CUdeviceptr * address, size_t *size,
                              CUlibrary library, const char *name)) {
  return callWithModule(library, [&](Module &found) {
    return getGlobal(found, name, address, size);
  });
}

// PTX's managed variables are not simulated, so that a library has none.
FP4_CUDA(cuLibraryGetManaged, (CUdeviceptr * address, size_t *,
                               CUlibrary library, const char *name)) {
  return callWithLibrary(library, [&](Driver &, Library &) {
    return address && name ? CUDA_ERROR_NOT_FOUND : CUDA_ERROR_INVALID_VALUE;
  });
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Runs a call about a kernel in the current context.
static CUresult callWithKernel(
    CUkernel handle,
    function_ref<CUresult(Driver &, LibraryKernel &, Function &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    LibraryKernel *kernel = driver.kernels.find(handle);
    Function *function =
        kernel ? driver.findFunction(context, handle) : nullptr;
    return function ? body(driver, *kernel, *function)
                    : CUDA_ERROR_INVALID_HANDLE;
  });
}

FP4_CUDA(cuKernelGetFunction, (CUfunction * function, CUkernel kernel)) {
  return callWithKernel(kernel,
                        [&](Driver &, LibraryKernel &, Function &found) {
                          if (!function)
                            return CUDA_ERROR_INVALID_VALUE;
                          *function = toHandle<CUfunction>(found);
                          return CUDA_SUCCESS;
                        });
}

FP4_CUDA(cuKernelGetLibrary, (CUlibrary * library, CUkernel kernel)) {
  return call([&](Driver &driver) {
    LibraryKernel *found = driver.kernels.find(kernel);
    if (!found)
      return CUDA_ERROR_INVALID_HANDLE;
    if (!library)
      return CUDA_ERROR_INVALID_VALUE;
    *library = reinterpret_cast<CUlibrary>(found->library);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuKernelGetName, (const char **name, CUkernel kernel)) {
  return call([&](Driver &driver) {
    LibraryKernel *found = driver.kernels.find(kernel);
    if (!found)
      return CUDA_ERROR_INVALID_HANDLE;
    if (!name)
      return CUDA_ERROR_INVALID_VALUE;
    *name = found->name.c_str();
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuKernelGetParamInfo,
         (CUkernel kernel, size_t index, size_t *offset, size_t *size)) {
  return callWithKernel(kernel,
                        [&](Driver &, LibraryKernel &, Function &function) {
                          return getParameter(function, index, offset, size);
                        });
}

FP4_CUDA(cuKernelGetAttribute,
         (int *value, int attribute, CUkernel kernel, CUdevice device)) {
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  return callWithKernel(
      kernel, [&](Driver &driver, LibraryKernel &, Function &function) {
        return getAttribute("cuKernelGetAttribute", driver.chip(), function,
                            attribute, value);
      });
}

FP4_CUDA(cuKernelSetAttribute,
         (int attribute, int value, CUkernel kernel, CUdevice device)) {
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  return callWithKernel(
      kernel, [&](Driver &driver, LibraryKernel &found, Function &function) {
        CUresult result = setAttribute("cuKernelSetAttribute", driver.chip(),
                                       function, attribute, value);
        if (result == CUDA_SUCCESS)
          found.attributes[attribute] = value;
        return result;
      });
}

FP4_CUDA(cuKernelSetCacheConfig,
         (CUkernel kernel, int config, CUdevice device)) {
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  return callWithKernel(kernel, [&](Driver &, LibraryKernel &, Function &) {
    return config < 0 || config > 3 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  });
}
