//===- Numerics.cpp - The numerics of fp4 as integer arithmetic -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numerics.h"
#include "Bits.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::fp4;
using Predicate = Bits::Predicate;

constexpr int64_t kE4M3NaN = 0x7f;
constexpr int64_t kE8M0NaN = 0xff;

static FloatFormat getFormat(Type type) {
  if (type.isF64())
    return kF64;
  if (type.isF16())
    return kF16;
  return type.isBF16() ? kBF16 : kF32;
}

static Value emitF32Constant(ImplicitLocOpBuilder &b, Type like, float value) {
  return createConstant(b, like, b.getF32FloatAttr(value));
}

//===----------------------------------------------------------------------===//
// Between formats
//===----------------------------------------------------------------------===//

/// `value` / 2^shift rounded to nearest, ties to even; 1 <= shift.
static Value emitShiftRightToEven(Bits &i, Value value, Value shift) {
  Value odd = i.bitAnd(i.shr(value, shift), 1);
  Value belowHalf =
      i.sub(i.shl(i.constant(1), i.add(shift, -1)), i.constant(1));
  return i.shr(i.add(i.add(value, belowHalf), odd), shift);
}

/// Rounds a finite magnitude in the format `from` to the format `to`, to
/// nearest, ties to even. The result is the encoding in `to`, as an integer
/// that can exceed the largest encoding.
static Value emitRoundMagnitude(Bits &i, Value magnitude, FloatFormat from,
                                FloatFormat to) {
  // The same exponents: the bits of a magnitude are a number in steps of the
  // format, and a carry goes where it should.
  if (from.exponentBits == to.exponentBits)
    return emitShiftRightToEven(
        i, magnitude, i.constant(from.mantissaBits - to.mantissaBits));
  Value exponentField = i.shr(magnitude, from.mantissaBits);
  Value mantissa = i.bitAnd(magnitude, (int64_t(1) << from.mantissaBits) - 1);
  Value isSubnormal = i.compare(Predicate::eq, exponentField, 0);
  // |value| = significand * 2^(exponent - from.mantissaBits)
  Value significand =
      i.select(isSubnormal, mantissa,
               i.bitOr(mantissa, int64_t(1) << from.mantissaBits));
  Value exponent = i.add(i.maxSigned(exponentField, 1), -from.bias());
  // Below its smallest normal number, `to` keeps the exponent of that number
  // and drops more of the significand. More than all of it and a half need not
  // be dropped: the result is zero by then.
  Value toExponent = i.maxSigned(exponent, 1 - to.bias());
  Value dropped = i.minSigned(
      i.add(i.sub(toExponent, exponent), from.mantissaBits - to.mantissaBits),
      from.mantissaBits + 2);
  Value rounded = emitShiftRightToEven(i, significand, dropped);
  // The leading bit of a normal significand adds 1 to the exponent field, and
  // so does a carry out of the rounding.
  Value field = i.add(toExponent, to.bias() - 1);
  return i.add(i.shl(field, to.mantissaBits), rounded);
}

/// A finite magnitude in the format `from`, in an i32, as a positive f32.
static Value emitWidenMagnitude(Bits &i, Value magnitude, FloatFormat from) {
  // With its exponent field in the place of f32's, the value is 2^(difference
  // of the biases) too small, and the product with a power of two is exact,
  // subnormals included.
  Value bits = i.shl(magnitude, kF32.mantissaBits - from.mantissaBits);
  float rebias = llvm::bit_cast<float>(
      uint32_t(kF32.bias() + kF32.bias() - from.bias()) << kF32.mantissaBits);
  Value scaled = i.to(i.b.getF32Type(), bits);
  return arith::MulFOp::create(i.b, scaled,
                               emitF32Constant(i.b, i.type, rebias));
}

/// A float in the format `from`, in the low bits of an i32, as an f32; the
/// magnitudes above `largest` are infinity and NaN, and given by `special`.
static Value
emitWiden(Bits &i, Value encoding, FloatFormat from, int64_t largest,
          llvm::function_ref<Value(Value magnitude)> special = nullptr) {
  Value magnitude = i.bitAnd(encoding, from.magnitudeMask());
  Value sign =
      i.shl(i.bitAnd(encoding, from.signBit()), kF32.width() - from.width());
  Value bits = i.from(emitWidenMagnitude(i, magnitude, from));
  if (special)
    bits = i.select(i.compare(Predicate::ugt, magnitude, largest),
                    special(magnitude), bits);
  return i.to(i.b.getF32Type(), i.bitOr(bits, sign));
}

