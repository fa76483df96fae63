//===- Barriers.cpp - Barriers of CTAs and of clusters --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// bar and barrier [PTX 9.7.13.1], bar.warp.sync [PTX 9.7.13.2] and
// barrier.cluster [PTX 9.7.13.4].
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Named barriers
//===----------------------------------------------------------------------===//

namespace {
enum class Use : uint8_t { Sync, Arrive, Popc, And, Or };

/// Gives the threads the result of bar.red, if there is one.
void deliver(const NamedBarrier &barrier, Use use, LaneMask lanes, Lanes *d) {
  if (!d)
    return;
  unsigned which = use == Use::Popc ? 0 : use == Use::And ? 1 : 2;
  forEachLane(lanes, [&](unsigned lane) {
    d->value[lane] = barrier.results[which];
    d->poison[lane] =
        barrier.resultsPoisoned ? poisonOfSize(use == Use::Popc ? 4 : 1) : 0;
  });
}

class BarrierWait : public Wait {
public:
  BarrierWait(Warp &warp, unsigned number, LaneMask lanes, Use use, Lanes *d)
      : warp(warp), barrier(warp.cta.barriers[number]), number(number),
        generation(barrier.generation), lanes(lanes), use(use), d(d) {}

  bool isOver() override {
    if (barrier.generation == generation)
      return false;
    warp.cta.cluster.races.acquire(warp.agent, barrier.passed);
    deliver(barrier, use, lanes, d);
    return true;
  }
  std::string describe() const override {
    return formatv("barrier {0}, at which {1} of {2} threads are", number,
                   barrier.arrived,
                   barrier.expected ? barrier.expected : warp.cta.liveThreads)
        .str();
  }

private:
  Warp &warp;
  NamedBarrier &barrier;
  const unsigned number;
  const uint64_t generation;
  const LaneMask lanes;
  const Use use;
  Lanes *const d;
};
} // namespace

/// Counts the threads of `lanes` at the barrier; `values` are of bar.red.
static Flow arrive(Warp &warp, LaneMask lanes, uint64_t number, uint64_t count,
                   const Lanes *values, bool negated) {
  unsigned leader = countr_zero(lanes);
  if (number >= std::size(warp.cta.barriers))
    return warp.fault(leader, "barrier",
                      "there is no barrier " + Twine(number) +
                          ", a CTA has 16 of them");
  if (count % warpSize != 0)
    return warp.fault(leader, "barrier",
                      "the number of threads of a barrier is " + Twine(count) +
                          ", which is not a multiple of the warp's");
  NamedBarrier &barrier = warp.cta.barriers[number];
  if (barrier.inUse && barrier.expected != count)
    return warp.fault(leader, "barrier",
                      "arrives at barrier " + Twine(number) + " with " +
                          Twine(count) + " threads, but others did with " +
                          Twine(barrier.expected) +
                          " (0 stands for all of the CTA)");
  barrier.inUse = true;
  barrier.expected = uint32_t(count);
  // Where threads are counted, those that a warp lacks count as well.
  barrier.arrived += llvm::popcount(lanes);
  if (count && lanes == warp.live)
    barrier.arrived += warpSize - llvm::popcount(lanes);
  if (count && barrier.arrived > count)
    return warp.fault(leader, "barrier",
                      "more threads than " + Twine(count) +
                          " arrive at barrier " + Twine(number));
  if (values)
    forEachLane(lanes, [&](unsigned lane) {
      bool value = (values->value[lane] & 1) != negated;
      barrier.population += value;
      barrier.conjunction &= value;
      barrier.disjunction |= value;
      barrier.poisoned |= values->poison[lane] != 0;
    });
  warp.cta.cluster.races.release(warp.agent, barrier.arriving);
  return Flow::Next;
}

