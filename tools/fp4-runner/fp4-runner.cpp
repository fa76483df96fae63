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

#include "fp4/InitAll.h"
#include "fp4/Runner/Binding.h"
#include "fp4/Runner/Compare.h"
#include "fp4/Runner/DeviceEntry.h"
#include "fp4/Runner/Elements.h"
#include "fp4/Runner/Jit.h"
#include "fp4/Support/Error.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
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
                              cl::desc("What to lower to: reference (default), "
                                       "one thread of plain loops; cpu, all "
                                       "this CPU can do; or cuda, a GPU"),
                              cl::init("reference"), cl::cat(category)};
  cl::opt<std::string> cpu{
      "cpu",
      cl::desc("The CPU to compile for with --target=cpu, as LLVM calls it "
               "(default this one); it must be able to run here"),
      cl::cat(category)};
  cl::opt<std::string> features{
      "features",
      cl::desc("Features to add to the CPU's, for example -avx512vnni"),
      cl::cat(category)};
  cl::opt<std::string> codeCache{
      "code-cache",
      cl::desc("Keep compiled code in a folder, for the next run to take"),
      cl::value_desc("folder"), cl::cat(category)};
  cl::opt<std::string> driver{
      "cuda-driver",
      cl::desc("The CUDA driver for --target=cuda (default libcuda.so.1), or "
               "sim, the one whose device is simulated"),
      cl::value_desc("library|sim"), cl::cat(category)};
  cl::opt<unsigned> device{"cuda-device",
                           cl::desc("The number of the GPU (default 0)"),
                           cl::init(0), cl::cat(category)};
  cl::opt<std::string> chip{
      "chip",
      cl::desc("The chip to compile for, for example sm_100a (default what "
               "fits the GPU)"),
      cl::cat(category)};
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

/// MLIR has reported what is wrong already.
static llvm::Error reportedError() { return makeError(""); }

