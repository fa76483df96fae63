//===- Pipeline.h - The reference lowering ----------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From fp4 to LLVM through plain loops: the executable definition.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_REFERENCE_PIPELINE_H
#define FP4_TARGET_REFERENCE_PIPELINE_H

namespace mlir {
class OpPassManager;

namespace fp4 {

struct LowerToReferenceOptions {
  /// For each scaled_matmul, compute the sum of the magnitudes of its terms
  /// instead: the measure in which its rounding is bounded.
  bool magnitudes = false;
};

/// Lowers a module of fp4 and upstream dialects on tensors to the LLVM dialect.
/// The interface of the lowered entries is described at
/// `--fp4-results-to-destinations`; each has a C wrapper
/// `_mlir_ciface_<entry>`.
void buildLowerToReferencePipeline(OpPassManager &pm,
                                   LowerToReferenceOptions options = {});

/// Registers it as `--fp4-lower-to-reference`.
void registerLowerToReferencePipeline();

/// The last parts of it, for other lowerings to end with.
///
/// Arithmetic of users' ops on 16-bit floats, spelled out in f32. LLVM would
/// choose by target, and the bf16 instructions of x86 flush subnormals.
void addExpandSmallFloats(OpPassManager &pm);
/// Loops on memrefs to the LLVM dialect; anything left is an error.
void addLowerToLLVM(OpPassManager &pm);

} // namespace fp4
} // namespace mlir

#endif // FP4_TARGET_REFERENCE_PIPELINE_H
