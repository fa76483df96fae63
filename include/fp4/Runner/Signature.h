//===- Signature.h - What an entry takes and gives --------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The arguments and results of a function by the names that files bind them to.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_SIGNATURE_H
#define FP4_RUNNER_SIGNATURE_H

#include "fp4/Support/SafeTensors.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp4 {

/// An argument or a result of an entry.
struct EntryValue {
  /// The key of a parameter, the `fp4.name`, or "arg<i>" / "result<i>".
  std::string name;
  /// Bound from the parameters and not from the inputs.
  bool isParameter;
  /// As written in the source: codes are f4E2M1FN there.
  Type type;

  /// The dtype in files. Codes are U8, two in each.
  DType dtype() const;
  /// The shape in files; kDynamic where the type does not say.
  SmallVector<int64_t> shape() const;
  /// "BF16 (?, 4096)".
  std::string describe() const;
  /// Fails unless `tensor` can be bound to this value, with a message that says
  /// what was expected and found.
  llvm::Error check(const TensorView &tensor, StringRef file) const;
};

struct EntrySignature {
  std::string entry;
  SmallVector<EntryValue> arguments;
  SmallVector<EntryValue> results;
};

/// Fails if there is no such entry, if its types cannot be bound, or if two
/// inputs or two results have the same name.
llvm::Expected<EntrySignature> getSignature(ModuleOp module, StringRef entry);

} // namespace mlir::fp4

#endif // FP4_RUNNER_SIGNATURE_H
