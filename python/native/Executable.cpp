//===- Executable.cpp - What a function was compiled to -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Executable.h"
#include "fp4/Runner/DeviceEntry.h"
#include "fp4/Support/Error.h"
#include <mutex>

using namespace mlir;
using namespace mlir::fp4;

using Buffer = CompiledEntry::Buffer;
using Shapes = std::vector<SmallVector<int64_t>>;

//===----------------------------------------------------------------------===//
// This machine
//===----------------------------------------------------------------------===//

namespace {
class HostExecutable : public Executable {
public:
  explicit HostExecutable(CompiledEntry entry) : entry(std::move(entry)) {}

  std::unique_ptr<Executable> share() const override {
    return std::make_unique<HostExecutable>(entry.share());
  }
  llvm::Error prepare(ArrayRef<TensorView> arguments) override {
    return entry.prepare(arguments);
  }
  llvm::Expected<Shapes>
  getResultShapes(ArrayRef<TensorView> arguments) override {
    return entry.getResultShapes(arguments);
  }
  llvm::Error run(ArrayRef<TensorView> arguments,
                  ArrayRef<Buffer> results) override {
    return entry.run(arguments, results);
  }
  llvm::Error runRows(int64_t rows, const char *input, char *result) override {
    return entry.runRows(rows, input, result);
  }

private:
  CompiledEntry entry;
};
} // namespace

//===----------------------------------------------------------------------===//
// GPUs
//===----------------------------------------------------------------------===//

/// Held by whoever uses the runtime, of which there is one in a process, whose
/// errors do not say which thread they are of.
static std::mutex runtimeMutex;

namespace {
class DeviceExecutable : public Executable {
public:
  explicit DeviceExecutable(DeviceEntry entry) : entry(std::move(entry)) {}
  ~DeviceExecutable() override {
    std::lock_guard<std::mutex> lock(runtimeMutex);
    entry.reset();
  }

  std::unique_ptr<Executable> share() const override {
    return std::make_unique<DeviceExecutable>(entry->share());
  }
  llvm::Error prepare(ArrayRef<TensorView> arguments) override {
    std::lock_guard<std::mutex> lock(runtimeMutex);
    return entry->prepare(arguments);
  }
  llvm::Expected<Shapes>
  getResultShapes(ArrayRef<TensorView> arguments) override {
    std::lock_guard<std::mutex> lock(runtimeMutex);
    auto shapes = entry->getResultShapes(arguments);
    if (!shapes)
      return shapes.takeError();
    return Shapes(shapes->begin(), shapes->end());
  }
  llvm::Error run(ArrayRef<TensorView> arguments,
                  ArrayRef<Buffer> results) override {
    std::lock_guard<std::mutex> lock(runtimeMutex);
    llvm::Error error = runOnDevice(arguments, results);
    entry->unload();
    return error;
  }
  llvm::Error runRows(int64_t, const char *, char *) override {
    return makeError("rows are run on the host only");
  }

private:
  llvm::Error runOnDevice(ArrayRef<TensorView> arguments,
                          ArrayRef<Buffer> results) {
    if (llvm::Error error = entry->load(arguments))
      return error;
    if (llvm::Error error = entry->setResults(results))
      return error;
    if (llvm::Error error = entry->run())
      return error;
    return entry->read();
  }

  std::optional<DeviceEntry> entry;
};
} // namespace

static llvm::Expected<std::unique_ptr<Executable>>
compileForDevice(ModuleOp module, const EntrySignature &signature,
                 const TargetOptions &options) {
  std::lock_guard<std::mutex> lock(runtimeMutex);
  auto chip = openDevice(options.driver, options.device, options.chip);
  if (!chip)
    return chip.takeError();
  auto entry = DeviceEntry::compile(module, signature, *chip);
  if (!entry)
    return entry.takeError();
  return std::make_unique<DeviceExecutable>(std::move(*entry));
}

llvm::Expected<std::unique_ptr<Executable>>
Executable::compile(ModuleOp module, const EntrySignature &signature,
                    const TargetOptions &options) {
  if (options.name == "cuda")
    return compileForDevice(module, signature, options);
  Target target = options.name == "cpu" ? Target::CPU : Target::Reference;
  auto entry = CompiledEntry::compile(module, signature, target, options.host);
  if (!entry)
    return entry.takeError();
  return std::make_unique<HostExecutable>(std::move(*entry));
}
