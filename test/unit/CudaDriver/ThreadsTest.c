//===- ThreadsTest.c - Several threads at once ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api.h"
#include <pthread.h>

enum { NumThreads = 4, NumLaunches = 20, NumWords = 64 };

typedef struct {
  Handle context, module;
  unsigned number;
  int isWrong;
} Worker;

/// Launches in the context of all, in a stream of its own, and checks what
/// comes out: nothing but this thread is to write there.
static void *work(void *data) {
  Worker *worker = data;
  Handle stream = NULL, scale = NULL, current = (Handle)1;
  Address in = 0, out = 0;
  unsigned words[NumWords], got[NumWords];
  // A new thread has no context.
  worker->isWrong |= cuCtxGetCurrent(&current) != Success || current != NULL;
  worker->isWrong |=
      cuCtxSetCurrent(worker->context) != Success ||
      cuStreamCreate(&stream, 0) != Success ||
      cuMemAlloc_v2(&in, sizeof(words)) != Success ||
      cuMemAlloc_v2(&out, sizeof(words)) != Success ||
      cuModuleGetFunction(&scale, worker->module, "scale") != Success;
  for (unsigned i = 0; i < NumLaunches && !worker->isWrong; ++i) {
    static const unsigned table[] = {2, 3, 5, 7};
    unsigned factor = worker->number * 1000 + i;
    void *arguments[] = {&out, &in, &factor};
    for (unsigned j = 0; j < NumWords; ++j)
      words[j] = j;
    worker->isWrong |=
        cuMemcpyHtoDAsync_v2(in, words, sizeof(words), stream) != Success ||
        cuLaunchKernel(scale, 2, 1, 1, NumWords / 2, 1, 1, 0, stream, arguments,
                       NULL) != Success ||
        cuStreamSynchronize(stream) != Success ||
        cuMemcpyDtoH_v2(got, out, sizeof(got)) != Success;
    for (unsigned j = 0; j < NumWords; ++j)
      worker->isWrong |= got[j] != j * factor + table[j % 4];
  }
  worker->isWrong |= cuMemFree_v2(in) != Success ||
                     cuMemFree_v2(out) != Success ||
                     cuStreamDestroy_v2(stream) != Success;
  return NULL;
}

void testThreads(void) {
  Fixture fixture = setUp();
  pthread_t threads[NumThreads];
  Worker workers[NumThreads] = {{0}};
  for (unsigned i = 0; i < NumThreads; ++i) {
    workers[i].context = fixture.context;
    workers[i].module = fixture.module;
    workers[i].number = i + 1;
    if (!CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0))
      return;
  }
  for (unsigned i = 0; i < NumThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(!workers[i].isWrong);
  }
  tearDown(fixture);
}
