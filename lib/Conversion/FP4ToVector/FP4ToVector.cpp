//===- FP4ToVector.cpp - Conversion from fp4 to vectors -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "fp4/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOVECTORPASS
#include "fp4/Conversion/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// Data-tiled ops have no other lowering; the rest says which it wants.
static bool isForVectors(Operation *op) {
  if (isa<PackLhsOp, PackedMatmulOp>(op))
    return true;
  return isa<BlockTransformOp, QuantizePackOp>(op) &&
         fp4::getStrategy(op) == "vector";
}

namespace {
/// The functions that compute ops on memrefs. Ops that are alike, but for the
/// values of their operands, share one.
class Functions {
public:
  Functions(ModuleOp module, const cpu::CPU &cpu)
      : module(module), symbols(module), cpu(cpu) {}

  void replaceWithCall(Operation *op);

private:
  func::FuncOp create(Operation *op, FunctionType type);

  ModuleOp module;
  SymbolTable symbols;
  const cpu::CPU &cpu;
  DenseMap<Attribute, func::FuncOp> known;
};
} // namespace

func::FuncOp Functions::create(Operation *op, FunctionType type) {
  OpBuilder builder(module.getBodyRegion());
  std::string name = ("fp4." + op->getName().stripDialect()).str();
  auto function = func::FuncOp::create(builder, op->getLoc(), name, type);
  function.setPrivate();
  // A kernel of its own, for who reads the code or compiles only part of it.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  symbols.insert(function, module.getBody()->end());
  builder.setInsertionPointToEnd(function.addEntryBlock());
  Operation *copy = mlir::clone(builder, op, /*newResultTypes=*/TypeRange(),
                                SmallVector<Value>(function.getArguments()));
  func::ReturnOp::create(builder, op->getLoc());
  VectorBuilder b(op->getLoc(), copy, cpu);
  llvm::TypeSwitch<Operation *>(copy)
      .Case<BlockTransformOp, QuantizePackOp, PackLhsOp, PackedMatmulOp>(
          [&](auto op) { emitVectors(b, op); });
  copy->erase();
  return function;
}

void Functions::replaceWithCall(Operation *op) {
  OpBuilder builder(op);
  auto type = builder.getFunctionType(op->getOperandTypes(), {});
  Attribute key =
      builder.getArrayAttr({op->getName().getIdentifier(), TypeAttr::get(type),
                            op->getAttrDictionary()});
  func::FuncOp &function = known[key];
  if (!function)
    function = create(op, type);
  func::CallOp::create(builder, op->getLoc(), function, op->getOperands());
  op->erase();
}

namespace {
struct ConvertFP4ToVectorPass
    : fp4::impl::ConvertFP4ToVectorPassBase<ConvertFP4ToVectorPass> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<cpu::CPU> cpu =
        cpu::CPU::create(getOperation(), triple, this->cpu, features);
    if (failed(cpu))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isForVectors(op))
        return WalkResult::advance();
      ops.push_back(op);
      return failed(checkVectorForm(op, *cpu)) ? WalkResult::interrupt()
                                               : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    Functions functions(getOperation(), *cpu);
    for (Operation *op : ops)
      functions.replaceWithCall(op);
  }
};
} // namespace
