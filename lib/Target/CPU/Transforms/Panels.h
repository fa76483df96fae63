//===- Panels.h - Weights in panels -----------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_TARGET_CPU_TRANSFORMS_PANELS_H
#define FP4_LIB_TARGET_CPU_TRANSFORMS_PANELS_H

#include "fp4/Target/CPU/CPU.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4 {

/// The inner tiles of the codes and of the scales of a weight, for linalg.pack:
/// so many rows, and four bytes of codes. These are eight codes: the low
/// nibbles make one operand of a dot product, the high ones another.
SmallVector<int64_t> getCodesTile(const cpu::CPU &cpu);
SmallVector<int64_t> getScalesTile(const cpu::CPU &cpu);

/// `value`, of static shape, in inner tiles of `sizes`, padded with bytes of
/// zero: what a linalg.unpack makes it from, or packed here.
Value getPanels(ImplicitLocOpBuilder &b, Value value, ArrayRef<int64_t> sizes);

/// `value` packed in inner tiles of `sizes`, and unpacked again.
Value packAndUnpack(ImplicitLocOpBuilder &b, Value value,
                    ArrayRef<int64_t> sizes);

} // namespace mlir::fp4

#endif // FP4_LIB_TARGET_CPU_TRANSFORMS_PANELS_H
