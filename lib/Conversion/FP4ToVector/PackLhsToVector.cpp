//===- PackLhsToVector.cpp - Activation codes to bytes in tiles -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeValues.h"
#include "Emit.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// One row of a tile.
struct Row {
  Value tile, inTile; // its place in the results
  Value number;       // its place in codes and scales
};

/// The largest exponent of a row's scales, and whether one is NaN. Both i32.
struct RowExponents {
  Value largest, hasNaN;
};
} // namespace

/// A scale's byte as i32.
static Value loadByte(VectorBuilder &b, Value scales, ValueRange place) {
  Value byte = b.bitcast(b.getI8Type(), b.load(scales, place));
  return arith::ExtUIOp::create(b, b.getI32Type(), byte);
}

static Value isNaNExponent(VectorBuilder &b, Value exponent) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, exponent,
                               b.i32(kNaNExponent));
}

static RowExponents emitRowExponents(VectorBuilder &b, PackLhsOp op, Row row) {
  Value groups = b.dim(op.getScales(), 1);
  // Both in one number: NaN in the bit above the exponents.
  auto step = [&](Value g, Value both) -> Value {
    Value exponent = loadByte(b, op.getScales(), {row.number, g});
    Value isNaN = isNaNExponent(b, exponent);
    Value finite = arith::SelectOp::create(b, isNaN, b.i32(0), exponent);
    Value nan = arith::SelectOp::create(b, isNaN, b.i32(256), b.i32(0));
    Value largest = arith::MaxUIOp::create(
        b, arith::AndIOp::create(b, both, b.i32(255)), finite);
    Value hasNaN = arith::AndIOp::create(b, arith::OrIOp::create(b, both, nan),
                                         b.i32(256));
    return arith::OrIOp::create(b, largest, hasNaN);
  };
  Value both = b.reduce(groups, b.i32(0), step);
  return {
      arith::AndIOp::create(b, both, b.i32(255)),
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge, both, b.i32(256))};
}

/// The values of a group of a row in its tile, from those of its even elements
/// and of its odd ones.
static void storeValues(VectorBuilder &b, PackLhsOp op, Row row, Value g,
                        Value even, Value odd) {
  int64_t half = op.getGroupSize() / 2;
  if (!op.getRowPairs()) {
    b.storeVector(even, op.getValues(), {row.tile, g, row.inTile, b.index(0)});
    b.storeVector(odd, op.getValues(),
                  {row.tile, g, row.inTile, b.index(half)});
    return;
  }
  Value pair = b.div(row.inTile, 2), place = b.mul(b.rem(row.inTile, 2), 8);
  for (int64_t i = 0; i < half; i += 4) {
    Value eight = b.shuffle(even, odd,
                            {i, i + 1, i + 2, i + 3, half + i, half + i + 1,
                             half + i + 2, half + i + 3});
    b.storeVector(eight, op.getValues(),
                  {row.tile, g, pair, b.add(place, 4 * i)});
  }
}

/// Stores the values of a group and returns their sum, an i32.
static Value emitGroupValues(VectorBuilder &b, PackLhsOp op, Row row, Value g,
                             Value codes) {
  int64_t half = op.getGroupSize() / 2;
  auto [even, odd] = emitCodeValues(b, codes, /*offset=*/0);
  storeValues(b, op, row, g, even, odd);
  // As unsigned bytes, which all CPUs sum in few steps.
  Type type = even.getType();
  Value sums = arith::AddIOp::create(b, arith::AddIOp::create(b, even, odd),
                                     b.constant(type, int64_t(24)));
  Value wide =
      arith::ExtUIOp::create(b, b.vectorType(half, b.getI32Type()), sums);
  Value sum = vector::ReductionOp::create(b, vector::CombiningKind::ADD, wide);
  return arith::SubIOp::create(b, sum, b.i32(24 * half));
}

static void storeTerms(VectorBuilder &b, PackLhsOp op, Row row, Value g,
                       Value scale, Value start) {
  b.store(scale, op.getTerms(), {row.tile, g, b.index(0), row.inTile});
  b.store(start, op.getTerms(), {row.tile, g, b.index(1), row.inTile});
}

/// -offset * sum.
static Value emitCorrection(VectorBuilder &b, PackLhsOp op, Value sum) {
  return arith::MulIOp::create(b, sum,
                               b.i32(-static_cast<int64_t>(op.getOffset())));
}

static Value loadCodes(VectorBuilder &b, PackLhsOp op, Row row, Value g) {
  int64_t bytes = op.getGroupSize() / 2;
  return b.loadVector(bytes, op.getCodes(), {row.number, b.mul(g, bytes)});
}

