//===- Passes.td - Passes of the CPU lowering --------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_CPU_PASSES_TD
#define FP4_TARGET_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

/// What CPU to generate code for.
defvar FP4CPUOptions = [
  Option<"triple", "triple", "std::string", /*default=*/"\"\"",
    "The target triple; the host's by default">,
  Option<"cpu", "cpu", "std::string", /*default=*/"\"\"",
    "The CPU, as LLVM calls it; the host's by default">,
  Option<"features", "features", "std::string", /*default=*/"\"\"",
    "Features to add to the CPU's, for example -avx512vnni">
];

def FP4PackWeightsPass : Pass<"fp4-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Lay the weights of products out in panels";
  let description = [{
    The right operand of each `fp4.scaled_matmul` with strategy `vector` goes
    through a `linalg.pack` of its codes and one of its scales, into panels of as
    many rows as the registers of the CPU, which the options name, hold columns
    of a result, and a `linalg.unpack` of each back to what the product takes.

    Run `--fp4-outline-prepare` next: it moves the packing of parameters to
    where it happens once. `--fp4-data-tile` then takes the panels in place of
    what would be unpacked.

    ```mlir
    %panels = linalg.pack %w inner_dims_pos = [0, 1] inner_tiles = [32, 4]
        into %0 : tensor<64x256xi8> -> tensor<2x64x32x4xi8>
    %codes = linalg.unpack %panels inner_dims_pos = [0, 1]
        inner_tiles = [32, 4] into %1 : tensor<2x64x32x4xi8> -> tensor<64x256xi8>
    ```
  }];
  let options = FP4CPUOptions;
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def FP4DataTilePass : Pass<"fp4-data-tile", "::mlir::func::FuncOp"> {
  let summary = "Lower products to tiles of packed operands";
  let description = [{
    Each `fp4.scaled_matmul` with strategy `vector` becomes, for the CPU that
    the options name, an `fp4.pack_lhs` and an `fp4.packed_matmul` of the panels
    that `--fp4-pack-weights` has made, or makes them here.

    How many rows a tile of the activations has depends on how many there are:
    one row, as many as registers hold the sums of (decode), up to 64 (a batch,
    on some CPUs) and more (prefill) are different code, and a dynamic number of
    rows chooses between them at run time. What was chosen for
    which CPU is a remark (`--remarks-filter-passed=fp4-data-tile`).
  }];
  let options = FP4CPUOptions;
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def FP4LowerPacksPass : Pass<"fp4-lower-packs", "::mlir::func::FuncOp"> {
  let summary = "Lower linalg.pack to pad, reshape and transpose";
  let description = [{
    By upstream's own rewriting, which has no pass of its own.
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def FP4TileToThreadsPass
    : Pass<"fp4-tile-to-threads", "::mlir::func::FuncOp"> {
  let summary = "Cut fp4 ops on tensors into the work of threads";
  let description = [{
    Tiles, through the TilingInterface, each op with strategy `vector` and each
    data-tiled op with `scf.forall`: quantizations and transforms by rows,
    products by panels of the weight and blocks of rows. A transform that only a
    quantization reads is fused into its loop: the transformed rows of a tile
    stay in the cache.

    No tile shares a result with another, and no sum is cut: results do not
    depend on the number of threads.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def FP4AttachCPUPass : Pass<"fp4-attach-cpu", "::mlir::ModuleOp"> {
  let summary = "Write the CPU that code is for into a module";
  let description = [{
    Gives a module in the LLVM dialect the triple and data layout, and each of
    its functions the name and features, of the CPU that the options name, as
    `--convert-fp4-to-vector` was told: instructions that it chose are there.
  }];
  let options = FP4CPUOptions;
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FP4_TARGET_CPU_PASSES_TD
