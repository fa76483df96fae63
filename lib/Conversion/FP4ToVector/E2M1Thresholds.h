//===- E2M1Thresholds.h - e2m1 codes without division -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The code of x against a divisor s is the number of ties between the e2m1
// magnitudes that |x / s| is beyond, and division is monotonic: there is a
// least |x| beyond each tie, its threshold, and the code is the number of
// thresholds that |x| reaches. They are compared as integers, in which the bits
// of magnitudes are ordered as the magnitudes are.
//
// Thresholds are found by true divisions, once for each significand that s can
// have, and shifted by the exponent of s: as long as s, the threshold and the
// quotient are normal, a power of two in s is one in the threshold and changes
// no rounding. All are if 2^-100 <= |s| < 2^101 (kFirstField, kFields).
//
// Let s be in [1, 2), t a tie, z = t * s exactly, and f = fl(z). The least x
// with fl(x / s) >= t, or > t, is found among few candidates:
// - in bf16: with c = f rounded down to bf16, the x one step below c is below
//   z by more than 2^-9 of it, so that no rounding to f32 makes x / s reach t;
//   the x two steps above c is as much above z. c and the step above are tried.
// - in f32: x / s rounds to t only within half an f32 step of t, 2^-24 t, which
//   makes |x - z| <= 2^-24 z, at most one step at z. With |f - z| of half a
//   step, x >= f + 2 steps is beyond t, and x <= f - 2 steps is not, or f - 4
//   where steps become half as large below f. Those from f - 3 to f + 1 are
//   tried.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_E2M1THRESHOLDS_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_E2M1THRESHOLDS_H

#include "Numerics/Bits.h"
#include "VectorBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"

namespace mlir::fp4 {

class E2M1Thresholds {
public:
  /// Exponent fields of f32 that a divisor can have: kFields from kFirstField.
  static constexpr int64_t kFirstField = 27, kFields = 201;

  /// Emits the tables, for vectors of at most `maxLanes` elements in the row of
  /// a matrix.
  /// \param inputType the type of x: bf16 is compared in lanes of 16 bits,
  ///        anything else as f32.
  /// \param factor divisors are this f32, which is normal, times a power of
  ///        two, and if \p rows is 8, rounded to f32, times 1 + row / 8.
  E2M1Thresholds(VectorBuilder &b, Type inputType, int64_t groupSize,
                 int64_t maxLanes, Rounding rounding, Value factor,
                 int64_t rows);

  /// The format whose bits are compared.
  FloatFormat getFormat() const { return format; }
  /// The elements of a vector: of a part of a group, or of several groups.
  int64_t getLanes() const { return type.getNumElements(); }

  /// What the codes of a group depend on, in one word of the format's width.
  /// \param field of the divisor, less kFirstField
  /// \param row of the table, absent if there is one
  Value emitWords(VectorBuilder &b, Value field, Value row) const;

  /// The codes, 0 to 7 in the low three bits, of the bits of |x|, none NaN.
  /// \param words of the groups that the vector is of, from the memref and
  ///        place on: the row in the low bits, and where a magnitude has its
  ///        exponent the field.
  /// \param negative whether x / s is, as i1; asked for only where the rounding
  ///        depends on it.
  Value emitCodes(VectorBuilder &b, Value magnitudes, Value words, Value place,
                  llvm::function_ref<Value()> negative) const;

private:
  static constexpr int64_t kCount = 7;
  /// Steps of a search.
  static constexpr int64_t kSteps = 3;

  /// Whether a tie goes away from zero, in the order of the ties.
  using Outwards = std::array<bool, kCount>;

  Value emitRow(VectorBuilder &b, Value divisor, Value row,
                const Outwards &outwards);
  void emitTables(VectorBuilder &b, Value factor, int64_t rows);
  void emitStoreRow(VectorBuilder &b, Value thresholds, int64_t table,
                    Value row);
  SmallVector<Value> getRow(VectorBuilder &b, int64_t table, Value word) const;
  Value emitSearch(VectorBuilder &b, Value x, Value words) const;
  Value emitSelect(VectorBuilder &b, Value x, Value word,
                   llvm::function_ref<Value()> negative) const;

  FloatFormat format;
  int64_t groupSize;
  VectorType type;
  /// One, or for roundings that depend on the sign of the quotient one for
  /// negative quotients and one for others.
  SmallVector<Outwards> tables;
  /// Each step looks its threshold up in a register of all rows.
  bool search;
  SmallVector<Value> steps;
  /// Or the thresholds of a row, each in all lanes, are selected from.
  /// (table, row, tie, lane)
  Value memory;
  /// The same for tables of one row, which are kept in registers.
  SmallVector<SmallVector<Value>> onlyRows;
};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_E2M1THRESHOLDS_H
