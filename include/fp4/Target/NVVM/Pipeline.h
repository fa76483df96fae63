//===- Pipeline.h - The NVVM lowering ---------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The lowering for NVIDIA GPUs, in three parts that follow one another: layers
// to op-level ops on tensors as the device wants them, tensors to kernels in
// PTX, and the host's code to LLVM with calls of the runtime.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_PIPELINE_H
#define FP4_TARGET_NVVM_PIPELINE_H

#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;

namespace fp4 {

/// Layers to op-level ops with strategies, packed codes, and the layouts of
/// tensor cores; what depends on parameters only is in `@<entry>.prepare`.
void buildLowerLayersToNVVMPipeline(OpPassManager &pm, llvm::StringRef chip);

/// Those to kernels in `gpu.module`s of the NVVM dialect, and a host side in
/// the gpu dialect. Tensors of entries are buffers in device memory.
void buildLowerToKernelsPipeline(OpPassManager &pm, llvm::StringRef chip);

/// What the compiled module holds of its kernels.
enum class KernelFormat {
  PTX,   ///< Text, which the driver compiles when it is loaded.
  Cubin, ///< Machine code, made by ptxas, which has to be on the path.
};

/// Kernels to `gpu.binary`s, the host side to the LLVM dialect with calls of
/// fp4/Runtime/Runtime.h.
void buildLowerHostPipeline(OpPassManager &pm,
                            KernelFormat format = KernelFormat::PTX);

/// Registers them as one: `--fp4-lower-to-nvvm="chip=sm_100a"`, and the first
/// two as `--fp4-lower-to-kernels="chip=sm_100a"`.
void registerLowerToNVVMPipelines();

} // namespace fp4
} // namespace mlir

#endif // FP4_TARGET_NVVM_PIPELINE_H
