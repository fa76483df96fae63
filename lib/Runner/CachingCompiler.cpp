//===- CachingCompiler.cpp - LLVM IR to objects, once ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CachingCompiler.h"
#include "fp4/Support/Error.h"
#include "fp4/Support/WriteFile.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir::fp4;
using llvm::StringRef;

CachingCompiler::CachingCompiler(llvm::orc::JITTargetMachineBuilder machine,
                                 std::string folder)
    : IRCompiler(
          llvm::orc::irManglingOptionsFromTargetOptions(machine.getOptions())),
      machine(std::move(machine)), folder(std::move(folder)) {}

/// The usual optimizations, without those that look for vectors: code that is
/// to be fast has them, and what is left is not worth the search.
static void optimize(llvm::Module &module, llvm::TargetMachine &target) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&target, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
CachingCompiler::compile(llvm::Module &module) {
  auto target = machine.createTargetMachine();
  if (!target)
    return target.takeError();
  optimize(module, **target);
  return llvm::orc::SimpleCompiler(**target)(module);
}

/// In hexadecimal digits, which any file system takes.
std::string CachingCompiler::getKey(const llvm::Module &module) const {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  os << FP4_VERSION << '\0' << LLVM_VERSION_STRING << '\0'
     << machine.getTargetTriple().str() << '\0' << machine.getCPU() << '\0'
     << machine.getFeatures().getString() << '\0';
  llvm::WriteBitcodeToFile(module, os);
  llvm::SHA256 hash;
  hash.update(StringRef(bytes.data(), bytes.size()));
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
CachingCompiler::operator()(llvm::Module &module) {
  if (folder.empty())
    return compile(module);
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, "fp4-" + getKey(module));
  if (auto object = llvm::MemoryBuffer::getFile(path))
    return std::move(*object);
  auto compiled = compile(module);
  if (!compiled)
    return compiled.takeError();
  // Others see whole objects only.
  if (llvm::Error error = writeFile(path, [&](llvm::raw_ostream &stream) {
        stream << (*compiled)->getBuffer();
      }))
    return makeError("cannot use '{0}' to keep compiled code: {1}", folder,
                     llvm::toString(std::move(error)));
  return std::move(*compiled);
}
