//===- LayOutForTensorCores.cpp - Operands as tile loads want them --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4LAYOUTFORTENSORCORESPASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

/// The quantization that gives `value`, if it can write another layout itself.
static QuantizePackOp getQuantization(Value value) {
  auto op = value.getDefiningOp<QuantizePackOp>();
  return op && nvvm::hasStrategy(op, "simt") ? op : QuantizePackOp();
}

/// `value` with the sign bit of `sign`, flipped.
static Value xorSign(ImplicitLocOpBuilder &b, Value value, Value sign) {
  auto toBits = [&](Value number) -> Value {
    return arith::BitcastOp::create(b, b.getI32Type(), number);
  };
  Value mask = arith::ConstantOp::create(
      b, b.getI32IntegerAttr(std::numeric_limits<int32_t>::min()));
  Value bits = arith::XOrIOp::create(
      b, toBits(value), arith::AndIOp::create(b, toBits(sign), mask));
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

/// An uninitialized tensor like `tensor`.
static Value createLike(ImplicitLocOpBuilder &b, Value tensor) {
  return tensor::EmptyOp::create(b,
                                 tensor::getMixedSizes(b, b.getLoc(), tensor),
                                 getElementTypeOrSelf(tensor));
}

/// Row-major scales of `codes` from blocked ones.
static Value createRowMajorScales(ImplicitLocOpBuilder &b, Value blocked,
                                  Value codes, int64_t groupSize) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), codes);
  AffineExpr d0 = b.getAffineDimExpr(0);
  sizes.back() = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), d0.floorDiv(groupSize / 2), {sizes.back()});
  Value empty =
      tensor::EmptyOp::create(b, sizes, getElementTypeOrSelf(blocked));
  return ConvertScaleLayoutOp::create(b, empty.getType(), blocked, empty,
                                      b.getStringAttr("simt"))
      .getResult(0);
}

/// Tensor cores ignore the signs of scales: puts them elsewhere.
static void removeScaleSigns(ScaledMatmulOp product, OpOperand &codes,
                             OpOperand &scales) {
  if (!isa<Float8E4M3FNType>(getElementTypeOrSelf(scales.get())))
    return;
  ImplicitLocOpBuilder b(product.getLoc(), product);
  // A maximum of magnitudes divided by one number: all have its sign. Codes of
  // another origin are absorbed into, which also aligns their rows.
  if (QuantizePackOp quantize = getQuantization(scales.get());
      quantize && codes.get() == quantize.getResult(0)) {
    Value divisor = arith::MulFOp::create(b, quantize.getScaleScale(),
                                          quantize.getGlobalScale());
    product.getAlphaMutable().assign(xorSign(b, product.getAlpha(), divisor));
    return;
  }
  Value rowMajor = scales.get();
  if (cast<RankedTensorType>(rowMajor.getType()).getRank() != 2)
    rowMajor =
        createRowMajorScales(b, rowMajor, codes.get(), product.getGroupSize());
  Value codesEmpty = createLike(b, codes.get());
  Value scalesEmpty = createLike(b, rowMajor);
  auto absorb = AbsorbScaleSignsOp::create(
      b, TypeRange{codesEmpty.getType(), scalesEmpty.getType()}, codes.get(),
      rowMajor, codesEmpty, scalesEmpty, product.getGroupSize(),
      b.getStringAttr("simt"));
  codes.set(absorb.getResult(0));
  scales.set(absorb.getResult(1));
}

/// Gives `scales`, those of `codes` of a product, the blocked layout.
static void blockScales(ScaledMatmulOp product, OpOperand &scales,
                        Value codes) {
  auto type = cast<RankedTensorType>(scales.get().getType());
  if (type.getRank() != 2)
    return;
  // Blocked scales are of another type, which other uses do not expect.
  QuantizePackOp quantize = scales.get().hasOneUse()
                                ? getQuantization(scales.get())
                                : QuantizePackOp();
  ImplicitLocOpBuilder b(product.getLoc(), product);
  if (quantize)
    b.setInsertionPoint(quantize);
  // The sizes of what is there in front of the quantization.
  Value rows = quantize ? quantize.getInput() : codes;
  AffineExpr d0 = b.getAffineDimExpr(0);
  auto tiles = [&](OpFoldResult size, int64_t tile) {
    return affine::makeComposedFoldedAffineApply(b, b.getLoc(),
                                                 d0.ceilDiv(tile), {size});
  };
  SmallVector<OpFoldResult> sizes = {
      tiles(tensor::getMixedSize(b, b.getLoc(), rows, 0), kScaleTileRows),
      tiles(tensor::getMixedSize(b, b.getLoc(),
                                 quantize ? quantize.getScales() : scales.get(),
                                 1),
            kScaleTileColumns)};
  for (int64_t size : kScaleTileShape)
    sizes.push_back(b.getIndexAttr(size));
  Value blocked = tensor::EmptyOp::create(b, sizes, type.getElementType());
  if (quantize) {
    quantize.getScalesMutable().set(blocked);
    quantize.getResult(1).setType(cast<RankedTensorType>(blocked.getType()));
    return;
  }
  auto convert = ConvertScaleLayoutOp::create(
      b, blocked.getType(), scales.get(), blocked, b.getStringAttr("simt"));
  scales.set(convert.getResult(0));
}

