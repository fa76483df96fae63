//===- Driver.h - The CUDA driver, loaded at run time -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNTIME_DRIVER_H
#define FP4_LIB_RUNTIME_DRIVER_H

#include "CudaTypes.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLForwardCompat.h"
#include "llvm/ADT/StringRef.h"
#include <memory>

/// The driver's functions: X(name, symbol, parameter types...). The symbol is
/// the version of the function that cuda.h gives the name to.
#define FP4_DRIVER_FUNCTIONS(X)                                                \
  X(cuGetErrorName, "cuGetErrorName", CUresult, const char **)                 \
  X(cuGetErrorString, "cuGetErrorString", CUresult, const char **)             \
  X(cuInit, "cuInit", unsigned)                                                \
  X(cuDeviceGetCount, "cuDeviceGetCount", int *)                               \
  X(cuDeviceGet, "cuDeviceGet", CUdevice *, int)                               \
  X(cuDeviceGetName, "cuDeviceGetName", char *, int, CUdevice)                 \
  X(cuDeviceGetAttribute, "cuDeviceGetAttribute", int *, DeviceAttribute,      \
    CUdevice)                                                                  \
  X(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", CUcontext *,         \
    CUdevice)                                                                  \
  X(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", CUdevice)       \
  X(cuCtxGetCurrent, "cuCtxGetCurrent", CUcontext *)                           \
  X(cuCtxSetCurrent, "cuCtxSetCurrent", CUcontext)                             \
  X(cuCtxPushCurrent, "cuCtxPushCurrent_v2", CUcontext)                        \
  X(cuCtxPopCurrent, "cuCtxPopCurrent_v2", CUcontext *)                        \
  X(cuCtxGetDevice, "cuCtxGetDevice", CUdevice *)                              \
  X(cuStreamCreate, "cuStreamCreate", CUstream *, unsigned)                    \
  X(cuStreamDestroy, "cuStreamDestroy_v2", CUstream)                           \
  X(cuStreamSynchronize, "cuStreamSynchronize", CUstream)                      \
  X(cuMemAllocAsync, "cuMemAllocAsync", CUdeviceptr *, size_t, CUstream)       \
  X(cuMemFreeAsync, "cuMemFreeAsync", CUdeviceptr, CUstream)                   \
  X(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", CUdeviceptr, const void *,      \
    size_t, CUstream)                                                          \
  X(cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", void *, CUdeviceptr, size_t,    \
    CUstream)                                                                  \
  X(cuMemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", CUdeviceptr, CUdeviceptr,       \
    size_t, CUstream)                                                          \
  X(cuMemsetD8Async, "cuMemsetD8Async", CUdeviceptr, unsigned char, size_t,    \
    CUstream)                                                                  \
  X(cuModuleLoadDataEx, "cuModuleLoadDataEx", CUmodule *, const void *,        \
    unsigned, JitOption *, void **)                                            \
  X(cuModuleUnload, "cuModuleUnload", CUmodule)                                \
  X(cuModuleGetFunction, "cuModuleGetFunction", CUfunction *, CUmodule,        \
    const char *)                                                              \
  X(cuFuncSetAttribute, "cuFuncSetAttribute", CUfunction, FunctionAttribute,   \
    int)

/// Those that older drivers lack, which is an error when they are called.
#define FP4_DRIVER_OPTIONAL_FUNCTIONS(X)                                       \
  X(cuLaunchKernelEx, "cuLaunchKernelEx", const LaunchConfig *, CUfunction,    \
    void **, void **)                                                          \
  X(cuTensorMapEncodeTiled, "cuTensorMapEncodeTiled", TensorMap *, int,        \
    uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *,    \
    const uint32_t *, int, int, int, int)

namespace mlir::fp4::runtime {

/// A loaded driver library, which is let go with the object.
class Driver {
public:
  /// A function of the driver; without an entry it is missing.
  template <typename... Params>
  struct Function {
    const char *name;
    CUresult (*entry)(Params...);
  };

  static llvm::Expected<std::unique_ptr<Driver>> load(llvm::StringRef path);
  ~Driver();
  Driver(const Driver &) = delete;
  Driver &operator=(const Driver &) = delete;

  /// Calls a function; the error names it and says what the driver does.
  template <typename... Params>
  llvm::Error call(const Function<Params...> &function,
                   llvm::type_identity_t<Params>... args) const {
    if (!function.entry)
      return makeError("the CUDA driver is too old, it lacks {0}",
                       function.name);
    CUresult result = function.entry(args...);
    return result == cudaSuccess ? llvm::Error::success()
                                 : describe(function.name, result);
  }

  /// The error for a call of `name` with such a result.
  llvm::Error describe(const char *name, CUresult result) const;

#define FP4_DECLARE(NAME, SYMBOL, ...)                                         \
  Function<__VA_ARGS__> NAME = {#NAME, nullptr};
  FP4_DRIVER_FUNCTIONS(FP4_DECLARE)
  FP4_DRIVER_OPTIONAL_FUNCTIONS(FP4_DECLARE)
#undef FP4_DECLARE

private:
  explicit Driver(void *handle) : handle(handle) {}

  void *handle;
};

/// `error` with the thing that it is about in front of its message.
llvm::Error inContextOf(const llvm::Twine &thing, llvm::Error error);

} // namespace mlir::fp4::runtime

#endif // FP4_LIB_RUNTIME_DRIVER_H
