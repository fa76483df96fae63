//===- TCGen05Kernel.h - The kernel of a tile of a product ------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05KERNEL_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05KERNEL_H

#include "TCGen05Operands.h"

namespace mlir::fp4::nvvm {

/// Everything static about the kernel.
struct ProductShape {
  int64_t columns;    // of the accumulator
  int64_t kTiles;     // of 256 codes
  int64_t scaleTiles; // of 4 groups, in a K tile
  Type scaleType;
};

/// Emits what computes `op`, at its place in `launch`, and its tensor maps in
/// front of `launch`.
void emitProduct(ScaledMatmulOp op, gpu::LaunchOp launch,
                 const ProductShape &shape, const ProductOperand &lhs,
                 const ProductOperand &rhs);

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05KERNEL_H
