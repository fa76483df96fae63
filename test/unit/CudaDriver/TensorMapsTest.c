//===- TensorMapsTest.c - Tensor maps -------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rules are those of the reference manual, "Tensor Map Object Management".
//
//===----------------------------------------------------------------------===//

#include "Api.h"

typedef struct {
  int type;
  uint32_t rank;
  uintptr_t address;
  uint64_t dims[5], strides[4];
  uint32_t box[5], steps[5];
  int interleave, swizzle, promotion, fill;
} Arguments;

/// Two dimensions of f16, in boxes of 64 by 32 with a swizzle of 128 bytes.
static const Arguments valid = {
    6, 2, 0x300000000, {1024, 512}, {2048}, {64, 32}, {1, 1}, 0, 3, 2, 0};

static int encode(Arguments a) {
  _Alignas(64) char map[128];
  return cuTensorMapEncodeTiled(map, a.type, a.rank, (void *)a.address, a.dims,
                                a.strides, a.box, a.steps, a.interleave,
                                a.swizzle, a.promotion, a.fill);
}

#define WITH(RESULT, ASSIGNMENT)                                               \
  do {                                                                         \
    Arguments a = valid;                                                       \
    a.ASSIGNMENT;                                                              \
    EXPECT(RESULT, encode(a));                                                 \
  } while (0)

/// The bits of chips, of which the last 64 bytes are zeros.
static void testBits(void) {
  static const uint32_t expected[32] = {
      0,          3,         0x00246312,       128,
      [8] = 1023, [9] = 511, [13] = 63u << 24, [14] = 31};
  Arguments a = valid;
  _Alignas(64) uint32_t map[32];
  memset(map, 255, sizeof(map));
  EXPECT(Success, cuTensorMapEncodeTiled(map, a.type, a.rank, (void *)a.address,
                                         a.dims, a.strides, a.box, a.steps, 0,
                                         a.swizzle, a.promotion, a.fill));
  CHECK(memcmp(map, expected, sizeof(map)) == 0);
  EXPECT(Success, cuTensorMapReplaceAddress(map, (void *)0x400001000));
  CHECK(map[0] == 0x1000);
  CHECK(map[1] == 4);
  CHECK(memcmp(map + 2, expected + 2, sizeof(map) - 8) == 0);
  map[15] = 1;
  EXPECT(InvalidValue, cuTensorMapReplaceAddress(map, (void *)0x300000000));
}

void testTensorMaps(void) {
  EXPECT(Success, encode(valid));
  testBits();
  WITH(InvalidValue, type = 16);
  WITH(InvalidValue, type = -1);
  WITH(InvalidValue, rank = 0);
  WITH(InvalidValue, rank = 6);
  WITH(InvalidValue, address += 8);
  WITH(InvalidValue, dims[0] = 0);
  WITH(InvalidValue, dims[1] = ((uint64_t)1 << 32) + 1);
  WITH(InvalidValue, strides[0] = 2056);
  WITH(InvalidValue, strides[0] = (uint64_t)1 << 40);
  WITH(InvalidValue, box[0] = 0);
  WITH(InvalidValue, box[1] = 257);
  WITH(InvalidValue, box[1] = 65536 + 32);
  WITH(InvalidValue, box[0] = 65);
  WITH(InvalidValue, box[0] = 128); // wider than the swizzle
  WITH(InvalidValue, steps[1] = 0);
  WITH(InvalidValue, steps[1] = 9);
  WITH(InvalidValue, steps[1] = 256 + 1);
  WITH(InvalidValue, interleave = 3);
  WITH(NotSupported, interleave = 1);
  WITH(InvalidValue, swizzle = 7);
  WITH(InvalidValue, promotion = 4);
  WITH(InvalidValue, fill = 2);
  WITH(Success, fill = 1);
  // NaN is none of the integers'.
  Arguments integers = valid;
  integers.type = 1;
  EXPECT(Success, encode(integers));
  integers.fill = 1;
  EXPECT(InvalidValue, encode(integers));

  _Alignas(64) char map[192];
  EXPECT(InvalidValue,
         cuTensorMapEncodeTiled(NULL, 6, 1, NULL, valid.dims, NULL, valid.box,
                                valid.steps, 0, 0, 0, 0));
  EXPECT(InvalidValue, cuTensorMapEncodeTiled(
                           map + 8, 6, 1, (void *)valid.address, valid.dims,
                           NULL, valid.box, valid.steps, 0, 0, 0, 0));
  EXPECT(Success,
         cuTensorMapEncodeTiled(map, 6, 1, (void *)valid.address, valid.dims,
                                NULL, valid.box, valid.steps, 0, 0, 0, 0));
  EXPECT(InvalidValue,
         cuTensorMapEncodeTiled(map, 6, 2, (void *)valid.address, valid.dims,
                                NULL, valid.box, valid.steps, 0, 0, 0, 0));
  EXPECT(Success, cuTensorMapReplaceAddress(map, (void *)0x300001000));
  EXPECT(InvalidValue, cuTensorMapReplaceAddress(map, (void *)0x300001008));
  EXPECT(InvalidValue, cuTensorMapReplaceAddress(NULL, NULL));
  EXPECT(NotSupported, cuTensorMapEncodeIm2col());
}
