//===- Native.cpp - The compiler as a Python module -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the package is made of, for the package only: tensors are addresses with
// a dtype and a shape here, and the Python side sees to it that they are good.
// No call holds the interpreter's lock while it compiles or computes.
//
//===----------------------------------------------------------------------===//

#include "Executable.h"
#include "fp4/InitAll.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>
#include <stdexcept>

namespace nb = nanobind;
using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {
/// fp4.Error.
struct CompilerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Collects what MLIR reports, as the tools print it, and throws it.
class Diagnostics {
public:
  Diagnostics(llvm::SourceMgr &source, MLIRContext *context)
      : os(text), handler(source, context, os) {}

  [[noreturn]] void fail(StringRef message = "") {
    std::string all = text;
    if (!message.empty() || all.empty())
      all += message.empty() ? "error: unknown" : message.str();
    while (!all.empty() && all.back() == '\n')
      all.pop_back();
    throw CompilerError(all);
  }
  template <typename T>
  T get(llvm::Expected<T> value) {
    if (!value)
      fail(llvm::toString(value.takeError()));
    return std::move(*value);
  }

  const std::string &getText() const { return text; }

private:
  std::string text;
  llvm::raw_string_ostream os;
  SourceMgrDiagnosticHandler handler;
};
} // namespace

static void check(llvm::Error error) {
  if (error)
    throw CompilerError(llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// A context of one thread: several modules may be compiled at once.
static std::unique_ptr<MLIRContext> createContext() {
  static const DialectRegistry &registry = [&]() -> const DialectRegistry & {
    static DialectRegistry all;
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    registerEverything(all);
    registerOpenMPDialectTranslation(all);
    return all;
  }();
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false);
  return context;
}

namespace {
/// The text of a module, and the module.
struct Source {
  Source(const std::string &text, const std::string &name)
      : context(createContext()), diagnostics(manager, context.get()) {
    manager.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, name),
                               llvm::SMLoc());
    module = parseSourceFile<ModuleOp>(manager, context.get());
    if (!module)
      diagnostics.fail();
  }

  std::shared_ptr<MLIRContext> context;
  llvm::SourceMgr manager;
  Diagnostics diagnostics;
  OwningOpRef<ModuleOp> module;
};
} // namespace

static std::string print(Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  op->print(os);
  return text;
}

namespace {
using Stages = std::vector<std::pair<std::string, std::string>>;

/// Keeps the module's text after each pass that changed it.
class StageRecorder : public PassInstrumentation {
public:
  explicit StageRecorder(Stages &stages) : stages(stages) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    StringRef name = pass->getArgument();
    // The adaptors of nested passes have none.
    if (name.empty())
      return;
    while (op->getParentOp())
      op = op->getParentOp();
    std::string text = print(op);
    if (text != last)
      stages.push_back({name.str(), text});
    last = std::move(text);
  }

private:
  Stages &stages;
  std::string last;
};
} // namespace

