//===- Fences.cpp - Fences ------------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fence and membar [PTX 9.7.13.3]. Threads see all accesses in one order here,
// so that most have nothing to do; fence.proxy.async makes a thread's writes to
// shared memory visible to units that read it by the async proxy.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static Flow executeNothing(Warp &, const Instruction &) { return Flow::Next; }

static void fence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeNothing;
}

static Flow executeProxyFence(Warp &warp, const Instruction &) {
  warp.cta.cluster.races.fenceProxy(warp.agent);
  return Flow::Next;
}

static void proxyFence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeProxyFence;
}

/// fence.proxy.tensormap::generic.acquire [address], size: that of a tensor
/// map.
static void acquireTensorMap(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.address(d.in.operands[0], StateSpace::Generic);
  if (d.integer(d.in.operands[1]) != 128)
    return d.fail("expects 128 bytes");
  d.out.execute = executeNothing;
}

static constexpr InstructionClass kind = InstructionClass::Synchronization;

#define SCOPE "cta|cluster|gpu|sys"

static constexpr Row rows[] = {
    {"membar cta|gl|sys", fence, kind},
    {"fence [sc|acq_rel] " SCOPE, fence, kind},
    {"fence acquire|release " SCOPE, fence, kind, Sm90},
    {"fence acquire|release sync_restrict::shared::cta|"
     "sync_restrict::shared::cluster cluster",
     fence, kind, Sm90},
    {"fence mbarrier_init release cluster", fence, kind, Sm90},
    {"fence proxy alias", fence, kind},
    {"fence proxy async|async::generic [acquire|release] "
     "[sync_restrict::shared::cta|sync_restrict::shared::cluster] [cluster]",
     proxyFence, kind, Sm90},
    {"fence proxy async shared::cta|shared::cluster", proxyFence, kind, Sm90},
    {"fence proxy async global", fence, kind, Sm90},
    {"fence proxy tensormap::generic release " SCOPE, fence, kind, Sm90},
    {"fence proxy tensormap::generic acquire " SCOPE, acquireTensorMap, kind,
     Sm90},
};

Rows sim::fenceRows() { return rows; }
