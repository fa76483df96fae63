//===- FloatValues.h - Values and rounding of floating point ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// float and double are the host's; the narrower formats are bit patterns here,
// computed in double and rounded once. A double that stands for a value with
// more digits is rounded to odd, so that rounding it again is exact.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_FLOATVALUES_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_FLOATVALUES_H

#include "fp4/Simulator/Arithmetic/FloatFormat.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstdint>

namespace mlir::fp4::sim {

/// The rounding of `rn`, `rz`, `rm`, `rp`, `rna` and of the integer ones, `rni`
/// and so on; to nearest even without one.
Rounding roundingOf(llvm::StringRef modifier);

struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};

/// The bits of the value in the format. NaN becomes the canonical one, of which
/// all bits but the sign are set.
uint64_t roundTo(double value, FloatFormat format, Rounding rounding);

/// a + b rounded to odd.
double addToOdd(double a, double b);

inline double toDouble(F16 value) {
  return toDouble(FloatFormat::F16, value.bits);
}
inline double toDouble(BF16 value) {
  return llvm::bit_cast<float>(uint32_t(value.bits) << 16);
}
inline double toDouble(float value) { return value; }
inline double toDouble(double value) { return value; }

template <typename T>
T fromDouble(double value, Rounding rounding);

float canonical(float value);
double canonical(double value);

/// +0 or -0 for a subnormal value.
template <typename T>
T flushed(T value);

/// The value rounded to an integer.
double roundToInteger(double value, Rounding rounding);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_FLOATVALUES_H
