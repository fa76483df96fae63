//===- FloatFormatTest.cpp - Tests of the formats and conversions ---------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The edges: special values, signs of zeros, order of packed elements. That all
// values are decoded and rounded right is the subject of the tests against
// ml_dtypes and numpy, in test/Simulator/Arithmetic.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/Convert.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir::fp4::sim;

namespace {

constexpr FloatFormat allFormats[] = {
    FloatFormat::E2M1,  FloatFormat::E2M3, FloatFormat::E3M2,
    FloatFormat::E4M3,  FloatFormat::E5M2, FloatFormat::UE4M3,
    FloatFormat::UE8M0, FloatFormat::F16,  FloatFormat::BF16,
    FloatFormat::TF32,  FloatFormat::F32,  FloatFormat::F64};

constexpr EncodeOptions satfinite = {Rounding::NearestEven, true, false};
constexpr EncodeOptions satfiniteRelu = {Rounding::NearestEven, true, true};

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

const float infinity = std::numeric_limits<float>::infinity();
const uint32_t negativeNaN = 0xFFC00001;

TEST(FloatFormat, LargestNumbers) {
  EXPECT_EQ(toDouble(FloatFormat::E2M1, 0x7), 6);
  EXPECT_EQ(toDouble(FloatFormat::E2M3, 0x1F), 7.5);
  EXPECT_EQ(toDouble(FloatFormat::E3M2, 0x1F), 28);
  EXPECT_EQ(toDouble(FloatFormat::E4M3, 0x7E), 448);
  EXPECT_EQ(toDouble(FloatFormat::E5M2, 0x7B), 57344);
  EXPECT_EQ(toDouble(FloatFormat::UE4M3, 0x7E), 448);
  EXPECT_EQ(toDouble(FloatFormat::UE8M0, 0xFE), 0x1p127);
  EXPECT_EQ(toDouble(FloatFormat::F16, 0x7BFF), 65504);
  EXPECT_EQ(toDouble(FloatFormat::TF32, 0x7F7FE000), 0x1.FFCp127);
  for (FloatFormat format : allFormats) {
    uint64_t largest = getInfo(format).getMaxFinite();
    EXPECT_EQ(decode(format, largest).kind, FloatClass::Finite);
    EXPECT_EQ(encode(format, decode(format, largest)), largest);
  }
}

TEST(FloatFormat, SmallestNumbers) {
  EXPECT_EQ(toDouble(FloatFormat::UE8M0, 0), 0x1p-127);
  EXPECT_EQ(toDouble(FloatFormat::UE4M3, 1), 0x1p-9);
  EXPECT_EQ(toDouble(FloatFormat::F64, 1), 0x1p-1074);
  EXPECT_EQ(decode(FloatFormat::E4M3, 0x01).rawExponent, -6);
  EXPECT_EQ(decode(FloatFormat::E4M3, 0x08).rawExponent, -6);
  EXPECT_EQ(decode(FloatFormat::E4M3, 0x10).rawExponent, -5);
  EXPECT_EQ(decode(FloatFormat::F32, 1).rawExponent, -126);
}

TEST(FloatFormat, BitsThatDoNotCount) {
  EXPECT_EQ(toDouble(FloatFormat::UE4M3, 0xB8), 1);
  EXPECT_EQ(decode(FloatFormat::UE4M3, 0xFF).kind, FloatClass::NaN);
  EXPECT_EQ(toDouble(FloatFormat::E2M1, 0xF2), 1);
  EXPECT_EQ(toDouble(FloatFormat::E2M3, 0xC8), 1);
  // A NaN is an infinity once tf32 has dropped its payload [HW, SFT].
  EXPECT_EQ(decode(FloatFormat::TF32, 0x7F800001).kind, FloatClass::Infinity);
}

TEST(FloatFormat, SpecialValues) {
  EXPECT_EQ(decode(FloatFormat::E4M3, 0x7F).kind, FloatClass::NaN);
  EXPECT_EQ(decode(FloatFormat::E4M3, 0x78).kind, FloatClass::Finite);
  EXPECT_EQ(decode(FloatFormat::E5M2, 0x7C).kind, FloatClass::Infinity);
  EXPECT_EQ(decode(FloatFormat::E5M2, 0x7D).kind, FloatClass::NaN);
  EXPECT_EQ(decode(FloatFormat::UE8M0, 0xFF).kind, FloatClass::NaN);
  EXPECT_EQ(decode(FloatFormat::E2M1, 0x8).kind, FloatClass::Zero);
  EXPECT_TRUE(decode(FloatFormat::E2M1, 0x8).isNegative);
}

TEST(Convert, NaN) {
  auto fromNaN = [](FloatFormat to) {
    return convert(to, FloatFormat::F32, negativeNaN, satfinite);
  };
  EXPECT_EQ(fromNaN(FloatFormat::E2M1), 0x7u);
  EXPECT_EQ(fromNaN(FloatFormat::E2M3), 0x1Fu);
  EXPECT_EQ(fromNaN(FloatFormat::E3M2), 0x1Fu);
  EXPECT_EQ(fromNaN(FloatFormat::E4M3), 0x7Fu);
  EXPECT_EQ(fromNaN(FloatFormat::E5M2), 0x7Fu);
  EXPECT_EQ(fromNaN(FloatFormat::UE8M0), 0xFFu);
  EXPECT_EQ(fromNaN(FloatFormat::F16), 0x7FFFu);
  EXPECT_EQ(fromNaN(FloatFormat::BF16), 0x7FFFu);
  EXPECT_EQ(fromNaN(FloatFormat::TF32), 0x7FFFFFFFu);
  EXPECT_EQ(
      convert(FloatFormat::F16, FloatFormat::F32, negativeNaN, satfiniteRelu),
      0x7FFFu);
}

TEST(Convert, Overflow) {
  auto toF16 = [](float value, Rounding rounding) {
    return convert(FloatFormat::F16, FloatFormat::F32, bitsOf(value),
                   {rounding, false, false});
  };
  EXPECT_EQ(toF16(65520, Rounding::NearestEven), 0x7C00u);
  EXPECT_EQ(toF16(65519, Rounding::NearestEven), 0x7BFFu);
  EXPECT_EQ(toF16(1e30f, Rounding::Zero), 0x7BFFu);
  EXPECT_EQ(toF16(1e30f, Rounding::Down), 0x7BFFu);
  EXPECT_EQ(toF16(-1e30f, Rounding::Down), 0xFC00u);
  EXPECT_EQ(toF16(-1e30f, Rounding::Up), 0xFBFFu);
  EXPECT_EQ(toF16(infinity, Rounding::Zero), 0x7C00u);
  auto saturated = [](FloatFormat to, float value) {
    return convert(to, FloatFormat::F32, bitsOf(value), satfinite);
  };
  EXPECT_EQ(saturated(FloatFormat::F16, infinity), 0x7BFFu);
  EXPECT_EQ(saturated(FloatFormat::F16, -1e30f), 0xFBFFu);
  EXPECT_EQ(saturated(FloatFormat::E2M1, -infinity), 0xFu);
  EXPECT_EQ(saturated(FloatFormat::E4M3, infinity), 0x7Eu);
  EXPECT_EQ(saturated(FloatFormat::E5M2, -infinity), 0xFBu);
  EXPECT_EQ(saturated(FloatFormat::TF32, infinity), 0x7F7FE000u);
}

TEST(Convert, SignedZeroAndRelu) {
  auto toE2M1 = [](float value, EncodeOptions options) {
    return convert(FloatFormat::E2M1, FloatFormat::F32, bitsOf(value), options);
  };
  EXPECT_EQ(toE2M1(-0.0f, satfinite), 0x8u);
  EXPECT_EQ(toE2M1(-0.25f, satfinite), 0x8u);
  EXPECT_EQ(toE2M1(-0.0f, satfiniteRelu), 0x0u);
  EXPECT_EQ(toE2M1(-3.0f, satfiniteRelu), 0x0u);
  EXPECT_EQ(toE2M1(-infinity, satfiniteRelu), 0x0u);
  EXPECT_EQ(toE2M1(3.0f, satfiniteRelu), 0x5u);
}

TEST(Convert, ScalesIgnoreTheSign) {
  EncodeOptions up = {Rounding::Up, true, false};
  EncodeOptions zero = {Rounding::Zero, true, false};
  auto toUE8M0 = [](float value, EncodeOptions options) {
    return convert(FloatFormat::UE8M0, FloatFormat::F32, bitsOf(value),
                   options);
  };
  EXPECT_EQ(toUE8M0(-1.5f, up), 128u);
  EXPECT_EQ(toUE8M0(-1.5f, zero), 127u);
  EXPECT_EQ(toUE8M0(0.0f, up), 0u);
  EXPECT_EQ(toUE8M0(0x1p-149f, up), 0u);
  EXPECT_EQ(toUE8M0(0x1.8p-127f, up), 1u);
  EXPECT_EQ(toUE8M0(infinity, up), 254u);
  EXPECT_EQ(toUE8M0(0x1.8p127f, up), 254u);
  up.saturateFinite = zero.saturateFinite = false;
  EXPECT_EQ(toUE8M0(0x1.8p127f, up), 255u);
  EXPECT_EQ(toUE8M0(0x1p127f, up), 254u);
  EXPECT_EQ(toUE8M0(0x1.8p127f, zero), 254u);
  EXPECT_EQ(toUE8M0(-infinity, zero), 255u);
}

TEST(Convert, OrderOfPackedElements) {
  EXPECT_EQ(convertPair(FloatFormat::E2M1, FloatFormat::F32, bitsOf(6),
                        bitsOf(-0.5f), satfinite),
            0x79u);
  EXPECT_EQ(convertPair(FloatFormat::E2M3, FloatFormat::F32, bitsOf(-7.5f),
                        bitsOf(1), satfinite),
            0x3F08u);
  EXPECT_EQ(
      convertPair(FloatFormat::BF16, FloatFormat::F32, bitsOf(1), bitsOf(-2)),
      0x3F80C000u);
  EXPECT_EQ(convertPacked(FloatFormat::F16, FloatFormat::E2M1, 0x79),
            0x4600B800u);
  EXPECT_EQ(convertPacked(FloatFormat::F16, FloatFormat::E5M2, 0x3CC0),
            0x3C00C000u);
  EXPECT_EQ(convertPacked(FloatFormat::F16, FloatFormat::E3M2, 0x0CEC),
            0x3C00BC00u);
  EXPECT_EQ(
      convertPacked(FloatFormat::E4M3, FloatFormat::F16, 0x3C00C000, satfinite),
      0x38C0u);
  EXPECT_EQ(convertPacked(FloatFormat::BF16, FloatFormat::UE8M0, 0x7F00),
            0x3F800040u);
  EXPECT_EQ(convertPacked(FloatFormat::UE8M0, FloatFormat::BF16, 0x3FC04000,
                          {Rounding::Up, true, false}),
            0x8080u);
}

} // namespace
