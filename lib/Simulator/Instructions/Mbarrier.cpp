//===- Mbarrier.cpp - Instructions on barriers in shared memory -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mbarrier [PTX 9.7.13.15]. A first test that fails says so at once, so that a
// kernel that does not repeat it is found out. The next one of that warp waits
// until the phase has completed, or until nothing else in the cluster can go
// on: hardware lets a try_wait fail after some time.
//
//===----------------------------------------------------------------------===//

#include "../BulkCopy.h"
#include "Families.h"
#include "Operations.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

/// What mbarrier.arrive returns: the pending count, the phase, and which
/// barrier it is of.
static constexpr unsigned phaseShift = 20, phaseBits = 24;
static constexpr unsigned placeShift = phaseShift + phaseBits, placeBits = 16;
static constexpr uint64_t stateTag = 5, stateTagShift = placeShift + placeBits;

static uint64_t packState(const Mbarriers::Barrier &barrier,
                          const MbarrierCounts &counts, uint32_t offset) {
  uint64_t phase = barrier.phase & ((1u << phaseBits) - 1);
  return counts.pending | phase << phaseShift |
         uint64_t(offset / mbarrierBytes) << placeShift |
         stateTag << stateTagShift;
}

static bool isState(uint64_t state) {
  return state >> stateTagShift == stateTag;
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

static Bytes accessBarrier(Warp &warp, const Instruction &in, unsigned lane,
                           Access kind) {
  return accessMbarrier(warp, lane, in.space, warp.read(in.operands[0]),
                        in.offset, kind, in.space != StateSpace::SharedCluster);
}

static Mbarriers &unitOf(const Bytes &bytes) {
  return bytes.owner->unit<Mbarriers>();
}

//===----------------------------------------------------------------------===//
// init and inval
//===----------------------------------------------------------------------===//

static Flow executeInit(Warp &warp, const Instruction &in) {
  // A barrier that is relaxed orders nothing, says the manual [PTX 9.7.13.4].
  Access kind = warp.cta.grid.launch.pedantic ? Access::Write : Access::Init;
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    uint64_t count;
    Bytes bytes = accessBarrier(warp, in, lane, kind);
    if (!bytes.data ||
        !readOperand(warp, lane, in.operands[1], "count", count) ||
        !unitOf(bytes).init(Issuer(warp, lane), bytes.offset, count))
      return Flow::Fault;
  }
  return Flow::Next;
}

static void init(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.address(d.in.operands[0],
            d.group(1).empty() ? StateSpace::Generic : StateSpace::Shared);
  d.source(1, Type::U32);
  d.out.execute = executeInit;
}

static Flow executeInval(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    Bytes bytes = accessBarrier(warp, in, lane, Access::Retire);
    if (!bytes.data ||
        !unitOf(bytes).invalidate(Issuer(warp, lane), bytes.offset))
      return Flow::Fault;
  }
  return Flow::Next;
}

static void inval(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.address(d.in.operands[0],
            d.group(1).empty() ? StateSpace::Generic : StateSpace::Shared);
  d.out.execute = executeInval;
}

//===----------------------------------------------------------------------===//
// arrive, arrive_drop, expect_tx and complete_tx
//===----------------------------------------------------------------------===//

namespace {
/// In `option`.
enum Arrival : uint8_t {
  Arrives = 1,   ///< Not expect_tx and complete_tx.
  Drops = 2,     ///< arrive_drop
  Expects = 4,   ///< The count is of bytes.
  Completes = 8, ///< The same, that have come.
  NoComplete = 16,
};
} // namespace

static std::optional<Mbarriers::Change>
changeOf(Warp &warp, const Instruction &in, unsigned lane) {
  uint64_t count;
  if (!readOperand(warp, lane, in.operands[1], "count", count))
    return std::nullopt;
  Mbarriers::Change change;
  bool isBytes = in.option & (Expects | Completes);
  if (count > maxMbarrierCount || (count == 0 && !isBytes)) {
    warp.fault(lane, "mbarrier",
               "the count is " + Twine(count) + ", which has to be from " +
                   Twine(isBytes ? 0 : 1) + " to " + Twine(maxMbarrierCount));
    return std::nullopt;
  }
  if (isBytes)
    change.bytes = in.option & Completes ? -int64_t(count) : int64_t(count);
  if (in.option & Arrives)
    change.arrivals = isBytes ? 1 : uint32_t(count);
  change.drops = in.option & Drops;
  change.mayComplete = !(in.option & NoComplete);
  return change;
}

