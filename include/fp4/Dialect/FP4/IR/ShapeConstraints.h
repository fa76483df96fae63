//===- ShapeConstraints.h - Relations between dimensions --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The relations between the dimensions of an op's operands, in one list that
// is checked twice: by the verifier where both sides are static, and by code
// emitted before the op where one of them is known at run time only.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_SHAPECONSTRAINTS_H
#define FP4_DIALECT_FP4_IR_SHAPECONSTRAINTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::fp4 {

/// A dimension of an operand or result, with the operand's name for messages.
struct Dim {
  StringRef name;
  Value value;
  int64_t index;
};

class ShapeConstraints {
public:
  explicit ShapeConstraints(Operation *op) : op(op) {}

  /// dim == ceil(other * numerator / denominator).
  void addEqual(Dim dim, Dim other, int64_t numerator = 1,
                int64_t denominator = 1);

  /// dim * numerator is a multiple of `divisor`; `what` names the divisor.
  void addMultiple(Dim dim, int64_t numerator, int64_t divisor, StringRef what);

  /// All dimensions of `a` and `b` but the last `trailing` ones are equal.
  void addEqualLeading(Dim a, Dim b, int64_t trailing = 1);

  /// Checks what is static. Emits an error and fails at the first violation.
  LogicalResult verify() const;

  using ErrorMessage =
      llvm::function_ref<std::string(Operation *, llvm::StringRef)>;

  /// Emits a `cf.assert` for each relation that `verify` could not decide.
  void emitRuntimeChecks(OpBuilder &builder, Location loc,
                         ErrorMessage errorMessage) const;

private:
  struct Constraint {
    Dim dim;
    Dim other; // without a value: dim * numerator % denominator == 0
    int64_t numerator;
    int64_t denominator;
    StringRef what;
  };
  /// The constraint in words, with the value it asks for where that is known.
  std::string describe(const Constraint &c) const;

  Operation *op;
  SmallVector<Constraint> constraints;
};

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_IR_SHAPECONSTRAINTS_H
