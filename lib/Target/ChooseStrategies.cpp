//===- ChooseStrategies.cpp - The strategy of each fp4 op -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Chip.h"
#include "fp4/Target/Passes.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4CHOOSESTRATEGIESPASS
#include "fp4/Target/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// A strategy that was wanted, and why it cannot be taken.
struct Refusal {
  const Strategy *strategy;
  std::string reason;
};
} // namespace

template <typename Predicate>
static std::string listStrategies(Predicate predicate) {
  SmallVector<StringRef> names;
  for (const Strategy &strategy : getStrategies())
    if (predicate(strategy))
      names.push_back(strategy.name);
  return llvm::join(names, ", ");
}

/// The strategy that the op asks for, or null if it asks for none; fails if
/// the request makes no sense on any target.
static FailureOr<const Strategy *> getRequest(Operation *op,
                                              const StrategyChoice &choice) {
  auto name = op->getAttrOfType<StringAttr>(choice.attribute);
  if (!name)
    return static_cast<const Strategy *>(nullptr);
  const Strategy *strategy = lookupStrategy(name.getValue());
  if (!strategy)
    return op->emitError() << op->getName() << ": " << choice.attribute << " '"
                           << name.getValue()
                           << "' is not known; the strategies are "
                           << listStrategies(
                                  [](const Strategy &) { return true; });
  if (!choice.isLoweredBy(*strategy))
    return op->emitError() << op->getName() << ": " << choice.attribute << " '"
                           << name.getValue() << "' does not lower "
                           << llvm::join(choice.ops, " and ") << "; these do: "
                           << listStrategies([&](const Strategy &other) {
                                return choice.isLoweredBy(other);
                              });
  return strategy;
}

/// Says what could not be taken, and what was taken. `isRequest` says whether
/// the first of the refused was asked for.
static void warnOfFallback(Operation *op, const StrategyChoice &choice,
                           ArrayRef<Refusal> refusals, const Strategy &taken,
                           bool isRequest) {
  InFlightDiagnostic warning = emitWarning(op->getLoc())
                               << op->getName() << ": ";
  for (const Refusal &refusal : refusals)
    warning << choice.attribute << " '" << refusal.strategy->name
            << "' cannot be taken: " << refusal.reason << "; ";
  warning << "taking '" << taken.name << "'" << (isRequest ? " instead" : "");
}

/// Writes the strategy of one choice into the op.
static LogicalResult choose(Operation *op, const StrategyChoice &choice,
                            const StrategyTarget &target) {
  FailureOr<const Strategy *> request = getRequest(op, choice);
  if (failed(request))
    return failure();
  SmallVector<Refusal> refusals;
  if (*request) {
    std::string reason = (*request)->whyNot(op, target);
    if (reason.empty())
      return success();
    refusals.push_back({*request, std::move(reason)});
  }
  for (const Strategy &strategy : getStrategies()) {
    if (&strategy == *request || !choice.isLoweredBy(strategy))
      continue;
    std::string reason = strategy.whyNot(op, target);
    if (reason.empty()) {
      op->setAttr(choice.attribute,
                  StringAttr::get(op->getContext(), strategy.name));
      if (!refusals.empty())
        warnOfFallback(op, choice, refusals, strategy, *request != nullptr);
      return success();
    }
    // No one expects code for another target.
    if (strategy.target == target.kind)
      refusals.push_back({&strategy, std::move(reason)});
  }
  return op->emitError() << op->getName() << ": no strategy lowers it";
}

namespace {
struct FP4ChooseStrategiesPass
    : fp4::impl::FP4ChooseStrategiesPassBase<FP4ChooseStrategiesPass> {
  using Base::Base;

  FailureOr<StrategyTarget> getTarget();
  void runOnOperation() override;
};
} // namespace

FailureOr<StrategyTarget> FP4ChooseStrategiesPass::getTarget() {
  ModuleOp module = getOperation();
  if (target != TargetKind::NVVM) {
    if (!chip.empty())
      return emitError(module.getLoc(),
                       "option 'chip' is for target nvvm only");
    return StrategyTarget{target};
  }
  if (chip.empty())
    return emitError(module.getLoc(), "target nvvm requires option 'chip'");
  llvm::Expected<const nvvm::Chip *> found = nvvm::Chip::lookup(chip);
  if (!found)
    return emitError(module.getLoc(), llvm::toString(found.takeError()));
  return StrategyTarget{TargetKind::NVVM, *found};
}

void FP4ChooseStrategiesPass::runOnOperation() {
  FailureOr<StrategyTarget> target = getTarget();
  if (failed(target))
    return signalPassFailure();
  bool hasFailed = false;
  getOperation().walk([&](Operation *op) {
    for (const StrategyChoice &choice : getStrategyChoices(op))
      hasFailed |= failed(choose(op, choice, *target));
  });
  if (hasFailed)
    signalPassFailure();
}