/// Operands: the address, the count, and the state unless there is none.
static Flow executeArrive(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    Issuer issuer(warp, lane);
    std::optional<Mbarriers::Change> change = changeOf(warp, in, lane);
    if (!change)
      return Flow::Fault;
    Bytes bytes = accessBarrier(warp, in, lane, Access::Read);
    if (!bytes.data)
      return Flow::Fault;
    Mbarriers &unit = unitOf(bytes);
    Mbarriers::Barrier *barrier = unit.find(issuer, bytes.offset);
    if (!barrier)
      return Flow::Fault;
    if (in.operands.size() > 2) {
      uint64_t state =
          packState(*barrier, unit.counts(bytes.offset), bytes.offset);
      set<uint64_t>(warp.write(in.operands[2]), lane, state, false);
    }
    if (!unit.change(issuer, warp.agent, bytes.offset, *change,
                     MbarrierOrder(in.option2)))
      return Flow::Fault;
  }
  return Flow::Next;
}

static StateSpace arrivalSpace(const Decoder &d) {
  if (d.has("shared::cluster"))
    return StateSpace::SharedCluster;
  return d.has("shared") || d.has("shared::cta") ? StateSpace::Shared
                                                 : StateSpace::Generic;
}

static void arrive(Decoder &d) {
  bool expects = d.has("expect_tx");
  bool noComplete = d.has("noComplete");
  bool needsCount = expects || noComplete;
  if (!d.expectOperands(needsCount ? 3 : 2, 3))
    return;
  StateSpace space = arrivalSpace(d);
  bool hasState = d.in.operands[0].kind != Operand::Kind::Sink;
  if (space == StateSpace::SharedCluster && hasState)
    return d.fail("an arrival at a barrier of the cluster gives no state, but "
                  "'_'");
  // .release and .cta are what is taken without them.
  d.out.option2 = uint8_t(d.has("relaxed") ? MbarrierOrder::Relaxed
                                           : MbarrierOrder::Strong);
  d.out.option =
      uint8_t(Arrives | (d.has("arrive_drop") ? Drops : 0) |
              (expects ? Expects : 0) | (noComplete ? NoComplete : 0));
  d.address(d.in.operands[1], space);
  if (d.numOperands() == 3)
    d.source(2, Type::U32);
  else
    d.append(d.names.constant(1));
  if (hasState)
    d.destination(0, Type::B64);
  d.out.execute = executeArrive;
}

static void countBytes(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.option = d.has("expect_tx") ? Expects : Completes;
  // Both are relaxed, and a fence before them is no release: it is the arrival
  // that releases.
  d.out.option2 = uint8_t(MbarrierOrder::None);
  d.address(d.in.operands[0], arrivalSpace(d));
  d.source(1, Type::U32);
  d.out.execute = executeArrive;
}

//===----------------------------------------------------------------------===//
// test_wait and try_wait
//===----------------------------------------------------------------------===//

namespace {
/// In `option`.
enum Test : uint8_t { ByParity = 1, IsRelaxed = 2 };

class MbarrierWait : public Wait {
public:
  MbarrierWait(Warp &warp, LaneMask lanes, Cta &owner, uint32_t offset,
               const Mbarriers::Barrier &barrier, const Instruction &in)
      : issuer(warp, countr_zero(lanes)), lanes(lanes), owner(owner),
        offset(offset), incarnation(barrier.incarnation), phase(barrier.phase),
        in(in) {}

