//===- Instructions.h - tcgen05 instructions in NVVM ------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that spells NVVM's ops and attributes for tensor memory, which
// upstream renames from release to release. All are of cta_group::1. Addresses
// of tensor memory are i32 with the lane in bits 31..16, the column in 15..0.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_TCGEN05TONVVM_INSTRUCTIONS_H
#define FP4_LIB_CONVERSION_TCGEN05TONVVM_INSTRUCTIONS_H

#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4::tcgen05 {

void emitAlloc(ImplicitLocOpBuilder &b, Value slot, Value columns);
void emitRelinquish(ImplicitLocOpBuilder &b);
void emitDealloc(ImplicitLocOpBuilder &b, Value address, Value columns);

/// tcgen05.cp.32x128b.warpx4.
void emitCopyScales(ImplicitLocOpBuilder &b, Value address, Value descriptor);

/// tcgen05.mma of kind mxf4nvf4, block16 or kind mxf4, block32.
void emitBlockScaledMMA(ImplicitLocOpBuilder &b, bool isE4M3, Value accumulator,
                        Value lhs, Value rhs, Value instruction,
                        Value accumulate, Value lhsScales, Value rhsScales);

void emitCommit(ImplicitLocOpBuilder &b, Value barrier);

/// tcgen05.ld.32x32b of `size` columns: vector<size x i32>.
Value emitLoad(ImplicitLocOpBuilder &b, Value address, int64_t size);
/// tcgen05.wait::ld, and `loaded` as it is behind it.
Value emitWaitLoads(ImplicitLocOpBuilder &b, Value loaded);
void emitFence(ImplicitLocOpBuilder &b, FenceKind kind);

/// %tid.x, an i32.
Value emitThreadId(ImplicitLocOpBuilder &b);

} // namespace mlir::fp4::tcgen05

#endif // FP4_LIB_CONVERSION_TCGEN05TONVVM_INSTRUCTIONS_H
