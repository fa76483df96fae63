//===- SpecialRegisters.cpp - Registers that are read only ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 10]. The clocks count instructions of the warp, so that they advance and
// are the same in each run.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// d = function(warp, lane)
template <typename Function>
static Flow setLanes(Warp &warp, const Instruction &in, Function function) {
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned lane) {
    d.value[lane] = function(lane);
    d.poison[lane] = 0;
  });
  return Flow::Next;
}

/// The same for all threads of the warp.
template <uint64_t (*Function)(const Warp &)>
static Flow uniform(Warp &warp, const Instruction &in) {
  uint64_t value = Function(warp);
  return setLanes(warp, in, [&](unsigned) { return value; });
}

template <unsigned Dim>
static Flow threadId(Warp &warp, const Instruction &in) {
  return setLanes(warp, in,
                  [&](unsigned lane) { return warp.threadIndex(lane)[Dim]; });
}
template <unsigned Dim>
static uint64_t blockSize(const Warp &warp) {
  return warp.cta.grid.launch.block[Dim];
}
template <unsigned Dim>
static uint64_t blockId(const Warp &warp) {
  return warp.cta.index[Dim];
}
template <unsigned Dim>
static uint64_t gridSize(const Warp &warp) {
  return warp.cta.grid.launch.grid[Dim];
}
template <unsigned Dim>
static uint64_t clusterId(const Warp &warp) {
  return warp.cta.cluster.index[Dim];
}
template <unsigned Dim>
static uint64_t numClusters(const Warp &warp) {
  return warp.cta.grid.clusters[Dim];
}
template <unsigned Dim>
static uint64_t blockInCluster(const Warp &warp) {
  return warp.cta.index[Dim] % warp.cta.grid.launch.cluster[Dim];
}
template <unsigned Dim>
static uint64_t clusterSize(const Warp &warp) {
  return warp.cta.grid.launch.cluster[Dim];
}

static uint64_t rankInCluster(const Warp &warp) { return warp.cta.rank; }
static uint64_t ctasOfCluster(const Warp &warp) {
  return warp.cta.grid.ctasPerCluster;
}
/// Whether the launch has clusters; one of a single CTA is none here unless the
/// kernel asks for it.
static uint64_t isExplicitCluster(const Warp &warp) {
  return warp.cta.grid.ctasPerCluster > 1 ||
         warp.cta.grid.launch.kernel->limits.clusterSize[0] != 0;
}

static Flow laneId(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) { return lane; });
}
static uint64_t warpId(const Warp &warp) { return warp.index; }
static uint64_t numWarps(const Warp &warp) { return warp.cta.warps.size(); }
static uint64_t smId(const Warp &warp) {
  uint64_t cta = warp.cta.cluster.number * warp.cta.grid.ctasPerCluster;
  return (cta + warp.cta.rank) % warp.cta.grid.chip.multiprocessors;
}
static uint64_t numSMs(const Warp &warp) {
  return warp.cta.grid.chip.multiprocessors;
}
static uint64_t zero(const Warp &) { return 0; }

static Flow maskEqual(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) { return 1u << lane; });
}
static Flow maskLess(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) { return (1u << lane) - 1; });
}
static Flow maskLessEqual(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) {
    return (1u << lane) | ((1u << lane) - 1);
  });
}
static Flow maskGreater(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) {
    return ~((1u << lane) | ((1u << lane) - 1));
  });
}
static Flow maskGreaterEqual(Warp &warp, const Instruction &in) {
  return setLanes(warp, in, [](unsigned lane) { return ~((1u << lane) - 1); });
}

static uint64_t clockLow(const Warp &warp) { return uint32_t(warp.steps); }
static uint64_t clockHigh(const Warp &warp) { return warp.steps >> 32; }
static uint64_t clockWhole(const Warp &warp) { return warp.steps; }

static uint64_t dynamicShared(const Warp &warp) {
  return warp.cta.grid.launch.dynamicShared;
}
static uint64_t totalShared(const Warp &warp) {
  return warp.cta.grid.sharedBytes - warp.cta.grid.chip.reservedShared;
}
static uint64_t allShared(const Warp &warp) {
  return warp.cta.grid.sharedBytes;
}
static uint64_t reservedEnd(const Warp &warp) {
  return warp.cta.grid.chip.reservedShared;
}

