//===- InitAll.h - Registration of everything -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a tool or an embedder registers to have the dialect, its passes, and all
// of upstream MLIR beside it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_INITALL_H
#define FP4_INITALL_H

#include "fp4/Conversion/Passes.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/BufferizableOpInterfaceImpl.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/CPU/Passes.h"
#include "fp4/Target/CPU/Pipeline.h"
#include "fp4/Target/NVVM/Passes.h"
#include "fp4/Target/NVVM/Pipeline.h"
#include "fp4/Target/Passes.h"
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"

namespace mlir::fp4 {

/// The fp4 dialect with its external interfaces.
inline void registerDialect(DialectRegistry &registry) {
  registry.insert<FP4Dialect, tcgen05::TCGen05Dialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
  registerCheckKernelsTranslation(registry);
}

/// The passes and pipelines of the project.
inline void registerPasses() {
  registerFP4TransformsPasses();
  registerFP4ConversionPasses();
  registerFP4CPUPasses();
  registerFP4NVVMPasses();
  registerFP4TargetPasses();
  registerLowerToReferencePipeline();
  registerLowerToCPUPipeline();
  registerLowerToNVVMPipelines();
}

/// fp4 and every upstream dialect, extension and pass.
inline void registerEverything(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  // --gpu-module-to-binary translates kernels to LLVM IR.
  mlir::registerAllGPUToLLVMIRTranslations(registry);
  registerDialect(registry);
  registerPasses();
}

} // namespace mlir::fp4

#endif // FP4_INITALL_H
