//===- FloatFormat.h - Number formats of NVIDIA's tensor units --*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The floating-point formats that PTX instructions read and write, as rows of
// one table, with exact decoding and with rounding in every direction. All of
// it is integer arithmetic: nothing depends on the rounding mode of the host,
// and subnormals are numbers like any other.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_ARITHMETIC_FLOATFORMAT_H
#define FP4_SIMULATOR_ARITHMETIC_FLOATFORMAT_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace mlir::fp4::sim {

enum class FloatFormat : uint8_t {
  E2M1,
  E2M3,
  E3M2,
  E4M3,
  E5M2,
  UE4M3, ///< a scale; bit 7 is ignored [HW, SFT]
  UE8M0, ///< a scale, a power of two; byte 0 is 2^-127 and not zero
  F16,
  BF16,
  TF32, ///< f32 whose 13 lowest bits do not count
  F32,
  F64,
};

/// What the encodings with the highest exponent stand for.
enum class SpecialValues : uint8_t {
  None,   ///< finite numbers
  NaN,    ///< finite numbers, but for NaN where all bits are ones
  IEEE754 ///< infinities and NaNs
};

/// A row of the table of formats.
struct FloatFormatInfo {
  llvm::StringLiteral name;
  /// Of the encoding, with the bits that do not count.
  uint8_t bits;
  uint8_t exponentBits;
  uint8_t fractionBits;
  /// Low bits of the encoding that are ignored, and zero in results.
  uint8_t ignoredBits;
  int16_t bias;
  bool hasSign;
  SpecialValues specials;
  /// What a NaN of unknown payload is written as; formats without NaN write
  /// their largest number [PTX 9.7.9.21, .satfinite].
  uint64_t canonicalNaN;

  /// The exponent of the smallest normal number, which subnormals share.
  int getMinExponent() const { return hasSubnormals() ? 1 - bias : -bias; }
  bool hasSubnormals() const { return fractionBits != 0; }
  /// The encoding of the largest finite magnitude.
  uint64_t getMaxFinite() const;
};

const FloatFormatInfo &getInfo(FloatFormat format);

enum class FloatClass : uint8_t { Zero, Finite, Infinity, NaN };

/// A number taken apart: (-1)^isNegative * significand * 2^exponent.
struct UnpackedFloat {
  FloatClass kind = FloatClass::Zero;
  bool isNegative = false;
  /// Of finite numbers, with its leading one; at most 53 bits.
  uint64_t significand = 0;
  int exponent = 0;
  /// The encoded exponent without its bias, and for subnormals the least that a
  /// normal number can have: what the tensor cores align products by.
  int rawExponent = 0;

  bool isNaN() const { return kind == FloatClass::NaN; }
};

/// The number that an encoding stands for. Bits above the format's are ignored.
UnpackedFloat decode(FloatFormat format, uint64_t bits);

/// The directions of PTX's .rn, .rz, .rm, .rp and .rna.
enum class Rounding : uint8_t { NearestEven, Zero, Down, Up, NearestAway };

/// What a conversion does besides rounding.
struct EncodeOptions {
  Rounding rounding = Rounding::NearestEven;
  /// .satfinite: what is too large, infinities too, becomes the largest number.
  bool saturateFinite = false;
  /// .relu: what is negative, -0 too, becomes +0.
  bool relu = false;
};

/// The encoding of a number, rounded once. Its significand may have up to 64
/// bits. A NaN becomes the format's canonical one, and formats without
/// infinities saturate, with or without the option.
uint64_t encode(FloatFormat format, UnpackedFloat value,
                EncodeOptions options = {});

/// The value as a double. Exact for all formats.
double toDouble(FloatFormat format, uint64_t bits);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_ARITHMETIC_FLOATFORMAT_H
