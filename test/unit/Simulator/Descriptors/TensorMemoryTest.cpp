//===- TensorMemoryTest.cpp - Layouts that there are not ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMemory.h"
#include "fp4/Simulator/Descriptors/WarpMatrix.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

template <typename T>
std::string errorOf(Expected<T> value) {
  return value ? "success" : toString(value.takeError());
}

TEST(TensorMemory, Accumulators) {
  EXPECT_EQ(errorOf(getAccumulatorLayout(64, 2, false)),
            "tensor memory has no layout for M = 64 with cta_group 2");
  EXPECT_EQ(errorOf(getAccumulatorLayout(96, 1, true)),
            "tensor memory has no layout for M = 96 with cta_group 1 and .ws");
  EXPECT_EQ(getNumAccumulatorColumns(AccumulatorLayout::A, 256), 256u);
  EXPECT_EQ(getNumAccumulatorColumns(AccumulatorLayout::B, 256), 128u);
  EXPECT_EQ(getNumAccumulatorColumns(AccumulatorLayout::G, 256), 64u);
}

TEST(TensorMemory, OperandOfWeightStationaryParts) {
  auto spans = getAccumulatorRow(AccumulatorLayout::E, 64, 3);
  EXPECT_EQ(errorOf(getOperandLane(AccumulatorLayout::E, spans[1])),
            "A in tensor memory is not modelled for weight-stationary rows of "
            "D that are cut into 2");
}

TEST(TensorMemory, ScaleColumns) {
  EXPECT_EQ(getNumScaleColumns(128), 4u);
  EXPECT_EQ(getNumScaleColumns(8), 1u);
  EXPECT_EQ(getNumScaleColumns(192), 6u);
}

TEST(TensorMemory, CopyShapes) {
  EXPECT_EQ(errorOf(parseCopyShape("64x128b", "")),
            "tcgen05.cp has no shape 64x128b");
  EXPECT_EQ(errorOf(parseCopyShape("128x128b", "warpx4")),
            "tcgen05.cp has no shape 128x128b with warpx4");
  EXPECT_EQ(cantFail(parsePaddedFormat("b4x16_p64")), MmaType::E2M1);
  EXPECT_EQ(cantFail(parsePaddedFormat("b6x16_p32")), MmaType::E2M3);
  EXPECT_EQ(errorOf(parsePaddedFormat("b8x16")),
            "there is no padded format b8x16");
}

TEST(TensorMemory, ShiftMovesToTheLaneBefore) {
  EXPECT_EQ(getShiftSource({0, 5}), (TensorMemoryWord{1, 5}));
  EXPECT_EQ(getShiftSource({kShiftLanes - 1, 0}), (TensorMemoryWord{31, 0}));
}

TEST(TensorMemory, Accesses) {
  EXPECT_EQ(cantFail(getNumAccessRegisters(AccessShape::L16x256b, 32)), 128u);
  EXPECT_EQ(errorOf(getNumAccessRegisters(AccessShape::L16x256b, 64)),
            "tcgen05.ld and st of shape 16x256b expect .x1 to .x32, by powers "
            "of two, but got .x64");
}

TEST(WarpMatrix, Registers) {
  EXPECT_EQ(cantFail(getNumMatrixRegisters(MatrixShape::M16N16, 2)), 4u);
  EXPECT_EQ(getNumMatrixRows(MatrixShape::M16N16), 16u);
  EXPECT_EQ(errorOf(getNumMatrixRegisters(MatrixShape::M16N16, 4)),
            "ldmatrix and stmatrix of shape m16n16 expect .x1 to .x2, by "
            "powers of two, but got .x4");
  EXPECT_EQ(getNumFragmentRegisters(FragmentMatrix::A, 16, 16), 4u);
  EXPECT_EQ(getNumFragmentRegisters(FragmentMatrix::D, 16, 16), 2u);
}

} // namespace
