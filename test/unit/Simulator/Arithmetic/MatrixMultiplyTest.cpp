//===- MatrixMultiplyTest.cpp - Tests of the tensor cores' products -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which models there are, and what tells them apart in a product or two. Random
// operands of all kinds are compared bit for bit in test/Simulator/Arithmetic.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

MmaModel modelOf(Expected<MmaModel> model) {
  if (model)
    return *model;
  ADD_FAILURE() << toString(model.takeError());
  return {};
}

std::string errorOf(Expected<MmaModel> model) {
  return model ? "success" : toString(model.takeError());
}

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

/// A row with `bytes` in front and zeros behind.
MmaOperand operand(const MmaModel &model, MmaType type,
                   std::vector<uint8_t> bytes, std::vector<uint8_t> scales) {
  MmaOperand result(model, type, 1);
  bytes.resize(model.getRowBytes(type));
  result.setRow(0, bytes);
  if (!scales.empty())
    result.setScales(0, scales);
  return result;
}

/// The only element of D.
uint32_t multiply(const MmaModel &model, std::vector<uint8_t> a,
                  std::vector<uint8_t> b, uint32_t c,
                  std::vector<uint8_t> scalesA = {},
                  std::vector<uint8_t> scalesB = {}) {
  uint32_t d = c;
  multiplyRow(model, operand(model, model.a, std::move(a), std::move(scalesA)),
              0, operand(model, model.b, std::move(b), std::move(scalesB)), 0,
              d, /*readD=*/true);
  return d;
}

TEST(MmaModel, ElementsPerInstruction) {
  auto kOf = [](MmaKind kind, MmaType type, MmaType d) {
    return modelOf(getTCGen05Model(kind, type, type, d)).k;
  };
  EXPECT_EQ(kOf(MmaKind::F16, MmaType::BF16, MmaType::F32), 16u);
  EXPECT_EQ(kOf(MmaKind::TF32, MmaType::TF32, MmaType::F32), 8u);
  EXPECT_EQ(kOf(MmaKind::F8F6F4, MmaType::E2M1, MmaType::F16), 32u);
  EXPECT_EQ(kOf(MmaKind::I8, MmaType::S8, MmaType::S32), 32u);
  MmaModel nvfp4 =
      modelOf(getTCGen05Model(MmaKind::MXF4NVF4, MmaType::E2M1, MmaType::E2M1,
                              MmaType::F32, MmaScale::UE4M3, 16));
  EXPECT_EQ(nvfp4.k, 64u);
  EXPECT_EQ(nvfp4.getNumScales(), 4u);
  EXPECT_EQ(nvfp4.getRowBytes(MmaType::E2M1), 32u);
}

