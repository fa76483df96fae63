//===- FloatFormat.cpp - Number formats of NVIDIA's tensor units ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One decoder and one encoder for all formats, driven by their rows.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/FloatFormat.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// In the order of FloatFormat. NaNs of conversions have no sign, and all bits
/// of their payload [CUDA, cuda_fp8.hpp].
static constexpr FloatFormatInfo formats[] = {
    {"e2m1", 4, 2, 1, 0, 1, true, SpecialValues::None, 0x7},
    {"e2m3", 6, 2, 3, 0, 1, true, SpecialValues::None, 0x1F},
    {"e3m2", 6, 3, 2, 0, 3, true, SpecialValues::None, 0x1F},
    {"e4m3", 8, 4, 3, 0, 7, true, SpecialValues::NaN, 0x7F},
    {"e5m2", 8, 5, 2, 0, 15, true, SpecialValues::IEEE754, 0x7F},
    {"ue4m3", 7, 4, 3, 0, 7, false, SpecialValues::NaN, 0x7F},
    {"ue8m0", 8, 8, 0, 0, 127, false, SpecialValues::NaN, 0xFF},
    {"f16", 16, 5, 10, 0, 15, true, SpecialValues::IEEE754, 0x7FFF},
    {"bf16", 16, 8, 7, 0, 127, true, SpecialValues::IEEE754, 0x7FFF},
    {"tf32", 32, 8, 10, 13, 127, true, SpecialValues::IEEE754, 0x7FFFFFFF},
    {"f32", 32, 8, 23, 0, 127, true, SpecialValues::IEEE754, 0x7FFFFFFF},
    {"f64", 64, 11, 52, 0, 1023, true, SpecialValues::IEEE754,
     0x7FFFFFFFFFFFFFFF},
};
static_assert(std::size(formats) == size_t(FloatFormat::F64) + 1);

const FloatFormatInfo &sim::getInfo(FloatFormat format) {
  return formats[size_t(format)];
}

uint64_t FloatFormatInfo::getMaxFinite() const {
  uint64_t allOnes = maskTrailingOnes<uint64_t>(exponentBits + fractionBits);
  if (specials == SpecialValues::NaN)
    allOnes -= 1;
  else if (specials == SpecialValues::IEEE754)
    allOnes -= uint64_t(1) << fractionBits;
  return allOnes << ignoredBits;
}

UnpackedFloat sim::decode(FloatFormat format, uint64_t bits) {
  const FloatFormatInfo &info = getInfo(format);
  bits >>= info.ignoredBits;
  unsigned magnitudeBits = info.exponentBits + info.fractionBits;
  uint64_t magnitude = bits & maskTrailingOnes<uint64_t>(magnitudeBits);
  uint64_t fraction = magnitude & maskTrailingOnes<uint64_t>(info.fractionBits);
  int field = int(magnitude >> info.fractionBits);
  int maxField = (1 << info.exponentBits) - 1;

  UnpackedFloat value;
  value.isNegative = info.hasSign && ((bits >> magnitudeBits) & 1);
  if (info.specials == SpecialValues::IEEE754 && field == maxField) {
    value.kind = fraction ? FloatClass::NaN : FloatClass::Infinity;
    return value;
  }
  if (info.specials == SpecialValues::NaN &&
      magnitude == maskTrailingOnes<uint64_t>(magnitudeBits)) {
    value.kind = FloatClass::NaN;
    return value;
  }
  bool isSubnormal = info.hasSubnormals() && field == 0;
  value.rawExponent = isSubnormal ? info.getMinExponent() : field - info.bias;
  value.exponent = value.rawExponent - info.fractionBits;
  value.significand =
      isSubnormal ? fraction : fraction | uint64_t(1) << info.fractionBits;
  value.kind = value.significand ? FloatClass::Finite : FloatClass::Zero;
  return value;
}

