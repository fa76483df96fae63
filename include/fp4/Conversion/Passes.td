//===- Passes.td - Conversions from the fp4 dialect --------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_CONVERSION_PASSES_TD
#define FP4_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertFP4ToLinalgPass : Pass<"convert-fp4-to-linalg"> {
  let summary = "Convert fp4 ops to linalg.generic on integers: the definition";
  let description = [{
    Each op becomes a few `linalg.generic` whose bodies spell out the numerics:
    conversions between e2m1, e4m3, e8m0, f16, bf16 and f32 are integer
    operations on the bits, exact in every case; divisions are divisions; matrix
    products sum in f64. No `arith.truncf` or `arith.extf` on a type of 16 bits
    or fewer is emitted: their lowerings differ between targets.

    Works on tensors and on memrefs. Codes have to be packed
    (`--fp4-pack-codes`), scales row-major (`--fp4-materialize-scale-layouts`)
    and layers decomposed (`--fp4-decompose-quant-linear`); an op where this is
    not so is an error that names the pass.
  }];
  let options = [
    Option<"magnitudes", "magnitudes", "bool", /*default=*/"false",
      "Lower fp4.scaled_matmul to the sum of the magnitudes of its terms: the "
      "measure in which its rounding is bounded">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // FP4_CONVERSION_PASSES_TD
