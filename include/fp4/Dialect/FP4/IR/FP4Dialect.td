//===- FP4Dialect.td - The fp4 dialect ---------------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4DIALECT_TD
#define FP4_DIALECT_FP4_IR_FP4DIALECT_TD

include "mlir/IR/OpBase.td"

def FP4_Dialect : Dialect {
  let name = "fp4";
  let cppNamespace = "::mlir::fp4";
  let summary = "Linear layers on 4-bit floating point operands";
  let description = [{
    The `fp4` dialect holds *QuantLinear* layers: activations are multiplied
    with a block-diagonal transform, quantized to e2m1 codes with a scale per
    group of elements, and multiplied with a weight of the same form:

    ```
    y = alpha * (dequant(quant(x @ T^T)) @ dequant(W)^T)
    ```

    `fp4.quant_linear` is the whole layer; the other ops are its parts. What
    each computes, bit for bit, is defined in `docs/numerics.md`.

    #### Types

    The IR says what it means with MLIR's own element types:

    | value | type |
    | --- | --- |
    | codes, logical form | `tensor<...xKxf4E2M1FN>` |
    | codes, packed form | `tensor<...xK/2xi8>`, `memref<...xK/2xi8>`; element 2i is in bits 3..0 of byte i, element 2i+1 in bits 7..4 |
    | scales of MXFP4 (`mx`) | element type `f8E8M0FNU`: 2^(byte - 127), byte 255 is NaN |
    | scales of NVFP4 (`nv`) | element type `f8E4M3FN` |
    | scales, row-major | `tensor<...xK/GxT>` |
    | scales, blocked | `tensor<ceil(M/128) x ceil(K/G/4) x 32x4x4 x T>`: the layout that tensor cores read; see `fp4.convert_scale_layout` |

    The element type of the scales *is* the format. The group size G is an
    attribute of the op, a power of two in [2, 128]; 32 is usual for `mx` and
    16 for `nv`. K is a multiple of G.

    #### Form of the ops

    `fp4.quant_linear` is in value form and belongs to the graph level. The
    other ops are in destination-passing style: the operands in `outs` give the
    shape of the results, and after bufferization they receive them. They take
    tensors or memrefs, not a mix of both. A memref never holds `f4E2M1FN`
    elements: the packed form is made explicit first (`--fp4-pack-codes`).

    #### Function argument attributes

    | attribute | on | meaning |
    | --- | --- | --- |
    | `fp4.param` | function arguments | a string: the key of the tensor in a checkpoint, whole, prefix included |
    | `fp4.name` | function arguments and results | a string: the name under which a caller binds the value |
    | `fp4.prepared` | function arguments | an i64: the caller passes this result of the function `@<entry>.prepare`, which re-lays parameters once (`--fp4-outline-prepare`) |
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasOperationAttrVerify = 1;
}

#endif // FP4_DIALECT_FP4_IR_FP4DIALECT_TD
