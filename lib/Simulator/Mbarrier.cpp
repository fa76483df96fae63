//===- Mbarrier.cpp - Barriers in shared memory ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mbarrier.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

char Mbarriers::id;

/// The shadow of the bytes of a barrier, which is that of nothing else.
static constexpr uint8_t barrierShadow = 0x80;

//===----------------------------------------------------------------------===//
// The word
//===----------------------------------------------------------------------===//

/// Bits of a count.
static constexpr unsigned width = 20;

uint64_t MbarrierCounts::pack() const {
  constexpr uint64_t mask = maxMbarrierCount;
  constexpr uint64_t bytesMask = (uint64_t(1) << (width + 1)) - 1;
  return (pending & mask) | (expected & mask) << width |
         (uint64_t(int64_t(bytes)) & bytesMask) << (2 * width) |
         uint64_t(parity) << 61 | uint64_t(1) << 63;
}

MbarrierCounts MbarrierCounts::unpack(uint64_t word) {
  MbarrierCounts counts;
  counts.pending = word & maxMbarrierCount;
  counts.expected = word >> width & maxMbarrierCount;
  counts.bytes = int32_t(int64_t(word << (64 - 3 * width - 1)) >> (63 - width));
  counts.parity = word >> 61 & 1;
  return counts;
}

MbarrierCounts Mbarriers::counts(uint32_t offset) const {
  uint64_t word;
  std::memcpy(&word, cta.shared.data() + offset, sizeof(word));
  return MbarrierCounts::unpack(word);
}

static void store(Cta &cta, uint32_t offset, const MbarrierCounts &counts) {
  uint64_t word = counts.pack();
  std::memcpy(cta.shared.data() + offset, &word, sizeof(word));
}

