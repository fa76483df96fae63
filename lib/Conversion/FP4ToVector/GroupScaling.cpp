//===- GroupScaling.cpp - Sums of groups and their scales -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupScaling.h"
#include "CodeValues.h"
#include "Numerics/Numerics.h"
#include "ScaleProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

Value GroupScaling::loadScales(Value panel, Value group, Value firstColumn) {
  return b.loadVector(lanes, op.getRhsScales(), {panel, group, firstColumn});
}

/// Looks at the scales of all columns of a panel, as bytes, group by group:
/// `body` makes new values, as wide as they are, of the old ones.
template <typename Body>
static SmallVector<Value> forScalesOfPanel(VectorBuilder &b, PackedMatmulOp op,
                                           Value panel, ValueRange initial,
                                           Body body) {
  int64_t columns = cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2);
  auto loop = scf::ForOp::create(b, b.index(0), b.dim(op.getRhsScales(), 1),
                                 b.index(1), initial);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  Value bytes = b.bitcast(
      b.getI8Type(), b.loadVector(columns, op.getRhsScales(),
                                  {panel, loop.getInductionVar(), b.index(0)}));
  scf::YieldOp::create(b, body(bytes, loop.getRegionIterArgs()));
  return llvm::to_vector(ValueRange(loop.getResults()));
}

//===----------------------------------------------------------------------===//
// f8E8M0FNU
//===----------------------------------------------------------------------===//

/// The bits of 1.5 * 2^23: a float whose last place is 1.
static constexpr int64_t kUnitBits = 0x4b400000;
static constexpr int64_t kF32MantissaBits = 23;

namespace {
class PowersOfTwo : public GroupScaling {
public:
  PowersOfTwo(VectorBuilder &b, PackedMatmulOp op) : GroupScaling(b, op) {
    factors = b.scratch({columns()}, b.getF64Type());
    exponents = b.scratch({columns()}, b.getI8Type());
    wide = b.scratch({1}, b.getI8Type());
  }

  void startPanel(Value panel) override;
  Value getScales(Value panel, Value group, Value firstColumn) override;

  Value getRowScale(Value term) override { return spread(term); }

  Value start(Value rowStart, Value scales) override {
    return arith::AddIOp::create(b, rowStart, scales);
  }

  Value add(Value sum, Value groupSum, Value rowScale, Value scales) override {
    Type f32 = b.getF32Type();
    Value unit = arith::AddIOp::create(b, scales, rowScale);
    Value scaled = arith::SubFOp::create(b, b.bitcast(f32, groupSum),
                                         b.bitcast(f32, unit));
    return arith::AddFOp::create(b, sum, scaled);
  }

  Value getColumnFactors(Value firstColumn) override {
    return b.loadVector(lanes, factors, firstColumn);
  }

  Value getWide() override { return b.load(wide, b.index(0)); }

private:
  void markWide(Value panel, Value group);

  /// Of the columns: 2^(the largest exponent), and its byte.
  Value factors, exponents;
  /// Not zero if the exponents of a column spread too far.
  Value wide;
};
} // namespace

void PowersOfTwo::startPanel(Value panel) {
  b.store(b.constant(b.getI8Type(), int64_t(0)), wide, b.index(0));
  VectorType bytes = b.vectorType(columns(), b.getI8Type());
  Value zero = b.constant(bytes, int64_t(0));
  Value nanByte = b.constant(bytes, kNaNExponent - 256);
  // The largest exponent, the smallest one, and whether there is a NaN, which
  // is above all exponents.
  SmallVector<Value> found = forScalesOfPanel(
      b, op, panel, {zero, nanByte, zero},
      [&](Value exponents, ValueRange old) -> SmallVector<Value> {
        Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                            exponents, nanByte);
        Value finite = arith::SelectOp::create(b, isNaN, zero, exponents);
        return {arith::MaxUIOp::create(b, old[0], finite),
                arith::MinUIOp::create(b, old[1], exponents),
                arith::MaxUIOp::create(b, old[2], exponents)};
      });
  b.storeVector(found[0], exponents, b.index(0));
  Value hasNaN =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, found[2], nanByte);
  VectorType i32 = b.vectorType(columns(), b.getI32Type());
  Value largest = arith::ExtUIOp::create(b, i32, found[0]);
  b.storeVector(emitPowerOfTwo(b, largest, hasNaN), factors, b.index(0));

  Value spread = arith::SubIOp::create(
      b, largest, arith::ExtUIOp::create(b, i32, found[1]));
  Value isFar = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, spread,
                                      b.constant(i32, -kSmallestExponent));
  b.ifThen(vector::ReductionOp::create(b, vector::CombiningKind::OR, isFar),
           [&] {
             b.loop(b.dim(op.getRhsScales(), 1),
                    [&](Value group) { markWide(panel, group); });
           });
}

