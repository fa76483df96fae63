//===- StructuredBuilder.cpp - Building linalg on tensors or memrefs ------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructuredBuilder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp4;

SmallVector<int64_t> fp4::loops(int64_t count, ArrayRef<int64_t> others) {
  SmallVector<int64_t> result = llvm::to_vector(llvm::seq<int64_t>(count));
  llvm::append_range(result, others);
  return result;
}

static bool isMemRef(Value value) { return isa<MemRefType>(value.getType()); }

/// Dimensions 0, 1, ... stay; the last is made of `parts` dimensions.
static SmallVector<ReassociationIndices> splitReassociation(int64_t rank,
                                                            int64_t parts) {
  SmallVector<ReassociationIndices> result;
  for (int64_t i = 0; i + 1 < rank; ++i)
    result.push_back({i});
  ReassociationIndices last;
  for (int64_t i = 0; i < parts; ++i)
    last.push_back(rank - 1 + i);
  result.push_back(last);
  return result;
}

SmallVector<OpFoldResult> StructuredBuilder::getSizes(Value value) {
  if (isMemRef(value))
    return memref::getMixedSizes(*this, getLoc(), value);
  return tensor::getMixedSizes(*this, getLoc(), value);
}

Value StructuredBuilder::load(Value from, ValueRange indices) {
  if (isMemRef(from))
    return memref::LoadOp::create(*this, from, indices);
  return tensor::ExtractOp::create(*this, from, indices);
}

Value StructuredBuilder::splitLast(Value value, ArrayRef<int64_t> widths) {
  auto type = cast<ShapedType>(value.getType());
  SmallVector<OpFoldResult> sizes = getSizes(value);
  int64_t total = 1;
  for (int64_t width : widths)
    total *= width;
  AffineExpr d0 = getAffineDimExpr(0);
  sizes.back() = affine::makeComposedFoldedAffineApply(
      *this, getLoc(), d0.floorDiv(total), {sizes.back()});
  SmallVector<int64_t> shape(type.getShape());
  if (!ShapedType::isDynamic(shape.back()))
    shape.back() /= total;
  for (int64_t width : widths) {
    sizes.push_back(getIndexAttr(width));
    shape.push_back(width);
  }
  auto reassociation = splitReassociation(type.getRank(), widths.size() + 1);
  if (isMemRef(value))
    return memref::ExpandShapeOp::create(*this, shape, value, reassociation,
                                         sizes);
  return tensor::ExpandShapeOp::create(
      *this, RankedTensorType::get(shape, type.getElementType()), value,
      reassociation, sizes);
}

Value StructuredBuilder::unsplitLast(Value filled, Value original) {
  if (isMemRef(original))
    return original;
  auto type = cast<RankedTensorType>(original.getType());
  int64_t parts =
      cast<ShapedType>(filled.getType()).getRank() - type.getRank() + 1;
  return tensor::CollapseShapeOp::create(
      *this, type, filled, splitReassociation(type.getRank(), parts));
}

Value StructuredBuilder::fillWithZero(Value destination) {
  Type type = cast<ShapedType>(destination.getType()).getElementType();
  Value zero = arith::ConstantOp::create(*this, getZeroAttr(type));
  auto fill = linalg::FillOp::create(*this, zero, destination);
  return isMemRef(destination) ? destination : fill.getResult(0);
}

Value StructuredBuilder::createZeroed(ArrayRef<OpFoldResult> sizes,
                                      Type elementType, Value like) {
  if (!isMemRef(like))
    return fillWithZero(tensor::EmptyOp::create(*this, sizes, elementType));
  SmallVector<Value> dynamic;
  SmallVector<int64_t> shape;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  return fillWithZero(memref::AllocOp::create(
      *this, MemRefType::get(shape, elementType), dynamic));
}

Value StructuredBuilder::generic(int64_t numLoops, ArrayRef<Access> inputs,
                                 Access destination, Body body) {
  auto map = [&](const Access &access) {
    SmallVector<AffineExpr> exprs;
    for (int64_t loop : access.loops)
      exprs.push_back(getAffineDimExpr(loop));
    return AffineMap::get(numLoops, 0, exprs, getContext());
  };
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (const Access &input : inputs) {
    values.push_back(input.value);
    maps.push_back(map(input));
  }
  maps.push_back(map(destination));
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::reduction);
  for (int64_t loop : destination.loops)
    iterators[loop] = utils::IteratorType::parallel;
  SmallVector<Type> results;
  if (!isMemRef(destination.value))
    results.push_back(destination.value.getType());
  auto op = linalg::GenericOp::create(
      *this, results, values, ValueRange{destination.value}, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        StructuredBuilder b(loc, nested);
        linalg::YieldOp::create(b, body(b, arguments));
      });
  return results.empty() ? destination.value : op.getResult(0);
}
