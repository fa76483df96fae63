//===- CodecsTest.cpp - Exhaustive tests of the scalar conversions --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every code of every format is decoded, and every boundary between two codes
// is encoded: the half-way point itself and the floats on both sides of it. The
// expected values are tables and powers of two written here; none of them comes
// from the code under test.
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/Codecs.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <vector>

using namespace mlir::fp4;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();
constexpr float smallest = std::numeric_limits<float>::denorm_min();
constexpr TieRounding allRoundings[] = {TieRounding::Even, TieRounding::Zero,
                                        TieRounding::Down, TieRounding::Up};

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }
float fromBits(uint32_t bits) { return llvm::bit_cast<float>(bits); }
float below(float value) { return std::nextafter(value, -infinity); }
float above(float value) { return std::nextafter(value, infinity); }

/// NaNs of both signs, quiet and signalling.
const float allNaNs[] = {fromBits(0x7fc00000), fromBits(0xffc00000),
                         fromBits(0x7f800001), fromBits(0xff800001),
                         fromBits(0x7fffffff), fromBits(0xffffffff)};

/// The magnitudes of a small format with an exponent field, from the format's
/// definition: one per code, in ascending order, up to `count` of them.
std::vector<double> magnitudesOf(int exponentBias, int fractionBits,
                                 unsigned count) {
  std::vector<double> magnitudes;
  for (unsigned code = 0; code < count; ++code) {
    int field = code >> fractionBits;
    double fraction = std::ldexp(code % (1 << fractionBits), -fractionBits);
    magnitudes.push_back(field == 0
                             ? std::ldexp(fraction, 1 - exponentBias)
                             : std::ldexp(1 + fraction, field - exponentBias));
  }
  return magnitudes;
}

/// Encodes the numbers around the half-way point of each two neighbours, ties
/// to even, in both signs.
template <typename Encode>
void expectNearestEven(const std::vector<double> &magnitudes, unsigned signBit,
                       Encode encode) {
  for (unsigned code = 0; code + 1 < magnitudes.size(); ++code) {
    float tie = (magnitudes[code] + magnitudes[code + 1]) / 2;
    ASSERT_EQ(double(tie), (magnitudes[code] + magnitudes[code + 1]) / 2);
    unsigned even = code + code % 2;
    EXPECT_EQ(encode(below(tie)), code) << tie;
    EXPECT_EQ(encode(tie), even) << tie;
    EXPECT_EQ(encode(above(tie)), code + 1) << tie;
    EXPECT_EQ(encode(-below(tie)), signBit | code) << tie;
    EXPECT_EQ(encode(-tie), signBit | even) << tie;
    EXPECT_EQ(encode(-above(tie)), signBit | (code + 1)) << tie;
  }
}

//===----------------------------------------------------------------------===//
// e2m1
//===----------------------------------------------------------------------===//

constexpr float e2m1Values[16] = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,
                                  4.0f,  6.0f,  -0.0f, -0.5f, -1.0f, -1.5f,
                                  -2.0f, -3.0f, -4.0f, -6.0f};

TEST(E2M1, DecodesEveryCode) {
  for (unsigned code = 0; code < 16; ++code)
    EXPECT_EQ(bitsOf(decodeE2M1(code)), bitsOf(e2m1Values[code])) << code;
}

TEST(E2M1, DecodesTheLowNibbleOfAByte) {
  for (unsigned byte = 0; byte < 256; ++byte)
    EXPECT_EQ(bitsOf(decodeE2M1(byte)), bitsOf(e2m1Values[byte % 16])) << byte;
}

TEST(E2M1, EncodesEveryValueAsItself) {
  for (TieRounding ties : allRoundings)
    for (unsigned code = 0; code < 16; ++code)
      EXPECT_EQ(encodeE2M1(e2m1Values[code], ties), code);
}

/// A tie and its code in each mode, and the codes on both sides of it.
struct E2M1Tie {
  float value;
  unsigned below, above;
  unsigned even, zero, down, up;
};

