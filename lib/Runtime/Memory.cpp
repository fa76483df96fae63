//===- Memory.cpp - Device memory -----------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

static CUdeviceptr toDevicePtr(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

/// Runs `body` for an operation on some bytes, which errors are to name; not
/// at all for none.
static void runOnBytes(StringRef operation, int64_t bytes,
                       function_ref<Error(Device &)> body) {
  if (bytes == 0)
    return;
  runOnDevice([&](Device &device) -> Error {
    if (bytes < 0)
      return makeError("{0} of {1} bytes: expects a size that is not negative",
                       operation, bytes);
    if (Error error = body(device))
      return inContextOf(operation + " of " + Twine(bytes) + " bytes",
                         std::move(error));
    return Error::success();
  });
}

void *fp4rtAlloc(int64_t bytes) {
  CUdeviceptr pointer = 0;
  runOnBytes("allocation", bytes, [&](Device &device) {
    return device.driver->call(device.driver->cuMemAllocAsync, &pointer, bytes,
                               device.getStream());
  });
  return reinterpret_cast<void *>(pointer);
}

void fp4rtFree(void *pointer) {
  if (!pointer)
    return;
  giveBack([&](Device &device) {
    return device.driver->call(device.driver->cuMemFreeAsync,
                               toDevicePtr(pointer), device.getStream());
  });
}

void fp4rtCopyToDevice(void *dst, const void *src, int64_t bytes) {
  runOnBytes("copy to the device", bytes, [&](Device &device) {
    return device.driver->call(device.driver->cuMemcpyHtoDAsync,
                               toDevicePtr(dst), src, bytes,
                               device.getStream());
  });
}

void fp4rtCopyToHost(void *dst, const void *src, int64_t bytes) {
  runOnBytes("copy to the host", bytes, [&](Device &device) -> Error {
    const Driver &driver = *device.driver;
    CUstream stream = device.getStream();
    if (Error error = driver.call(driver.cuMemcpyDtoHAsync, dst,
                                  toDevicePtr(src), bytes, stream))
      return error;
    return driver.call(driver.cuStreamSynchronize, stream);
  });
}

void fp4rtCopyOnDevice(void *dst, const void *src, int64_t bytes) {
  runOnBytes("copy on the device", bytes, [&](Device &device) {
    return device.driver->call(device.driver->cuMemcpyDtoDAsync,
                               toDevicePtr(dst), toDevicePtr(src), bytes,
                               device.getStream());
  });
}

void fp4rtFill(void *dst, uint8_t value, int64_t bytes) {
  runOnBytes("fill", bytes, [&](Device &device) {
    return device.driver->call(device.driver->cuMemsetD8Async, toDevicePtr(dst),
                               value, bytes, device.getStream());
  });
}
