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
constexpr const char *ExportTable =
    "the tables by which CUDA's other libraries, the runtime among them, reach "
    "into the driver are not public";
constexpr const char *Graphs = "graphs and stream capture are not simulated";
constexpr const char *Interop =
    "nothing is shared with other processes, devices or interfaces";
constexpr const char *Arrays =
    "arrays, textures and surfaces are not simulated";
constexpr const char *VirtualMemory =
    "virtual memory is not simulated, use cuMemAlloc";
constexpr const char *Multicast = "there is one device";
constexpr const char *Linker =
    "there is no linker, load one module of PTX instead";
constexpr const char *Peers = "there is one device";
constexpr const char *Partitions = "the device is not divided";
constexpr const char *MemoryOperations =
    "operations of streams on memory are not simulated";
constexpr const char *OldLaunches = "use cuLaunchKernel";
constexpr const char *Debugging = "there is no state of a process to save";
constexpr const char *UnifiedFunctions =
    "device code cannot be called from the host";
constexpr const char *Im2col = "tensor maps of im2col are not simulated";
constexpr const char *HostAtomics =
    "the host's atomics are none of the device's";
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