static llvm::Error check(const CommandLine &options) {
  if (options.target != "reference" && options.target != "cpu" &&
      options.target != "cuda")
    return makeError("unknown --target={0}; expects reference, cpu or cuda",
                     options.target.getValue());
  const std::pair<const cl::Option *, StringRef> ofTargets[] = {
      {&options.cpu, "cpu"},
      {&options.features, "cpu"},
      {&options.driver, "cuda"},
      {&options.device, "cuda"},
      {&options.chip, "cuda"}};
  for (auto [option, target] : ofTargets)
    if (option->getNumOccurrences() && options.target != target)
      return makeError("--{0} goes with --target={1}", option->ArgStr, target);
  if (options.codeCache.getNumOccurrences() && options.target == "cuda")
    return makeError("--code-cache goes with --target=reference or cpu");
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

static void printTimes(double compile, double prepare,
                       MutableArrayRef<double> calls) {
  llvm::sort(calls);
  size_t count = calls.size(), middle = count / 2;
  double median =
      count % 2 ? calls[middle] : (calls[middle - 1] + calls[middle]) / 2;
  llvm::json::OStream json(llvm::outs());
  json.object([&] {
    json.attribute("compile", compile);
    json.attribute("prepare", prepare);
    json.attribute("calls", int64_t(count));
    json.attribute("min", calls.front());
    json.attribute("median", median);
    json.attribute("max", calls.back());
  });
  llvm::outs() << "\n";
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

namespace {
/// The files that the command line names.
struct Files {
  std::vector<SafeTensors> parameters;
  std::optional<SafeTensors> inputs;
  std::optional<SafeTensors> expected;
};
} // namespace

static llvm::Expected<Files> openFiles(const CommandLine &options) {
  Files files;
  for (const std::string &path : options.params) {
    auto file = SafeTensors::open(path);
    if (!file)
      return file.takeError();
    files.parameters.push_back(std::move(*file));
  }
  auto openOptional = [](StringRef path,
                         std::optional<SafeTensors> &result) -> llvm::Error {
    if (path.empty())
      return llvm::Error::success();
    auto file = SafeTensors::open(path);
    if (!file)
      return file.takeError();
    result = std::move(*file);
    return llvm::Error::success();
  };
  if (llvm::Error error = openOptional(options.input, files.inputs))
    return error;
  if (options.compare != "reference")
    if (llvm::Error error = openOptional(options.compare, files.expected))
      return error;
  return std::move(files);
}

namespace {
/// What a run came to.
struct Execution {
  std::vector<HostTensor> results;
  double compile = 0, prepare = 0;
  SmallVector<double> calls;
};
} // namespace

static llvm::Error repeat(const CommandLine &options, Execution &execution,
                          llvm::function_ref<llvm::Error()> call) {
  for (unsigned i = 0; i < options.repeat; ++i) {
    double start = getSeconds();
    if (llvm::Error error = call())
      return error;
    execution.calls.push_back(getSeconds() - start);
  }
  return llvm::Error::success();
}

static llvm::Expected<Execution> executeOnHost(const CommandLine &options,
                                               ModuleOp module,
                                               const EntrySignature &signature,
                                               ArrayRef<TensorView> arguments,
                                               const Files &files) {
  Execution execution;
  double start = getSeconds();
  auto compiled = CompiledEntry::compile(
      module, signature,
      options.target == "cpu" ? Target::CPU : Target::Reference,
      {options.cpu, options.features, options.codeCache});
  if (!compiled)
    return compiled.takeError();
  execution.compile = getSeconds() - start;
  if (options.target == "cpu") {
    start = getSeconds();
    if (llvm::Error error = compiled->prepare(arguments))
      return error;
    execution.prepare = getSeconds() - start;
  }
  // Weights are in memory once, as they were re-laid.
  for (const SafeTensors &file : files.parameters)
    file.releasePages();
  auto results = compiled->createResults(arguments);
  if (!results)
    return results.takeError();
  execution.results = std::move(*results);
  if (llvm::Error error = repeat(options, execution, [&] {
        return compiled->run(arguments, execution.results);
      }))
    return error;
  return std::move(execution);
}

/// The library of --cuda-driver; that of the simulator lies beside this tool,
/// where no program finds it that does not look for it.
static std::string getDriver(const CommandLine &options) {
  if (options.driver != "sim")
    return options.driver;
  void *address = reinterpret_cast<void *>(getDriver);
  SmallString<128> path(
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(
          llvm::sys::fs::getMainExecutable(nullptr, address))));
  llvm::sys::path::append(path, "lib", "fp4", "sim", "libcuda.so.1");
  return path.str().str();
}

static llvm::Expected<Execution>
executeOnDevice(const CommandLine &options, ModuleOp module,
                const EntrySignature &signature,
                ArrayRef<TensorView> arguments) {
  auto chip = openDevice(getDriver(options), options.device, options.chip);
  if (!chip)
    return chip.takeError();
  Execution execution;
  double start = getSeconds();
  auto compiled = DeviceEntry::compile(module, signature, *chip);
  if (!compiled)
    return compiled.takeError();
  execution.compile = getSeconds() - start;
  start = getSeconds();
  if (llvm::Error error = compiled->prepare(arguments))
    return error;
  if (llvm::Error error = compiled->load(arguments))
    return error;
  execution.prepare = getSeconds() - start;
  auto shapes = compiled->getResultShapes(arguments);
  if (!shapes)
    return shapes.takeError();
  SmallVector<DeviceEntry::Buffer> buffers;
  for (auto [value, shape] : llvm::zip_equal(signature.results, *shapes)) {
    auto tensor = HostTensor::create(value.name, value.dtype(), shape);
    if (!tensor)
      return tensor.takeError();
    buffers.push_back({tensor->data(), shape});
    execution.results.push_back(std::move(*tensor));
  }
  if (llvm::Error error = compiled->setResults(buffers))
    return error;
  if (llvm::Error error =
          repeat(options, execution, [&] { return compiled->run(); }))
    return error;
  if (llvm::Error error = compiled->read())
    return error;
  return std::move(execution);
}

/// Runs the entry as often as asked and says what came out.
static llvm::Error execute(const CommandLine &options, ModuleOp module,
                           const EntrySignature &signature,
                           ArrayRef<TensorView> arguments, const Files &files) {
  OwningOpRef<ModuleOp> copy = module.clone();
  auto execution =
      options.target == "cuda"
          ? executeOnDevice(options, *copy, signature, arguments)
          : executeOnHost(options, *copy, signature, arguments, files);
  if (!execution)
    return execution.takeError();
  ArrayRef<HostTensor> results = execution->results;
  if (options.time)
    printTimes(execution->compile, execution->prepare, execution->calls);
  if (!options.output.empty()) {
    if (llvm::Error error = write(options.output, results))
      return error;
  } else if (!options.time && options.compare.empty()) {
    for (const HostTensor &result : results)
      print(llvm::outs(), result.view());
  }
  if (files.expected)
    return compareWithFile(*files.expected, results, llvm::outs());
  if (!options.compare.empty())
    return compareWithReference(module, signature, arguments, results,
                                llvm::outs());
  return llvm::Error::success();
}

/// Finds everything that can be wrong with the module and the files before
/// anything is compiled.
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
  auto files = openFiles(options);
  if (!files)
    return files.takeError();
  auto binding = Binding::bind(
      *signature, files->inputs ? &*files->inputs : nullptr, files->parameters);
  if (!binding)
    return binding.takeError();
  if (files->expected)
    if (llvm::Error error = checkExpected(*files->expected, *signature))
      return error;
  return execute(options, **module, *signature, binding->arguments(), *files);
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
  registerAllGPUToLLVMIRTranslations(registry);
  registerOpenMPDialectTranslation(registry);
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
