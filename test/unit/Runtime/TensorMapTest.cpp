//===- TensorMapTest.cpp - Tests of descriptors for the TMA unit ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeTest.h"
#include <algorithm>

namespace {
class TensorMapTest : public RuntimeTest {
protected:
  void encode(uintptr_t address = 0x1000) {
    fp4rtEncodeTensorMap(map, reinterpret_cast<void *>(address),
                         /*dataType=*/14, /*rank=*/3, dims, byteStrides, box,
                         /*swizzle=*/3, /*l2Promotion=*/2, /*oobFill=*/1);
  }

  bool isAll(uint8_t value) {
    return std::all_of(map, map + sizeof(map),
                       [&](uint8_t byte) { return byte == value; });
  }

  int64_t dims[3] = {256, 100, 3};
  int64_t byteStrides[2] = {128, 12800};
  int32_t box[3] = {128, 64, 1};
  alignas(64) uint8_t map[128] = {1};
};

const char *const description =
    "tensor map of data type 14, dims [256, 100, 3], byte strides [128, "
    "12800], box [128, 64, 1], swizzle 3, L2 promotion 2 and fill 1 at ";
} // namespace

TEST_F(TensorMapTest, PassesItsArguments) {
  open();
  encode();
  EXPECT_EQ(takeCalls(),
            Calls({"cuTensorMapEncodeTiled(14, 0x1000, [256 100 3], [128 "
                   "12800], [128 64 1], [1 1 1], 0, 3, 2, 1)"}));
  EXPECT_TRUE(isAll(0x5a));
  EXPECT_EQ(getError(), "");
}

TEST_F(TensorMapTest, IsZeroForAnEmptyTensor) {
  open();
  dims[1] = 0;
  encode();
  EXPECT_EQ(takeCalls(), Calls());
  EXPECT_TRUE(isAll(0));
  EXPECT_EQ(getError(), "");
}

TEST_F(TensorMapTest, TakesOneDimensionWithoutStrides) {
  open();
  fp4rtEncodeTensorMap(map, nullptr, 0, 1, dims, nullptr, box, 0, 0, 0);
  EXPECT_EQ(takeCalls(), Calls({"cuTensorMapEncodeTiled(0, 0x0, [256], [], "
                                "[128], [1], 0, 0, 0, 0)"}));
}

TEST_F(TensorMapTest, RefusesWhatIsUnaligned) {
  open();
  encode(0x1008);
  EXPECT_EQ(takeError(),
            std::string(description) +
                "0x0000000000001008: the address is not a multiple of 16");
  fp4rtEncodeTensorMap(map + 16, nullptr, 0, 1, dims, nullptr, box, 0, 0, 0);
  EXPECT_NE(takeError().find("the address is not a multiple of 64"),
            std::string::npos);
  EXPECT_EQ(takeCalls(), Calls());
}

TEST_F(TensorMapTest, RefusesRanksAndSizesOutOfRange) {
  open();
  for (int rank : {-1, 0, 6}) {
    fp4rtEncodeTensorMap(map, nullptr, 0, rank, dims, byteStrides, box, 0, 0,
                         0);
    EXPECT_EQ(takeError(), "tensor map of rank " + std::to_string(rank) +
                               ": expects a rank of 1 to 5");
  }
  byteStrides[1] = -16;
  encode();
  EXPECT_NE(takeError().find("dims and strides must not be negative"),
            std::string::npos);
  dims[2] = -1;
  byteStrides[1] = 16;
  encode();
  EXPECT_NE(takeError().find("dims and strides must not be negative"),
            std::string::npos);
  EXPECT_EQ(takeCalls(), Calls());
}

TEST_F(TensorMapTest, ShowsWhatTheDriverRefuses) {
  open();
  fake->failures["cuTensorMapEncodeTiled"] = 1;
  encode();
  EXPECT_EQ(getError(),
            std::string(description) +
                "0x0000000000001000: cuTensorMapEncodeTiled failed: "
                "CUDA_ERROR_INVALID_VALUE (invalid argument)");
  EXPECT_TRUE(isAll(0));
}

TEST_F(TensorMapTest, NeedsANewDriverOnlyToEncode) {
  useDriver(FP4_OLD_FAKE_DRIVER);
  ASSERT_EQ(fp4rtOpen(FP4_OLD_FAKE_DRIVER, 0), 0) << getError();
  encode();
  EXPECT_NE(takeError().find("the CUDA driver is too old, it lacks "
                             "cuTensorMapEncodeTiled"),
            std::string::npos);
}

TEST_F(TensorMapTest, IsLeftAloneWhileAnErrorIsPending) {
  open();
  fp4rtAlloc(-1);
  takeCalls();
  encode();
  EXPECT_EQ(map[0], 1);
  EXPECT_EQ(takeCalls(), Calls());
}
