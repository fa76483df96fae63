//===- MemoryTest.c - Memory of the device and of the host ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <stdlib.h>

void testAllocations(void) {
  Fixture fixture = setUp();
  Address address = 0, other = 0, base = 0;
  size_t before = 0, after = 0, total = 0, size = 0, pitch = 0;
  EXPECT(Success, cuMemGetInfo_v2(&before, &total));
  CHECK(before <= total);
  EXPECT(Success, cuMemAlloc_v2(&address, 1000));
  CHECK(address % 256 == 0);
  EXPECT(Success, cuMemGetInfo_v2(&after, &total));
  CHECK(before - after == 1000);
  // The plain symbol is the current version.
  EXPECT(Success, cuMemAlloc(&other, 1000));
  CHECK(other > address + 1000 || address > other + 1000);
  EXPECT(Success, cuMemGetAddressRange_v2(&base, &size, address + 999));
  CHECK(base == address && size == 1000);
  EXPECT(NotFound, cuMemGetAddressRange_v2(&base, &size, address + 1000));
  EXPECT(InvalidValue, cuMemFree_v2(address + 4));
  EXPECT(Success, cuMemFree_v2(address));
  EXPECT(InvalidValue, cuMemFree_v2(address));
  EXPECT(Success, cuMemFree_v2(0));
  EXPECT(InvalidValue, cuMemAlloc_v2(&address, 0));
  EXPECT(InvalidValue, cuMemAlloc_v2(NULL, 4));
  EXPECT(OutOfMemory, cuMemAlloc_v2(&address, (size_t)1 << 50));
  EXPECT(OutOfMemory, cuMemAlloc_v2(&address, (size_t)-1));

  EXPECT(Success, cuMemAllocPitch_v2(&address, &pitch, 100, 3, 4));
  CHECK(pitch >= 100 && pitch % 4 == 0);
  EXPECT(Success, cuMemGetAddressRange_v2(&base, &size, address));
  CHECK(size >= 3 * pitch - (pitch - 100));
  EXPECT(InvalidValue, cuMemAllocPitch_v2(&address, &pitch, 100, 3, 5));
  EXPECT(Success, cuMemAllocAsync(&address, 64, NULL));
  EXPECT(Success, cuMemFreeAsync(address, NULL));
  EXPECT(InvalidValue, cuMemFreeAsync(address, NULL));
  EXPECT(InvalidHandle, cuMemAllocAsync(&address, 64, (Handle)0x1234));
  tearDown(fixture);
}

void testHostMemory(void) {
  Fixture fixture = setUp();
  void *host = NULL;
  Address device = 0, managed = 0;
  unsigned flags = 0, factor = 10, *words;
  EXPECT(Success, cuMemHostAlloc(&host, 4096, 2));
  EXPECT(Success, cuMemHostGetDevicePointer_v2(&device, host, 0));
  EXPECT(Success, cuMemHostGetFlags(&flags, host));
  CHECK(flags & 2);
  words = host;
  for (unsigned i = 0; i < 8; ++i)
    words[i] = i;
  // A kernel reads and writes it, and so does the host.
  EXPECT(Success, cuMemAllocManaged(&managed, 64, 1));
  void *arguments[] = {&managed, &device, &factor};
  EXPECT(Success, launch(getFunction(fixture, "scale"), 8, arguments));
  EXPECT(Success, cuCtxSynchronize());
  const unsigned expected[] = {2, 13, 25, 37, 42, 53, 65, 77};
  CHECK(memcmp((void *)managed, expected, sizeof(expected)) == 0);
  EXPECT(Success, cuMemAdvise(managed, 64, 1, 0));
  EXPECT(InvalidValue, cuMemAdvise(managed, 65, 1, 0));
  EXPECT(InvalidValue, cuMemAdvise(managed, 64, 77, 0));
  EXPECT(InvalidValue, cuMemAllocManaged(&managed, 64, 4));

  EXPECT(InvalidValue, cuMemFreeHost((void *)managed));
  EXPECT(InvalidValue, cuMemFree_v2(device));
  EXPECT(Success, cuMemFreeHost(host));
  EXPECT(InvalidValue, cuMemFreeHost(host));
  EXPECT(Success, cuMemFree_v2(managed));
  EXPECT(InvalidValue, cuMemHostAlloc(&host, 16, 0x80));
  EXPECT(InvalidValue, cuMemHostAlloc(&host, 0, 0));

  unsigned *own = malloc(64);
  EXPECT(InvalidValue, cuMemHostGetDevicePointer_v2(&device, own, 0));
  EXPECT(HostMemoryNotRegistered, cuMemHostUnregister(own));
  EXPECT(Success, cuMemHostRegister_v2(own, 64, 0));
  EXPECT(HostMemoryAlreadyRegistered, cuMemHostRegister_v2(own, 64, 0));
  EXPECT(HostMemoryAlreadyRegistered, cuMemHostRegister_v2(own + 1, 4, 0));
  EXPECT(Success, cuMemHostGetDevicePointer_v2(&device, own + 1, 0));
  EXPECT(Success, cuMemHostUnregister(own));
  EXPECT(InvalidValue, cuMemHostRegister_v2(NULL, 64, 0));
  EXPECT(InvalidValue, cuMemHostRegister_v2((void *)4096, 64, 0));
  free(own);
  tearDown(fixture);
}

