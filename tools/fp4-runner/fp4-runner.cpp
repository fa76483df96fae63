//===- fp4-runner.cpp - Compile and execute fp4 graphs --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Binds the arguments of one function of a module to tensors in safetensors
// files, compiles it for this machine, runs it, and writes, prints or compares
// the results.
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/InitAll.h"
#include "fp4/Runner/Binding.h"
#include "fp4/Runner/Elements.h"
#include "fp4/Runner/Jit.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/WithColor.h"
#include <chrono>

using namespace mlir;
using namespace mlir::fp4;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

namespace {
struct CommandLine {
  cl::OptionCategory category{"fp4-runner options"};
  cl::opt<std::string> module{cl::Positional, cl::Required,
                              cl::desc("<module.mlir>"), cl::cat(category)};
  cl::opt<std::string> entry{"entry",
                             cl::desc("The function to run (default forward)"),
                             cl::init("forward"), cl::cat(category)};
  cl::opt<std::string> target{"target",
                              cl::desc("What to lower to: reference (default)"),
                              cl::init("reference"), cl::cat(category)};
  cl::list<std::string> params{
      "params", cl::desc("Parameters, bound by key; may be given repeatedly"),
      cl::value_desc("file.safetensors"), cl::cat(category)};
  cl::opt<std::string> input{"input", cl::desc("Inputs, bound by name"),
                             cl::value_desc("file.safetensors"),
                             cl::cat(category)};
  cl::opt<std::string> output{
      "output",
      cl::desc("Where the results go; without it, and without --time or "
               "--compare, they are printed"),
      cl::value_desc("file.safetensors"), cl::cat(category)};
  cl::opt<unsigned> repeat{"repeat", cl::desc("Run this many times"),
                           cl::init(1), cl::cat(category)};
  cl::opt<bool> time{"time",
                     cl::desc("Print a line of JSON with times in seconds"),
                     cl::cat(category)};
  cl::opt<std::string> compare{
      "compare",
      cl::desc(
          "Compare the results with those of the reference, or with the "
          "tensors of their names in a file; exit 1 if outside the bounds"),
      cl::value_desc("reference|file.safetensors"), cl::cat(category)};
};
} // namespace

template <typename... Args>
static llvm::Error makeError(const char *format, Args &&...args) {
  return llvm::createStringError(
      llvm::formatv(format, std::forward<Args>(args)...).str());
}

/// MLIR has reported what is wrong already.
static llvm::Error reportedError() { return makeError(""); }

static llvm::Error check(const CommandLine &options) {
  if (options.target != "reference")
    return makeError("unknown --target={0}; expects reference",
                     options.target.getValue());
  if (options.repeat == 0)
    return makeError("--repeat must be at least 1");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static double getSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

static void printTimes(double compile, MutableArrayRef<double> calls) {
  llvm::sort(calls);
  size_t count = calls.size(), middle = count / 2;
  double median =
      count % 2 ? calls[middle] : (calls[middle - 1] + calls[middle]) / 2;
  llvm::json::OStream json(llvm::outs());
  json.object([&] {
    json.attribute("compile", compile);
    json.attribute("prepare", 0.0);
    json.attribute("calls", int64_t(count));
    json.attribute("min", calls.front());
    json.attribute("median", median);
    json.attribute("max", calls.back());
  });
  llvm::outs() << "\n";
}

/// Compiles a copy of the module and runs the entry once.
static llvm::Expected<std::vector<HostTensor>>
runOnce(ModuleOp module, const EntrySignature &signature,
        const Binding &binding, Target target) {
  OwningOpRef<ModuleOp> copy = module.clone();
  auto compiled = CompiledEntry::compile(*copy, signature, target);
  if (!compiled)
    return compiled.takeError();
  auto results = compiled->createResults(binding.arguments());
  if (!results)
    return results.takeError();
  if (llvm::Error error = compiled->run(binding.arguments(), *results))
    return error;
  return results;
}

/// Whether result `index` of the entry is that of a matrix product which no
/// other product feeds: the bound on its rounding is known then.
static bool isSingleProduct(ModuleOp module, StringRef entry, unsigned index) {
  auto isProduct = [](Operation *op) {
    return isa<QuantLinearOp, ScaledMatmulOp>(op);
  };
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  if (!function.getBody().hasOneBlock())
    return false;
  Operation *terminator = function.getBody().front().getTerminator();
  Operation *product = terminator->getOperand(index).getDefiningOp();
  if (!product || !isProduct(product))
    return false;
  SetVector<Operation *> slice;
  if (failed(getBackwardSlice(product, &slice)))
    return false;
  return llvm::none_of(slice, isProduct);
}

/// Prints how the results compare; fails if one is outside its bound.
static llvm::Error printComparisons(
    ArrayRef<HostTensor> results,
    llvm::function_ref<const TensorView *(unsigned)> getExpected,
    llvm::function_ref<const TensorView *(unsigned)> getMagnitudes) {
  bool isInside = true;
  for (auto [i, result] : llvm::enumerate(results)) {
    Comparison comparison =
        compare(result.view(), *getExpected(i), getMagnitudes(i));
    llvm::outs() << comparison.report;
    isInside &= comparison.isInside;
  }
  return isInside ? llvm::Error::success()
                  : makeError("the results are outside the bounds");
}

static llvm::Error compareWithReference(ModuleOp module,
                                        const EntrySignature &signature,
                                        const Binding &binding,
                                        ArrayRef<HostTensor> results) {
  auto expected = runOnce(module, signature, binding, Target::Reference);
  if (!expected)
    return expected.takeError();
  auto magnitudes =
      runOnce(module, signature, binding, Target::ReferenceMagnitudes);
  if (!magnitudes)
    return magnitudes.takeError();
  return printComparisons(
      results, [&](unsigned i) { return &(*expected)[i].view(); },
      [&](unsigned i) {
        return isSingleProduct(module, signature.entry, i)
                   ? &(*magnitudes)[i].view()
                   : nullptr;
      });
}

static llvm::Error compareWithFile(const SafeTensors &file,
                                   const EntrySignature &signature,
                                   ArrayRef<HostTensor> results) {
  return printComparisons(
      results, [&](unsigned i) { return file.find(signature.results[i].name); },
      [](unsigned) { return nullptr; });
}

/// Every result must have something to be compared with.
static llvm::Error checkExpected(const SafeTensors &file,
                                 const EntrySignature &signature) {
  for (const EntryValue &result : signature.results)
    if (!file.find(result.name))
      return makeError("{0}: no tensor '{1}' to compare the result with",
                       file.path(), result.name);
  return llvm::Error::success();
}

static llvm::Error write(StringRef path, ArrayRef<HostTensor> results) {
  SmallVector<TensorView> views;
  for (const HostTensor &result : results)
    views.push_back(result.view());
  return writeSafeTensors(path, views);
}

static llvm::Expected<OwningOpRef<ModuleOp>>
parse(llvm::SourceMgr &source, StringRef path, MLIRContext *context) {
  auto file = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/true);
  if (!file)
    return makeError("cannot read {0}: {1}", path, file.getError().message());
  source.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(source, context);
  if (!module)
    return reportedError();
  return std::move(module);
}