/// Operands: the barrier, the number of threads or 0, and of bar.red the result
/// and the predicate.
static Flow executeBarrier(Warp &warp, const Instruction &in) {
  const Lanes &numbers = warp.read(in.operands[0]);
  const Lanes &counts = warp.read(in.operands[1]);
  Use use = Use(in.option);
  bool reduces = use != Use::Sync && use != Use::Arrive;
  Lanes *d = reduces ? &warp.write(in.operands[2]) : nullptr;
  const Lanes *values = reduces ? &warp.read(in.operands[3]) : nullptr;
  bool waits = false;
  // Each set of threads that name one barrier.
  for (LaneMask left = warp.active; left;) {
    unsigned leader = countr_zero(left);
    LaneMask lanes = 0;
    forEachLane(left, [&](unsigned lane) {
      if (numbers.value[lane] == numbers.value[leader] &&
          counts.value[lane] == counts.value[leader])
        lanes |= 1u << lane;
    });
    left &= ~lanes;
    if (numbers.poison[leader] || counts.poison[leader])
      return warp.fault(leader, "poison",
                        "the barrier depends on uninitialised data");
    if (in.aligned && left)
      return warp.fault(leader, "barrier",
                        "the threads of the warp name different barriers");
    uint64_t number = numbers.value[leader];
    if (arrive(warp, lanes, number, counts.value[leader], values, in.option2) ==
        Flow::Fault)
      return Flow::Fault;
    NamedBarrier &barrier = warp.cta.barriers[number];
    uint64_t generation = barrier.generation;
    auto wait =
        std::make_unique<BarrierWait>(warp, unsigned(number), lanes, use, d);
    warp.cta.completeIfFull(barrier);
    if (use == Use::Arrive)
      continue;
    if (barrier.generation != generation) {
      wait->isOver(); // which is what gives the results
      continue;
    }
    warp.suspend(lanes, std::move(wait));
    waits = true;
  }
  return waits ? warp.resumeOthers() : Flow::Next;
}

