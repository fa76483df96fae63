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
