//===- Codecs.h - Scalar conversions to and from small floats ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference conversions between f32 and the formats of an FP4 layer: e2m1
// codes, e8m0 and e4m3 scales, and the 16-bit activations. They are what the
// other implementations are compared with, so they are plain scalar functions,
// one per conversion, independent of the rounding mode, and they keep
// subnormals. Decoding is exact; encoding says in its comment what it rounds,
// saturates, and makes of a NaN.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SUPPORT_CODECS_H
#define FP4_SUPPORT_CODECS_H

#include <cstdint>

namespace mlir::fp4 {

/// Where a value half-way between two e2m1 magnitudes goes.
enum class TieRounding {
  Even, ///< to the code with an even magnitude index
  Zero, ///< toward zero
  Down, ///< toward minus infinity
  Up,   ///< toward plus infinity
};

/// The value of an e2m1 code: bit 3 is the sign, so code 8 is -0. Only the low
/// nibble of `code` is read.
float decodeE2M1(uint8_t code);

/// The nearest e2m1 code (0 to 15). Values beyond +-6 saturate, a NaN of either
/// sign gives code 7, and a result of zero keeps the sign of `value`.
uint8_t encodeE2M1(float value, TieRounding ties = TieRounding::Even);

/// The value of an e8m0 byte, 2^(byte - 127); byte 255 is NaN. Byte 0 is
/// 2^-127, a subnormal f32, and not zero.
float decodeE8M0(uint8_t byte);

/// The nearest power of two; a tie, 1.5 * 2^e, goes up. Values outside of
/// [2^-127, 2^127], negative ones included, are clamped to it; NaN gives 255.
uint8_t encodeE8M0(float value);

/// The value of an e4m3 byte (the "fn" format: no infinities, largest finite
/// value 448, NaN at 0x7f and 0xff).
float decodeE4M3(uint8_t byte);

/// The nearest e4m3 value, ties to even. Values beyond +-448 are clamped, a NaN
/// of either sign gives 0x7f, and a result of zero keeps the sign of `value`.
uint8_t encodeE4M3(float value);

/// The value of a bf16 bit pattern.
float decodeBF16(uint16_t bits);

/// The nearest bf16, ties to even, overflowing to infinity. NaNs keep their
/// sign and the upper bits of their payload, and become quiet.
uint16_t encodeBF16(float value);

/// The value of an IEEE binary16 bit pattern.
float decodeF16(uint16_t bits);

/// The nearest binary16, ties to even, overflowing to infinity. NaNs keep their
/// sign and the upper bits of their payload, and become quiet.
uint16_t encodeF16(float value);

} // namespace mlir::fp4

#endif // FP4_SUPPORT_CODECS_H
