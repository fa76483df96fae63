//===- ChipTest.cpp - Tests of the table of chips -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table once more, as answers: each test lists the chips for which one
// question is answered with yes, or all of the numbers.
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Chip.h"
#include "gtest/gtest.h"
#include <vector>

using namespace llvm;
using namespace mlir::fp4::nvvm;

namespace {

using Names = std::vector<std::string>;

const Names fromAmpere = {"sm_80",   "sm_89",   "sm_90a",
                          "sm_100a", "sm_103a", "sm_120a"};
const Names fromAda = {"sm_89", "sm_90a", "sm_100a", "sm_103a", "sm_120a"};
const Names fromHopper = {"sm_90a", "sm_100a", "sm_103a", "sm_120a"};
const Names fromBlackwell = {"sm_100a", "sm_103a", "sm_120a"};
const Names withTensorMemory = {"sm_100a", "sm_103a"};

/// The chips for which the question is answered with yes.
template <typename Question>
Names chipsWith(Question question) {
  Names names;
  for (const Chip &chip : Chip::all())
    if (question(chip))
      names.push_back(chip.getName().str());
  return names;
}

Names chipsWith(bool (Chip::*question)() const) {
  return chipsWith([&](const Chip &chip) { return (chip.*question)(); });
}

Names chipsWith(MMAKind kind) {
  return chipsWith([&](const Chip &chip) { return chip.has(kind); });
}

/// The answer of each chip, in the order of Chip::all().
template <typename Answer>
std::vector<Answer> answersTo(Answer (Chip::*question)() const) {
  std::vector<Answer> answers;
  for (const Chip &chip : Chip::all())
    answers.push_back((chip.*question)());
  return answers;
}

/// The name of the best chip for a device, or "none".
std::string bestFor(int major, int minor) {
  const Chip *chip = Chip::forComputeCapability(major, minor);
  return chip ? chip->getName().str() : "none";
}

//===----------------------------------------------------------------------===//
// Lookup
//===----------------------------------------------------------------------===//

TEST(Chip, AllInAscendingOrder) {
  EXPECT_EQ(answersTo(&Chip::getName),
            std::vector<StringRef>(fromAmpere.begin(), fromAmpere.end()));
}

TEST(Chip, LookupFindsTheOneObject) {
  for (const Chip &chip : Chip::all()) {
    Expected<const Chip *> found = Chip::lookup(chip.getName());
    ASSERT_TRUE(bool(found)) << toString(found.takeError());
    EXPECT_EQ(*found, &chip);
  }
}

TEST(Chip, LookupNamesTheUnknown) {
  for (StringRef name : {"sm_100", "sm_90", "sm_120f", "SM_80", "sm_8", ""}) {
    Expected<const Chip *> found = Chip::lookup(name);
    ASSERT_FALSE(bool(found)) << name.str();
    EXPECT_EQ(toString(found.takeError()),
              "unknown chip '" + name.str() +
                  "', expects one of sm_80, sm_89, sm_90a, sm_100a, sm_103a, "
                  "sm_120a");
  }
}

TEST(Chip, DevicesThatHaveTheirOwnChip) {
  EXPECT_EQ(bestFor(8, 0), "sm_80");
  EXPECT_EQ(bestFor(8, 9), "sm_89");
  EXPECT_EQ(bestFor(9, 0), "sm_90a");
  EXPECT_EQ(bestFor(10, 0), "sm_100a");
  EXPECT_EQ(bestFor(10, 3), "sm_103a");
  EXPECT_EQ(bestFor(12, 0), "sm_120a");
}

TEST(Chip, DevicesThatRunTheCodeOfAnEarlierOne) {
  EXPECT_EQ(bestFor(8, 6), "sm_80");
  EXPECT_EQ(bestFor(8, 7), "sm_80");
  EXPECT_EQ(bestFor(10, 1), "sm_89");
  EXPECT_EQ(bestFor(11, 0), "sm_89");
  EXPECT_EQ(bestFor(12, 1), "sm_89");
  EXPECT_EQ(bestFor(13, 0), "sm_89");
}

TEST(Chip, DevicesThatRunNone) {
  EXPECT_EQ(bestFor(7, 5), "none");
  EXPECT_EQ(bestFor(7, 9), "none");
  EXPECT_EQ(bestFor(0, 0), "none");
}

TEST(Chip, ArchitectureSpecificCodeRunsOnItsOwnCapabilityOnly) {
  const Chip &sm80 = Chip::all()[0];
  EXPECT_FALSE(sm80.runsOn(7, 5));
  EXPECT_TRUE(sm80.runsOn(8, 0));
  EXPECT_TRUE(sm80.runsOn(12, 0));
  const Chip &sm100a = Chip::all()[3];
  EXPECT_FALSE(sm100a.runsOn(9, 0));
  EXPECT_TRUE(sm100a.runsOn(10, 0));
  EXPECT_FALSE(sm100a.runsOn(10, 3));
  EXPECT_FALSE(sm100a.runsOn(12, 0));
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

TEST(Chip, TargetFeatures) {
  EXPECT_EQ(
      answersTo(&Chip::getTargetFeatures),
      (Names{"+ptx70", "+ptx81", "+ptx80", "+ptx88", "+ptx88", "+ptx88"}));
  EXPECT_EQ(answersTo(&Chip::getMinPTXVersion),
            (std::vector<unsigned>{70, 81, 80, 88, 88, 88}));
}

TEST(Chip, MMAKinds) {
  EXPECT_EQ(chipsWith(MMAKind::MMASyncF16), fromAmpere);
  EXPECT_EQ(chipsWith(MMAKind::WGMMA), Names{"sm_90a"});
  EXPECT_EQ(chipsWith(MMAKind::Tcgen05MXF4), withTensorMemory);
  EXPECT_EQ(chipsWith(MMAKind::Tcgen05MXF4NVF4), withTensorMemory);
  EXPECT_EQ(chipsWith(MMAKind::MMASyncMXF4), Names{"sm_120a"});
  EXPECT_EQ(chipsWith(MMAKind::MMASyncMXF4NVF4), Names{"sm_120a"});
}

TEST(Chip, Features) {
  EXPECT_EQ(chipsWith(&Chip::hasConvertE4M3), fromAda);
  EXPECT_EQ(chipsWith(&Chip::hasTMA), fromHopper);
  EXPECT_EQ(chipsWith(&Chip::hasMBarrierTx), fromHopper);
  EXPECT_EQ(chipsWith(&Chip::hasClusters), fromHopper);
  EXPECT_EQ(chipsWith(&Chip::hasProgrammaticLaunch), fromHopper);
  EXPECT_EQ(chipsWith(&Chip::hasConvertE2M1), fromBlackwell);
  EXPECT_EQ(chipsWith(&Chip::hasConvertUE8M0), fromBlackwell);
  EXPECT_EQ(chipsWith(&Chip::hasPackedF32), fromBlackwell);
  EXPECT_EQ(chipsWith(&Chip::hasTensorMemory), withTensorMemory);
}

TEST(Chip, Limits) {
  EXPECT_EQ(
      answersTo(&Chip::getMaxSharedMemoryPerBlock),
      (std::vector<uint64_t>{166912, 101376, 232448, 232448, 232448, 101376}));
  EXPECT_EQ(answersTo(&Chip::getMaxThreadsPerBlock),
            std::vector<unsigned>(6, 1024));
  EXPECT_EQ(answersTo(&Chip::getMaxRegistersPerThread),
            std::vector<unsigned>(6, 255));
  EXPECT_EQ(answersTo(&Chip::getTensorMemoryColumns),
            (std::vector<unsigned>{0, 0, 0, 512, 512, 0}));
  EXPECT_EQ(answersTo(&Chip::getMaxClusterSize),
            (std::vector<unsigned>{1, 1, 8, 8, 8, 8}));
}

} // namespace
