//===- DescriptorsTest.cpp - Tests of the encodings -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Descriptors are compared with numbers from the manuals and from kernels that
// run on the hardware; layouts with maps that are written out here from the
// side of the memory, byte after byte, and not from that of the matrix.
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Descriptors.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "gtest/gtest.h"
#include <set>
#include <vector>

using namespace llvm;
using namespace mlir::fp4::nvvm;

namespace {

constexpr SharedMemorySwizzle allSwizzles[] = {
    SharedMemorySwizzle::None, SharedMemorySwizzle::B32,
    SharedMemorySwizzle::B64, SharedMemorySwizzle::B128};

template <typename T>
std::string errorOf(Expected<T> value) {
  return value ? "success" : toString(value.takeError());
}

std::string errorOf(Error error) {
  return error ? toString(std::move(error)) : "success";
}

//===----------------------------------------------------------------------===//
// Matrix descriptors
//===----------------------------------------------------------------------===//

uint64_t matrixDescriptor(uint64_t start, uint64_t leading, uint64_t stride,
                          SharedMemorySwizzle swizzle) {
  Expected<uint64_t> encoded =
      encodeMatrixDescriptor({start, leading, stride, swizzle});
  if (!encoded) {
    ADD_FAILURE() << toString(encoded.takeError());
    return 0;
  }
  return *encoded;
}

TEST(MatrixDescriptor, KMajorConstants) {
  EXPECT_EQ(getKMajorDescriptorBase(SharedMemorySwizzle::B128),
            0x4000404000010000u);
  EXPECT_EQ(getKMajorDescriptorBase(SharedMemorySwizzle::B64),
            0x8000402000010000u);
  EXPECT_EQ(getKMajorDescriptorBase(SharedMemorySwizzle::B32),
            0xC000401000010000u);
  EXPECT_EQ(getKMajorDescriptorBase(SharedMemorySwizzle::None),
            0x0000401000080000u);
}

TEST(MatrixDescriptor, ScaleCopyConstant) {
  EXPECT_EQ(getScaleCopyDescriptorBase(), 0x0000400800010000u);
}

TEST(MatrixDescriptor, ConstantsOfCUTLASSKernels) {
  EXPECT_EQ(getKMajorDescriptorBase(SharedMemorySwizzle::B128),
            4611756662049538048u);
  EXPECT_EQ(getScaleCopyDescriptorBase(), 70403103981568u);
}

TEST(MatrixDescriptor, EncodesTheConstants) {
  EXPECT_EQ(matrixDescriptor(0, 16, 1024, SharedMemorySwizzle::B128),
            0x4000404000010000u);
  EXPECT_EQ(matrixDescriptor(0, 16, 512, SharedMemorySwizzle::B64),
            0x8000402000010000u);
  EXPECT_EQ(matrixDescriptor(0, 16, 256, SharedMemorySwizzle::B32),
            0xC000401000010000u);
  EXPECT_EQ(matrixDescriptor(0, 128, 256, SharedMemorySwizzle::None),
            0x0000401000080000u);
  EXPECT_EQ(matrixDescriptor(0, 16, 128, SharedMemorySwizzle::None),
            0x0000400800010000u);
}

TEST(MatrixDescriptor, EachFieldHasItsBits) {
  EXPECT_EQ(matrixDescriptor(0, 0, 0, SharedMemorySwizzle::None),
            0x0000400000000000u);
  EXPECT_EQ(matrixDescriptor(0x3FFF0, 0, 0, SharedMemorySwizzle::None),
            0x0000400000003FFFu);
  EXPECT_EQ(matrixDescriptor(0, 0x3FFF0, 0, SharedMemorySwizzle::None),
            0x000040003FFF0000u);
  EXPECT_EQ(matrixDescriptor(0, 0, 0x3FFF0, SharedMemorySwizzle::None),
            0x00007FFF00000000u);
}

TEST(MatrixDescriptor, StepsAlongKAndScaleAtoms) {
  EXPECT_EQ(matrixDescriptor(32, 16, 1024, SharedMemorySwizzle::B128),
            0x4000404000010000u + 2);
  EXPECT_EQ(matrixDescriptor(96, 16, 1024, SharedMemorySwizzle::B128),
            0x4000404000010000u + 6);
  EXPECT_EQ(matrixDescriptor(512, 16, 128, SharedMemorySwizzle::None),
            0x0000400800010000u + 32);
}

TEST(MatrixDescriptor, ErrorsNameTheField) {
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({8, 0, 0, {}})),
            "matrix descriptor expects the start address to be a multiple of "
            "16 bytes, but got 8");
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({0, 17, 0, {}})),
            "matrix descriptor expects the leading byte offset to be a "
            "multiple of 16 bytes, but got 17");
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({0, 0, 1, {}})),
            "matrix descriptor expects the stride byte offset to be a multiple "
            "of 16 bytes, but got 1");
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({262144, 0, 0, {}})),
            "matrix descriptor expects the start address to be at most 262128 "
            "bytes, but got 262144");
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({0, 262144, 0, {}})),
            "matrix descriptor expects the leading byte offset to be at most "
            "262128 bytes, but got 262144");
  EXPECT_EQ(errorOf(encodeMatrixDescriptor({0, 0, 262144, {}})),
            "matrix descriptor expects the stride byte offset to be at most "
            "262128 bytes, but got 262144");
}

