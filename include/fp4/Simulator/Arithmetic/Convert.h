//===- Convert.h - PTX's conversions between float formats ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The floating-point half of PTX's cvt [PTX 9.7.9.21] on bit patterns: scalars,
// and the packed forms with two elements. Which combinations of formats and
// options there are on which chip is for the instruction's row to know; these
// functions are total.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_ARITHMETIC_CONVERT_H
#define FP4_SIMULATOR_ARITHMETIC_CONVERT_H

#include "fp4/Simulator/Arithmetic/FloatFormat.h"

namespace mlir::fp4::sim {

/// The scalar conversion, cvt.<to>.<from>.
uint64_t convert(FloatFormat to, FloatFormat from, uint64_t bits,
                 EncodeOptions options = {});

/// cvt.<to>x2.<from> d, a, b with scalar sources: the first one becomes the
/// upper element.
uint32_t convertPair(FloatFormat to, FloatFormat from, uint64_t upper,
                     uint64_t lower, EncodeOptions options = {});

/// cvt.<to>x2.<from>x2 d, a: element for element.
uint32_t convertPacked(FloatFormat to, FloatFormat from, uint32_t packed,
                       EncodeOptions options = {});

/// Bits from one element to the next in a packed register: 4 for e2m1, and 8
/// for the 6-bit formats, whose two upper bits are zero in results and ignored
/// in sources.
unsigned getPackedStride(FloatFormat format);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_ARITHMETIC_CONVERT_H
