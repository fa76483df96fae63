//===- Strategies.cpp - The table of lowerings ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/Strategies.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/NVVM/Chip.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp4;
using nvvm::Chip;
using nvvm::MMAKind;

//===----------------------------------------------------------------------===//
// tcgen05
//===----------------------------------------------------------------------===//

namespace {
/// The weight of a product. It says all that a predicate asks for: K and N,
/// which other operands may leave open, and the format, which all share.
struct Weight {
  ShapedType codes;
  Type scaleType;
  int64_t groupSize;
};

/// Scales and groups that an MMA instruction takes.
struct ScaledFormat {
  bool isE8M0;
  int64_t groupSize;
  MMAKind kind;
  StringLiteral kindName;
};
} // namespace

static Weight getWeight(Operation *op) {
  if (auto layer = dyn_cast<QuantLinearOp>(op))
    return {layer.getWeightCodes().getType(),
            layer.getWeightScales().getType().getElementType(),
            static_cast<int64_t>(layer.getGroupSize())};
  auto matmul = cast<ScaledMatmulOp>(op);
  return {cast<ShapedType>(matmul.getRhsCodes().getType()),
          getElementTypeOrSelf(matmul.getRhsScales()),
          static_cast<int64_t>(matmul.getGroupSize())};
}

static constexpr StringLiteral kTensorMemory = "tensor memory (tcgen05)";

static std::string checkTensorMemory(const Chip &chip) {
  if (chip.hasTensorMemory())
    return "";
  return ("chip " + chip.getName() + " has no " + kTensorMemory).str();
}

static constexpr StringLiteral kTcgen05Groups =
    "groups of 32 with f8E8M0FNU and of 16 with f8E4M3FN";
static constexpr ScaledFormat kTcgen05Formats[] = {
    {true, 32, MMAKind::Tcgen05MXF4, "mxf4"},
    {false, 16, MMAKind::Tcgen05MXF4NVF4, "mxf4nvf4"}};

static std::string checkTcgen05Groups(Operation *op,
                                      const StrategyTarget &target) {
  Weight weight = getWeight(op);
  bool isE8M0 = isa<Float8E8M0FNUType>(weight.scaleType);
  for (const ScaledFormat &format : kTcgen05Formats) {
    if (format.isE8M0 != isE8M0 || format.groupSize != weight.groupSize)
      continue;
    if (target.chip->has(format.kind))
      return "";
    return ("chip " + target.chip->getName() + " has no tcgen05.mma of kind " +
            format.kindName)
        .str();
  }
  return ("groups of " + Twine(weight.groupSize) + " with " +
          (isE8M0 ? "f8E8M0FNU" : "f8E4M3FN") + "; it takes " + kTcgen05Groups)
      .str();
}

static std::string checkStaticWeight(Operation *op, const StrategyTarget &) {
  ShapedType codes = getWeight(op).codes;
  constexpr StringLiteral names[] = {"N", "K"};
  for (auto [name, size] : llvm::zip_equal(names, codes.getShape())) {
    if (ShapedType::isDynamic(size))
      return (name + " is dynamic").str();
    if (size == 0)
      return (name + " is 0").str();
  }
  return "";
}

static constexpr StrategyRequirement kTcgen05Requirements[] = {
    {kTensorMemory, checkTensorMemory, nullptr},
    {kTcgen05Groups, nullptr, checkTcgen05Groups},
    {"a weight with static N and K, both > 0", nullptr, checkStaticWeight}};

//===----------------------------------------------------------------------===//
// vector
//===----------------------------------------------------------------------===//

static std::string checkVectorGroups(Operation *op, const StrategyTarget &) {
  auto groupSize = op->getAttrOfType<IntegerAttr>("group_size");
  if (!groupSize || groupSize.getInt() >= 8)
    return "";
  return ("groups of " + Twine(groupSize.getInt()) + " are too small").str();
}

static std::string checkTensors(Operation *op, const StrategyTarget &) {
  bool onMemRefs = llvm::any_of(
      op->getOperandTypes(), [](Type type) { return isa<MemRefType>(type); });
  return onMemRefs ? "it is on memrefs" : "";
}

/// The sizes that the code is made for: those of the weight, or the last one.
static std::string checkStaticSizes(Operation *op,
                                    const StrategyTarget &target) {
  if (isa<QuantLinearOp, ScaledMatmulOp>(op))
    return checkStaticWeight(op, target);
  auto input = cast<ShapedType>(op->getOperand(0).getType());
  if (ShapedType::isDynamic(input.getShape().back()))
    return "the last dimension of its input is dynamic";
  return input.getShape().back() == 0 ? "its input is empty" : "";
}

static constexpr StrategyRequirement kVectorRequirements[] = {
    {"tensors", nullptr, checkTensors},
    {"groups of at least 8", nullptr, checkVectorGroups},
    {"static N and K, both > 0", nullptr, checkStaticSizes}};

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kEveryOp[] = {
    BlockTransformOp::getOperationName(),
    QuantizePackOp::getOperationName(),
    QuantizeWithScalesOp::getOperationName(),
    DequantizeOp::getOperationName(),
    ScaledMatmulOp::getOperationName(),
    AbsorbScaleSignsOp::getOperationName(),
    ConvertScaleLayoutOp::getOperationName()};
