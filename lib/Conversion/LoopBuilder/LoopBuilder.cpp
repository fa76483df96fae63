//===- LoopBuilder.cpp - Index arithmetic, loops, memory ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp4;

Value LoopBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value LoopBuilder::add(Value x, Value y) {
  return createOrFold<arith::AddIOp>(x, y);
}
Value LoopBuilder::sub(Value x, Value y) {
  return createOrFold<arith::SubIOp>(x, y);
}
Value LoopBuilder::mul(Value x, Value y) {
  return createOrFold<arith::MulIOp>(x, y);
}
Value LoopBuilder::div(Value x, Value y) {
  return createOrFold<arith::DivUIOp>(x, y);
}
Value LoopBuilder::rem(Value x, Value y) {
  return createOrFold<arith::RemUIOp>(x, y);
}
Value LoopBuilder::isLess(Value x, Value y) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ult, x, y);
}
Value LoopBuilder::i32(int64_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(value));
}

Value LoopBuilder::dim(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return index(type.getDimSize(dim));
  return memref::DimOp::create(*this, memref, dim);
}

SmallVector<Value> LoopBuilder::sizes(Value memref) {
  SmallVector<Value> result;
  for (int64_t i = 0; i < cast<MemRefType>(memref.getType()).getRank(); ++i)
    result.push_back(dim(memref, i));
  return result;
}

static SmallVector<Value> append(ValueRange place, Value last) {
  SmallVector<Value> result(place);
  result.push_back(last);
  return result;
}

Value LoopBuilder::load(Value memref, ValueRange place) {
  return memref::LoadOp::create(*this, memref, place);
}
Value LoopBuilder::load(Value memref, ValueRange place, Value last) {
  return load(memref, append(place, last));
}
void LoopBuilder::store(Value value, Value memref, ValueRange place) {
  memref::StoreOp::create(*this, value, memref, place);
}
void LoopBuilder::store(Value value, Value memref, ValueRange place,
                        Value last) {
  store(value, memref, append(place, last));
}

void LoopBuilder::loop(Value count, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(*this, index(0), count, index(1));
  InsertionGuard guard(*this);
  setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

Value LoopBuilder::reduce(Value count, Value value,
                          llvm::function_ref<Value(Value, Value)> body) {
  auto loop = scf::ForOp::create(*this, index(0), count, index(1), value);
  InsertionGuard guard(*this);
  setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(*this,
                       body(loop.getInductionVar(), loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

void LoopBuilder::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  then();
}

void LoopBuilder::ifThenElse(Value condition, llvm::function_ref<void()> then,
                             llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  then();
  setInsertionPoint(branch.elseYield());
  otherwise();
}
