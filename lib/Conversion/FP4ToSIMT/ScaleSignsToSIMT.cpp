//===- ScaleSignsToSIMT.cpp - fp4.absorb_scale_signs to a kernel ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ItemBuilder.h"
#include "Kernels.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// An item is one group.
void fp4::emitKernel(ItemBuilder &b, AbsorbScaleSignsOp op) {
  int64_t bytes = op.getGroupSize() / 2;
  b.launch(b.sizes(op.getScales()), [&](ValueRange place) {
    ScaleSign sign = emitSplitScaleSign(b, b.load(op.getScales(), place));
    b.store(sign.magnitude, op.getScalesOutput(), place);
    Value first = b.mul(place.back(), bytes);
    b.loop(b.index(bytes), [&](Value i) {
      Value byte = b.add(first, i);
      Value codes = b.load(op.getCodes(), place.drop_back(), byte);
      b.store(arith::XOrIOp::create(b, codes, sign.flip), op.getCodesOutput(),
              place.drop_back(), byte);
    });
  });
}