#define DIMS(NAME, FUNCTION, FEATURES)                                         \
  {"%" NAME ".x", Type::U32, FUNCTION<0>, FEATURES},                           \
      {"%" NAME ".y", Type::U32, FUNCTION<1>, FEATURES}, {                     \
    "%" NAME ".z", Type::U32, FUNCTION<2>, FEATURES                            \
  }
#define UNIFORM_DIMS(NAME, FUNCTION, FEATURES)                                 \
  {"%" NAME ".x", Type::U32, uniform<FUNCTION<0>>, FEATURES},                  \
      {"%" NAME ".y", Type::U32, uniform<FUNCTION<1>>, FEATURES}, {            \
    "%" NAME ".z", Type::U32, uniform<FUNCTION<2>>, FEATURES                   \
  }

static constexpr SpecialRegister registers[] = {
    DIMS("tid", threadId, 0),
    UNIFORM_DIMS("ntid", blockSize, 0),
    UNIFORM_DIMS("ctaid", blockId, 0),
    UNIFORM_DIMS("nctaid", gridSize, 0),
    UNIFORM_DIMS("clusterid", clusterId, Sm90),
    UNIFORM_DIMS("nclusterid", numClusters, Sm90),
    UNIFORM_DIMS("cluster_ctaid", blockInCluster, Sm90),
    UNIFORM_DIMS("cluster_nctaid", clusterSize, Sm90),
    {"%cluster_ctarank", Type::U32, uniform<rankInCluster>, Sm90},
    {"%cluster_nctarank", Type::U32, uniform<ctasOfCluster>, Sm90},
    {"%is_explicit_cluster", Type::Pred, uniform<isExplicitCluster>, Sm90},
    {"%laneid", Type::U32, laneId},
    {"%warpid", Type::U32, uniform<warpId>},
    {"%nwarpid", Type::U32, uniform<numWarps>},
    {"%smid", Type::U32, uniform<smId>},
    {"%nsmid", Type::U32, uniform<numSMs>},
    {"%gridid", Type::U64, uniform<zero>},
    {"%lanemask_eq", Type::U32, maskEqual},
    {"%lanemask_lt", Type::U32, maskLess},
    {"%lanemask_le", Type::U32, maskLessEqual},
    {"%lanemask_gt", Type::U32, maskGreater},
    {"%lanemask_ge", Type::U32, maskGreaterEqual},
    {"%clock", Type::U32, uniform<clockLow>},
    {"%clock_hi", Type::U32, uniform<clockHigh>},
    {"%clock64", Type::U64, uniform<clockWhole>},
    {"%globaltimer", Type::U64, uniform<clockWhole>},
    {"%globaltimer_lo", Type::U32, uniform<clockLow>},
    {"%globaltimer_hi", Type::U32, uniform<clockHigh>},
    {"%dynamic_smem_size", Type::U32, uniform<dynamicShared>},
    {"%total_smem_size", Type::U32, uniform<totalShared>},
    {"%aggr_smem_size", Type::U32, uniform<allShared>, Sm90},
    // What lies at the start of shared memory is the system's.
    {"%reserved_smem_offset_begin", Type::U32, uniform<zero>},
    {"%reserved_smem_offset_end", Type::U32, uniform<reservedEnd>},
    {"%reserved_smem_offset_cap", Type::U32, uniform<reservedEnd>},
    {"%reserved_smem_offset_0", Type::U32, uniform<reservedEnd>},
    {"%reserved_smem_offset_1", Type::U32, uniform<reservedEnd>},
    // What a driver may hand over; ours hands over nothing.
    {"%envreg0", Type::B32, uniform<zero>},
    {"%envreg1", Type::B32, uniform<zero>},
    {"%envreg2", Type::B32, uniform<zero>},
    {"%envreg3", Type::B32, uniform<zero>},
};

ArrayRef<SpecialRegister> sim::specialRegisters() { return registers; }
