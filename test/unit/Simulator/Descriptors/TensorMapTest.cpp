//===- TensorMapTest.cpp - Tensor maps that are refused -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMap.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

/// 64 rows of 256 f16, in boxes of 8 by 64 with a swizzle of 128 bytes.
TensorMap mapOfHalves() {
  TensorMap map = {};
  map.globalAddress = 0x1000;
  map.globalDims[0] = 256;
  map.globalDims[1] = 64;
  map.globalStrides[0] = 512;
  map.boxDims[0] = 64;
  map.boxDims[1] = 8;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  map.rank = 2;
  map.dataType = TensorDataType::Float16;
  map.swizzle = TileSwizzle::B128;
  return map;
}

/// The same bytes as padded elements of 4 bits.
TensorMap mapOfPadded() {
  TensorMap map = mapOfHalves();
  map.dataType = TensorDataType::Packed16U4Align16B;
  map.globalDims[0] = 1024;
  map.boxDims[0] = 128;
  return map;
}

std::string errorOf(const TensorMap &map) {
  Error error = verifyTensorMap(map);
  return error ? toString(std::move(error)) : "success";
}

std::string tileErrorOf(const TensorMap &map,
                        const std::vector<int32_t> &coordinates) {
  Error error = visitTile(map, coordinates, 0, [](const TileRun &) {});
  return error ? toString(std::move(error)) : "success";
}

std::string storeErrorOf(const TensorMap &map,
                         const std::vector<int32_t> &coordinates) {
  Error error = checkTileStore(map, coordinates);
  return error ? toString(std::move(error)) : "success";
}

/// The error of a map after one change.
template <typename Change>
std::string errorAfter(TensorMap map, Change change) {
  change(map);
  return errorOf(map);
}

TEST(TensorMap, Legal) {
  EXPECT_EQ(errorOf(mapOfHalves()), "success");
  EXPECT_EQ(errorOf(mapOfPadded()), "success");
}

TEST(TensorMap, WhatIsNotModelled) {
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.interleave = 1; }),
            "tensor map has interleave 1, which is not modelled");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.rank = 6; }),
            "tensor map expects a rank of 1 to 5, but got 6");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.l2Promotion = 4; }),
            "tensor map has no l2 promotion 4");
  EXPECT_EQ(errorAfter(mapOfHalves(),
                       [](auto &map) { map.dataType = TensorDataType(16); }),
            "tensor map has no data type 16");
  EXPECT_EQ(errorAfter(mapOfHalves(),
                       [](auto &map) { map.swizzle = TileSwizzle::B96; }),
            "tensor map has a swizzle of 96 bytes, which is not modelled");
}

TEST(TensorMap, Global) {
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.globalAddress = 8; }),
            "tensor map of FLOAT16 expects the global address to be a multiple "
            "of 16 bytes, but got 0x8");
  EXPECT_EQ(
      errorAfter(mapOfPadded(), [](auto &map) { map.globalAddress = 16; }),
      "tensor map of 16U4_ALIGN16B expects the global address to be a multiple "
      "of 32 bytes, but got 0x10");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.globalDims[1] = 0; }),
            "tensor map expects global dimension 1 to be 1 to 4294967296, but "
            "got 0");
  EXPECT_EQ(
      errorAfter(mapOfPadded(), [](auto &map) { map.globalDims[0] = 960; }),
      "tensor map of 16U4_ALIGN16B expects global dimension 0 to be a multiple "
      "of 128, but got 960");
  EXPECT_EQ(
      errorAfter(mapOfHalves(), [](auto &map) { map.globalStrides[0] = 520; }),
      "tensor map of FLOAT16 expects global stride 0 to be a multiple of 16 "
      "bytes, but got 520");
  EXPECT_EQ(
      errorAfter(mapOfHalves(),
                 [](auto &map) { map.globalStrides[0] = uint64_t(1) << 40; }),
      "tensor map expects global stride 0 to be less than 1099511627776 bytes, "
      "but got 1099511627776");
}

