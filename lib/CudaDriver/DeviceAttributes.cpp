//===- DeviceAttributes.cpp - What the device can do ----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers of CUdevice_attribute, all of those of CUDA 13.0. What is of the
// chip are the limits that the simulator has; clocks and widths are those of
// the A100 and the B200, and nothing depends on them.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <optional>

using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

/// What is a limit of the chip.
static std::optional<int> getLimit(int attribute, const Chip &chip) {
  bool isBlackwell = chip.has(Tcgen05);
  switch (attribute) {
  case 1: // MAX_THREADS_PER_BLOCK
    return chip.maxThreadsPerCTA;
  case 2: // MAX_BLOCK_DIM_X
  case 3: // MAX_BLOCK_DIM_Y
    return 1024;
  case 4: // MAX_BLOCK_DIM_Z
    return 64;
  case 5: // MAX_GRID_DIM_X
    return INT32_MAX;
  case 6: // MAX_GRID_DIM_Y
  case 7: // MAX_GRID_DIM_Z
    return 65535;
  case 8: // MAX_SHARED_MEMORY_PER_BLOCK, without opting in to more
    return 48 << 10;
  case 9: // TOTAL_CONSTANT_MEMORY
    return 64 << 10;
  case 10: // WARP_SIZE
    return 32;
  case 11: // MAX_PITCH
    return INT32_MAX;
  case 12: // MAX_REGISTERS_PER_BLOCK
  case 82: // MAX_REGISTERS_PER_MULTIPROCESSOR
    return chip.registersPerSM;
  case 13: // CLOCK_RATE, in kHz
    return isBlackwell ? 1965000 : 1410000;
  case 14: // TEXTURE_ALIGNMENT
  case 30: // SURFACE_ALIGNMENT
    return 512;
  case 16: // MULTIPROCESSOR_COUNT
    return chip.multiprocessors;
  case 36: // MEMORY_CLOCK_RATE, in kHz
    return isBlackwell ? 3996000 : 1215000;
  case 37: // GLOBAL_MEMORY_BUS_WIDTH
    return isBlackwell ? 8192 : 5120;
  case 38: // L2_CACHE_SIZE
    return isBlackwell ? 126 << 20 : 40 << 20;
  case 39: // MAX_THREADS_PER_MULTIPROCESSOR
    return chip.maxThreadsPerSM;
  case 51: // TEXTURE_PITCH_ALIGNMENT
    return 32;
  case 75: // COMPUTE_CAPABILITY_MAJOR
    return chip.number / 10;
  case 76: // COMPUTE_CAPABILITY_MINOR
    return chip.number % 10;
  case 81: // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    return chip.sharedPerSM;
  case 87: // SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO
    return 2;
  case 97: // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    return chip.maxSharedPerCTA;
  case 106: // MAX_BLOCKS_PER_MULTIPROCESSOR
    return chip.maxCTAsPerSM;
  case 111: // RESERVED_SHARED_MEMORY_PER_BLOCK
    return chip.reservedShared;
  case 120: // CLUSTER_LAUNCH
    return chip.maxCluster > 1;
  case 127: // TENSOR_MAP_ACCESS_SUPPORTED
    return chip.has(Sm90);
  }
  return std::nullopt;
}

/// What is there, and counts and places that are not zero. All else is zero:
/// textures, surfaces, sharing, operations of streams on memory.
static int getFeature(int attribute) {
  switch (attribute) {
  case 15:  // GPU_OVERLAP
  case 19:  // CAN_MAP_HOST_MEMORY
  case 31:  // CONCURRENT_KERNELS
  case 40:  // ASYNC_ENGINE_COUNT
  case 41:  // UNIFIED_ADDRESSING
  case 78:  // STREAM_PRIORITIES_SUPPORTED
  case 79:  // GLOBAL_L1_CACHE_SUPPORTED
  case 80:  // LOCAL_L1_CACHE_SUPPORTED
  case 83:  // MANAGED_MEMORY
  case 86:  // HOST_NATIVE_ATOMIC_SUPPORTED
  case 90:  // COMPUTE_PREEMPTION_SUPPORTED
  case 91:  // CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM
  case 95:  // COOPERATIVE_LAUNCH
  case 99:  // HOST_REGISTER_SUPPORTED
  case 115: // MEMORY_POOLS_SUPPORTED
  case 126: // MEM_SYNC_DOMAIN_COUNT
    return 1;
  case 33: // PCI_BUS_ID, as cuDeviceGetPCIBusId() has it
    return 0xF4;
  case 131: // NUMA_ID
  case 134: // HOST_NUMA_ID
    return -1;
  }
  return 0;
}

/// Those that CUDA 13.0 knows: there are no gaps.
static constexpr int lastAttribute = 147;

static int getAttribute(int attribute, const Chip &chip) {
  std::optional<int> limit = getLimit(attribute, chip);
  return limit ? *limit : getFeature(attribute);
}

FP4_CUDA(cuDeviceGetAttribute, (int *value, int attribute, CUdevice device)) {
  return call([&](Driver &driver) {
    if (!value || attribute < 1 || attribute > lastAttribute)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isDevice(device))
      return CUDA_ERROR_INVALID_DEVICE;
    *value = getAttribute(attribute, driver.chip());
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDeviceGetProperties, (int *properties, CUdevice device)) {
  return call([&](Driver &driver) {
    if (!properties)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isDevice(device))
      return CUDA_ERROR_INVALID_DEVICE;
    // CUdevprop, by the attributes that its fields are.
    for (int attribute : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
      *properties++ = getAttribute(attribute, driver.chip());
    return CUDA_SUCCESS;
  });
}
