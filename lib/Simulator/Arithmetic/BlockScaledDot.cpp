//===- BlockScaledDot.cpp - Dot products of e2m1 with scales --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All of it is [HW, SFT]. Let R be the largest raw exponent of a product that
// is not zero, elements and scales together, S that of the scales of such a
// product, and C's that of C, if it is not zero.
//
// If C >= R, groups of 16 products are added exactly and truncated to quanta of
// 2^(C - 35). Else the published quantum, max(R - 39, S - 35, C - 39), is
// 2^(S - 35), for elements have exponents of 0 to 2, so that R <= S + 4. What
// is truncated to it is groups of 4 products for ue4m3 and of 16 for ue8m0; of
// the latter those that C outranks are truncated to 2^(C - 35) before. A
// subnormal result of the latter is computed again without the groups below
// 2^-174 whose scales are not the largest. C is truncated like a group.
//
// mma.sync has the quantum max(S, C) - 35 and groups of 16, always [MMASIM]. As
// that says nothing of zeros, they are as in tcgen05.mma.
//
//===----------------------------------------------------------------------===//

#include "Dots.h"
#include "RoundResult.h"
#include <algorithm>
#include <cstdlib>
#include <limits>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
constexpr unsigned kNumGroups = 4, kGroupSize = 16;
constexpr int kWindowBits = 35;

/// The four groups of 16 products, exact, as a number of quarters (products of
/// halves) times the significands of the scales.
struct Groups {
  int64_t sums[kNumGroups];
  /// Of what `sums` counts.
  int exponents[kNumGroups];
  /// Raw exponents of the scales, and of the largest product, where there is a
  /// product.
  int scales[kNumGroups];
  int products[kNumGroups];
  /// Others do not count: their scales can be beyond what fits into a sum.
  bool hasProducts[kNumGroups];
  int maxScale = std::numeric_limits<int>::min();
  int maxProduct = std::numeric_limits<int>::min();

  bool isEmpty() const { return maxScale == std::numeric_limits<int>::min(); }
};
} // namespace

BlockScaledDot::BlockScaledDot(const DotArguments &args)
    : args(args), aRow(&args.a.integers[size_t(args.row) * args.model.k]) {}

/// The sum of `count` products of halves.
static int32_t addProducts(const int16_t *a, const int16_t *b, unsigned count) {
  int32_t sum = 0;
  for (unsigned i = 0; i < count; ++i)
    sum += int32_t(a[i]) * b[i];
  return sum;
}

/// C with its quanta: 24 bits of significand and what it stands for.
static int64_t getSignificand(const UnpackedFloat &c) {
  return c.isNegative ? -int64_t(c.significand) : int64_t(c.significand);
}

/// One window for all groups and C: where C is at least as large as all
/// products it is C's.
static uint32_t addInOneWindow(const Groups &groups, const UnpackedFloat &c,
                               int quantum) {
  int64_t units = 0;
  if (c.kind == FloatClass::Finite)
    units = truncateToQuantum(getSignificand(c), c.exponent, quantum);
  for (unsigned i = 0; i < kNumGroups; ++i)
    if (groups.hasProducts[i])
      units += truncateToQuantum(groups.sums[i], groups.exponents[i], quantum);
  return roundToF32(units, quantum);
}

/// The subnormal result of ue8m0 scales, without the groups that hardware
/// drops.
static uint32_t addWithoutSmallGroups(const Groups &groups,
                                      const int64_t (&units)[kNumGroups],
                                      int64_t sum, int quantum) {
  constexpr int floor = -174;
  int shift = std::max(floor - quantum, 0);
  int64_t threshold =
      shift < 62 ? int64_t(1) << shift : std::numeric_limits<int64_t>::max();
  for (unsigned i = 0; i < kNumGroups; ++i)
    if (groups.hasProducts[i] && groups.scales[i] < groups.maxScale &&
        std::abs(units[i]) < threshold)
      sum -= units[i];
  return roundToF32(sum, quantum);
}

/// Products are larger than C, scales are ue8m0.
static uint32_t addPowersOfTwo(const Groups &groups, const UnpackedFloat &c) {
  int quantum = groups.maxScale - kWindowBits;
  bool hasC = c.kind == FloatClass::Finite;
  int64_t units[kNumGroups] = {};
  int64_t sum =
      hasC ? truncateToQuantum(getSignificand(c), c.exponent, quantum) : 0;
  for (unsigned i = 0; i < kNumGroups; ++i) {
    if (!groups.hasProducts[i])
      continue;
    int groupQuantum = quantum;
    if (hasC && c.rawExponent >= groups.products[i])
      groupQuantum = std::max(quantum, c.rawExponent - kWindowBits);
    units[i] =
        truncateToQuantum(groups.sums[i], groups.exponents[i], groupQuantum) *
        (int64_t(1) << (groupQuantum - quantum));
    sum += units[i];
  }
  uint32_t result = roundToF32(sum, quantum);
  uint32_t magnitude = result & 0x7FFFFFFF;
  if (magnitude == 0 || magnitude >= 0x00800000)
    return result;
  return addWithoutSmallGroups(groups, units, sum, quantum);
}

