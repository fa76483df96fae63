//===- Executable.h - What a function was compiled to -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code for this machine and code for a GPU, called alike: on tensors in host
// memory.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_PYTHON_NATIVE_EXECUTABLE_H
#define FP4_PYTHON_NATIVE_EXECUTABLE_H

#include "fp4/Runner/Jit.h"

namespace mlir::fp4 {

/// Where compiled code runs, by the names that users give that.
struct TargetOptions {
  /// "reference", "cpu" or "cuda".
  std::string name;
  /// Of reference and cpu; the first two of cpu only.
  CompiledEntry::Options host;
  /// Of cuda: the path of the driver, empty for libcuda.so.1, the number of the
  /// device, and the chip to compile for, empty for the device's.
  std::string driver;
  unsigned device = 0;
  std::string chip;
};

class Executable {
public:
  virtual ~Executable() = default;

  /// `module` is lowered in place. Diagnostics go to its context's handler.
  static llvm::Expected<std::unique_ptr<Executable>>
  compile(ModuleOp module, const EntrySignature &signature,
          const TargetOptions &options);

  /// The same code, for other parameters.
  virtual std::unique_ptr<Executable> share() const = 0;

  /// Takes the parameters among `arguments`, once, before anything runs.
  virtual llvm::Error prepare(ArrayRef<TensorView> arguments) = 0;

  /// The shapes of the results that `arguments` give.
  virtual llvm::Expected<std::vector<SmallVector<int64_t>>>
  getResultShapes(ArrayRef<TensorView> arguments) = 0;

  /// Runs the entry, with results of these shapes.
  virtual llvm::Error run(ArrayRef<TensorView> arguments,
                          ArrayRef<CompiledEntry::Buffer> results) = 0;

  /// Runs an entry of one input and one result, of as many rows, at little
  /// cost. See CompiledEntry::runRows.
  virtual llvm::Error runRows(int64_t rows, const char *input,
                              char *result) = 0;
};

} // namespace mlir::fp4

#endif // FP4_PYTHON_NATIVE_EXECUTABLE_H