/// The module after each pass of the pipeline that changed it.
static Stages runPasses(const std::string &text, const std::string &name,
                        const std::string &pipeline, bool onlyLast) {
  nb::gil_scoped_release release;
  Source source(text, name);
  PassManager pm(source.context.get(), ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream os(message);
  if (failed(parsePassPipeline(pipeline, pm, os)))
    source.diagnostics.fail(message);
  Stages stages;
  if (!onlyLast)
    pm.addInstrumentation(std::make_unique<StageRecorder>(stages));
  if (failed(pm.run(*source.module)))
    source.diagnostics.fail();
  if (onlyLast)
    stages.push_back({pipeline, print(*source.module)});
  return stages;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
/// Where a tensor is, its dtype as safetensors call it, and its shape.
using Tensor = std::tuple<uintptr_t, std::string, std::vector<int64_t>>;

/// Name, whether it is a parameter, dtype and shape, -1 where it is dynamic.
using Value = std::tuple<std::string, bool, std::string, std::vector<int64_t>>;

class Function {
public:
  Function(const std::string &text, const std::string &name,
           const std::string &entry, const std::string &target,
           const std::string &cpu, const std::string &features,
           const std::string &cache, const std::string &driver, unsigned device,
           const std::string &chip) {
    nb::gil_scoped_release release;
    Source source(text, name);
    signature = source.diagnostics.get(getSignature(*source.module, entry));
    compiled = source.diagnostics.get(Executable::compile(
        *source.module, signature,
        {target, {cpu, features, cache}, driver, device, chip}));
    arguments.resize(signature.arguments.size());
    diagnostics = source.diagnostics.getText();
    // The types of the signature are the context's.
    source.module = nullptr;
    context = source.context;
  }

  /// The same code, with the parameters in the order of the arguments, which
  /// are re-laid where the target wants that. Others are read by each call: the
  /// caller cannot know which, and keeps all.
  std::unique_ptr<Function>
  bind(const std::vector<std::optional<Tensor>> &tensors) const {
    nb::gil_scoped_release release;
    std::unique_ptr<Function> bound(new Function(*this));
    for (auto [view, value, tensor] :
         llvm::zip_equal(bound->arguments, signature.arguments, tensors))
      if (tensor)
        view = getView(value, *tensor);
    check(bound->compiled->prepare(bound->arguments));
    return bound;
  }

  /// What was reported without being an error, such as a strategy that cannot
  /// be taken.
  const std::string &getDiagnostics() const { return diagnostics; }

  std::vector<Value> getArguments() const {
    return describe(signature.arguments);
  }
  std::vector<Value> getResults() const { return describe(signature.results); }

  /// The shapes of the results with these inputs, in the order of those
  /// arguments that are no parameters.
  std::vector<std::vector<int64_t>>
  getResultShapes(const std::vector<Tensor> &inputs) const {
    nb::gil_scoped_release release;
    auto shapes = compiled->getResultShapes(withInputs(inputs));
    if (!shapes)
      check(shapes.takeError());
    std::vector<std::vector<int64_t>> result;
    for (ArrayRef<int64_t> shape : *shapes)
      result.emplace_back(shape.begin(), shape.end());
    return result;
  }

  /// Computes results of these shapes into memory of the caller.
  void run(const std::vector<Tensor> &inputs,
           const std::vector<Tensor> &results) const {
    nb::gil_scoped_release release;
    SmallVector<CompiledEntry::Buffer> buffers;
    for (auto [value, tensor] : llvm::zip(signature.results, results)) {
      checkFits(value, tensor);
      const auto &[address, dtype, shape] = tensor;
      buffers.push_back({reinterpret_cast<char *>(address),
                         SmallVector<int64_t>(shape.begin(), shape.end())});
    }
    if (buffers.size() != signature.results.size() ||
        results.size() != buffers.size())
      throw CompilerError(llvm::formatv("expects {0} results, but got {1}",
                                        signature.results.size(),
                                        results.size())
                              .str());
    check(compiled->run(withInputs(inputs), buffers));
  }

  /// The same where there is one input and one result, at addresses, of so many
  /// rows each, at little cost.
  void runRows(int64_t rows, uintptr_t input, uintptr_t result) const {
    nb::gil_scoped_release release;
    check(compiled->runRows(rows, reinterpret_cast<const char *>(input),
                            reinterpret_cast<char *>(result)));
  }

private:
  Function(const Function &other)
      : context(other.context), signature(other.signature),
        diagnostics(other.diagnostics), compiled(other.compiled->share()),
        arguments(other.arguments) {}

  static std::vector<Value> describe(ArrayRef<EntryValue> values) {
    std::vector<Value> result;
    for (const EntryValue &value : values) {
      std::vector<int64_t> shape;
      for (int64_t size : value.shape())
        shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
      result.push_back({value.name, value.isParameter,
                        stringify(value.dtype()).str(), std::move(shape)});
    }
    return result;
  }

  static TensorView getView(const EntryValue &value, const Tensor &tensor) {
    const auto &[address, dtypeName, shape] = tensor;
    std::optional<DType> dtype = parseDType(dtypeName);
    if (!dtype)
      throw CompilerError(
          llvm::formatv("'{0}': no dtype is called {1}", value.name, dtypeName)
              .str());
    TensorView view;
    view.name = value.name;
    view.dtype = *dtype;
    view.shape.assign(shape.begin(), shape.end());
    int64_t bytes = bitWidth(*dtype) / 8;
    for (int64_t size : shape)
      bytes *= size;
    view.data = ArrayRef(reinterpret_cast<const char *>(address), bytes);
    check(value.check(view, "the array"));
    return view;
  }
  static void checkFits(const EntryValue &value, const Tensor &tensor) {
    getView(value, tensor);
  }

  std::vector<TensorView> withInputs(const std::vector<Tensor> &inputs) const {
    std::vector<TensorView> all = arguments;
    size_t next = 0;
    for (auto [view, value] : llvm::zip_equal(all, signature.arguments)) {
      if (value.isParameter) {
        if (view.name.empty())
          throw CompilerError("parameter '" + value.name + "' is not bound");
        continue;
      }
      if (next == inputs.size())
        throw CompilerError("input '" + value.name + "' is missing");
      view = getView(value, inputs[next++]);
    }
    if (next != inputs.size())
      throw CompilerError(
          llvm::formatv("expects {0} inputs, but got {1}", next, inputs.size())
              .str());
    return all;
  }

  std::shared_ptr<MLIRContext> context;
  EntrySignature signature;
  std::string diagnostics;
  std::unique_ptr<Executable> compiled;
  std::vector<TensorView> arguments;
};
} // namespace

NB_MODULE(_native, module) {
  module.doc() = "The compiler that the package fp4 is made of.";
  // Functions that are kept for good are no leak.
  nb::set_leak_warnings(false);
  nb::exception<CompilerError>(module, "Error", PyExc_RuntimeError);
  module.attr("version") = FP4_VERSION;
  module.def("run_passes", &runPasses, nb::arg("text"), nb::arg("name"),
             nb::arg("pipeline"), nb::arg("only_last"));
  nb::class_<Function>(module, "Function")
      .def(nb::init<const std::string &, const std::string &,
                    const std::string &, const std::string &,
                    const std::string &, const std::string &,
                    const std::string &, const std::string &, unsigned,
                    const std::string &>(),
           nb::arg("text"), nb::arg("name"), nb::arg("entry"),
           nb::arg("target"), nb::arg("cpu"), nb::arg("features"),
           nb::arg("cache"), nb::arg("driver"), nb::arg("device"),
           nb::arg("chip"))
      .def_prop_ro("arguments", &Function::getArguments)
      .def_prop_ro("results", &Function::getResults)
      .def_prop_ro("diagnostics", &Function::getDiagnostics)
      .def("bind", &Function::bind, nb::arg("parameters"))
      .def("result_shapes", &Function::getResultShapes, nb::arg("inputs"))
      .def("run", &Function::run, nb::arg("inputs"), nb::arg("results"))
      .def("run_rows", &Function::runRows, nb::arg("rows"), nb::arg("input"),
           nb::arg("result"));
}
