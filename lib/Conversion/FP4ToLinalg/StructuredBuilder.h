//===- StructuredBuilder.h - linalg on tensors or memrefs -------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The lowering of each op is written once for tensors and memrefs, in
// destination-passing style: a step that fills a tensor returns the new tensor,
// one that fills a memref returns the memref.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOLINALG_STRUCTUREDBUILDER_H
#define FP4_LIB_CONVERSION_FP4TOLINALG_STRUCTUREDBUILDER_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::fp4 {

/// An operand of an elementwise or reducing step: element [loops...] of `value`
/// for each iteration, one loop for each of its dimensions.
struct Access {
  Value value;
  SmallVector<int64_t> loops;
};

class StructuredBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// The sizes of all dimensions of a tensor or memref.
  SmallVector<OpFoldResult> getSizes(Value value);

  /// One element of a tensor or memref.
  Value load(Value from, ValueRange indices);

  /// Views the last dimension as (n / (w0 * w1 * ...), w0, w1, ...), for a
  /// tensor or memref whose last dimension is a multiple of the product of
  /// `widths`.
  Value splitLast(Value value, ArrayRef<int64_t> widths);

  /// The inverse of `splitLast` on a filled destination: `filled` in the shape
  /// of `original`. On memrefs, `original`, which has been filled through the
  /// view.
  Value unsplitLast(Value filled, Value original);

  /// A buffer for intermediate values, filled with zero; a memref where `like`
  /// is one.
  Value createZeroed(ArrayRef<OpFoldResult> sizes, Type elementType,
                     Value like);

  /// Fills `destination` with zero.
  Value fillWithZero(Value destination);

  /// For each iteration over `numLoops` loops: reads the inputs' elements and
  /// the destination's, and stores what `body` makes of them (the destination's
  /// comes last). The loops that the destination does not depend on reduce.
  using Body = llvm::function_ref<Value(StructuredBuilder &, ValueRange)>;
  Value generic(int64_t numLoops, ArrayRef<Access> inputs, Access destination,
                Body body);
};

/// The loops 0, ..., count - 1, and then `others`.
SmallVector<int64_t> loops(int64_t count, ArrayRef<int64_t> others = {});

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOLINALG_STRUCTUREDBUILDER_H
