//===- Warp.cpp - Threads that execute together ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of the groups of threads at one place, the one in the deepest call and, among
// those, at the least pc runs: loops and calls then end before what follows
// them begins, and threads meet again. A group that has not run for long gets a
// turn, so that threads may wait for one another in loops.
//
//===----------------------------------------------------------------------===//

#include "Execution.h"
#include "Issuer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// Instructions after which a group that waits gets a turn, and of how many.
static constexpr uint64_t patience = 4096;
static constexpr uint64_t turn = 512;

Warp::Warp(Cta &cta, uint32_t index, uint32_t firstThread, uint32_t numThreads)
    : live(numThreads >= warpSize ? ~0u : (1u << numThreads) - 1), cta(cta),
      agent(cta.cluster.races.warp(
          cta.rank * ((cta.grid.threadsPerCta + warpSize - 1) / warpSize) +
          index)),
      index(index), firstThread(firstThread), exists(live),
      constants(cta.grid.code.constants.data()),
      code(cta.grid.code.instructions.data()) {
  uint32_t entry = cta.grid.launch.kernel->function;
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    pcs[lane] = cta.grid.entry.begin;
    stacks[lane].function = entry;
    if (exists >> lane & 1)
      enter(lane, entry, 0);
  }
  traced = cta.grid.launch.traceWarp == int(index) && cta.rank == 0 &&
           cta.cluster.number == 0 && cta.grid.launch.trace;
}

Dim3 Warp::threadIndex(unsigned lane) const {
  const Dim3 &block = cta.grid.launch.block;
  uint32_t thread = firstThread + lane;
  return {thread % block[0], thread / block[0] % block[1],
          thread / block[0] / block[1]};
}

//===----------------------------------------------------------------------===//
// Registers and frames
//===----------------------------------------------------------------------===//

Lanes *Warp::registersOf(uint32_t function, size_t depth) {
  std::unique_ptr<Lanes[]> &frame = frames[{function, depth}];
  if (!frame) {
    size_t count = cta.grid.code.functions[function].numRegisters + 2;
    frame = std::make_unique<Lanes[]>(count);
    // Undefined values are zero and not the host's memory: the same each run.
    for (size_t i = 0; i < count; ++i)
      std::memset(frame[i].poison, 255, sizeof(frame[i].poison));
  }
  return frame.get();
}

bool Warp::enter(unsigned lane, uint32_t function, uint32_t frame) {
  // Registers of all the calls that have not returned.
  constexpr uint64_t maxRegisters = 1 << 18;
  Stack &stack = stacks[lane];
  const FunctionCode &callee = cta.grid.code.functions[function];
  uint64_t end = uint64_t(frame) + callee.frameBytes;
  if (end > maxLocalBytes || stack.returns.size() > 4096 ||
      stack.returns.size() * callee.numRegisters > maxRegisters)
    return false;
  if (stack.data.size() < end) {
    stack.data.resize(end);
    stack.shadow.resize(end);
  }
  std::fill(stack.shadow.begin() + frame, stack.shadow.begin() + end, 255);
  stack.frame = frame;
  stack.function = function;
  return true;
}

//===----------------------------------------------------------------------===//
// Choosing who runs
//===----------------------------------------------------------------------===//

LaneMask Warp::parkedLanes() const {
  LaneMask lanes = 0;
  for (const Parked &entry : parked)
    lanes |= entry.lanes;
  return lanes;
}

/// Threads whose wait is over go on.
bool Warp::wake() {
  bool woken = false;
  for (size_t i = 0; i < parked.size();) {
    if (!parked[i].wait->isOver()) {
      ++i;
      continue;
    }
    forEachLane(parked[i].lanes,
                [&](unsigned lane) { pcs[lane] = parked[i].pc; });
    parked.erase(parked.begin() + i);
    woken = true;
  }
  return woken;
}

bool Warp::giveUpWaits() {
  bool any = false;
  for (Parked &entry : parked)
    any |= entry.wait->giveUp();
  return any;
}

/// Writes the pc of the group back to its threads.
void Warp::leaveGroup() {
  forEachLane(group, [&](unsigned lane) { pcs[lane] = pc; });
  group = 0;
}

