//===- ProcAddress.cpp - cuGetProcAddress ---------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "EntryPoints.h"

using namespace mlir::fp4::sim::cuda;

/// CUdriverProcAddressQueryResult.
enum QueryResult : int { Found = 0, NotFound = 1, VersionNotSufficient = 2 };

/// CUdriverProcAddress_flags.
enum : uint64_t { LegacyStream = 1, StreamOfThread = 2 };

static CUresult find(const char *symbol, void **function, int version,
                     uint64_t flags, QueryResult &result) {
  if (!symbol || !*symbol || !function || version < 0 ||
      flags & ~(LegacyStream | StreamOfThread) ||
      flags == (LegacyStream | StreamOfThread))
    return CUDA_ERROR_INVALID_VALUE;
  *function = nullptr;
  result = NotFound;
  if (version > driverVersion)
    return CUDA_ERROR_INVALID_VALUE;
  // The newest that the program knows of.
  const EntryPoint *best = nullptr;
  for (const EntryPoint &entry : getEntryPoints()) {
    if (entry.name != symbol)
      continue;
    if (entry.version > version) {
      if (!best)
        result = VersionNotSufficient;
      continue;
    }
    if (!best || best->version <= entry.version)
      best = &entry;
  }
  if (best) {
    result = Found;
    *function = reinterpret_cast<void *>(flags & StreamOfThread ? best->ofThread
                                                                : best->entry);
  }
  return CUDA_SUCCESS;
}

FP4_CUDA(cuGetProcAddress_v2, (const char *symbol, void **function, int version,
                               uint64_t flags, int *status)) {
  QueryResult result = NotFound;
  CUresult error = find(symbol, function, version, flags, result);
  if (status)
    *status = result;
  return error;
}

/// What programs get that are compiled for the default stream of the thread.
FP4_CUDA(cuGetProcAddress_v2_ptsz, (const char *symbol, void **function,
                                    int version, uint64_t flags, int *status)) {
  return cuGetProcAddress_v2(symbol, function, version,
                             flags ? flags : uint64_t(StreamOfThread), status);
}

/// The first version says by an error what the second has a status for.
FP4_CUDA(cuGetProcAddress,
         (const char *symbol, void **function, int version, uint64_t flags)) {
  QueryResult result = NotFound;
  CUresult error = find(symbol, function, version, flags, result);
  return error == CUDA_SUCCESS && result != Found ? CUDA_ERROR_NOT_FOUND
                                                  : error;
}
