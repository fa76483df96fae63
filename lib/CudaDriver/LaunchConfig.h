//===- LaunchConfig.h - How a kernel is launched -------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_LAUNCHCONFIG_H
#define FP4_LIB_CUDADRIVER_LAUNCHCONFIG_H

#include "Driver.h"

namespace mlir::fp4::sim::cuda {

/// CUlaunchConfig with its attributes read.
struct LaunchConfig {
  Dim3 grid = {1, 1, 1}, block = {1, 1, 1};
  Dim3 cluster = {0, 0, 0}; ///< Zero until setCluster() if it is not given.
  uint32_t dynamicShared = 0;
  CUstream stream = nullptr;
  bool isCooperative = false;
  CUevent completion = nullptr; ///< Recorded after the launch.

  CUresult read(const char *call, const CUlaunchConfig *config);

  /// The cluster as the launch, the function or its PTX have it, checked.
  CUresult setCluster(const char *call, const Function &function,
                      const Chip &chip);

private:
  CUresult read(const char *call, const CUlaunchAttribute &attribute);
};

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_LAUNCHCONFIG_H
