//===- Pipeline.cpp - The NVVM lowering -----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Pipeline.h"
#include "fp4/Conversion/Passes.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "fp4/Target/Passes.h"
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void fp4::buildLowerLayersToNVVMPipeline(OpPassManager &pm, StringRef chip) {
  pm.addPass(createFP4CheckSmallFloatsPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  FP4ChooseStrategiesPassOptions choose;
  choose.target = TargetKind::NVVM;
  choose.chip = chip.str();
  pm.addPass(createFP4ChooseStrategiesPass(choose));
  pm.addPass(createFP4DecomposeQuantLinearPass());
  pm.addPass(createFP4MaterializeScaleLayoutsPass());
  addCleanup(pm);
  pm.addPass(createFP4PackCodesPass());
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  pm.addPass(createGenerateRuntimeVerificationPass());
  addCleanup(pm);
  pm.addNestedPass<func::FuncOp>(createFP4FlattenRowsPass());
  addCleanup(pm);
  pm.addNestedPass<func::FuncOp>(createFP4LayOutForTensorCoresPass());
  // What a loop re-lays in each iteration is outlined only in front of it.
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  // And layers that share a weight share what it is re-laid to.
  pm.addPass(createCSEPass());
  pm.addPass(createFP4OutlinePreparePass());
  addCleanup(pm);
}

/// Tensors to buffers, each in the memory of host or device.
static void addBufferize(OpPassManager &pm) {
  fp4::FP4ResultsToDestinationsPassOptions destinations;
  destinations.memorySpace = fp4::nvvm::kDeviceMemorySpace;
  pm.addPass(fp4::createFP4ResultsToDestinationsPass(destinations));
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(pm);
  // What the host executes itself.
  pm.addPass(fp4::createConvertFP4ToLinalgPass());
  addCleanup(pm);
  pm.addNestedPass<func::FuncOp>(fp4::createFP4PlaceOnDevicePass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addNestedPass<func::FuncOp>(fp4::createFP4AllocateOnDevicePass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  addCleanup(pm);
  bufferization::buildBufferDeallocationPipeline(pm, {});
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
}

/// Ops on buffers of the device to launches of kernels.
static void addLaunches(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(fp4::createFP4TileToBlocksPass());
  pm.addNestedPass<func::FuncOp>(fp4::createFP4BlocksToLaunchPass());
  addCleanup(pm);
  pm.addNestedPass<func::FuncOp>(fp4::createConvertFP4ToTCGen05Pass());
  pm.addPass(fp4::createConvertFP4ToSIMTPass());
  pm.addNestedPass<func::FuncOp>(fp4::createFP4DeviceMemoryToGPUPass());
  addCleanup(pm);
  pm.addPass(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(createGpuLaunchSinkIndexComputationsPass());
  pm.addPass(fp4::createFP4NameKernelsPass());
  pm.addPass(createGpuKernelOutliningPass());
}

void fp4::buildLowerToKernelsPipeline(OpPassManager &pm, StringRef chip) {
  addBufferize(pm);
  addLaunches(pm);
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  ConvertKernelsToNVVMPassOptions convert;
  convert.chip = chip.str();
  kernels.addPass(createConvertKernelsToNVVMPass(convert));
  addCleanup(kernels);
  kernels.addPass(createConvertNVVMToLLVMPass());
}

void fp4::buildLowerHostPipeline(OpPassManager &pm, KernelFormat format) {
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = format == KernelFormat::PTX ? "isa" : "bin";
  pm.addNestedPass<gpu::GPUModuleOp>(createFP4CheckKernelsPass());
  pm.addPass(createGpuModuleToBinaryPass(binary));
  addExpandSmallFloats(pm);
  // While memrefs still say which memory they are in.
  pm.addPass(createConvertHostToRuntimePass());
  addLowerToLLVM(pm);
}

namespace {
struct LowerToKernelsOptions : PassPipelineOptions<LowerToKernelsOptions> {
  PassOptions::Option<std::string> chip{
      *this, "chip", llvm::cl::desc("The chip, for example sm_100a"),
      llvm::cl::init("")};
};

struct LowerToNVVMOptions : PassPipelineOptions<LowerToNVVMOptions> {
  PassOptions::Option<std::string> chip{
      *this, "chip", llvm::cl::desc("The chip, for example sm_100a"),
      llvm::cl::init("")};
  PassOptions::Option<fp4::KernelFormat> format{
      *this, "format", llvm::cl::desc("What the module holds of its kernels"),
      llvm::cl::init(fp4::KernelFormat::PTX),
      llvm::cl::values(
          clEnumValN(fp4::KernelFormat::PTX, "ptx", "Text, for the driver"),
          clEnumValN(fp4::KernelFormat::Cubin, "cubin",
                     "Machine code, made by ptxas"))};
};
} // namespace

void fp4::registerLowerToNVVMPipelines() {
  PassPipelineRegistration<LowerToKernelsOptions>(
      "fp4-lower-to-kernels",
      "Lower fp4 and upstream dialects on tensors to kernels in NVVM for a "
      "chip, "
      "and a host side in the gpu dialect",
      [](OpPassManager &pm, const LowerToKernelsOptions &options) {
        buildLowerLayersToNVVMPipeline(pm, options.chip);
        buildLowerToKernelsPipeline(pm, options.chip);
      });
  PassPipelineRegistration<LowerToNVVMOptions>(
      "fp4-lower-to-nvvm",
      "Lower fp4 and upstream dialects on tensors to kernels for a chip, and "
      "a host side in the LLVM dialect that launches them through the "
      "runtime",
      [](OpPassManager &pm, const LowerToNVVMOptions &options) {
        buildLowerLayersToNVVMPipeline(pm, options.chip);
        buildLowerToKernelsPipeline(pm, options.chip);
        buildLowerHostPipeline(pm, options.format);
      });
}
