//===- Codecs.cpp - Scalar conversions to and from small floats -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The conversions of Codecs.h. The 16-bit formats go through APFloat. The
// others do not: its e2m1 has no answer for NaN and infinities, and its e8m0
// turns byte 255 into an infinity.
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/Codecs.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir::fp4;

//===----------------------------------------------------------------------===//
// e2m1
//===----------------------------------------------------------------------===//

/// The magnitudes of the codes 0 to 7.
static constexpr float e2m1Magnitudes[] = {0.0f, 0.5f, 1.0f, 1.5f,
                                           2.0f, 3.0f, 4.0f, 6.0f};

float mlir::fp4::decodeE2M1(uint8_t code) {
  float magnitude = e2m1Magnitudes[code & 7];
  return code & 8 ? -magnitude : magnitude;
}

/// The magnitude index for a tie between `lower` and `lower + 1`.
static unsigned breakTie(unsigned lower, bool isNegative, TieRounding ties) {
  switch (ties) {
  case TieRounding::Even:
    return lower + lower % 2;
  case TieRounding::Zero:
    return lower;
  case TieRounding::Down:
    return isNegative ? lower + 1 : lower;
  case TieRounding::Up:
    return isNegative ? lower : lower + 1;
  }
  return lower;
}

uint8_t mlir::fp4::encodeE2M1(float value, TieRounding ties) {
  if (std::isnan(value))
    return 7;
  bool isNegative = std::signbit(value);
  uint8_t sign = isNegative ? 8 : 0;
  float magnitude = std::fabs(value);
  if (magnitude >= 6.0f)
    return sign | 7;

  unsigned lower = 0;
  while (magnitude >= e2m1Magnitudes[lower + 1])
    ++lower;
  float middle = (e2m1Magnitudes[lower] + e2m1Magnitudes[lower + 1]) / 2;
  if (magnitude == middle)
    return sign | breakTie(lower, isNegative, ties);
  return sign | (magnitude < middle ? lower : lower + 1);
}

//===----------------------------------------------------------------------===//
// e8m0
//===----------------------------------------------------------------------===//

float mlir::fp4::decodeE8M0(uint8_t byte) {
  if (byte == 255)
    return std::numeric_limits<float>::quiet_NaN();
  // The byte is f32's own exponent field, except that 2^-127 is a subnormal.
  return llvm::bit_cast<float>(byte == 0 ? 0x00400000u : uint32_t(byte) << 23);
}

uint8_t mlir::fp4::encodeE8M0(float value) {
  if (std::isnan(value))
    return 255;
  if (value <= 0x1p-127f)
    return 0;
  if (value >= 0x1p127f)
    return 254;
  // Only [1, 2) * 2^-127 is subnormal here, where the tie is 1.5 * 2^-127 and
  // not, as a look at the fraction alone would have it, 2^-127.
  if (value < 0x1p-126f)
    return value < 0x1.8p-127f ? 0 : 1;
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t roundUp = (bits >> 22) & 1; // The fraction is at least one half.
  return (bits >> 23) + roundUp;
}

//===----------------------------------------------------------------------===//
// e4m3
//===----------------------------------------------------------------------===//

float mlir::fp4::decodeE4M3(uint8_t byte) {
  int exponent = (byte >> 3) & 15;
  int fraction = byte & 7;
  float magnitude;
  if (exponent == 15 && fraction == 7)
    magnitude = std::numeric_limits<float>::quiet_NaN();
  else if (exponent == 0)
    magnitude = std::ldexp(float(fraction), -9);
  else
    magnitude = std::ldexp(float(8 + fraction), exponent - 10);
  return byte & 0x80 ? -magnitude : magnitude;
}

/// Rounds a small non-negative number to the nearest integer, ties to even,
/// whatever the rounding mode of the thread.
static unsigned roundToEven(float value) {
  unsigned whole = static_cast<unsigned>(value);
  float rest = value - whole;
  bool roundUp = rest > 0.5f || (rest == 0.5f && whole % 2 == 1);
  return whole + roundUp;
}

uint8_t mlir::fp4::encodeE4M3(float value) {
  if (std::isnan(value))
    return 0x7f;
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  float magnitude = std::min(std::fabs(value), 448.0f);
  if (magnitude == 0.0f)
    return sign;
  // In units of the last place a normal number is 8 to 15, and a subnormal one
  // (exponent -6, like the smallest normal ones) is less than 8. Adding, rather
  // than or-ing, lets a number that rounds up to 16 carry into the exponent.
  int exponent = std::max(std::ilogb(magnitude), -6);
  unsigned units = roundToEven(std::ldexp(magnitude, 3 - exponent));
  return sign | (((exponent + 6) << 3) + units);
}

//===----------------------------------------------------------------------===//
// bf16 and f16
//===----------------------------------------------------------------------===//

static float decode16(const llvm::fltSemantics &semantics, uint16_t bits) {
  return llvm::APFloat(semantics, llvm::APInt(16, bits)).convertToFloat();
}

static uint16_t encode16(const llvm::fltSemantics &semantics, float value) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt().getZExtValue();
}

float mlir::fp4::decodeBF16(uint16_t bits) {
  return decode16(llvm::APFloat::BFloat(), bits);
}

uint16_t mlir::fp4::encodeBF16(float value) {
  return encode16(llvm::APFloat::BFloat(), value);
}

float mlir::fp4::decodeF16(uint16_t bits) {
  return decode16(llvm::APFloat::IEEEhalf(), bits);
}

uint16_t mlir::fp4::encodeF16(float value) {
  return encode16(llvm::APFloat::IEEEhalf(), value);
}
