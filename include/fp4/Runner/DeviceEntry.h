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

/// An entry compiled for a GPU, with its arguments. One thread at a time may
/// call any: errors of the runtime are the process's.
class DeviceEntry {
public:
  using Buffer = CompiledEntry::Buffer;

  /// `module` is lowered in place. Diagnostics go to its context's handler.
  static llvm::Expected<DeviceEntry>
  compile(ModuleOp module, const EntrySignature &signature, StringRef chip);

  DeviceEntry(DeviceEntry &&);
  DeviceEntry &operator=(DeviceEntry &&);
  ~DeviceEntry();

  /// The same code, without arguments.
  DeviceEntry share() const;

  /// Copies the parameters among `arguments` to the device, once, and re-lays
  /// them; what only that needed is given back. Scalars are referred to.
  llvm::Error prepare(ArrayRef<TensorView> arguments);

  /// Copies the other arguments, in place of those of an earlier call.
  llvm::Error load(ArrayRef<TensorView> arguments);

  /// The shapes of the results that `arguments` give.
  llvm::Expected<SmallVector<SmallVector<int64_t>>>
  getResultShapes(ArrayRef<TensorView> arguments);

  /// Allocates the results on the device for what is to be read into `results`.
  llvm::Error setResults(ArrayRef<Buffer> results);

  /// Runs the entry and waits for it.
  llvm::Error run();

  /// Copies what it computed to where setResults said.
  llvm::Error read() const;

  /// Gives back the memory of results and of arguments that are no parameters.
  void unload();

private:
  /// A tensor whose bytes are on the device, and on the host if it is a scalar.
  struct Value {
    DeviceBuffer buffer;
    TensorView view;

    /// Gives it a buffer for as many bytes as the view has, which is then one
    /// of the buffer.
    llvm::Error allocate();
  };
  struct Result : Value {
    char *destination;
  };
  struct Code;

  DeviceEntry();
  /// Copies those arguments of `function` that are not there yet, parameters or
  /// others.
  llvm::Error upload(const LoweredFunction &function,
                     ArrayRef<TensorView> arguments, bool parameters);
  llvm::Expected<SmallVector<SmallVector<int64_t>>>
  getResultShapes(const LoweredFunction &function,
                  ArrayRef<TensorView> arguments);
  llvm::Error invoke(const LoweredFunction &function,
                     ArrayRef<TensorView> destinations);
  /// What is on the device; `arguments` where that is nothing.
  SmallVector<TensorView> getArguments(const LoweredFunction &function,
                                       ArrayRef<TensorView> arguments) const;
  void unloadInputs();

  std::shared_ptr<Code> code;
  llvm::DenseMap<unsigned, Value> loaded;
  std::vector<Value> prepared;
  std::vector<Result> results;
};

} // namespace mlir::fp4

#endif // FP4_RUNNER_DEVICEENTRY_H
