//===- Strategies.h - Which lowerings there are -----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A strategy is one way to lower some of the fp4 ops: where the code runs, what
// it can take, and how fast it is beside the others. The table in
// Strategies.cpp has them all; `--fp4-choose-strategies` chooses from it,
// `fp4-opt
// --fp4-print-strategies` prints it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_STRATEGIES_H
#define FP4_TARGET_STRATEGIES_H

#include "mlir/IR/Operation.h"
#include <string>

namespace mlir::fp4 {
namespace nvvm {
class Chip;
} // namespace nvvm

/// Where code runs: on any host, on a CPU with its vectors, or on an NVIDIA
/// GPU. The last two have a host as well.
enum class TargetKind { Host, CPU, NVVM };

llvm::StringRef stringifyTargetKind(TargetKind kind);

/// What a module is lowered for. Code for a GPU has a host beside it.
struct StrategyTarget {
  TargetKind kind = TargetKind::Host;
  /// Which GPU it is; null if and only if there is none.
  const nvvm::Chip *chip = nullptr;
};

/// One thing that a strategy asks for, in words and as a predicate. The words
/// stand beside the predicate so that the two cannot differ.
struct StrategyRequirement {
  llvm::StringLiteral words;
  /// Why a chip does not meet it; empty if it does. Null if any chip does.
  std::string (*checkChip)(const nvvm::Chip &chip);
  /// Why an op does not meet it on the target, whose chip is as `checkChip`s
  /// want it; empty if it does. Null if any op does.
  std::string (*checkOp)(Operation *op, const StrategyTarget &target);
};

/// A row of the table.
struct Strategy {
  llvm::StringLiteral name;
  llvm::StringLiteral description;
  /// Where the op runs.
  TargetKind target;
  /// The full names of the op-level ops that it lowers.
  llvm::ArrayRef<llvm::StringLiteral> ops;
  llvm::ArrayRef<StrategyRequirement> requirements;

  bool lowers(llvm::StringRef opName) const {
    return llvm::is_contained(ops, opName);
  }

  /// Why the strategy cannot lower `op` on `target`; empty if it can. For a
  /// quant_linear, the product is meant or the rest, whichever it lowers.
  std::string whyNot(Operation *op, const StrategyTarget &target) const;
};

/// The table, the fastest first. The last one can lower every op everywhere.
llvm::ArrayRef<Strategy> getStrategies();

/// The strategy of that name, or null.
const Strategy *lookupStrategy(llvm::StringRef name);

/// A choice that an op leaves. An op-level op has one; a quant_linear has one
/// for its quantization, transform included, and one for its product.
struct StrategyChoice {
  /// The attribute that holds the name of the strategy.
  llvm::StringRef attribute;
  /// The op-level ops that the strategy has to lower.
  llvm::SmallVector<llvm::StringRef, 2> ops;

  bool isLoweredBy(const Strategy &strategy) const {
    return llvm::all_of(
        ops, [&](llvm::StringRef name) { return strategy.lowers(name); });
  }
};

/// The choices that `op` leaves: none if it is no fp4 op.
llvm::SmallVector<StrategyChoice, 2> getStrategyChoices(Operation *op);

/// Prints the table for a person to read.
void printStrategies(llvm::raw_ostream &os);

} // namespace mlir::fp4

#endif // FP4_TARGET_STRATEGIES_H
