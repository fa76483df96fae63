//===- Kernels.h - A kernel for each op -------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOSIMT_KERNELS_H
#define FP4_LIB_CONVERSION_FP4TOSIMT_KERNELS_H

#include "ItemBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::fp4 {

/// Each emits the launch that does what the op does, which is on memrefs. The
/// operations on floats are those of the reference lowering, in its order: the
/// results are the same bits.
void emitKernel(ItemBuilder &b, BlockTransformOp op);
void emitKernel(ItemBuilder &b, QuantizePackOp op);
void emitKernel(ItemBuilder &b, QuantizeWithScalesOp op);
void emitKernel(ItemBuilder &b, DequantizeOp op);
void emitKernel(ItemBuilder &b, ScaledMatmulOp op);
void emitKernel(ItemBuilder &b, AbsorbScaleSignsOp op);
void emitKernel(ItemBuilder &b, ConvertScaleLayoutOp op);
void emitKernel(ItemBuilder &b, memref::CopyOp op);

/// Whether a copy is between memrefs of device memory and not one block of
/// bytes, as far as their types say: the driver's own copy cannot do it.
bool needsKernel(memref::CopyOp op);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOSIMT_KERNELS_H
