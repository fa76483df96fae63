//===- ItemBuilder.h - One work item for each thread ------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel is a domain of items, one for each thread, and the scalar code of
// one item: the launch around it and the split of the item's number into its
// indices are written once, here.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOSIMT_ITEMBUILDER_H
#define FP4_LIB_CONVERSION_FP4TOSIMT_ITEMBUILDER_H

#include "LoopBuilder/LoopBuilder.h"

namespace mlir::fp4 {

/// Threads of a block. Kernels of one item a thread share nothing between
/// threads; this is a size that every device schedules well.
inline constexpr int64_t kSIMTBlockSize = 256;

class ItemBuilder : public LoopBuilder {
public:
  using LoopBuilder::LoopBuilder;

  /// A launch of one thread for each item of a domain of the given sizes, the
  /// last index the fastest: `body` emits the code of one item, from its
  /// indices.
  void launch(ArrayRef<Value> sizes, llvm::function_ref<void(ValueRange)> body);
};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOSIMT_ITEMBUILDER_H
