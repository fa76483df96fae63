//===- CudaTypes.h - The part of the CUDA driver API in use -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The types and numbers of the CUDA driver API (cuda.h, reference manual "CUDA
// Driver API", sections "Data types used by CUDA driver" and "Execution
// Control") that the runtime uses. They are part of the driver's binary
// interface and do not change, so that building needs no CUDA toolkit.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNTIME_CUDATYPES_H
#define FP4_LIB_RUNTIME_CUDATYPES_H

#include <cstddef>
#include <cstdint>

namespace mlir::fp4::runtime {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct OpaqueContext *;
using CUstream = struct OpaqueStream *;
using CUmodule = struct OpaqueModule *;
using CUfunction = struct OpaqueFunction *;

constexpr CUresult cudaSuccess = 0;
constexpr CUresult cudaErrorNoDevice = 100;

/// CUdevice_attribute.
enum DeviceAttribute : int {
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
  MaxSharedMemoryPerBlockOptin = 97,
};

/// CUstream_flags.
constexpr unsigned streamNonBlocking = 1;

/// CUjit_option. The values of options are passed as pointers, also if they are
/// numbers.
enum JitOption : int {
  ErrorLogBuffer = 5,
  ErrorLogBufferSizeBytes = 6,
};

/// CUfunction_attribute.
enum FunctionAttribute : int {
  MaxDynamicSharedSizeBytes = 8,
};

/// CUlaunchAttributeID.
enum LaunchAttributeID : int {
  ClusterDimension = 4,
  ProgrammaticStreamSerialization = 6,
};

/// CUlaunchAttribute.
struct LaunchAttribute {
  LaunchAttributeID id;
  char pad[4];
  union {
    char pad[64];
    struct {
      unsigned x, y, z;
    } clusterDim;
    int programmaticStreamSerializationAllowed;
  } value;
};
static_assert(sizeof(LaunchAttribute) == 72);

/// CUlaunchConfig.
struct LaunchConfig {
  unsigned gridDimX, gridDimY, gridDimZ;
  unsigned blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  CUstream stream;
  LaunchAttribute *attrs;
  unsigned numAttrs;
};
static_assert(sizeof(LaunchConfig) == 56);

/// CUtensorMap.
struct alignas(64) TensorMap {
  uint64_t opaque[16];
};
static_assert(sizeof(TensorMap) == 128);

constexpr int maxTensorMapRank = 5;
/// CUtensorMapInterleave.
constexpr int interleaveNone = 0;

} // namespace mlir::fp4::runtime

#endif // FP4_LIB_RUNTIME_CUDATYPES_H
