//===- LaunchConfig.cpp - How a kernel is launched ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchConfig.h"

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

CUresult LaunchConfig::read(const char *call, const CUlaunchConfig *config) {
  if (!config || (config->numAttrs && !config->attrs))
    return CUDA_ERROR_INVALID_VALUE;
  grid = {config->gridDimX, config->gridDimY, config->gridDimZ};
  block = {config->blockDimX, config->blockDimY, config->blockDimZ};
  dynamicShared = config->sharedMemBytes;
  stream = config->hStream;
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    CUresult result = read(call, config->attrs[i]);
    if (result != CUDA_SUCCESS)
      return result;
  }
  return CUDA_SUCCESS;
}

CUresult LaunchConfig::read(const char *call,
                            const CUlaunchAttribute &attribute) {
  const auto &value = attribute.value;
  switch (attribute.id) {
  case CU_LAUNCH_ATTRIBUTE_IGNORE:
  // Hints: what a kernel computes does not depend on them. A kernel that may
  // begin before the one in front of it has ended begins after it here.
  case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
  case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
  case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
  case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
  case CU_LAUNCH_ATTRIBUTE_PRIORITY:
  case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
  case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
  case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
  case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    return CUDA_SUCCESS;
  case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
    isCooperative = value.number != 0;
    return CUDA_SUCCESS;
  case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
    cluster = {value.clusterDim.x, value.clusterDim.y, value.clusterDim.z};
    if (cluster[0] && cluster[1] && cluster[2])
      return CUDA_SUCCESS;
    return fail(call, CUDA_ERROR_INVALID_VALUE, "a cluster has no blocks");
  case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT:
  case CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT:
    completion = value.event.event;
    return CUDA_SUCCESS;
  case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
    return refuse(call, "graphs are not simulated");
  }
  return fail(call, CUDA_ERROR_INVALID_VALUE,
              "there is no launch attribute " + Twine(int(attribute.id)));
}

CUresult LaunchConfig::setCluster(const char *call, const Function &function,
                                  const Chip &chip) {
  bool isGiven = cluster[0] != 0;
  const int (&required)[3] = function.settings.cluster;
  for (unsigned i = 0; i < 3 && !isGiven; ++i)
    cluster[i] = uint32_t(std::max(1, required[i]));
  if (!isGiven && !required[0] && function.kernel->limits.explicitCluster)
    return fail(call, CUDA_ERROR_INVALID_CLUSTER_SIZE,
                "kernel '" + function.name +
                    "' needs the size of its clusters");
  uint64_t size = uint64_t(cluster[0]) * cluster[1] * cluster[2];
  uint32_t most = std::max(1u, function.settings.allowsNonPortableCluster
                                   ? chip.maxCluster
                                   : chip.maxPortableCluster);
  if (cluster[0] > most || cluster[1] > most || cluster[2] > most ||
      size > most)
    return fail(call, CUDA_ERROR_INVALID_CLUSTER_SIZE,
                "kernel '" + function.name + "' takes clusters of at most " +
                    Twine(most) + " blocks on " + chip.name + ", but got " +
                    Twine(size) +
                    (most < chip.maxCluster
                         ? "; more need "
                           "CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED"
                         : ""));
  for (unsigned i = 0; i < 3; ++i)
    if (function.kernel->limits.clusterSize[0] &&
        cluster[i] != function.kernel->limits.clusterSize[i])
      return fail(call, CUDA_ERROR_INVALID_CLUSTER_SIZE,
                  "kernel '" + function.name +
                      "' was compiled for other clusters");
  return CUDA_SUCCESS;
}
