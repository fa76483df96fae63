//===- ContextsTest.c - Contexts ------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"

static Handle getCurrent(void) {
  Handle context = (Handle)1;
  EXPECT(Success, cuCtxGetCurrent(&context));
  return context;
}

static void testOwnContexts(void) {
  Handle first = NULL, second = NULL, popped = NULL;
  Address address = 0;
  int device = -1;
  unsigned version = 0;
  CHECK(getCurrent() == NULL);
  EXPECT(InvalidContext, cuMemAlloc_v2(&address, 4));
  EXPECT(InvalidContext, cuCtxSynchronize());
  EXPECT(InvalidContext, cuCtxPopCurrent_v2(&popped));

  EXPECT(Success, cuCtxCreate_v2(&first, 0, 0));
  CHECK(first != NULL && getCurrent() == first);
  EXPECT(Success, cuCtxCreate_v4(&second, NULL, 0, 0));
  CHECK(getCurrent() == second);
  EXPECT(Success, cuCtxGetDevice(&device));
  CHECK(device == 0);
  EXPECT(Success, cuCtxGetApiVersion(first, &version));
  CHECK(version >= 3020);
  EXPECT(Success, cuCtxPopCurrent_v2(&popped));
  CHECK(popped == second && getCurrent() == first);
  EXPECT(Success, cuCtxPushCurrent_v2(second));
  // It takes the place of the one on top.
  EXPECT(Success, cuCtxSetCurrent(first));
  EXPECT(Success, cuCtxPopCurrent_v2(NULL));
  CHECK(getCurrent() == first);
  EXPECT(Success, cuCtxSetCurrent(NULL));
  CHECK(getCurrent() == NULL);
  EXPECT(InvalidContext, cuCtxPushCurrent_v2(NULL));
  EXPECT(InvalidContext, cuCtxPushCurrent_v2((Handle)&device));
  EXPECT(InvalidContext, cuCtxSetCurrent((Handle)&device));

  // Destroying one pops it if it is on top, and leaves it where it is not.
  EXPECT(Success, cuCtxPushCurrent_v2(first));
  EXPECT(Success, cuCtxPushCurrent_v2(second));
  EXPECT(Success, cuCtxDestroy_v2(second));
  CHECK(getCurrent() == first);
  EXPECT(InvalidContext, cuCtxDestroy_v2(second));
  EXPECT(Success, cuCtxPushCurrent_v2(first));
  EXPECT(Success, cuCtxDestroy_v2(first));
  EXPECT(ContextIsDestroyed, cuMemAlloc_v2(&address, 4));
  EXPECT(Success, cuCtxPopCurrent_v2(NULL));
  CHECK(getCurrent() == NULL);

  EXPECT(InvalidValue, cuCtxCreate_v2(&first, 0x100, 0));
  EXPECT(InvalidDevice, cuCtxCreate_v2(&first, 0, 1));
  EXPECT(InvalidValue, cuCtxCreate_v2(NULL, 0, 0));
  EXPECT(NotSupported, cuCtxCreate_v3(&first, &device, 1, 0, 0));
  EXPECT(Success, cuCtxCreate_v3(&first, NULL, 0, 0, 0));
  EXPECT(Success, cuCtxDestroy_v2(first));
}

static void testPrimaryContext(void) {
  Handle context = NULL, again = NULL;
  unsigned flags = 77;
  int isActive = 77;
  Address address = 0;
  EXPECT(Success, cuDevicePrimaryCtxGetState(0, &flags, &isActive));
  CHECK(flags == 0 && isActive == 0);
  EXPECT(InvalidContext, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(Success, cuDevicePrimaryCtxSetFlags_v2(0, 4));
  EXPECT(Success, cuDevicePrimaryCtxRetain(&context, 0));
  EXPECT(Success, cuDevicePrimaryCtxRetain(&again, 0));
  CHECK(context == again);
  EXPECT(Success, cuDevicePrimaryCtxGetState(0, &flags, &isActive));
  CHECK(flags == 4 && isActive == 1);
  // Retaining does not make it current, and nobody else may destroy it.
  CHECK(getCurrent() == NULL);
  EXPECT(InvalidContext, cuCtxDestroy_v2(context));
  EXPECT(Success, cuCtxSetCurrent(context));
  EXPECT(Success, cuMemAlloc_v2(&address, 4));
  EXPECT(Success, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(Success, cuMemsetD32_v2(address, 0, 1));
  EXPECT(Success, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(ContextIsDestroyed, cuMemsetD32_v2(address, 0, 1));
  // Its memory is gone with it.
  EXPECT(Success, cuDevicePrimaryCtxRetain(&context, 0));
  EXPECT(InvalidValue, cuMemsetD32_v2(address, 0, 1));
  EXPECT(Success, cuDevicePrimaryCtxReset_v2(0));
  EXPECT(Success, cuDevicePrimaryCtxGetState(0, &flags, &isActive));
  CHECK(isActive == 0);
  EXPECT(Success, cuCtxSetCurrent(NULL));
  EXPECT(InvalidDevice, cuDevicePrimaryCtxRetain(&context, 1));
  EXPECT(InvalidValue, cuDevicePrimaryCtxRetain(NULL, 0));
}

static void testLimits(void) {
  Fixture fixture = setUp();
  size_t value = 0;
  int least = 77, greatest = 77;
  EXPECT(Success, cuCtxSetLimit(0, 4096));
  EXPECT(Success, cuCtxGetLimit(&value, 0));
  CHECK(value == 4096);
  EXPECT(Success, cuCtxGetLimit(&value, 1));
  CHECK(value == 1 << 20);
  EXPECT(UnsupportedLimit, cuCtxGetLimit(&value, 99));
  EXPECT(UnsupportedLimit, cuCtxSetLimit(-1, 1));
  EXPECT(InvalidValue, cuCtxGetLimit(NULL, 0));
  EXPECT(Success, cuCtxGetStreamPriorityRange(&least, &greatest));
  CHECK(least == 0 && greatest < 0);
  EXPECT(Success, cuCtxGetStreamPriorityRange(NULL, NULL));
  tearDown(fixture);
}

void testContexts(void) {
  testOwnContexts();
  testPrimaryContext();
  testLimits();
}
