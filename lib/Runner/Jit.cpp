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
#include "fp4/Target/Reference/Pipeline.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MathExtras.h"

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

static LogicalResult lower(ModuleOp module, Target target) {
  PassManager pm(module.getContext());
  buildLowerToReferencePipeline(
      pm, {/*magnitudes=*/target == Target::ReferenceMagnitudes});
  return pm.run(module);
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

  auto engine = createEngine(module);
  if (!engine)
    return engine.takeError();
  // Compile now and not at the first call.
  auto function = (*engine)->lookupPacked(getWrapperName(signature.entry));
  if (!function)
    return function.takeError();
  return CompiledEntry(signature, std::move(*engine));
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

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