const E2M1Tie e2m1Ties[] = {
    // value below above even zero down up
    {0.25f, 0, 1, 0, 0, 0, 1},        {0.75f, 1, 2, 2, 1, 1, 2},
    {1.25f, 2, 3, 2, 2, 2, 3},        {1.75f, 3, 4, 4, 3, 3, 4},
    {2.5f, 4, 5, 4, 4, 4, 5},         {3.5f, 5, 6, 6, 5, 5, 6},
    {5.0f, 6, 7, 6, 6, 6, 7},         {-0.25f, 9, 8, 8, 8, 9, 8},
    {-0.75f, 10, 9, 10, 9, 10, 9},    {-1.25f, 11, 10, 10, 10, 11, 10},
    {-1.75f, 12, 11, 12, 11, 12, 11}, {-2.5f, 13, 12, 12, 12, 13, 12},
    {-3.5f, 14, 13, 14, 13, 14, 13},  {-5.0f, 15, 14, 14, 14, 15, 14},
};

TEST(E2M1, BreaksTies) {
  for (const E2M1Tie &tie : e2m1Ties) {
    EXPECT_EQ(encodeE2M1(tie.value, TieRounding::Even), tie.even) << tie.value;
    EXPECT_EQ(encodeE2M1(tie.value, TieRounding::Zero), tie.zero) << tie.value;
    EXPECT_EQ(encodeE2M1(tie.value, TieRounding::Down), tie.down) << tie.value;
    EXPECT_EQ(encodeE2M1(tie.value, TieRounding::Up), tie.up) << tie.value;
    EXPECT_EQ(encodeE2M1(tie.value), tie.even) << tie.value;
  }
}

TEST(E2M1, RoundsToNearestBesideTies) {
  for (TieRounding ties : allRoundings)
    for (const E2M1Tie &tie : e2m1Ties) {
      EXPECT_EQ(encodeE2M1(below(tie.value), ties), tie.below) << tie.value;
      EXPECT_EQ(encodeE2M1(above(tie.value), ties), tie.above) << tie.value;
    }
}

TEST(E2M1, Saturates) {
  for (TieRounding ties : allRoundings)
    for (float value :
         {below(6.0f), 6.0f, above(6.0f), 7.0f, 8.0f, largest, infinity}) {
      EXPECT_EQ(encodeE2M1(value, ties), 7) << value;
      EXPECT_EQ(encodeE2M1(-value, ties), 15) << value;
    }
}

TEST(E2M1, MapsNaNToSeven) {
  for (TieRounding ties : allRoundings)
    for (float nan : allNaNs)
      EXPECT_EQ(encodeE2M1(nan, ties), 7) << bitsOf(nan);
}

TEST(E2M1, KeepsTheSignOfZero) {
  for (TieRounding ties : allRoundings)
    for (float value : {0.0f, smallest, 0x1p-126f, below(0.25f)}) {
      EXPECT_EQ(encodeE2M1(value, ties), 0) << value;
      EXPECT_EQ(encodeE2M1(-value, ties), 8) << value;
    }
}

//===----------------------------------------------------------------------===//
// e8m0
//===----------------------------------------------------------------------===//

TEST(E8M0, DecodesEveryByte) {
  for (int byte = 0; byte < 255; ++byte)
    EXPECT_EQ(double(decodeE8M0(byte)), std::ldexp(1.0, byte - 127)) << byte;
  EXPECT_TRUE(std::isnan(decodeE8M0(255)));
}

TEST(E8M0, RoundsToTheNearestPowerOfTwo) {
  for (int byte = 0; byte < 255; ++byte) {
    float power = std::ldexp(1.0f, byte - 127);
    float tie = std::ldexp(1.5f, byte - 127);
    int next = byte == 254 ? 254 : byte + 1;
    EXPECT_EQ(encodeE8M0(below(power)), byte);
    EXPECT_EQ(encodeE8M0(power), byte);
    EXPECT_EQ(encodeE8M0(above(power)), byte);
    EXPECT_EQ(encodeE8M0(below(tie)), byte);
    EXPECT_EQ(encodeE8M0(tie), next);
    EXPECT_EQ(encodeE8M0(above(tie)), next);
  }
}