bool Mbarriers::isIntact(uint32_t offset) const {
  return all_of(ArrayRef(cta.sharedShadow).slice(offset, mbarrierBytes),
                [](uint8_t byte) { return byte == barrierShadow; });
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

bool Mbarriers::init(const Issuer &issuer, uint32_t offset, uint64_t count) {
  if (count < 1 || count > maxMbarrierCount)
    return issuer.fault("mbarrier", "initialises an mbarrier with a count of " +
                                        Twine(count) +
                                        ", which has to be from 1 to " +
                                        Twine(maxMbarrierCount));
  if (auto old = barriers.find(offset); old != barriers.end()) {
    if (isIntact(offset))
      return issuer.fault("mbarrier", "initialises " + describe(offset) +
                                          ", which is in use since " +
                                          old->second.creator.describe() +
                                          ": there is no mbarrier.inval "
                                          "between the two");
    return find(issuer, offset) != nullptr;
  }
  Barrier &barrier = barriers[offset];
  barrier.creator = issuer;
  barrier.incarnation = ++nextIncarnation;
  MbarrierCounts counts;
  counts.pending = counts.expected = uint32_t(count);
  store(cta, offset, counts);
  std::fill_n(cta.sharedShadow.begin() + offset, mbarrierBytes, barrierShadow);
  ++cta.cluster.progress;
  return true;
}

bool Mbarriers::invalidate(const Issuer &issuer, uint32_t offset) {
  if (!find(issuer, offset))
    return false;
  barriers.erase(offset);
  std::fill_n(cta.sharedShadow.begin() + offset, mbarrierBytes, 255);
  ++cta.cluster.progress;
  return true;
}

void Mbarriers::fence(const Warp &warp) {
  for (auto &entry : barriers)
    entry.second.isFenced |= entry.second.creator.warp == &warp;
}

static std::string place(const Cta &cta, uint32_t offset) {
  return formatv("mbarrier {0:x} of CTA ({1}, {2}, {3})", offset, cta.index[0],
                 cta.index[1], cta.index[2])
      .str();
}

Mbarriers::Barrier *Mbarriers::find(const Issuer &issuer, uint32_t offset) {
  auto found = barriers.find(offset);
  if (found == barriers.end()) {
    issuer.fault("mbarrier", "uses " + place(cta, offset) +
                                 ", which is not initialised, or not any more");
    return nullptr;
  }
  if (isIntact(offset))
    return &found->second;
  issuer.fault("mbarrier", "uses " + place(cta, offset) +
                               ", whose memory was written over since it was "
                               "initialised at " +
                               found->second.creator.describe() +
                               ", without mbarrier.inval");
  return nullptr;
}

Mbarriers::Barrier *Mbarriers::findAgain(uint32_t offset,
                                         uint64_t incarnation) {
  auto found = barriers.find(offset);
  return found != barriers.end() && found->second.incarnation == incarnation
             ? &found->second
             : nullptr;
}

bool Mbarriers::change(const Issuer &issuer, Agent &agent, uint32_t offset,
                       const Change &change, MbarrierOrder order) {
  Barrier *barrier = find(issuer, offset);
  if (!barrier)
    return false;
  MbarrierCounts counts = this->counts(offset);
  int64_t bytes = counts.bytes + change.bytes;
  if (std::abs(bytes) > int64_t(maxMbarrierCount))
    return issuer.fault("mbarrier", "makes " + Twine(bytes) +
                                        " bytes pending, which are more than " +
                                        Twine(maxMbarrierCount) + ", at " +
                                        describe(offset));
  if (change.arrivals > counts.pending)
    return issuer.fault(
        "mbarrier",
        Twine(change.arrivals) +
            (change.arrivals == 1 ? " arrival is" : " arrivals are") +
            " more than are pending at " + describe(offset));
  if (change.drops && change.arrivals > counts.expected)
    return issuer.fault("mbarrier", "drops " + Twine(change.arrivals) +
                                        " arrivals, which are more than are "
                                        "expected, of " +
                                        describe(offset));
  counts.bytes = int32_t(bytes);
  counts.pending -= change.arrivals;
  counts.expected -= change.drops ? change.arrivals : 0;
  bool completes = counts.pending == 0 && counts.bytes == 0;
  if (completes && !change.mayComplete)
    return issuer.fault("mbarrier", "an arrival with .noComplete completes the "
                                    "phase of " +
                                        describe(offset));
  Races &races = cta.cluster.races;
  if (order == MbarrierOrder::Strong)
    races.release(agent, barrier->arriving);
  else if (order == MbarrierOrder::Relaxed)
    races.releaseRelaxed(agent, barrier->arriving);
  else if (order == MbarrierOrder::Own)
    races.releaseOwn(agent, barrier->arriving,
                     /*tellsPast=*/!cta.grid.launch.pedantic);
  if (completes) {
    counts.pending = counts.expected;
    counts.parity = !counts.parity;
    ++barrier->phase;
    barrier->passed = std::move(barrier->arriving);
    barrier->arriving.clear();
  }
  store(cta, offset, counts);
  ++cta.cluster.progress;
  return true;
}

bool Mbarriers::expectMore(const Issuer &issuer, uint32_t offset) {
  if (!find(issuer, offset))
    return false;
  MbarrierCounts counts = this->counts(offset);
  if (counts.pending == maxMbarrierCount)
    return issuer.fault("mbarrier", "one more arrival than " +
                                        Twine(maxMbarrierCount) +
                                        " is pending at " + describe(offset));
  ++counts.pending;
  store(cta, offset, counts);
  return true;
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

std::string Mbarriers::describe(uint32_t offset) const {
  auto found = barriers.find(offset);
  if (found == barriers.end() || !isIntact(offset))
    return place(cta, offset);
  MbarrierCounts counts = this->counts(offset);
  return formatv("{0}, in phase {1} with {2} of {3} arrivals and {4} bytes "
                 "pending",
                 place(cta, offset), found->second.phase, counts.pending,
                 counts.expected, counts.bytes)
      .str();
}

std::string Mbarriers::describe() const {
  std::string text;
  for (const auto &entry : barriers)
    text += "\n  " + describe(entry.first);
  return text;
}

void Mbarriers::finish() {
  for (const auto &[offset, barrier] : barriers)
    if (!isIntact(offset)) {
      barrier.creator.fault("mbarrier",
                            "the memory of " + place(cta, offset) +
                                ", which is initialised here, was written over "
                                "without mbarrier.inval");
      return;
    }
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Bytes sim::accessMbarrier(Warp &warp, unsigned lane, StateSpace space,
                          const Lanes &base, int64_t offset, Access kind,
                          bool mustBeOwn) {
  if (base.poison[lane]) {
    warp.fault(lane, "poison", "the address depends on uninitialised data");
    return Bytes();
  }
  uint64_t address = base.value[lane] + uint64_t(offset);
  Bytes bytes = warp.access(lane, space, address, mbarrierBytes, true);
  if (!bytes.data)
    return Bytes();
  if (!bytes.owner) {
    warp.fault(lane, "mbarrier",
               formatv("{0:x} is not in shared memory", address));
    return Bytes();
  }
  if (mustBeOwn && bytes.owner != &warp.cta) {
    const Instruction &in = warp.cta.grid.code.instructions[warp.pc];
    warp.fault(lane, "mbarrier",
               "'" + in.syntax->opcode() +
                   "' takes a barrier of the thread's "
                   "own CTA, but this one is of CTA " +
                   Twine(bytes.owner->rank) + " of the cluster");
    return Bytes();
  }
  // That the barrier is initialised has to be known here, and nothing else.
  return warp.noteAccess(lane, bytes, mbarrierBytes, kind) ? bytes : Bytes();
}

//===----------------------------------------------------------------------===//
// Other units
//===----------------------------------------------------------------------===//

static bool apply(const Issuer &issuer, Agent &agent, uint32_t address,
                  const Mbarriers::Change &change, MbarrierOrder order) {
  Cluster &cluster = issuer.warp->cta.cluster;
  uint32_t rank = address >> rankShift;
  uint32_t offset = address & ((1u << rankShift) - 1);
  if (rank >= cluster.ctas.size() || offset % mbarrierBytes != 0 ||
      uint64_t(offset) + mbarrierBytes > cluster.ctas[rank]->shared.size())
    return issuer.fault("mbarrier", formatv("there is no mbarrier at {0:x} of "
                                            "the cluster's shared memory",
                                            address));
  Cta &cta = *cluster.ctas[rank];
  if (cta.liveThreads == 0)
    return issuer.fault("mbarrier", "arrives at " + place(cta, offset) +
                                        ", which has exited");
  return cta.unit<Mbarriers>().change(issuer, agent, offset, change, order);
}

bool sim::arriveAtMbarrier(const Issuer &issuer, Agent &agent, uint32_t address,
                           uint32_t count) {
  Mbarriers::Change change;
  change.arrivals = count;
  return apply(issuer, agent, address, change, MbarrierOrder::Strong);
}

bool sim::completeMbarrierBytes(const Issuer &issuer, Agent &agent,
                                uint32_t address, uint32_t bytes) {
  Mbarriers::Change change;
  change.bytes = -int64_t(bytes);
  return apply(issuer, agent, address, change, MbarrierOrder::Own);
}
