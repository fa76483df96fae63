//===- TensorMapBitsTest.cpp - The bits of a tensor map -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The words are observed ones: those of maps that CuTe DSL 4.8.1 makes for
// sm_100a of the tensors described beside them, and those that machine code
// stores which ptxas 13.0 and 13.4 make of tensormap.replace.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMapBits.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

using Type = TensorDataType;
using Field = TensorMapField;

constexpr uint64_t address = 0x1234567890;

/// A map of CuTe DSL, which asks for promotion to 128 bytes.
struct Observed {
  Type type;
  TileSwizzle swizzle;
  std::vector<uint64_t> dims, strides;
  std::vector<uint16_t> box;
  TensorMapWords words;

  TensorMap map() const {
    TensorMap map = {};
    map.globalAddress = address;
    map.rank = unsigned(dims.size());
    map.dataType = type;
    map.swizzle = swizzle;
    map.l2Promotion = 2;
    copy(dims, map.globalDims);
    copy(strides, map.globalStrides);
    copy(box, map.boxDims);
    std::fill_n(map.elementStrides, map.rank, 1);
    return map;
  }
};

/// 64 rows of 512 elements, in boxes of 8 rows.
Observed rows(Type type, uint16_t row, TileSwizzle swizzle, uint64_t stride,
              uint32_t flags) {
  return {type,
          swizzle,
          {512, 64},
          {stride},
          {row, 8},
          {0x34567890, 0x12, flags, uint32_t(stride / 16), 0, 0, 0, 0, 0x1FF,
           0x3F, 0, 0, 0, (row - 1u) << 24, 7, 0}};
}

std::vector<Observed> observed() {
  constexpr TileSwizzle none = TileSwizzle::None, b128 = TileSwizzle::B128;
  return {
      rows(Type::Float16, 64, none, 1024, 0x00040312),
      rows(Type::Float16, 16, TileSwizzle::B32, 1024, 0x00042312),
      rows(Type::Float16, 32, TileSwizzle::B64, 1024, 0x00044312),
      rows(Type::Float16, 64, b128, 1024, 0x00046312),
      rows(Type::BFloat16, 64, b128, 1024, 0x00046512),
      rows(Type::Float32, 32, b128, 2048, 0x00246392),
      rows(Type::TFloat32, 32, b128, 2048, 0x00256392),
      rows(Type::Float64, 16, b128, 4096, 0x00246492),
      rows(Type::UInt8, 128, b128, 512, 0x00046012),
      rows(Type::UInt16, 64, b128, 1024, 0x00046092),
      rows(Type::UInt32, 32, b128, 2048, 0x00246112),
      rows(Type::UInt64, 16, b128, 4096, 0x00246212),
      rows(Type::Packed16U4Align8B, 128, none, 256, 0x00040592),
      rows(Type::Packed16U4Align8B, 256, b128, 256, 0x00046592),
      rows(Type::Packed16U6Align16B, 128, b128, 384, 0x00046692),
      // One dimension.
      {Type::Float16,
       none,
       {512},
       {},
       {64},
       {0x34567890, 0x12, 0x00040302, 0, 0, 0, 0, 0, 0x1FF, 0, 0, 0, 0,
        0x3F000000, 0, 0}},
      // Five.
      {Type::Float16,
       b128,
       {512, 64, 3, 5, 7},
       {1024, 65536, 196608, 983040},
       {64, 8, 1, 1, 1},
       {0x34567890, 0x12, 0x00246342, 0x40, 0x1000, 0x3000, 0xF000, 0, 0x1FF,
        0x3F, 2, 4, 6, 0x3F000000, 7, 0}},
      // 131072, 131070 and more bytes from the first to the last element.
      {Type::Float16,
       none,
       {64, 1024},
       {128},
       {64, 8},
       {0x34567890, 0x12, 0x00240312, 8, 0, 0, 0, 0, 0x3F, 0x3FF, 0, 0, 0,
        0x3F000000, 7, 0}},
      {Type::Float16,
       none,
       {63, 1024},
       {128},
       {64, 8},
       {0x34567890, 0x12, 0x00040312, 8, 0, 0, 0, 0, 0x3E, 0x3FF, 0, 0, 0,
        0x3F000000, 7, 0}},
      {Type::Float16,
       none,
       {8, 3},
       {131072},
       {8, 3},
       {0x34567890, 0x12, 0x00240312, 0x2000, 0, 0, 0, 0, 7, 2, 0, 0, 0,
        0x07000000, 2, 0}},
      {Type::UInt8,
       none,
       {1 << 30, 4},
       {1 << 30},
       {128, 4},
       {0x34567890, 0x12, 0x00240012, 0x04000000, 0, 0, 0, 0, 0x3FFFFFFF, 3, 0,
        0, 0, 0x7F000000, 3, 0}},
  };
}

