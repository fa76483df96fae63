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
      asyncStoreRows(),
      atomicRows(),
      barrierRows(),
      bitRows(),
      bulkCopyRows(),
      comparisonRows(),
      controlRows(),
      conversionRows(),
      copyAsyncRows(),
      fenceRows(),
      floatBitRows(),
      floatConversionRows(),
      floatRows(),
      functionRows(),
      integerRows(),
      launchControlRows(),
      matrixMoveRows(),
      mbarrierRows(),
      memoryRows(),
      mmaSyncRows(),
      moveRows(),
      tcgen05AccessRows(),
      tcgen05AllocationRows(),
      tcgen05CommitRows(),
      tcgen05CopyRows(),
      tcgen05MmaRows(),
      tensorCopyRows(),
      tensorMapRows(),
      warpRows(),
  };
  return families;
}
