//===- FakeDriver.cpp - A CUDA driver for tests ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "CudaTypes.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <thread>

using namespace mlir::fp4::runtime;

#define FAKE extern "C" __attribute__((visibility("default")))

static std::unique_ptr<FakeDriver> fake;
static thread_local uintptr_t currentContext = 0;

FAKE FakeDriver *resetFakeDriver() {
  fake = std::make_unique<FakeDriver>();
  return fake.get();
}
FAKE void setFakeContext(uintptr_t context) { currentContext = context; }
FAKE uintptr_t getFakeContext() { return currentContext; }

//===----------------------------------------------------------------------===//
// The log
//===----------------------------------------------------------------------===//

template <typename T>
static void write(std::ostream &os, const T &value) {
  if constexpr (std::is_pointer_v<T> && !std::is_same_v<T, const char *>)
    os << "0x" << std::hex << reinterpret_cast<uintptr_t>(value) << std::dec;
  else
    os << value;
}

/// Writes down a call and returns what it is to fail with, or success.
template <typename... Args>
static CUresult log(const char *function, const Args &...args) {
  std::ostringstream os;
  os << function << "(";
  const char *separator = "";
  ((os << separator, write(os, args), separator = ", "), ...);
  os << ")";
  std::lock_guard<std::mutex> lock(fake->mutex);
  fake->calls.push_back(os.str());
  auto failure = fake->failures.find(function);
  return failure == fake->failures.end() ? cudaSuccess : failure->second;
}

/// For functions that are not written down.
static CUresult getFailure(const char *function) {
  std::lock_guard<std::mutex> lock(fake->mutex);
  auto failure = fake->failures.find(function);
  return failure == fake->failures.end() ? cudaSuccess : failure->second;
}

template <typename T>
static T makeHandle(uintptr_t number) {
  return reinterpret_cast<T>(number);
}

template <typename T>
static std::string list(const T *elements, unsigned count) {
  std::ostringstream os;
  os << "[";
  for (unsigned i = 0; i < count; ++i)
    os << (i ? " " : "") << elements[i];
  os << "]";
  return os.str();
}

#define RETURN_IF_FAILED(CALL)                                                 \
  if (CUresult result = CALL)                                                  \
    return result;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {
struct ErrorText {
  CUresult result;
  const char *name, *text;
};
} // namespace

static constexpr ErrorText errorTexts[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS",
     "an illegal memory access was encountered"},
};

FAKE CUresult cuGetErrorName(CUresult result, const char **name) {
  for (const ErrorText &error : errorTexts)
    if (error.result == result)
      return *name = error.name, cudaSuccess;
  *name = nullptr;
  return 1;
}

FAKE CUresult cuGetErrorString(CUresult result, const char **text) {
  for (const ErrorText &error : errorTexts)
    if (error.result == result)
      return *text = error.text, cudaSuccess;
  *text = nullptr;
  return 1;
}

//===----------------------------------------------------------------------===//
// Devices and contexts
//===----------------------------------------------------------------------===//

FAKE CUresult cuInit(unsigned) { return log("cuInit"); }

FAKE CUresult cuDeviceGetCount(int *count) {
  *count = fake->deviceCount;
  return getFailure("cuDeviceGetCount");
}

FAKE CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return getFailure("cuDeviceGet");
}

FAKE CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  std::snprintf(name, size, "Fake %d", device);
  return getFailure("cuDeviceGetName");
}

FAKE CUresult cuDeviceGetAttribute(int *value, DeviceAttribute attribute,
                                   CUdevice device) {
  switch (attribute) {
  case ComputeCapabilityMajor:
    *value = 10 + device;
    break;
  case ComputeCapabilityMinor:
    *value = 3;
    break;
  case MaxSharedMemoryPerBlockOptin:
    *value = fake->maxSharedBytes;
    break;
  }
  return getFailure("cuDeviceGetAttribute");
}

FAKE CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  RETURN_IF_FAILED(log("cuDevicePrimaryCtxRetain", device));
  ++fake->numContexts;
  *context = makeHandle<CUcontext>(0x100 + device);
  return cudaSuccess;
}

FAKE CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  --fake->numContexts;
  return log("cuDevicePrimaryCtxRelease", device);
}

FAKE CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = makeHandle<CUcontext>(currentContext);
  return getFailure("cuCtxGetCurrent");
}

FAKE CUresult cuCtxSetCurrent(CUcontext context) {
  currentContext = reinterpret_cast<uintptr_t>(context);
  return log("cuCtxSetCurrent", context);
}

static thread_local std::vector<uintptr_t> contextStack;

FAKE CUresult cuCtxPushCurrent_v2(CUcontext context) {
  contextStack.push_back(currentContext);
  currentContext = reinterpret_cast<uintptr_t>(context);
  return log("cuCtxPushCurrent", context);
}

FAKE CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  *context = makeHandle<CUcontext>(currentContext);
  currentContext = contextStack.back();
  contextStack.pop_back();
  return log("cuCtxPopCurrent");
}

FAKE CUresult cuCtxGetDevice(CUdevice *device) {
  *device = currentContext & 0xff;
  return getFailure("cuCtxGetDevice");
}

//===----------------------------------------------------------------------===//
// Streams and memory
//===----------------------------------------------------------------------===//