//===----------------------------------------------------------------------===//
// Addresses of a K-major operand
//===----------------------------------------------------------------------===//

/// Eight rows of an operand as they lie in memory, 128 bytes a line: the first
/// digit of a chunk of 16 bytes is its row, the second its place in the row.
using Lines = std::vector<std::vector<unsigned>>;

const Lines lines32 = {
    {00, 01, 10, 11, 20, 21, 30, 31},
    {41, 40, 51, 50, 61, 60, 71, 70},
};
const Lines lines64 = {
    {00, 01, 02, 03, 10, 11, 12, 13},
    {21, 20, 23, 22, 31, 30, 33, 32},
    {42, 43, 40, 41, 52, 53, 50, 51},
    {63, 62, 61, 60, 73, 72, 71, 70},
};
const Lines lines128 = {
    {00, 01, 02, 03, 04, 05, 06, 07}, {11, 10, 13, 12, 15, 14, 17, 16},
    {22, 23, 20, 21, 26, 27, 24, 25}, {33, 32, 31, 30, 37, 36, 35, 34},
    {44, 45, 46, 47, 40, 41, 42, 43}, {55, 54, 57, 56, 51, 50, 53, 52},
    {66, 67, 64, 65, 62, 63, 60, 61}, {77, 76, 75, 74, 73, 72, 71, 70},
};

/// Compares 32 rows, one group of eight behind the other, with those lines.
void expectLines(SharedMemorySwizzle swizzle, const Lines &lines) {
  uint64_t address = 0;
  for (unsigned group = 0; group < 4; ++group)
    for (const std::vector<unsigned> &line : lines)
      for (unsigned chunk : line)
        for (unsigned byte = 0; byte < 16; ++byte)
          EXPECT_EQ(getKMajorOffset(swizzle, group * 8 + chunk / 10,
                                    chunk % 10 * 16 + byte),
                    address++)
              << "group " << group << " chunk " << chunk << " byte " << byte;
}

TEST(KMajorOffset, Swizzle32) {
  expectLines(SharedMemorySwizzle::B32, lines32);
}

TEST(KMajorOffset, Swizzle64) {
  expectLines(SharedMemorySwizzle::B64, lines64);
}

TEST(KMajorOffset, Swizzle128) {
  expectLines(SharedMemorySwizzle::B128, lines128);
}

TEST(KMajorOffset, NoSwizzle) {
  uint64_t address = 0;
  for (unsigned group = 0; group < 4; ++group)
    for (unsigned column = 0; column < 2; ++column)
      for (unsigned row = 0; row < 8; ++row)
        for (unsigned byte = 0; byte < 16; ++byte)
          EXPECT_EQ(getKMajorOffset(SharedMemorySwizzle::None, group * 8 + row,
                                    column * 16 + byte),
                    address++);
}

