//===- TCGen05Operands.h - Operands that tile loads can read ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05OPERANDS_H
#define FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05OPERANDS_H

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::fp4::nvvm {

/// A part of a buffer that was made outside of the kernel.
struct Tile {
  Value buffer;
  SmallVector<OpFoldResult> offsets;
};

/// One operand of the product: where its codes and scales are.
struct ProductOperand {
  Tile codes, scales;
  /// Rows of codes that a block loads, and the tiles of scales that have them.
  int64_t rows = tcgen05::kRows;
  int64_t getRowTiles() const { return llvm::divideCeil(rows, kScaleTileRows); }
};

/// Finds the codes and scales of an operand of `op` outside of `launch`, and
/// holds them to what tile loads can read.
FailureOr<ProductOperand> getOperand(ScaledMatmulOp op, gpu::LaunchOp launch,
                                     OpOperand &codes, OpOperand &scales);

/// The tensor map of the codes: (rows, bytes).
Value createCodesMap(ImplicitLocOpBuilder &b, const ProductOperand &operand);

/// The tensor map of the scales, of which a K tile has `scaleTiles` tiles along
/// K: (tiles of 128 rows, tiles of 4 scales, 2, 256).
Value createScalesMap(ImplicitLocOpBuilder &b, const ProductOperand &operand,
                      int64_t scaleTiles);

} // namespace mlir::fp4::nvvm

#endif // FP4_LIB_TARGET_NVVM_TRANSFORMS_TCGEN05OPERANDS_H