/// Chooses a group; false if no thread can run.
bool Warp::select() {
  LaneMask ready = live & ~parkedLanes() & ~gathering;
  if (!ready) {
    // All that can come are there: let them through, or find that they are at
    // different places.
    if (!gathering || (live & ~gathering))
      return false;
    ready = gathering;
    gathering = 0;
  }

  unsigned leader = countr_zero(ready);
  unsigned oldest = leader;
  forEachLane(ready, [&](unsigned lane) {
    size_t depth = stacks[lane].returns.size();
    size_t best = stacks[leader].returns.size();
    if (depth > best || (depth == best && pcs[lane] < pcs[leader]))
      leader = lane;
    if (lastRun[lane] < lastRun[oldest])
      oldest = lane;
  });
  if (steps - std::min(steps, lastRun[oldest]) > patience)
    leader = oldest;

  pc = pcs[leader];
  size_t depth = stacks[leader].returns.size();
  group = 0;
  joinPc = ~0u;
  forEachLane(ready, [&](unsigned lane) {
    if (stacks[lane].returns.size() != depth)
      return;
    if (pcs[lane] == pc) {
      group |= 1u << lane;
      lastRun[lane] = steps;
    } else if (pcs[lane] > pc) {
      joinPc = std::min(joinPc, pcs[lane]);
    }
  });
  reselectAt = group == ready ? ~uint64_t(0) : steps + turn;
  registers = registersOf(stacks[leader].function, depth);
  return true;
}