TEST(Swizzle, Spans) {
  EXPECT_EQ(getSwizzleSpan(SharedMemorySwizzle::None), 16u);
  EXPECT_EQ(getSwizzleSpan(SharedMemorySwizzle::B32), 32u);
  EXPECT_EQ(getSwizzleSpan(SharedMemorySwizzle::B64), 64u);
  EXPECT_EQ(getSwizzleSpan(SharedMemorySwizzle::B128), 128u);
}

TEST(Swizzle, SelectsAddressBits) {
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::None, 0xFFFF), 0xFFFFu);
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B32, 0x380), 0x390u);
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B64, 0x380), 0x3B0u);
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B128, 0x380), 0x3F0u);
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B128, 0x3FF), 0x38Fu);
  EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B128, 0xFC00), 0xFC00u);
}

TEST(Swizzle, PermutesWithinItsPatternAndUndoesItself) {
  for (SharedMemorySwizzle swizzle : allSwizzles) {
    uint64_t pattern = 8 * getSwizzleSpan(swizzle);
    for (uint64_t base : {uint64_t(0), 5 * pattern}) {
      std::set<uint64_t> images;
      for (uint64_t byte = 0; byte < pattern; ++byte) {
        uint64_t image = swizzleOffset(swizzle, base + byte);
        EXPECT_EQ(image / pattern, base / pattern);
        EXPECT_EQ(swizzleOffset(swizzle, image), base + byte);
        images.insert(image);
      }
      EXPECT_EQ(images.size(), pattern);
    }
  }
}

/// A step along K adds to the start address alone; the hardware then swizzles
/// the sum. That must find the bytes that the copy has put there.
TEST(Swizzle, StartAddressesMayStepWithinTheSpan) {
  for (uint64_t step : {0, 32, 64, 96})
    for (uint64_t row = 0; row < 16; ++row)
      for (uint64_t byte = 0; byte < 32; ++byte)
        EXPECT_EQ(swizzleOffset(SharedMemorySwizzle::B128,
                                2048 + step + row * 128 + byte),
                  2048 + getKMajorOffset(SharedMemorySwizzle::B128, row,
                                         step + byte));
}

//===----------------------------------------------------------------------===//
// Instruction descriptors
//===----------------------------------------------------------------------===//

uint32_t instructionDescriptor(ScaleType scaleType, unsigned m, unsigned n,
                               unsigned id = 0) {
  Expected<uint32_t> encoded = encodeBlockScaledInstructionDescriptor(
      {scaleType, m, n, id, id, m == 256 ? 2u : 1u});
  if (!encoded) {
    ADD_FAILURE() << toString(encoded.takeError());
    return 0;
  }
  return *encoded;
}

std::string errorOfInstruction(const InstructionDescriptor &desc) {
  return errorOf(encodeBlockScaledInstructionDescriptor(desc));
}

TEST(InstructionDescriptor, UE4M3) {
  auto encode = [](unsigned m, unsigned n) {
    return instructionDescriptor(ScaleType::UE4M3, m, n);
  };
  EXPECT_EQ(encode(128, 64), 0x08100480u);
  EXPECT_EQ(encode(128, 128), 0x08200480u);
  EXPECT_EQ(encode(128, 192), 0x08300480u);
  EXPECT_EQ(encode(128, 256), 0x08400480u);
  EXPECT_EQ(encode(256, 64), 0x10100480u);
  EXPECT_EQ(encode(256, 128), 0x10200480u);
  EXPECT_EQ(encode(256, 192), 0x10300480u);
  EXPECT_EQ(encode(256, 256), 0x10400480u);
}

