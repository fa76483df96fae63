//===- Panels.cpp - Weights in panels -------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Panels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

SmallVector<int64_t> fp4::getCodesTile(const cpu::CPU &cpu) {
  return {cpu.getTile().columns(), 4};
}
SmallVector<int64_t> fp4::getScalesTile(const cpu::CPU &cpu) {
  return {cpu.getTile().columns()};
}

static Value createZero(ImplicitLocOpBuilder &b, Type type) {
  auto floating = dyn_cast<FloatType>(type);
  if (!floating)
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, 0));
  // The byte 0, which is no zero in f8E8M0FNU.
  llvm::APFloat zero(floating.getFloatSemantics(),
                     llvm::APInt(floating.getWidth(), 0));
  return arith::ConstantOp::create(b, FloatAttr::get(floating, zero));
}

namespace {
/// A tensor in inner tiles of its first dimensions.
struct Packed {
  SmallVector<int64_t> positions;
  SmallVector<OpFoldResult> tiles;
  SmallVector<int64_t> shape;

  Packed(Builder &b, RankedTensorType type, ArrayRef<int64_t> sizes)
      : shape(type.getShape()) {
    for (auto [i, size] : llvm::enumerate(sizes)) {
      positions.push_back(i);
      tiles.push_back(b.getIndexAttr(size));
      shape[i] = llvm::divideCeil(shape[i], size);
      shape.push_back(size);
    }
  }
};
} // namespace

static Value pack(ImplicitLocOpBuilder &b, Value value,
                  ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  Packed packed(b, type, sizes);
  Value empty = tensor::EmptyOp::create(b, packed.shape, type.getElementType());
  std::optional<Value> padding;
  if (type.getDimSize(0) % sizes[0] != 0)
    padding = createZero(b, type.getElementType());
  return linalg::PackOp::create(b, value, empty, packed.positions, packed.tiles,
                                padding)
      .getResult();
}

Value fp4::packAndUnpack(ImplicitLocOpBuilder &b, Value value,
                         ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  Packed packed(b, type, sizes);
  Value panels = pack(b, value, sizes);
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return linalg::UnPackOp::create(b, panels, empty, packed.positions,
                                  packed.tiles)
      .getResult();
}

Value fp4::getPanels(ImplicitLocOpBuilder &b, Value value,
                     ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  Packed packed(b, type, sizes);
  auto unpack = value.getDefiningOp<linalg::UnPackOp>();
  if (unpack && unpack.getSourceType().getShape() == ArrayRef(packed.shape) &&
      unpack.getInnerDimsPos() == ArrayRef(packed.positions) &&
      unpack.getOuterDimsPerm().empty())
    return unpack.getSource();
  return pack(b, value, sizes);
}
