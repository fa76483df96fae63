//===- Jit.cpp - Compiling and calling entries on this machine ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Jit.h"
#include "Call.h"
#include "Engine.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Support/Error.h"
#include "fp4/Target/CPU/Pipeline.h"
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// HostTensor
//===----------------------------------------------------------------------===//

llvm::Expected<HostTensor> HostTensor::create(std::string name, DType dtype,
                                              ArrayRef<int64_t> shape) {
  int64_t bytes = bitWidth(dtype) / 8;
  bool overflow = false;
  for (int64_t size : shape)
    overflow |= size < 0 || llvm::MulOverflow(bytes, size, bytes);
  constexpr int64_t kAlignment = 64; // the widest vectors, a cache line
  HostTensor result;
  if (!overflow && bytes <= std::numeric_limits<int64_t>::max() - kAlignment)
    result.bytes.reset(static_cast<char *>(std::aligned_alloc(
        kAlignment, llvm::alignTo(std::max<int64_t>(bytes, 1), kAlignment))));
  if (!result.bytes)
    return llvm::createStringError(llvm::formatv("no memory for '{0}', {1}",
                                                 name,
                                                 fp4::describe(dtype, shape))
                                       .str());
  result.tensor.name = std::move(name);
  result.tensor.dtype = dtype;
  result.tensor.shape.assign(shape.begin(), shape.end());
  result.tensor.data = ArrayRef(result.bytes.get(), bytes);
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// A call for any number of rows, with null for the input and the result.
struct CompiledEntry::RowsCall {
  Engine::PackedFunction function;
  Call call;
  size_t input;
};

CompiledEntry::CompiledEntry() = default;
CompiledEntry::CompiledEntry(CompiledEntry &&) = default;
CompiledEntry::~CompiledEntry() = default;

CompiledEntry CompiledEntry::share() const {
  CompiledEntry result;
  result.lowered = lowered;
  result.engine = engine;
  return result;
}

static LogicalResult run(ModuleOp module,
                         llvm::function_ref<void(OpPassManager &)> build) {
  PassManager pm(module.getContext());
  build(pm);
  return pm.run(module);
}

/// Lowers and compiles for the CPU that `options` name.
static llvm::Expected<std::unique_ptr<Engine>>
compileForCPU(ModuleOp module, const EntrySignature &signature,
              const LowerToCPUOptions &options, StringRef cache,
              LoweredEntry &lowered) {
  auto cpu = cpu::CPU::create(/*triple=*/"", options.cpu, options.features);
  if (!cpu)
    return cpu.takeError();
  if (llvm::Error error = cpu->checkRunsHere())
    return std::move(error);
  nameArguments(module, signature);
  if (failed(run(module, [&](OpPassManager &pm) {
        buildLowerLayersToCPUPipeline(pm, options);
      })))
    return makeError("cannot lower @{0}", signature.entry);
  auto entry = getLoweredEntry(module, signature);
  if (!entry)
    return entry.takeError();
  lowered = std::move(*entry);
  if (failed(run(module, [&](OpPassManager &pm) {
        buildLowerTilesToCPUPipeline(pm, options);
      })))
    return makeError("cannot lower @{0}", signature.entry);
  llvm::orc::JITTargetMachineBuilder machine(cpu->getTriple());
  machine.setCPU(cpu->getName().str());
  machine.addFeatures(
      llvm::SubtargetFeatures(cpu->getFeatures()).getFeatures());
  return Engine::create(module, std::move(machine), {}, cache);
}

static llvm::Expected<std::unique_ptr<Engine>>
compileReference(ModuleOp module, const EntrySignature &signature,
                 bool magnitudes, StringRef cache, LoweredEntry &lowered) {
  auto entry = getLoweredEntry(module, signature);
  if (!entry)
    return entry.takeError();
  lowered = std::move(*entry);
  if (failed(run(module, [&](OpPassManager &pm) {
        buildLowerToReferencePipeline(pm, {magnitudes});
      })))
    return makeError("cannot lower @{0}", signature.entry);
  auto host = detectHost();
  if (!host)
    return host.takeError();
  return Engine::create(module, std::move(*host), {}, cache);
}

llvm::Expected<CompiledEntry>
CompiledEntry::compile(ModuleOp module, const EntrySignature &signature,
                       Target target, const Options &options) {
  CompiledEntry result;
  LowerToCPUOptions pipeline;
  pipeline.cpu = options.cpu;
  pipeline.features = options.features;
  auto engine = target == Target::CPU
                    ? compileForCPU(module, signature, pipeline, options.cache,
                                    result.lowered)
                    : compileReference(module, signature,
                                       target == Target::ReferenceMagnitudes,
                                       options.cache, result.lowered);
  if (!engine)
    return engine.takeError();
  result.engine = std::move(*engine);
  // What only some calls need is compiled when it is called.
  auto function = result.engine->lookupPacked(getWrapperName(signature.entry));
  if (!function)
    return function.takeError();
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

/// Adds the arguments of a lowered function.
static void addArguments(Call &call, const LoweredFunction &function,
                         ArrayRef<TensorView> arguments,
                         ArrayRef<HostTensor> prepared) {
  for (auto [value, source] :
       llvm::zip_equal(function.arguments, function.sources))
    call.add(value, source.isPrepared ? prepared[source.index].view()
                                      : arguments[source.index]);
}

llvm::Expected<std::vector<SmallVector<int64_t>>>
CompiledEntry::getResultShapes(const LoweredFunction &function,
                               ArrayRef<TensorView> arguments) const {
  int64_t numSizes = 0;
  for (const EntryValue &result : function.results)
    numSizes += result.shape().size();
  SmallVector<int64_t> sizes(numSizes);
  Call call;
  addArguments(call, function, arguments, prepared);
  call.addMemRef(reinterpret_cast<const char *>(sizes.data()), {numSizes});
  if (llvm::Error error =
          call.invoke(*engine, getResultShapesName(function.name)))
    return error;

  std::vector<SmallVector<int64_t>> shapes;
  ArrayRef<int64_t> rest = sizes;
  for (const EntryValue &result : function.results) {
    size_t rank = result.shape().size();
    shapes.emplace_back(rest.take_front(rank));
    rest = rest.drop_front(rank);
  }
  return std::move(shapes);
}

llvm::Expected<std::vector<HostTensor>>
CompiledEntry::createResults(const LoweredFunction &function,
                             ArrayRef<TensorView> arguments) const {
  auto shapes = getResultShapes(function, arguments);
  if (!shapes)
    return shapes.takeError();
  std::vector<HostTensor> results;
  for (auto [result, shape] : llvm::zip_equal(function.results, *shapes)) {
    auto tensor = HostTensor::create(result.name, result.dtype(), shape);
    if (!tensor)
      return tensor.takeError();
    results.push_back(std::move(*tensor));
  }
  return std::move(results);
}

llvm::Error CompiledEntry::run(const LoweredFunction &function,
                               ArrayRef<TensorView> arguments,
                               ArrayRef<Buffer> results) const {
  Call call;
  addArguments(call, function, arguments, prepared);
  for (const Buffer &result : results)
    call.addMemRef(result.data, result.shape);
  return call.invoke(*engine, function.name);
}

static SmallVector<CompiledEntry::Buffer>
getBuffers(ArrayRef<HostTensor> tensors) {
  SmallVector<CompiledEntry::Buffer> buffers;
  for (const HostTensor &tensor : tensors)
    buffers.push_back({tensor.data(), tensor.view().shape});
  return buffers;
}

llvm::Error CompiledEntry::prepare(ArrayRef<TensorView> arguments) {
  if (!lowered.prepare)
    return prepareRows(arguments);
  auto results = createResults(*lowered.prepare, arguments);
  if (!results)
    return results.takeError();
  if (llvm::Error error =
          run(*lowered.prepare, arguments, getBuffers(*results)))
    return error;
  prepared = std::move(*results);
  return prepareRows(arguments);
}

/// The shape with no rows, or none if it is not that of a number of rows.
static std::optional<SmallVector<int64_t>>
getShapeOfRows(const EntryValue &value) {
  SmallVector<int64_t> shape = value.shape();
  if (shape.empty() || !ShapedType::isDynamic(shape.front()))
    return std::nullopt;
  shape.front() = 0;
  if (llvm::any_of(shape, ShapedType::isDynamic))
    return std::nullopt;
  return shape;
}

llvm::Error CompiledEntry::prepareRows(ArrayRef<TensorView> arguments) {
  const LoweredFunction &function = lowered.entry;
  auto packed = engine->lookupPacked(getWrapperName(function.name));
  if (!packed)
    return packed.takeError();
  RowsCall rows = {*packed, {}, function.arguments.size()};
  for (auto [i, value, source] :
       llvm::enumerate(function.arguments, function.sources)) {
    if (value.isParameter) {
      rows.call.add(value, source.isPrepared ? prepared[source.index].view()
                                             : arguments[source.index]);
      continue;
    }
    auto shape = getShapeOfRows(value);
    if (!shape || rows.input != function.arguments.size())
      return llvm::Error::success();
    rows.input = i;
    rows.call.addMemRef(nullptr, *shape);
  }
  if (function.results.size() != 1)
    return llvm::Error::success();
  auto shape = getShapeOfRows(function.results.front());
  if (!shape || rows.input == function.arguments.size())
    return llvm::Error::success();
  rows.call.addMemRef(nullptr, *shape);
  rowsCall = std::make_unique<RowsCall>(std::move(rows));
  return llvm::Error::success();
}

llvm::Error CompiledEntry::runRows(int64_t rows, const char *input,
                                   char *result) const {
  if (!rowsCall)
    return makeError("@{0} is no function of one input and one result of rows",
                     lowered.entry.name);
  // Several threads may call at once.
  Call call = rowsCall->call;
  call.setRows(rowsCall->input, input, rows);
  call.setRows(lowered.entry.arguments.size(), result, rows);
  return call.invoke(rowsCall->function);
}

llvm::Expected<std::vector<HostTensor>>
CompiledEntry::createResults(ArrayRef<TensorView> arguments) const {
  return createResults(lowered.entry, arguments);
}

llvm::Error CompiledEntry::run(ArrayRef<TensorView> arguments,
                               ArrayRef<HostTensor> results) const {
  return run(lowered.entry, arguments, getBuffers(results));
}

llvm::Expected<std::vector<SmallVector<int64_t>>>
CompiledEntry::getResultShapes(ArrayRef<TensorView> arguments) const {
  return getResultShapes(lowered.entry, arguments);
}

llvm::Error CompiledEntry::run(ArrayRef<TensorView> arguments,
                               ArrayRef<Buffer> results) const {
  return run(lowered.entry, arguments, results);
}
