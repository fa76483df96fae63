//===- FunctionsTest.c - Functions and occupancy --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"

static int getAttribute(Handle function, int attribute) {
  int value = -77;
  EXPECT(Success, cuFuncGetAttribute(&value, attribute, function));
  return value;
}

void testFunctions(void) {
  Fixture fixture = setUp();
  Handle scale = getFunction(fixture, "scale"), module = NULL;
  Handle count = getFunction(fixture, "count");
  CHECK(getAttribute(scale, 0) == 1024); // threads of a block
  CHECK(getAttribute(count, 0) == 64);   // .maxntid
  CHECK(getAttribute(scale, 1) == 0);    // static shared memory
  CHECK(getAttribute(count, 1) == 256);
  CHECK(getAttribute(scale, 2) == 16);  // constants
  CHECK(getAttribute(scale, 3) == 0);   // local memory
  CHECK(getAttribute(scale, 5) == 80);  // PTX is for
  CHECK(getAttribute(scale, 6) == 100); // code is for
  CHECK(getAttribute(scale, 8) == 49152);
  CHECK(getAttribute(count, 8) == 49152 - 256);
  CHECK(getAttribute(scale, 10) == 0 && getAttribute(scale, 11) == 0);
  int value = 0;
  EXPECT(InvalidValue, cuFuncGetAttribute(&value, 16, scale));
  EXPECT(InvalidValue, cuFuncGetAttribute(&value, 17, scale));
  EXPECT(InvalidValue, cuFuncGetAttribute(NULL, 0, scale));
  EXPECT(InvalidHandle, cuFuncGetAttribute(&value, 0, NULL));
  EXPECT(InvalidHandle, cuFuncGetAttribute(&value, 0, fixture.module));

  EXPECT(Success, cuFuncSetAttribute(scale, 8, 232448));
  CHECK(getAttribute(scale, 8) == 232448);
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, 8, 232449));
  EXPECT(InvalidValue, cuFuncSetAttribute(count, 8, 232448));
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, 8, -1));
  EXPECT(Success, cuFuncSetAttribute(scale, 9, 50));
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, 9, 101));
  EXPECT(Success, cuFuncSetAttribute(scale, 14, 1));
  // Those that are read only, and those that there are not.
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, 0, 1));
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, 17, 1));
  EXPECT(InvalidValue, cuFuncSetAttribute(scale, -1, 1));

  size_t offset = 0, size = 0;
  EXPECT(Success, cuFuncGetParamInfo(scale, 2, &offset, &size));
  CHECK(offset == 16 && size == 4);
  EXPECT(Success, cuFuncGetParamInfo(scale, 1, &offset, NULL));
  CHECK(offset == 8);
  EXPECT(InvalidValue, cuFuncGetParamInfo(scale, 3, &offset, &size));
  const char *name = NULL;
  EXPECT(Success, cuFuncGetName(&name, scale));
  CHECK(strcmp(name, "scale") == 0);
  EXPECT(Success, cuFuncGetModule(&module, scale));
  CHECK(module == fixture.module);
  EXPECT(Success, cuFuncLoad(scale));
  EXPECT(InvalidHandle, cuFuncLoad(NULL));
  tearDown(fixture);
}

/// As many bytes as threads, times 64.
static size_t getShared(int blockSize) {
  // It may call the driver.
  EXPECT(Success, cuCtxSynchronize());
  return (size_t)blockSize * 64;
}

void testOccupancy(void) {
  Fixture fixture = setUp();
  Handle scale = getFunction(fixture, "scale");
  int blocks = -1, grid = -1, block = -1;
  size_t bytes = 0;
  // 2048 threads and 32 blocks on a multiprocessor.
  EXPECT(Success,
         cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, scale, 256, 0));
  CHECK(blocks == 8);
  EXPECT(Success,
         cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, scale, 32, 0));
  CHECK(blocks == 32);
  // 228 KB, and a KB of each block is reserved.
  EXPECT(Success, cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, scale,
                                                              32, 100 * 1024));
  CHECK(blocks == 2);
  EXPECT(Success, cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, scale,
                                                              32, 228 * 1024));
  CHECK(blocks == 0);
  EXPECT(InvalidValue,
         cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, scale, 0, 0));
  EXPECT(Success,
         cuOccupancyMaxPotentialBlockSize(&grid, &block, scale, NULL, 0, 0));
  CHECK(block == 1024 && grid == 2 * 148);
  EXPECT(Success,
         cuOccupancyMaxPotentialBlockSize(&grid, &block, scale, NULL, 0, 500));
  CHECK(block <= 480 && block % 32 == 0);
  EXPECT(Success, cuOccupancyMaxPotentialBlockSize(&grid, &block, scale,
                                                   getShared, 0, 0));
  CHECK(block * 64 <= 227 * 1024);
  EXPECT(Success,
         cuOccupancyAvailableDynamicSMemPerBlock(&bytes, scale, 2, 32));
  CHECK(bytes == 113 * 1024);

  Attribute cluster = {4, 0, {2, 1, 1}};
  Config config = {.gridX = 2,
                   .gridY = 1,
                   .gridZ = 1,
                   .blockX = 1024,
                   .blockY = 1,
                   .blockZ = 1};
  config.attributes = &cluster;
  config.count = 1;
  EXPECT(Success, cuOccupancyMaxActiveClusters(&blocks, scale, &config));
  CHECK(blocks == 148);
  EXPECT(Success, cuOccupancyMaxPotentialClusterSize(&blocks, scale, &config));
  CHECK(blocks == 8);
  EXPECT(Success, cuFuncSetAttribute(scale, 14, 1));
  EXPECT(Success, cuOccupancyMaxPotentialClusterSize(&blocks, scale, &config));
  CHECK(blocks == 16);
  EXPECT(InvalidValue, cuOccupancyMaxActiveClusters(&blocks, scale, NULL));
  tearDown(fixture);
}
