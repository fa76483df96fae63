//===- CodeValues.h - Values of codes and scales as vectors -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_CODEVALUES_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_CODEVALUES_H

#include "VectorBuilder.h"

namespace mlir::fp4 {

/// The byte of an f8E8M0FNU that is NaN.
inline constexpr int64_t kNaNExponent = 255;

/// Exponents of f8E8M0FNU scales are taken relative to the largest of their
/// row, and cut off here: f32 holds all products of two, and the sums of their
/// groups, in its normal range.
inline constexpr int64_t kSmallestExponent = -60;

/// Twice the values of packed e2m1 codes plus `offset`, as bytes: those of the
/// low nibbles and those of the high ones.
std::pair<Value, Value> emitCodeValues(VectorBuilder &b, Value codes,
                                       int64_t offset);

/// 2^(exponent - 127) as f64, or NaN where `isNaN`; from i32 scalars or
/// vectors. Every value of f8E8M0FNU is a normal f64.
Value emitPowerOfTwo(VectorBuilder &b, Value exponent, Value isNaN);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_CODEVALUES_H