void testCopies(void) {
  Fixture fixture = setUp();
  Address a = 0, b = 0;
  uint8_t from[48], to[48] = {0};
  for (unsigned i = 0; i < 48; ++i)
    from[i] = (uint8_t)(i * 5 + 1);
  EXPECT(Success, cuMemAlloc_v2(&a, 48));
  EXPECT(Success, cuMemAlloc_v2(&b, 48));
  EXPECT(Success, cuMemcpyHtoD_v2(a, from, 48));
  EXPECT(Success, cuMemcpyDtoD_v2(b, a + 8, 40));
  EXPECT(Success, cuMemcpyDtoHAsync_v2_ptsz(to, b, 40, (Handle)2));
  CHECK(memcmp(to, from + 8, 40) == 0);
  EXPECT(Success, cuMemcpyHtoDAsync_v2(b, from, 48, (Handle)1));
  // Addresses are unified: the call sees which is which.
  memset(to, 0, sizeof(to));
  EXPECT(Success, cuMemcpy((Address)(uintptr_t)to, b, 48));
  CHECK(memcmp(to, from, 48) == 0);
  EXPECT(Success, cuMemcpyHtoD_v2(a, (void *)(uintptr_t)b, 48));

  EXPECT(InvalidValue, cuMemcpyHtoD_v2(a, from, 49));
  EXPECT(InvalidValue, cuMemcpyHtoD_v2(a + 1, from, 48));
  EXPECT(InvalidValue, cuMemcpyHtoD_v2(0, from, 4));
  EXPECT(InvalidValue, cuMemcpyHtoD_v2(a, NULL, 4));
  EXPECT(InvalidValue, cuMemcpyDtoH_v2(NULL, a, 4));
  EXPECT(InvalidValue, cuMemcpyDtoH_v2((void *)64, a, 4));
  EXPECT(InvalidValue, cuMemcpyHtoD_v2(a, (void *)64, 4));
  EXPECT(InvalidValue, cuMemcpyDtoH_v2(to, 0x1000, 4));
  EXPECT(InvalidValue, cuMemcpyHtoD_v2(a, from, (size_t)-1));
  EXPECT(Success, cuMemcpyHtoD_v2(a, NULL, 0));
  EXPECT(InvalidHandle, cuMemcpyHtoDAsync_v2(a, from, 4, (Handle)0x999));
  EXPECT(NotSupported, cuMemcpyPeer(a, fixture.context, b, fixture.context, 4));

  // 3 columns of 4 bytes, of rows of 16 and to rows of 12.
  Copy2D copy = {0};
  copy.srcType = 2;
  copy.srcDevice = a;
  copy.srcPitch = 16;
  copy.srcX = 4;
  copy.srcY = 1;
  copy.dstType = 1;
  copy.dstHost = to;
  copy.dstPitch = 12;
  copy.width = 12;
  copy.height = 2;
  memset(to, 0, sizeof(to));
  EXPECT(Success, cuMemcpy2D_v2(&copy));
  CHECK(memcmp(to, from + 20, 12) == 0 && memcmp(to + 12, from + 36, 12) == 0);
  CHECK(to[24] == 0);
  copy.height = 3;
  EXPECT(InvalidValue, cuMemcpy2D_v2(&copy));
  copy.height = 2;
  copy.srcPitch = 8;
  EXPECT(InvalidValue, cuMemcpy2D_v2(&copy));
  copy.srcPitch = 16;
  copy.dstType = 3;
  EXPECT(NotSupported, cuMemcpy2D_v2(&copy));
  copy.dstType = 9;
  EXPECT(InvalidValue, cuMemcpy2D_v2(&copy));
  EXPECT(InvalidValue, cuMemcpy2D_v2(NULL));
  tearDown(fixture);
}

