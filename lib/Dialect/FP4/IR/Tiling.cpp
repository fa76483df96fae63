//===- Tiling.cpp - Tiling of the fp4 ops ---------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/Tiling.h"
#include "fp4/Dialect/FP4/IR/ScaleLayout.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#include "fp4/Dialect/FP4/IR/FP4Interfaces.cpp.inc"

using namespace mlir;
using namespace mlir::fp4;

SmallVector<TileDim> fp4::getRowTileDims(int64_t rank, int64_t lastWidth) {
  SmallVector<TileDim> dims;
  for (int64_t i = 0; i < rank; ++i)
    dims.push_back({i, i + 1 == rank ? lastWidth : 1});
  return dims;
}

static OpFoldResult getSize(OpBuilder &builder, Location loc, Value value,
                            int64_t dim) {
  if (isa<MemRefType>(value.getType()))
    return memref::getMixedSize(builder, loc, value, dim);
  return tensor::getMixedSize(builder, loc, value, dim);
}

static OpFoldResult multiply(OpBuilder &builder, Location loc,
                             OpFoldResult value, int64_t factor) {
  AffineExpr d0 = builder.getAffineDimExpr(0);
  return affine::makeComposedFoldedAffineApply(builder, loc, d0 * factor,
                                               {value});
}

/// Whether `value` counts the iterations of a loop in steps of a multiple of
/// `divisor`, from a multiple on.
static bool isInductionVariableOfMultiples(Value value, int64_t divisor) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto loop =
      argument
          ? dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp())
          : LoopLikeOpInterface();
  if (!loop)
    return false;
  auto variables = loop.getLoopInductionVars();
  auto starts = loop.getLoopLowerBounds(), steps = loop.getLoopSteps();
  if (!variables || !starts || !steps)
    return false;
  auto isMultiple = [&](OpFoldResult number) {
    std::optional<int64_t> constant = getConstantIntValue(number);
    return constant && *constant % divisor == 0;
  };
  for (auto [variable, start, step] : llvm::zip(*variables, *starts, *steps))
    if (variable == value)
      return isMultiple(start) && isMultiple(step);
  return false;
}

/// value / divisor, if the remainder is provably zero.
static FailureOr<OpFoldResult> divideExactly(OpBuilder &builder, Location loc,
                                             OpFoldResult value,
                                             int64_t divisor) {
  if (divisor == 1)
    return value;
  if (std::optional<int64_t> constant = getConstantIntValue(value)) {
    if (*constant % divisor != 0)
      return failure();
    return OpFoldResult(builder.getIndexAttr(*constant / divisor));
  }
  // A tiled loop's own offsets and sizes are affine.apply of a multiple.
  auto apply = cast<Value>(value).getDefiningOp<affine::AffineApplyOp>();
  if ((apply && apply.getAffineMap().getResult(0).isMultipleOf(divisor)) ||
      isInductionVariableOfMultiples(cast<Value>(value), divisor)) {
    AffineExpr d0 = builder.getAffineDimExpr(0);
    return affine::makeComposedFoldedAffineApply(builder, loc,
                                                 d0.floorDiv(divisor), {value});
  }
  return failure();
}

bool fp4::hasBlockedScales(TileDimsOpInterface op, OpOperand &operand) {
  std::optional<SmallVector<TileDim>> dims = op.getTileDims(operand);
  return !dims || llvm::any_of(*dims, [](const TileDim &dim) {
    return dim.divisor != 1;
  });
}

SmallVector<Range> fp4::getTileDomain(TileDimsOpInterface op,
                                      OpBuilder &builder) {
  Location loc = op.getLoc();
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  SmallVector<Range> domain(op.getNumTileLoops(), Range{zero, zero, one});
  SmallVector<bool> known(domain.size(), false);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<ShapedType>(operand.get().getType()))
      continue;
    std::optional<SmallVector<TileDim>> dims = op.getTileDims(operand);
    if (!dims)
      continue;
    for (auto [i, dim] : llvm::enumerate(*dims)) {
      if (dim.loop == TileDim::kWhole || dim.divisor != 1 || known[dim.loop])
        continue;
      AffineExpr d0 = builder.getAffineDimExpr(0);
      domain[dim.loop].size = affine::makeComposedFoldedAffineApply(
          builder, loc, d0.ceilDiv(dim.width),
          {getSize(builder, loc, operand.get(), i)});
      known[dim.loop] = true;
    }
  }
  return domain;
}

/// The part of `operand` that the given tile of the domain touches.
static LogicalResult getOperandTile(TileDimsOpInterface op, OpOperand &operand,
                                    OpBuilder &builder,
                                    ArrayRef<OpFoldResult> offsets,
                                    ArrayRef<OpFoldResult> sizes,
                                    SmallVector<OpFoldResult> &tileOffsets,
                                    SmallVector<OpFoldResult> &tileSizes) {
  std::optional<SmallVector<TileDim>> dims = op.getTileDims(operand);
  if (!dims)
    return failure();
  Location loc = op.getLoc();
  for (auto [i, dim] : llvm::enumerate(*dims)) {
    if (dim.loop == TileDim::kWhole) {
      tileOffsets.push_back(builder.getIndexAttr(0));
      tileSizes.push_back(getSize(builder, loc, operand.get(), i));
      continue;
    }
    if (dim.divisor != 1) {
      FailureOr<OpFoldResult> offset =
          divideExactly(builder, loc, offsets[dim.loop], dim.divisor);
      if (failed(offset))
        return failure();
      AffineExpr d0 = builder.getAffineDimExpr(0);
      tileOffsets.push_back(*offset);
      tileSizes.push_back(affine::makeComposedFoldedAffineApply(
          builder, loc, d0.ceilDiv(dim.divisor), {sizes[dim.loop]}));
      continue;
    }
    OpFoldResult offset = multiply(builder, loc, offsets[dim.loop], dim.width);
    OpFoldResult size = multiply(builder, loc, sizes[dim.loop], dim.width);
    if (dim.partial) {
      AffineExpr d0, d1, d2;
      bindDims(builder.getContext(), d0, d1, d2);
      AffineMap map = AffineMap::get(3, 0, {d0, d1 - d2}, builder.getContext());
      OpFoldResult end = getSize(builder, loc, operand.get(), i);
      size = affine::makeComposedFoldedAffineMin(builder, loc, map,
                                                 {size, end, offset});
    }
    tileOffsets.push_back(offset);
    tileSizes.push_back(size);
  }
  return success();
}

