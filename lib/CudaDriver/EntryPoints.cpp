//===- EntryPoints.cpp - The table of entry points, by name ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryPoints.h"

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

// Only their addresses are of interest here, not their types.
#define FP4_DECLARE(SYMBOL) extern "C" void SYMBOL();
#define FP4_DECLARE_legacy(SYMBOL) FP4_DECLARE(SYMBOL)
#define FP4_DECLARE_ptds(SYMBOL) FP4_DECLARE(SYMBOL) FP4_DECLARE(SYMBOL##_ptds)
#define FP4_DECLARE_ptsz(SYMBOL) FP4_DECLARE(SYMBOL) FP4_DECLARE(SYMBOL##_ptsz)
#define FP4_ENTRY(NAME, SYMBOL, VERSION, STREAMS) FP4_DECLARE_##STREAMS(SYMBOL)
#define FP4_REFUSED(NAME, SYMBOL, VERSION, STREAMS, REASON)                    \
  FP4_DECLARE_##STREAMS(SYMBOL)
#include "EntryPoints.def"

#define FP4_THREAD_legacy(SYMBOL) SYMBOL
#define FP4_THREAD_ptds(SYMBOL) SYMBOL##_ptds
#define FP4_THREAD_ptsz(SYMBOL) SYMBOL##_ptsz
static const EntryPoint entryPoints[] = {
#define FP4_ENTRY(NAME, SYMBOL, VERSION, STREAMS)                              \
  {#NAME, VERSION, SYMBOL, FP4_THREAD_##STREAMS(SYMBOL)},
#define FP4_REFUSED(NAME, SYMBOL, VERSION, STREAMS, REASON)                    \
  {#NAME, VERSION, SYMBOL, FP4_THREAD_##STREAMS(SYMBOL)},
#include "EntryPoints.def"
};

ArrayRef<EntryPoint> cuda::getEntryPoints() { return entryPoints; }
