//===- RoundResult.h - Rounding of exact sums -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From a whole number of quanta to the bits of a result, and from the bits of C
// to a whole number of quanta. In line, for the loops over all elements of D.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ARITHMETIC_ROUNDRESULT_H
#define FP4_LIB_SIMULATOR_ARITHMETIC_ROUNDRESULT_H

#include "fp4/Simulator/Arithmetic/FloatFormat.h"
#include "llvm/ADT/bit.h"
#include <cstdint>

namespace mlir::fp4::sim {

/// The NaN of tensor cores, whatever its cause [HW, SFT].
inline constexpr uint32_t kNaNF32 = 0x7FFFFFFF, kNaNF16 = 0x7FFF;
inline constexpr uint32_t kInfinityF32 = 0x7F800000, kInfinityF16 = 0x7C00;

/// `significand * 2^exponent` in whole quanta of 2^quantum, toward zero. A
/// shift to the left must not lose bits.
inline int64_t truncateToQuantum(int64_t significand, int exponent,
                                 int quantum) {
  int shift = exponent - quantum;
  if (shift >= 0)
    return significand * (int64_t(1) << shift);
  if (shift <= -63)
    return 0;
  // Division, and not an arithmetic shift, is toward zero.
  return significand < 0 ? -(-significand >> -shift) : significand >> -shift;
}

/// The f32 next to `units * 2^quantum` toward zero; infinity if it is too
/// large. Results of zero are +0, also if they are too small [HW, SFT].
inline uint32_t roundToF32(int64_t units, int quantum) {
  if (units == 0)
    return 0;
  uint32_t sign = units < 0 ? 0x80000000 : 0;
  uint64_t magnitude = units < 0 ? -uint64_t(units) : uint64_t(units);
  int log2 = 63 - llvm::countl_zero(magnitude);
  int exponent = log2 + quantum;
  if (exponent > 127)
    return sign | kInfinityF32;
  if (exponent >= -126) {
    uint32_t significand =
        log2 > 23 ? magnitude >> (log2 - 23) : magnitude << (23 - log2);
    return sign | uint32_t(exponent + 127) << 23 | (significand & 0x7FFFFF);
  }
  int shift = quantum + 149;
  uint32_t subnormal = shift >= 0    ? uint32_t(magnitude << shift)
                       : shift > -64 ? uint32_t(magnitude >> -shift)
                                     : 0;
  return subnormal ? sign | subnormal : 0;
}

/// The f16 nearest to `units * 2^quantum`, ties to even, which is how results
/// of f16 are rounded, unlike those of f32. Zero is +0 [HW, SFT].
inline uint32_t roundToF16(int64_t units, int quantum) {
  if (units == 0)
    return 0;
  UnpackedFloat value;
  value.kind = FloatClass::Finite;
  value.isNegative = units < 0;
  value.significand = units < 0 ? -uint64_t(units) : uint64_t(units);
  value.exponent = quantum;
  uint32_t bits = uint32_t(encode(FloatFormat::F16, value));
  return bits == 0x8000 ? 0 : bits;
}

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ARITHMETIC_ROUNDRESULT_H
