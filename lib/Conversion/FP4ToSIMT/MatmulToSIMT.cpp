//===- MatmulToSIMT.cpp - A kernel for fp4.scaled_matmul ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExactProduct.h"
#include "Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// An item is one element of the output.
void fp4::emitKernel(ItemBuilder &b, ScaledMatmulOp op) {
  int64_t lastOfRhs =
      cast<MemRefType>(op.getRhsCodes().getType()).getRank() - 1;
  b.launch(b.sizes(op.getOutput()), [&](ValueRange place) {
    Value groups =
        b.div(b.dim(op.getRhsCodes(), lastOfRhs), op.getGroupSize() / 2);
    Value zero = arith::ConstantOp::create(b, b.getF64FloatAttr(0));
    Value sum = b.reduce(groups, zero, [&](Value group, Value sum) -> Value {
      Value term = emitTerm(b, op, place.drop_back(), place.back(), group);
      return arith::AddFOp::create(b, sum, term);
    });
    b.store(emitResult(b, op, sum), op.getOutput(), place);
  });
}