/// Products are larger than C, scales are ue4m3.
static uint32_t addFractions(const Groups &groups, const UnpackedFloat &c,
                             const int16_t *aRow, const int16_t *bRow,
                             const int32_t *significands) {
  int quantum = groups.maxScale - kWindowBits;
  int64_t sum = c.kind == FloatClass::Finite
                    ? truncateToQuantum(getSignificand(c), c.exponent, quantum)
                    : 0;
  for (unsigned i = 0; i < kNumGroups; ++i) {
    if (!groups.hasProducts[i])
      continue;
    // Nothing is cut off unless scales are 2^28 apart, as far as they can be.
    if (groups.exponents[i] >= quantum) {
      sum += truncateToQuantum(groups.sums[i], groups.exponents[i], quantum);
      continue;
    }
    for (unsigned k = i * kGroupSize; k < (i + 1) * kGroupSize; k += 4)
      sum += truncateToQuantum(int64_t(addProducts(aRow + k, bRow + k, 4)) *
                                   significands[i],
                               groups.exponents[i], quantum);
  }
  return roundToF32(sum, quantum);
}

uint32_t BlockScaledDot::operator()(unsigned column, uint32_t c) const {
  const MmaOperand::PackedRow &a = args.a.packedRows[args.row];
  const MmaOperand::PackedRow &b = args.b.packedRows[column];
  const int16_t *bRow = &args.b.integers[size_t(column) * args.model.k];
  // A scale is NaN even if its elements are zero.
  if (a.isScaleNaN || b.isScaleNaN)
    return kNaNF32;
  if ((c & kInfinityF32) == kInfinityF32)
    return c & 0x7FFFFF ? kNaNF32 : c;

  // Products of raw exponents from 0 to 4.
  uint64_t level4 = a.exponent2 & b.exponent2;
  uint64_t level3 = (a.exponent2 & b.exponent1) | (a.exponent1 & b.exponent2);
  uint64_t level2 = (a.exponent1 & b.exponent1) | (a.exponent2 & b.nonZero) |
                    (a.nonZero & b.exponent2);
  uint64_t level1 = (a.exponent1 & b.nonZero) | (a.nonZero & b.exponent1);
  uint64_t level0 = a.nonZero & b.nonZero;

  bool isUE4M3 = args.model.scale == MmaScale::UE4M3;
  // Products of halves are quarters; significands of ue4m3 are eighths.
  int fractionBits = isUE4M3 ? 2 + 6 : 2;
  Groups groups;
  int32_t significands[kNumGroups];
  for (unsigned i = 0; i < kNumGroups; ++i) {
    significands[i] = a.scaleSignificand[i] * b.scaleSignificand[i];
    uint64_t mask = uint64_t(0xFFFF) << (i * kGroupSize);
    // A scale of zero, which ue4m3 has, leaves no products.
    groups.hasProducts[i] = (level0 & mask) && significands[i];
    groups.scales[i] = a.scaleExponent[i] + b.scaleExponent[i];
    groups.exponents[i] = groups.scales[i] - fractionBits;
    groups.sums[i] = int64_t(addProducts(aRow + i * kGroupSize,
                                         bRow + i * kGroupSize, kGroupSize)) *
                     significands[i];
    if (!groups.hasProducts[i])
      continue;
    groups.products[i] = groups.scales[i] + (level4 & mask   ? 4
                                             : level3 & mask ? 3
                                             : level2 & mask ? 2
                                             : level1 & mask ? 1
                                                             : 0);
    groups.maxScale = std::max(groups.maxScale, groups.scales[i]);
    groups.maxProduct = std::max(groups.maxProduct, groups.products[i]);
  }
  if (groups.isEmpty())
    return c & 0x7FFFFFFF ? c : 0;

  UnpackedFloat addend = decode(FloatFormat::F32, c);
  bool hasC = addend.kind == FloatClass::Finite;
  if (args.model.isSyncFP4) {
    int largest =
        hasC ? std::max(groups.maxScale, addend.rawExponent) : groups.maxScale;
    return addInOneWindow(groups, addend, largest - kWindowBits);
  }
  if (hasC && addend.rawExponent >= groups.maxProduct)
    return addInOneWindow(groups, addend, addend.rawExponent - kWindowBits);
  if (isUE4M3)
    return addFractions(groups, addend, aRow, bRow, significands);
  return addPowersOfTwo(groups, addend);
}
