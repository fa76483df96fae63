//===- Emit.h - Ops that become vector code ---------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_EMIT_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_EMIT_H

#include "VectorBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"

namespace mlir::fp4 {

/// Holds an op to the forms that the code below is for, and to what the CPU
/// has.
LogicalResult checkVectorForm(Operation *op, const cpu::CPU &cpu);

/// Each emits the code of an op on memrefs in front of it.
void emitVectors(VectorBuilder &b, BlockTransformOp op);
void emitVectors(VectorBuilder &b, QuantizePackOp op);
void emitVectors(VectorBuilder &b, PackLhsOp op);
void emitVectors(VectorBuilder &b, PackedMatmulOp op);

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_EMIT_H