TEST(TensorMapBits, Encode) {
  for (auto [i, one] : enumerate(observed()))
    EXPECT_EQ(encodeTensorMap(one.map()), one.words) << i;
}

TEST(TensorMapBits, Decode) {
  for (auto [i, one] : enumerate(observed())) {
    Expected<TensorMap> map = decodeTensorMap(one.words);
    ASSERT_TRUE(bool(map)) << i << ": " << toString(map.takeError());
    EXPECT_EQ(map->globalAddress, address) << i;
    ASSERT_EQ(map->rank, one.dims.size()) << i;
    EXPECT_EQ(map->dataType, one.type) << i;
    EXPECT_EQ(map->swizzle, one.swizzle) << i;
    EXPECT_EQ(map->atom, TileAtom::B16) << i;
    EXPECT_EQ(map->interleave, 0) << i;
    EXPECT_EQ(map->l2Promotion, 2) << i;
    EXPECT_EQ(map->fillsWithNaN, 0) << i;
    for (unsigned dim = 0; dim < map->rank; ++dim) {
      EXPECT_EQ(map->globalDims[dim], one.dims[dim]) << i;
      EXPECT_EQ(map->boxDims[dim], one.box[dim]) << i;
      EXPECT_EQ(map->elementStrides[dim], 1) << i;
      if (dim > 0)
        EXPECT_EQ(map->globalStrides[dim - 1], one.strides[dim - 1]) << i;
    }
  }
}

/// A replacement in words that are all zeros, or all ones.
TensorMapWords replaced(uint32_t before, Field field, unsigned index,
                        uint64_t value) {
  TensorMapWords words, written;
  words.fill(before);
  if (Error error = replaceTensorMapField(words, field, index, value, written))
    ADD_FAILURE() << toString(std::move(error));
  return words;
}

/// Zeros but for some words.
TensorMapWords wordsOf(std::vector<std::pair<unsigned, uint32_t>> those) {
  TensorMapWords words = {};
  for (auto [i, word] : those)
    words[i] = word;
  return words;
}

TEST(TensorMapBits, Replace) {
  struct {
    Field field;
    unsigned index;
    uint64_t value;
    TensorMapWords words;
  } const cases[] = {
      {Field::GlobalAddress, 0, address, wordsOf({{0, 0x34567890}, {1, 0x12}})},
      {Field::Rank, 0, 4, wordsOf({{2, 0x40}})},
      {Field::BoxDim, 0, 256, wordsOf({{13, 0xFF000000}})},
      {Field::BoxDim, 1, 256, wordsOf({{14, 0xFF}})},
      {Field::BoxDim, 4, 3, wordsOf({{14, 0x02000000}})},
      {Field::GlobalDim, 0, 8, wordsOf({{8, 7}})},
      {Field::GlobalDim, 4, 0xFFFFFFFF, wordsOf({{12, 0xFFFFFFFE}})},
      {Field::GlobalStride, 0, 0x9234567890,
       wordsOf({{3, 0x23456789}, {7, 9}})},
      {Field::GlobalStride, 3, 0x9234567890,
       wordsOf({{6, 0x23456789}, {7, 0x9000}})},
      {Field::ElementStride, 0, 8, wordsOf({{13, 7}})},
      {Field::ElementStride, 4, 3, wordsOf({{13, 0x2000}})},
      {Field::ElementType, 0, 7, wordsOf({{2, 0x380}})},
      {Field::ElementType, 0, 8, wordsOf({{2, 0x400}})},
      {Field::ElementType, 0, 9, wordsOf({{2, 0x480}})},
      {Field::ElementType, 0, 10, wordsOf({{2, 0x500}})},
      {Field::ElementType, 0, 11, wordsOf({{2, 0x10380}})},
      {Field::ElementType, 0, 12, wordsOf({{2, 0x10400}})},
      {Field::ElementType, 0, 13, wordsOf({{2, 0x580}})},
      {Field::ElementType, 0, 14, wordsOf({{2, 0x600}})},
      {Field::ElementType, 0, 15, wordsOf({{2, 0x680}})},
      {Field::Interleave, 0, 2, wordsOf({{2, 0x1000}})},
      {Field::SwizzleMode, 0, 3, wordsOf({{2, 0x6000}})},
      {Field::SwizzleMode, 0, 4, wordsOf({{2, 0x400000}})},
      {Field::SwizzleAtom, 0, 3, wordsOf({{2, 0x180000}})},
      {Field::FillMode, 0, 1, wordsOf({{2, 0x8000}})},
  };
  for (auto [i, one] : enumerate(cases))
    EXPECT_EQ(replaced(0, one.field, one.index, one.value), one.words) << i;
}

