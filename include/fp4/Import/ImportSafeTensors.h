//===- ImportSafeTensors.h - Layers from safetensors files ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From the stored state of a QuantLinear layer to a module that computes it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_IMPORT_IMPORTSAFETENSORS_H
#define FP4_IMPORT_IMPORTSAFETENSORS_H

#include "fp4/Support/SafeTensors.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::fp4 {

/// The names under which a layer's state is stored, behind the layer's prefix.
inline constexpr llvm::StringLiteral kCodesKey = "e2m1";
inline constexpr llvm::StringLiteral kScalesKey = "scale_quant";
inline constexpr llvm::StringLiteral kTransformKey = "transform";
inline constexpr llvm::StringLiteral kWeightGlobalScaleKey =
    "weight_global_scale";
inline constexpr llvm::StringLiteral kActivationGlobalScaleKey =
    "activation_global_scale";
inline constexpr llvm::StringLiteral kActivationScaleScaleKey =
    "activation_scale_scale";

/// What a file does not say.
struct ImportOptions {
  /// Stands in front of the names of the layer's tensors, as
  /// "model.layers.0.mlp.up_proj.".
  std::string prefix;
  /// The element types of x and y: f32, f16 or bf16.
  Type activationType;
  Type resultType;
  /// The rank of x, at least 1.
  int64_t rank = 2;
};

struct ImportedLayer {
  OwningOpRef<ModuleOp> module;
  /// The tensors with the layer's prefix that are no part of its state.
  SmallVector<std::string> ignored;
};

/// A module with `@quantize(x) -> (e2m1, scale_quant)` and `@forward(x) -> y`
/// for the layer in `file`. The state stays in the file: it becomes arguments
/// whose `fp4.param` is the whole name of the tensor. A missing
/// `activation_global_scale` is the weight's, a missing
/// `activation_scale_scale` is 1, a missing `transform` is none.
llvm::Expected<ImportedLayer> importSafeTensors(MLIRContext *context,
                                                const SafeTensors &file,
                                                const ImportOptions &options);

/// Registers `--import-safetensors` and its options with mlir-translate's main.
void registerImportSafeTensors();

} // namespace mlir::fp4

#endif // FP4_IMPORT_IMPORTSAFETENSORS_H