Value fp4::emitWidenToF32(ImplicitLocOpBuilder &b, Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  if (type.isF32())
    return value;
  Bits i(b, 32, value.getType());
  Value encoding = i.from(value);
  if (type.isBF16())
    return i.to(b.getF32Type(), i.shl(encoding, 16));
  // The payload of a NaN is kept.
  return emitWiden(i, encoding, kF16, kF16.infinity() - 1, [&](Value m) {
    return i.bitOr(i.shl(m, kF32.mantissaBits - kF16.mantissaBits),
                   kF32.infinity());
  });
}

Value fp4::emitNarrow(ImplicitLocOpBuilder &b, Value value, Type type) {
  Type fromType = getElementTypeOrSelf(value.getType());
  if (fromType == type)
    return value;
  if (type.isF32()) // f64 to f32 is one rounding in every target's hardware.
    return arith::TruncFOp::create(b, withElement(value.getType(), type),
                                   value);
  FloatFormat from = getFormat(fromType), to = getFormat(type);
  Bits i(b, from.width(), value.getType());
  Value encoding = i.from(value);
  Value magnitude = i.bitAnd(encoding, from.magnitudeMask());
  Value sign =
      i.bitAnd(i.shr(encoding, from.width() - to.width()), to.signBit());
  Value rounded =
      i.minSigned(emitRoundMagnitude(i, magnitude, from, to), to.infinity());
  Value isNaN = i.compare(Predicate::ugt, magnitude, from.infinity());
  Value result = i.select(isNaN, to.quietNaN(), rounded);
  return i.to(type, i.bitOr(result, sign));
}

Value fp4::emitMagnitudeBits(ImplicitLocOpBuilder &b, Value value) {
  Bits i(b, 32, value.getType());
  return i.bitAnd(i.from(value), kF32.magnitudeMask());
}

//===----------------------------------------------------------------------===//
// e2m1
//===----------------------------------------------------------------------===//

Value fp4::emitDecodeE2M1(ImplicitLocOpBuilder &b, Value code) {
  Bits i(b, 32, code.getType());
  return emitWiden(i, code, kE2M1, kE2M1.magnitudeMask());
}

Value fp4::emitDecodeE2M1Twice(ImplicitLocOpBuilder &b, Value code) {
  // Magnitudes 0 and 1 stand for themselves; from 2 on, the mantissa with its
  // leading one, (2 + mantissa), is shifted by the exponent less one.
  Bits i(b, 32, code.getType());
  Value magnitude = i.bitAnd(code, 7);
  Value mantissa = i.bitAnd(magnitude, 1);
  Value shift = i.add(i.maxSigned(i.shr(magnitude, 1), 1), -1);
  Value normal = i.shl(i.bitOr(mantissa, 2), shift);
  Value isSubnormal = i.compare(Predicate::ult, magnitude, 2);
  Value twice = i.select(isSubnormal, magnitude, normal);
  Value isNegative = i.compare(Predicate::uge, code, 8);
  return i.select(isNegative, i.sub(i.constant(0), twice), twice);
}