TEST(TensorMapBits, ReplaceLeavesTheOthers) {
  struct {
    Field field;
    unsigned index;
    uint64_t zero;
    TensorMapWords mask;
  } const cases[] = {
      {Field::GlobalAddress, 0, 0, wordsOf({{0, ~0u}, {1, ~0u}})},
      {Field::Rank, 0, 0, wordsOf({{2, 0x70}})},
      {Field::BoxDim, 0, 1, wordsOf({{13, 0xFF000000}})},
      {Field::BoxDim, 3, 1, wordsOf({{14, 0xFF0000}})},
      {Field::GlobalDim, 2, 1, wordsOf({{10, ~0u}})},
      {Field::GlobalStride, 2, 0, wordsOf({{5, ~0u}, {7, 0xF00}})},
      {Field::ElementStride, 3, 1, wordsOf({{13, 0xE00}})},
      // The rounding to tf32 stays.
      {Field::ElementType, 0, 0, wordsOf({{2, 0x780}})},
      {Field::Interleave, 0, 0, wordsOf({{2, 0x1800}})},
      {Field::SwizzleMode, 0, 0, wordsOf({{2, 0x406000}})},
      {Field::SwizzleAtom, 0, 0, wordsOf({{2, 0x180000}})},
      {Field::FillMode, 0, 0, wordsOf({{2, 0x8000}})},
  };
  for (auto [i, one] : enumerate(cases)) {
    TensorMapWords words = replaced(~0u, one.field, one.index, one.zero);
    for (uint32_t &word : words)
      word = ~word;
    EXPECT_EQ(words, one.mask) << i;
    TensorMapWords written;
    EXPECT_FALSE(bool(
        replaceTensorMapField(words, one.field, one.index, one.zero, written)));
    EXPECT_EQ(written, one.mask) << i;
  }
}

std::string replaceErrorOf(Field field, uint64_t value) {
  TensorMapWords words = {}, written;
  Error error = replaceTensorMapField(words, field, 1, value, written);
  EXPECT_EQ(words, TensorMapWords());
  return error ? toString(std::move(error)) : "success";
}

TEST(TensorMapBits, WhatFieldsDoNotHave) {
  EXPECT_EQ(replaceErrorOf(Field::Rank, 5),
            "tensor map expects a rank of 1 to 5, but got 6");
  EXPECT_EQ(replaceErrorOf(Field::BoxDim, 0),
            "tensor map expects box dimension 1 to be 1 to 256, but got 0");
  EXPECT_EQ(replaceErrorOf(Field::BoxDim, 257),
            "tensor map expects box dimension 1 to be 1 to 256, but got 257");
  EXPECT_EQ(replaceErrorOf(Field::ElementStride, 9),
            "tensor map expects element stride 1 to be 1 to 8, but got 9");
  EXPECT_EQ(replaceErrorOf(Field::GlobalStride, 8),
            "tensor map expects global stride 1 to be a multiple of 16 bytes "
            "and less than 1099511627776, but got 8");
  EXPECT_EQ(replaceErrorOf(Field::GlobalStride, uint64_t(1) << 40),
            "tensor map expects global stride 1 to be a multiple of 16 bytes "
            "and less than 1099511627776, but got 1099511627776");
  EXPECT_EQ(replaceErrorOf(Field::ElementType, 16),
            "tensor map has no element type 16");
  EXPECT_EQ(replaceErrorOf(Field::SwizzleMode, 5), "the field has no value 5");
}

/// The error of a map of f16 after some bits of a word are changed.
std::string decodeErrorOf(unsigned word, uint32_t bits) {
  TensorMapWords words = observed()[0].words;
  words[word] ^= bits;
  Expected<TensorMap> map = decodeTensorMap(words);
  return map ? "success" : toString(map.takeError());
}

TEST(TensorMapBits, WhatIsNotKnown) {
  // Kernels make maps of zeros.
  EXPECT_EQ(decodeErrorOf(2, 2), "success");
  EXPECT_EQ(decodeErrorOf(2, 1),
            "tensor map is of kind 3, and not tiled, which is 0 or 2");
  EXPECT_EQ(decodeErrorOf(2, 0x10000), "tensor map has the type 6, "
                                       "rounded to tf32, which is none");
  EXPECT_EQ(decodeErrorOf(2, 0x400),
            "tensor map has the type 14, which is none");
  EXPECT_EQ(decodeErrorOf(2, 1 << 23), "tensor map has bits 0x800000 in word "
                                       "2, whose meaning is not known");
  EXPECT_EQ(decodeErrorOf(7, 1 << 16), "tensor map has bits 0x10000 in word 7, "
                                       "whose meaning is not known");
  EXPECT_EQ(decodeErrorOf(13, 1 << 15), "tensor map has bits 0x8000 in word "
                                        "13, whose meaning is not known");
  EXPECT_EQ(decodeErrorOf(15, 1), "tensor map has bits 0x1 in word 15, whose "
                                  "meaning is not known");
}

} // namespace
