//===- Devices.cpp - The one device ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdio>
#include <cstring>

using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Which device
//===----------------------------------------------------------------------===//

FP4_CUDA(cuDeviceGetCount, (int *count)) {
  return call([&](Driver &) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    *count = 1;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceGet, (CUdevice * device, int ordinal)) {
  return call([&](Driver &) {
    if (!device)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isDevice(ordinal))
      return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
  });
}

/// Runs a call that writes something about the device to `out`.
static CUresult query(const void *out, CUdevice device,
                      llvm::function_ref<CUresult(const Driver &driver)> body) {
  return call([&](Driver &driver) {
    if (!out)
      return CUDA_ERROR_INVALID_VALUE;
    return isDevice(device) ? body(driver) : CUDA_ERROR_INVALID_DEVICE;
  });
}

static void copyText(char *out, int size, const std::string &text) {
  std::snprintf(out, size_t(size), "%s", text.c_str());
}

FP4_CUDA(cuDeviceGetName, (char *name, int size, CUdevice device)) {
  return query(name, device, [&](const Driver &driver) {
    if (size <= 0)
      return CUDA_ERROR_INVALID_VALUE;
    copyText(name, size, "fp4 simulator (" + driver.chip().name.str() + ")");
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceGetUuid, (CUuuid * uuid, CUdevice device)) {
  return query(uuid, device, [&](const Driver &driver) {
    // The same for the same chip, and of no device that there is.
    *uuid = {};
    copyText(uuid->bytes, sizeof(uuid->bytes),
             "fp4sim-" + driver.chip().name.str());
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuDeviceGetUuid_v2, cuDeviceGetUuid)

FP4_CUDA(cuDeviceTotalMem_v2, (size_t *bytes, CUdevice device)) {
  return query(bytes, device, [&](const Driver &driver) {
    *bytes = driver.totalMemory;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuDeviceTotalMem, cuDeviceTotalMem_v2)

FP4_CUDA(cuDeviceComputeCapability, (int *major, int *minor, CUdevice device)) {
  return query(major && minor ? major : nullptr, device,
               [&](const Driver &driver) {
                 *major = int(driver.chip().number / 10);
                 *minor = int(driver.chip().number % 10);
                 return CUDA_SUCCESS;
               });
}

//===----------------------------------------------------------------------===//
// On the bus, and beside others
//===----------------------------------------------------------------------===//

/// A bus that no machine gets to; DeviceAttributes.cpp has its number too.
static constexpr const char busName[] = "0000:F4:00.0";

FP4_CUDA(cuDeviceGetPCIBusId, (char *id, int size, CUdevice device)) {
  return query(id, device, [&](const Driver &) {
    if (size < int(sizeof(busName)))
      return CUDA_ERROR_INVALID_VALUE;
    copyText(id, size, busName);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceGetByPCIBusId, (CUdevice * device, const char *id)) {
  return call([&](Driver &) {
    if (!device || !id)
      return CUDA_ERROR_INVALID_VALUE;
    // The domain and the function may be left out.
    llvm::StringRef name = id, whole = busName;
    if (!name.equals_insensitive(whole) &&
        !name.equals_insensitive(whole.drop_front(5)) &&
        !name.equals_insensitive(whole.drop_back(2)))
      return CUDA_ERROR_INVALID_DEVICE;
    *device = 0;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceCanAccessPeer,
         (int *canAccess, CUdevice device, CUdevice peer)) {
  return query(canAccess, device, [&](const Driver &) {
    if (!isDevice(peer))
      return CUDA_ERROR_INVALID_DEVICE;
    *canAccess = 0;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceGetP2PAttribute,
         (int *value, int attribute, CUdevice source, CUdevice destination)) {
  return query(value, source, [&](const Driver &) {
    if (attribute < 1 || attribute > 5)
      return CUDA_ERROR_INVALID_VALUE;
    // A device is no peer of itself.
    (void)destination;
    return CUDA_ERROR_INVALID_DEVICE;
  });
}

FP4_CUDA(cuDeviceGetExecAffinitySupport,
         (int *isSupported, int type, CUdevice device)) {
  return query(isSupported, device, [&](const Driver &) {
    if (type != 0)
      return CUDA_ERROR_INVALID_VALUE;
    *isSupported = 0;
    return CUDA_SUCCESS;
  });
}
