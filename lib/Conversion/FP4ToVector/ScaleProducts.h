//===- ScaleProducts.h - Products of two f8E4M3FN scales --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_SCALEPRODUCTS_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_SCALEPRODUCTS_H

#include "VectorBuilder.h"

namespace mlir::fp4 {

/// A constant of the module, (256, 16) i32: for each byte of an f8E4M3FN scale,
/// and each of the eight mantissas m of another, the bits of the f32
/// `scale * (1 + m / 8)`, less m; behind these, -i for the index i, which makes
/// zero when i is added. For scales that are zero or NaN, as for a scale of
/// one.
Value getScaleProducts(VectorBuilder &b);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_SCALEPRODUCTS_H
