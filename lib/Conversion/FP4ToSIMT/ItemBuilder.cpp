//===- ItemBuilder.cpp - One work item for each thread --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ItemBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp4;

void ItemBuilder::launch(ArrayRef<Value> sizes,
                         llvm::function_ref<void(ValueRange)> body) {
  Value items = index(1);
  for (Value size : sizes)
    items = mul(items, size);
  Value one = index(1), threads = index(kSIMTBlockSize);
  Value blocks = div(add(items, kSIMTBlockSize - 1), threads);
  auto launch =
      gpu::LaunchOp::create(*this, blocks, one, one, threads, one, one);
  InsertionGuard guard(*this);
  setInsertionPointToEnd(&launch.getBody().front());
  auto terminator = gpu::TerminatorOp::create(*this);
  setInsertionPoint(terminator);
  Value item =
      add(mul(launch.getBlockIds().x, kSIMTBlockSize), launch.getThreadIds().x);
  ifThen(isLess(item, items), [&] {
    SmallVector<Value> indices(sizes.size());
    for (size_t i = sizes.size(); i-- > 0;) {
      // What is left of the number is the first index.
      indices[i] = i == 0 ? item : rem(item, sizes[i]);
      if (i != 0)
        item = div(item, sizes[i]);
    }
    body(indices);
  });
}
