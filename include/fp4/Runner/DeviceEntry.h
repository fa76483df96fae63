//===- DeviceEntry.h - Entries on a GPU -------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowers a module for a GPU, and calls an entry on tensors in its memory,
// through the runtime, which is open.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_DEVICEENTRY_H
#define FP4_RUNNER_DEVICEENTRY_H

#include "fp4/Runner/Jit.h"
#include "fp4/Runner/LoweredFunction.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::fp4 {

/// Opens the runtime and gives the chip to compile for: `chip`, held to what
/// the device can execute, or, if it is empty, the best that it can.
/// \param driver the path of the CUDA driver; empty: libcuda.so.1.
llvm::Expected<std::string> openDevice(StringRef driver, unsigned ordinal,
                                       StringRef chip);

/// Bytes in device memory.
class DeviceBuffer {
public:
  DeviceBuffer() = default;
  static llvm::Expected<DeviceBuffer> create(size_t size);
  DeviceBuffer(DeviceBuffer &&other) : data(other.data) {
    other.data = nullptr;
  }
  DeviceBuffer &operator=(DeviceBuffer &&other) {
    std::swap(data, other.data);
    return *this;
  }
  ~DeviceBuffer();

  char *get() const { return data; }

private:
  char *data = nullptr;
};

/// An entry compiled for a GPU, with its arguments.
class DeviceEntry {
public:
  /// `module` is lowered in place. Diagnostics go to its context's handler.
  static llvm::Expected<DeviceEntry>
  compile(ModuleOp module, const EntrySignature &signature, StringRef chip);

  DeviceEntry(DeviceEntry &&);
  ~DeviceEntry();

  /// Copies the arguments to the device and re-lays parameters; what only that
  /// needed is given back. The scalars among them are referred to.
  llvm::Error load(ArrayRef<TensorView> arguments);

  /// Allocates the results that the loaded arguments give.
  llvm::Expected<std::vector<HostTensor>> createResults();

  /// Runs the entry and waits for it.
  llvm::Error run();

  /// Copies what it computed.
  llvm::Error read(ArrayRef<HostTensor> results) const;

private:
  /// A tensor whose bytes are on the device, and on the host if it is a scalar.
  struct Value {
    DeviceBuffer buffer;
    TensorView view;

    /// Gives it a buffer for as many bytes as the view has, which is then one
    /// of the buffer.
    llvm::Error allocate();
  };

  DeviceEntry();
  llvm::Error upload(const LoweredFunction &function,
                     ArrayRef<TensorView> arguments);
  llvm::Expected<SmallVector<SmallVector<int64_t>>>
  getResultShapes(const LoweredFunction &function);
  llvm::Error invoke(const LoweredFunction &function,
                     ArrayRef<TensorView> destinations);
  SmallVector<TensorView> getArguments(const LoweredFunction &function) const;

  EntrySignature signature;
  LoweredFunction entry;
  std::optional<LoweredFunction> prepare;
  std::unique_ptr<Engine> engine;
  std::vector<void *> modules;
  llvm::DenseMap<unsigned, Value> loaded;
  std::vector<Value> prepared, results;
};

} // namespace mlir::fp4

#endif // FP4_RUNNER_DEVICEENTRY_H