TEST(MmaModel, ErrorsNameWhatThereIsNot) {
  EXPECT_EQ(errorOf(getTCGen05Model(MmaKind::F16, MmaType::BF16, MmaType::BF16,
                                    MmaType::F16)),
            "MMA of kind f16 does not multiply bf16 by bf16 to f16");
  EXPECT_EQ(errorOf(getTCGen05Model(MmaKind::MXF4, MmaType::E2M1, MmaType::E4M3,
                                    MmaType::F32, MmaScale::UE8M0, 32)),
            "MMA of kind mxf4 does not multiply e2m1 by e4m3 to f32");
  EXPECT_EQ(errorOf(getTCGen05Model(MmaKind::MXF4, MmaType::E2M1, MmaType::E2M1,
                                    MmaType::F32, MmaScale::UE4M3, 16)),
            "MMA of kind mxf4 does not take ue4m3 for blocks of 16");
  EXPECT_EQ(errorOf(getTCGen05Model(MmaKind::MXF4NVF4, MmaType::E2M1,
                                    MmaType::E2M1, MmaType::F32)),
            "MMA of kind mxf4nvf4 does not take no scales for blocks "
            "of 0");
  EXPECT_EQ(errorOf(getTCGen05Model(MmaKind::TF32, MmaType::TF32, MmaType::TF32,
                                    MmaType::F32, MmaScale::None, 0, true)),
            "MMA of kind tf32 does not saturate");
  EXPECT_EQ(errorOf(getMmaSyncModel(TensorCore::Ampere, 32, MmaType::E4M3,
                                    MmaType::E4M3, MmaType::F32)),
            "mma.sync of e4m3 by e4m3 to f32 with k = 32 is not modelled for "
            "ampere tensor cores");
  EXPECT_EQ(errorOf(getMmaSyncModel(TensorCore::Blackwell, 16, MmaType::F16,
                                    MmaType::F16, MmaType::F32, true)),
            "mma.sync of f16 by f16 to f32 with k = 16 and saturation is not "
            "modelled for blackwell tensor cores");
  EXPECT_EQ(errorOf(getMmaSyncModel(TensorCore::Hopper, 32, MmaType::E2M1,
                                    MmaType::E4M3, MmaType::F32)),
            "mma.sync of e2m1 by e4m3 to f32 with k = 32 is not modelled for "
            "hopper tensor cores");
  EXPECT_EQ(errorOf(getScaledMmaSyncModel(TensorCore::Blackwell, MmaKind::MXF4,
                                          MmaType::E2M1, MmaType::E2M1,
                                          MmaScale::UE8M0, 32)),
            "mma.sync of kind mxf4 with ue8m0 is not modelled for blackwell "
            "tensor cores");
  EXPECT_EQ(errorOf(getScaledMmaSyncModel(TensorCore::RTXBlackwell,
                                          MmaKind::MXF4, MmaType::E2M1,
                                          MmaType::E2M1, MmaScale::UE4M3, 16)),
            "MMA of kind mxf4 does not take ue4m3 for blocks of "
            "16");
  EXPECT_EQ(errorOf(getWgmmaModel(MmaType::F16, MmaType::BF16, MmaType::F32)),
            "wgmma of f16 by bf16 to f32 is not modelled");
  EXPECT_EQ(
      errorOf(getWgmmaModel(MmaType::TF32, MmaType::TF32, MmaType::F32, true)),
      "wgmma of tf32 by tf32 to f32 with saturation is not modelled");
}

TEST(MatrixMultiply, ResultsAreTruncated) {
  MmaModel model = modelOf(getTCGen05Model(MmaKind::F8F6F4, MmaType::E4M3,
                                           MmaType::E4M3, MmaType::F32));
  EXPECT_EQ(multiply(model, {0x38}, {0x38}, bitsOf(0x1p24f)), bitsOf(0x1p24f));
  EXPECT_EQ(multiply(model, {0x38, 0x38}, {0x38, 0x38}, bitsOf(0x1p24f)),
            bitsOf(0x1p24f + 2));
  EXPECT_EQ(multiply(model, {0xB8}, {0x38}, bitsOf(0x1p24f)),
            bitsOf(0x1p24f - 1));
}

TEST(MatrixMultiply, HalfResultsAreRoundedToNearest) {
  MmaModel model = modelOf(
      getTCGen05Model(MmaKind::F16, MmaType::F16, MmaType::F16, MmaType::F16));
  // 1 * 1.5 + 2048: the upper half of the word does not count, and is zero.
  EXPECT_EQ(multiply(model, {0x00, 0x3C}, {0x00, 0x3E}, 0xFFFF6800), 0x6801u);
  EXPECT_EQ(multiply(model, {0x00, 0x7C}, {0x00, 0x3E}, 0x0000), 0x7C00u);
  EXPECT_EQ(multiply(model, {0x00, 0x7C}, {0x00, 0x00}, 0x0000), 0x7FFFu);
}