/// Whether `op` is executed whenever its function is, or comes to be: out of
/// loops, what does not depend on them is moved.
static bool isOutsideOfBranches(Operation *op) {
  Operation *parent = op->getParentOp();
  while (isa<LoopLikeOpInterface>(parent))
    parent = parent->getParentOp();
  return isa<func::FuncOp>(parent);
}

/// Whether `value` is computed from parameters of the entry alone, by what
/// --fp4-outline-prepare moves.
static bool isFromParameters(Value value) {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i) {
    Value next = values[i];
    if (Operation *op = next.getDefiningOp()) {
      if (op->getNumRegions() != 0 || !isPure(op) || !isOutsideOfBranches(op))
        return false;
      values.insert_range(op->getOperands());
      continue;
    }
    auto argument = cast<BlockArgument>(next);
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    if (!function ||
        !function.getArgAttr(argument.getArgNumber(), kParamAttrName))
      return false;
  }
  return true;
}

/// A part of `buffer` that has the sizes of `tensor`.
static Value sliceLike(ImplicitLocOpBuilder &b, Value buffer, Value tensor) {
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(
      b, cast<RankedTensorType>(tensor.getType()), buffer, offsets,
      tensor::getMixedSizes(b, b.getLoc(), tensor), strides);
}

/// The destination of the codes that `value` is, if their op can write rows
/// that do not follow one another.
static OpOperand *getCodesDestination(Value value) {
  if (QuantizePackOp quantize = getQuantization(value))
    return &quantize.getCodesMutable();
  if (auto absorb = value.getDefiningOp<AbsorbScaleSignsOp>();
      absorb && nvvm::hasStrategy(absorb, "simt"))
    return &absorb.getCodesOutputMutable();
  return nullptr;
}

/// Whether rows of codes that are stored to `destination` start at multiples of
/// what tile loads want.
static bool hasAlignedRows(Value destination) {
  auto type = cast<RankedTensorType>(destination.getType());
  if (auto part = destination.getDefiningOp<tensor::ExtractSliceOp>()) {
    if (!part.hasZeroOffset() || !part.hasUnitStride())
      return false;
    type = part.getSourceType();
  }
  return type.getRank() == 2 && !type.isDynamicDim(1) &&
         type.getDimSize(1) % nvvm::kDeviceAlignment == 0;
}

/// Makes the rows of `codes` start at multiples of 16 bytes, which tile loads
/// want. The bytes between are never read. Where rows follow one another, only
/// K that is a multiple of 16 and not of 32 needs it: nv, whose codes are those
/// of a quantization or of an absorption of signs.
static void alignRows(ScaledMatmulOp product, OpOperand &codes) {
  auto type = cast<RankedTensorType>(codes.get().getType());
  if (type.getRank() != 2 || type.isDynamicDim(1))
    return;
  OpOperand *destination = getCodesDestination(codes.get());
  // Another product may have done it.
  if (!destination || hasAlignedRows(destination->get()))
    return;
  ImplicitLocOpBuilder b(product.getLoc(), destination->getOwner());
  SmallVector<OpFoldResult> padded = {
      tensor::getMixedSize(b, b.getLoc(), destination->get(), 0),
      b.getIndexAttr(
          llvm::alignTo(type.getDimSize(1), nvvm::kDeviceAlignment))};
  Value buffer = tensor::EmptyOp::create(b, padded, type.getElementType());
  if (!isFromParameters(codes.get())) {
    destination->set(sliceLike(b, buffer, destination->get()));
    return;
  }
  // A function returns whole buffers: @prepare the padded one, of which the
  // entry takes a part.
  b.setInsertionPoint(product);
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  buffer = tensor::InsertSliceOp::create(
      b, codes.get(), buffer, offsets,
      tensor::getMixedSizes(b, b.getLoc(), codes.get()), strides);
  codes.set(sliceLike(b, buffer, codes.get()));
}

namespace {
struct FP4LayOutForTensorCoresPass
    : fp4::impl::FP4LayOutForTensorCoresPassBase<FP4LayOutForTensorCoresPass> {
  void runOnOperation() override {
    SmallVector<ScaledMatmulOp> products;
    getOperation()->walk([&](ScaledMatmulOp op) {
      if (nvvm::hasStrategy(op, "tcgen05") && op.hasPureTensorSemantics())
        products.push_back(op);
    });
    for (ScaledMatmulOp op : products) {
      removeScaleSigns(op, op.getLhsCodesMutable(), op.getLhsScalesMutable());
      removeScaleSigns(op, op.getRhsCodesMutable(), op.getRhsScalesMutable());
      blockScales(op, op.getLhsScalesMutable(), op.getLhsCodes());
      blockScales(op, op.getRhsScalesMutable(), op.getRhsCodes());
      alignRows(op, op.getLhsCodesMutable());
      alignRows(op, op.getRhsCodesMutable());
    }
  }
};
} // namespace
