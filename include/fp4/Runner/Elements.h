//===- Elements.h - Elements of tensors, for people -------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements read by dtype, printed, and compared.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNNER_ELEMENTS_H
#define FP4_RUNNER_ELEMENTS_H

#include "fp4/Support/SafeTensors.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4 {

/// Whether the dtype holds numbers that results round to, and not codes, scales
/// or integers.
bool isFloat(DType dtype);

/// The bits of element `index`, zero extended.
uint64_t getBits(const TensorView &tensor, size_t index);

/// The value of element `index`; of a U8, the byte.
double getValue(const TensorView &tensor, size_t index);

/// The number of elements.
size_t getNumElements(const TensorView &tensor);

/// Prints "y : BF16 (2, 3) = [[1, 2, 3], [4, 5, 6]]", the elements only if they
/// are few enough to be read.
void print(llvm::raw_ostream &os, const TensorView &tensor);

/// What a comparison of a result with what it should be came to.
struct Comparison {
  bool isInside = true;
  /// A few lines: how many differ, the first, the worst, the bound.
  std::string report;
};

/// Compares by the rules of docs/numerics.md. Codes, scales and integers have
/// to be equal in every bit. NaN has to be where NaN is expected and nowhere
/// else, and infinities have to be equal. Beyond that,
///   F32, F64   |actual - expected|_2 <= 1e-6 |expected|_2;
///   F16, BF16  |actual - expected| <= ulp(expected) + 2^-22 * magnitude for
///   each
///              element, ulp in the dtype of `actual`.
/// `expected` may be a wider float. `magnitudes`, the sums of the magnitudes of
/// the terms of each element, may be null: 0.
Comparison compare(const TensorView &actual, const TensorView &expected,
                   const TensorView *magnitudes);

} // namespace mlir::fp4

#endif // FP4_RUNNER_ELEMENTS_H
