//===- ExactProduct.h - A product as the reference has it -------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element of fp4.scaled_matmul is a sum of terms in f64, from the first
// group on, and one rounding. In f64 every term is exact, and no product of two
// scales overflows or is subnormal (|exponent| <= 254): no guard is needed.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOSIMT_EXACTPRODUCT_H
#define FP4_LIB_CONVERSION_FP4TOSIMT_EXACTPRODUCT_H

#include "LoopBuilder/LoopBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"

namespace mlir::fp4 {

/// The term of a group in f64: its scales times its dot product. It is four
/// times what it should be, which `emitResult` takes off the sum.
Value emitTerm(LoopBuilder &b, ScaledMatmulOp op, ValueRange row, Value column,
               Value group);

/// The sum of all terms, times alpha, rounded once to the type of the output.
Value emitResult(LoopBuilder &b, ScaledMatmulOp op, Value sum);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOSIMT_EXACTPRODUCT_H
