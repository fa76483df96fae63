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
      asyncStoreRows(),    bulkCopyRows(),   atomicRows(),
      barrierRows(),       bitRows(),        comparisonRows(),
      controlRows(),       conversionRows(), copyAsyncRows(),
      fenceRows(),         floatBitRows(),   floatConversionRows(),
      floatRows(),         functionRows(),   integerRows(),
      launchControlRows(), matrixMoveRows(), mmaSyncRows(),
      mbarrierRows(),      memoryRows(),     moveRows(),
      tensorCopyRows(),    tensorMapRows(),  warpRows(),
  };
  return families;
}
