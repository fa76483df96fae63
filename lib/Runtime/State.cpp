//===- State.cpp - The runtime of this process and its error --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"
#include <atomic>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

namespace {
struct State {
  /// Held while the device is opened and closed.
  std::mutex openMutex;
  std::atomic<Device *> device = nullptr;

  std::mutex errorMutex;
  std::atomic<bool> failed = false;
  std::string message;
};
} // namespace

/// Never destroyed: other threads may still run when the process exits, and the
/// driver is then no longer to be called.
static State &getState() {
  static State *state = new State;
  return *state;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool mlir::fp4::runtime::hasFailed() {
  return getState().failed.load(std::memory_order_acquire);
}

bool mlir::fp4::runtime::keep(Error error) {
  if (!error)
    return false;
  std::string message = toString(std::move(error));
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.errorMutex);
  if (!state.failed) {
    state.message = std::move(message);
    state.failed = true;
  }
  return true;
}

const char *fp4rtError() {
  if (!hasFailed())
    return nullptr;
  // A copy, as another thread may clear the error while this one reads it.
  static thread_local std::string copy;
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.errorMutex);
  if (!state.failed)
    return nullptr;
  copy = state.message;
  return copy.c_str();
}

void fp4rtClearError() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.errorMutex);
  state.failed = false;
  state.message.clear();
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

static Error makeNotOpenError() {
  return makeError("the runtime is not open, call fp4rtOpen first");
}

bool mlir::fp4::runtime::runOnDevice(function_ref<Error(Device &)> body) {
  if (hasFailed())
    return false;
  Device *device = getState().device;
  return !keep(device ? device->runInContext(body) : makeNotOpenError());
}

void mlir::fp4::runtime::giveBack(function_ref<Error(Device &)> body) {
  if (Device *device = getState().device)
    keep(device->runInContext(body));
}

/// Whether `device` is what such an fp4rtOpen would open.
static Error checkSame(const Device &device, StringRef driverPath,
                       int ordinal) {
  if (device.driverPath == driverPath && device.ordinal == ordinal)
    return Error::success();
  return makeError("device {0} of {1}: the runtime is already open for device "
                   "{2} of {3}",
                   ordinal, driverPath, device.ordinal, device.driverPath);
}

int fp4rtOpen(const char *driverPath, int ordinal) {
  if (hasFailed())
    return 1;
  StringRef path = driverPath ? driverPath : "libcuda.so.1";
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.openMutex);
  if (Device *device = state.device)
    return keep(checkSame(*device, path, ordinal));
  Expected<std::unique_ptr<Device>> device = Device::open(path, ordinal);
  if (!device)
    return keep(device.takeError());
  state.device = device->release();
  return 0;
}

void fp4rtClose() {
  State &state = getState();
  std::lock_guard<std::mutex> lock(state.openMutex);
  delete state.device.exchange(nullptr);
}

int fp4rtComputeCapability(int *major, int *minor) {
  Device *device = getState().device;
  if (!device)
    return keep(makeNotOpenError());
  *major = device->computeCapabilityMajor;
  *minor = device->computeCapabilityMinor;
  return 0;
}

const char *fp4rtDeviceName() {
  Device *device = getState().device;
  return device ? device->name.c_str() : nullptr;
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

void fp4rtSetStream(void *cuStream) {
  setThreadStream(static_cast<CUstream>(cuStream));
}

int fp4rtSynchronize() {
  return !runOnDevice([](Device &device) {
    return device.driver->call(device.driver->cuStreamSynchronize,
                               device.getStream());
  });
}
