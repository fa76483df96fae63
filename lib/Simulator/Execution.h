//===- Execution.h - Grids, clusters, CTAs and warps at run time *- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cluster is what one host thread runs at a time; a CTA without a cluster is
// a cluster of one. A warp executes its threads' instructions together as long
// as they are at one place, and each thread has a pc of its own.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_EXECUTION_H
#define FP4_LIB_SIMULATOR_EXECUTION_H

#include "Async.h"
#include "Code.h"
#include "Races.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/bit.h"
#include <atomic>
#include <functional>
#include <mutex>
#include <set>

namespace mlir::fp4::sim {

class Cluster;
class Cta;
class Warp;

/// One launch. Everything but what is atomic or behind the mutex is constant
/// while it runs.
struct Grid {
  const Launch &launch;
  const Code &code;
  const FunctionCode &entry;
  const Chip &chip;
  DeviceMemory &memory;
  Dim3 clusters; ///< Their number in each dimension.
  uint32_t ctasPerCluster;
  uint32_t threadsPerCta;
  uint32_t sharedBytes; ///< Of a CTA, with what is reserved.
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::map<uint64_t, Report> reports; ///< By cluster.
  Statistics statistics;
  /// Takes a cluster that has not begun away, which then never does: its
  /// number, or nothing if there is none.
  std::function<std::optional<uint64_t>()> cancel;
  /// By pc: the first one of the first cluster that has one.
  std::map<uint32_t, std::pair<uint64_t, Report>> warnings;
};

/// The index of the cluster of that number.
Dim3 clusterIndex(const Grid &grid, uint64_t number);

//===----------------------------------------------------------------------===//
// Address windows
//===----------------------------------------------------------------------===//

/// Generic addresses of what is not in global memory. The shared window holds
/// the shared memory of the whole cluster, `rank << 24 | offset`.
constexpr uint64_t sharedWindow = 0x7d0000000000;
constexpr uint64_t localWindow = 0x7d0100000000;
constexpr uint64_t parameterWindow = 0x7d0200000000;
constexpr uint64_t windowSize = 0x100000000;
constexpr unsigned rankShift = 24;

/// What CUDA allows a thread at most.
constexpr uint32_t maxLocalBytes = 512 * 1024;

/// Bytes in the host's memory, with their shadow.
struct Bytes {
  uint8_t *data = nullptr;
  uint8_t *shadow = nullptr;
  /// Other host threads may reach them.
  bool isGlobal = false;
  /// The CTA whose shared memory it is, and where it is there.
  Cta *owner = nullptr;
  uint32_t offset = 0;
};

//===----------------------------------------------------------------------===//
// Warp
//===----------------------------------------------------------------------===//

class Warp {
public:
  Warp(Cta &cta, uint32_t index, uint32_t firstThread, uint32_t numThreads);

  enum class State : uint8_t { Running, Parked, Done, Fault };
  /// Executes up to that many instructions.
  State run(uint64_t steps);

  //===--------------------------------------------------------------------===//
  // For instructions
  //===--------------------------------------------------------------------===//

  /// The threads that execute the instruction.
  LaneMask active = 0;
  /// Those that are at it, whether or not its guard holds.
  LaneMask group = 0;
  /// Those that have not exited.
  LaneMask live = 0;
  /// The pc of the instruction, and of each thread that is not in `group`.
  uint32_t pc = 0;
  uint32_t pcs[warpSize];
  /// The carry flag of add.cc and the like, of each thread [PTX 9.7.2].
  LaneMask carry = 0;

  const Lanes &read(int32_t slot) const {
    return slot >= 0 ? registers[slot] : constants[-1 - slot];
  }
  Lanes &write(int32_t slot) { return registers[slot]; }

  /// Reports a broken rule at the thread of that lane.
  Flow fault(unsigned lane, llvm::StringRef rule, const llvm::Twine &message);

  /// The threads of `lanes` go on at the next instruction when the wait is
  /// over, or execute this one again; to be returned from the instruction.
  Flow park(LaneMask lanes, std::unique_ptr<Wait> wait, bool again = false) {
    suspend(lanes, std::move(wait), again);
    return resumeOthers();
  }
  /// The same for threads with several waits: each is given to suspend, and
  /// what resumeOthers returns is returned from the instruction.
  void suspend(LaneMask lanes, std::unique_ptr<Wait> wait, bool again = false);
  Flow resumeOthers();
  void exit(LaneMask lanes);
  /// Moves the active threads to that pc.
  Flow jump(uint32_t target);
  /// Moves each active thread to the pc that the function gives for its lane.
  template <typename Function>
  void moveActive(Function target) {
    LaneMask moved = active;
    group &= ~moved;
    ++pc;
    leaveGroup();
    for (LaneMask left = moved; left; left &= left - 1) {
      unsigned lane = unsigned(llvm::countr_zero(left));
      pcs[lane] = target(lane);
    }
  }