  bool isOver() override;
  bool giveUp() override {
    gaveUp = true;
    return true;
  }
  std::string describe() const override {
    return formatv("phase {0} of {1}", phase,
                   owner.unit<Mbarriers>().describe(offset))
        .str();
  }

private:
  void deliver(bool value) {
    Lanes &d = issuer.warp->write(in.operands[2]);
    forEachLane(lanes,
                [&](unsigned lane) { set<uint8_t>(d, lane, value, false); });
  }

  const Issuer issuer;
  const LaneMask lanes;
  Cta &owner;
  const uint32_t offset;
  const uint64_t incarnation;
  const uint64_t phase;
  const Instruction &in;
  bool gaveUp = false;
};
} // namespace

static void acquire(Warp &warp, const Instruction &in,
                    const Mbarriers::Barrier &barrier) {
  Races &races = warp.cta.cluster.races;
  if (in.option & IsRelaxed)
    races.acquireRelaxed(warp.agent, barrier.passed);
  else
    races.acquire(warp.agent, barrier.passed);
}

bool MbarrierWait::isOver() {
  Mbarriers &unit = owner.unit<Mbarriers>();
  Mbarriers::Barrier *barrier = unit.findAgain(offset, incarnation);
  if (!barrier) {
    issuer.fault("mbarrier", "waits for phase " + Twine(phase) + " of " +
                                 unit.describe(offset) +
                                 ", which was invalidated");
    return true;
  }
  if (barrier->phase == phase) {
    if (!gaveUp)
      return false;
    deliver(false);
    return true;
  }
  // A parity says nothing of a phase that was two before: the next test would
  // be for another one.
  if (barrier->phase > phase + 1) {
    issuer.fault("mbarrier", "waits for phase " + Twine(phase) + " of " +
                                 unit.describe(offset) +
                                 ": the phase after it has completed before "
                                 "the thread could see that it had");
    return true;
  }
  acquire(*issuer.warp, in, *barrier);
  deliver(true);
  return true;
}

/// Whether the phase that a thread asks for has completed; nothing if a rule
/// was broken.
static std::optional<bool> test(Warp &warp, const Instruction &in,
                                unsigned lane, const Bytes &bytes,
                                const Mbarriers::Barrier &barrier) {
  Mbarriers &unit = unitOf(bytes);
  uint64_t value;
  if (!readOperand(warp, lane, in.operands[1],
                   in.option & ByParity ? "parity" : "state", value))
    return std::nullopt;
  if (in.option & ByParity) {
    if (value <= 1)
      return (barrier.phase & 1) != value;
    warp.fault(lane, "mbarrier",
               "the parity is " + Twine(value) + ", which has to be 0 or 1");
    return std::nullopt;
  }
  if (!isState(value) ||
      (value >> placeShift & ((1u << placeBits) - 1)) * mbarrierBytes !=
          bytes.offset) {
    warp.fault(lane, "mbarrier",
               "the state is none that an arrival at " +
                   unit.describe(bytes.offset) + " gave");
    return std::nullopt;
  }
  uint32_t phase = value >> phaseShift & ((1u << phaseBits) - 1);
  uint32_t ago = (uint32_t(barrier.phase) - phase) & ((1u << phaseBits) - 1);
  if (ago <= 1)
    return ago == 1;
  warp.fault(lane, "mbarrier",
             "tests for phase " + Twine(phase) + " of " +
                 unit.describe(bytes.offset) +
                 ": only the present phase and the one before may be tested");
  return std::nullopt;
}

