//===- Threads.h - The threads that are measured ----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The threads of OpenMP's pool, which compiled code runs on as well: rooflines
// and workloads have the same ones, bound in the same way, and no second pool
// spins beside them.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_THREADS_H
#define FP4_BENCH_THREADS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <omp.h>

namespace mlir::fp4::bench {

/// OMP_NUM_THREADS, or as many as there are CPUs.
inline unsigned getNumThreads() { return omp_get_max_threads(); }

/// Calls `work` with the number of each thread, on that thread, and waits.
inline void onAllThreads(llvm::function_ref<void(unsigned)> work) {
#pragma omp parallel
  work(omp_get_thread_num());
}

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_THREADS_H