TEST(E8M0, RoundsSubnormalsAboveTheSmallestPower) {
  EXPECT_EQ(encodeE8M0(fromBits(0x00400000)), 0); // 2^-127
  EXPECT_EQ(encodeE8M0(fromBits(0x00400001)), 0);
  EXPECT_EQ(encodeE8M0(fromBits(0x005fffff)), 0);
  EXPECT_EQ(encodeE8M0(fromBits(0x00600000)), 1); // 1.5 * 2^-127
  EXPECT_EQ(encodeE8M0(fromBits(0x007fffff)), 1);
  EXPECT_EQ(encodeE8M0(fromBits(0x00800000)), 1); // 2^-126
}

TEST(E8M0, ClampsToTheFiniteRange) {
  for (float value : {0.0f, -0.0f, smallest, -smallest, 0x1p-128f, -1.0f,
                      -largest, -infinity})
    EXPECT_EQ(encodeE8M0(value), 0) << value;
  for (float value : {0x1p127f, 0x1.8p127f, largest, infinity})
    EXPECT_EQ(encodeE8M0(value), 254) << value;
}

TEST(E8M0, KeepsNaN) {
  for (float nan : allNaNs)
    EXPECT_EQ(encodeE8M0(nan), 255) << bitsOf(nan);
}

//===----------------------------------------------------------------------===//
// e4m3
//===----------------------------------------------------------------------===//

/// The finite magnitudes, of the codes 0 to 0x7e.
std::vector<double> e4m3Magnitudes() { return magnitudesOf(7, 3, 0x7f); }

TEST(E4M3, HasTheDefinedLimits) {
  EXPECT_EQ(e4m3Magnitudes()[0x01], std::ldexp(1, -9));
  EXPECT_EQ(e4m3Magnitudes()[0x07], std::ldexp(7, -9));
  EXPECT_EQ(e4m3Magnitudes()[0x08], std::ldexp(1, -6));
  EXPECT_EQ(e4m3Magnitudes()[0x7e], 448);
}

TEST(E4M3, DecodesEveryByte) {
  std::vector<double> magnitudes = e4m3Magnitudes();
  for (unsigned code = 0; code < 0x7f; ++code) {
    EXPECT_EQ(bitsOf(decodeE4M3(code)), bitsOf(float(magnitudes[code])));
    EXPECT_EQ(bitsOf(decodeE4M3(code | 0x80)),
              bitsOf(-float(magnitudes[code])));
  }
  EXPECT_TRUE(std::isnan(decodeE4M3(0x7f)));
  EXPECT_TRUE(std::isnan(decodeE4M3(0xff)));
}

TEST(E4M3, EncodesEveryValueAsItself) {
  std::vector<double> magnitudes = e4m3Magnitudes();
  for (unsigned code = 0; code < 0x7f; ++code) {
    EXPECT_EQ(encodeE4M3(magnitudes[code]), code);
    EXPECT_EQ(encodeE4M3(-magnitudes[code]), code | 0x80);
  }
}

TEST(E4M3, RoundsToNearestEven) {
  expectNearestEven(e4m3Magnitudes(), 0x80, encodeE4M3);
}

TEST(E4M3, RoundsBesideEveryValue) {
  std::vector<double> magnitudes = e4m3Magnitudes();
  for (unsigned code = 1; code < 0x7f; ++code) {
    EXPECT_EQ(encodeE4M3(below(magnitudes[code])), code);
    EXPECT_EQ(encodeE4M3(above(magnitudes[code])), code);
  }
}

TEST(E4M3, ClampsToTheFiniteRange) {
  for (float value : {below(448.0f), 448.0f, above(448.0f), 464.0f,
                      above(464.0f), 480.0f, largest, infinity}) {
    EXPECT_EQ(encodeE4M3(value), 0x7e) << value;
    EXPECT_EQ(encodeE4M3(-value), 0xfe) << value;
  }
}

