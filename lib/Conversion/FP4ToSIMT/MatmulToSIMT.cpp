//===- MatmulToSIMT.cpp - A kernel for fp4.scaled_matmul ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Numerics/Numerics.h"
#include "ScaleAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// Four times the products of the two codes in a byte of each side, summed.
static Value emitDotOfBytes(ItemBuilder &b, Value lhs, Value rhs) {
  lhs = arith::ExtUIOp::create(b, b.getI32Type(), lhs);
  rhs = arith::ExtUIOp::create(b, b.getI32Type(), rhs);
  auto low = [&](Value byte) {
    return emitDecodeE2M1Twice(b, arith::AndIOp::create(b, byte, b.i32(15)));
  };
  auto high = [&](Value byte) {
    return emitDecodeE2M1Twice(b, arith::ShRUIOp::create(b, byte, b.i32(4)));
  };
  return arith::AddIOp::create(b, arith::MulIOp::create(b, low(lhs), low(rhs)),
                               arith::MulIOp::create(b, high(lhs), high(rhs)));
}

/// An item is one element of the output: exact dot products of groups, their
/// scaled sum in f64, and one rounding. In f64 every term is exact and no
/// product of two scales overflows or is subnormal (|exponent| <= 254), so that
/// no guard is needed.
void fp4::emitKernel(ItemBuilder &b, ScaledMatmulOp op) {
  Type f64 = b.getF64Type();
  Type outputType = cast<MemRefType>(op.getOutput().getType()).getElementType();
  int64_t bytes = op.getGroupSize() / 2;
  int64_t lastOfRhs =
      cast<MemRefType>(op.getRhsCodes().getType()).getRank() - 1;
  b.launch(b.sizes(op.getOutput()), [&](ValueRange place) {
    ValueRange row = place.drop_back();
    Value column = place.back();
    Value groups = b.div(b.dim(op.getRhsCodes(), lastOfRhs), bytes);
    Value zero = arith::ConstantOp::create(b, b.getF64FloatAttr(0));
    Value sum = b.reduce(groups, zero, [&](Value group, Value sum) -> Value {
      Value first = b.mul(group, bytes);
      Value dot =
          b.reduce(b.index(bytes), b.i32(0), [&](Value i, Value dot) -> Value {
            Value byte = b.add(first, i);
            Value lhs = b.load(op.getLhsCodes(), row, byte);
            Value rhs = b.load(op.getRhsCodes(), column, byte);
            return arith::AddIOp::create(b, dot, emitDotOfBytes(b, lhs, rhs));
          });
      auto scale = [&](Value scales, ValueRange row) {
        SmallVector<Value> place(row);
        place.push_back(group);
        Value scale = emitDecodeScale(b, emitLoadScale(b, scales, place));
        return arith::ExtFOp::create(b, f64, scale);
      };
      Value scales = arith::MulFOp::create(b, scale(op.getLhsScales(), row),
                                           scale(op.getRhsScales(), column));
      Value term = arith::MulFOp::create(b, scales,
                                         arith::SIToFPOp::create(b, f64, dot));
      return arith::AddFOp::create(b, sum, term);
    });

    // The codes were decoded as twice their value, both of them.
    Value quarter = arith::ConstantOp::create(b, b.getF64FloatAttr(0.25));
    Value alpha = arith::ExtFOp::create(b, f64, op.getAlpha());
    Value factor = arith::MulFOp::create(b, alpha, quarter);
    Value result = arith::MulFOp::create(b, factor, sum);
    b.store(emitNarrow(b, result, outputType), op.getOutput(), place);
  });
}