TEST(MatrixMultiply, ScaleOfNaNCountsEvenForZeros) {
  MmaModel model =
      modelOf(getTCGen05Model(MmaKind::MXF4NVF4, MmaType::E2M1, MmaType::E2M1,
                              MmaType::F32, MmaScale::UE4M3, 16));
  std::vector<uint8_t> ones(4, 0x38);
  EXPECT_EQ(multiply(model, {}, {}, 0, {0x38, 0x38, 0x38, 0xFF}, ones),
            0x7FFFFFFFu);
  EXPECT_EQ(multiply(model, {0x22}, {0x32}, bitsOf(10), ones, ones),
            bitsOf(12.5f));
  EXPECT_EQ(multiply(model, {}, {}, 0x80000000, ones, ones), 0u);
  EXPECT_EQ(multiply(model, {}, {}, 0xFF800000, ones, ones), 0xFF800000u);
}

/// 2^23 plus the products of sixteen f16 with ones.
uint32_t addToLarge(TensorCore core, const std::vector<uint16_t> &elements) {
  MmaModel model = modelOf(
      getMmaSyncModel(core, 16, MmaType::F16, MmaType::F16, MmaType::F32));
  std::vector<uint8_t> bytes, ones;
  for (uint16_t element : elements) {
    bytes.insert(bytes.end(), {uint8_t(element), uint8_t(element >> 8)});
    ones.insert(ones.end(), {0x00, 0x3C});
  }
  return multiply(model, bytes, ones, bitsOf(0x1p23f));
}

TEST(MatrixMultiply, NewerTensorCoresHaveAWiderWindow) {
  std::vector<uint16_t> quarters(16, 0x3400);
  EXPECT_EQ(addToLarge(TensorCore::Hopper, quarters), bitsOf(0x1p23f + 4));
  EXPECT_EQ(addToLarge(TensorCore::Ampere, quarters), bitsOf(0x1p23f));
}

TEST(MatrixMultiply, OlderTensorCoresRoundTwice) {
  std::vector<uint16_t> halves(16, 0);
  halves[0] = halves[8] = 0x3800;
  EXPECT_EQ(addToLarge(TensorCore::Hopper, halves), bitsOf(0x1p23f + 1));
  EXPECT_EQ(addToLarge(TensorCore::Ampere, halves), bitsOf(0x1p23f));
  std::swap(halves[1], halves[8]);
  EXPECT_EQ(addToLarge(TensorCore::Ampere, halves), bitsOf(0x1p23f + 1));
}

TEST(MatrixMultiply, SumsOfFP8AreNarrowInWgmma) {
  // 1 + 2^-14 is 1 with 13 bits.
  std::vector<uint8_t> ones = {0x3C, 0x3C}, parts = {0x3C, 0x04};
  MmaModel narrow =
      modelOf(getWgmmaModel(MmaType::E5M2, MmaType::E5M2, MmaType::F32));
  MmaModel wide =
      modelOf(getMmaSyncModel(TensorCore::RTXBlackwell, 32, MmaType::E5M2,
                              MmaType::E5M2, MmaType::F32));
  EXPECT_EQ(multiply(narrow, ones, parts, 0), bitsOf(1));
  EXPECT_EQ(multiply(wide, ones, parts, 0), bitsOf(1 + 0x1p-14f));
}

TEST(MatrixMultiply, PartOfARow) {
  MmaModel model = modelOf(
      getTCGen05Model(MmaKind::I8, MmaType::S8, MmaType::U8, MmaType::S32));
  MmaOperand a(model, MmaType::S8, 2), b(model, MmaType::U8, 4);
  for (unsigned row = 0; row < 2; ++row)
    a.setRow(row, std::vector<uint8_t>(32, uint8_t(-1 - int(row))));
  for (unsigned row = 0; row < 4; ++row)
    b.setRow(row, std::vector<uint8_t>(32, uint8_t(row)));
  std::vector<uint32_t> d = {100, 100};
  multiplyRow(model, a, 1, b, 2, d, /*readD=*/true);
  EXPECT_EQ(d, (std::vector<uint32_t>{uint32_t(-28), uint32_t(-92)}));
  multiplyRow(model, a, 0, b, 2, d, /*readD=*/false);
  EXPECT_EQ(d, (std::vector<uint32_t>{uint32_t(-64), uint32_t(-96)}));
}

} // namespace
