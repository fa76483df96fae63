//===- MatmulResults.cpp - Sums become elements of the output -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulEmitter.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

/// alpha / 4: both operands' values are doubled.
static Value emitFactor(MatmulEmitter &m) {
  Value alpha = arith::ExtFOp::create(m.b, m.b.getF64Type(), m.op.getAlpha());
  return arith::MulFOp::create(m.b, alpha,
                               m.b.constant(m.b.getF64Type(), 0.25));
}

/// f32 to the output's element type. In the block of the store: where there is
/// no instruction for bf16, LLVM has a call round what comes from another block
/// once more.
static Value emitOutput(MatmulEmitter &m, Value value) {
  return m.b.narrow(
      value, cast<MemRefType>(m.op.getOutput().getType()).getElementType());
}

void MatmulEmitter::storeRow(Value panel, Value row, Value sum, Value factor) {
  Value output = op.getOutput();
  Value numColumns = b.dim(output, 1);
  Value broadcast = b.broadcast(factor, lanes);
  for (int64_t v = 0; v < vectors; ++v) {
    VectorType f64 = b.vectorType(lanes, b.getF64Type());
    Value value = arith::MulFOp::create(
        b,
        arith::ExtFOp::create(b, f64,
                              b.loadVector(lanes, totals, {sum, column(v)})),
        broadcast);
    if (Value factors = scaling->getColumnFactors(column(v)))
      value = arith::MulFOp::create(b, value, factors);
    Value result = b.narrow(value, b.getF32Type());
    Value first = b.add(b.mul(panel, columns), v * lanes);
    Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::ule,
                                          b.add(first, lanes), numColumns);
    b.ifThenElse(
        isWhole,
        [&] { b.storeVector(emitOutput(*this, result), output, {row, first}); },
        [&] {
          b.loop(b.index(lanes), [&](Value lane) {
            Value column = b.add(first, lane);
            b.ifThen(b.isLess(column, numColumns), [&] {
              Value element = vector::ExtractOp::create(b, result, lane);
              b.store(emitOutput(*this, element), output, {row, column});
            });
          });
        });
  }
}

/// For each row of a tile that the output has.
void MatmulEmitter::forRows(Value tile,
                            llvm::function_ref<void(Value, Value)> body) {
  Value numRows = b.dim(op.getOutput(), 0);
  b.loop(b.index(rows), [&](Value inTile) {
    Value row = b.add(b.mul(tile, rows), inTile);
    b.ifThen(b.isLess(row, numRows), [&] { body(inTile, row); });
  });
}

void MatmulEmitter::storeTile(Place place) {
  Value alpha = emitFactor(*this);
  forRows(place.tile, [&](Value inTile, Value row) {
    Value factor = arith::MulFOp::create(
        b, alpha, b.load(op.getFactors(), {place.tile, inTile}));
    storeRow(place.panel, row, b.add(place.firstSum, inTile), factor);
  });
  Value wideColumn = scaling->getWide();
  if (!wideColumn)
    return;
  Value wide =
      arith::OrIOp::create(b, b.load(op.getWide(), place.tile), wideColumn);
  Value isWide = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, wide,
                                       b.constant(b.getI8Type(), int64_t(0)));
  b.ifThen(isWide, [&] { sumAgain(place.panel, place.tile); });
}

//===----------------------------------------------------------------------===//
// Scales that spread too far
//===----------------------------------------------------------------------===//

/// Where in its tile and group the i-th even element of a row is, or the odd
/// one.
SmallVector<Value> MatmulEmitter::getPlaceOfValue(Value inTile, Value i,
                                                  bool isOdd) {
  if (together == 1)
    return {inTile, isOdd ? b.add(i, groupSize / 2) : i};
  Value inEight = b.add(b.mul(b.rem(inTile, 2), 8), isOdd ? 4 : 0);
  Value eights = b.mul(b.div(i, 4), 16);
  return {b.div(inTile, 2), b.add(eights, b.add(inEight, b.rem(i, 4)))};
}

/// One element of the output, with all its scales, as f64.
Value MatmulEmitter::sumInF64(Value panel, Value tile, Value inTile, Value row,
                              Value column) {
  Type f64 = b.getF64Type(), i32 = b.getI32Type();
  auto decode = [&](Value scale) -> Value {
    return arith::ExtFOp::create(b, f64, emitDecodeScale(b, scale));
  };
  auto group = [&](Value g, Value sum) -> Value {
    auto bytePair = [&](Value i, Value groupSum) -> Value {
      Value step = b.add(b.mul(g, stepsInGroup()), b.div(i, 4));
      Value byte = b.load(op.getRhsCodes(),
                          {panel, step, b.add(b.mul(column, 4), b.rem(i, 4))});
      Value codes = arith::ExtUIOp::create(b, i32, byte);
      Value low = arith::AndIOp::create(b, codes, b.i32(15));
      Value high = arith::ShRUIOp::create(b, codes, b.i32(4));
      for (auto [code, place] :
           {std::pair(low, getPlaceOfValue(inTile, i, /*isOdd=*/false)),
            std::pair(high, getPlaceOfValue(inTile, i, /*isOdd=*/true))}) {
        Value value = arith::ExtSIOp::create(
            b, i32, b.load(op.getValues(), {tile, g, place[0], place[1]}));
        Value product =
            arith::MulIOp::create(b, value, emitDecodeE2M1Twice(b, code));
        groupSum = arith::AddIOp::create(b, groupSum, product);
      }
      return groupSum;
    };
    Value groupSum = b.reduce(b.index(groupSize / 2), b.i32(0), bytePair);
    Value scales = arith::MulFOp::create(
        b, decode(b.load(op.getLhsScales(), {row, g})),
        decode(b.load(op.getRhsScales(), {panel, g, column})));
    Value scaled = arith::MulFOp::create(
        b, arith::SIToFPOp::create(b, f64, groupSum), scales);
    return arith::AddFOp::create(b, sum, scaled);
  };
  return b.reduce(groups(), b.constant(f64, 0.0), group);
}

void MatmulEmitter::sumAgain(Value panel, Value tile) {
  forRows(tile, [&](Value inTile, Value row) {
    b.loop(b.index(columns), [&](Value inPanel) {
      Value column = b.add(b.mul(panel, columns), inPanel);
      b.ifThen(b.isLess(column, b.dim(op.getOutput(), 1)), [&] {
        Value sum = sumInF64(panel, tile, inTile, row, inPanel);
        Value result = arith::MulFOp::create(b, sum, emitFactor(*this));
        b.store(emitOutput(*this, b.narrow(result, b.getF32Type())),
                op.getOutput(), {row, column});
      });
    });
  });
}
