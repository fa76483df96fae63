//===- Pipeline.h - The CPU lowering ----------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_CPU_PIPELINE_H
#define FP4_TARGET_CPU_PIPELINE_H

#include "mlir/Pass/PassOptions.h"
#include <string>

namespace mlir::fp4 {

/// The CPU that code is for, as LLVM spells it; empty: the host.
struct LowerToCPUOptions : PassPipelineOptions<LowerToCPUOptions> {
  PassOptions::Option<std::string> triple{
      *this, "triple", llvm::cl::desc("The target triple (default the host's)"),
      llvm::cl::init("")};
  PassOptions::Option<std::string> cpu{
      *this, "cpu",
      llvm::cl::desc("The CPU, as LLVM calls it (default the host's)"),
      llvm::cl::init("")};
  PassOptions::Option<std::string> features{
      *this, "features",
      llvm::cl::desc("Features to add to the CPU's, such as -avx512vnni"),
      llvm::cl::init("")};
};

/// fp4 ops of all forms to data-tiled ops on tensors, and parameters re-laid in
/// `@<entry>.prepare`.
void buildLowerLayersToCPUPipeline(OpPassManager &pm,
                                   const LowerToCPUOptions &options);

/// These to the LLVM dialect, with threads by OpenMP.
void buildLowerTilesToCPUPipeline(OpPassManager &pm,
                                  const LowerToCPUOptions &options);

void registerLowerToCPUPipeline();

} // namespace mlir::fp4

#endif // FP4_TARGET_CPU_PIPELINE_H
