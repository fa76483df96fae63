//===- E2M1Thresholds.cpp - e2m1 codes without division -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "E2M1Thresholds.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::fp4;

/// Ties in a vector, whose size is a power of two: the last one twice.
static constexpr int64_t kTieLanes = 8;

static int64_t getTieBits(int64_t index) {
  constexpr int64_t kLast = std::size(kE2M1Ties) - 1;
  return llvm::bit_cast<uint32_t>(kE2M1Ties[std::min(index, kLast)]);
}

E2M1Thresholds::E2M1Thresholds(VectorBuilder &b, Type inputType, int64_t lanes,
                               Rounding rounding, Value factor, int64_t rows)
    : format(inputType.isBF16() ? kBF16 : kF32),
      type(b.vectorType(lanes, b.getIntegerType(format.width()))) {
  constexpr Outwards kNone = {};
  constexpr Outwards kAll = {true, true, true, true, true, true, true};
  switch (rounding) {
  case Rounding::Even:
    tables = {{false, true, false, true, false, true, false}};
    break;
  case Rounding::Zero:
    tables = {kNone};
    break;
  case Rounding::Down:
    tables = {kNone, kAll};
    break;
  case Rounding::Up:
    tables = {kAll, kNone};
    break;
  }
  emitTables(b, factor, rows);
}

/// The magnitudes just below the thresholds of a divisor in [1, 2), as i32 bits
/// of f32, and with the exponent of a divisor of field kFirstField.
Value E2M1Thresholds::emitRow(VectorBuilder &b, Value divisor,
                              const Outwards &outwards) {
  SmallVector<int32_t> ties, least;
  for (int64_t i = 0; i < kTieLanes; ++i) {
    ties.push_back(getTieBits(i));
    least.push_back(ties[i] + !outwards[std::min(i, kCount - 1)]);
  }
  VectorType bitsType = b.vectorType(kTieLanes, b.getI32Type());
  auto constant = [&](ArrayRef<int32_t> values) -> Value {
    return arith::ConstantOp::create(b,
                                     DenseElementsAttr::get(bitsType, values));
  };
  Bits i(b, 32, bitsType);
  Type f32 = b.getF32Type();
  Value divisors = b.broadcast(divisor, kTieLanes);
  Value product =
      i.from(arith::MulFOp::create(b, i.to(f32, constant(ties)), divisors));
  int64_t step = int64_t(1) << (kF32.width() - format.width());
  bool isF32 = step == 1;
  Value first = isF32 ? i.add(product, -3) : i.bitAnd(product, -step);
  Value below = i.add(first, -step);
  for (int64_t candidate = 0; candidate < (isF32 ? 5 : 2); ++candidate) {
    Value x = i.to(f32, i.add(first, candidate * step));
    Value quotient = i.from(arith::DivFOp::create(b, x, divisors));
    Value reached = i.compare(Bits::Predicate::uge, quotient, constant(least));
    below = i.add(below, i.select(reached, 0, step));
  }
  return i.add(below, (kFirstField - kF32.bias()) * (1 << kF32.mantissaBits));
}

void E2M1Thresholds::emitTables(VectorBuilder &b, Value factor, int64_t rows) {
  int64_t lanes = type.getNumElements();
  if (rows > 1)
    memory = b.scratch({int64_t(tables.size()), rows, kTieLanes, lanes},
                       type.getElementType());
  Bits i(b, 32, b.getI32Type());
  constexpr int64_t kOne = kF32.bias() << kF32.mantissaBits;
  auto withFieldOfOne = [&](Value value) {
    Value mantissa = i.bitAnd(i.from(value), (1 << kF32.mantissaBits) - 1);
    return i.to(b.getF32Type(), i.bitOr(mantissa, kOne));
  };
  factor = withFieldOfOne(factor);
  auto emitThreshold = [&](Value row, int64_t index) {
    Value bits = vector::ExtractOp::create(b, row, index);
    Value threshold =
        i.to(type.getElementType(), i.shr(bits, kF32.width() - format.width()));
    return b.broadcast(threshold, lanes);
  };
  for (int64_t table = 0, e = tables.size(); table < e; ++table) {
    if (rows == 1) {
      Value row = emitRow(b, factor, tables[table]);
      onlyRows.emplace_back();
      for (int64_t index = 0; index < kCount; ++index)
        onlyRows.back().push_back(emitThreshold(row, index));
      continue;
    }
    b.loop(b.index(rows), [&](Value place) {
      Value number = arith::IndexCastOp::create(b, b.getI32Type(), place);
      Value scale = i.to(b.getF32Type(),
                         i.bitOr(i.shl(number, kF32.mantissaBits - 3), kOne));
      Value divisor = withFieldOfOne(arith::MulFOp::create(b, factor, scale));
      Value row = emitRow(b, divisor, tables[table]);
      for (int64_t index = 0; index < kCount; ++index)
        b.storeVector(emitThreshold(row, index), memory,
                      {b.index(table), place, b.index(index), b.index(0)});
    });
  }
}

SmallVector<Value> E2M1Thresholds::getRow(VectorBuilder &b, int64_t table,
                                          Value row) const {
  if (!memory)
    return onlyRows[table];
  SmallVector<Value> result;
  for (int64_t index = 0; index < kCount; ++index)
    result.push_back(
        b.loadVector(type.getNumElements(), memory,
                     {b.index(table), row, b.index(index), b.index(0)}));
  return result;
}

Value E2M1Thresholds::emitCodes(VectorBuilder &b, Value magnitudes, Value shift,
                                Value row,
                                llvm::function_ref<Value()> negative) const {
  Bits i(b, format.width(), type);
  SmallVector<Value> below = getRow(b, 0, row);
  if (tables.size() > 1) {
    Value isNegative = negative();
    for (auto [value, other] : llvm::zip_equal(below, getRow(b, 1, row)))
      value = i.select(isNegative, other, value);
  }
  // Saturating: thresholds are positive, also where they are shifted the least.
  Value shifts = b.broadcast(shift, type.getNumElements());
  Value x = i.sub(i.maxUnsigned(magnitudes, shifts), shifts);
  // x and the thresholds are positive, so that the order of signed integers is
  // theirs, too: AVX2 compares no others. Three comparisons find the place
  // among seven.
  auto isBeyond = [&](Value threshold) {
    return i.compare(Bits::Predicate::sgt, x, threshold);
  };
  Value four = isBeyond(below[3]);
  Value two = isBeyond(i.select(four, below[5], below[1]));
  Value low = i.select(two, below[2], below[0]);
  Value high = i.select(two, below[6], below[4]);
  Value one = isBeyond(i.select(four, high, low));
  return i.add(
      i.add(i.select(four, 4, int64_t(0)), i.select(two, 2, int64_t(0))),
      i.select(one, 1, int64_t(0)));
}
