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
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

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

/// Whether `tensor` is a slice of one whose rows start at multiples of 16
/// bytes.
static bool isSliceOfAligned(Value tensor) {
  auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice || slice.getSourceType().getRank() != 2)
    return false;
  int64_t bytes = slice.getSourceType().getDimSize(1);
  return !ShapedType::isDynamic(bytes) && bytes % nvvm::kDeviceAlignment == 0 &&
         isZeroInteger(slice.getMixedOffsets()[1]);
}

/// Makes the rows of `codes` start at multiples of 16 bytes, which tile loads
/// want. The bytes between are never read. A quantization writes them so
/// itself, also for other uses: the type stays.
static void alignRows(ScaledMatmulOp product, OpOperand &codes) {
  auto type = cast<RankedTensorType>(codes.get().getType());
  if (type.getRank() != 2 || type.isDynamicDim(1) ||
      type.getDimSize(1) % nvvm::kDeviceAlignment == 0)
    return;
  QuantizePackOp quantize = getQuantization(codes.get());
  if (quantize && isSliceOfAligned(quantize.getCodes()))
    return;
  ImplicitLocOpBuilder b(product.getLoc(), product);
  if (quantize)
    b.setInsertionPoint(quantize);
  Value unaligned = quantize ? quantize.getCodes() : codes.get();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), unaligned);
  SmallVector<OpFoldResult> padded = {
      sizes[0], b.getIndexAttr(
                    llvm::alignTo(type.getDimSize(1), nvvm::kDeviceAlignment))};
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  Value buffer = tensor::EmptyOp::create(b, padded, type.getElementType());
  if (quantize) {
    quantize.getCodesMutable().set(tensor::ExtractSliceOp::create(
        b, type, buffer, offsets, sizes, strides));
    return;
  }
  buffer = tensor::InsertSliceOp::create(b, codes.get(), buffer, offsets, sizes,
                                         strides);
  codes.set(
      tensor::ExtractSliceOp::create(b, type, buffer, offsets, sizes, strides));
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
      blockScales(op, op.getLhsScalesMutable(), op.getLhsCodes());
      blockScales(op, op.getRhsScalesMutable(), op.getRhsCodes());
      alignRows(op, op.getLhsCodesMutable());
      alignRows(op, op.getRhsCodesMutable());
    }
  }
};
} // namespace
