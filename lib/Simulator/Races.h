//===- Races.h - Which accesses to shared memory are ordered ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A happens-before detector for the shared memory of a cluster. Everything that
// accesses memory is an agent: each warp, and each operation of a unit that
// works beside the threads. An agent has a vector clock, which says what of
// every agent it knows. What synchronizes holds a SyncToken: who arrives at it
// releases, who has waited for it acquires, and two accesses of one byte are
// ordered if such a path leads from the first to the second. For each word the
// last write and the reads since then are kept.
//
// A unit begins an operation with the knowledge of the thread that queued it:
//
//   Agent agent = races.begin(warp.agent);      // when it is queued
//   races.acquire(agent, token);                // what it waits for, if any
//   races.access(agent, Proxy::Async, ...);     // when it runs
//   races.release(agent, mbarrier.token);       // at its end, once
//
// Operations that a pipe keeps in order acquire and release a token of the
// pipe. Two agents of operations may share a slot of the clock, by which a race
// can be missed but none is invented.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_RACES_H
#define FP4_LIB_SIMULATOR_RACES_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::fp4::sim {

/// How memory is accessed: writes by the generic proxy are visible to the other
/// one after a fence.proxy.async between them.
enum class Proxy : uint8_t { Generic, Async };

enum class Access : uint8_t {
  Read,
  /// Somebody else reads, later, and orders that: an mbarrier that is handed to
  /// a copy, whose completion says that it was there. The CTA of that barrier
  /// may exit then, whatever the thread that has asked for the copy does.
  Peek,
  Write,
  /// A write of what is there already: it does not race with other writes.
  /// Compilers have all warps store one value to one place.
  Rewrite,
  /// The beginning of an mbarrier. After even a relaxed barrier it is there:
  /// CUTLASS initialises one after its fence.mbarrier_init.
  Init,
  /// The end of an mbarrier, or of columns of tensor memory. What was over
  /// before even a relaxed barrier cannot come later: a thread has waited for
  /// it. Triton and DeepGEMM order no more than this.
  Retire,
  /// Strong accesses, atomic ones first of all: they do not race with each
  /// other, and each knows what those before it at that place knew.
  StrongRead,
  StrongWrite,
  /// What tcgen05.alloc writes. After even a relaxed barrier it is there, as
  /// DeepGEMM has it. The async proxy may write there with no fence: Triton
  /// loads tiles to the place once all warps have read it.
  Allocation,
};

/// What agents know, for one that comes later.
struct SyncToken {
  /// The time of each agent up to which its accesses are known; empty if
  /// nobody has released.
  std::vector<uint32_t> known;
  /// The same, of writes that are visible to the async proxy.
  std::vector<uint32_t> fenced;
  /// What had been told to the threads that began operations which are over.
  std::vector<uint32_t> past;
  /// What else is known of tensor memory alone, by tcgen05.fence, which orders
  /// nothing in other memory.
  std::vector<uint32_t> tensor;

  void merge(const SyncToken &other);
  void clear() {
    known.clear();
    fenced.clear();
    past.clear();
    tensor.clear();
  }
  /// Of tensor memory: `known` and `tensor` together.
  std::vector<uint32_t> knownOfTensor() const;
};

/// A place in clocks, and the time there up to which accesses are known.
struct Moment {
  uint32_t slot = 0;
  uint32_t time = 0;
};

struct Agent {
  uint32_t slot = 0; ///< Its place in clocks.
  bool isOperation = false;
  /// It needs a fence.proxy.async after the reads of what it writes, too.
  bool needsFencedReads = false;
  SyncToken clock;
  SyncToken atFence;  ///< What it knew at its last fence, for what is relaxed.
  SyncToken observed; ///< By what is relaxed; a fence makes it known.
  SyncToken over;     ///< What others did before a relaxed barrier.
  /// What it knew of tensor memory at its last
  /// tcgen05.fence::before_thread_sync.
  std::vector<uint32_t> tensorAtFence;
  /// Of tensor memory, by waits: tcgen05.fence::after_thread_sync makes it
  /// known.
  std::vector<uint32_t> tensorObserved;
};

class Races {
public:
  Races(uint32_t warps, uint32_t ctas, uint32_t sharedBytes);

