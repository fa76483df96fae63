//===- Device.h - The open device -------------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNTIME_DEVICE_H
#define FP4_LIB_RUNTIME_DEVICE_H

#include "Driver.h"
#include "Modules.h"
#include <string>

namespace mlir::fp4::runtime {

/// A device with its context and stream, all of which are given back with the
/// object.
class Device {
public:
  static llvm::Expected<std::unique_ptr<Device>>
  open(llvm::StringRef driverPath, int ordinal);
  ~Device();

  /// Runs `body` while the context is current, and leaves the thread as it was.
  llvm::Error runInContext(llvm::function_ref<llvm::Error(Device &)> body);

  /// The stream that this thread has chosen, or else the device's own.
  CUstream getStream() const;

  const std::string driverPath;
  const int ordinal; ///< As asked for; a current context may have overruled it.
  const std::unique_ptr<Driver> driver;
  Modules modules;

  std::string name;
  int computeCapabilityMajor = 0;
  int computeCapabilityMinor = 0;
  /// The most shared memory that a block can have, static and dynamic.
  int maxSharedBytes = 0;

private:
  Device(llvm::StringRef driverPath, int ordinal,
         std::unique_ptr<Driver> driver)
      : driverPath(driverPath), ordinal(ordinal), driver(std::move(driver)) {}

  llvm::Error setUp();
  llvm::Error findContext();
  llvm::Error retainPrimaryContext();
  llvm::Error readProperties();

  CUdevice device = 0;
  CUcontext context = nullptr;
  bool ownsContext = false;
  CUstream stream = nullptr;
};

/// Chooses the stream of this thread, null for that of the device.
void setThreadStream(CUstream stream);

} // namespace mlir::fp4::runtime

#endif // FP4_LIB_RUNTIME_DEVICE_H