  /// The bytes that an access of a thread reaches; null after a fault.
  Bytes access(unsigned lane, StateSpace space, uint64_t address, unsigned size,
               bool isWrite);

  /// The same for any number of bytes.
  Bytes accessRange(unsigned lane, StateSpace space, uint64_t address,
                    unsigned size, unsigned alignment, bool isWrite);

  /// Notes the access in the race detector; false after a fault.
  bool noteAccess(unsigned lane, const Bytes &bytes, unsigned size,
                  Access kind);

  Cta &cta;
  /// Of the race detector: what synchronizes releases and acquires for it.
  Agent agent;
  /// Threads that have arrived at the cluster's barrier and not waited, and in
  /// which phase of it each did.
  LaneMask clusterArrived = 0;
  uint64_t clusterPhase[warpSize] = {};
  const uint32_t index;
  const uint32_t firstThread;
  const LaneMask exists;
  Dim3 threadIndex(unsigned lane) const;

  //===--------------------------------------------------------------------===//
  // Calls
  //===--------------------------------------------------------------------===//

  struct Return {
    uint32_t pc;
    uint32_t function;
    uint32_t call;
    uint32_t frame; ///< Of the caller, in local memory.
  };
  struct Stack {
    std::vector<Return> returns;
    std::vector<uint8_t> data;
    std::vector<uint8_t> shadow;
    uint32_t frame = 0;
    uint32_t function = 0;
  };
  Stack stacks[warpSize];

  /// The registers of a function at a depth of calls, made when they are first
  /// asked for.
  Lanes *registersOf(uint32_t function, size_t depth);
  /// Gives the thread a frame of that function above its present one.
  bool enter(unsigned lane, uint32_t function, uint32_t frame);

  /// The threads of a mask, and what each has brought.
  struct Members {
    LaneMask lanes;
    Lanes values;
  };
  /// Calls `body(lanes, members)` for the active threads of each mask whose
  /// members have all executed an instruction of this opcode with that mask,
  /// if not this one; the threads of the other masks wait for theirs.
  Flow converge(
      const Instruction &instruction, const Lanes &masks, const Lanes &values,
      llvm::function_ref<void(LaneMask lanes, const Members &members)> body);

  /// The threads that have come to bar.warp.sync, by their masks.
  struct Rendezvous {
    LaneMask mask;
    LaneMask arrived = 0;
    uint64_t generation = 0;
  };
  Rendezvous &rendezvous(LaneMask mask);

  /// Ends the waits that may end without what they wait for; false if there
  /// are none.
  bool giveUpWaits();

  std::string describeParked() const;
  uint64_t steps = 0;
  Statistics statistics;

private:
  /// One exchange by the threads of a mask, which may come to it at different
  /// instructions of one opcode.
  struct Exchange {
    const ptx::Instruction &opcode;
    const LaneMask mask;
    Members arriving = {0, {}};
    Members arrived = {0, {}}; ///< Of the last one that was complete.
    LaneMask toResume = 0;     ///< Of those, who has not seen it yet.
  };
  class ExchangeWait;
  Exchange *findExchange(const ptx::Instruction &opcode, LaneMask mask);
  void completeMeetings();
  bool select();
  void leaveGroup();
  void waitAligned();
  bool wake();
  LaneMask parkedLanes() const;
  bool checkGuard(const Instruction &instruction);
  void checkExit(unsigned lane);
  Bytes outOfBounds(unsigned lane, const llvm::Twine &message);
  Bytes accessGlobal(unsigned lane, uint64_t address, unsigned size,
                     bool isWrite);
  Bytes accessShared(unsigned lane, uint32_t rank, uint64_t offset,
                     unsigned size);
  Bytes accessLocal(unsigned lane, uint64_t offset, unsigned size);
  Bytes accessParameter(unsigned lane, uint64_t offset, unsigned size,
                        bool isWrite);
  void trace(const Instruction &instruction, LaneMask lanes) const;

