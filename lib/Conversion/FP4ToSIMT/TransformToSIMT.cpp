//===- TransformToSIMT.cpp - A kernel for fp4.block_transform -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// An item is one element of the output.
void fp4::emitKernel(ItemBuilder &b, BlockTransformOp op) {
  auto transformType = cast<MemRefType>(op.getTransform().getType());
  Type outputType = cast<MemRefType>(op.getOutput().getType()).getElementType();
  int64_t size = transformType.getShape().back();
  b.launch(b.sizes(op.getOutput()), [&](ValueRange place) {
    ValueRange row = place.drop_back();
    Value block = b.div(place.back(), size);
    Value first = b.mul(block, size);
    SmallVector<Value> transformRow = {b.rem(place.back(), size)};
    if (transformType.getRank() == 3)
      transformRow.insert(transformRow.begin(), block);
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
    Value sum = b.reduce(b.index(size), zero, [&](Value i, Value sum) -> Value {
      Value t = b.load(op.getTransform(), transformRow, i);
      Value x = b.load(op.getInput(), row, b.add(first, i));
      Value product =
          arith::MulFOp::create(b, emitWidenToF32(b, t), emitWidenToF32(b, x));
      return arith::AddFOp::create(b, sum, product);
    });
    b.store(emitNarrow(b, sum, outputType), op.getOutput(), place);
  });
}
