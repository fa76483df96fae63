//===- FloatValues.cpp - Values and rounding of floating point ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatValues.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include <limits>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

Rounding sim::roundingOf(StringRef modifier) {
  return StringSwitch<Rounding>(modifier)
      .Cases({"rz", "rzi"}, Rounding::Zero)
      .Cases({"rm", "rmi"}, Rounding::Down)
      .Cases({"rp", "rpi"}, Rounding::Up)
      .Case("rna", Rounding::NearestAway)
      .Default(Rounding::NearestEven);
}

uint64_t sim::roundTo(double value, FloatFormat format, Rounding rounding) {
  EncodeOptions options;
  options.rounding = rounding;
  return encode(format, decode(FloatFormat::F64, bit_cast<uint64_t>(value)),
                options);
}

double sim::addToOdd(double a, double b) {
  double sum = a + b;
  if (!std::isfinite(sum) || sum == 0)
    return sum;
  // The error of the sum, exactly.
  double part = sum - a;
  double error = (a - (sum - part)) + (b - part);
  if (error == 0 || (bit_cast<uint64_t>(sum) & 1))
    return sum;
  return std::nextafter(sum, error > 0
                                 ? std::numeric_limits<double>::infinity()
                                 : -std::numeric_limits<double>::infinity());
}

namespace mlir::fp4::sim {
template <>
F16 fromDouble<F16>(double value, Rounding rounding) {
  return {uint16_t(roundTo(value, FloatFormat::F16, rounding))};
}
template <>
BF16 fromDouble<BF16>(double value, Rounding rounding) {
  return {uint16_t(roundTo(value, FloatFormat::BF16, rounding))};
}
template <>
float fromDouble<float>(double value, Rounding rounding) {
  if (rounding == Rounding::NearestEven && !std::isnan(value))
    return float(value);
  return bit_cast<float>(uint32_t(roundTo(value, FloatFormat::F32, rounding)));
}
template <>
double fromDouble<double>(double value, Rounding) {
  return value;
}

template <>
float flushed<float>(float value) {
  return std::fabs(value) < std::numeric_limits<float>::min()
             ? std::copysign(0.0f, value)
             : value;
}
template <>
double flushed<double>(double value) {
  return value;
}
template <>
F16 flushed<F16>(F16 value) {
  return value.bits & 0x7c00 ? value : F16{uint16_t(value.bits & 0x8000)};
}
template <>
BF16 flushed<BF16>(BF16 value) {
  return value.bits & 0x7f80 ? value : BF16{uint16_t(value.bits & 0x8000)};
}
} // namespace mlir::fp4::sim

float sim::canonical(float value) {
  return std::isnan(value) ? bit_cast<float>(0x7fffffffu) : value;
}

double sim::canonical(double value) {
  return std::isnan(value) ? bit_cast<double>(uint64_t(0xfff8000000000000))
                           : value;
}

double sim::roundToInteger(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::NearestEven:
    return std::nearbyint(value); // the host's default mode is to nearest even
  case Rounding::NearestAway:
    return std::round(value);
  case Rounding::Zero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  }
  return value;
}
