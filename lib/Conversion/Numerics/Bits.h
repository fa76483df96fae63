//===- Bits.h - Integer arithmetic, briefly ---------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What arithmetic on the bits of floats is written with: integers of one width,
// scalars and vectors alike, and the formats whose bits they are.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_NUMERICS_BITS_H
#define FP4_LIB_CONVERSION_NUMERICS_BITS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::fp4 {

/// `element`, or a vector of it where `like` is one.
inline Type withElement(Type like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(element);
  return element;
}

/// A scalar or splat constant.
inline Value createConstant(ImplicitLocOpBuilder &b, Type like,
                            TypedAttr element) {
  auto vector = dyn_cast<VectorType>(withElement(like, element.getType()));
  if (!vector)
    return arith::ConstantOp::create(b, element);
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(vector, Attribute(element)));
}

/// Integer operations on one type, with constants as operands.
struct Bits {
  using Predicate = arith::CmpIPredicate;

  ImplicitLocOpBuilder &b;
  /// Integers of one width, as many as `like` has elements.
  Type type;

  Bits(ImplicitLocOpBuilder &b, unsigned width, Type like)
      : b(b), type(withElement(like, b.getIntegerType(width))) {}

  Value constant(int64_t value) {
    return createConstant(b, type,
                          b.getIntegerAttr(getElementTypeOrSelf(type), value));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value add(Value x, int64_t y) { return add(x, constant(y)); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value bitAnd(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value bitAnd(Value x, int64_t y) {
    return arith::AndIOp::create(b, x, constant(y));
  }
  Value bitOr(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value bitOr(Value x, int64_t y) { return bitOr(x, constant(y)); }
  Value bitXor(Value x, Value y) { return arith::XOrIOp::create(b, x, y); }
  Value shl(Value x, Value y) { return arith::ShLIOp::create(b, x, y); }
  Value shl(Value x, int64_t y) { return shl(x, constant(y)); }
  Value shr(Value x, Value y) { return arith::ShRUIOp::create(b, x, y); }
  Value shr(Value x, int64_t y) { return shr(x, constant(y)); }
  Value compare(Predicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, predicate, x, y);
  }
  Value compare(Predicate predicate, Value x, int64_t y) {
    return compare(predicate, x, constant(y));
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
  Value select(Value condition, int64_t x, Value y) {
    return select(condition, constant(x), y);
  }
  Value select(Value condition, int64_t x, int64_t y) {
    return select(condition, constant(x), constant(y));
  }
  Value maxUnsigned(Value x, Value y) {
    return arith::MaxUIOp::create(b, x, y);
  }
  Value maxSigned(Value x, int64_t y) {
    return arith::MaxSIOp::create(b, x, constant(y));
  }
  Value minSigned(Value x, int64_t y) {
    return arith::MinSIOp::create(b, x, constant(y));
  }
  /// Any integer or float of the same width, or a narrower integer zero
  /// extended.
  Value from(Value x) {
    Type element = getElementTypeOrSelf(x.getType());
    if (element.isFloat())
      x = arith::BitcastOp::create(
          b,
          withElement(type, b.getIntegerType(element.getIntOrFloatBitWidth())),
          x);
    if (x.getType() == type)
      return x;
    return arith::ExtUIOp::create(b, type, x);
  }
  /// The low bits of x, as elements of a float or integer type.
  Value to(Type element, Value x) {
    Type result = withElement(type, element);
    Type narrow =
        withElement(type, b.getIntegerType(element.getIntOrFloatBitWidth()));
    if (narrow != type)
      x = arith::TruncIOp::create(b, narrow, x);
    if (narrow == result)
      return x;
    return arith::BitcastOp::create(b, result, x);
  }
};

/// A binary floating-point format: sign, exponent, mantissa.
struct FloatFormat {
  int64_t exponentBits;
  int64_t mantissaBits;

  constexpr int64_t width() const { return 1 + exponentBits + mantissaBits; }
  constexpr int64_t bias() const {
    return (int64_t(1) << (exponentBits - 1)) - 1;
  }
  constexpr uint64_t signBit() const { return uint64_t(1) << (width() - 1); }
  constexpr uint64_t magnitudeMask() const { return signBit() - 1; }
  /// The encoding of infinity, in the formats that have one.
  constexpr int64_t infinity() const {
    return ((int64_t(1) << exponentBits) - 1) << mantissaBits;
  }
  constexpr int64_t quietNaN() const {
    return infinity() | (int64_t(1) << (mantissaBits - 1));
  }
};

inline constexpr FloatFormat kF64{11, 52}, kF32{8, 23}, kF16{5, 10},
    kBF16{8, 7}, kE4M3{4, 3}, kE2M1{2, 1};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_NUMERICS_BITS_H
