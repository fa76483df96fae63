//===- DeviceEntry.cpp - Entries on a GPU ---------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/DeviceEntry.h"
#include "Call.h"
#include "Engine.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Runtime/Runtime.h"
#include "fp4/Runtime/Symbols.h"
#include "fp4/Support/Error.h"
#include "fp4/Target/NVVM/Chip.h"
#include "fp4/Target/NVVM/Passes.h"
#include "fp4/Target/NVVM/Pipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

/// What the runtime has to say, if something failed.
static llvm::Error takeRuntimeError() {
  const char *message = fp4rtError();
  if (!message)
    return llvm::Error::success();
  llvm::Error error = makeError("{0}", message);
  fp4rtClearError();
  return error;
}

llvm::Expected<std::string> fp4::openDevice(StringRef driver, unsigned ordinal,
                                            StringRef chip) {
  int major = 0, minor = 0;
  if (fp4rtOpen(driver.empty() ? nullptr : driver.str().c_str(), ordinal) ||
      fp4rtComputeCapability(&major, &minor))
    return takeRuntimeError();
  if (chip.empty()) {
    const nvvm::Chip *best = nvvm::Chip::forComputeCapability(major, minor);
    if (!best)
      return makeError("device {0}, {1}, has compute capability {2}.{3}; the "
                       "least that code can be compiled for is 8.0",
                       ordinal, fp4rtDeviceName(), major, minor);
    return best->getName().str();
  }
  llvm::Expected<const nvvm::Chip *> asked = nvvm::Chip::lookup(chip);
  if (!asked)
    return asked.takeError();
  if (!(*asked)->runsOn(major, minor))
    return makeError("device {0}, {1}, has compute capability {2}.{3} and "
                     "cannot execute code for {4}",
                     ordinal, fp4rtDeviceName(), major, minor, chip);
  return chip.str();
}

llvm::Expected<DeviceBuffer> DeviceBuffer::create(size_t size) {
  DeviceBuffer buffer;
  buffer.data = static_cast<char *>(fp4rtAlloc(size));
  if (llvm::Error error = takeRuntimeError())
    return error;
  return std::move(buffer);
}

