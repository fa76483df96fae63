//===- Launch.cpp - Kernel launches ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

namespace {
/// The size of a grid, a block or a cluster.
struct Extent {
  int64_t x, y, z;

  bool isWithin(const Extent &limit) const {
    return 1 <= x && x <= limit.x && 1 <= y && y <= limit.y && 1 <= z &&
           z <= limit.z;
  }
  bool isMultipleOf(const Extent &other) const {
    return x % other.x == 0 && y % other.y == 0 && z % other.z == 0;
  }
  int64_t count() const { return x * y * z; }
};

struct Launch {
  Extent grid, block, cluster;
  int32_t dynamicSharedBytes;
  uint32_t flags;
  void **params;
};
} // namespace

/// The limits of all devices since compute capability 3.0.
static constexpr Extent maxGrid = {INT32_MAX, 65535, 65535};
static constexpr Extent maxBlock = {1024, 1024, 64};
static constexpr int64_t maxThreads = 1024;

/// "4x1x1".
static std::string describe(const Extent &extent) {
  return formatv("{0}x{1}x{2}", extent.x, extent.y, extent.z);
}

/// Says what the driver would only call an invalid value.
static Error check(const Launch &launch, const FP4RTKernel &kernel,
                   const Device &device) {
  auto [grid, block, cluster, sharedBytes, flags, params] = launch;
  if (!grid.isWithin(maxGrid))
    return makeError("grid {0} is not within {1}", ::describe(grid),
                     ::describe(maxGrid));
  if (!block.isWithin(maxBlock))
    return makeError("block {0} is not within {1}", ::describe(block),
                     ::describe(maxBlock));
  if (block.count() > maxThreads)
    return makeError("block {0} has {1} threads, but {2} is the limit",
                     ::describe(block), block.count(), maxThreads);
  if (!cluster.isWithin(grid) || !grid.isMultipleOf(cluster))
    return makeError("grid {0} is not a multiple of cluster {1}",
                     ::describe(grid), ::describe(cluster));
  if (flags & ~uint32_t(FP4RT_LAUNCH_PROGRAMMATIC))
    return makeError("unknown launch flags {0:x}", flags);
  if (sharedBytes < 0 || sharedBytes > device.maxSharedBytes)
    return makeError("the launch asks for {0} bytes of dynamic shared memory, "
                     "but a block of {1} has at most {2}",
                     sharedBytes, device.name, device.maxSharedBytes);
  if (sharedBytes >
      std::max(kernel.dynamicSharedBytes, defaultMaxDynamicSharedBytes))
    return makeError("the launch asks for {0} bytes of dynamic shared memory, "
                     "but the kernel declares {1}",
                     sharedBytes, kernel.dynamicSharedBytes);
  return Error::success();
}

static Error enqueue(const Launch &launch, CUfunction function,
                     const Device &device) {
  LaunchAttribute attributes[2] = {};
  unsigned numAttributes = 0;
  if (launch.cluster.count() > 1) {
    LaunchAttribute &attribute = attributes[numAttributes++];
    attribute.id = ClusterDimension;
    attribute.value.clusterDim = {unsigned(launch.cluster.x),
                                  unsigned(launch.cluster.y),
                                  unsigned(launch.cluster.z)};
  }
  if (launch.flags & FP4RT_LAUNCH_PROGRAMMATIC) {
    LaunchAttribute &attribute = attributes[numAttributes++];
    attribute.id = ProgrammaticStreamSerialization;
    attribute.value.programmaticStreamSerializationAllowed = 1;
  }
  LaunchConfig config = {};
  config.gridDimX = launch.grid.x;
  config.gridDimY = launch.grid.y;
  config.gridDimZ = launch.grid.z;
  config.blockDimX = launch.block.x;
  config.blockDimY = launch.block.y;
  config.blockDimZ = launch.block.z;
  config.sharedMemBytes = launch.dynamicSharedBytes;
  config.stream = device.getStream();
  config.attrs = numAttributes ? attributes : nullptr;
  config.numAttrs = numAttributes;
  return device.driver->call(device.driver->cuLaunchKernelEx, &config, function,
                             launch.params, nullptr);
}

void fp4rtLaunch(FP4RTKernel *kernel, int64_t gridX, int64_t gridY,
                 int64_t gridZ, int64_t blockX, int64_t blockY, int64_t blockZ,
                 int64_t clusterX, int64_t clusterY, int64_t clusterZ,
                 int32_t dynamicSharedBytes, uint32_t flags, void **params) {
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return;
  auto atLeastOne = [](int64_t size) { return size == 0 ? 1 : size; };
  Launch launch = {
      {gridX, gridY, gridZ},
      {blockX, blockY, blockZ},
      {atLeastOne(clusterX), atLeastOne(clusterY), atLeastOne(clusterZ)},
      dynamicSharedBytes,
      flags,
      params};
  runOnDevice([&](Device &device) -> Error {
    if (Error error = check(launch, *kernel, device))
      return inContextOf(runtime::describe(*kernel), std::move(error));
    Expected<CUfunction> function = device.modules.getFunction(device, *kernel);
    if (!function)
      return function.takeError();
    return inContextOf(runtime::describe(*kernel),
                       enqueue(launch, *function, device));
  });
}
