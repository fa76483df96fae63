//===- Binding.h - Files to arguments ---------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the tensor for each argument of an entry.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_BINDING_H
#define FP4_RUNNER_BINDING_H

#include "fp4/Runner/Signature.h"

namespace mlir::fp4 {

/// The tensors of `inputs` and `parameters` in the order of the arguments.
/// Their bytes belong to the files, or, where those are not aligned for their
/// type, to the binding.
class Binding {
public:
  /// Parameters are found by key in any of `parameters`, the other arguments by
  /// name in `inputs`, which may be null if there are none. Fails if a tensor
  /// is missing, does not fit, is in two parameter files, or if an input is
  /// bound to no argument.
  static llvm::Expected<Binding> bind(const EntrySignature &signature,
                                      const SafeTensors *inputs,
                                      ArrayRef<SafeTensors> parameters);

  ArrayRef<TensorView> arguments() const { return views; }

private:
  SmallVector<TensorView> views;
  std::vector<std::unique_ptr<llvm::WritableMemoryBuffer>> copies;
};

} // namespace mlir::fp4

#endif // FP4_RUNNER_BINDING_H