TEST(InstructionDescriptor, UE8M0) {
  auto encode = [](unsigned m, unsigned n) {
    return instructionDescriptor(ScaleType::UE8M0, m, n);
  };
  EXPECT_EQ(encode(128, 64), 0x08900480u);
  EXPECT_EQ(encode(128, 128), 0x08A00480u);
  EXPECT_EQ(encode(128, 192), 0x08B00480u);
  EXPECT_EQ(encode(128, 256), 0x08C00480u);
  EXPECT_EQ(encode(256, 64), 0x10900480u);
  EXPECT_EQ(encode(256, 128), 0x10A00480u);
  EXPECT_EQ(encode(256, 192), 0x10B00480u);
  EXPECT_EQ(encode(256, 256), 0x10C00480u);
}

TEST(InstructionDescriptor, UE8M0SecondHalfOfTheWord) {
  auto encode = [](unsigned m, unsigned n) {
    return instructionDescriptor(ScaleType::UE8M0, m, n, /*id=*/2);
  };
  EXPECT_EQ(encode(128, 64), 0x489004A0u);
  EXPECT_EQ(encode(128, 128), 0x48A004A0u);
  EXPECT_EQ(encode(128, 192), 0x48B004A0u);
  EXPECT_EQ(encode(128, 256), 0x48C004A0u);
  EXPECT_EQ(encode(256, 64), 0x509004A0u);
  EXPECT_EQ(encode(256, 128), 0x50A004A0u);
  EXPECT_EQ(encode(256, 192), 0x50B004A0u);
  EXPECT_EQ(encode(256, 256), 0x50C004A0u);
}

TEST(InstructionDescriptor, ScaleIdsAreIndependent) {
  InstructionDescriptor desc = {ScaleType::UE8M0, 128, 128, 2, 0, 1};
  EXPECT_EQ(cantFail(encodeBlockScaledInstructionDescriptor(desc)),
            0x48A00480u);
  desc.sfaId = 0;
  desc.sfbId = 2;
  EXPECT_EQ(cantFail(encodeBlockScaledInstructionDescriptor(desc)),
            0x08A004A0u);
}

/// M = 128 is the only M of one block; two blocks take 128 and 256.
TEST(InstructionDescriptor, LegalShapes) {
  for (unsigned ctaGroup : {1, 2})
    for (unsigned m : {0, 32, 64, 128, 192, 256, 384, 512})
      for (unsigned n = 0; n <= 300; ++n) {
        bool isLegalM = ctaGroup == 1 ? m == 128 : m == 128 || m == 256;
        bool isLegalN = ctaGroup == 1 ? n >= 8 && n <= 256 && n % 8 == 0
                                      : n >= 16 && n <= 256 && n % 16 == 0;
        std::string error =
            errorOfInstruction({ScaleType::UE4M3, m, n, 0, 0, ctaGroup});
        EXPECT_EQ(error == "success", isLegalM && isLegalN)
            << "cta_group " << ctaGroup << " M " << m << " N " << n;
      }
}

TEST(InstructionDescriptor, ShapeErrors) {
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 128, 128, 0, 0, 3}),
            "instruction descriptor expects cta_group 1 or 2, but got 3");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 256, 128, 0, 0, 1}),
            "instruction descriptor expects M to be 128 with cta_group 1, but "
            "got 256");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 64, 128, 0, 0, 2}),
            "instruction descriptor expects M to be 128 or 256 with cta_group "
            "2, but got 64");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 128, 12, 0, 0, 1}),
            "instruction descriptor expects N to be a multiple of 8 from 8 to "
            "256 with cta_group 1, but got 12");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 256, 24, 0, 0, 2}),
            "instruction descriptor expects N to be a multiple of 16 from 16 "
            "to 256 with cta_group 2, but got 24");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 128, 264, 0, 0, 1}),
            "instruction descriptor expects N to be a multiple of 8 from 8 to "
            "256 with cta_group 1, but got 264");
}

TEST(InstructionDescriptor, ScaleIdErrors) {
  EXPECT_EQ(errorOfInstruction({ScaleType::UE8M0, 128, 128, 1, 0, 1}),
            "instruction descriptor expects SFA id to be 0 or 2, but got 1");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE8M0, 128, 128, 0, 4, 1}),
            "instruction descriptor expects SFB id to be 0 or 2, but got 4");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 128, 128, 2, 0, 1}),
            "instruction descriptor expects SFA id to be 0 with ue4m3 scales, "
            "but got 2");
  EXPECT_EQ(errorOfInstruction({ScaleType::UE4M3, 128, 128, 0, 2, 1}),
            "instruction descriptor expects SFB id to be 0 with ue4m3 scales, "
            "but got 2");
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