TEST(E4M3, KeepsTheSignOfZero) {
  for (float value : {0.0f, smallest, 0x1p-126f, 0x1p-10f}) {
    EXPECT_EQ(encodeE4M3(value), 0x00) << value;
    EXPECT_EQ(encodeE4M3(-value), 0x80) << value;
  }
}

TEST(E4M3, MapsNaNToOneByte) {
  for (float nan : allNaNs)
    EXPECT_EQ(encodeE4M3(nan), 0x7f) << bitsOf(nan);
}

//===----------------------------------------------------------------------===//
// bf16 and f16
//===----------------------------------------------------------------------===//

/// A 16-bit format. Its first magnitude beyond the finite ones, at the code of
/// infinity, is where overflow begins to be nearer than the largest value.
struct Format16 {
  const char *name;
  int exponentBias, fractionBits;
  unsigned infinityCode;
  float (*decode)(uint16_t);
  uint16_t (*encode)(float);
};

const Format16 formats16[] = {
    {"bf16", 127, 7, 0x7f80, decodeBF16, encodeBF16},
    {"f16", 15, 10, 0x7c00, decodeF16, encodeF16},
};

TEST(Float16, DecodesEveryCode) {
  for (const Format16 &format : formats16) {
    SCOPED_TRACE(format.name);
    std::vector<double> magnitudes = magnitudesOf(
        format.exponentBias, format.fractionBits, format.infinityCode);
    for (unsigned code = 0; code < format.infinityCode; ++code) {
      float magnitude = magnitudes[code];
      EXPECT_EQ(bitsOf(format.decode(code)), bitsOf(magnitude));
      EXPECT_EQ(bitsOf(format.decode(code | 0x8000)), bitsOf(-magnitude));
    }
    EXPECT_EQ(format.decode(format.infinityCode), infinity);
    EXPECT_EQ(format.decode(format.infinityCode | 0x8000), -infinity);
    for (unsigned code = format.infinityCode + 1; code < 0x8000; ++code) {
      EXPECT_TRUE(std::isnan(format.decode(code)));
      EXPECT_TRUE(std::isnan(format.decode(code | 0x8000)));
    }
  }
}

TEST(Float16, RoundTripsEveryCode) {
  for (const Format16 &format : formats16) {
    SCOPED_TRACE(format.name);
    unsigned quietBit = 1 << (format.fractionBits - 1);
    for (unsigned code = 0; code < 0x10000; ++code) {
      bool isNaN = (code & 0x7fff) > format.infinityCode;
      EXPECT_EQ(format.encode(format.decode(code)),
                isNaN ? code | quietBit : code);
    }
  }
}

TEST(Float16, RoundsToNearestEven) {
  for (const Format16 &format : formats16) {
    SCOPED_TRACE(format.name);
    // One more than the finite ones: the tie at which overflow begins.
    expectNearestEven(magnitudesOf(format.exponentBias, format.fractionBits,
                                   format.infinityCode + 1),
                      0x8000, format.encode);
  }
}

TEST(Float16, EncodesExtremes) {
  for (const Format16 &format : formats16) {
    SCOPED_TRACE(format.name);
    for (float value : {largest, infinity}) {
      EXPECT_EQ(format.encode(value), format.infinityCode);
      EXPECT_EQ(format.encode(-value), format.infinityCode | 0x8000);
    }
    EXPECT_EQ(format.encode(0.0f), 0);
    EXPECT_EQ(format.encode(-0.0f), 0x8000);
    EXPECT_EQ(format.encode(smallest), 0);
    EXPECT_EQ(format.encode(-smallest), 0x8000);
  }
}

TEST(Float16, KeepsNaN) {
  for (const Format16 &format : formats16)
    for (float nan : allNaNs) {
      uint16_t code = format.encode(nan);
      EXPECT_GT(code & 0x7fff, format.infinityCode) << format.name;
      EXPECT_EQ(code >> 15, bitsOf(nan) >> 31) << format.name;
    }
}

} // namespace