  struct Parked {
    LaneMask lanes;
    uint32_t pc;
    std::unique_ptr<Wait> wait;
  };
  std::vector<Parked> parked;
  llvm::SmallVector<Rendezvous, 2> meetings;
  std::vector<std::unique_ptr<Exchange>> exchanges; ///< Of waiting threads.
  /// At an instruction that all threads have to execute together.
  LaneMask gathering = 0;
  uint64_t lastRun[warpSize] = {};
  uint32_t joinPc = ~0u; ///< Where other threads wait for the group.
  uint64_t reselectAt = ~uint64_t(0);
  Lanes *registers = nullptr;
  const Lanes *constants;
  const Instruction *code;
  const Allocation *lastAllocation = nullptr;
  bool traced = false;
  bool faulted = false;
  std::map<std::pair<uint32_t, size_t>, std::unique_ptr<Lanes[]>> frames;
};

//===----------------------------------------------------------------------===//
// CTA
//===----------------------------------------------------------------------===//

/// One of the 16 named barriers of a CTA [PTX 9.7.13.1].
struct NamedBarrier {
  uint64_t generation = 0;
  uint32_t arrived = 0;  ///< Threads; whole warps where the count is given.
  uint32_t expected = 0; ///< 0: all threads of the CTA that have not exited.
  bool inUse = false;
  // bar.red
  uint32_t population = 0;
  bool conjunction = true;
  bool disjunction = false;
  bool poisoned = false;
  uint32_t results[3] = {0, 0, 0}; ///< popc, and, or of the last phase.
  bool resultsPoisoned = false;
  SyncToken arriving; ///< Of this phase.
  SyncToken passed;   ///< Of the last one.
};

/// The barrier of a cluster [PTX 9.7.13.4].
struct ClusterBarrier {
  uint64_t generation = 0;
  uint32_t arrived = 0; ///< Threads.
  SyncToken arriving;
  SyncToken passed;
  SyncToken arrivingRelaxed; ///< What was done before a relaxed arrival.
  SyncToken passedRelaxed;
};

class Cta {
public:
  Cta(Cluster &cluster, uint32_t rank, Dim3 index);

  Cluster &cluster;
  const Grid &grid;
  const uint32_t rank; ///< In the cluster.
  const Dim3 index;
  std::vector<uint8_t> shared;
  std::vector<uint8_t> sharedShadow;
  std::vector<std::unique_ptr<Warp>> warps;
  NamedBarrier barriers[16];
  uint32_t liveThreads = 0;

  /// Begins the next phase of a barrier if everybody is there.
  void completeIfFull(NamedBarrier &barrier);

  /// What its threads knew when they exited.
  SyncToken atExit;
  /// And what others did before a relaxed barrier of the cluster.
  SyncToken overAtExit;

  template <typename T>
  T &unit() {
    for (auto &[id, unit] : units)
      if (id == &T::id)
        return static_cast<T &>(*unit);
    units.push_back({&T::id, std::make_unique<T>(*this)});
    return static_cast<T &>(*units.back().second);
  }
  llvm::SmallVector<std::pair<const void *, std::unique_ptr<Unit>>, 2> units;

  /// The barriers in use, and what its units have to say.
  std::string describe() const;
};

//===----------------------------------------------------------------------===//
// Cluster
//===----------------------------------------------------------------------===//

class Cluster {
public:
  Cluster(Grid &grid, uint64_t number);

  enum class State : uint8_t { Running, Done, Fault };
  /// Runs for about that many instructions.
  State run(uint64_t steps);

  void report(Report report);
  /// Once for an instruction.
  void warn(uint32_t pc, Report report);

  Grid &grid;
  const uint64_t number;
  Dim3 index;
  std::vector<std::unique_ptr<Cta>> ctas;
  Operations operations;
  Races races;
  ClusterBarrier barrier;
  std::mt19937_64 random;
  /// Changes of what threads poll; while there are some, there is no deadlock.
  uint64_t progress = 0;

  /// Begins the next phase of the barrier if all threads that have not exited
  /// are there.
  void completeBarrierIfFull();
  /// "warp 3 of CTA (0, 0, 0) at line 12".
  std::string describe(const Races::Conflict &conflict) const;

private:
  State deadlock();
  bool giveUpWaits();

  std::vector<Warp *> warps; ///< In the order in which they take turns.
  std::set<uint32_t> warned;
  uint64_t lastProgress = 0;
  unsigned idleRounds = 0; ///< In which waits were given up, since then.
};

template <typename Function>
inline void forEachLane(LaneMask lanes, Function function) {
  for (; lanes; lanes &= lanes - 1)
    function(unsigned(llvm::countr_zero(lanes)));
}

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_EXECUTION_H
