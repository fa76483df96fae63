//===- Pipeline.cpp - The CPU lowering ------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/CPU/Pipeline.h"
#include "fp4/Conversion/Passes.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Target/CPU/Passes.h"
#include "fp4/Target/Passes.h"
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void fp4::buildLowerLayersToCPUPipeline(OpPassManager &pm,
                                        const LowerToCPUOptions &options) {
  pm.addPass(createFP4CheckSmallFloatsPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  FP4ChooseStrategiesPassOptions choose;
  choose.target = TargetKind::CPU;
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
  pm.addNestedPass<func::FuncOp>(createFP4PackWeightsPass(
      {options.triple, options.cpu, options.features}));
  // What a loop re-lays in each iteration is outlined only in front of it.
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  // And layers that share a weight share what it is re-laid to.
  pm.addPass(createCSEPass());
  pm.addPass(createFP4OutlinePreparePass());
  addCleanup(pm);
}

/// Tensors to buffers, with the loops that become threads.
static void addLowerTensors(OpPassManager &pm,
                            const fp4::LowerToCPUOptions &options) {
  pm.addPass(fp4::createFP4ResultsToDestinationsPass());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(pm);
  // Before a product becomes several, one for each number of rows, of which
  // only one would be computed into the destination.
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addPass(fp4::createConvertFP4ToLinalgPass());
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(fp4::createFP4DataTilePass(
      {options.triple, options.cpu, options.features}));
  functions.addPass(fp4::createFP4LowerPacksPass());
  functions.addPass(fp4::createFP4TileToThreadsPass());
  addCleanup(pm);
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
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

/// What is around the vectors, while that is little code: threads, addresses,
/// arithmetic of the user's.
static void addLowerLoops(OpPassManager &pm) {
  pm.addPass(createForallToParallelLoopPass());
  pm.addPass(createConvertSCFToOpenMPPass());
  fp4::addExpandSmallFloats(pm);
  pm.addPass(createLowerAffinePass());
  pm.addPass(fp4::createFP4LowerExpandShapesPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  addCleanup(pm);
  // Copies of a tile to where it is show only after the sizes are the same.
  pm.addPass(createCanonicalizerPass());
}

/// To the LLVM dialect. Memrefs go before control flow: an alloca_scope within
/// a parallel region could not be lowered otherwise.
static void addLowerVectorsToLLVM(OpPassManager &pm) {
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(fp4::createFP4CheckLoweredPass());
}

void fp4::buildLowerTilesToCPUPipeline(OpPassManager &pm,
                                       const LowerToCPUOptions &options) {
  addLowerTensors(pm, options);
  addLowerLoops(pm);
  pm.addPass(createConvertFP4ToVectorPass(
      {options.triple, options.cpu, options.features}));
  addLowerVectorsToLLVM(pm);
  pm.addPass(
      createFP4AttachCPUPass({options.triple, options.cpu, options.features}));
}

void fp4::registerLowerToCPUPipeline() {
  PassPipelineRegistration<LowerToCPUOptions>(
      "fp4-lower-to-cpu",
      "Lower fp4 and upstream dialects on tensors to the LLVM dialect for a "
      "CPU: its vectors, its dot products of bytes, all its cores",
      [](OpPassManager &pm, const LowerToCPUOptions &options) {
        buildLowerLayersToCPUPipeline(pm, options);
        buildLowerTilesToCPUPipeline(pm, options);
      });
}
