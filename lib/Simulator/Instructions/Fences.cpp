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

#include "../Mbarrier.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static Flow executeNothing(Warp &, const Instruction &) { return Flow::Next; }

static Flow executeFence(Warp &warp, const Instruction &) {
  warp.cta.cluster.races.fence(warp.agent);
  return Flow::Next;
}

static void fence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeFence;
}

static void noFence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeNothing;
}

static Flow executeProxyFence(Warp &warp, const Instruction &) {
  warp.cta.cluster.races.fenceProxy(warp.agent);
  warp.cta.unit<Mbarriers>().fence(warp);
  return Flow::Next;
}

/// It orders what mbarrier.init writes before a relaxed arrival at the
/// cluster's barrier; here, with that, whatever the thread has written.
static Flow executeMbarrierFence(Warp &warp, const Instruction &) {
  warp.cta.cluster.races.fence(warp.agent);
  warp.cta.unit<Mbarriers>().fence(warp);
  return Flow::Next;
}

static void mbarrierFence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeMbarrierFence;
}

static void proxyFence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeProxyFence;
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
    {"fence mbarrier_init release cluster", mbarrierFence, kind, Sm90},
    {"fence proxy alias", noFence, kind},
    {"fence proxy async|async::generic [acquire|release] "
     "[sync_restrict::shared::cta|sync_restrict::shared::cluster] [cluster]",
     proxyFence, kind, Sm90},
    {"fence proxy async shared::cta|shared::cluster", proxyFence, kind, Sm90},
    {"fence proxy async global", noFence, kind, Sm90},
};

Rows sim::fenceRows() { return rows; }