DeviceBuffer::~DeviceBuffer() {
  if (data)
    fp4rtFree(data);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// What a module was compiled to.
struct DeviceEntry::Code {
  EntrySignature signature;
  LoweredFunction entry;
  std::optional<LoweredFunction> prepare;
  std::unique_ptr<Engine> engine;
  std::vector<void *> modules;

  ~Code() {
    // An error may have left kernels at work.
    if (!modules.empty()) {
      fp4rtSynchronize();
      fp4rtClearError();
    }
    for (void *module : modules)
      fp4rtUnloadModule(static_cast<FP4RTModule *>(module));
  }
};

DeviceEntry::DeviceEntry() = default;
DeviceEntry::DeviceEntry(DeviceEntry &&) = default;
DeviceEntry &DeviceEntry::operator=(DeviceEntry &&) = default;
DeviceEntry::~DeviceEntry() = default;

DeviceEntry DeviceEntry::share() const {
  DeviceEntry result;
  result.code = code;
  return result;
}

llvm::Expected<DeviceEntry>
DeviceEntry::compile(ModuleOp module, const EntrySignature &signature,
                     StringRef chip) {
  DeviceEntry result;
  result.code = std::make_shared<Code>();
  Code &code = *result.code;
  code.signature = signature;
  nameArguments(module, signature);
  auto run = [&](llvm::function_ref<void(OpPassManager &)> build) {
    PassManager pm(module.getContext());
    build(pm);
    return pm.run(module);
  };
  if (failed(run([&](OpPassManager &pm) {
        buildLowerLayersToNVVMPipeline(pm, chip);
      })))
    return makeError("cannot lower @{0}", signature.entry);
  auto lowered = getLoweredEntry(module, signature);
  if (!lowered)
    return lowered.takeError();
  code.entry = std::move(lowered->entry);
  code.prepare = std::move(lowered->prepare);
  if (failed(run([&](OpPassManager &pm) {
        buildLowerToKernelsPipeline(pm, chip);
        buildLowerHostPipeline(pm);
      })))
    return makeError("cannot lower @{0}", signature.entry);

  auto host = detectHost();
  if (!host)
    return host.takeError();
  auto engine = Engine::create(module, std::move(*host), getRuntimeSymbols());
  if (!engine)
    return engine.takeError();
  code.engine = std::move(*engine);
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global.getSymName().starts_with(kRuntimeModulePrefix)) {
      auto address = code.engine->lookup(global.getSymName());
      if (!address)
        return address.takeError();
      code.modules.push_back(*address);
    }
  auto function = code.engine->lookupPacked(getWrapperName(signature.entry));
  if (!function)
    return function.takeError();
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

llvm::Error DeviceEntry::Value::allocate() {
  size_t size = view.data.size();
  auto created = DeviceBuffer::create(size);
  if (!created)
    return created.takeError();
  buffer = std::move(*created);
  view.data = ArrayRef<char>(buffer.get(), size);
  return llvm::Error::success();
}

llvm::Error DeviceEntry::upload(const LoweredFunction &function,
                                ArrayRef<TensorView> arguments,
                                bool parameters) {
  for (const LoweredFunction::Source &source : function.sources) {
    if (source.isPrepared || loaded.count(source.index))
      continue;
    const EntryValue &argument = code->signature.arguments[source.index];
    if (argument.isParameter != parameters)
      continue;
    Value &value = loaded[source.index];
    value.view = arguments[source.index];
    if (!isa<RankedTensorType>(argument.type))
      continue;
    ArrayRef<char> data = value.view.data;
    if (llvm::Error error = value.allocate())
      return error;
    fp4rtCopyToDevice(value.buffer.get(), data.data(), data.size());
  }
  return takeRuntimeError();
}

SmallVector<TensorView>
DeviceEntry::getArguments(const LoweredFunction &function,
                          ArrayRef<TensorView> arguments) const {
  SmallVector<TensorView> views;
  for (const LoweredFunction::Source &source : function.sources) {
    if (source.isPrepared) {
      views.push_back(prepared[source.index].view);
      continue;
    }
    auto there = loaded.find(source.index);
    views.push_back(there == loaded.end() ? arguments[source.index]
                                          : there->second.view);
  }
  return views;
}

llvm::Expected<SmallVector<SmallVector<int64_t>>>
DeviceEntry::getResultShapes(const LoweredFunction &function,
                             ArrayRef<TensorView> arguments) {
  int64_t numSizes = 0;
  for (const EntryValue &result : function.results)
    numSizes += result.shape().size();
  SmallVector<int64_t> sizes(numSizes);
  Call call;
  for (auto [value, view] :
       llvm::zip_equal(function.arguments, getArguments(function, arguments)))
    call.add(value, view);
  call.addMemRef(reinterpret_cast<const char *>(sizes.data()), {numSizes});
  if (llvm::Error error =
          call.invoke(*code->engine, getResultShapesName(function.name)))
    return error;
  if (llvm::Error error = takeRuntimeError())
    return error;
  SmallVector<SmallVector<int64_t>> shapes;
  ArrayRef<int64_t> rest = sizes;
  for (const EntryValue &result : function.results) {
    size_t rank = result.shape().size();
    shapes.emplace_back(rest.take_front(rank));
    rest = rest.drop_front(rank);
  }
  return shapes;
}

llvm::Error DeviceEntry::invoke(const LoweredFunction &function,
                                ArrayRef<TensorView> destinations) {
  Call call;
  for (auto [value, view] :
       llvm::zip_equal(function.arguments, getArguments(function, {})))
    call.add(value, view);
  for (const TensorView &destination : destinations)
    call.addMemRef(destination.data.data(), destination.shape);
  if (llvm::Error error = call.invoke(*code->engine, function.name))
    return error;
  fp4rtSynchronize();
  return takeRuntimeError();
}

static size_t getNumBytes(const EntryValue &value, ArrayRef<int64_t> shape) {
  size_t bytes = bitWidth(value.dtype()) / 8;
  for (int64_t size : shape)
    bytes *= size;
  return bytes;
}

llvm::Error DeviceEntry::prepare(ArrayRef<TensorView> arguments) {
  if (code->prepare) {
    const LoweredFunction &prepare = *code->prepare;
    if (llvm::Error error = upload(prepare, arguments, /*parameters=*/true))
      return error;
    auto shapes = getResultShapes(prepare, {});
    if (!shapes)
      return shapes.takeError();
    SmallVector<TensorView> destinations;
    for (auto [result, shape] : llvm::zip_equal(prepare.results, *shapes)) {
      Value value;
      value.view.dtype = result.dtype();
      value.view.shape.assign(shape.begin(), shape.end());
      value.view.data = ArrayRef<char>(nullptr, getNumBytes(result, shape));
      if (llvm::Error error = value.allocate())
        return error;
      destinations.push_back(value.view);
      prepared.push_back(std::move(value));
    }
    if (llvm::Error error = invoke(prepare, destinations))
      return error;
    for (const LoweredFunction::Source &source : prepare.sources)
      if (llvm::none_of(
              code->entry.sources, [&](const LoweredFunction::Source &other) {
                return !other.isPrepared && other.index == source.index;
              }))
        loaded.erase(source.index);
  }
  return upload(code->entry, arguments, /*parameters=*/true);
}

void DeviceEntry::unloadInputs() {
  for (auto [index, argument] : llvm::enumerate(code->signature.arguments))
    if (!argument.isParameter)
      loaded.erase(index);
}

void DeviceEntry::unload() {
  unloadInputs();
  results.clear();
}

llvm::Error DeviceEntry::load(ArrayRef<TensorView> arguments) {
  unloadInputs();
  return upload(code->entry, arguments, /*parameters=*/false);
}

llvm::Expected<SmallVector<SmallVector<int64_t>>>
DeviceEntry::getResultShapes(ArrayRef<TensorView> arguments) {
  return getResultShapes(code->entry, arguments);
}

llvm::Error DeviceEntry::setResults(ArrayRef<Buffer> buffers) {
  results.clear();
  for (auto [value, buffer] :
       llvm::zip_equal(code->signature.results, buffers)) {
    Result result;
    result.destination = buffer.data;
    result.view.dtype = value.dtype();
    result.view.shape.assign(buffer.shape.begin(), buffer.shape.end());
    result.view.data =
        ArrayRef<char>(buffer.data, getNumBytes(value, buffer.shape));
    // Scalars are stored by the host.
    if (isa<RankedTensorType>(value.type))
      if (llvm::Error error = result.allocate())
        return error;
    results.push_back(std::move(result));
  }
  return llvm::Error::success();
}

llvm::Error DeviceEntry::run() {
  SmallVector<TensorView> destinations;
  for (const Result &result : results)
    destinations.push_back(result.view);
  return invoke(code->entry, destinations);
}

llvm::Error DeviceEntry::read() const {
  for (const Result &result : results)
    if (result.buffer.get())
      fp4rtCopyToHost(result.destination, result.buffer.get(),
                      result.view.data.size());
  return takeRuntimeError();
}
