//===- Refusals.cpp - What the simulated driver has but does not do -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Their parameters are of no interest: calls of C may pass more than a function
// takes.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace mlir::fp4::sim::cuda;

namespace {
namespace Reason {
#define FP4_REASON(NAME, TEXT) constexpr const char *NAME = TEXT;
#include "EntryPoints.def"
} // namespace Reason
} // namespace

#define FP4_DEFINE(SYMBOL, REASON)                                             \
  FP4_CUDA(SYMBOL, ()) { return refuse(#SYMBOL, Reason::REASON); }
#define FP4_DEFINE_legacy(SYMBOL, REASON) FP4_DEFINE(SYMBOL, REASON)
#define FP4_DEFINE_ptds(SYMBOL, REASON)                                        \
  FP4_DEFINE(SYMBOL, REASON) FP4_CUDA_ALIAS(SYMBOL##_ptds, SYMBOL)
#define FP4_DEFINE_ptsz(SYMBOL, REASON)                                        \
  FP4_DEFINE(SYMBOL, REASON) FP4_CUDA_ALIAS(SYMBOL##_ptsz, SYMBOL)
#define FP4_REFUSED(NAME, SYMBOL, VERSION, STREAMS, REASON)                    \
  FP4_DEFINE_##STREAMS(SYMBOL, REASON)
#include "EntryPoints.def"
