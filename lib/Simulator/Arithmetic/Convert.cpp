//===- Convert.cpp - PTX's conversions between float formats --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/Convert.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// Whether ue8m0 cannot hold a number without .satfinite: infinity, and what is
/// above its largest if rounded up, is NaN. PTX defines the conversion with
/// .satfinite alone; CUDA's own emulation does this [CUDA, cuda_fp8.hpp].
static bool overflowsUE8M0(const UnpackedFloat &value, EncodeOptions options) {
  if (options.saturateFinite)
    return false;
  if (value.kind == FloatClass::Infinity)
    return true;
  if (value.kind != FloatClass::Finite || options.rounding != Rounding::Up)
    return false;
  unsigned log2 = llvm::Log2_64(value.significand);
  int exponent = value.exponent + int(log2);
  bool isPowerOfTwo = llvm::isPowerOf2_64(value.significand);
  return exponent > 127 || (exponent == 127 && !isPowerOfTwo);
}

uint64_t sim::convert(FloatFormat to, FloatFormat from, uint64_t bits,
                      EncodeOptions options) {
  UnpackedFloat value = decode(from, bits);
  if (to == FloatFormat::UE8M0 && overflowsUE8M0(value, options))
    return getInfo(to).canonicalNaN;
  return encode(to, value, options);
}

unsigned sim::getPackedStride(FloatFormat format) {
  unsigned bits = getInfo(format).bits;
  return bits <= 4 ? 4 : bits <= 8 ? 8 : bits;
}

uint32_t sim::convertPair(FloatFormat to, FloatFormat from, uint64_t upper,
                          uint64_t lower, EncodeOptions options) {
  return convert(to, from, upper, options) << getPackedStride(to) |
         convert(to, from, lower, options);
}

uint32_t sim::convertPacked(FloatFormat to, FloatFormat from, uint32_t packed,
                            EncodeOptions options) {
  return convertPair(to, from, packed >> getPackedStride(from), packed,
                     options);
}
