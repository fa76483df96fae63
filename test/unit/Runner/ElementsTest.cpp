//===- ElementsTest.cpp - Tests of reading and comparing elements ---------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The comparison must accept what docs/numerics.md allows and nothing more.
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Elements.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir::fp4;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double quietNaN = std::numeric_limits<double>::quiet_NaN();

/// A tensor of one dimension that owns its elements.
template <typename T>
struct Vector {
  std::vector<T> elements;
  TensorView view;

  Vector(DType dtype, std::vector<T> values) : elements(std::move(values)) {
    view.name = "y";
    view.dtype = dtype;
    view.shape = {int64_t(elements.size())};
    view.data = llvm::ArrayRef(reinterpret_cast<const char *>(elements.data()),
                               elements.size() * sizeof(T));
  }
};

Vector<float> f32(std::vector<float> values) {
  return {DType::F32, std::move(values)};
}
Vector<double> f64(std::vector<double> values) {
  return {DType::F64, std::move(values)};
}
Vector<uint16_t> bf16(std::vector<uint16_t> bits) {
  return {DType::BF16, std::move(bits)};
}
Vector<uint16_t> f16(std::vector<uint16_t> bits) {
  return {DType::F16, std::move(bits)};
}
Vector<uint8_t> u8(std::vector<uint8_t> bytes) {
  return {DType::U8, std::move(bytes)};
}

template <typename A, typename E>
bool isInside(const Vector<A> &actual, const Vector<E> &expected) {
  return compare(actual.view, expected.view, nullptr).isInside;
}

template <typename A, typename E>
bool isInside(const Vector<A> &actual, const Vector<E> &expected,
              const Vector<double> &magnitudes) {
  return compare(actual.view, expected.view, &magnitudes.view).isInside;
}
} // namespace

TEST(Elements, Values) {
  EXPECT_EQ(getValue(bf16({0xbfc0}).view, 0), -1.5);
  EXPECT_EQ(getValue(f16({0x0001}).view, 0), std::ldexp(1.0, -24));
  EXPECT_EQ(getValue(Vector<uint8_t>(DType::F8_E8M0, {0}).view, 0),
            std::ldexp(1.0, -127));
  EXPECT_EQ(getValue(Vector<uint8_t>(DType::F8_E4M3, {0x7e}).view, 0), 448.0);
  EXPECT_EQ(getValue(Vector<int8_t>(DType::I8, {-3}).view, 0), -3.0);
  EXPECT_EQ(getValue(u8({253}).view, 0), 253.0);
}

TEST(Elements, Print) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Vector<float> vector = f32({1, -2.5, 0, 3});
  vector.view.shape = {2, 2};
  print(os, vector.view);
  EXPECT_EQ(text, "y : F32 (2, 2) = [[1, -2.5], [0, 3]]\n");
}

TEST(Compare, CodesAreHeldBitForBit) {
  EXPECT_TRUE(isInside(u8({1, 2, 3}), u8({1, 2, 3})));
  EXPECT_FALSE(isInside(u8({1, 2, 3}), u8({1, 2, 0x83})));
}

TEST(Compare, ScalesOfAnotherDTypeDiffer) {
  EXPECT_FALSE(isInside(Vector<uint8_t>(DType::F8_E8M0, {1}),
                        Vector<uint8_t>(DType::F8_E4M3, {1})));
}

TEST(Compare, ShapesMustBeEqual) {
  Vector<float> row = f32({1, 2}), column = f32({1, 2});
  row.view.shape = {1, 2};
  column.view.shape = {2, 1};
  EXPECT_FALSE(isInside(row, column));
}

TEST(Compare, F32IsHeldByNorm) {
  // An error of 1e-6 of the norm is inside, whatever element it is in.
  EXPECT_TRUE(isInside(f32({1000, 0.0009f}), f64({1000, 0})));
  EXPECT_FALSE(isInside(f32({1000, 0.0011f}), f64({1000, 0})));
  EXPECT_FALSE(isInside(f32({1e-30f}), f64({0})));
  EXPECT_TRUE(isInside(f32({0, 0}), f64({0, 0})));
}

TEST(Compare, BF16IsHeldByElement) {
  // 0x3f80 is 1, one unit in the last place is 2^-7.
  EXPECT_TRUE(isInside(bf16({0x3f81}), f64({1.0})));
  EXPECT_FALSE(isInside(bf16({0x3f82}), f64({1.0})));
  EXPECT_TRUE(isInside(bf16({0x3f81}), bf16({0x3f80})));
  EXPECT_FALSE(isInside(bf16({0x3f81, 0x4000}), bf16({0x3f80, 0x4003})));
}

