//===- Errors.cpp - Names of results, and where a program begins ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static const char *getName(int result) {
  switch (result) {
#define FP4_RESULT(NAME, NUMBER, TEXT)                                         \
  case NUMBER:                                                                 \
    return #NAME;
#include "Results.def"
  }
  return nullptr;
}

static const char *getText(int result) {
  switch (result) {
#define FP4_RESULT(NAME, NUMBER, TEXT)                                         \
  case NUMBER:                                                                 \
    return TEXT;
#include "Results.def"
  }
  return nullptr;
}

/// An unknown number leaves null.
static CUresult describe(const char *text, const char **out) {
  if (!out)
    return CUDA_ERROR_INVALID_VALUE;
  *out = text;
  return text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

FP4_CUDA(cuGetErrorName, (int error, const char **name)) {
  return describe(getName(error), name);
}

FP4_CUDA(cuGetErrorString, (int error, const char **text)) {
  return describe(getText(error), text);
}

//===----------------------------------------------------------------------===//
// Initialization, version, profiler
//===----------------------------------------------------------------------===//

FP4_CUDA(cuInit, (unsigned flags)) {
  return flags ? CUDA_ERROR_INVALID_VALUE : Driver::get().initialize();
}

FP4_CUDA(cuDriverGetVersion, (int *version)) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = driverVersion;
  return CUDA_SUCCESS;
}

// No profiler is attached, which is no error.
FP4_CUDA(cuProfilerStart, ()) {
  return callInContext([](Driver &, Context &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuProfilerStop, ()) {
  return callInContext([](Driver &, Context &) { return CUDA_SUCCESS; });
}
