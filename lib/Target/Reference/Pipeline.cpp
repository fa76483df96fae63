//===- Pipeline.cpp - The reference lowering ------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/Reference/Pipeline.h"
#include "fp4/Conversion/Passes.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Target/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// fp4 ops of all forms to op-level ops on packed codes and row-major scales.
static void addLowerLayers(OpPassManager &pm) {
  pm.addPass(fp4::createFP4ChooseStrategiesPass());
  pm.addPass(fp4::createFP4CheckSmallFloatsPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(fp4::createFP4DecomposeQuantLinearPass());
  pm.addPass(fp4::createFP4MaterializeScaleLayoutsPass());
  addCleanup(pm);
  pm.addPass(fp4::createFP4PackCodesPass());
  // While ops still say what they are: a mismatch of sizes that are known at
  // run time only becomes a message and not an access out of bounds.
  // Elementwise ops on tensors check no sizes; the linalg.generic of each does.
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  pm.addPass(createGenerateRuntimeVerificationPass());
  addCleanup(pm);
}

/// Entries to their lowered interface, tensors to memrefs and loops.
static void addLowerTensors(OpPassManager &pm, bool magnitudes) {
  pm.addPass(fp4::createFP4ResultsToDestinationsPass());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(pm);
  pm.addPass(fp4::createConvertFP4ToLinalgPass({magnitudes}));
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

void fp4::addExpandSmallFloats(OpPassManager &pm) {
  math::MathExtendToSupportedTypesOptions extend;
  extend.targetTypeStr = "f32";
  pm.addPass(math::createMathExtendToSupportedTypes(extend));
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"bf16", "f16"};
  emulate.targetTypeStr = "f32";
  pm.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(expand));
}

void fp4::addLowerToLLVM(OpPassManager &pm) {
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(fp4::createFP4LowerExpandShapesPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  addCleanup(pm);
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(fp4::createFP4CheckLoweredPass());
}

void fp4::buildLowerToReferencePipeline(OpPassManager &pm,
                                        LowerToReferenceOptions options) {
  addLowerLayers(pm);
  addLowerTensors(pm, options.magnitudes);
  addExpandSmallFloats(pm);
  addLowerToLLVM(pm);
}

void fp4::registerLowerToReferencePipeline() {
  PassPipelineRegistration<>(
      "fp4-lower-to-reference",
      "Lower fp4 and upstream dialects on tensors to the LLVM dialect through "
      "plain loops: the executable definition",
      [](OpPassManager &pm) { buildLowerToReferencePipeline(pm); });
}
