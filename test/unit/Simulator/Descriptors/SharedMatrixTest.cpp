//===- SharedMatrixTest.cpp - Matrix descriptors that are refused ---------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/SharedMatrix.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

std::string errorOf(uint64_t descriptor) {
  Expected<SharedMatrix> matrix = decodeSharedMatrix(descriptor);
  return matrix ? "success" : toString(matrix.takeError());
}

std::string operandErrorOf(uint64_t descriptor, MatrixMajor major,
                           MmaType type) {
  Expected<SharedMatrix> matrix = decodeSharedMatrix(descriptor);
  if (!matrix)
    return toString(matrix.takeError());
  Error error = checkOperand(*matrix, major, type);
  return error ? toString(std::move(error)) : "success";
}

// K-major with a swizzle of 128, 64 and 32 bytes, and without.
constexpr uint64_t swizzle128 = 0x4000404000010000,
                   swizzle64 = 0x8000402000010000,
                   swizzle32 = 0xC000401000010000, plain = 0x0000401000080000;

TEST(SharedMatrix, Fields) {
  for (uint64_t descriptor : {swizzle128, swizzle64, swizzle32, plain})
    EXPECT_EQ(errorOf(descriptor), "success");
  EXPECT_EQ(errorOf(swizzle128 | uint64_t(1) << 53),
            "matrix descriptor 0x4020404000010000 expects its bits 53 to 60 to "
            "be 0");
  EXPECT_EQ(errorOf(swizzle128 | uint64_t(1) << 15),
            "matrix descriptor 0x4000404000018000 expects its bits 14 to 15 to "
            "be 0");
  EXPECT_EQ(errorOf(swizzle128 & ~(uint64_t(1) << 46)),
            "matrix descriptor 0x4000004000010000 expects bits 46 to 48, its "
            "version, to be 1, but got 0");
  EXPECT_EQ(errorOf(swizzle128 | uint64_t(1) << 61),
            "matrix descriptor 0x6000404000010000 expects a swizzle of 0, 1, "
            "2, 4 or 6, but got 3");
  EXPECT_EQ(errorOf(swizzle128 | uint64_t(3) << 49),
            "matrix descriptor 0x4006404000010000 has base offset 3: patterns "
            "off their natural boundary are not modelled");
  EXPECT_EQ(errorOf(swizzle128 | uint64_t(1) << 52),
            "matrix descriptor 0x4010404000010000 has an absolute leading "
            "offset, which is for K = 96 and not modelled");
}

TEST(SharedMatrix, BaseOffsetWithoutSwizzleMeansNothing) {
  EXPECT_EQ(errorOf(plain | uint64_t(4) << 49), "success");
}

TEST(SharedMatrix, Operands) {
  auto atomOf32Bytes = (swizzle128 & ~(uint64_t(7) << 61)) | uint64_t(1) << 61;
  EXPECT_EQ(operandErrorOf(atomOf32Bytes, MatrixMajor::K, MmaType::E2M1),
            "matrix descriptor has swizzle 1, 128 bytes with 32-byte atoms, "
            "which K-major operands do not have");
  EXPECT_EQ(operandErrorOf(atomOf32Bytes, MatrixMajor::MN, MmaType::TF32),
            "success");
  EXPECT_EQ(operandErrorOf(atomOf32Bytes, MatrixMajor::MN, MmaType::BF16),
            "matrix descriptor of an MN-major operand of bf16 expects a "
            "swizzle other than 1, but got 1");
  EXPECT_EQ(operandErrorOf(swizzle128, MatrixMajor::MN, MmaType::TF32),
            "matrix descriptor of an MN-major operand of tf32 expects a "
            "swizzle of 1, but got 2");
  EXPECT_EQ(operandErrorOf(swizzle128, MatrixMajor::MN, MmaType::E3M2),
            "matrix descriptor is for an MN-major operand, which e3m2 does not "
            "have");
}

TEST(SharedMatrix, Starts) {
  // In units of 16 bytes.
  EXPECT_EQ(operandErrorOf(swizzle128 | 6, MatrixMajor::K, MmaType::E2M1),
            "success");
  EXPECT_EQ(operandErrorOf(swizzle128 | 7, MatrixMajor::K, MmaType::E2M1),
            "matrix descriptor starts at 0x70, 112 bytes into a row of 128, "
            "but expects room for 32 bytes");
  EXPECT_EQ(operandErrorOf(swizzle128 | 8, MatrixMajor::K, MmaType::E2M1),
            "success");
  EXPECT_EQ(operandErrorOf(swizzle128 | 15, MatrixMajor::K, MmaType::E2M1),
            "matrix descriptor starts at 0xf0, 112 bytes into a row of 128, "
            "but expects room for 32 bytes");
  EXPECT_EQ(operandErrorOf(swizzle64 | 2, MatrixMajor::K, MmaType::E2M1),
            "success");
  EXPECT_EQ(operandErrorOf(swizzle128 | 2, MatrixMajor::MN, MmaType::F16),
            "matrix descriptor starts at 0x20, 32 bytes into a row of 128, but "
            "expects room for 128 bytes");
  EXPECT_EQ(operandErrorOf(plain | 9, MatrixMajor::K, MmaType::E2M1),
            "success");
}

} // namespace
