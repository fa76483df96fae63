//===- ToPTX.cpp - Modules to PTX text ------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/ToPTX.h"
#include "fp4/InitAll.h"
#include "fp4/Target/NVVM/Passes.h"
#include "fp4/Target/NVVM/Pipeline.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace mlir::fp4;

/// Runs what of the lowering is left.
static LogicalResult lower(ModuleOp module, StringRef chip) {
  PassManager pm(module.getContext());
  if (module.getOps<gpu::GPUModuleOp>().empty()) {
    if (!module.getOps<gpu::BinaryOp>().empty())
      return success();
    if (chip.empty())
      return module.emitError("a chip is needed: --chip=sm_100a");
    buildLowerLayersToNVVMPipeline(pm, chip);
    buildLowerToKernelsPipeline(pm, chip);
  }
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createFP4CheckKernelsPass());
  kernels.addPass(createConvertNVVMToLLVMPass());
  GpuModuleToBinaryPassOptions options;
  options.compilationTarget = "isa";
  pm.addPass(createGpuModuleToBinaryPass(options));
  return pm.run(module);
}

LogicalResult fp4::translateToPTX(ModuleOp module, StringRef chip,
                                  llvm::raw_ostream &os) {
  if (failed(lower(module, chip)))
    return failure();
  auto binaries = module.getOps<gpu::BinaryOp>();
  if (binaries.empty())
    return module.emitError("has no kernels: nothing in it is executed on a "
                            "device");
  for (gpu::BinaryOp binary : binaries) {
    auto object =
        dyn_cast<gpu::ObjectAttr>(binary.getObjects().getValue().front());
    if (!object || object.getFormat() != gpu::CompilationTarget::Assembly)
      return binary.emitError("holds no PTX");
    os << object.getObject().getValue().rtrim('\0');
  }
  return success();
}

void fp4::registerToPTX() {
  static llvm::cl::opt<std::string> chip(
      "chip", llvm::cl::desc("The chip for --fp4-to-ptx, for example sm_100a"));
  TranslateFromMLIRRegistration registration(
      "fp4-to-ptx", "compile an fp4 graph to kernels for a GPU, in PTX",
      [](Operation *op, llvm::raw_ostream &os) -> LogicalResult {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module)
          return op->emitError("expects a module");
        return translateToPTX(module, chip, os);
      },
      [](DialectRegistry &registry) {
        mlir::registerAllDialects(registry);
        mlir::registerAllExtensions(registry);
        mlir::registerAllGPUToLLVMIRTranslations(registry);
        registerDialect(registry);
      });
}
