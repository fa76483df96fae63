//===- OutlinePrepare.cpp - Re-laying parameters once ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4OUTLINEPREPAREPASS
#include "fp4/Target/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

std::string fp4::getPrepareName(StringRef entry) {
  return (entry + ".prepare").str();
}

/// Ops of the entry that depend on parameters and constants only.
static SetVector<Operation *> findConstantOps(func::FuncOp entry) {
  SetVector<Operation *> ops;
  auto isConstant = [&](Value value) {
    if (Operation *op = value.getDefiningOp())
      return ops.contains(op);
    auto argument = cast<BlockArgument>(value);
    return argument.getOwner() == &entry.getBody().front() &&
           entry.getArgAttr(argument.getArgNumber(), kParamAttrName);
  };
  for (Operation &op : entry.getBody().front())
    if (op.getNumRegions() == 0 && isPure(&op) &&
        llvm::all_of(op.getOperands(), isConstant))
      ops.insert(&op);
  return ops;
}

/// Those of them that only move data: worth doing once, since what they give is
/// no larger than what they take.
static bool isLayoutChange(Operation *op) {
  return isa<AbsorbScaleSignsOp, ConvertScaleLayoutOp, tensor::InsertSliceOp,
             linalg::PackOp>(op);
}

/// The ops that `roots` depend on, themselves included, in order.
static SmallVector<Operation *> getSlice(const SetVector<Operation *> &constant,
                                         ArrayRef<Operation *> roots) {
  DenseSet<Operation *> needed(roots.begin(), roots.end());
  SmallVector<Operation *> slice;
  for (Operation *op : llvm::reverse(constant)) {
    if (!needed.contains(op))
      continue;
    slice.push_back(op);
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        needed.insert(definition);
  }
  std::reverse(slice.begin(), slice.end());
  return slice;
}

/// The parameters that the slice reads, in order.
static SmallVector<BlockArgument> getParameters(ArrayRef<Operation *> slice) {
  SmallVector<BlockArgument> parameters;
  for (Operation *op : slice)
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        if (!llvm::is_contained(parameters, argument))
          parameters.push_back(argument);
  llvm::sort(parameters, [](BlockArgument a, BlockArgument b) {
    return a.getArgNumber() < b.getArgNumber();
  });
  return parameters;
}

static func::FuncOp createPrepare(func::FuncOp entry,
                                  ArrayRef<Operation *> slice,
                                  ArrayRef<Value> results) {
  SmallVector<BlockArgument> parameters = getParameters(slice);
  OpBuilder builder(entry);
  auto type = builder.getFunctionType(
      llvm::map_to_vector(parameters, [](Value v) { return v.getType(); }),
      llvm::map_to_vector(results, [](Value v) { return v.getType(); }));
  auto prepare = func::FuncOp::create(builder, entry.getLoc(),
                                      getPrepareName(entry.getName()), type);
  Block *body = prepare.addEntryBlock();
  IRMapping mapping;
  for (auto [index, parameter] : llvm::enumerate(parameters)) {
    mapping.map(parameter, body->getArgument(index));
    prepare.setArgAttr(
        index, kParamAttrName,
        entry.getArgAttr(parameter.getArgNumber(), kParamAttrName));
  }
  builder.setInsertionPointToEnd(body);
  for (Operation *op : slice)
    builder.clone(*op, mapping);
  func::ReturnOp::create(builder, entry.getLoc(),
                         llvm::map_to_vector(results, [&](Value value) {
                           return mapping.lookup(value);
                         }));
  return prepare;
}

static LogicalResult outline(func::FuncOp entry, SymbolTable &symbols) {
  SetVector<Operation *> constant = findConstantOps(entry);
  SmallVector<Operation *> roots;
  for (Operation *op : constant)
    if (isLayoutChange(op))
      roots.push_back(op);
  // Who calls it knows nothing of other arguments.
  if (roots.empty() ||
      !SymbolTable::symbolKnownUseEmpty(entry, entry->getParentOp()))
    return success();
  std::string name = getPrepareName(entry.getName());
  if (symbols.lookup(name))
    return entry.emitOpError("needs the name '")
           << name << "' for the function that re-lays its parameters, but the "
           << "module has it already";

  SmallVector<Operation *> slice = getSlice(constant, roots);
  // Roots that only other roots use are steps and not results.
  SmallVector<Value> results;
  for (Operation *root : roots)
    for (OpResult result : root->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !llvm::is_contained(slice, user);
          }))
        results.push_back(result);
  symbols.insert(createPrepare(entry, slice, results),
                 std::next(Block::iterator(entry)));

  Builder builder(entry.getContext());
  for (auto [index, result] : llvm::enumerate(results)) {
    unsigned place = entry.getNumArguments();
    (void)entry.insertArgument(place, result.getType(), {}, entry.getLoc());
    entry.setArgAttr(place, kPreparedAttrName,
                     builder.getI64IntegerAttr(index));
    result.replaceAllUsesWith(entry.getArgument(place));
  }
  for (Operation *op : llvm::reverse(slice))
    if (op->use_empty())
      op->erase();
  // Parameters that nothing else reads are the prepare function's alone.
  BitVector unused(entry.getNumArguments());
  for (BlockArgument argument : entry.getArguments())
    if (argument.use_empty() &&
        entry.getArgAttr(argument.getArgNumber(), kParamAttrName))
      unused.set(argument.getArgNumber());
  (void)entry.eraseArguments(unused);
  return success();
}

/// Where signs are absorbed and then copied in the entry itself, has them
/// absorbed into the place of the copy: canonicalization folds a copy of which
/// only the same part is read.
static void removeCopy(tensor::InsertSliceOp copy,
                       const DominanceInfo &dominance) {
  auto absorb = copy.getSource().getDefiningOp<AbsorbScaleSignsOp>();
  if (!absorb || copy.getSource() != absorb.getResult(0) ||
      !copy.getDest().getDefiningOp<tensor::EmptyOp>() ||
      !dominance.properlyDominates(copy.getDest(), absorb) ||
      !copy.hasUnitStride() || !copy.hasZeroOffset())
    return;
  auto isSamePart = [&](Operation *user) {
    auto part = dyn_cast<tensor::ExtractSliceOp>(user);
    return part && part.getType() == copy.getSourceType() &&
           part.isSameAs(copy,
                         [](OpFoldResult a, OpFoldResult b) { return a == b; });
  };
  SmallVector<Operation *> parts(copy->getUsers());
  if (!llvm::all_of(parts, isSamePart))
    return;
  OpBuilder b(absorb);
  absorb.getCodesOutputMutable().set(tensor::ExtractSliceOp::create(
      b, copy.getLoc(), copy.getSourceType(), copy.getDest(),
      copy.getMixedOffsets(),
      tensor::getMixedSizes(b, copy.getLoc(), absorb.getCodesOutput()),
      copy.getMixedStrides()));
  for (Operation *part : parts) {
    part->getResult(0).replaceAllUsesWith(copy.getSource());
    part->erase();
  }
  copy.erase();
}

namespace {
struct FP4OutlinePreparePass
    : fp4::impl::FP4OutlinePreparePassBase<FP4OutlinePreparePass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isDeclaration())
        entries.push_back(function);
    for (func::FuncOp entry : entries)
      if (failed(outline(entry, symbols)))
        return signalPassFailure();
    SmallVector<tensor::InsertSliceOp> copies;
    getOperation().walk(
        [&](tensor::InsertSliceOp copy) { copies.push_back(copy); });
    DominanceInfo dominance;
    for (tensor::InsertSliceOp copy : copies)
      removeCopy(copy, dominance);
  }
};
} // namespace
