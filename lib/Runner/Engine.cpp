//===- Engine.cpp - Machine code in memory --------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Engine.h"
#include "CachingCompiler.h"
#include "CheckedCall.h"
#include "fp4/Support/Error.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/MemoryMapper.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/FileSystem.h"
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::fp4;

// NOLINTNEXTLINE(readability-identifier-naming): the name that OpenMP gives it.
extern "C" int omp_in_parallel(void);

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

llvm::Expected<llvm::orc::JITTargetMachineBuilder> fp4::detectHost() {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  // LLVM would use these for conversions to bf16, and they flush subnormals.
  if (builder && builder->getTargetTriple().isX86())
    builder->addFeatures({"-avx512bf16", "-avxneconvert"});
  return builder;
}

static std::string getPackedName(StringRef function) {
  return ("packed." + function).str();
}

/// Adds, for the C wrapper of each entry, a function that loads its arguments
/// from where an array of pointers points to.
static void addPackedFunctions(llvm::Module &module) {
  SmallVector<llvm::Function *> wrappers;
  for (llvm::Function &function : module)
    if (!function.isDeclaration() &&
        function.getName().starts_with("_mlir_ciface_"))
      wrappers.push_back(&function);
  llvm::IRBuilder<> b(module.getContext());
  for (llvm::Function *wrapper : wrappers) {
    auto *type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy()}, false);
    auto *packed =
        llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                               getPackedName(wrapper->getName()), module);
    b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", packed));
    SmallVector<llvm::Value *> arguments;
    for (auto [i, argument] : llvm::enumerate(wrapper->args())) {
      llvm::Value *place =
          b.CreateConstGEP1_64(b.getPtrTy(), packed->getArg(0), i);
      llvm::Value *pointer = b.CreateLoad(b.getPtrTy(), place);
      arguments.push_back(b.CreateLoad(argument.getType(), pointer));
    }
    b.CreateCall(wrapper, arguments);
    b.CreateRetVoid();
  }
}

/// Functions reach the constants of others by 32 bits, as the code model has
/// it: all of them are in one reservation of addresses, not wherever the system
/// has pages.
static llvm::Expected<std::unique_ptr<llvm::orc::ObjectLayer>>
createLinkingLayer(llvm::orc::ExecutionSession &session) {
  constexpr size_t kReservation = size_t(256) << 20;
  auto memory = llvm::orc::MapperJITLinkMemoryManager::CreateWithMapper<
      llvm::orc::InProcessMemoryMapper>(kReservation);
  if (!memory)
    return memory.takeError();
  return std::make_unique<llvm::orc::ObjectLinkingLayer>(session,
                                                         std::move(*memory));
}

/// Where a process loads this library as a plugin, as Python does, the symbols
/// of the OpenMP runtime that it is linked with are not the process's.
static llvm::Error addOpenMP(llvm::orc::LLLazyJIT &jit) {
  Dl_info library;
  if (!dladdr(reinterpret_cast<void *>(&omp_in_parallel), &library))
    return makeError("cannot find the OpenMP runtime");
  auto generator = llvm::orc::DynamicLibrarySearchGenerator::Load(
      library.dli_fname, jit.getDataLayout().getGlobalPrefix(),
      [](const llvm::orc::SymbolStringPtr &name) {
        return (*name).starts_with("__kmpc_") || (*name).starts_with("omp_");
      });
  if (!generator)
    return generator.takeError();
  jit.getMainJITDylib().addGenerator(std::move(*generator));
  return llvm::Error::success();
}

static llvm::Error addHostFunctions(llvm::orc::LLLazyJIT &jit,
                                    ArrayRef<HostFunction> functions) {
  llvm::orc::SymbolMap symbols;
  auto add = [&](StringRef name, auto *function) {
    symbols[jit.mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(function),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  add("memrefCopy", &memrefCopy);
  add("malloc", &allocateOrLeave);
  add("puts", &noteFailedCheck);
  add("abort", &leaveAfterFailedCheck);
  for (auto [name, function] : functions)
    add(name, function);
  return jit.getMainJITDylib().define(
      llvm::orc::absoluteSymbols(std::move(symbols)));
}

llvm::Expected<std::unique_ptr<Engine>>
Engine::create(ModuleOp module, llvm::orc::JITTargetMachineBuilder machine,
               ArrayRef<HostFunction> functions, StringRef cache) {
  // Now, and not when the first function is compiled.
  if (!cache.empty()) {
    std::error_code error = llvm::sys::fs::create_directories(cache);
    if (!error && !llvm::sys::fs::is_directory(cache))
      error = std::make_error_code(std::errc::not_a_directory);
    if (error)
      return makeError("cannot use '{0}' to keep compiled code: {1}", cache,
                       error.message());
  }
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, *context);
  if (!translated)
    return makeError("cannot translate the module to LLVM IR");
  machine.setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  machine.setRelocationModel(llvm::Reloc::PIC_);
  machine.setCodeModel(llvm::CodeModel::Small);
  auto layout = machine.getDefaultDataLayoutForTarget();
  if (!layout)
    return layout.takeError();
  translated->setTargetTriple(machine.getTargetTriple());
  translated->setDataLayout(*layout);
  addPackedFunctions(*translated);

  // Threads may call two functions for the first time at once.
  auto jit =
      llvm::orc::LLLazyJITBuilder()
          .setJITTargetMachineBuilder(machine)
          .setSupportConcurrentCompilation(true)
          .setObjectLinkingLayerCreator(createLinkingLayer)
          .setCompileFunctionCreator(
              [&](llvm::orc::JITTargetMachineBuilder machine)
                  -> llvm::Expected<
                      std::unique_ptr<llvm::orc::IRCompileLayer::IRCompiler>> {
                return std::make_unique<CachingCompiler>(std::move(machine),
                                                         cache.str());
              })
          .setLazyCompileFailureAddr(
              llvm::orc::ExecutorAddr::fromPtr(&leaveAfterFailedCompile))
          .create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error error = addHostFunctions(**jit, functions))
    return std::move(error);
  if (llvm::Error error = addOpenMP(**jit))
    return std::move(error);
  if (llvm::Error error = (*jit)->addLazyIRModule(llvm::orc::ThreadSafeModule(
          std::move(translated), std::move(context))))
    return std::move(error);
  return std::unique_ptr<Engine>(new Engine(std::move(*jit)));
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

llvm::Expected<void *> Engine::lookup(StringRef name) {
  auto address = jit->lookup(name);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}

llvm::Expected<Engine::PackedFunction> Engine::lookupPacked(StringRef name) {
  std::lock_guard<std::mutex> lock(mutex);
  auto known = functions.find(name);
  if (known != functions.end())
    return known->second;
  auto address = lookup(getPackedName(name));
  if (!address)
    return address.takeError();
  auto function = reinterpret_cast<PackedFunction>(*address);
  functions[name] = function;
  return function;
}