FailureOr<TilingResult> fp4::getTile(TileDimsOpInterface op, OpBuilder &builder,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes) {
  Location loc = op.getLoc();
  SmallVector<Value> operands;
  SmallVector<Operation *> slices;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<ShapedType>(operand.get().getType())) {
      operands.push_back(operand.get());
      continue;
    }
    SmallVector<OpFoldResult> tileOffsets, tileSizes;
    if (failed(getOperandTile(op, operand, builder, offsets, sizes, tileOffsets,
                              tileSizes)))
      return op.emitOpError("has an operand that cannot be tiled: operand #")
             << operand.getOperandNumber()
             << " holds blocked scales and the tile does not start at a "
                "multiple of "
             << kScaleTileRows
             << " rows, or not provably so; convert them to row-major first";
    SmallVector<OpFoldResult> strides(tileSizes.size(),
                                      builder.getIndexAttr(1));
    Operation *slice;
    if (isa<MemRefType>(operand.get().getType()))
      slice = memref::SubViewOp::create(builder, loc, operand.get(),
                                        tileOffsets, tileSizes, strides);
    else
      slice = tensor::ExtractSliceOp::create(builder, loc, operand.get(),
                                             tileOffsets, tileSizes, strides);
    slices.push_back(slice);
    operands.push_back(slice->getResult(0));
  }
  SmallVector<Type> resultTypes;
  auto destinations = cast<DestinationStyleOpInterface>(op.getOperation());
  for (OpResult result : op->getResults())
    resultTypes.push_back(
        operands[destinations.getTiedOpOperand(result)->getOperandNumber()]
            .getType());
  Operation *tile = mlir::clone(builder, op, resultTypes, operands);
  return TilingResult{{tile}, SmallVector<Value>(tile->getResults()), slices};
}

LogicalResult fp4::getResultTile(TileDimsOpInterface op, OpBuilder &builder,
                                 unsigned resultNumber,
                                 ArrayRef<OpFoldResult> offsets,
                                 ArrayRef<OpFoldResult> sizes,
                                 SmallVector<OpFoldResult> &resultOffsets,
                                 SmallVector<OpFoldResult> &resultSizes) {
  auto destinations = cast<DestinationStyleOpInterface>(op.getOperation());
  OpOperand *init = destinations.getDpsInitOperand(resultNumber);
  return getOperandTile(op, *init, builder, offsets, sizes, resultOffsets,
                        resultSizes);
}

LogicalResult fp4::getDomainTile(TileDimsOpInterface op, OpBuilder &builder,
                                 unsigned resultNumber,
                                 ArrayRef<OpFoldResult> offsets,
                                 ArrayRef<OpFoldResult> sizes,
                                 SmallVectorImpl<OpFoldResult> &domainOffsets,
                                 SmallVectorImpl<OpFoldResult> &domainSizes) {
  auto destinations = cast<DestinationStyleOpInterface>(op.getOperation());
  std::optional<SmallVector<TileDim>> dims =
      op.getTileDims(*destinations.getDpsInitOperand(resultNumber));
  if (!dims)
    return failure();
  for (const Range &range : getTileDomain(op, builder)) {
    domainOffsets.push_back(range.offset);
    domainSizes.push_back(range.size);
  }
  Location loc = op.getLoc();
  for (auto [i, dim] : llvm::enumerate(*dims)) {
    if (dim.loop == TileDim::kWhole)
      continue;
    FailureOr<OpFoldResult> offset =
        divideExactly(builder, loc, offsets[i], dim.width);
    FailureOr<OpFoldResult> size =
        divideExactly(builder, loc, sizes[i], dim.width);
    if (failed(offset) || failed(size))
      return failure();
    domainOffsets[dim.loop] = *offset;
    domainSizes[dim.loop] = *size;
  }
  return success();
}

FailureOr<TilingResult> fp4::getTileOfResult(TileDimsOpInterface op,
                                             OpBuilder &builder,
                                             unsigned resultNumber,
                                             ArrayRef<OpFoldResult> offsets,
                                             ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> domainOffsets, domainSizes;
  if (failed(getDomainTile(op, builder, resultNumber, offsets, sizes,
                           domainOffsets, domainSizes)))
    return failure();
  FailureOr<TilingResult> tile =
      getTile(op, builder, domainOffsets, domainSizes);
  if (failed(tile))
    return failure();
  return TilingResult{
      tile->tiledOps, {tile->tiledValues[resultNumber]}, tile->generatedSlices};
}