/// `significand * 2^-shift`, rounded to an integer. A negative shift is exact,
/// and must not lose bits.
static uint64_t shiftRightRounded(uint64_t significand, int shift,
                                  bool isNegative, Rounding rounding) {
  if (shift <= 0)
    return significand << -shift;
  uint64_t whole = shift < 64 ? significand >> shift : 0;
  uint64_t rest = shift < 64 ? significand & maskTrailingOnes<uint64_t>(shift)
                             : significand;
  // All of the number is less than one half if it has fewer bits than shift.
  uint64_t half = shift <= 64 ? uint64_t(1) << (shift - 1)
                              : std::numeric_limits<uint64_t>::max();
  bool roundUp = false;
  switch (rounding) {
  case Rounding::NearestEven:
    roundUp = rest > half || (rest == half && shift <= 64 && (whole & 1));
    break;
  case Rounding::NearestAway:
    roundUp = rest >= half && shift <= 64;
    break;
  case Rounding::Zero:
    break;
  case Rounding::Down:
    roundUp = isNegative && rest != 0;
    break;
  case Rounding::Up:
    roundUp = !isNegative && rest != 0;
    break;
  }
  return whole + roundUp;
}

/// The encoding of a magnitude that is too large: PTX leaves IEEE's rule for
/// the formats with infinities, where directed rounding can stop at the largest
/// number.
static uint64_t encodeOverflow(const FloatFormatInfo &info, bool isNegative,
                               EncodeOptions options) {
  bool towardZero = options.rounding == Rounding::Zero ||
                    (options.rounding == Rounding::Down && !isNegative) ||
                    (options.rounding == Rounding::Up && isNegative);
  if (info.specials != SpecialValues::IEEE754 || options.saturateFinite ||
      towardZero)
    return info.getMaxFinite();
  return info.getMaxFinite() + (uint64_t(1) << info.ignoredBits);
}

/// The magnitude of a finite, non-zero number.
static uint64_t encodeFinite(const FloatFormatInfo &info,
                             const UnpackedFloat &value,
                             EncodeOptions options) {
  int exponent = value.exponent + int(Log2_64(value.significand));
  int clamped = std::max(exponent, info.getMinExponent());
  // ue8m0 has neither zero nor subnormals: less than its least is its least.
  if (!info.hasSubnormals() && exponent < clamped)
    return 0;
  // In units of the last place; a number that rounds up to the next power of
  // two carries into the exponent by addition.
  uint64_t units = shiftRightRounded(
      value.significand, clamped - info.fractionBits - value.exponent,
      value.isNegative, options.rounding);
  uint64_t encoded =
      (uint64_t(clamped - info.getMinExponent()) << info.fractionBits) + units;
  if (!info.hasSubnormals())
    encoded -= 1; // No field stands for subnormals.
  encoded <<= info.ignoredBits;
  if (encoded > info.getMaxFinite())
    return encodeOverflow(info, value.isNegative, options);
  return encoded;
}

uint64_t sim::encode(FloatFormat format, UnpackedFloat value,
                     EncodeOptions options) {
  const FloatFormatInfo &info = getInfo(format);
  if (value.isNaN())
    return info.canonicalNaN;
  // Without a sign, magnitudes are rounded [PTX 9.7.9.21, .satfinite].
  value.isNegative &= info.hasSign;
  if (value.isNegative && options.relu)
    return 0;

  uint64_t magnitude = 0;
  if (value.kind == FloatClass::Infinity) {
    options.rounding = Rounding::NearestEven;
    magnitude = encodeOverflow(info, value.isNegative, options);
  } else if (value.kind == FloatClass::Finite) {
    magnitude = encodeFinite(info, value, options);
  }
  if (!value.isNegative)
    return magnitude;
  return magnitude | uint64_t(1) << (info.bits - 1);
}

double sim::toDouble(FloatFormat format, uint64_t bits) {
  UnpackedFloat value = decode(format, bits);
  double magnitude = 0;
  switch (value.kind) {
  case FloatClass::Zero:
    break;
  case FloatClass::Finite:
    magnitude = std::ldexp(double(value.significand), value.exponent);
    break;
  case FloatClass::Infinity:
    magnitude = std::numeric_limits<double>::infinity();
    break;
  case FloatClass::NaN:
    magnitude = std::numeric_limits<double>::quiet_NaN();
    break;
  }
  return value.isNegative ? -magnitude : magnitude;
}