static void emitPowerOfTwoRow(VectorBuilder &b, PackLhsOp op, Row row) {
  RowExponents exponents = emitRowExponents(b, op, row);
  b.loop(b.dim(op.getScales(), 1), [&](Value g) {
    Value codes = loadCodes(b, op, row, g);
    Value sum = emitGroupValues(b, op, row, g, codes);
    Value exponent = loadByte(b, op.getScales(), {row.number, g});
    Value difference = arith::SubIOp::create(b, exponent, exponents.largest);
    Value inside =
        arith::MaxSIOp::create(b, difference, b.i32(kSmallestExponent));
    // A NaN's own term does not matter: the factor is NaN.
    inside = arith::MinSIOp::create(b, inside, b.i32(0));
    Value term = arith::ShLIOp::create(b, inside, b.i32(23));
    storeTerms(b, op, row, g, term,
               arith::AddIOp::create(b, term, emitCorrection(b, op, sum)));
    Value isOutside = arith::CmpIOp::create(
        b, arith::CmpIPredicate::slt, difference, b.i32(kSmallestExponent));
    b.ifThen(isOutside, [&] {
      Value magnitudes = arith::AndIOp::create(
          b, codes, b.constant(codes.getType(), int64_t(0x77)));
      Value any =
          vector::ReductionOp::create(b, vector::CombiningKind::OR, magnitudes);
      Value old = b.load(op.getWide(), row.tile);
      b.store(arith::OrIOp::create(b, old, any), op.getWide(), row.tile);
    });
  });
  b.store(emitPowerOfTwo(b, exponents.largest, exponents.hasNaN),
          op.getFactors(), {row.tile, row.inTile});
}

static void emitFloatRow(VectorBuilder &b, PackLhsOp op, Row row) {
  b.loop(b.dim(op.getScales(), 1), [&](Value g) {
    Value sum = emitGroupValues(b, op, row, g, loadCodes(b, op, row, g));
    Value scale = emitDecodeScale(b, b.load(op.getScales(), {row.number, g}));
    storeTerms(b, op, row, g, b.bitcast(b.getI32Type(), scale),
               emitCorrection(b, op, sum));
  });
  b.store(b.constant(b.getF64Type(), 1.0), op.getFactors(),
          {row.tile, row.inTile});
}

static void emitIndexedRow(VectorBuilder &b, PackLhsOp op, Row row) {
  constexpr int64_t kMagnitude = 0x7f, kNaN = 0x7f;
  Value largest = b.reduce(
      b.dim(op.getScales(), 1), b.i32(0), [&](Value g, Value largest) -> Value {
        Value byte = loadByte(b, op.getScales(), {row.number, g});
        Value magnitude = arith::AndIOp::create(b, byte, b.i32(kMagnitude));
        Value isZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                             magnitude, b.i32(0));
        Value codes = loadCodes(b, op, row, g);
        codes = arith::SelectOp::create(
            b, isZero, b.constant(codes.getType(), int64_t(0)), codes);
        Value sum = emitGroupValues(b, op, row, g, codes);
        storeTerms(b, op, row, g, byte, emitCorrection(b, op, sum));
        return arith::MaxUIOp::create(b, largest, magnitude);
      });
  Value isNaN =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, largest, b.i32(kNaN));
  Type f64 = b.getF64Type();
  Value factor = arith::SelectOp::create(
      b, isNaN, b.constant(f64, std::numeric_limits<double>::quiet_NaN()),
      b.constant(f64, 1.0));
  b.store(factor, op.getFactors(), {row.tile, row.inTile});
}

void fp4::emitVectors(VectorBuilder &b, PackLhsOp op) {
  auto scalesType = cast<MemRefType>(op.getScales().getType());
  bool isPowerOfTwo = isa<Float8E8M0FNUType>(scalesType.getElementType());
  Value last = arith::SubIOp::create(b, b.dim(op.getCodes(), 0), b.index(1));
  int64_t rows = op.getTileRows();
  b.loop(b.dim(op.getValues(), 0), [&](Value tile) {
    b.store(b.constant(b.getI8Type(), int64_t(0)), op.getWide(), tile);
    b.loop(b.index(rows), [&](Value inTile) {
      Value number = b.add(b.mul(tile, rows), inTile);
      Row row{tile, inTile, arith::MinUIOp::create(b, number, last)};
      if (isPowerOfTwo)
        emitPowerOfTwoRow(b, op, row);
      else if (op.getScaleIndices())
        emitIndexedRow(b, op, row);
      else
        emitFloatRow(b, op, row);
    });
  });
}
