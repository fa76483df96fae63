//===- TCGen05Operands.cpp - Operands that tile loads can read ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TCGen05Operands.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// What `value` is a cast of, of those inside of `launch`, as long as its type
/// says which elements it has.
static Value skipCasts(Value value, gpu::LaunchOp launch) {
  while (auto cast = value.getDefiningOp<memref::CastOp>()) {
    if (!launch->isProperAncestor(cast) ||
        !isa<MemRefType>(cast.getSource().getType()))
      break;
    value = cast.getSource();
  }
  return value;
}

/// Whether a part has all of its source but for the first dimension. Tile loads
/// fill with zero beyond the end of the buffer, not of the part.
static bool hasWholeRows(memref::SubViewOp view) {
  MemRefType part = view.getType(), whole = view.getSourceType();
  for (int64_t dim = 1; dim < part.getRank(); ++dim)
    if (getConstantIntValue(view.getMixedOffsets()[dim]) != 0 ||
        part.isDynamicDim(dim) || part.getDimSize(dim) != whole.getDimSize(dim))
      return false;
  return true;
}

static FailureOr<Tile> findTile(ScaledMatmulOp op, gpu::LaunchOp launch,
                                OpOperand &operand) {
  Tile tile;
  tile.buffer = skipCasts(operand.get(), launch);
  auto type = cast<MemRefType>(tile.buffer.getType());
  Builder builder(op.getContext());
  tile.offsets.assign(type.getRank(), builder.getIndexAttr(0));
  if (auto view = tile.buffer.getDefiningOp<memref::SubViewOp>();
      view && launch->isProperAncestor(view)) {
    if (!view.hasUnitStride() ||
        view.getSourceType().getRank() != view.getType().getRank())
      return op.emitOpError("operand #")
             << operand.getOperandNumber()
             << " is a subview with strides or of another rank";
    if (!hasWholeRows(view))
      return op.emitOpError("with strategy 'tcgen05' expects whole rows, but "
                            "operand #")
             << operand.getOperandNumber() << " is a part of the rows of "
             << view.getSourceType();
    tile.buffer = skipCasts(view.getSource(), launch);
    tile.offsets = view.getMixedOffsets();
  }
  if (!tile.buffer.getParentRegion()->isProperAncestor(&launch.getBody()))
    return op.emitOpError("operand #")
           << operand.getOperandNumber()
           << " is neither a buffer from outside of the kernel nor a subview "
              "of one";
  if (!isInDeviceMemory(cast<MemRefType>(tile.buffer.getType())))
    return op.emitOpError("operand #")
           << operand.getOperandNumber() << " is not in device memory (space "
           << kDeviceMemorySpace << "), but of type " << tile.buffer.getType();
  return tile;
}

/// Holds the scales to what tile loads can read.
static LogicalResult checkScales(ScaledMatmulOp op, OpOperand &scales) {
  auto type = cast<MemRefType>(scales.get().getType());
  if (type.getRank() != kBlockedScalesRank)
    return op.emitOpError("with strategy 'tcgen05' expects blocked scales, but "
                          "operand #")
           << scales.getOperandNumber() << " is of type " << type;
  int64_t group = tcgen05::getGroupSize(type.getElementType());
  if (int64_t(op.getGroupSize()) != group)
    return op.emitOpError("with strategy 'tcgen05' and scales of ")
           << type.getElementType() << " expects groups of " << group
           << ", but got " << op.getGroupSize();
  return success();
}

/// Holds the rows of codes, or of the buffer that they are in, to what a tensor
/// map can describe.
static LogicalResult checkRows(ScaledMatmulOp op, OpOperand &codes,
                               MemRefType type) {
  auto isMultiple = [](int64_t size) {
    return ShapedType::isDynamic(size) || size % kDeviceAlignment == 0;
  };
  SmallVector<int64_t> strides;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(strides, offset)) && strides[1] == 1 &&
      isMultiple(strides[0]) && isMultiple(offset))
    return success();
  return op.emitOpError("with strategy 'tcgen05' expects rows of codes that "
                        "are contiguous and start at multiples of ")
         << kDeviceAlignment << " bytes, but operand #"
         << codes.getOperandNumber() << " is of type " << type;
}