  /// The agent of a warp, which counts them through the cluster.
  Agent warp(uint32_t number);
  /// A new operation, that knows what the agent knows, and not what it does
  /// next.
  Agent begin(Agent &issuer);

  /// What the agent has done so far is known to who acquires the token.
  void release(Agent &agent, SyncToken &token);
  void acquire(Agent &agent, const SyncToken &token);
  /// What the operation itself has done, and not what its issuer knows: bulk
  /// copies do not order what their thread did before [PTX 8.9.1.1]. Yet reads
  /// of which the issuer was told are over, and if `tellsPast` a write after
  /// the operation may take their place: a tutorial of Gluon's counts on that.
  void releaseOwn(const Agent &agent, SyncToken &token, bool tellsPast);
  Moment now(const Agent &agent) const {
    return {agent.slot, agent.clock.known[agent.slot]};
  }
  void release(Moment moment, SyncToken &token);
  void acquire(Agent &agent, Moment moment);
  static bool knows(const Agent &agent, Moment moment) {
    return moment.time <= agent.clock.known[moment.slot];
  }
  /// The relaxed forms: a fence before the one and after the other is what
  /// orders [PTX 8.8].
  void releaseRelaxed(const Agent &agent, SyncToken &token);
  void acquireRelaxed(Agent &agent, const SyncToken &token);
  /// fence.acq_rel and fence.sc.
  void fence(Agent &agent);
  /// fence.proxy.async: the async proxy sees the writes that the agent knows.
  void fenceProxy(Agent &agent);
  /// The async proxy sees, of what the agent knows, the access of that moment.
  void fenceProxy(Agent &agent, Moment moment);
  /// tcgen05.fence: with a relaxed arrival after the first one and any wait
  /// before the second one it orders tensor memory [PTX 9.7.16.6.4].
  void fenceTensorBefore(Agent &agent);
  void fenceTensorAfter(Agent &agent);

  /// Another access to the same memory that is not ordered with this one.
  struct Conflict {
    uint32_t agent; ///< A warp, or an operation if it is not less than their
                    ///< number.
    uint32_t time;  ///< Of the other access, on that agent's clock.
    uint32_t pc;    ///< Of the other access, or where it was queued.
    bool isWrite;
    bool isOrdered; ///< It is, but by no fence.proxy.async.
    uint32_t offset;
  };

  /// Notes an access of bytes of a CTA's shared memory, made by the
  /// instruction at that pc.
  std::optional<Conflict> access(Agent &agent, Proxy proxy, uint32_t pc,
                                 uint32_t cta, uint32_t offset, uint32_t size,
                                 Access kind);

  /// An access to that CTA's memory that is not known to those who have
  /// released the token.
  std::optional<Conflict> findUnknown(uint32_t cta,
                                      const SyncToken &token) const;

  uint32_t numWarps() const { return warps; }

private:
  /// Who, and when: 10 bits of slot over 22 of time. 0 is nobody.
  using Epoch = uint32_t;
  struct Event {
    Epoch epoch = 0;
    uint32_t pc = 0;
  };
  struct Cell {
    Event write;
    std::array<Event, 3> reads;
    bool strongWrite = false;
    bool isInit = false; ///< The write is Access::Init.
    Proxy writeProxy = Proxy::Generic;
    bool isSplit = false; ///< Its bytes have cells of their own.
    bool hasMore = false; ///< Reads that are not in `reads`.
  };

  static bool isKnown(const std::vector<uint32_t> &clock, Epoch epoch);
  Epoch epochOf(const Agent &agent) const;
  std::optional<Conflict> touch(Cell &cell, Agent &agent, Proxy proxy,
                                uint32_t pc, Access kind, uint64_t key);
  void noteRead(Cell &cell, const Agent &agent, Event event, uint64_t key);

  uint32_t warps;
  uint32_t slots;
  uint32_t words; ///< Of one CTA.
  std::vector<Cell> cells;
  std::vector<uint32_t> operationTimes;
  uint32_t nextOperation = 0;
  llvm::DenseMap<uint64_t, std::array<Cell, 4>> bytes;
  /// Of cells with many readers.
  llvm::DenseMap<uint64_t, llvm::SmallVector<Event, 8>> moreReads;
  /// Of places with strong accesses.
  llvm::DenseMap<uint64_t, SyncToken> places;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_RACES_H
