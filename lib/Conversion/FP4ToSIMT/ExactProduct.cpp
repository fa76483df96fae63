//===- ExactProduct.cpp - A product as the reference has it ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExactProduct.h"
#include "Numerics/Numerics.h"
#include "ScaleAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// Four times the products of the two codes in a byte of each side, summed.
static Value emitDotOfBytes(LoopBuilder &b, Value lhs, Value rhs) {
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

Value fp4::emitTerm(LoopBuilder &b, ScaledMatmulOp op, ValueRange row,
                    Value column, Value group) {
  Type f64 = b.getF64Type();
  int64_t bytes = op.getGroupSize() / 2;
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
  return arith::MulFOp::create(b, scales, arith::SIToFPOp::create(b, f64, dot));
}

Value fp4::emitResult(LoopBuilder &b, ScaledMatmulOp op, Value sum) {
  // The codes were decoded as twice their value, both of them.
  Value quarter = arith::ConstantOp::create(b, b.getF64FloatAttr(0.25));
  Value alpha = arith::ExtFOp::create(b, b.getF64Type(), op.getAlpha());
  Value factor = arith::MulFOp::create(b, alpha, quarter);
  Value result = arith::MulFOp::create(b, factor, sum);
  return emitNarrow(
      b, result, cast<MemRefType>(op.getOutput().getType()).getElementType());
}
