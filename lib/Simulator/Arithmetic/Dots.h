//===- Dots.h - The dot products of a row of D ------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One class per way of adding up, which computes one element of D.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ARITHMETIC_DOTS_H
#define FP4_LIB_SIMULATOR_ARITHMETIC_DOTS_H

#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"

namespace mlir::fp4::sim {

/// The raw exponent of zeros: less than any that takes part in a maximum, and
/// still so after the exponent of another zero or of a number is added.
inline constexpr int16_t kZeroExponent = -8192;

/// A row of D is computed by a functor from a column and the old word of D.
struct DotArguments {
  const MmaModel &model;
  const MmaOperand &a;
  unsigned row;
  const MmaOperand &b;
};

/// u8 and s8: exact, then wrapped or clamped.
class IntegerDot {
public:
  explicit IntegerDot(const DotArguments &args);
  uint32_t operator()(unsigned column, uint32_t c) const;

private:
  const DotArguments args;
  const int16_t *aRow;
};

/// One window for all products and C: all floating-point types but packed e2m1.
class WindowDot {
public:
  explicit WindowDot(const DotArguments &args);
  uint32_t operator()(unsigned column, uint32_t c) const;

private:
  uint32_t addStep(unsigned column, unsigned firstK, uint32_t c) const;
  uint32_t addSpecialStep(unsigned column, unsigned firstK, uint32_t c) const;
  uint32_t addToNearest(uint32_t left, uint32_t right) const;

  const DotArguments args;
  const double *aValues;
  const int16_t *aExponents;
};

/// kind::mxf4 and kind::mxf4nvf4.
class BlockScaledDot {
public:
  explicit BlockScaledDot(const DotArguments &args);
  uint32_t operator()(unsigned column, uint32_t c) const;

private:
  const DotArguments args;
  const int16_t *aRow;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ARITHMETIC_DOTS_H
