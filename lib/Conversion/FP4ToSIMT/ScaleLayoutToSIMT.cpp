//===- ScaleLayoutToSIMT.cpp - Kernels for convert_scale_layout -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "ScaleAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// An item is one element of the output, padding included.
void fp4::emitKernel(ItemBuilder &b, ConvertScaleLayoutOp op) {
  auto outputType = cast<MemRefType>(op.getOutput().getType());
  if (outputType.getRank() != kBlockedScalesRank) {
    b.launch(b.sizes(op.getOutput()), [&](ValueRange place) {
      SmallVector<Value> slot = emitBlockedPlace(b, place[0], place[1]);
      b.store(b.load(op.getInput(), slot), op.getOutput(), place);
    });
    return;
  }
  SmallVector<Value> sizes = b.sizes(op.getInput());
  b.launch(b.sizes(op.getOutput()), [&](ValueRange slot) {
    auto [row, column] = emitRowAndColumn(b, slot);
    SmallVector<Value> place = {row, column};
    Value inside = arith::AndIOp::create(b, b.isLess(row, sizes[0]),
                                         b.isLess(column, sizes[1]));
    b.ifThenElse(
        inside,
        [&] { b.store(b.load(op.getInput(), place), op.getOutput(), slot); },
        [&] {
          b.store(emitPadding(b, outputType.getElementType()), op.getOutput(),
                  slot);
        });
  });
}
