//===- MatrixMultiply.h - Tensor cores' products, bit for bit ---*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// D = A * B + D as a model has it. The operands are taken apart once, row by
// row, into what the dot products need; a row of D is then computed at a time,
// as all layouts of D keep the columns of a row, or of a part of it, together.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_ARITHMETIC_MATRIXMULTIPLY_H
#define FP4_SIMULATOR_ARITHMETIC_MATRIXMULTIPLY_H

#include "fp4/Simulator/Arithmetic/MmaModel.h"
#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace mlir::fp4::sim {

/// A, or B with its columns as rows, of one instruction: K elements per row.
class MmaOperand {
public:
  /// `type` is the model's type of A or of B.
  MmaOperand(const MmaModel &model, MmaType type, unsigned rows,
             bool negate = false);

  unsigned getNumRows() const { return numRows; }

  /// Sets the elements of a row from model.getRowBytes(type) bytes, the first
  /// element first: two e2m1 in a byte for the packed kinds, the first one in
  /// the low half; else one element in as many whole bytes as it takes, the
  /// smaller types in the low bits.
  void setRow(unsigned row, llvm::ArrayRef<uint8_t> bytes);

  /// Sets the scales of a row, model.getNumScales() of them.
  void setScales(unsigned row, llvm::ArrayRef<uint8_t> scales);

private:
  friend class WindowDot;
  friend class BlockScaledDot;
  friend class IntegerDot;

  /// What a row of e2m1 elements and its scales are to the dot product. Masks
  /// have one bit per element: those that are not zero, and those whose raw
  /// exponent is at least 1 and at least 2.
  struct PackedRow {
    uint64_t nonZero = 0;
    uint64_t exponent1 = 0;
    uint64_t exponent2 = 0;
    /// Per group of 16 elements.
    int32_t scaleSignificand[4] = {};
    int32_t scaleExponent[4] = {};
    bool isScaleNaN = false;
  };

  /// What a row of other floating-point elements is.
  struct WindowRow {
    /// An element is infinite or NaN.
    bool hasSpecial = false;
    bool isScaleNaN = false;
    int32_t scaleExponent = 0;
  };

  void setPackedRow(unsigned row, llvm::ArrayRef<uint8_t> bytes);
  void setIntegerRow(unsigned row, llvm::ArrayRef<uint8_t> bytes);
  void setWindowRow(unsigned row, llvm::ArrayRef<uint8_t> bytes);

  MmaModel model;
  MmaType type;
  unsigned numRows;
  bool negate;
  /// Integers as they are, e2m1 in halves.
  std::vector<int16_t> integers;
  /// The values, and the raw exponents, very small for zeros.
  std::vector<double> values;
  std::vector<int16_t> exponents;
  std::vector<PackedRow> packedRows;
  std::vector<WindowRow> windowRows;
};

/// Computes D[row][firstColumn...] for the words of `d`: f32 and s32 take the
/// word, f16 its low half, and the upper one becomes zero. Without `readD` the
/// product is not added to anything. `a` and `b` are of `model`.
void multiplyRow(const MmaModel &model, const MmaOperand &a, unsigned row,
                 const MmaOperand &b, unsigned firstColumn,
                 llvm::MutableArrayRef<uint32_t> d, bool readD);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_ARITHMETIC_MATRIXMULTIPLY_H
