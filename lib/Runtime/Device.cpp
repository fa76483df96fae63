//===- Device.cpp - The open device ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

Expected<std::unique_ptr<Device>> Device::open(StringRef driverPath,
                                               int ordinal) {
  Expected<std::unique_ptr<Driver>> driver = Driver::load(driverPath);
  if (!driver)
    return driver.takeError();
  std::unique_ptr<Device> device(
      new Device(driverPath, ordinal, std::move(*driver)));
  if (Error error = device->setUp())
    return std::move(error);
  return std::move(device);
}

Error Device::setUp() {
  if (Error error = findContext())
    return error;
  if (Error error = readProperties())
    return error;
  // One stream for the life of the device: creating one per launch would cost
  // more than the launch and would lose the order between launches.
  return driver->call(driver->cuStreamCreate, &stream, streamNonBlocking);
}

Error Device::findContext() {
  // Without a device it is already cuInit that fails.
  CUresult result = driver->cuInit.entry(/*flags=*/0);
  if (result == cudaErrorNoDevice)
    return makeError("the CUDA driver reports no device");
  if (result != cudaSuccess)
    return driver->describe(driver->cuInit.name, result);
  CUcontext current = nullptr;
  if (Error error = driver->call(driver->cuCtxGetCurrent, &current))
    return error;
  if (!current)
    return retainPrimaryContext();
  context = current;
  return driver->call(driver->cuCtxGetDevice, &device);
}

Error Device::retainPrimaryContext() {
  int count = 0;
  if (Error error = driver->call(driver->cuDeviceGetCount, &count))
    return error;
  if (count == 0)
    return makeError("the CUDA driver reports no device");
  if (ordinal < 0 || ordinal >= count)
    return makeError("device {0}: no such device, the CUDA driver reports {1}",
                     ordinal, count);
  if (Error error = driver->call(driver->cuDeviceGet, &device, ordinal))
    return error;
  if (Error error =
          driver->call(driver->cuDevicePrimaryCtxRetain, &context, device))
    return inContextOf("device " + Twine(ordinal), std::move(error));
  ownsContext = true;
  return driver->call(driver->cuCtxSetCurrent, context);
}

Error Device::readProperties() {
  char buffer[256] = {};
  if (Error error = driver->call(driver->cuDeviceGetName, buffer,
                                 sizeof(buffer) - 1, device))
    return error;
  name = buffer;
  std::pair<DeviceAttribute, int *> attributes[] = {
      {ComputeCapabilityMajor, &computeCapabilityMajor},
      {ComputeCapabilityMinor, &computeCapabilityMinor},
      {MaxSharedMemoryPerBlockOptin, &maxSharedBytes},
  };
  for (auto [attribute, value] : attributes)
    if (Error error = driver->call(driver->cuDeviceGetAttribute, value,
                                   attribute, device))
      return error;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Closing
//===----------------------------------------------------------------------===//

Device::~Device() {
  // Nothing can be done about failures: the context may already be gone or
  // broken, and every call then says so.
  if (stream) {
    consumeError(runInContext([](Device &device) {
      const Driver &driver = *device.driver;
      consumeError(driver.call(driver.cuStreamSynchronize, device.stream));
      device.modules.unloadAll(driver);
      return driver.call(driver.cuStreamDestroy, device.stream);
    }));
  }
  // However that went, no one is left with handles into this context.
  modules.forgetAll();
  if (!ownsContext)
    return;
  CUcontext current = nullptr;
  consumeError(driver->call(driver->cuCtxGetCurrent, &current));
  if (current == context)
    consumeError(driver->call(driver->cuCtxSetCurrent, nullptr));
  consumeError(driver->call(driver->cuDevicePrimaryCtxRelease, device));
}

//===----------------------------------------------------------------------===//
// Using
//===----------------------------------------------------------------------===//

Error Device::runInContext(function_ref<Error(Device &)> body) {
  CUcontext current = nullptr;
  if (Error error = driver->call(driver->cuCtxGetCurrent, &current))
    return error;
  if (current == context)
    return body(*this);
  if (Error error = driver->call(driver->cuCtxPushCurrent, context))
    return error;
  Error error = body(*this);
  return joinErrors(std::move(error),
                    driver->call(driver->cuCtxPopCurrent, &current));
}

static thread_local CUstream threadStream = nullptr;

void mlir::fp4::runtime::setThreadStream(CUstream stream) {
  threadStream = stream;
}

CUstream Device::getStream() const {
  return threadStream ? threadStream : stream;
}