TEST(ScaleByteOffset, Examples) {
  EXPECT_EQ(getScaleByteOffset(0, 0, 4), 0u);
  EXPECT_EQ(getScaleByteOffset(0, 3, 4), 3u);
  EXPECT_EQ(getScaleByteOffset(32, 0, 4), 4u);
  EXPECT_EQ(getScaleByteOffset(1, 0, 4), 16u);
  EXPECT_EQ(getScaleByteOffset(127, 3, 4), 511u);
  EXPECT_EQ(getScaleByteOffset(0, 4, 8), 512u);
  EXPECT_EQ(getScaleByteOffset(128, 0, 8), 1024u);
}

/// 256 rows of 10 groups, padded to 12.
TEST(ScaleByteOffset, AtomsInTheOrderOfTheirBytes) {
  uint64_t offset = 0;
  for (unsigned rowTile = 0; rowTile < 2; ++rowTile)
    for (unsigned groupTile = 0; groupTile < 3; ++groupTile)
      for (unsigned line = 0; line < 32; ++line)
        for (unsigned quarter = 0; quarter < 4; ++quarter)
          for (unsigned byte = 0; byte < 4; ++byte, ++offset) {
            unsigned row = rowTile * 128 + quarter * 32 + line;
            unsigned group = groupTile * 4 + byte;
            if (group < 10) {
              EXPECT_EQ(getScaleByteOffset(row, group, 10), offset)
                  << "row " << row << " group " << group;
            }
          }
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// A 4096 x 8192 matrix of codes, two in a byte, in boxes of 128 x 256.
TensorMap packedCodes() {
  TensorMap map;
  map.dataType = TensorMapDataType::UInt8;
  map.globalDims = {4096, 4096};
  map.globalStrides = {4096};
  map.boxDims = {128, 128};
  map.swizzle = TensorMapSwizzle::B128;
  map.l2Promotion = TensorMapL2Promotion::B256;
  return map;
}

/// The same as single codes, which are unpacked on their way.
TensorMap unpackedCodes() {
  TensorMap map = packedCodes();
  map.dataType = TensorMapDataType::Packed16U4Align16B;
  map.globalDims = {8192, 4096};
  return map;
}

/// The error for a map after that change.
std::string errorAfter(TensorMap map, function_ref<void(TensorMap &)> change) {
  change(map);
  return errorOf(verifyTensorMap(map));
}

std::string errorAfter(function_ref<void(TensorMap &)> change) {
  return errorAfter(packedCodes(), change);
}

TEST(TensorMap, NumbersAreTheDrivers) {
  EXPECT_EQ(int(TensorMapDataType::UInt8), 0);
  EXPECT_EQ(int(TensorMapDataType::UInt16), 1);
  EXPECT_EQ(int(TensorMapDataType::UInt32), 2);
  EXPECT_EQ(int(TensorMapDataType::Int32), 3);
  EXPECT_EQ(int(TensorMapDataType::UInt64), 4);
  EXPECT_EQ(int(TensorMapDataType::Int64), 5);
  EXPECT_EQ(int(TensorMapDataType::Float16), 6);
  EXPECT_EQ(int(TensorMapDataType::Float32), 7);
  EXPECT_EQ(int(TensorMapDataType::Float64), 8);
  EXPECT_EQ(int(TensorMapDataType::BFloat16), 9);
  EXPECT_EQ(int(TensorMapDataType::Float32FTZ), 10);
  EXPECT_EQ(int(TensorMapDataType::TFloat32), 11);
  EXPECT_EQ(int(TensorMapDataType::TFloat32FTZ), 12);
  EXPECT_EQ(int(TensorMapDataType::Packed16U4Align8B), 13);
  EXPECT_EQ(int(TensorMapDataType::Packed16U4Align16B), 14);
  EXPECT_EQ(int(TensorMapDataType::Packed16U6Align16B), 15);
  EXPECT_EQ(int(TensorMapSwizzle::None), 0);
  EXPECT_EQ(int(TensorMapSwizzle::B32), 1);
  EXPECT_EQ(int(TensorMapSwizzle::B64), 2);
  EXPECT_EQ(int(TensorMapSwizzle::B128), 3);
  EXPECT_EQ(int(TensorMapSwizzle::B128Atom32B), 4);
  EXPECT_EQ(int(TensorMapSwizzle::B128Atom32BFlip8B), 5);
  EXPECT_EQ(int(TensorMapSwizzle::B128Atom64B), 6);
  EXPECT_EQ(int(TensorMapL2Promotion::None), 0);
  EXPECT_EQ(int(TensorMapL2Promotion::B64), 1);
  EXPECT_EQ(int(TensorMapL2Promotion::B128), 2);
  EXPECT_EQ(int(TensorMapL2Promotion::B256), 3);
  EXPECT_EQ(int(TensorMapOOBFill::Zero), 0);
  EXPECT_EQ(int(TensorMapOOBFill::NaN), 1);
}

TEST(TensorMap, SwizzlesThatDescriptorsRead) {
  EXPECT_EQ(int(getTensorMapSwizzle(SharedMemorySwizzle::None)), 0);
  EXPECT_EQ(int(getTensorMapSwizzle(SharedMemorySwizzle::B32)), 1);
  EXPECT_EQ(int(getTensorMapSwizzle(SharedMemorySwizzle::B64)), 2);
  EXPECT_EQ(int(getTensorMapSwizzle(SharedMemorySwizzle::B128)), 3);
}

TEST(TensorMap, LegalMaps) {
  EXPECT_EQ(errorOf(verifyTensorMap(packedCodes())), "success");
  EXPECT_EQ(errorOf(verifyTensorMap(unpackedCodes())), "success");

  // Codes that stay packed: 256 of them are 128 bytes.
  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.dataType = TensorMapDataType::Packed16U4Align8B;
              map.globalDims = {8192, 4096};
              map.boxDims = {256, 128};
            }),
            "success");

  // Two scales as one 16-bit number: an atom of 512 bytes per box.
  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.dataType = TensorMapDataType::UInt16;
              map.globalDims = {256, 64, 32};
              map.globalStrides = {512, 32768};
              map.boxDims = {256, 4, 1};
              map.swizzle = TensorMapSwizzle::None;
            }),
            "success");

  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.dataType = TensorMapDataType::BFloat16;
              map.globalDims = {uint64_t(1) << 32};
              map.globalStrides = {};
              map.boxDims = {64};
              map.oobFill = TensorMapOOBFill::NaN;
            }),
            "success");

  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.globalDims = {16, 1, 1, 1, 1};
              map.globalStrides = {16, 16, 16, 1099511627760};
              map.boxDims = {16, 1, 256, 1, 1};
            }),
            "success");
}