/// Operands: the address, the state or parity, the predicate.
static Flow executeTest(Warp &warp, const Instruction &in) {
  Lanes &d = warp.write(in.operands[2]);
  bool waits = false;
  // Lanes that wait for one barrier together.
  struct Group {
    Cta *owner;
    uint32_t offset;
    LaneMask lanes;
  };
  SmallVector<Group, 2> groups;
  uint64_t acquired = 0;
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    Bytes bytes = accessBarrier(warp, in, lane, Access::Read);
    if (!bytes.data)
      return Flow::Fault;
    Mbarriers::Barrier *barrier =
        unitOf(bytes).find(Issuer(warp, lane), bytes.offset);
    if (!barrier)
      return Flow::Fault;
    std::optional<bool> done = test(warp, in, lane, bytes, *barrier);
    if (!done)
      return Flow::Fault;
    if (*done) {
      if (acquired != barrier->incarnation)
        acquire(warp, in, *barrier);
      acquired = barrier->incarnation;
      set<uint8_t>(d, lane, true, false);
      continue;
    }
    auto same = find_if(groups, [&](const Group &group) {
      return group.owner == bytes.owner && group.offset == bytes.offset;
    });
    if (same != groups.end())
      same->lanes |= 1u << lane;
    else
      groups.push_back({bytes.owner, bytes.offset, 1u << lane});
  }
  for (const Group &group : groups) {
    Mbarriers::Barrier &barrier = *group.owner->unit<Mbarriers>().find(
        Issuer(warp, countr_zero(group.lanes)), group.offset);
    uint64_t &failed = barrier.failed[warp.agent.slot];
    if (failed != barrier.phase + 1) {
      failed = barrier.phase + 1;
      forEachLane(group.lanes,
                  [&](unsigned lane) { set<uint8_t>(d, lane, false, false); });
      continue;
    }
    warp.suspend(group.lanes,
                 std::make_unique<MbarrierWait>(warp, group.lanes, *group.owner,
                                                group.offset, barrier, in));
    waits = true;
  }
  return waits ? warp.resumeOthers() : Flow::Next;
}

static void wait(Decoder &d) {
  bool byParity = d.has("parity");
  // try_wait takes how long it may wait.
  if (!d.expectOperands(3, d.has("try_wait") ? 4 : 3))
    return;
  d.out.option =
      uint8_t((byParity ? ByParity : 0) | (d.has("relaxed") ? IsRelaxed : 0));
  d.address(d.in.operands[1], d.has("shared") || d.has("shared::cta")
                                  ? StateSpace::Shared
                                  : StateSpace::Generic);
  d.source(2, byParity ? Type::U32 : Type::B64);
  d.destination(0, Type::Pred);
  if (d.numOperands() == 4)
    d.source(3, Type::U32);
  d.out.execute = executeTest;
}

//===----------------------------------------------------------------------===//
// pending_count
//===----------------------------------------------------------------------===//

static Flow executePendingCount(Warp &warp, const Instruction &in) {
  Lanes &d = warp.write(in.operands[0]);
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    uint64_t state;
    if (!readOperand(warp, lane, in.operands[1], "state", state))
      return Flow::Fault;
    if (!isState(state))
      return warp.fault(lane, "mbarrier",
                        "the state is none that an arrival gave");
    set<uint32_t>(d, lane, state & maxMbarrierCount, false);
  }
  return Flow::Next;
}

static void pendingCount(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.destination(0, Type::B32);
  d.source(1, Type::B64);
  d.out.execute = executePendingCount;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Synchronization;

#define OWN "[shared|shared::cta] "
#define ANY "[shared|shared::cta|shared::cluster] "
#define RELEASE "[release|relaxed] [cta|cluster] "
#define ACQUIRE "[acquire|relaxed] [cta|cluster] "

static constexpr Row rows[] = {
    {"mbarrier init " OWN "b64", init, kind},
    {"mbarrier inval " OWN "b64", inval, kind},
    {"mbarrier arrive|arrive_drop " RELEASE ANY "b64", arrive, kind},
    {"mbarrier arrive|arrive_drop noComplete " RELEASE OWN "b64", arrive, kind},
    {"mbarrier arrive|arrive_drop expect_tx " RELEASE ANY "b64", arrive, kind,
     Sm90},
    {"mbarrier expect_tx|complete_tx [relaxed] [cta|cluster] " ANY "b64",
     countBytes, kind, Sm90},
    {"mbarrier test_wait [parity] " ACQUIRE OWN "b64", wait, kind},
    {"mbarrier try_wait [parity] " ACQUIRE OWN "b64", wait, kind, Sm90},
    {"mbarrier pending_count b64", pendingCount, kind},
};

Rows sim::mbarrierRows() { return rows; }