TEST(Compare, F16Subnormals) {
  // Below 2^-14 the unit is 2^-24.
  EXPECT_TRUE(isInside(f16({0x0002}), f16({0x0001})));
  EXPECT_FALSE(isInside(f16({0x0003}), f16({0x0001})));
  EXPECT_TRUE(isInside(f16({0x0001}), f64({0})));
  EXPECT_FALSE(isInside(f16({0x0002}), f64({0})));
}

TEST(Compare, CancellationIsAllowedForByTheMagnitudes) {
  // The terms sum to 2^-20 out of magnitudes of 4: 2^-20 is allowed.
  double tiny = std::ldexp(1.0, -20);
  Vector<uint16_t> twice = bf16({0x3600}); // 2^-19
  EXPECT_FALSE(isInside(twice, f64({tiny})));
  EXPECT_TRUE(isInside(twice, f64({tiny}), f64({4})));
  EXPECT_FALSE(isInside(twice, f64({tiny}), f64({3})));
  // A sum of magnitudes that overflowed allows nothing.
  EXPECT_FALSE(isInside(twice, f64({tiny}), f64({infinity})));
}

TEST(Compare, NaNIsWhereItIsExpected) {
  uint16_t bf16NaN = 0x7fc0, one = 0x3f80;
  EXPECT_TRUE(isInside(bf16({bf16NaN}), f64({quietNaN})));
  EXPECT_FALSE(isInside(bf16({one}), f64({quietNaN})));
  EXPECT_FALSE(isInside(bf16({bf16NaN}), f64({1})));
  EXPECT_FALSE(isInside(f32({float(quietNaN), 1e9f}), f64({1, 1e9})));
}

TEST(Compare, Infinity) {
  uint16_t bf16Inf = 0x7f80, one = 0x3f80;
  EXPECT_TRUE(isInside(bf16({bf16Inf}), f64({infinity})));
  EXPECT_FALSE(isInside(bf16({bf16Inf}), f64({-infinity})));
  EXPECT_FALSE(isInside(bf16({one}), f64({infinity})));
  EXPECT_FALSE(isInside(bf16({bf16Inf}), f64({1e38})));
  // What is too large for the dtype rounds to infinity.
  EXPECT_TRUE(isInside(bf16({bf16Inf}), f64({1e39})));
  EXPECT_TRUE(isInside(f32({float(infinity)}), f64({1e39})));
  EXPECT_FALSE(isInside(f32({float(infinity)}), f64({-1e39})));
  EXPECT_TRUE(isInside(f16({0x7c00}), f64({70000.0})));
  EXPECT_FALSE(isInside(f16({0x7c00}), f64({60000.0})));
}

TEST(Compare, NextToInfinity) {
  float largest = std::numeric_limits<float>::max();
  // In f32 the norm decides, and infinity is no number of it.
  EXPECT_FALSE(isInside(f32({float(infinity)}), f32({largest})));
  EXPECT_FALSE(isInside(f32({largest}), f32({float(infinity)})));
  // In f16 the two are one unit in the last place apart, either way.
  EXPECT_TRUE(isInside(f16({0x7c00}), f16({0x7bff})));
  EXPECT_TRUE(isInside(f16({0x7bff}), f16({0x7c00})));
  EXPECT_FALSE(isInside(f16({0x7bfe}), f16({0x7c00})));
  EXPECT_FALSE(isInside(f16({0xfbff}), f16({0x7c00})));
}

TEST(Compare, F64NormsNeitherOverflowNorUnderflow) {
  EXPECT_FALSE(isInside(f64({2e-170}), f64({1e-170})));
  EXPECT_FALSE(isInside(f64({0.4e154}), f64({1.4e154})));
  EXPECT_TRUE(isInside(f64({1e-170}), f64({1e-170})));
}

TEST(Compare, Report) {
  Comparison comparison = compare(bf16({0x3f80, 0x3f81, 0x4000}).view,
                                  bf16({0x3f80, 0x3f80, 0x4008}).view, nullptr);
  EXPECT_FALSE(comparison.isInside);
  EXPECT_EQ(comparison.report,
            "y: 2 of 3 elements differ; 1 by more than 1 ulp: OUTSIDE\n"
            "  first at [1]: 1.0078125 (0x3f81), expected 1 (0x3f80)\n"
            "  worst at [2]: 2 (0x4000), expected 2.125 (0x4008)\n");
}
