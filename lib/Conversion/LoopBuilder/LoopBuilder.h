//===- LoopBuilder.h - Index arithmetic, loops, memory ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What code on memrefs is made of, in few words: scalar loops and what they
// load, store and count.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_LOOPBUILDER_LOOPBUILDER_H
#define FP4_LIB_CONVERSION_LOOPBUILDER_LOOPBUILDER_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4 {

class LoopBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// Index arithmetic, folded where the operands are constants. No operand is
  /// negative.
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y) { return add(x, index(y)); }
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y) { return mul(x, index(y)); }
  Value div(Value x, Value y);
  Value div(Value x, int64_t y) { return div(x, index(y)); }
  Value rem(Value x, Value y);
  Value rem(Value x, int64_t y) { return rem(x, index(y)); }
  Value isLess(Value x, Value y);

  Value i32(int64_t value);

  /// The size of one or of all dimensions of a memref.
  Value dim(Value memref, int64_t dim);
  SmallVector<Value> sizes(Value memref);

  /// memref[place...] and memref[place..., last].
  Value load(Value memref, ValueRange place);
  Value load(Value memref, ValueRange place, Value last);
  void store(Value value, Value memref, ValueRange place);
  void store(Value value, Value memref, ValueRange place, Value last);

  /// for (i = 0; i < count; ++i) body(i)
  void loop(Value count, llvm::function_ref<void(Value i)> body);

  /// for (i = 0; i < count; ++i) value = body(i, value), in this order.
  Value reduce(Value count, Value value,
               llvm::function_ref<Value(Value i, Value value)> body);

  void ifThen(Value condition, llvm::function_ref<void()> then);
  void ifThenElse(Value condition, llvm::function_ref<void()> then,
                  llvm::function_ref<void()> otherwise);
};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_LOOPBUILDER_LOOPBUILDER_H
