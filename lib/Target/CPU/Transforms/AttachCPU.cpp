//===- AttachCPU.cpp - The CPU that a module is for -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/CPU/CPU.h"
#include "fp4/Target/CPU/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Target/TargetMachine.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4ATTACHCPUPASS
#include "fp4/Target/CPU/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

static LogicalResult attach(ModuleOp module, const cpu::CPU &cpu) {
  auto machine = cpu.createTargetMachine();
  if (!machine)
    return emitError(module.getLoc()) << llvm::toString(machine.takeError());
  Builder b(module.getContext());
  module->setAttr(LLVM::LLVMDialect::getTargetTripleAttrName(),
                  b.getStringAttr(cpu.getTriple().str()));
  module->setAttr(
      LLVM::LLVMDialect::getDataLayoutAttrName(),
      b.getStringAttr(
          (*machine)->createDataLayout().getStringRepresentation()));
  SmallVector<StringRef> features;
  cpu.getFeatures().split(features, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  auto featuresAttr =
      features.empty()
          ? LLVM::TargetFeaturesAttr()
          : LLVM::TargetFeaturesAttr::get(module.getContext(), features);
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (function.isExternal())
      continue;
    function.setTargetCpuAttr(b.getStringAttr(cpu.getName()));
    if (featuresAttr)
      function.setTargetFeaturesAttr(featuresAttr);
  }
  return success();
}

namespace {
struct FP4AttachCPUPass : fp4::impl::FP4AttachCPUPassBase<FP4AttachCPUPass> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<cpu::CPU> cpu =
        cpu::CPU::create(getOperation(), triple, this->cpu, features);
    if (failed(cpu))
      return signalPassFailure();
    if (failed(attach(getOperation(), *cpu)))
      signalPassFailure();
  }
};
} // namespace
