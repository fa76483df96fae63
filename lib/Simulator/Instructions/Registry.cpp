//===- Registry.cpp - All instructions ------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Families.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

ArrayRef<Rows> sim::allRows() {
  static const Rows families[] = {
      atomicRows(),          barrierRows(),    bitRows(),      comparisonRows(),
      controlRows(),         conversionRows(), fenceRows(),    floatBitRows(),
      floatConversionRows(), floatRows(),      functionRows(), integerRows(),
      memoryRows(),          moveRows(),       warpRows(),
  };
  return families;
}
