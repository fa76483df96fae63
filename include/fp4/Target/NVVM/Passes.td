//===- Passes.td - Passes of the NVVM lowering -------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_PASSES_TD
#define FP4_TARGET_NVVM_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def FP4TileToBlocksPass : Pass<"fp4-tile-to-blocks", "::mlir::func::FuncOp"> {
  let summary = "Tile matrix products for tensor cores to blocks of threads";
  let description = [{
    Each `fp4.scaled_matmul` with strategy `tcgen05` on memrefs becomes an
    `scf.forall` over tiles of 128 rows (`#gpu.block<x>`) by N columns
    (`#gpu.block<y>`), through the TilingInterface. N is all of them up to 128;
    beyond, tiles of 128, and of 256 from 4096 columns on: narrow layers get more
    blocks, wide ones read their operands from shared memory less often.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"
  ];
}

def FP4BlocksToLaunchPass
    : Pass<"fp4-blocks-to-launch", "::mlir::func::FuncOp"> {
  let summary = "Make a kernel launch of each loop over blocks of threads";
  let description = [{
    An `scf.forall` whose loops are mapped to `#gpu.block<x>`, `<y>`, `<z>` and
    that returns nothing becomes a `gpu.launch` with one block for each
    iteration. All threads of a block execute its body.
  }];
  let options = [
    Option<"threads", "threads", "int64_t", "128", "Threads of a block">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect"
  ];
}

def ConvertFP4ToTCGen05Pass
    : Pass<"convert-fp4-to-tcgen05", "::mlir::func::FuncOp"> {
  let summary = "Lower a tile of fp4.scaled_matmul to tensor memory operations";
  let description = [{
    Each `fp4.scaled_matmul` with strategy `tcgen05` in a `gpu.launch` of 128
    threads becomes the simplest correct pipeline: for each tile of 256 codes
    along K, one thread loads codes and scales to shared memory with tile loads
    that arrive on a barrier; when they have arrived it copies the scales to
    tensor memory, issues the products, and commits them to a second barrier,
    behind which the next tile is loaded. Then each thread reads its row of the
    accumulator, multiplies it with alpha, rounds, and stores what is inside of
    the result. `docs/blackwell.md` draws it.

    Operands are the whole tensors or `memref.subview`s of them; scales are
    blocked. The tensor maps for the tile loads are made on the host, in front of
    the launch. Rows and codes outside of a tensor are read as zero.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::fp4::tcgen05::TCGen05Dialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::nvgpu::NVGPUDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def ConvertKernelsToNVVMPass
    : Pass<"convert-kernels-to-nvvm", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Lower a module of kernels to NVVM for a chip";
  let description = [{
    Lowers what a kernel of this project consists of (tcgen05, nvgpu, gpu, vector,
    scf, memref, arith, math) to the LLVM and NVVM dialects and attaches the
    target to the module. An op that the chip lacks is an error that names it:
    LLVM's instruction selection would end the process.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"\"",
           "The chip, for example sm_100a">
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::cf::ControlFlowDialect"
  ];
}

#endif // FP4_TARGET_NVVM_PASSES_TD