void testFills(void) {
  Fixture fixture = setUp();
  Address a = 0;
  uint32_t words[12], expected[12];
  EXPECT(Success, cuMemAlloc_v2(&a, 48));
  EXPECT(Success, cuMemsetD8_v2(a, 0xAB, 48));
  EXPECT(Success, cuMemsetD16_v2(a + 4, 0x1234, 4));
  EXPECT(Success, cuMemsetD32Async(a + 16, 0xDEADBEEF, 2, NULL));
  // 2 words of 2 rows of 3.
  EXPECT(Success, cuMemsetD2D32_v2(a + 24, 12, 7, 2, 2));
  EXPECT(Success, cuMemcpyDtoH_v2(words, a, 48));
  memset(expected, 0xAB, sizeof(expected));
  expected[1] = expected[2] = 0x12341234;
  expected[4] = expected[5] = 0xDEADBEEF;
  expected[6] = expected[7] = expected[9] = expected[10] = 7;
  CHECK(memcmp(words, expected, sizeof(words)) == 0);
  EXPECT(InvalidValue, cuMemsetD8_v2(a, 0, 49));
  EXPECT(InvalidValue, cuMemsetD32_v2(a + 2, 0, 1));
  EXPECT(InvalidValue, cuMemsetD32_v2(a, 0, (size_t)1 << 62));
  EXPECT(InvalidValue, cuMemsetD32_v2(0, 0, 1));
  EXPECT(InvalidValue, cuMemsetD2D32_v2(a, 4, 7, 2, 2));
  EXPECT(InvalidValue, cuMemsetD2D32_v2(a, 24, 7, 2, 3));
  EXPECT(Success, cuMemsetD8_v2(a, 0, 0));
  tearDown(fixture);
}

void testPointers(void) {
  Fixture fixture = setUp();
  Address device = 0, value = 0;
  void *host = NULL;
  unsigned type = 0, isManaged = 77;
  Handle context = NULL;
  EXPECT(Success, cuMemAlloc_v2(&device, 64));
  EXPECT(Success, cuMemHostAlloc(&host, 64, 0));
  Address mapped = (Address)(uintptr_t)host;
  EXPECT(Success, cuPointerGetAttribute(&type, 2, device + 4));
  CHECK(type == 2);
  EXPECT(Success, cuPointerGetAttribute(&type, 2, mapped));
  CHECK(type == 1);
  EXPECT(Success, cuPointerGetAttribute(&value, 3, device + 4));
  CHECK(value == device + 4);
  EXPECT(Success, cuPointerGetAttribute(&context, 1, device));
  CHECK(context == fixture.context);
  EXPECT(Success, cuPointerGetAttribute(&value, 11, device + 63));
  CHECK(value == device);
  EXPECT(Success, cuPointerGetAttribute(&value, 12, device));
  CHECK(value == 64);
  EXPECT(Success, cuPointerGetAttribute(&isManaged, 8, device));
  CHECK(isManaged == 0);
  // Device memory has no address on the host.
  EXPECT(InvalidValue, cuPointerGetAttribute(&value, 4, device));
  EXPECT(Success, cuPointerGetAttribute(&value, 4, mapped));
  CHECK(value == mapped);
  EXPECT(InvalidValue, cuPointerGetAttribute(&value, 99, device));
  EXPECT(InvalidValue, cuPointerGetAttribute(&value, 3, device + 64));
  EXPECT(InvalidValue, cuPointerGetAttribute(NULL, 3, device));

  // Memory that is only the host's is no error of the call for several.
  int attributes[] = {2, 3, 9};
  int ordinal = 77;
  void *data[] = {&type, &value, &ordinal};
  EXPECT(Success, cuPointerGetAttributes(3, attributes, data, device));
  CHECK(type == 2 && value == device && ordinal == 0);
  EXPECT(Success, cuPointerGetAttributes(3, attributes, data,
                                         (Address)(uintptr_t)&type));
  CHECK(type == 0 && value == 0 && ordinal == -2);
  attributes[0] = 99;
  EXPECT(InvalidValue, cuPointerGetAttributes(3, attributes, data, device));
  EXPECT(InvalidValue, cuPointerGetAttributes(3, attributes, NULL, device));
  tearDown(fixture);
}

void testPools(void) {
  Fixture fixture = setUp();
  Handle pool = NULL;
  uint64_t threshold = 1 << 20, used = 77;
  Address address = 0;
  EXPECT(Success, cuDeviceGetDefaultMemPool(&pool, 0));
  EXPECT(Success, cuMemPoolSetAttribute(pool, 4, &threshold));
  threshold = 0;
  EXPECT(Success, cuMemPoolGetAttribute(pool, 4, &threshold));
  CHECK(threshold == 1 << 20);
  EXPECT(Success, cuMemAllocAsync(&address, 1000, NULL));
  EXPECT(Success, cuMemPoolGetAttribute(pool, 7, &used));
  CHECK(used == 1000);
  EXPECT(Success, cuMemFreeAsync(address, NULL));
  EXPECT(Success, cuMemPoolGetAttribute(pool, 7, &used));
  CHECK(used == 0);
  EXPECT(Success, cuMemPoolGetAttribute(pool, 8, &used));
  CHECK(used >= 1000);
  EXPECT(InvalidValue, cuMemPoolSetAttribute(pool, 8, &threshold));
  EXPECT(InvalidValue, cuMemPoolGetAttribute(pool, 99, &used));
  EXPECT(InvalidValue, cuMemPoolGetAttribute(NULL, 7, &used));
  tearDown(fixture);
}
