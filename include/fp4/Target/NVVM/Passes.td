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
// Tensors
//===----------------------------------------------------------------------===//

def FP4LayOutForTensorCoresPass
    : Pass<"fp4-lay-out-for-tensor-cores", "::mlir::func::FuncOp"> {
  let summary = "Lay operands out as the tile loads of tensor cores want them";
  let description = [{
    Each `fp4.scaled_matmul` with strategy `tcgen05` on packed tensors gets
    blocked scales (padded with zero bytes to whole tiles of 128 rows by 4
    scales) and codes whose rows start at multiples of 16 bytes. A quantization
    on the device writes such codes itself, and such scales if they have no other
    use; anything else is converted by an `fp4.convert_scale_layout` or copied by
    a `tensor.insert_slice`. The copy is for parameters: `--fp4-outline-prepare`
    has to move it to `@<entry>.prepare`, or to remove it, before a
    canonicalization folds it with the slice of it.

    Tensor cores ignore the signs of f8E4M3FN scales. All scales of a
    quantization have the sign of `scale_scale * global_scale`, which alpha takes
    over; those of other operands go to their codes, by an
    `fp4.absorb_scale_signs`.

    Codes are not padded further: a tile load reads zero beyond the last row and
    the last code.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def FP4PlaceOnDevicePass : Pass<"fp4-place-on-device", "::mlir::func::FuncOp"> {
  let summary = "Copy tensors between the memories of host and device";
  let description = [{
    Where a tensor is follows from what makes it: an fp4 op whose strategy
    executes on the device gives tensors in its memory, `bufferization.to_tensor`
    of a buffer in memory space 1 as well, views are where their source is, and
    everything else is in the memory of the host. An operand that is elsewhere
    than the op that reads it is copied, by a `bufferization.alloc_tensor` with
    the memory space of the copy; once for all that read it.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def FP4AllocateOnDevicePass
    : Pass<"fp4-allocate-on-device", "::mlir::func::FuncOp"> {
  let summary = "Allocate the destinations of ops on the device there";
  let description = [{
    A `tensor.empty` that an op on the device writes becomes a
    `bufferization.alloc_tensor` in memory space 1. Run it behind
    `--eliminate-empty-tensors`, which has to find the empty tensors that
    are stored to a result.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

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

    With f8E8M0FNU scales the accumulator can overflow, underflow or cut off what
    the result has. Elements where it may have are computed once more, in f64, by
    all threads of a warp together.

    Operands are the whole tensors or `memref.subview`s of whole rows of them;
    scales are blocked. The tensor maps for the tile loads are made on the host, in front of
    the launch. Rows and codes outside of a tensor are read as zero.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::fp4::tcgen05::TCGen05Dialect", "::mlir::gpu::GPUDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::nvgpu::NVGPUDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def FP4NameKernelsPass : Pass<"fp4-name-kernels", "::mlir::ModuleOp"> {
  let summary = "Name kernels after what they do";
  let description = [{
    Gives each `gpu.launch` the name of its kernel, `<function>_<op>`, with a
    number behind where that is taken, and all of them one module, `@kernels`,
    for `--gpu-kernel-outlining` to use. Upstream's own choice keeps characters
    of the function's name that PTX does not take. The op is what the launch has
    in its attribute `function`, set by the pass that made it.
  }];
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

def FP4CheckKernelsPass
    : Pass<"fp4-check-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Hold a module of kernels to what its chip has";
  let description = [{
    The last thing before `--gpu-module-to-binary`, on a module in the LLVM and
    NVVM dialects with one `#nvvm.target`. LLVM's instruction selection ends the
    process at an intrinsic that the chip or the version of PTX lacks; this pass
    gives an error at the op. It translates a copy of the module to see what the
    ops become. Inline PTX is left to the assembler.
  }];
  // Whose interface sees the instructions.
  let dependentDialects = ["::mlir::fp4::tcgen05::TCGen05Dialect"];
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

def FP4DeviceMemoryToGPUPass
    : Pass<"fp4-device-memory-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "Allocations and copies of device memory to the gpu dialect";
  let description = [{
    `memref.alloc`, `memref.dealloc` and `memref.copy` of buffers in memory
    space 1 become `gpu.alloc`, `gpu.dealloc` and `gpu.memcpy`. A copy has to be
    between contiguous buffers; on the device, `--convert-fp4-to-simt` has made
    kernels of the others. Any other op of the host that reads or
    writes such a buffer is an error.
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
}

def ConvertHostToRuntimePass
    : Pass<"convert-host-to-runtime", "::mlir::ModuleOp"> {
  let summary = "Lower the host side of the gpu dialect to calls of the runtime";
  let description = [{
    `gpu.alloc`, `gpu.dealloc`, `gpu.memcpy`, `gpu.launch_func` and
    `nvgpu.tma.create.descriptor` become calls of the functions in
    `fp4/Runtime/Runtime.h`, all without async tokens: they are in the order of
    the runtime's stream. Each `gpu.binary` becomes a constant with its first
    object, which the runtime loads at the first launch.

    The address of the `FP4RTModule` of a binary @k is given by the symbol
    `fp4rt.module.k`: who unloads the code passes it to `fp4rtUnloadModule`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FP4_TARGET_NVVM_PASSES_TD