Value PowersOfTwo::getScales(Value panel, Value group, Value firstColumn) {
  VectorType i32 = b.vectorType(lanes, b.getI32Type());
  Value bytes = b.bitcast(b.getI8Type(), loadScales(panel, group, firstColumn));
  Value largest = b.loadVector(lanes, exponents, firstColumn);
  Value difference =
      arith::SubIOp::create(b, arith::ExtUIOp::create(b, i32, bytes),
                            arith::ExtUIOp::create(b, i32, largest));
  // NaN is larger than the largest; the factor of its column is NaN.
  Value inside = arith::MinSIOp::create(
      b, arith::MaxSIOp::create(b, difference, constant(kSmallestExponent)),
      constant(0));
  return arith::AddIOp::create(
      b, arith::ShLIOp::create(b, inside, constant(kF32MantissaBits)),
      constant(kUnitBits));
}

/// Looks for codes that are not zero in columns whose scale in the group is
/// cut off.
void PowersOfTwo::markWide(Value panel, Value group) {
  Type i32 = b.getI32Type();
  int64_t steps = op.getGroupSize() / 8;
  b.loop(b.index(columns()), [&](Value column) {
    Value byte = b.bitcast(b.getI8Type(),
                           b.load(op.getRhsScales(), {panel, group, column}));
    Value difference = arith::SubIOp::create(
        b, arith::ExtUIOp::create(b, i32, byte),
        arith::ExtUIOp::create(b, i32, b.load(exponents, column)));
    Value isOutside = arith::CmpIOp::create(
        b, arith::CmpIPredicate::slt, difference, b.i32(kSmallestExponent));
    b.ifThen(isOutside, [&] {
      b.loop(b.index(steps), [&](Value s) {
        Value codes = b.loadVector(
            4, op.getRhsCodes(),
            {panel, b.add(b.mul(group, steps), s), b.mul(column, 4)});
        Value magnitudes = arith::AndIOp::create(
            b, codes, b.constant(codes.getType(), int64_t(0x77)));
        Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                                magnitudes);
        b.store(arith::OrIOp::create(b, getWide(), any), wide, b.index(0));
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// f8E4M3FN by multiplication
//===----------------------------------------------------------------------===//

namespace {
class Products : public GroupScaling {
public:
  Products(VectorBuilder &b, PackedMatmulOp op) : GroupScaling(b, op) {}

  void startPanel(Value) override {}

  Value getScales(Value panel, Value group, Value firstColumn) override {
    Value scales = loadScales(panel, group, firstColumn);
    return b.bitcast(b.getI32Type(), emitDecodeScale(b, scales));
  }

  Value getRowScale(Value term) override { return spread(term); }

  Value start(Value rowStart, Value) override {
    if (!startsAtUnit())
      return rowStart;
    // Without an offset, there is nothing else to start with.
    Value unit = constant(kUnitBits);
    return op.getOffset() == 0 ? unit
                               : arith::AddIOp::create(b, rowStart, unit);
  }

  Value add(Value sum, Value groupSum, Value rowScale, Value scales) override {
    Type f32 = b.getF32Type();
    Value product = arith::MulFOp::create(b, b.bitcast(f32, scales),
                                          b.bitcast(f32, rowScale));
    return b.multiplyAdd(convert(groupSum), product, sum);
  }

private:
  /// Whether sums are the bits of floats whose last place is 1, as of
  /// f8E8M0FNU: where conversions have fewer units than subtractions.
  bool startsAtUnit() { return b.cpu.hasNEONDot(); }

  Value convert(Value groupSum) {
    Type f32 = b.getF32Type();
    if (startsAtUnit())
      return arith::SubFOp::create(b, b.bitcast(f32, groupSum),
                                   b.bitcast(f32, constant(kUnitBits)));
    return arith::SIToFPOp::create(b, b.vectorType(lanes, f32), groupSum);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// f8E4M3FN by tables
//===----------------------------------------------------------------------===//

namespace {
class ProductTables : public GroupScaling {
public:
  ProductTables(VectorBuilder &b, PackedMatmulOp op) : GroupScaling(b, op) {
    table = getScaleProducts(b);
    factors = b.scratch({columns()}, b.getF64Type());
  }

  void startPanel(Value panel) override;
  Value getScales(Value panel, Value group, Value firstColumn) override;

  Value getRowScale(Value term) override {
    Value row = arith::IndexCastUIOp::create(b, b.getIndexType(), term);
    return b.loadVector(lanes, table, {row, b.index(0)});
  }

  Value add(Value sum, Value groupSum, Value rowScale, Value scales) override {
    // What is left in the place of the mantissa's three bits, the table has
    // less.
    Value bits = arith::AddIOp::create(b, b.lookup32(rowScale, scales), scales);
    Type f32 = b.getF32Type();
    Value converted =
        arith::SIToFPOp::create(b, b.vectorType(lanes, f32), groupSum);
    return b.multiplyAdd(converted, b.bitcast(f32, bits), sum);
  }

  Value getColumnFactors(Value firstColumn) override {
    return b.loadVector(lanes, factors, firstColumn);
  }

private:
  /// The bits of 1.0, whose exponent field the table has already.
  static constexpr int64_t kOne = 0x3f800000;
  /// An index that the table gives zero for.
  static constexpr int64_t kZeroScale = 8;

  Value table;
  /// Of the columns: NaN if a scale is, or 1.
  Value factors;
};
} // namespace

void ProductTables::startPanel(Value panel) {
  VectorType bytes = b.vectorType(columns(), b.getI8Type());
  Value zero = b.constant(bytes, int64_t(0));
  Value nan = b.constant(bytes, int64_t(0x7f));
  SmallVector<Value> found =
      forScalesOfPanel(b, op, panel, {zero},
                       [&](Value scales, ValueRange old) -> SmallVector<Value> {
                         return {arith::MaxUIOp::create(
                             b, old[0], arith::AndIOp::create(b, scales, nan))};
                       });
  Value hasNaN =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, found[0], nan);
  Type f64 = b.vectorType(columns(), b.getF64Type());
  Value values = arith::SelectOp::create(
      b, hasNaN, b.constant(f64, std::numeric_limits<double>::quiet_NaN()),
      b.constant(f64, 1.0));
  b.storeVector(values, factors, b.index(0));
}

/// Sign and exponent where a float has them, the exponent without its bias, and
/// the mantissa's three bits at the very right.
Value ProductTables::getScales(Value panel, Value group, Value firstColumn) {
  Value scales = loadScales(panel, group, firstColumn);
  Value bits = b.bitcast(b.getI32Type(), emitDecodeScale(b, scales));
  Value isZero = arith::CmpIOp::create(
      b, arith::CmpIPredicate::eq, arith::ShLIOp::create(b, bits, constant(1)),
      constant(0));
  Value mantissa = arith::AndIOp::create(
      b, arith::ShRUIOp::create(b, bits, constant(kF32MantissaBits - 3)),
      constant(7));
  Value rest = arith::SubIOp::create(
      b, arith::AndIOp::create(b, bits, constant(int32_t(0xff800000))),
      constant(kOne));
  return arith::SelectOp::create(b, isZero, constant(kZeroScale),
                                 arith::OrIOp::create(b, rest, mantissa));
}

std::unique_ptr<GroupScaling> GroupScaling::create(VectorBuilder &b,
                                                   PackedMatmulOp op) {
  auto type = cast<MemRefType>(op.getRhsScales().getType());
  if (isa<Float8E8M0FNUType>(type.getElementType()))
    return std::make_unique<PowersOfTwo>(b, op);
  if (op.getScaleIndices())
    return std::make_unique<ProductTables>(b, op);
  return std::make_unique<Products>(b, op);
}
