//===- RacesTest.cpp - Tests of the race detector -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What kernels alone do not reach: operations of units beside the threads, and
// the two proxies. test/Simulator/rules-races.ptx has the rest.
//
//===----------------------------------------------------------------------===//

#include "Races.h"
#include "gtest/gtest.h"

using namespace mlir::fp4::sim;

namespace {

/// Two warps of a CTA with 64 bytes of shared memory.
struct RacesTest : testing::Test {
  Races races{2, 1, 64};
  Agent first = races.warp(0);
  Agent second = races.warp(1);

  std::optional<Races::Conflict> plain(Agent &agent, Access kind,
                                       uint32_t offset = 0, uint32_t size = 4) {
    return races.access(agent, Proxy::Generic, 1, 0, offset, size, kind);
  }
  std::optional<Races::Conflict> async(Agent &agent, Access kind,
                                       uint32_t offset = 0, uint32_t size = 4) {
    return races.access(agent, Proxy::Async, 2, 0, offset, size, kind);
  }
};

TEST_F(RacesTest, aTokenOrders) {
  EXPECT_FALSE(plain(first, Access::Write));
  SyncToken token;
  races.release(first, token);
  races.acquire(second, token);
  EXPECT_FALSE(plain(second, Access::Read));
}

TEST_F(RacesTest, whatFollowsTheReleaseIsNotOrdered) {
  SyncToken token;
  races.release(first, token);
  EXPECT_FALSE(plain(first, Access::Write));
  races.acquire(second, token);
  auto conflict = plain(second, Access::Read);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->agent, 0u);
  EXPECT_EQ(conflict->pc, 1u);
  EXPECT_TRUE(conflict->isWrite);
  EXPECT_FALSE(conflict->isOrdered);
}

TEST_F(RacesTest, orderIsTransitive) {
  Races three{3, 1, 64};
  Agent a = three.warp(0), b = three.warp(1), c = three.warp(2);
  EXPECT_FALSE(three.access(a, Proxy::Generic, 1, 0, 0, 4, Access::Write));
  SyncToken ab, bc;
  three.release(a, ab);
  three.acquire(b, ab);
  three.release(b, bc);
  three.acquire(c, bc);
  EXPECT_FALSE(three.access(c, Proxy::Generic, 1, 0, 0, 4, Access::Write));
}

// A copy into shared memory: who waits for it sees it, who does not, races.
TEST_F(RacesTest, copyIn) {
  Agent copy = races.begin(first);
  EXPECT_FALSE(async(copy, Access::Write, 0, 32));
  auto conflict = plain(second, Access::Read, 8);
  ASSERT_TRUE(conflict);
  EXPECT_GE(conflict->agent, races.numWarps());
  EXPECT_EQ(conflict->pc, 2u);
  SyncToken complete;
  races.release(copy, complete);
  races.acquire(second, complete);
  EXPECT_FALSE(plain(second, Access::Read, 8));
  // The thread that queued it has not waited either.
  EXPECT_TRUE(plain(first, Access::Read, 8));
}

// A buffer that is used again: the copy waits for its readers.
TEST_F(RacesTest, copyOverReaders) {
  EXPECT_FALSE(plain(second, Access::Read));
  Agent early = races.begin(first);
  EXPECT_TRUE(async(early, Access::Write));
  SyncToken empty;
  races.release(second, empty);
  races.acquire(first, empty);
  Agent late = races.begin(first);
  EXPECT_FALSE(async(late, Access::Write));
}

// What threads have written is seen by the other proxy after a fence.
TEST_F(RacesTest, fence) {
  EXPECT_FALSE(plain(first, Access::Write));
  Agent early = races.begin(first);
  auto conflict = async(early, Access::Read);
  ASSERT_TRUE(conflict);
  EXPECT_TRUE(conflict->isOrdered);
  races.fenceProxy(first);
  Agent late = races.begin(first);
  EXPECT_FALSE(async(late, Access::Read));
}

TEST_F(RacesTest, fenceOfTheWriterThenToken) {
  EXPECT_FALSE(plain(second, Access::Write));
  races.fenceProxy(second);
  SyncToken token;
  races.release(second, token);
  races.acquire(first, token);
  Agent operation = races.begin(first);
  EXPECT_FALSE(async(operation, Access::Read));
}

TEST_F(RacesTest, writesAfterTheFence) {
  races.fenceProxy(first);
  EXPECT_FALSE(plain(first, Access::Write));
  Agent operation = races.begin(first);
  auto conflict = async(operation, Access::Read);
  ASSERT_TRUE(conflict);
  EXPECT_TRUE(conflict->isOrdered);
}

// Operations of one pipe follow each other by a token of the pipe.
TEST_F(RacesTest, pipes) {
  SyncToken pipe;
  Agent one = races.begin(first);
  races.acquire(one, pipe);
  EXPECT_FALSE(async(one, Access::Write));
  races.release(one, pipe);
  Agent other = races.begin(second);
  EXPECT_TRUE(async(other, Access::Read));
  races.acquire(other, pipe);
  EXPECT_FALSE(async(other, Access::Read));
}

// More operations are queued than the clock has places for.
TEST_F(RacesTest, manyOperations) {
  std::vector<Agent> operations;
  for (int i = 0; i < 200; ++i)
    operations.push_back(races.begin(first));
  SyncToken complete;
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(async(operations[i], Access::Read, 0, 16));
    races.release(operations[i], complete);
  }
  races.acquire(second, complete);
  EXPECT_FALSE(plain(second, Access::Write, 0, 16));
}

TEST_F(RacesTest, bytesOfAWord) {
  EXPECT_FALSE(plain(first, Access::Write, 4, 2));
  EXPECT_FALSE(plain(second, Access::Write, 6, 2));
  EXPECT_FALSE(plain(first, Access::Read, 5, 1));
  auto conflict = plain(second, Access::Read, 4, 4);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->agent, 0u);
}

TEST_F(RacesTest, strongAccesses) {
  EXPECT_FALSE(plain(first, Access::Write, 8));
  EXPECT_FALSE(plain(first, Access::StrongWrite, 0));
  EXPECT_FALSE(plain(second, Access::StrongRead, 0));
  // It knows what came before the strong write, and the write itself.
  EXPECT_FALSE(plain(second, Access::Read, 8));
  EXPECT_FALSE(plain(second, Access::Read, 0));
}

} // namespace