static llvm::Error run(const CommandLine &options, MLIRContext *context) {
  if (llvm::Error error = check(options))
    return error;
  llvm::SourceMgr source;
  SourceMgrDiagnosticHandler handler(source, context);
  auto module = parse(source, options.module, context);
  if (!module)
    return module.takeError();
  auto signature = getSignature(**module, options.entry);
  if (!signature)
    return signature.takeError();

  // Everything that can be wrong with the files is found before anything runs.
  std::optional<SafeTensors> inputs, expected;
  std::vector<SafeTensors> parameters;
  for (const std::string &path : options.params) {
    auto file = SafeTensors::open(path);
    if (!file)
      return file.takeError();
    parameters.push_back(std::move(*file));
  }
  if (!options.input.empty()) {
    auto file = SafeTensors::open(options.input);
    if (!file)
      return file.takeError();
    inputs = std::move(*file);
  }
  auto binding =
      Binding::bind(*signature, inputs ? &*inputs : nullptr, parameters);
  if (!binding)
    return binding.takeError();
  if (!options.compare.empty() && options.compare != "reference") {
    auto file = SafeTensors::open(options.compare);
    if (!file)
      return file.takeError();
    expected = std::move(*file);
    if (llvm::Error error = checkExpected(*expected, *signature))
      return error;
  }

  double start = getSeconds();
  OwningOpRef<ModuleOp> copy = (*module)->clone();
  auto compiled = CompiledEntry::compile(*copy, *signature, Target::Reference);
  if (!compiled)
    return compiled.takeError();
  double compileTime = getSeconds() - start;

  auto results = compiled->createResults(binding->arguments());
  if (!results)
    return results.takeError();
  SmallVector<double> calls;
  for (unsigned i = 0; i < options.repeat; ++i) {
    start = getSeconds();
    if (llvm::Error error = compiled->run(binding->arguments(), *results))
      return error;
    calls.push_back(getSeconds() - start);
  }

  if (options.time)
    printTimes(compileTime, calls);
  if (!options.output.empty()) {
    if (llvm::Error error = write(options.output, *results))
      return error;
  } else if (!options.time && options.compare.empty()) {
    for (const HostTensor &result : *results)
      print(llvm::outs(), result.view());
  }
  if (expected)
    return compareWithFile(*expected, *signature, *results);
  if (!options.compare.empty())
    return compareWithReference(**module, *signature, *binding, *results);
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  CommandLine options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(
      argc, argv, "Compile a function of an fp4 graph and execute it\n");

  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerDialect(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);

  bool failed = false;
  llvm::handleAllErrors(
      run(options, &context), [&](const llvm::ErrorInfoBase &error) {
        failed = true;
        std::string message = error.message();
        if (!message.empty())
          llvm::WithColor::error(llvm::errs(), "fp4-runner") << message << "\n";
      });
  return failed;
}
