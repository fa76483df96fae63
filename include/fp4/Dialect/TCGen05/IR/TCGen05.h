//===- TCGen05.h - The tcgen05 dialect --------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_TCGEN05_IR_TCGEN05_H
#define FP4_DIALECT_TCGEN05_IR_TCGEN05_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "fp4/Dialect/TCGen05/IR/TCGen05Dialect.h.inc"
#include "fp4/Dialect/TCGen05/IR/TCGen05Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Attrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Types.h.inc"

#define GET_OP_CLASSES
#include "fp4/Dialect/TCGen05/IR/TCGen05Ops.h.inc"

namespace mlir::fp4::tcgen05 {

/// Rows of a block-scaled product of one block of threads: the lanes of tensor
/// memory.
inline constexpr int64_t kRows = 128;
/// Codes of a K tile, and their bytes: the span of the 128-byte swizzle.
inline constexpr int64_t kTileCodes = 256;
inline constexpr int64_t kTileBytes = kTileCodes / 2;
/// Codes that one instruction takes.
inline constexpr int64_t kInstructionCodes = 64;
/// Bytes of a tile of 128 rows by 4 scales.
inline constexpr int64_t kScaleTileBytes = 512;
/// Columns of tensor memory that such a tile takes.
inline constexpr int64_t kScaleWordColumns = 4;
/// All columns of tensor memory.
inline constexpr int64_t kMaxColumns = 512;

/// The group size that scales of this element type have in tensor cores: 16
/// for f8E4M3FN, 32 for f8E8M0FNU.
int64_t getGroupSize(Type scaleType);

/// The columns to allocate for `columns`: a power of two from 32 to 512. Fails
/// if they are too many.
FailureOr<int64_t> getAllocationSize(int64_t columns);

} // namespace mlir::fp4::tcgen05

#endif // FP4_DIALECT_TCGEN05_IR_TCGEN05_H
