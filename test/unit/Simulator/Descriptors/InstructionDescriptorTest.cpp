//===- InstructionDescriptorTest.cpp - Which field is wrong ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// That each error names its field. What is legal is compared with the manual's
// tables in test/Simulator/Descriptors.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/InstructionDescriptor.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

std::string errorOf(uint32_t bits, MmaQualifiers qualifiers) {
  Expected<InstructionDescriptor> decoded =
      decodeInstructionDescriptor(bits, qualifiers);
  return decoded ? "success" : toString(decoded.takeError());
}

constexpr MmaQualifiers nvfp4 = {MmaKind::MXF4NVF4, 1, 16, false};
constexpr MmaQualifiers mxf8 = {MmaKind::MXF8F6F4, 1, 32, false};
constexpr MmaQualifiers mxf4 = {MmaKind::MXF4, 2, 32, false};
constexpr MmaQualifiers half = {MmaKind::F16, 1, 0, false};
constexpr MmaQualifiers bytes = {MmaKind::I8, 1, 0, false};
constexpr MmaQualifiers stationary = {MmaKind::F16, 1, 0, true};

// M = 128, N = 128.
constexpr uint32_t nvfp4Bits = 0x08200480, mxf4Bits = 0x08A00480,
                   mxf8Bits = 0x08A00000, halfBits = 0x08200010,
                   bytesBits = 0x08200020;

TEST(InstructionDescriptor, Legal) {
  EXPECT_EQ(errorOf(nvfp4Bits, nvfp4), "success");
  EXPECT_EQ(errorOf(mxf4Bits, mxf4), "success");
  EXPECT_EQ(errorOf(mxf8Bits, mxf8), "success");
  EXPECT_EQ(errorOf(halfBits, half), "success");
  EXPECT_EQ(errorOf(bytesBits, bytes), "success");
  EXPECT_EQ(errorOf(halfBits | 0xC0000000, stationary), "success");
}

TEST(InstructionDescriptor, Reserved) {
  EXPECT_EQ(errorOf(nvfp4Bits | 0x01000040, nvfp4),
            "instruction descriptor 0x92004c0 of kind mxf4nvf4 expects its "
            "reserved bits to be 0, but got 0x1000040");
  EXPECT_EQ(errorOf(nvfp4Bits | 0x4, nvfp4),
            "instruction descriptor 0x8200484 of kind mxf4nvf4 is for a sparse "
            "matrix, which is not modelled");
  EXPECT_EQ(errorOf(nvfp4Bits | 0x80000000, nvfp4),
            "instruction descriptor 0x88200480 of kind mxf4nvf4 has K = 96, "
            "which is not modelled");
  EXPECT_EQ(errorOf(halfBits | 0x40000000, half),
            "instruction descriptor 0x48200010 of kind f16 expects its "
            "reserved bits to be 0, but got 0x40000000");
}

TEST(InstructionDescriptor, Types) {
  EXPECT_EQ(errorOf(nvfp4Bits & ~0x80u, nvfp4),
            "instruction descriptor 0x8200400 of kind mxf4nvf4 has no type 0 "
            "for A");
  EXPECT_EQ(errorOf(mxf8Bits | 2 << 10, mxf8),
            "instruction descriptor 0x8a00800 of kind mxf8f6f4 has no type 2 "
            "for B");
  EXPECT_EQ(errorOf(halfBits | 0x30, half),
            "instruction descriptor 0x8200030 of kind f16 has no type 3 for "
            "D");
  EXPECT_EQ(errorOf(halfBits ^ 0x30, half),
            "MMA of kind f16 does not multiply f16 by f16 to s32");
  EXPECT_EQ(errorOf(nvfp4Bits, mxf4),
            "MMA of kind mxf4 does not take ue4m3 for blocks of 32");
}

TEST(InstructionDescriptor, Scales) {
  EXPECT_EQ(errorOf(nvfp4Bits | 2 << 29, nvfp4),
            "instruction descriptor 0x48200480 of kind mxf4nvf4 with 4 scales "
            "per row expects an SFA id of 0, but got 2");
  EXPECT_EQ(errorOf(mxf4Bits | 1 << 4, mxf4),
            "instruction descriptor 0x8a00490 of kind mxf4 with 2 scales per "
            "row expects an SFB id of 0 or 2, but got 1");
}

TEST(InstructionDescriptor, Modifiers) {
  EXPECT_EQ(errorOf(bytesBits | 1 << 13, bytes),
            "instruction descriptor 0x8202020 of kind i8 cannot negate A or "
            "B");
  EXPECT_EQ(errorOf(nvfp4Bits | 1 << 15, nvfp4),
            "instruction descriptor 0x8208480 of kind mxf4nvf4 cannot "
            "transpose A of e2m1");
  EXPECT_EQ(errorOf(mxf8Bits | 3 << 10 | 1 << 16, mxf8),
            "instruction descriptor 0x8a10c00 of kind mxf8f6f4 cannot "
            "transpose B of e2m3");
}

TEST(InstructionDescriptor, Shapes) {
  EXPECT_EQ(errorOf(0x10200480, nvfp4),
            "instruction descriptor 0x10200480 of kind mxf4nvf4 does not have "
            "M = 256 with cta_group 1");
  EXPECT_EQ(errorOf(0x06200010, half),
            "instruction descriptor 0x6200010 of kind f16 does not have M = 96 "
            "with cta_group 1");
  EXPECT_EQ(errorOf(0x08A00480 | 2 << 16, mxf4),
            "instruction descriptor 0x8a20480 of kind mxf4 does not have N = "
            "136 with cta_group 2");
  EXPECT_EQ(errorOf(0x08000480, nvfp4),
            "instruction descriptor 0x8000480 of kind mxf4nvf4 does not have "
            "N = 0 with cta_group 1");
  EXPECT_EQ(errorOf(0x080A0020, bytes),
            "instruction descriptor 0x80a0020 of kind i8 does not have N = 40 "
            "with cta_group 1");
  EXPECT_EQ(errorOf(0x08300010, stationary),
            "instruction descriptor 0x8300010 of kind f16 does not have N = "
            "192 with cta_group 1");
  MmaQualifiers pair = stationary;
  pair.ctaGroup = 2;
  EXPECT_EQ(errorOf(halfBits, pair),
            "instruction descriptor 0x8200010 of kind f16 cannot be "
            "weight-stationary with cta_group 2");
}

} // namespace
