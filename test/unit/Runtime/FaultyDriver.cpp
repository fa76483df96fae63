//===- FaultyDriver.cpp - The simulated driver, with a call that fails ----===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A library in front of the simulated CUDA driver, which it is linked with:
// what is not here is found there. FP4_FAULTY_DRIVER names a function that
// fails, "cuMemAllocAsync", or its n-th call only, "cuMemAllocAsync:2". What a
// process leaves allocated or loaded ends it with exit code 3. What it tried to
// give back is not left: no more can be done where that fails. FP4_FAULTY_MAJOR
// is the compute capability that a device says it has, before the point.
//
//===----------------------------------------------------------------------===//

#include "CudaTypes.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <string>
#include <unistd.h>

using namespace mlir::fp4::runtime;

static constexpr CUresult errorUnknown = 999;

/// True if this call of `function` is to fail.
static bool fails(const char *function) {
  const char *failing = std::getenv("FP4_FAULTY_DRIVER");
  if (!failing)
    return false;
  static std::mutex mutex;
  static std::map<std::string, int> counts;
  std::lock_guard<std::mutex> lock(mutex);
  std::string count = std::to_string(++counts[function]);
  return failing == std::string(function) ||
         failing == std::string(function) + ":" + count;
}

namespace {
/// Things of a kind that are there, counted until the process ends.
class Live {
public:
  explicit Live(const char *kind) : kind(kind) {}

  ~Live() {
    if (count == 0)
      return;
    std::fprintf(stderr, "faulty driver: %d %s left\n", count.load(), kind);
    _exit(3);
  }

  CUresult add(CUresult result) {
    count += result == cudaSuccess;
    return result;
  }

  CUresult remove(CUresult result) {
    --count;
    return result;
  }

private:
  const char *kind;
  std::atomic<int> count{0};
};
} // namespace

static Live allocations("allocations"), modules("modules");

/// Fails as `name`, or calls the next library's function of the symbol.
template <typename... Params>
static CUresult forward(const char *name, const char *symbol, Params... args) {
  if (fails(name))
    return errorUnknown;
  return reinterpret_cast<CUresult (*)(Params...)>(dlsym(RTLD_NEXT, symbol))(
      args...);
}

#define DRIVER extern "C" __attribute__((visibility("default"))) CUresult

DRIVER cuInit(unsigned flags) { return forward("cuInit", "cuInit", flags); }

DRIVER cuDeviceGetCount(int *count) {
  return forward("cuDeviceGetCount", "cuDeviceGetCount", count);
}

DRIVER cuDeviceGet(CUdevice *device, int ordinal) {
  return forward("cuDeviceGet", "cuDeviceGet", device, ordinal);
}

DRIVER cuDeviceGetName(char *name, int length, CUdevice device) {
  return forward("cuDeviceGetName", "cuDeviceGetName", name, length, device);
}

DRIVER cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  if (attribute == ComputeCapabilityMajor && std::getenv("FP4_FAULTY_MAJOR")) {
    *value = std::atoi(std::getenv("FP4_FAULTY_MAJOR"));
    return cudaSuccess;
  }
  return forward("cuDeviceGetAttribute", "cuDeviceGetAttribute", value,
                 attribute, device);
}

DRIVER cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  return forward("cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRetain",
                 context, device);
}

DRIVER cuCtxGetCurrent(CUcontext *context) {
  return forward("cuCtxGetCurrent", "cuCtxGetCurrent", context);
}

DRIVER cuCtxSetCurrent(CUcontext context) {
  return forward("cuCtxSetCurrent", "cuCtxSetCurrent", context);
}

DRIVER cuStreamCreate(CUstream *stream, unsigned flags) {
  return forward("cuStreamCreate", "cuStreamCreate", stream, flags);
}

DRIVER cuStreamSynchronize(CUstream stream) {
  return forward("cuStreamSynchronize", "cuStreamSynchronize", stream);
}

DRIVER cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes, CUstream stream) {
  return allocations.add(
      forward("cuMemAllocAsync", "cuMemAllocAsync", pointer, bytes, stream));
}

DRIVER cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
  return allocations.remove(
      forward("cuMemFreeAsync", "cuMemFreeAsync", pointer, stream));
}

DRIVER cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                            CUstream stream) {
  return forward("cuMemcpyHtoDAsync", "cuMemcpyHtoDAsync_v2", to, from, bytes,
                 stream);
}

DRIVER cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                            CUstream stream) {
  return forward("cuMemcpyDtoHAsync", "cuMemcpyDtoHAsync_v2", to, from, bytes,
                 stream);
}

DRIVER cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count,
                          JitOption *options, void **values) {
  return modules.add(forward("cuModuleLoadDataEx", "cuModuleLoadDataEx", module,
                             image, count, options, values));
}

DRIVER cuModuleUnload(CUmodule module) {
  return modules.remove(forward("cuModuleUnload", "cuModuleUnload", module));
}

DRIVER cuModuleGetFunction(CUfunction *function, CUmodule module,
                           const char *name) {
  return forward("cuModuleGetFunction", "cuModuleGetFunction", function, module,
                 name);
}

DRIVER cuLaunchKernelEx(const LaunchConfig *config, CUfunction function,
                        void **parameters, void **extra) {
  return forward("cuLaunchKernelEx", "cuLaunchKernelEx", config, function,
                 parameters, extra);
}
