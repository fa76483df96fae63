//===- serial_openmp.c - What lowered modules call, on one thread ---------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stand-ins for libomp and MLIR's runner utilities, where these are not to be
// had: on a machine that is only emulated.
//
//===----------------------------------------------------------------------===//

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void Microtask(int32_t *thread, int32_t *bound, void *shared);

int32_t __kmpc_global_thread_num(void *location) { return 0; }

void __kmpc_fork_call(void *location, int32_t count, Microtask *task, ...) {
  if (count > 1)
    abort();
  va_list arguments;
  va_start(arguments, task);
  int32_t zero = 0;
  task(&zero, &zero, count ? va_arg(arguments, void *) : NULL);
  va_end(arguments);
}

// One thread takes all iterations: the bounds stay.
void __kmpc_for_static_init_8u(void *location, int32_t thread, int32_t schedule,
                               int32_t *isLast, uint64_t *lower,
                               uint64_t *upper, int64_t *stride,
                               int64_t increment, int64_t chunk) {
  *isLast = 1;
}
void __kmpc_for_static_fini(void *location, int32_t thread) {}
void __kmpc_barrier(void *location, int32_t thread) {}

// A memref of any rank: then its sizes, then its strides.
struct MemRef {
  char *base, *data;
  int64_t offset, sizes[];
};
struct UnrankedMemRef {
  int64_t rank;
  struct MemRef *memref;
};

static void copy(int64_t bytes, int64_t rank, const int64_t *sizes,
                 const char *from, const int64_t *fromStrides, char *to,
                 const int64_t *toStrides) {
  if (rank == 0) {
    memcpy(to, from, bytes);
    return;
  }
  for (int64_t i = 0; i < *sizes; ++i)
    copy(bytes, rank - 1, sizes + 1, from + i * *fromStrides * bytes,
         fromStrides + 1, to + i * *toStrides * bytes, toStrides + 1);
}

void memrefCopy(int64_t bytes, const struct UnrankedMemRef *from,
                const struct UnrankedMemRef *to) {
  const struct MemRef *f = from->memref, *t = to->memref;
  copy(bytes, from->rank, f->sizes, f->data + f->offset * bytes,
       f->sizes + from->rank, t->data + t->offset * bytes,
       t->sizes + from->rank);
}