TEST(TensorMap, RankErrors) {
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.globalDims.clear(); }),
            "tensor map expects a rank of 1 to 5, but got 0");
  EXPECT_EQ(
      errorAfter([](TensorMap &map) { map.globalDims = {16, 1, 1, 1, 1, 1}; }),
      "tensor map expects a rank of 1 to 5, but got 6");
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.globalStrides = {1, 4096}; }),
            "tensor map of rank 2 expects 1 global strides, but got 2");
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.boxDims = {128}; }),
            "tensor map of rank 2 expects 2 box dimensions, but got 1");
}

TEST(TensorMap, GlobalDimensionErrors) {
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.globalDims[1] = 0; }),
            "tensor map expects global dimension 1 to be 1 to 4294967296, but "
            "got 0");
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.globalDims[0] = 4294967297; }),
            "tensor map expects global dimension 0 to be 1 to 4294967296, but "
            "got 4294967297");
  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.dataType = TensorMapDataType::Packed16U4Align8B;
              map.globalDims[0] = 8191;
            }),
            "tensor map of 16U4_ALIGN8B expects global dimension 0 to be a "
            "multiple of 2, but got 8191");
  EXPECT_EQ(errorAfter(unpackedCodes(),
                       [](TensorMap &map) { map.globalDims[0] = 64; }),
            "tensor map of 16U4_ALIGN16B expects global dimension 0 to be a "
            "multiple of 128, but got 64");
}

