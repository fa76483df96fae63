//===- Jit.cpp - Compiling and calling entries on this machine ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Jit.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "fp4/Support/Error.h"
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include <cstdlib>

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

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createHostMachine() {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  // LLVM would use these for conversions to bf16, and they flush subnormals.
  if (builder->getTargetTriple().isX86())
    builder->addFeatures({"-avx512bf16", "-avxneconvert"});
  return builder->createTargetMachine();
}

static LogicalResult lower(ModuleOp module, Target target) {
  PassManager pm(module.getContext());
  buildLowerToReferencePipeline(
      pm, {/*magnitudes=*/target == Target::ReferenceMagnitudes});
  return pm.run(module);
}

static std::string getWrapperName(StringRef function) {
  return ("_mlir_ciface_" + function).str();
}

CompiledEntry::CompiledEntry(EntrySignature signature,
                             std::unique_ptr<ExecutionEngine> engine)
    : signature(std::move(signature)), engine(std::move(engine)) {}
CompiledEntry::CompiledEntry(CompiledEntry &&) = default;
CompiledEntry::~CompiledEntry() = default;

llvm::Expected<CompiledEntry>
CompiledEntry::compile(ModuleOp module, const EntrySignature &signature,
                       Target target) {
  if (failed(lower(module, target)))
    return makeError("cannot lower @{0}", signature.entry);

  auto machine = createHostMachine();
  if (!machine)
    return machine.takeError();
  auto optimize = makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0,
                                            machine->get());
  ExecutionEngineOptions options;
  options.transformer = optimize;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(module, options, std::move(*machine));
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    auto add = [&](StringRef name, auto *function) {
      symbols[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                               llvm::JITSymbolFlags::Exported};
    };
    add("memrefCopy", &memrefCopy);
    add("malloc", &allocateOrExit);
    add("puts", &reportFailedCheck);
    add("abort", &exitAfterFailedCheck);
    return symbols;
  });
  // Compile now and not at the first call.
  auto function = (*engine)->lookupPacked(getWrapperName(signature.entry));
  if (!function)
    return function.takeError();
  return CompiledEntry(signature, std::move(*engine));
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

namespace {
/// The arguments of a call of a C wrapper: scalars by value, tensors by a
/// pointer to a memref descriptor.
class Call {
public:
  void addScalar(const char *data) {
    pointers.push_back(const_cast<char *>(data));
  }

  void addMemRef(const char *data, ArrayRef<int64_t> shape) {
    // { allocated, aligned, offset, sizes[rank], strides[rank] }
    auto words = std::make_unique<int64_t[]>(3 + 2 * shape.size());
    words[0] = words[1] = reinterpret_cast<intptr_t>(data);
    words[2] = 0;
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      words[3 + i] = shape[i];
      words[3 + shape.size() + i] = stride;
      stride *= shape[i];
    }
    descriptors.push_back(std::move(words));
    auto pointer = std::make_unique<void *>(descriptors.back().get());
    pointers.push_back(pointer.get());
    descriptorPointers.push_back(std::move(pointer));
  }

  void add(const EntryValue &value, const TensorView &tensor) {
    if (isa<RankedTensorType>(value.type))
      // A tensor of rank 0 may be stored with shape (1).
      addMemRef(tensor.data.data(), value.shape().empty()
                                        ? ArrayRef<int64_t>()
                                        : ArrayRef<int64_t>(tensor.shape));
    else
      addScalar(tensor.data.data());
  }

  llvm::Error invoke(ExecutionEngine &engine, StringRef function) {
    return engine.invokePacked(getWrapperName(function), pointers);
  }

private:
  SmallVector<void *> pointers;
  std::vector<std::unique_ptr<int64_t[]>> descriptors;
  std::vector<std::unique_ptr<void *>> descriptorPointers;
};
} // namespace

llvm::Expected<std::vector<HostTensor>>
CompiledEntry::createResults(ArrayRef<TensorView> arguments) const {
  int64_t numSizes = 0;
  for (const EntryValue &result : signature.results)
    numSizes += result.shape().size();
  SmallVector<int64_t> sizes(numSizes);
  Call call;
  for (auto [value, tensor] : llvm::zip_equal(signature.arguments, arguments))
    call.add(value, tensor);
  call.addMemRef(reinterpret_cast<const char *>(sizes.data()), {numSizes});
  if (llvm::Error error =
          call.invoke(*engine, getResultShapesName(signature.entry)))
    return error;

  std::vector<HostTensor> results;
  ArrayRef<int64_t> rest = sizes;
  for (const EntryValue &result : signature.results) {
    size_t rank = result.shape().size();
    auto tensor =
        HostTensor::create(result.name, result.dtype(), rest.take_front(rank));
    if (!tensor)
      return tensor.takeError();
    results.push_back(std::move(*tensor));
    rest = rest.drop_front(rank);
  }
  return std::move(results);
}

llvm::Error CompiledEntry::run(ArrayRef<TensorView> arguments,
                               ArrayRef<HostTensor> results) const {
  Call call;
  for (auto [value, tensor] : llvm::zip_equal(signature.arguments, arguments))
    call.add(value, tensor);
  for (const HostTensor &result : results)
    call.addMemRef(result.data(), result.view().shape);
  return call.invoke(*engine, signature.entry);
}
