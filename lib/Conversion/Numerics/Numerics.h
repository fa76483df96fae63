//===- Numerics.h - The numerics of fp4 as integer arithmetic ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits the conversions of docs/numerics.md on scalars, and on vectors lane by
// lane. All work on the bits of a value with integer operations, so that they
// are the same on every target: upstream's lowerings of truncf and extf on
// small floats round differently from each other, and the hardware's bf16
// conversions flush subnormals.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_NUMERICS_NUMERICS_H
#define FP4_LIB_CONVERSION_NUMERICS_NUMERICS_H

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4 {

/// An f32, f16 or bf16 as f32: exact.
Value emitWidenToF32(ImplicitLocOpBuilder &b, Value value);

/// An f32 or f64 as `type` (f32, f16 or bf16), rounded once, to nearest, ties
/// to even; subnormals are kept, overflow gives infinity, NaN stays NaN.
Value emitNarrow(ImplicitLocOpBuilder &b, Value value, Type type);

/// The value of an e2m1 code (i32, 0 to 15) as f32, -0 included.
Value emitDecodeE2M1(ImplicitLocOpBuilder &b, Value code);

/// Twice the value of an e2m1 code (i32, 0 to 15) as an i32 from -12 to 12.
Value emitDecodeE2M1Twice(ImplicitLocOpBuilder &b, Value code);

/// Halfway between neighbouring magnitudes of e2m1: tie i is between the codes
/// i and i + 1.
inline constexpr float kE2M1Ties[] = {0.25f, 0.75f, 1.25f, 1.75f,
                                      2.5f,  3.5f,  5.0f};

/// The e2m1 code (i32, 0 to 15) nearest to an f32.
Value emitEncodeE2M1(ImplicitLocOpBuilder &b, Value value, Rounding rounding);

/// A scale (f8E8M0FNU or f8E4M3FN) as f32: exact.
Value emitDecodeScale(ImplicitLocOpBuilder &b, Value scale);

/// A scale of f8E4M3FN without its sign, and what flips the sign bits of a byte
/// of codes if it had one: an i8, 0x88 or 0.
struct ScaleSign {
  Value magnitude, flip;
};
ScaleSign emitSplitScaleSign(ImplicitLocOpBuilder &b, Value scale);

/// An f32 as a scale of `type` (f8E8M0FNU or f8E4M3FN), after clamping it to
/// the finite range of the type.
Value emitEncodeScale(ImplicitLocOpBuilder &b, Value value, Type type);

/// The bits of |value| as an i32, for an f32. Unsigned order on them is the
/// order of the magnitudes, and NaN is above infinity.
Value emitMagnitudeBits(ImplicitLocOpBuilder &b, Value value);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_NUMERICS_NUMERICS_H