static void barrier(Decoder &d) {
  bool isBar = d.in.root == "bar";
  d.out.aligned = isBar || d.has("aligned");
  bool reduces = d.has("red");
  Use use = d.has("popc")     ? Use::Popc
            : d.has("and")    ? Use::And
            : d.has("or")     ? Use::Or
            : d.has("arrive") ? Use::Arrive
                              : Use::Sync;
  unsigned first = reduces ? 1 : 0, extra = reduces ? 2 : 0;
  // The number of threads may be left out, but not of arrive.
  unsigned least = use == Use::Arrive ? 2 : 1 + extra;
  if (!d.expectOperands(least, 2 + extra))
    return;
  bool hasCount = d.numOperands() == 2 + extra;
  d.source(first, Type::U32);
  if (hasCount)
    d.source(first + 1, Type::U32);
  else
    d.append(d.names.constant(0));
  if (reduces) {
    d.destination(0, use == Use::Popc ? Type::U32 : Type::Pred);
    bool negated;
    d.predicate(d.in.operands[d.numOperands() - 1], negated);
    d.out.option2 = negated;
  }
  d.out.option = uint8_t(use);
  d.out.execute = executeBarrier;
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

namespace {
class MeetingWait : public Wait {
public:
  MeetingWait(Warp &warp, LaneMask mask)
      : warp(warp), mask(mask), generation(warp.rendezvous(mask).generation) {}

  bool isOver() override {
    return warp.rendezvous(mask).generation != generation;
  }
  std::string describe() const override {
    return formatv("the threads {0:x} of the warp to come to bar.warp.sync",
                   mask & warp.live & ~warp.rendezvous(mask).arrived)
        .str();
  }

private:
  Warp &warp;
  const LaneMask mask;
  const uint64_t generation;
};
} // namespace

/// Unlike the other instructions with a mask, this one need not be the same for
/// all of its threads.
static Flow executeWarpSync(Warp &warp, const Instruction &in) {
  const Lanes &members = warp.read(in.operands[0]);
  bool waits = false;
  for (LaneMask left = warp.active; left;) {
    unsigned leader = countr_zero(left);
    LaneMask mask = LaneMask(members.value[leader]), lanes = 0;
    if (members.poison[leader])
      return warp.fault(leader, "poison",
                        "the mask of members depends on uninitialised data");
    if (!(mask >> leader & 1))
      return warp.fault(leader, "member-mask",
                        "the thread is not in its own mask of members, 0x" +
                            Twine::utohexstr(mask));
    forEachLane(left, [&](unsigned lane) {
      if (LaneMask(members.value[lane]) == mask)
        lanes |= 1u << lane;
    });
    left &= ~lanes;
    Warp::Rendezvous &meeting = warp.rendezvous(mask);
    if (!(mask & warp.live & ~(meeting.arrived | lanes))) {
      meeting.arrived = 0;
      ++meeting.generation;
      continue;
    }
    warp.suspend(lanes, std::make_unique<MeetingWait>(warp, mask));
    warp.rendezvous(mask).arrived |= lanes;
    waits = true;
  }
  return waits ? warp.resumeOthers() : Flow::Next;
}

static void warpSync(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.source(0, Type::B32);
  d.out.execute = executeWarpSync;
}

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

namespace {
class ClusterWait : public Wait {
public:
  ClusterWait(Warp &warp, uint64_t phase) : warp(warp), phase(phase) {}

  bool isOver() override {
    ClusterBarrier &barrier = warp.cta.cluster.barrier;
    if (barrier.generation == phase)
      return false;
    warp.cta.cluster.races.acquire(warp.agent, barrier.passed);
    warp.agent.over.merge(barrier.passedRelaxed);
    return true;
  }
  std::string describe() const override {
    return formatv("the cluster's barrier, at which {0} threads are",
                   warp.cta.cluster.barrier.arrived)
        .str();
  }

private:
  Warp &warp;
  const uint64_t phase;
};
} // namespace

static Flow executeClusterArrive(Warp &warp, const Instruction &in) {
  Cluster &cluster = warp.cta.cluster;
  if (LaneMask twice = warp.active & warp.clusterArrived)
    return warp.fault(countr_zero(twice), "barrier",
                      "arrives at the cluster's barrier twice without a wait");
  warp.clusterArrived |= warp.active;
  forEachLane(warp.active, [&](unsigned lane) {
    warp.clusterPhase[lane] = cluster.barrier.generation;
  });
  cluster.barrier.arrived += llvm::popcount(warp.active);
  if (in.option) {
    cluster.races.releaseRelaxed(warp.agent, cluster.barrier.arriving);
    cluster.races.release(warp.agent, cluster.barrier.arrivingRelaxed);
  } else {
    cluster.races.release(warp.agent, cluster.barrier.arriving);
  }
  cluster.completeBarrierIfFull();
  return Flow::Next;
}

static Flow executeClusterWait(Warp &warp, const Instruction &) {
  if (LaneMask early = warp.active & ~warp.clusterArrived)
    return warp.fault(countr_zero(early), "barrier",
                      "waits at the cluster's barrier without having arrived");
  bool waits = false;
  for (LaneMask left = warp.active; left;) {
    uint64_t phase = warp.clusterPhase[countr_zero(left)];
    LaneMask lanes = 0;
    forEachLane(left, [&](unsigned lane) {
      if (warp.clusterPhase[lane] == phase)
        lanes |= 1u << lane;
    });
    left &= ~lanes;
    warp.clusterArrived &= ~lanes;
    auto wait = std::make_unique<ClusterWait>(warp, phase);
    if (wait->isOver())
      continue;
    warp.suspend(lanes, std::move(wait));
    waits = true;
  }
  return waits ? warp.resumeOthers() : Flow::Next;
}

static void clusterBarrier(Decoder &d) {
  if (!d.expectOperands(0))
    return;
  d.out.aligned = d.has("aligned");
  d.out.option = d.has("relaxed");
  d.out.execute = d.has("arrive") ? executeClusterArrive : executeClusterWait;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Synchronization;

static constexpr Row rows[] = {
    {"bar [cta] sync", barrier, kind},
    {"bar [cta] arrive", barrier, kind},
    {"bar [cta] red popc u32", barrier, kind},
    {"bar [cta] red and|or pred", barrier, kind},
    {"barrier [cta] sync [aligned]", barrier, kind},
    {"barrier [cta] arrive [aligned]", barrier, kind},
    {"barrier [cta] red popc [aligned] u32", barrier, kind},
    {"barrier [cta] red and|or [aligned] pred", barrier, kind},
    {"bar warp sync", warpSync, kind},
    {"barrier cluster arrive [release|relaxed] [aligned]", clusterBarrier, kind,
     Sm90},
    {"barrier cluster wait [acquire] [aligned]", clusterBarrier, kind, Sm90},
};

Rows sim::barrierRows() { return rows; }
