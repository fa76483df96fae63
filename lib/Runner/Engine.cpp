//===- Engine.cpp - Machine code in memory --------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Engine.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <cstdlib>

using namespace mlir;
using namespace mlir::fp4;

/// A failed cf.assert calls puts and abort. Here it says so where errors go,
/// and ends the process like any other error.
static int reportFailedCheck(const char *message) {
  llvm::errs() << "fp4-runner: error: " << message << "\n";
  return 0;
}
[[noreturn]] static void exitAfterFailedCheck() { std::_Exit(1); }

/// Lowered code does not look at what malloc returns.
static void *allocateOrExit(size_t size) {
  void *memory = std::malloc(size);
  if (memory || size == 0)
    return memory;
  llvm::errs() << "fp4-runner: error: no memory for an intermediate value of "
               << size << " bytes\n";
  exitAfterFailedCheck();
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> fp4::createHostMachine() {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  // LLVM would use these for conversions to bf16, and they flush subnormals.
  if (builder->getTargetTriple().isX86())
    builder->addFeatures({"-avx512bf16", "-avxneconvert"});
  return builder->createTargetMachine();
}

llvm::Expected<std::unique_ptr<ExecutionEngine>>
fp4::createEngine(ModuleOp module, std::unique_ptr<llvm::TargetMachine> machine,
                  ArrayRef<HostFunction> functions) {
  auto optimize =
      makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0, machine.get());
  ExecutionEngineOptions options;
  options.transformer = optimize;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(module, options, std::move(machine));
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([&](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    auto add = [&](StringRef name, auto *function) {
      symbols[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                               llvm::JITSymbolFlags::Exported};
    };
    add("memrefCopy", &memrefCopy);
    add("malloc", &allocateOrExit);
    add("puts", &reportFailedCheck);
    add("abort", &exitAfterFailedCheck);
    for (auto [name, function] : functions)
      add(name, function);
    return symbols;
  });
  return std::move(*engine);
}
