//===- Verify.h - What the verifiers of the ops share -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_DIALECT_FP4_IR_VERIFY_H
#define FP4_LIB_DIALECT_FP4_IR_VERIFY_H

#include "fp4/Dialect/FP4/IR/FP4.h"

namespace mlir::fp4 {

/// An operand or result with the name that messages give it.
struct Named {
  StringRef name;
  Value value;

  ShapedType type() const { return cast<ShapedType>(value.getType()); }
  int64_t rank() const { return type().getRank(); }
  Dim dim(int64_t index) const { return {name, value, index}; }
  Dim last() const { return dim(rank() - 1); }
};

LogicalResult verifyGroupSize(Operation *op, int64_t groupSize);
/// An op takes tensors or memrefs, not both.
LogicalResult verifyOneForm(Operation *op);
LogicalResult verifyRank(Operation *op, Named value, int64_t expected);
LogicalResult verifySameRank(Operation *op, Named value, Named other);
LogicalResult verifyNotScalar(Operation *op, Named value);
LogicalResult verifySameElementType(Operation *op, Named value, Named other);
/// The last three dimensions of blocked scales are the tile.
LogicalResult verifyBlockedTile(Operation *op, Named scales);
/// Scales of codes or values of a rank are row-major, of the same rank, or
/// blocked, of rank 5 and for rank 2 only.
LogicalResult verifyScales(Operation *op, Named scales, Named of);
/// `of` holds `elements` codes or values in each element of its last dimension.
void addScales(ShapeConstraints &constraints, Named scales, Named of,
               int64_t elements, int64_t groupSize);
/// `codes` are the codes of the values `of`.
void addCodes(ShapeConstraints &constraints, Named codes, Named of);

template <typename OpTy>
LogicalResult verifyShapes(OpTy op) {
  ShapeConstraints constraints(op);
  op.getShapeConstraints(constraints);
  return constraints.verify();
}

} // namespace mlir::fp4

#endif // FP4_LIB_DIALECT_FP4_IR_VERIFY_H
