//===- ItemBuilder.cpp - One work item for each thread --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ItemBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp4;

Value ItemBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value ItemBuilder::add(Value x, Value y) {
  return createOrFold<arith::AddIOp>(x, y);
}
Value ItemBuilder::mul(Value x, Value y) {
  return createOrFold<arith::MulIOp>(x, y);
}
Value ItemBuilder::div(Value x, Value y) {
  return createOrFold<arith::DivUIOp>(x, y);
}
Value ItemBuilder::rem(Value x, Value y) {
  return createOrFold<arith::RemUIOp>(x, y);
}
Value ItemBuilder::isLess(Value x, Value y) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ult, x, y);
}
Value ItemBuilder::i32(int64_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(value));
}

Value ItemBuilder::dim(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return index(type.getDimSize(dim));
  return memref::DimOp::create(*this, memref, dim);
}

SmallVector<Value> ItemBuilder::sizes(Value memref) {
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

Value ItemBuilder::load(Value memref, ValueRange place) {
  return memref::LoadOp::create(*this, memref, place);
}
Value ItemBuilder::load(Value memref, ValueRange place, Value last) {
  return load(memref, append(place, last));
}
void ItemBuilder::store(Value value, Value memref, ValueRange place) {
  memref::StoreOp::create(*this, value, memref, place);
}
void ItemBuilder::store(Value value, Value memref, ValueRange place,
                        Value last) {
  store(value, memref, append(place, last));
}

void ItemBuilder::loop(Value count, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(*this, index(0), count, index(1));
  InsertionGuard guard(*this);
  setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

Value ItemBuilder::reduce(Value count, Value value,
                          llvm::function_ref<Value(Value, Value)> body) {
  auto loop = scf::ForOp::create(*this, index(0), count, index(1), value);
  InsertionGuard guard(*this);
  setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(*this,
                       body(loop.getInductionVar(), loop.getRegionIterArg(0)));
  return loop.getResult(0);
}

void ItemBuilder::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  then();
}

void ItemBuilder::ifThenElse(Value condition, llvm::function_ref<void()> then,
                             llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  then();
  setInsertionPoint(branch.elseYield());
  otherwise();
}

void ItemBuilder::launch(ArrayRef<Value> sizes,
                         llvm::function_ref<void(ValueRange)> body) {
  Value items = index(1);
  for (Value size : sizes)
    items = mul(items, size);
  Value one = index(1), threads = index(kSIMTBlockSize);
  Value blocks = div(add(items, kSIMTBlockSize - 1), threads);
  auto launch =
      gpu::LaunchOp::create(*this, blocks, one, one, threads, one, one);
  InsertionGuard guard(*this);
  setInsertionPointToEnd(&launch.getBody().front());
  auto terminator = gpu::TerminatorOp::create(*this);
  setInsertionPoint(terminator);
  Value item =
      add(mul(launch.getBlockIds().x, kSIMTBlockSize), launch.getThreadIds().x);
  ifThen(isLess(item, items), [&] {
    SmallVector<Value> indices(sizes.size());
    for (size_t i = sizes.size(); i-- > 0;) {
      // What is left of the number is the first index.
      indices[i] = i == 0 ? item : rem(item, sizes[i]);
      if (i != 0)
        item = div(item, sizes[i]);
    }
    body(indices);
  });
}