static constexpr StringLiteral kLayer[] = {BlockTransformOp::getOperationName(),
                                           QuantizePackOp::getOperationName(),
                                           ScaledMatmulOp::getOperationName()};
static constexpr StringLiteral kProduct[] = {
    ScaledMatmulOp::getOperationName()};

ArrayRef<Strategy> fp4::getStrategies() {
  static constexpr Strategy kStrategies[] = {
      {"tcgen05", "tensor cores that multiply e2m1 codes and apply the scales",
       TargetKind::NVVM, kProduct, kTcgen05Requirements},
      {"simt", "CUDA cores; exact as the reference", TargetKind::NVVM, kEveryOp,
       /*requirements=*/{}},
      {"vector", "the vectors of a CPU, on all its cores", TargetKind::CPU,
       kLayer, kVectorRequirements},
      {"reference", "plain loops: the executable definition", TargetKind::Host,
       kEveryOp, /*requirements=*/{}},
  };
  return kStrategies;
}

const Strategy *fp4::lookupStrategy(StringRef name) {
  const Strategy *found =
      llvm::find_if(getStrategies(), [&](const Strategy &strategy) {
        return strategy.name == name;
      });
  return found == getStrategies().end() ? nullptr : found;
}

StringRef fp4::stringifyTargetKind(TargetKind kind) {
  switch (kind) {
  case TargetKind::Host:
    return "host";
  case TargetKind::CPU:
    return "cpu";
  case TargetKind::NVVM:
    return "nvvm";
  }
  llvm_unreachable("not in the list");
}

/// The first reason why `chip` cannot run the strategy; empty if it can.
static std::string whyNotOnChip(const Strategy &strategy, const Chip &chip) {
  for (const StrategyRequirement &requirement : strategy.requirements)
    if (requirement.checkChip)
      if (std::string reason = requirement.checkChip(chip); !reason.empty())
        return reason;
  return "";
}

std::string Strategy::whyNot(Operation *op,
                             const StrategyTarget &target) const {
  // Beside another target there is a host, not the other way round.
  if (this->target == TargetKind::CPU && target.kind != TargetKind::CPU)
    return "it runs on target cpu";
  if (this->target == TargetKind::NVVM) {
    if (target.kind != TargetKind::NVVM)
      return "it runs on target nvvm";
    if (std::string reason = whyNotOnChip(*this, *target.chip); !reason.empty())
      return reason;
  }
  for (const StrategyRequirement &requirement : requirements)
    if (requirement.checkOp)
      if (std::string reason = requirement.checkOp(op, target); !reason.empty())
        return reason;
  return "";
}

SmallVector<StrategyChoice, 2> fp4::getStrategyChoices(Operation *op) {
  if (auto layer = dyn_cast<QuantLinearOp>(op)) {
    StrategyChoice quantize{layer.getQuantizeStrategyAttrName().getValue(),
                            {QuantizePackOp::getOperationName()}};
    if (layer.getTransform())
      quantize.ops.push_back(BlockTransformOp::getOperationName());
    StrategyChoice product{layer.getMatmulStrategyAttrName().getValue(),
                           {ScaledMatmulOp::getOperationName()}};
    return {quantize, product};
  }
  return llvm::TypeSwitch<Operation *, SmallVector<StrategyChoice, 2>>(op)
      .Case<BlockTransformOp, QuantizePackOp, QuantizeWithScalesOp,
            DequantizeOp, ScaledMatmulOp, AbsorbScaleSignsOp,
            ConvertScaleLayoutOp>(
          [](auto op) -> SmallVector<StrategyChoice, 2> {
            return {
                {op.getStrategyAttrName().getValue(), {op.getOperationName()}}};
          })
      .Default({});
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Prints `values` under a label, each on a line of its own.
static void printField(raw_ostream &os, StringRef label,
                       ArrayRef<StringRef> values) {
  for (StringRef value : values) {
    os << "  " << llvm::left_justify(label, 10) << value << "\n";
    label = "";
  }
}

static void printStrategy(raw_ostream &os, const Strategy &strategy) {
  os << strategy.name << ": " << strategy.description << "\n";
  printField(os, "target", stringifyTargetKind(strategy.target));
  printField(os, "lowers",
             SmallVector<StringRef>(strategy.ops.begin(), strategy.ops.end()));
  if (strategy.target == TargetKind::NVVM) {
    SmallVector<StringRef> chips;
    for (const Chip &chip : Chip::all())
      if (whyNotOnChip(strategy, chip).empty())
        chips.push_back(chip.getName());
    printField(os, "chips", StringRef(llvm::join(chips, ", ")));
  }
  SmallVector<StringRef> requirements;
  for (const StrategyRequirement &requirement : strategy.requirements)
    requirements.push_back(requirement.words);
  if (requirements.empty())
    requirements.push_back("nothing more");
  printField(os, "requires", requirements);
  os << "\n";
}

void fp4::printStrategies(raw_ostream &os) {
  os << "Strategies, the fastest first:\n\n";
  for (const Strategy &strategy : getStrategies())
    printStrategy(os, strategy);
  // How the module that this project started from compares.
  os << "original: its mx kernels fix the global scale and the scale scale,\n"
        "          its nv kernels need a scale scale of 6\n"
        "here:     every strategy takes any: both are operands, known at run "
        "time\n";
}
