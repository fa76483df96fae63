//===- CodeValues.cpp - Values of codes and scales as vectors -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// `type` with another element type.
static Type cloneWith(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

std::pair<Value, Value> fp4::emitCodeValues(VectorBuilder &b, Value codes,
                                            int64_t offset) {
  static constexpr int8_t kTwice[] = {0, 1,  2,  3,  4,  6,  8,  12,
                                      0, -1, -2, -3, -4, -6, -8, -12};
  SmallVector<int8_t> table;
  for (int8_t value : kTwice)
    table.push_back(value + offset);
  Type type = codes.getType();
  Value low = arith::AndIOp::create(b, codes, b.constant(type, int64_t(15)));
  Value high = arith::ShRUIOp::create(b, codes, b.constant(type, int64_t(4)));
  return {b.lookup(table, low), b.lookup(table, high)};
}

Value fp4::emitPowerOfTwo(VectorBuilder &b, Value exponent, Value isNaN) {
  constexpr int64_t kBiasDifference = 1023 - 127, kMantissaBits = 52;
  Type i64 = cloneWith(exponent.getType(), b.getI64Type());
  Value field =
      arith::AddIOp::create(b, arith::ExtUIOp::create(b, i64, exponent),
                            b.constant(i64, kBiasDifference));
  Value bits = arith::ShLIOp::create(b, field, b.constant(i64, kMantissaBits));
  Value nan = b.constant(i64, int64_t(0x7ff8000000000000));
  bits = arith::SelectOp::create(b, isNaN, nan, bits);
  return b.bitcast(b.getF64Type(), bits);
}

Value fp4::emitDecodeE4M3(VectorBuilder &b, Value bytes) {
  constexpr int64_t kMagnitude = 0x7f, kNaN = 0x7f;
  Type i32 = cloneWith(bytes.getType(), b.getI32Type());
  Type f32 = cloneWith(bytes.getType(), b.getF32Type());
  Value wide = arith::ExtUIOp::create(b, i32, bytes);
  Value magnitude = arith::AndIOp::create(b, wide, b.constant(i32, kMagnitude));
  // With the exponent field in its place in f32, the value is 2^120 too small;
  // the product is exact, subnormals included.
  Value shifted =
      arith::ShLIOp::create(b, magnitude, b.constant(i32, int64_t(20)));
  Value value = arith::MulFOp::create(b, b.bitcast(b.getF32Type(), shifted),
                                      b.constant(f32, 0x1p120));
  Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude,
                                      b.constant(i32, kNaN));
  Value bits =
      arith::SelectOp::create(b, isNaN, b.constant(i32, int64_t(0x7fc00000)),
                              b.bitcast(b.getI32Type(), value));
  Value sign = arith::ShLIOp::create(
      b, arith::AndIOp::create(b, wide, b.constant(i32, int64_t(0x80))),
      b.constant(i32, int64_t(24)));
  return b.bitcast(b.getF32Type(), arith::OrIOp::create(b, bits, sign));
}
