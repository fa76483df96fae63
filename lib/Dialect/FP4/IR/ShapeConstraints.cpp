//===- ShapeConstraints.cpp - Relations between dimensions ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/ShapeConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

static int64_t getStaticSize(const Dim &dim) {
  return cast<ShapedType>(dim.value.getType()).getDimSize(dim.index);
}

static std::string describe(const Dim &dim) {
  return ("dimension " + Twine(dim.index) + " of '" + dim.name + "'").str();
}

void ShapeConstraints::addEqual(Dim dim, Dim other, int64_t numerator,
                                int64_t denominator) {
  constraints.push_back({dim, other, numerator, denominator, ""});
}

void ShapeConstraints::addMultiple(Dim dim, int64_t numerator, int64_t divisor,
                                   StringRef what) {
  constraints.push_back({dim, Dim{"", Value(), 0}, numerator, divisor, what});
}

void ShapeConstraints::addEqualLeading(Dim a, Dim b, int64_t trailing) {
  int64_t rank = cast<ShapedType>(a.value.getType()).getRank();
  for (int64_t i = 0; i < rank - trailing; ++i)
    addEqual({a.name, a.value, i}, {b.name, b.value, i});
}

std::string ShapeConstraints::describe(const Constraint &c) const {
  std::string text = "expects " + ::describe(c.dim);
  std::string factor;
  if (c.numerator != 1)
    factor = (" * " + Twine(c.numerator)).str();
  if (!c.other.value)
    return (text + factor + " to be a multiple of " + c.what + " " +
            Twine(c.denominator))
        .str();
  text += " to be " + ::describe(c.other) + factor;
  if (c.denominator != 1)
    text += (" / " + Twine(c.denominator)).str();
  return text;
}

LogicalResult ShapeConstraints::verify() const {
  for (const Constraint &c : constraints) {
    // A multiple is asked of the dimension itself.
    const Dim &scaled = c.other.value ? c.other : c.dim;
    int64_t size = getStaticSize(c.dim), other = getStaticSize(scaled);
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(other))
      continue;
    int64_t product;
    if (llvm::MulOverflow(other, c.numerator, product))
      return op->emitOpError() << ::describe(scaled) << " is too large";
    if (!c.other.value) {
      if (product % c.denominator != 0)
        return op->emitOpError() << describe(c) << ", but got " << size;
      continue;
    }
    int64_t expected = llvm::divideCeil(product, c.denominator);
    if (size != expected)
      return op->emitOpError()
             << describe(c) << " = " << expected << ", but got " << size;
  }
  return success();
}

/// The size of `dim` as an SSA value. Null for what only the op itself defines:
/// a dynamic dimension of one of its results.
static Value materialize(OpBuilder &builder, Location loc, Operation *op,
                         const Dim &dim) {
  int64_t size = getStaticSize(dim);
  if (!ShapedType::isDynamic(size))
    return arith::ConstantIndexOp::create(builder, loc, size);
  if (dim.value.getDefiningOp() == op)
    return {};
  if (isa<MemRefType>(dim.value.getType()))
    return memref::DimOp::create(builder, loc, dim.value, dim.index);
  return tensor::DimOp::create(builder, loc, dim.value, dim.index);
}

void ShapeConstraints::emitRuntimeChecks(OpBuilder &builder, Location loc,
                                         ErrorMessage errorMessage) const {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  for (const Constraint &c : constraints) {
    bool isStatic =
        !ShapedType::isDynamic(getStaticSize(c.dim)) &&
        (!c.other.value || !ShapedType::isDynamic(getStaticSize(c.other)));
    if (isStatic)
      continue;
    Value size = materialize(builder, loc, op, c.dim);
    if (!size)
      continue;
    Value actual = size, expected;
    if (c.other.value) {
      expected = materialize(builder, loc, op, c.other);
      if (!expected)
        continue;
      if (c.numerator != 1)
        expected = arith::MulIOp::create(builder, loc, expected,
                                         constant(c.numerator));
      if (c.denominator != 1)
        expected = arith::CeilDivUIOp::create(builder, loc, expected,
                                              constant(c.denominator));
    } else {
      Value codes =
          arith::MulIOp::create(builder, loc, size, constant(c.numerator));
      actual =
          arith::RemUIOp::create(builder, loc, codes, constant(c.denominator));
      expected = constant(0);
    }
    Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        actual, expected);
    cf::AssertOp::create(builder, loc, holds, errorMessage(op, describe(c)));
  }
}
