//===- ScaleProducts.cpp - Products of two f8E4M3FN scales ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleProducts.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::fp4;

static constexpr StringLiteral kName = "fp4.scale_products";

static SmallVector<int32_t> computeProducts() {
  SmallVector<int32_t> products;
  for (unsigned byte = 0; byte < 256; ++byte) {
    llvm::APFloat scale(llvm::APFloat::Float8E4M3FN(), llvm::APInt(8, byte));
    float value =
        scale.isZero() || scale.isNaN() ? 1.0f : scale.convertToFloat();
    for (int32_t mantissa = 0; mantissa < 8; ++mantissa) {
      float product = value * (1.0f + mantissa / 8.0f);
      products.push_back(llvm::bit_cast<int32_t>(product) - mantissa);
    }
    for (int32_t index = 8; index < 16; ++index)
      products.push_back(-index);
  }
  return products;
}

Value fp4::getScaleProducts(VectorBuilder &b) {
  auto type = MemRefType::get({256, 16}, b.getI32Type());
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module.lookupSymbol(kName)) {
    OpBuilder builder(module.getBodyRegion());
    auto tensor = RankedTensorType::get(type.getShape(), b.getI32Type());
    constexpr int64_t kCacheLine = 64;
    memref::GlobalOp::create(
        builder, b.getLoc(), kName, builder.getStringAttr("private"), type,
        DenseElementsAttr::get(tensor, ArrayRef<int32_t>(computeProducts())),
        /*constant=*/true, builder.getI64IntegerAttr(kCacheLine));
  }
  return memref::GetGlobalOp::create(b, type, kName);
}