/// The group is at an instruction for all threads of the warp, and is not all
/// of them: it waits for the others.
void Warp::waitAligned() {
  LaneMask others = live & ~group;
  LaneMask elsewhere = 0;
  size_t depth = stacks[countr_zero(group)].returns.size();
  forEachLane(others & gathering, [&](unsigned lane) {
    if (pcs[lane] != pc || stacks[lane].returns.size() != depth)
      elsewhere |= 1u << lane;
  });
  if (elsewhere) {
    unsigned lane = countr_zero(elsewhere);
    fault(countr_zero(group), "aligned-divergence",
          "all threads of the warp have to execute '" +
              code[pc].syntax->opcode() + "' together, but thread " +
              Twine(lane) + " of the warp is at line " +
              Twine(code[pcs[lane]].syntax->location.line));
    return;
  }
  gathering |= group;
  leaveGroup();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Flow Warp::fault(unsigned lane, StringRef rule, const Twine &message) {
  if (faulted)
    return Flow::Fault;
  faulted = true;
  std::string explained = message.str();
  if (rule == "poison")
    for (const auto &entry : cta.units)
      explained += entry.second->explainPoison(*this);
  Issuer(*this, lane).fault(rule, explained);
  return Flow::Fault;
}

Flow Warp::jump(uint32_t target) {
  // A warp whose threads are all together stays a group.
  if (active == group && reselectAt == ~uint64_t(0) && parked.empty())
    pc = target;
  else
    moveActive([&](unsigned) { return target; });
  return Flow::Moved;
}

void Warp::suspend(LaneMask lanes, std::unique_ptr<Wait> wait, bool again) {
  ++statistics.barrierWaits;
  parked.push_back({lanes, again ? pc : pc + 1, std::move(wait)});
  forEachLane(lanes, [&](unsigned lane) { pcs[lane] = pc; });
  group &= ~lanes;
}

Flow Warp::resumeOthers() {
  ++pc;
  leaveGroup();
  return Flow::Moved;
}

/// Threads wait until all members of their mask have come to the exchange.
class Warp::ExchangeWait : public Wait {
public:
  ExchangeWait(const Warp &warp, Exchange &exchange, LaneMask lanes)
      : warp(warp), exchange(exchange), lanes(lanes) {}

  bool isOver() override {
    if (exchange.arriving.lanes && !missing()) {
      exchange.arrived = exchange.arriving;
      exchange.toResume = exchange.arriving.lanes;
      exchange.arriving.lanes = 0;
    }
    return !(lanes & ~exchange.toResume);
  }
  std::string describe() const override {
    return formatv("threads {0:x} of the warp, with the mask {1:x}", missing(),
                   exchange.mask)
        .str();
  }

private:
  LaneMask missing() const {
    return exchange.mask & warp.live & ~exchange.arriving.lanes;
  }

  const Warp &warp;
  Exchange &exchange;
  const LaneMask lanes;
};

Warp::Exchange *Warp::findExchange(const ptx::Instruction &opcode,
                                   LaneMask mask) {
  for (const std::unique_ptr<Exchange> &other : exchanges)
    if (other->mask == mask && other->opcode.root == opcode.root &&
        other->opcode.modifiers == opcode.modifiers)
      return other.get();
  return nullptr;
}

Flow Warp::converge(
    const Instruction &instruction, const Lanes &masks, const Lanes &values,
    function_ref<void(LaneMask lanes, const Members &members)> body) {
  LaneMask waiting = 0;
  for (LaneMask left = active; left;) {
    unsigned leader = countr_zero(left);
    LaneMask mask = LaneMask(masks.value[leader]);
    if (masks.poison[leader])
      return fault(leader, "poison",
                   "the mask of members depends on uninitialised data");
    if (!(mask >> leader & 1))
      return fault(leader, "member-mask",
                   "the thread is not in its own mask of members, 0x" +
                       Twine::utohexstr(mask));
    LaneMask same = 0;
    forEachLane(left, [&](unsigned lane) {
      if (LaneMask(masks.value[lane]) == mask)
        same |= 1u << lane;
    });
    left &= ~same;
    Exchange *meeting = findExchange(*instruction.syntax, mask);
    if (!meeting && !(mask & live & ~same)) {
      body(same, {same, values});
      continue;
    }
    if (!meeting)
      meeting = exchanges
                    .emplace_back(std::make_unique<Exchange>(
                        Exchange{*instruction.syntax, mask}))
                    .get();
    // A thread may be back at the instruction before another one has seen the
    // last exchange.
    if (LaneMask resumed = same & meeting->toResume) {
      meeting->toResume &= ~resumed;
      body(resumed, meeting->arrived);
      same &= ~resumed;
    }
    if (!same)
      continue;
    forEachLane(same, [&](unsigned lane) {
      meeting->arriving.values.value[lane] = values.value[lane];
      meeting->arriving.values.poison[lane] = values.poison[lane];
    });
    meeting->arriving.lanes |= same;
    suspend(same, std::make_unique<ExchangeWait>(*this, *meeting, same),
            /*again=*/true);
    waiting |= same;
  }
  erase_if(exchanges, [](const std::unique_ptr<Exchange> &other) {
    return !other->arriving.lanes && !other->toResume;
  });
  return waiting ? resumeOthers() : Flow::Next;
}

Warp::Rendezvous &Warp::rendezvous(LaneMask mask) {
  for (Rendezvous &meeting : meetings)
    if (meeting.mask == mask)
      return meeting;
  return meetings.emplace_back(Rendezvous{mask});
}

void Warp::completeMeetings() {
  for (Rendezvous &meeting : meetings)
    if (meeting.arrived && !(meeting.mask & live & ~meeting.arrived)) {
      meeting.arrived = 0;
      ++meeting.generation;
    }
}

/// The memory of the CTA is gone when its last thread exits, whoever still
/// accesses it.
void Warp::checkExit(unsigned lane) {
  const Cluster &cluster = cta.cluster;
  std::optional<Races::Conflict> other =
      cluster.races.findUnknown(cta.rank, cta.atExit);
  if (!other)
    return;
  // A relaxed barrier promises nothing, but what was issued before it has
  // happened on chips by then: CuTe DSL's products exit after one.
  bool isWarning = !cta.grid.launch.pedantic;
  if (isWarning) {
    SyncToken over = cta.atExit;
    over.merge(cta.overAtExit);
    if (auto late = cluster.races.findUnknown(cta.rank, over)) {
      other = late;
      isWarning = false;
    }
  }
  std::string message =
      formatv("the CTA exits, and nothing {0}says that {1} has {2} its shared "
              "memory at {3:x} before",
              isWarning ? "but a relaxed barrier of the cluster " : "",
              cluster.describe(*other), other->isWrite ? "written" : "read",
              other->offset)
          .str();
  if (isWarning)
    Issuer(*this, lane).warn("exit", message);
  else
    fault(lane, "exit", message);
}

void Warp::exit(LaneMask lanes) {
  live &= ~lanes;
  cta.liveThreads -= popcount(lanes);
  if (!live) {
    cta.atExit.merge(agent.clock);
    cta.overAtExit.merge(agent.over);
  }
  if (cta.liveThreads == 0)
    checkExit(countr_zero(lanes));
  for (NamedBarrier &barrier : cta.barriers)
    cta.completeIfFull(barrier);
  completeMeetings();
  // A thread that has arrived and exits is not waited for a second time.
  forEachLane(lanes & clusterArrived, [&](unsigned lane) {
    if (clusterPhase[lane] == cta.cluster.barrier.generation)
      --cta.cluster.barrier.arrived;
  });
  clusterArrived &= ~lanes;
  cta.cluster.completeBarrierIfFull();
  group &= ~lanes;
  ++pc;
  leaveGroup();
}

/// Sets the active threads; false after a fault.
bool Warp::checkGuard(const Instruction &instruction) {
  const Lanes &guard = read(instruction.guard);
  LaneMask holds = 0;
  LaneMask poisoned = 0;
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    holds |= uint32_t(guard.value[lane] & 1) << lane;
    poisoned |= uint32_t(guard.poison[lane] != 0) << lane;
  }
  if (poisoned & group) {
    fault(countr_zero(poisoned & group), "poison",
          "guard '" + instruction.syntax->guard + "' of '" +
              instruction.syntax->opcode() + "' depends on uninitialised data");
    return false;
  }
  active = group & (instruction.guardNegated ? ~holds : holds);
  return true;
}