static LogicalResult checkCodes(ScaledMatmulOp op, OpOperand &codes) {
  auto type = cast<MemRefType>(codes.get().getType());
  if (type.getRank() != 2 || type.isDynamicDim(1) || type.getDimSize(1) == 0 ||
      !type.getElementType().isInteger(8))
    return op.emitOpError(
               "with strategy 'tcgen05' expects packed codes of rank "
               "2 with a static K > 0, but operand #")
           << codes.getOperandNumber() << " is of type " << type;
  return checkRows(op, codes, type);
}

FailureOr<ProductOperand> nvvm::getOperand(ScaledMatmulOp op,
                                           gpu::LaunchOp launch,
                                           OpOperand &codes,
                                           OpOperand &scales) {
  if (failed(checkCodes(op, codes)) || failed(checkScales(op, scales)))
    return failure();
  FailureOr<Tile> codesTile = findTile(op, launch, codes);
  FailureOr<Tile> scalesTile = findTile(op, launch, scales);
  if (failed(codesTile) || failed(scalesTile))
    return failure();
  if (failed(
          checkRows(op, codes, cast<MemRefType>(codesTile->buffer.getType()))))
    return failure();
  auto scalesType = cast<MemRefType>(scalesTile->buffer.getType());
  if (!scalesType.getLayout().isIdentity())
    return op.emitOpError("with strategy 'tcgen05' expects contiguous scales, "
                          "but got ")
           << scalesType;
  return ProductOperand{*codesTile, *scalesTile};
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

static nvgpu::TensorMapDescriptorType
getMapType(MLIRContext *context, ArrayRef<int64_t> box, Type elementType,
           nvgpu::TensorMapSwizzleKind swizzle) {
  auto space =
      gpu::AddressSpaceAttr::get(context, gpu::AddressSpace::Workgroup);
  auto type =
      MemRefType::get(box, elementType, MemRefLayoutAttrInterface(), space);
  return nvgpu::TensorMapDescriptorType::get(
      context, type, swizzle, nvgpu::TensorMapL2PromoKind::L2PROMO_128B,
      nvgpu::TensorMapOOBKind::OOB_ZERO,
      nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE);
}

static Value createMap(ImplicitLocOpBuilder &b, Value buffer,
                       nvgpu::TensorMapDescriptorType type) {
  auto memref = cast<MemRefType>(buffer.getType());
  Value unranked = memref::CastOp::create(
      b,
      UnrankedMemRefType::get(memref.getElementType(), memref.getMemorySpace()),
      buffer);
  SmallVector<Value> box;
  for (int64_t size : type.getTensor().getShape())
    box.push_back(arith::ConstantIndexOp::create(b, size));
  return nvgpu::TmaCreateDescriptorOp::create(b, type, unranked, box);
}

/// A row of a tile spans the swizzle.
Value nvvm::createCodesMap(ImplicitLocOpBuilder &b,
                           const ProductOperand &operand) {
  return createMap(
      b, operand.codes.buffer,
      getMapType(b.getContext(), {operand.rows, tcgen05::kTileBytes},
                 b.getI8Type(), nvgpu::TensorMapSwizzleKind::SWIZZLE_128B));
}

/// A dimension of a box has at most 256 elements, and a tile of scales 512.
Value nvvm::createScalesMap(ImplicitLocOpBuilder &b,
                            const ProductOperand &operand, int64_t scaleTiles) {
  Value tiles = memref::CollapseShapeOp::create(
      b, operand.scales.buffer,
      ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3, 4}});
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, b.getLoc(), tiles);
  sizes.back() = b.getIndexAttr(2);
  sizes.push_back(b.getIndexAttr(tcgen05::kScaleTileBytes / 2));
  SmallVector<int64_t> staticSizes(
      cast<MemRefType>(tiles.getType()).getShape().drop_back());
  staticSizes.append({2, tcgen05::kScaleTileBytes / 2});
  Value halves = memref::ExpandShapeOp::create(
      b, staticSizes, tiles, ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}},
      sizes);
  return createMap(b, halves,
                   getMapType(b.getContext(),
                              {operand.getRowTiles(), scaleTiles, 2,
                               tcgen05::kScaleTileBytes / 2},
                              getElementTypeOrSelf(halves),
                              nvgpu::TensorMapSwizzleKind::SWIZZLE_NONE));
}
