//===- MemoryTest.cpp - Tests of device memory ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeTest.h"

using MemoryTest = RuntimeTest;

TEST_F(MemoryTest, CopiesAndFills) {
  open();
  void *a = fp4rtAlloc(4), *b = fp4rtAlloc(4);
  ASSERT_TRUE(a && b);
  const char in[] = {1, 2, 3, 4};
  char out[] = {0, 0, 0, 0};
  fp4rtCopyToDevice(a, in, 4);
  fp4rtFill(static_cast<char *>(a) + 1, 9, 2);
  fp4rtCopyOnDevice(b, a, 4);
  fp4rtCopyToHost(out, b, 4);
  fp4rtFree(a);
  fp4rtFree(b);
  EXPECT_EQ(std::string(out, 4), std::string("\1\11\11\4"));
  EXPECT_EQ(getError(), "");
  EXPECT_EQ(
      takeCalls(),
      Calls({"cuMemAllocAsync(4, 0x200)", "cuMemAllocAsync(4, 0x200)",
             "cuMemcpyHtoDAsync(4, 0x200)", "cuMemsetD8Async(9, 2, 0x200)",
             "cuMemcpyDtoDAsync(4, 0x200)", "cuMemcpyDtoHAsync(4, 0x200)",
             "cuStreamSynchronize(0x200)", "cuMemFreeAsync(0x200)",
             "cuMemFreeAsync(0x200)"}));
}

TEST_F(MemoryTest, DoesNothingForNoBytes) {
  open();
  EXPECT_EQ(fp4rtAlloc(0), nullptr);
  fp4rtFree(nullptr);
  fp4rtCopyToDevice(nullptr, nullptr, 0);
  fp4rtCopyToHost(nullptr, nullptr, 0);
  fp4rtCopyOnDevice(nullptr, nullptr, 0);
  fp4rtFill(nullptr, 0, 0);
  EXPECT_EQ(takeCalls(), Calls());
  EXPECT_EQ(getError(), "");
}

TEST_F(MemoryTest, RefusesNegativeSizes) {
  open();
  const char *suffix = " of -1 bytes: expects a size that is not negative";
  EXPECT_EQ(fp4rtAlloc(-1), nullptr);
  EXPECT_EQ(takeError(), std::string("allocation") + suffix);
  fp4rtCopyToDevice(nullptr, nullptr, -1);
  EXPECT_EQ(takeError(), std::string("copy to the device") + suffix);
  fp4rtCopyToHost(nullptr, nullptr, -1);
  EXPECT_EQ(takeError(), std::string("copy to the host") + suffix);
  fp4rtCopyOnDevice(nullptr, nullptr, -1);
  EXPECT_EQ(takeError(), std::string("copy on the device") + suffix);
  fp4rtFill(nullptr, 0, -1);
  EXPECT_EQ(takeError(), std::string("fill") + suffix);
  EXPECT_EQ(takeCalls(), Calls());
}

TEST_F(MemoryTest, NamesTheOperationThatFails) {
  open();
  for (const char *function :
       {"cuMemAllocAsync", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync",
        "cuMemcpyDtoDAsync", "cuMemsetD8Async"})
    fake->failures[function] = 2;
  auto message = [](const char *operation, const char *function) {
    return std::string(operation) + " of 64 bytes: " + function +
           " failed: CUDA_ERROR_OUT_OF_MEMORY (out of memory)";
  };
  EXPECT_EQ(fp4rtAlloc(64), nullptr);
  EXPECT_EQ(takeError(), message("allocation", "cuMemAllocAsync"));
  fp4rtCopyToDevice(nullptr, nullptr, 64);
  EXPECT_EQ(takeError(), message("copy to the device", "cuMemcpyHtoDAsync"));
  fp4rtCopyToHost(nullptr, nullptr, 64);
  EXPECT_EQ(takeError(), message("copy to the host", "cuMemcpyDtoHAsync"));
  fp4rtCopyOnDevice(nullptr, nullptr, 64);
  EXPECT_EQ(takeError(), message("copy on the device", "cuMemcpyDtoDAsync"));
  fp4rtFill(nullptr, 0, 64);
  EXPECT_EQ(takeError(), message("fill", "cuMemsetD8Async"));
}

TEST_F(MemoryTest, FreesInSpiteOfAPendingError) {
  open();
  void *buffer = fp4rtAlloc(4);
  fp4rtAlloc(-1);
  fp4rtFree(buffer);
  EXPECT_EQ(fake->numBuffers, 0);
  EXPECT_NE(getError().find("of -1 bytes"), std::string::npos);
}

TEST_F(MemoryTest, ReportsAFreeThatFails) {
  open();
  int notMemory;
  fake->failures["cuMemFreeAsync"] = 1;
  fp4rtFree(&notMemory);
  EXPECT_EQ(getError(), "cuMemFreeAsync failed: CUDA_ERROR_INVALID_VALUE "
                        "(invalid argument)");
}
