//===- GroupMaxima.h - The largest magnitude of each group ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPMAXIMA_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPMAXIMA_H

#include "VectorBuilder.h"

namespace mlir::fp4 {

/// max |x| of each of `groups` groups side by side in a row, from `column` on,
/// as a vector of f32; a NaN makes that of its group NaN. `groups` is a power
/// of two, at most the lanes of an f32 vector of the CPU.
Value emitGroupMaxima(VectorBuilder &b, Value input, Value row, Value column,
                      int64_t groups, int64_t groupSize);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPMAXIMA_H
