//===- StreamsTest.c - Streams and events ---------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"

static void increment(void *number) { ++*(int *)number; }

static void note(Handle stream, int status, void *data) {
  Handle *streams = data;
  streams[0] = status == Success ? stream : NULL;
}

void testStreams(void) {
  Fixture fixture = setUp();
  Handle stream = NULL, urgent = NULL, context = NULL, noted = NULL;
  int priority = 77, status = 77, calls = 0;
  unsigned flags = 77;
  EXPECT(Success, cuStreamCreate(&stream, 1));
  EXPECT(Success, cuStreamGetFlags(stream, &flags));
  CHECK(flags == 1);
  EXPECT(Success, cuStreamCreateWithPriority(&urgent, 0, -100));
  EXPECT(Success, cuStreamGetPriority(urgent, &priority));
  // What is out of range is clamped to the greatest.
  CHECK(priority < 0 && priority > -100);
  EXPECT(Success, cuStreamGetCtx(stream, &context));
  CHECK(context == fixture.context);
  EXPECT(Success, cuStreamQuery(stream));
  EXPECT(Success, cuStreamSynchronize(stream));
  for (uintptr_t standing = 0; standing < 3; ++standing)
    EXPECT(Success, cuStreamSynchronize((Handle)standing));
  EXPECT(InvalidHandle, cuStreamSynchronize((Handle)77));
  EXPECT(InvalidValue, cuStreamCreate(&stream, 2));
  EXPECT(InvalidValue, cuStreamCreate(NULL, 0));

  EXPECT(Success, cuLaunchHostFunc(stream, increment, &calls));
  EXPECT(Success, cuStreamAddCallback(stream, note, &noted, 0));
  EXPECT(Success, cuStreamSynchronize(stream));
  CHECK(calls == 1 && noted == stream);
  EXPECT(InvalidValue, cuLaunchHostFunc(stream, NULL, &calls));
  EXPECT(InvalidValue, cuStreamAddCallback(stream, note, &noted, 1));

  EXPECT(Success, cuStreamIsCapturing(stream, &status));
  CHECK(status == 0);
  EXPECT(NotSupported, cuStreamBeginCapture_v2(stream, 0));

  EXPECT(Success, cuStreamDestroy_v2(stream));
  EXPECT(InvalidHandle, cuStreamDestroy_v2(stream));
  EXPECT(InvalidHandle, cuStreamQuery(stream));
  EXPECT(InvalidHandle, cuStreamDestroy_v2(NULL));
  tearDown(fixture);
}

void testEvents(void) {
  Fixture fixture = setUp();
  Handle stream = NULL, begin = NULL, end = NULL, untimed = NULL;
  float milliseconds = -1;
  EXPECT(Success, cuStreamCreate(&stream, 0));
  EXPECT(Success, cuEventCreate(&begin, 0));
  EXPECT(Success, cuEventCreate(&end, 1));
  EXPECT(Success, cuEventCreate(&untimed, 2));
  // What was never recorded has happened, and has no time.
  EXPECT(Success, cuEventQuery(begin));
  EXPECT(InvalidHandle, cuEventElapsedTime(&milliseconds, begin, end));
  EXPECT(Success, cuEventRecord(begin, stream));
  EXPECT(Success, cuStreamWaitEvent(NULL, begin, 0));
  EXPECT(Success, cuEventRecord(end, NULL));
  EXPECT(Success, cuEventSynchronize(end));
  EXPECT(Success, cuEventElapsedTime(&milliseconds, begin, end));
  CHECK(milliseconds >= 0);
  EXPECT(Success, cuEventRecord(untimed, stream));
  EXPECT(InvalidHandle, cuEventElapsedTime(&milliseconds, begin, untimed));
  EXPECT(InvalidValue, cuEventElapsedTime(NULL, begin, end));
  EXPECT(InvalidValue, cuEventCreate(&end, 16));
  EXPECT(InvalidValue, cuEventCreate(&end, 4));
  EXPECT(NotSupported, cuEventCreate(&end, 6));
  EXPECT(Success, cuEventDestroy_v2(begin));
  EXPECT(InvalidHandle, cuEventDestroy_v2(begin));
  EXPECT(InvalidHandle, cuEventRecord(begin, stream));
  EXPECT(InvalidHandle, cuStreamWaitEvent(stream, begin, 0));
  tearDown(fixture);
}