Warp::State Warp::run(uint64_t quantum) {
  uint64_t end = steps + quantum;
  if (!parked.empty()) {
    leaveGroup();
    wake();
  }
  while (steps < end) {
    if (faulted)
      return State::Fault;
    if (!group && !select()) {
      if (!live)
        return State::Done;
      if (wake())
        continue;
      return State::Parked;
    }
    const Instruction &instruction = code[pc];
    ++steps;
    active = group;
    if (instruction.aligned && group != live) {
      waitAligned();
      continue;
    }
    if (instruction.hasGuard && !checkGuard(instruction))
      continue;
    LaneMask lanes = active;
    if (!active) {
      if (traced)
        trace(instruction, lanes);
      ++pc;
    } else {
      if (instruction.aligned && active != live) {
        fault(countr_zero(live & ~active), "aligned-divergence",
              "all threads of the warp have to execute '" +
                  instruction.syntax->opcode() +
                  "', but its guard does not hold in this one");
        continue;
      }
      ++statistics.instructions[unsigned(instruction.kind)];
      statistics.threadInstructions += popcount(active);
      Flow flow = instruction.execute(*this, instruction);
      if (traced)
        trace(instruction, lanes);
      if (flow == Flow::Fault)
        return State::Fault;
      if (flow == Flow::Next)
        ++pc;
    }
    if (group && (pc >= joinPc || steps >= reselectAt))
      leaveGroup();
  }
  if (steps > cta.grid.launch.maxSteps && live) {
    if (!group && !select())
      return State::Parked;
    fault(countr_zero(group), "step-limit",
          "the warp has executed " + Twine(steps) +
              " instructions and is taken to hang");
    return State::Fault;
  }
  return State::Running;
}

/// A line for what was executed: the values are those of the first thread,
/// after it.
void Warp::trace(const Instruction &instruction, LaneMask lanes) const {
  if (!instruction.syntax)
    return;
  raw_ostream &os = *cta.grid.launch.trace;
  os << format("%6u %08x ", instruction.syntax->location.line, lanes)
     << instruction.syntax->opcode();
  if (lanes)
    for (int32_t slot : instruction.operands.take_front(8)) {
      const Lanes &value = read(slot);
      unsigned lane = countr_zero(lanes);
      if (value.poison[lane])
        os << " ?";
      else
        os << format(" %llx", (unsigned long long)value.value[lane]);
    }
  os << '\n';
}

std::string Warp::describeParked() const {
  std::string text;
  raw_string_ostream os(text);
  for (const Parked &entry : parked) {
    unsigned lane = countr_zero(entry.lanes);
    os << "\n  CTA (" << cta.index[0] << ", " << cta.index[1] << ", "
       << cta.index[2] << "), warp " << index << ", threads "
       << format_hex(entry.lanes, 10) << ", line "
       << code[pcs[lane]].syntax->location.line << ": waits for "
       << entry.wait->describe();
  }
  if (gathering)
    os << "\n  CTA (" << cta.index[0] << ", " << cta.index[1] << ", "
       << cta.index[2] << "), warp " << index << ", threads "
       << format_hex(gathering, 10) << ", line "
       << code[pcs[countr_zero(gathering)]].syntax->location.line
       << ": waits for the other threads of the warp";
  return text;
}