Value fp4::emitEncodeE2M1(ImplicitLocOpBuilder &b, Value value,
                          Rounding rounding) {
  // The code is the number of ties that |value| exceeds, or reaches where the
  // tie goes up in magnitude. NaN is above all of them: code 7.
  Bits i(b, 32, value.getType());
  Value bits = i.from(value);
  Value magnitude = i.bitAnd(bits, kF32.magnitudeMask());
  Value negative = i.shr(bits, 31);
  Value code = i.constant(0);
  for (auto [index, tie] : llvm::enumerate(kE2M1Ties)) {
    // 0 where the tie goes up in magnitude, 1 where it goes down.
    Value tieGoesDown;
    switch (rounding) {
    case Rounding::Even: // between codes `index` and `index + 1`
      tieGoesDown = i.constant(index % 2 == 0);
      break;
    case Rounding::Zero:
      tieGoesDown = i.constant(1);
      break;
    case Rounding::Down:
      tieGoesDown = i.sub(i.constant(1), negative);
      break;
    case Rounding::Up:
      tieGoesDown = negative;
      break;
    }
    Value threshold = i.add(tieGoesDown, llvm::bit_cast<uint32_t>(tie));
    Value reached = i.compare(Predicate::uge, magnitude, threshold);
    code = i.add(code, i.from(reached));
  }
  Value isNaN = i.compare(Predicate::ugt, magnitude, kF32.infinity());
  return i.bitOr(code, i.select(isNaN, 0, i.shl(negative, 3)));
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

Value fp4::emitDecodeScale(ImplicitLocOpBuilder &b, Value scale) {
  Bits i(b, 32, scale.getType());
  Value byte = i.from(scale);
  if (isa<Float8E4M3FNType>(getElementTypeOrSelf(scale.getType())))
    return emitWiden(i, byte, kE4M3, kE4M3NaN - 1,
                     [&](Value) { return i.constant(kF32.quietNaN()); });
  // e8m0 is the exponent field of an f32, but for byte 0, 2^-127, which is
  // subnormal there, and for NaN.
  Value bits = i.shl(byte, kF32.mantissaBits);
  bits = i.select(i.compare(Predicate::eq, byte, 0), 0x00400000, bits);
  bits =
      i.select(i.compare(Predicate::eq, byte, kE8M0NaN), kF32.quietNaN(), bits);
  return i.to(b.getF32Type(), bits);
}

/// Clamps to [low, high]; NaN stays.
static Value emitClamp(ImplicitLocOpBuilder &b, Value value, float low,
                       float high) {
  for (auto [predicate, bound] : {std::pair(arith::CmpFPredicate::OLT, low),
                                  std::pair(arith::CmpFPredicate::OGT, high)}) {
    Value limit = emitF32Constant(b, value.getType(), bound);
    Value outside = arith::CmpFOp::create(b, predicate, value, limit);
    value = arith::SelectOp::create(b, outside, limit, value);
  }
  return value;
}

Value fp4::emitEncodeScale(ImplicitLocOpBuilder &b, Value value, Type type) {
  Bits i(b, 32, value.getType());
  if (isa<Float8E4M3FNType>(type)) {
    Value bits = i.from(emitClamp(b, value, -448.0f, 448.0f));
    Value magnitude = i.bitAnd(bits, kF32.magnitudeMask());
    Value sign =
        i.bitAnd(i.shr(bits, kF32.width() - kE4M3.width()), kE4M3.signBit());
    Value isNaN = i.compare(Predicate::ugt, magnitude, kF32.infinity());
    Value byte = i.bitOr(emitRoundMagnitude(i, magnitude, kF32, kE4M3), sign);
    return i.to(type, i.select(isNaN, kE4M3NaN, byte));
  }
  // The clamped value is positive, so its bits are its magnitude. A half in the
  // last place kept carries into the exponent from 1.5 on: to nearest, ties up.
  // The one binade that is subnormal in f32, [2^-127, 2^-126), has its half at
  // 1.5 * 2^-127.
  Value bits = i.from(emitClamp(b, value, 0x1p-127f, 0x1p127f));
  Value byte = i.shr(i.add(bits, 0x00400000), kF32.mantissaBits);
  Value lowest = i.from(i.compare(Predicate::uge, bits, 0x00600000));
  byte = i.select(i.compare(Predicate::ult, bits, 0x00800000), lowest, byte);
  Value magnitude = i.bitAnd(bits, kF32.magnitudeMask());
  Value isNaN = i.compare(Predicate::ugt, magnitude, kF32.infinity());
  return i.to(type, i.select(isNaN, kE8M0NaN, byte));
}

ScaleSign fp4::emitSplitScaleSign(ImplicitLocOpBuilder &b, Value scale) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, b.getIntegerAttr(b.getI8Type(), APInt(8, value)));
  };
  Value bits = arith::BitcastOp::create(b, b.getI8Type(), scale);
  Value magnitude = arith::AndIOp::create(b, bits, constant(0x7F));
  Value isNegative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, bits, constant(0));
  Value flip =
      arith::SelectOp::create(b, isNegative, constant(0x88), constant(0));
  return {arith::BitcastOp::create(b, scale.getType(), magnitude), flip};
}
