//===- Loading.cpp - Modules, from images and with options ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loading.h"
#include "Images.h"
#include "fp4/Simulator/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// The number in a slot that has room for a pointer.
static uint32_t getNumber(void *const *slot) {
  return uint32_t(reinterpret_cast<uintptr_t>(*slot));
}

CUresult JitOptions::read(const char *call, const Chip &chip, unsigned count,
                          const CUjit_option *options, void **values) {
  if (count && (!options || !values))
    return CUDA_ERROR_INVALID_VALUE;
  for (unsigned i = 0; i < count; ++i) {
    int option = options[i];
    if (option < 0 || option >= CU_JIT_NUM_OPTIONS)
      return fail(call, CUDA_ERROR_INVALID_VALUE,
                  "there is no JIT option " + Twine(option));
    if ((option >= CU_JIT_GLOBAL_SYMBOL_NAMES &&
         option <= CU_JIT_GLOBAL_SYMBOL_COUNT) ||
        (option == CU_JIT_LTO && getNumber(&values[i])))
      return refuse(call, "JIT option " + Twine(option) +
                              " is about linking, and there is no linker");
    if (option == CU_JIT_OVERRIDE_DIRECTIVE_VALUES && getNumber(&values[i]))
      return refuse(call, "the limits in the PTX are kept");
    if (option == CU_JIT_TARGET &&
        getNumber(&values[i]) % 0x10000 != chip.number)
      return fail(call, CUDA_ERROR_NO_BINARY_FOR_GPU,
                  "JIT target " + Twine(getNumber(&values[i])) +
                      " is not the device's, " + chip.name);
    slots[option] = &values[i];
  }
  for (auto [buffer, size] :
       {std::pair(CU_JIT_INFO_LOG_BUFFER, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES),
        std::pair(CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)})
    if (slots.count(buffer) && *slots[buffer] && !slots.count(size))
      return fail(call, CUDA_ERROR_INVALID_VALUE,
                  "a JIT log needs an option with its size");
  return CUDA_SUCCESS;
}

void **JitOptions::find(int option) {
  auto it = slots.find(option);
  return it == slots.end() ? nullptr : it->second;
}

void JitOptions::fill(int buffer, int size, StringRef text) {
  void **sizeSlot = find(size), **bufferSlot = find(buffer);
  if (!sizeSlot)
    return;
  size_t written = 0;
  size_t room = getNumber(sizeSlot);
  if (bufferSlot && *bufferSlot && room) {
    written = std::min(text.size(), room - 1);
    std::memcpy(*bufferSlot, text.data(), written);
    static_cast<char *>(*bufferSlot)[written] = '\0';
  }
  *sizeSlot = reinterpret_cast<void *>(uintptr_t(written));
}

CUresult JitOptions::finish(const char *call, Error error) {
  CUresult result = CUDA_SUCCESS;
  std::string message;
  handleAllErrors(std::move(error), [&](const ImageError &image) {
    result = image.result;
    message = image.message();
  });
  void **log = find(CU_JIT_ERROR_LOG_BUFFER);
  if (result != CUDA_SUCCESS && !(log && *log))
    fail(call, result, message);
  fill(CU_JIT_INFO_LOG_BUFFER, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, "");
  fill(CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, message);
  if (void **time = find(CU_JIT_WALL_TIME)) {
    float milliseconds = std::chrono::duration<float, std::milli>(
                             std::chrono::steady_clock::now() - begin)
                             .count();
    std::memcpy(time, &milliseconds, sizeof(milliseconds));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static Error withResult(CUresult result, Error error) {
  return make_error<ImageError>(result, toString(std::move(error)));
}

Expected<Module *> cuda::loadModule(Driver &driver, Context &context,
                                    StringRef text, StringRef name) {
  Expected<ptx::Module> parsed = ptx::parse(text, name);
  if (!parsed)
    return withResult(CUDA_ERROR_INVALID_PTX, parsed.takeError());
  if (Error error = driver.chip().checkTarget(*parsed))
    return withResult(CUDA_ERROR_NO_BINARY_FOR_GPU, std::move(error));
  Expected<std::unique_ptr<Program>> program =
      Program::load(std::move(*parsed), driver.chip(), driver.memory);
  if (!program)
    return withResult(CUDA_ERROR_INVALID_PTX, program.takeError());

  auto owned = std::make_unique<Module>();
  owned->context = context.handle;
  owned->program = std::move(*program);
  Module &module = driver.modules.add(std::move(owned));
  const Chip &chip = driver.chip();
  for (const Kernel &kernel : module.program->kernels()) {
    auto function = std::make_unique<Function>();
    function->context = context.handle;
    function->program = module.program.get();
    function->kernel = &kernel;
    function->module = module.handle;
    function->name = kernel.name.str();
    // What a block may have without opting in to more.
    function->settings.maxDynamicShared = std::max(
        0, (48 << 10) - int(kernel.staticShared - chip.reservedShared));
    for (unsigned i = 0; i < 3; ++i)
      function->settings.cluster[i] = int(kernel.limits.clusterSize[i]);
    module.functions.push_back(
        driver.functions.add(std::move(function)).handle);
  }
  return &module;
}

void cuda::unloadModule(Driver &driver, Module &module) {
  for (uint64_t handle : module.functions)
    if (Function *function = driver.functions.find(handle))
      driver.functions.erase(*function);
  driver.modules.erase(module);
}

CUresult cuda::getGlobal(const Module &module, const char *name,
                         CUdeviceptr *address, size_t *size) {
  if (!name || !(address || size))
    return CUDA_ERROR_INVALID_VALUE;
  const Allocation *global = module.program->findGlobal(name);
  if (!global)
    return CUDA_ERROR_NOT_FOUND;
  if (address)
    *address = global->base;
  if (size)
    *size = global->size;
  return CUDA_SUCCESS;
}

Expected<std::string> cuda::readFile(const char *name) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(name);
  if (!file)
    return make_error<ImageError>(CUDA_ERROR_FILE_NOT_FOUND,
                                  "cannot read '" + Twine(name) +
                                      "': " + file.getError().message());
  return (*file)->getBuffer().str();
}
