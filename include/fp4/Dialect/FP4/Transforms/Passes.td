//===- Passes.td - Passes on the fp4 dialect ---------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_TRANSFORMS_PASSES_TD
#define FP4_DIALECT_FP4_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def FP4CheckLoweredPass : Pass<"fp4-check-lowered"> {
  let summary = "Refuse what is not in the LLVM dialect";
  let description = [{
    Changes nothing. Any op that is neither a module nor of the LLVM dialect, or
    of OpenMP, which is translated with it, is an error. The last pass of a lowering: upstream's conversions leave what they do
    not know, without a word.
  }];
}

def FP4CheckSmallFloatsPass : Pass<"fp4-check-small-floats"> {
  let summary = "Refuse arithmetic on floats of 8 bits or fewer";
  let description = [{
    Changes nothing. Any op of arith or math on a float of 8 bits or fewer is an
    error, but for constants, selects and bitcasts.

    Upstream's lowerings of such ops disagree with each other and with the
    formats: `arith.truncf` to f4E2M1FN rounds ties away from zero in one of them
    and to even in another, and f8E8M0FNU byte 0, which is 2^-127, becomes 0. The
    fp4 ops say exactly what they compute.
  }];
}

def FP4DecomposeQuantLinearPass : Pass<"fp4-decompose-quant-linear"> {
  let summary = "Replace each fp4.quant_linear with the ops that it is made of";
  let description = [{
    A layer becomes its transform (if it has one), the quantization of the
    activation, and the product with the weight; `alpha` is the product of the
    two global scales.

    ```mlir
    %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x128xbf16>)
        weight(%w, %ws : tensor<48x128xf4E2M1FN>, tensor<48x4xf8E8M0FNU>)
        weight_global_scale(%wg) activation_global_scale(%ag)
        activation_scale_scale(%as) -> tensor<?x48xbf16>
    ```

    becomes

    ```mlir
    %codes, %scales = fp4.quantize_pack group_size(32)
        ins(%x : tensor<?x128xbf16>) global_scale(%ag) scale_scale(%as)
        outs(%0, %1 : tensor<?x128xf4E2M1FN>, tensor<?x4xf8E8M0FNU>)
    %alpha = arith.mulf %ag, %wg : f32
    %y = fp4.scaled_matmul group_size(32)
        lhs(%codes, %scales : tensor<?x128xf4E2M1FN>, tensor<?x4xf8E8M0FNU>)
        rhs(%w, %ws : tensor<48x128xf4E2M1FN>, tensor<48x4xf8E8M0FNU>)
        alpha(%alpha) outs(%2 : tensor<?x48xbf16>)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FP4LowerExpandShapesPass : Pass<"fp4-lower-expand-shapes"> {
  let summary = "Lower expansions into several dynamic dimensions";
  let description = [{
    A `memref.expand_shape` that makes more than one dynamic dimension of one
    becomes a `memref.reinterpret_cast`. `--expand-strided-metadata` takes one of
    them at most, and ends the process at more.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect"
  ];
}

def FP4MaterializeScaleLayoutsPass : Pass<"fp4-materialize-scale-layouts"> {
  let summary = "Give every op row-major scales, with explicit layout changes";
  let description = [{
    Ops that compute take scales in the row-major or in the blocked layout. This
    pass puts a `fp4.convert_scale_layout` in front of each blocked operand and
    behind each blocked result, so that what comes after has to know the
    row-major layout only. Ops whose strategy is not `reference` are left alone.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FP4PackCodesPass : Pass<"fp4-pack-codes", "::mlir::ModuleOp"> {
  let summary = "Store f4E2M1FN codes as bytes, two a byte";
  let description = [{
    Turns every `tensor<...xKxf4E2M1FN>` into `tensor<...xK/2xi8>`. Element 2i
    is in bits 3..0 of byte i, element 2i+1 in bits 7..4.

    MLIR's own lowerings have no packed form of f4: a load of a memref of f4
    reads a byte for an element where a vector load reads a nibble. So codes
    become bytes here, while only these hold them: fp4 ops, func.func, func.call,
    func.return, scf.for, scf.if, scf.while, arith.select by one i1, tensor.empty,
    tensor.dim, tensor.cast and constants. Any other use of an f4 value is an
    error.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FP4ResultsToDestinationsPass
    : Pass<"fp4-results-to-destinations", "::mlir::ModuleOp"> {
  let summary = "Give each entry its lowered interface: results as destinations";
  let description = [{
    Every public function with a body is an entry. Its results become
    destination arguments, behind the others: a memref of the result's shape for
    a tensor, a memref of rank 0 for a scalar. Arguments that are tensors are
    marked as not writable, so that a caller can pass read-only memory; results
    never alias them. The interface goes by position: `fp4.param` and `fp4.name`
    are dropped.

    How large the destinations have to be is said by a second function,
    `@<entry>.result_shapes`: it takes the entry's arguments and a
    `memref<Nxindex>`, and writes the sizes of all dimensions of all results to
    it, one after the other. Run
    `--resolve-ranked-shaped-type-result-dims --canonicalize` on it, and it
    computes the sizes and nothing else.

    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32>
    ```

    becomes

    ```mlir
    func.func @f(%x: tensor<?x4xf32> {bufferization.writable = false},
                 %y: memref<?x4xf32>)
    func.func @f.result_shapes(
        %x: tensor<?x4xf32> {bufferization.writable = false},
        %shapes: memref<2xindex>)
    ```

    A call of an entry must have been inlined before.

    With `memory-space`, all tensors that an entry takes and gives are buffers in
    that memory space, for example of a device; scalars stay with the host.
  }];
  let options = [
    Option<"memorySpace", "memory-space", "int64_t", "0",
           "The memory space of the buffers of entries">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // FP4_DIALECT_FP4_TRANSFORMS_PASSES_TD