TEST(TensorMap, GlobalStrideErrors) {
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.globalStrides[0] = 4104; }),
            "tensor map of UINT8 expects global stride 0 to be a multiple of "
            "16 bytes, but got 4104");
  EXPECT_EQ(errorAfter(unpackedCodes(),
                       [](TensorMap &map) { map.globalStrides[0] = 4112; }),
            "tensor map of 16U4_ALIGN16B expects global stride 0 to be a "
            "multiple of 32 bytes, but got 4112");
  EXPECT_EQ(
      errorAfter([](TensorMap &map) { map.globalStrides[0] = 1099511627776; }),
      "tensor map expects global stride 0 to be less than 1099511627776 "
      "bytes, but got 1099511627776");
}

TEST(TensorMap, BoxErrors) {
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.boxDims[1] = 0; }),
            "tensor map expects box dimension 1 to be 1 to 256, but got 0");
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.boxDims[1] = 257; }),
            "tensor map expects box dimension 1 to be 1 to 256, but got 257");
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.boxDims[0] = 24; }),
            "tensor map of UINT8 expects box dimension 0 to span a multiple of "
            "16 bytes, but got 24 elements of 8 bits");
  EXPECT_EQ(
      errorAfter(unpackedCodes(), [](TensorMap &map) { map.boxDims[0] = 64; }),
      "tensor map of 16U4_ALIGN16B expects box dimension 0 to be 128, "
      "but got 64");
}

TEST(TensorMap, SwizzleErrors) {
  EXPECT_EQ(errorAfter([](TensorMap &map) { map.boxDims[0] = 256; }),
            "tensor map of UINT8 with swizzle 128B expects box dimension 0 to "
            "span at most 128 bytes, but got 256 elements of 8 bits");
  EXPECT_EQ(
      errorAfter([](TensorMap &map) { map.swizzle = TensorMapSwizzle::B64; }),
      "tensor map of UINT8 with swizzle 64B expects box dimension 0 to "
      "span at most 64 bytes, but got 128 elements of 8 bits");
  EXPECT_EQ(errorAfter([](TensorMap &map) {
              map.dataType = TensorMapDataType::UInt16;
              map.boxDims[0] = 24;
              map.swizzle = TensorMapSwizzle::B32;
            }),
            "tensor map of UINT16 with swizzle 32B expects box dimension 0 to "
            "span at most 32 bytes, but got 24 elements of 16 bits");
  EXPECT_EQ(
      errorAfter(unpackedCodes(),
                 [](TensorMap &map) { map.swizzle = TensorMapSwizzle::B64; }),
      "tensor map of 16U4_ALIGN16B does not support swizzle 64B");
  // Stores of six-bit values know one more.
  auto setAtom64B = [](TensorMap &map) {
    map.swizzle = TensorMapSwizzle::B128Atom64B;
  };
  EXPECT_EQ(errorAfter(unpackedCodes(), setAtom64B),
            "tensor map of 16U4_ALIGN16B does not support swizzle "
            "128B_ATOM_64B");
  TensorMap sixBits = unpackedCodes();
  sixBits.dataType = TensorMapDataType::Packed16U6Align16B;
  EXPECT_EQ(errorAfter(sixBits, setAtom64B), "success");
}

TEST(TensorMap, FillErrors) {
  EXPECT_EQ(
      errorAfter([](TensorMap &map) { map.oobFill = TensorMapOOBFill::NaN; }),
      "tensor map of UINT8 cannot fill with NaN, which takes a "
      "floating-point type");
}

} // namespace
