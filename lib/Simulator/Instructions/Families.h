//===- Families.h - The lists of instructions, one per file -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_FAMILIES_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_FAMILIES_H

#include "../Decoder.h"

namespace mlir::fp4::sim {

Rows atomicRows();
Rows barrierRows();
Rows bitRows();
Rows comparisonRows();
Rows controlRows();
Rows conversionRows();
Rows fenceRows();
Rows floatBitRows();
Rows floatConversionRows();
Rows floatRows();
Rows functionRows();
Rows integerRows();
Rows memoryRows();
Rows moveRows();
Rows warpRows();

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_FAMILIES_H
