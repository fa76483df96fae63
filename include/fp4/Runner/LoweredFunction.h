//===- LoweredFunction.h - The interface of a lowered function --*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowering drops arguments of an entry that only its prepare function reads,
// and adds those that the prepare function gives.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_LOWEREDFUNCTION_H
#define FP4_RUNNER_LOWEREDFUNCTION_H

#include "fp4/Runner/Signature.h"

namespace mlir::fp4 {

struct LoweredFunction {
  /// Where an argument comes from: an argument of the signature, or a result of
  /// the prepare function.
  struct Source {
    bool isPrepared;
    unsigned index;
  };

  std::string name;
  SmallVector<EntryValue> arguments;
  SmallVector<EntryValue> results;
  SmallVector<Source> sources;
};

/// An entry, and the function that re-lays its parameters if there is one.
struct LoweredEntry {
  LoweredFunction entry;
  std::optional<LoweredFunction> prepare;
};

/// Gives every argument of the entry a name, before it is lowered: passes drop
/// parameters, and then places are not what they were.
void nameArguments(ModuleOp module, const EntrySignature &signature);

/// Reads the interfaces of an entry whose layers have been lowered, and of its
/// prepare function.
llvm::Expected<LoweredEntry> getLoweredEntry(ModuleOp module,
                                             const EntrySignature &signature);

} // namespace mlir::fp4

#endif // FP4_RUNNER_LOWEREDFUNCTION_H
