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
    not so is an error that names the pass. Ops whose strategy is not `reference`
    are left alone.
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

def ConvertFP4ToSIMTPass : Pass<"convert-fp4-to-simt"> {
  let summary = "Convert fp4 ops of strategy simt to kernels of scalar code";
  let description = [{
    Every fp4 op on memrefs whose attribute `strategy` is `"simt"` becomes one
    `gpu.launch` of plain scalar code, one work item for each thread. It is the
    path that any device can take, for every shape, layout and group: nothing is
    staged in shared memory, no tensor core is used. The operations on floats
    are those of `--convert-fp4-to-linalg` in the same order, so the results are
    the same bits, provided that the device's compiler neither contracts nor
    flushes (LLVM's NVPTX target does not unless told to).

    | op | item |
    | --- | --- |
    | `fp4.block_transform` | an element of the output |
    | `fp4.quantize_pack` | a group; with blocked scales, a slot of theirs, padding included |
    | `fp4.quantize_with_scales`, `fp4.dequantize` | a group |
    | `fp4.scaled_matmul` | an element of the output |
    | `fp4.convert_scale_layout` | an element of the output, padding included |
    | `memref.copy` in device memory that is not one block of bytes | an element |

    The grid has one dimension, of ceil(items / 256) blocks of 256 threads.
    There may be no items, as for M = 0: the grid then has 0 blocks, and what
    launches it has to take that for nothing to do, since CUDA's own launch
    refuses an empty grid. Scales of all operands may be row-major or blocked,
    memrefs may have any strides.

    Memrefs have to be in device memory, which is integer memory space 1
    (NVVM's global memory), bufferized, with packed codes; an op of this
    strategy where this is not so is an error. Ops of other strategies or of
    none, and contiguous copies, are left alone.

    Run `--gpu-launch-sink-index-computations` before `--gpu-kernel-outlining`:
    constants that canonicalization has moved out of a launch would become
    arguments of the kernel.

    Example:

    ```mlir
    fp4.convert_scale_layout
        ins(%blocked : memref<1x1x32x4x4xf8E8M0FNU, 1>)
        outs(%scales : memref<?x3xf8E8M0FNU, 1>) {strategy = "simt"}
    ```

    becomes, with constants written in place:

    ```mlir
    %rows = memref.dim %scales, 0 : memref<?x3xf8E8M0FNU, 1>
    %items = arith.muli %rows, 3 : index
    %padded = arith.addi %items, 255 : index
    %blocks = arith.divui %padded, 256 : index
    gpu.launch blocks(%block, %by, %bz) in (%gx = %blocks, %gy = 1, %gz = 1)
        threads(%thread, %ty, %tz) in (%tx = 256, %sy = 1, %sz = 1) {
      %first = arith.muli %block, 256 : index
      %item = arith.addi %first, %thread : index
      %inside = arith.cmpi ult, %item, %items : index
      scf.if %inside {
        %column = arith.remui %item, 3 : index
        %row = arith.divui %item, 3 : index
        ...
        %scale = memref.load %blocked[%rowTile, %columnTile, %r, %q, %c]
        memref.store %scale, %scales[%row, %column]
      }
      gpu.terminator
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"
  ];
}

def ConvertFP4ToVectorPass
    : Pass<"convert-fp4-to-vector", "::mlir::ModuleOp"> {
  let summary = "Lower fp4 ops of strategy vector to vectors of a CPU";
  let description = [{
    Replaces `fp4.quantize_pack` and `fp4.block_transform` with strategy
    `vector`, and the data-tiled `fp4.pack_lhs` and `fp4.packed_matmul`, all on
    memrefs, with calls of functions of loops over vectors, one function for ops
    that are alike. Codes, scales and sums within a group are
    those of the reference bit for bit; sums over groups are in f32.

    The code is for the CPU that `triple`, `cpu` and `features` name, by default
    the host. Products of bytes use what it has: vpdpbusd on 512 bits (AVX-512
    VNNI) or 256 (AVX-VNNI), vpmaddubsw and vpmaddwd (AVX2), smmla or sdot
    (AArch64), or else widened integers. Compile the result for a CPU with the same features:
    LLVM aborts on an instruction that the CPU does not have.

    All memrefs have a last dimension with unit stride.
  }];
  let options = [
    Option<"triple", "triple", "std::string", /*default=*/"\"\"",
      "The target triple; the host's by default">,
    Option<"cpu", "cpu", "std::string", /*default=*/"\"\"",
      "The CPU, as LLVM calls it; the host's by default">,
    Option<"features", "features", "std::string", /*default=*/"\"\"",
      "Features to add to the CPU's, for example -avx512vnni">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

#endif // FP4_CONVERSION_PASSES_TD