FAKE CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  RETURN_IF_FAILED(log("cuStreamCreate", flags));
  *stream = makeHandle<CUstream>(0x200 + fake->numStreams++);
  return cudaSuccess;
}

FAKE CUresult cuStreamDestroy_v2(CUstream stream) {
  --fake->numStreams;
  return log("cuStreamDestroy", stream);
}

FAKE CUresult cuStreamSynchronize(CUstream stream) {
  return log("cuStreamSynchronize", stream);
}

FAKE CUresult cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes,
                              CUstream stream) {
  RETURN_IF_FAILED(log("cuMemAllocAsync", bytes, stream));
  ++fake->numBuffers;
  *pointer = reinterpret_cast<CUdeviceptr>(std::malloc(bytes));
  return cudaSuccess;
}

FAKE CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
  RETURN_IF_FAILED(log("cuMemFreeAsync", stream));
  --fake->numBuffers;
  std::free(reinterpret_cast<void *>(pointer));
  return cudaSuccess;
}

FAKE CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src,
                                   size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(log("cuMemcpyHtoDAsync", bytes, stream));
  std::memcpy(reinterpret_cast<void *>(dst), src, bytes);
  return cudaSuccess;
}

FAKE CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t bytes,
                                   CUstream stream) {
  RETURN_IF_FAILED(log("cuMemcpyDtoHAsync", bytes, stream));
  std::memcpy(dst, reinterpret_cast<const void *>(src), bytes);
  return cudaSuccess;
}

FAKE CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src,
                                   size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(log("cuMemcpyDtoDAsync", bytes, stream));
  std::memcpy(reinterpret_cast<void *>(dst),
              reinterpret_cast<const void *>(src), bytes);
  return cudaSuccess;
}

FAKE CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value,
                              size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(log("cuMemsetD8Async", unsigned(value), bytes, stream));
  std::memset(reinterpret_cast<void *>(dst), value, bytes);
  return cudaSuccess;
}

//===----------------------------------------------------------------------===//
// Modules and launches
//===----------------------------------------------------------------------===//

FAKE CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                                 unsigned numOptions, JitOption *options,
                                 void **values) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(fake->loadMilliseconds));
  if (CUresult result = log("cuModuleLoadDataEx")) {
    char *log = nullptr;
    size_t size = 0;
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == ErrorLogBuffer)
        log = static_cast<char *>(values[i]);
      else if (options[i] == ErrorLogBufferSizeBytes)
        size = reinterpret_cast<uintptr_t>(values[i]);
    std::snprintf(log, size, "%s", fake->jitLog.c_str());
    return result;
  }
  fake->image = static_cast<const char *>(image);
  *module = makeHandle<CUmodule>(0x300 + fake->numModules++);
  return cudaSuccess;
}

FAKE CUresult cuModuleUnload(CUmodule module) {
  --fake->numModules;
  return log("cuModuleUnload", module);
}

FAKE CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                                  const char *name) {
  RETURN_IF_FAILED(log("cuModuleGetFunction", module, name));
  *function = makeHandle<CUfunction>(0x400 + fake->numFunctions++);
  return cudaSuccess;
}

FAKE CUresult cuFuncSetAttribute(CUfunction function,
                                 FunctionAttribute attribute, int value) {
  return log("cuFuncSetAttribute", function, int(attribute), value);
}

#ifndef FAKE_DRIVER_IS_OLD
static std::string describe(const LaunchAttribute &attribute) {
  std::ostringstream os;
  const auto &cluster = attribute.value.clusterDim;
  switch (attribute.id) {
  case ClusterDimension:
    os << "cluster " << cluster.x << "x" << cluster.y << "x" << cluster.z;
    break;
  case ProgrammaticStreamSerialization:
    os << "programmatic "
       << attribute.value.programmaticStreamSerializationAllowed;
    break;
  default:
    os << "attribute " << int(attribute.id);
    break;
  }
  return os.str();
}

/// The parameters are taken to be the addresses of one int.
FAKE CUresult cuLaunchKernelEx(const LaunchConfig *config, CUfunction function,
                               void **params, void **extra) {
  std::ostringstream os;
  os << "grid " << config->gridDimX << "x" << config->gridDimY << "x"
     << config->gridDimZ << " block " << config->blockDimX << "x"
     << config->blockDimY << "x" << config->blockDimZ << " shared "
     << config->sharedMemBytes;
  for (unsigned i = 0; i < config->numAttrs; ++i)
    os << " " << describe(config->attrs[i]);
  if (params)
    os << " params " << *static_cast<int *>(params[0]);
  if (extra)
    os << " extra";
  return log("cuLaunchKernelEx", function, config->stream, os.str());
}

FAKE CUresult cuTensorMapEncodeTiled(
    TensorMap *map, int dataType, uint32_t rank, void *address,
    const uint64_t *dims, const uint64_t *strides, const uint32_t *box,
    const uint32_t *elementStrides, int interleave, int swizzle,
    int l2Promotion, int oobFill) {
  RETURN_IF_FAILED(log("cuTensorMapEncodeTiled", dataType, address,
                       list(dims, rank), list(strides, rank - 1),
                       list(box, rank), list(elementStrides, rank), interleave,
                       swizzle, l2Promotion, oobFill));
  std::memset(map, 0x5a, sizeof(TensorMap));
  return cudaSuccess;
}
#endif // FAKE_DRIVER_IS_OLD
