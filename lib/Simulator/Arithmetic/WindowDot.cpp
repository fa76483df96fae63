//===- WindowDot.cpp - Dot products in one window of bits -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The quantum of a step is 2^(E - windowBits), where E is the largest raw
// exponent: of C, if it is not zero, and of each product that is not zero the
// sum of the raw exponents of its factors and scales. Each product and C is
// truncated to quanta by itself, and the sum of them is exact [HW, SFT].
//
// The products are doubles: they are exact, as are their multiples of powers of
// two, and converting them to integers truncates, two at a time on any host.
//
//===----------------------------------------------------------------------===//

#include "Dots.h"
#include "RoundResult.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

WindowDot::WindowDot(const DotArguments &args)
    : args(args), aValues(&args.a.values[size_t(args.row) * args.model.k]),
      aExponents(&args.a.exponents[size_t(args.row) * args.model.k]) {}

/// 2^exponent, for exponents of normal doubles.
static double powerOfTwo(int exponent) {
  return llvm::bit_cast<double>(uint64_t(exponent + 1023) << 52);
}

static int getLargestExponent(const int16_t *a, const int16_t *b,
                              unsigned count) {
  int16_t largest = 2 * kZeroExponent;
  for (unsigned i = 0; i < count; ++i)
    largest = std::max<int16_t>(largest, int16_t(a[i] + b[i]));
  return largest;
}

/// The sum of the products in units of 1 / factor. A product is less than 2^27
/// of them, so that sixteen fit into 32 bits.
static int64_t addProducts(const double *a, const double *b, double factor,
                           unsigned count) {
  int64_t sum = 0;
  for (unsigned first = 0; first < count; first += 16) {
    int32_t part = 0;
    for (unsigned i = first, end = std::min(first + 16, count); i < end; ++i)
      part += int32_t(a[i] * b[i] * factor);
    sum += part;
  }
  return sum;
}

/// A step without infinities and NaNs.
uint32_t WindowDot::addStep(unsigned column, unsigned firstK,
                            uint32_t c) const {
  const MmaModel &model = args.model;
  bool isF16 = model.d == MmaType::F16;
  size_t first = size_t(column) * model.k + firstK;
  int scale = args.a.windowRows[args.row].scaleExponent +
              args.b.windowRows[column].scaleExponent;
  int products = getLargestExponent(aExponents + firstK,
                                    &args.b.exponents[first], model.step);
  bool hasProducts = products > kZeroExponent / 2;
  UnpackedFloat addend = decode(isF16 ? FloatFormat::F16 : FloatFormat::F32, c);
  bool hasAddend = addend.kind == FloatClass::Finite;
  if (!hasProducts && !hasAddend)
    return 0; // -0 too [HW, SFT].

  int largest = hasProducts ? products + scale : addend.rawExponent;
  if (hasAddend)
    largest = std::max(largest, addend.rawExponent);
  int quantum = largest - int(model.windowBits);
  int64_t units = 0;
  // What is 64 times below a quantum is nothing, and could leave the range of
  // the factor.
  if (hasProducts && products + scale - quantum > -64)
    units = addProducts(aValues + firstK, &args.b.values[first],
                        powerOfTwo(scale - quantum), model.step);
  if (hasAddend) {
    int64_t significand = int64_t(addend.significand);
    units += truncateToQuantum(addend.isNegative ? -significand : significand,
                               addend.exponent, quantum);
  }
  if (isF16)
    return roundToF16(units, quantum);
  uint32_t result = roundToF32(units, quantum);
  result &= ~0u << (23 - model.resultBits);
  return result & 0x7FFFFFFF ? result : 0;
}

/// A step with an infinity, or with a NaN, among products and C.
uint32_t WindowDot::addSpecialStep(unsigned column, unsigned firstK,
                                   uint32_t c) const {
  const MmaModel &model = args.model;
  bool isF16 = model.d == MmaType::F16;
  // Sums of infinities and zeros are what IEEE 754 says of them.
  double sum = toDouble(isF16 ? FloatFormat::F16 : FloatFormat::F32, c);
  if (!std::isinf(sum) && !std::isnan(sum))
    sum = 0;
  const double *bValues = &args.b.values[size_t(column) * model.k + firstK];
  for (unsigned i = 0; i < model.step; ++i) {
    double product = aValues[firstK + i] * bValues[i];
    if (std::isinf(product) || std::isnan(product))
      sum += product;
  }
  if (args.a.windowRows[args.row].isScaleNaN ||
      args.b.windowRows[column].isScaleNaN || std::isnan(sum))
    return isF16 ? kNaNF16 : kNaNF32;
  if (std::isinf(sum))
    return (isF16 ? kInfinityF16 : kInfinityF32) |
           (sum < 0 ? isF16 ? 0x8000 : 0x80000000 : 0);
  return addStep(column, firstK, c);
}

/// An addition as the other instructions have it, FADD or HADD2.
uint32_t WindowDot::addToNearest(uint32_t left, uint32_t right) const {
  bool isF16 = args.model.d == MmaType::F16;
  const fltSemantics &semantics =
      isF16 ? APFloat::IEEEhalf() : APFloat::IEEEsingle();
  APFloat sum(semantics, APInt(isF16 ? 16 : 32, left));
  sum.add(APFloat(semantics, APInt(isF16 ? 16 : 32, right)),
          APFloat::rmNearestTiesToEven);
  if (sum.isNaN())
    return isF16 ? kNaNF16 : kNaNF32;
  return uint32_t(sum.bitcastToAPInt().getZExtValue());
}

uint32_t WindowDot::operator()(unsigned column, uint32_t c) const {
  const MmaModel &model = args.model;
  if (model.d == MmaType::F16)
    c &= 0xFFFF;
  const MmaOperand::WindowRow &a = args.a.windowRows[args.row];
  const MmaOperand::WindowRow &b = args.b.windowRows[column];
  bool isSpecial = a.hasSpecial || b.hasSpecial || a.isScaleNaN || b.isScaleNaN;
  uint32_t infinity = model.d == MmaType::F16 ? kInfinityF16 : kInfinityF32;

  uint32_t sum = model.isF16Emulation ? 0 : c;
  for (unsigned k = 0; k < model.k; k += model.step)
    sum = isSpecial || (sum & infinity) == infinity
              ? addSpecialStep(column, k, sum)
              : addStep(column, k, sum);
  return model.isF16Emulation ? addToNearest(sum, c) : sum;
}