TEST(TensorMap, Box) {
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.boxDims[1] = 257; }),
            "tensor map expects box dimension 1 to be 1 to 256, but got 257");
  EXPECT_EQ(
      errorAfter(mapOfHalves(), [](auto &map) { map.elementStrides[1] = 9; }),
      "tensor map expects element stride 1 to be 1 to 8, but got 9");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.boxDims[0] = 60; }),
            "tensor map of FLOAT16 expects box dimension 0 to span a multiple "
            "of 16 bytes, but got 60 elements");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.boxDims[0] = 72; }),
            "tensor map of FLOAT16 with a swizzle of 128 bytes expects box "
            "dimension 0 not to span more, but got 72 elements");
  EXPECT_EQ(errorAfter(mapOfPadded(), [](auto &map) { map.boxDims[0] = 64; }),
            "tensor map of 16U4_ALIGN16B expects box dimension 0 to be 128, "
            "but got 64");
}

TEST(TensorMap, Swizzle) {
  EXPECT_EQ(errorAfter(mapOfHalves(),
                       [](auto &map) {
                         map.swizzle = TileSwizzle::B64;
                         map.atom = TileAtom::B32;
                       }),
            "tensor map with a swizzle of 64 bytes expects atoms of 16 bytes");
  EXPECT_EQ(errorAfter(mapOfPadded(),
                       [](auto &map) { map.swizzle = TileSwizzle::B64; }),
            "tensor map of 16U4_ALIGN16B does not support swizzle mode 2 with "
            "atoms 0");
  EXPECT_EQ(errorAfter(mapOfHalves(),
                       [](auto &map) { map.swizzle = TileSwizzle(5); }),
            "tensor map has no swizzle mode 5 with atoms 0");
}

TEST(TensorMap, Fill) {
  EXPECT_EQ(errorAfter(mapOfPadded(), [](auto &map) { map.fillsWithNaN = 1; }),
            "tensor map of 16U4_ALIGN16B cannot fill with NaN, which takes a "
            "floating-point type");
  EXPECT_EQ(errorAfter(mapOfHalves(), [](auto &map) { map.fillsWithNaN = 2; }),
            "tensor map has no fill mode 2");
}

TEST(TensorMap, Tiles) {
  EXPECT_EQ(tileErrorOf(mapOfHalves(), {0, -3}), "success");
  EXPECT_EQ(tileErrorOf(mapOfHalves(), {0}),
            "tile of a tensor of rank 2 expects 2 coordinates, but got 1");
  EXPECT_EQ(tileErrorOf(mapOfPadded(), {16, 0}),
            "tile of 16U4_ALIGN16B expects coordinate 0 to be a multiple of "
            "128, but got 16");
  TensorMap narrow = mapOfHalves();
  narrow.boxDims[0] = 32;
  EXPECT_EQ(tileErrorOf(narrow, {0, 0}),
            "tile has rows of 64 bytes with a swizzle of 128, whose place in "
            "shared memory is not documented");
  EXPECT_EQ(tileErrorOf(TensorMap(), {0}),
            "tensor map expects a rank of 1 to 5, but got 0");
}

TEST(TensorMap, Stores) {
  EXPECT_EQ(storeErrorOf(mapOfHalves(), {0, 0}), "success");
  EXPECT_EQ(storeErrorOf(mapOfHalves(), {0, -1}),
            "tile that is stored expects coordinate 1 not to be negative, but "
            "got -1");
  EXPECT_EQ(storeErrorOf(mapOfPadded(), {0, 0}),
            "tile of 16U4_ALIGN16B cannot be stored");
}

TEST(TensorMap, NumbersOfTheDriver) {
  TensorMap map = {};
  cantFail(setDriverSwizzle(map, 2));
  EXPECT_EQ(map.swizzle, TileSwizzle::B64);
  cantFail(setDriverSwizzle(map, 5));
  EXPECT_EQ(map.swizzle, TileSwizzle::B128);
  EXPECT_EQ(map.atom, TileAtom::B32Flip8B);
  cantFail(setDriverSwizzle(map, 0));
  EXPECT_EQ(map.swizzle, TileSwizzle::None);
  EXPECT_EQ(map.atom, TileAtom::B16);
  EXPECT_EQ(toString(setDriverSwizzle(map, 7)), "tensor map has no swizzle 7");
}

} // namespace
