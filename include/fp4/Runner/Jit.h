//===- Jit.h - Compiling and calling entries on this machine ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowers a module for a target, compiles it in memory, and calls an entry on
// tensors in host memory.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_JIT_H
#define FP4_RUNNER_JIT_H

#include "fp4/Runner/LoweredFunction.h"
#include "fp4/Target/CPU/CPU.h"
#include <memory>

namespace mlir::fp4 {

class Engine;

/// What executes an entry.
enum class Target {
  /// The definition: plain loops on one thread.
  Reference,
  /// The CPU's vectors, on as many threads as OMP_NUM_THREADS says, or all
  /// cores.
  CPU,
  /// The reference with the sum of the magnitudes of the terms for each
  /// scaled_matmul: the measure in which its rounding is bounded.
  ReferenceMagnitudes,
};

/// A tensor that owns its bytes.
class HostTensor {
public:
  /// Fails if the size overflows or there is no memory for it. The bytes are
  /// uninitialized.
  static llvm::Expected<HostTensor> create(std::string name, DType dtype,
                                           ArrayRef<int64_t> shape);
  /// The bytes are good for as long as this object.
  const TensorView &view() const { return tensor; }
  char *data() const { return bytes.get(); }

private:
  struct Free {
    void operator()(char *pointer) const { std::free(pointer); }
  };
  TensorView tensor;
  std::unique_ptr<char, Free> bytes;
};

/// An entry compiled for this machine.
class CompiledEntry {
public:
  struct Options {
    /// What target CPU generates code for, as LLVM spells it: by default this
    /// machine's, with its features. It must be one whose instructions this
    /// machine has.
    std::string cpu, features;
    /// A folder to keep compiled code in, shared by processes; empty for none.
    std::string cache;
  };

  /// `module` is lowered in place. Diagnostics go to its context's handler.
  static llvm::Expected<CompiledEntry> compile(ModuleOp module,
                                               const EntrySignature &signature,
                                               Target target,
                                               const Options &options = {});

  CompiledEntry(CompiledEntry &&);
  ~CompiledEntry();

  /// The same code, for other parameters.
  CompiledEntry share() const;

  /// Takes the parameters among `arguments`, once, before anything runs. Target
  /// CPU re-lays the weights among them, which are not read again; what else
  /// there is has to stay where it is.
  llvm::Error prepare(ArrayRef<TensorView> arguments);

  /// Allocates the results that `arguments` give.
  llvm::Expected<std::vector<HostTensor>>
  createResults(ArrayRef<TensorView> arguments) const;

  /// Runs the entry. Fails if a check of sizes inside of it does, or if an
  /// intermediate value gets no memory.
  llvm::Error run(ArrayRef<TensorView> arguments,
                  ArrayRef<HostTensor> results) const;

  /// Memory for a result, of its dtype and without gaps.
  struct Buffer {
    char *data;
    SmallVector<int64_t> shape;
  };

  /// The shapes of the results that `arguments` give.
  llvm::Expected<std::vector<SmallVector<int64_t>>>
  getResultShapes(ArrayRef<TensorView> arguments) const;
  /// The same with results of these shapes in memory of the caller.
  llvm::Error run(ArrayRef<TensorView> arguments,
                  ArrayRef<Buffer> results) const;

  /// Runs an entry of one input and one result, which have a number of rows as
  /// their first size, and no other size that is dynamic. Does as little
  /// besides as can be: what it has to know is known since prepare was called.
  llvm::Error runRows(int64_t rows, const char *input, char *result) const;

private:
  struct RowsCall;

  CompiledEntry();
  llvm::Error prepareRows(ArrayRef<TensorView> arguments);
  llvm::Expected<std::vector<HostTensor>>
  createResults(const LoweredFunction &function,
                ArrayRef<TensorView> arguments) const;
  llvm::Expected<std::vector<SmallVector<int64_t>>>
  getResultShapes(const LoweredFunction &function,
                  ArrayRef<TensorView> arguments) const;
  llvm::Error run(const LoweredFunction &function,
                  ArrayRef<TensorView> arguments,
                  ArrayRef<Buffer> results) const;

  LoweredEntry lowered;
  std::shared_ptr<Engine> engine;
  std::vector<HostTensor> prepared;
  /// None if it is not such an entry.
  std::unique_ptr<RowsCall> rowsCall;
};

} // namespace mlir::fp4

#endif // FP4_RUNNER_JIT_H
