//===- TensorMemoryUnit.cpp - The tensor memory of a CTA ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorMemoryUnit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

const char TensorMemoryUnit::id = 0;

/// Of the clocks of a detector, whose epochs have 10 bits for it.
static constexpr uint32_t maxSlots = 1024;

static uint32_t numWarps(const Cta &cta) {
  return uint32_t(cta.warps.size()) * uint32_t(cta.cluster.ctas.size());
}

TensorMemoryUnit::TensorMemoryUnit(Cta &cta)
    : cta(cta), data(kTensorMemoryLanes * kTensorMemoryColumns),
      shadow(data.size(), poisonOfSize(4)), states(cta.warps.size()),
      order(numWarps(cta), 1,
            kTensorMemoryLanes / lanesPerPlace * kTensorMemoryColumns * 4),
      stores(kTensorMemoryLanes / lanesPerPlace * kTensorMemoryColumns) {
  if (cta.grid.launch.pedantic)
    fencedOrder.emplace(numWarps(cta), 1,
                        kTensorMemoryLanes / lanesPerPlace *
                            kTensorMemoryColumns * 4);
}

//===----------------------------------------------------------------------===//
// Allocation
//===----------------------------------------------------------------------===//

/// Whether another CTA may be on the same SM, whose columns come first.
static bool mayShareSM(const Grid &grid) {
  const Chip &chip = grid.chip;
  return 2 * uint64_t(grid.threadsPerCta) <= chip.maxThreadsPerSM &&
         2 * uint64_t(grid.sharedBytes) <= chip.sharedPerSM;
}

std::optional<unsigned>
TensorMemoryUnit::findFree(unsigned count, const TensorMemoryUnit *peer) const {
  SmallVector<unsigned, 16> places;
  for (unsigned column = 0; column + count <= kTensorMemoryColumns;
       column += count) {
    bool isFree = true;
    for (unsigned i = column; i < column + count; ++i)
      isFree &= !used[i] && !(peer && peer->used[i]);
    if (isFree)
      places.push_back(column);
  }
  if (places.empty())
    return std::nullopt;
  // CTAs of one SM have their columns from one pool, so that which ones a CTA
  // gets is not its own doing. The orders of a launch differ in it.
  if (!mayShareSM(cta.grid))
    return places.front();
  switch (cta.grid.launch.order) {
  case Order::Late:
    return places.front();
  case Order::Early:
    return places.back();
  case Order::Random:
    return places[cta.cluster.random() % places.size()];
  }
  return places.front();
}

void TensorMemoryUnit::allocate(const Allocated &allocated) {
  allocations.push_back(allocated);
  lastCount = allocated.count;
  for (unsigned i = 0; i < allocated.count; ++i)
    used[allocated.column + i] = true;
  // What others have left there is not this one's to read.
  for (unsigned lane = 0; lane < kTensorMemoryLanes; ++lane)
    std::fill_n(poison(lane, allocated.column), allocated.count,
                poisonOfSize(4));
}

const TensorMemoryUnit::Allocated *
TensorMemoryUnit::find(unsigned column) const {
  for (const Allocated &allocated : allocations)
    if (allocated.column == column)
      return &allocated;
  return nullptr;
}

void TensorMemoryUnit::free(unsigned column) {
  erase_if(allocations, [&](const Allocated &allocated) {
    if (allocated.column != column)
      return false;
    for (unsigned i = 0; i < allocated.count; ++i)
      used[column + i] = false;
    return true;
  });
}

bool TensorMemoryUnit::isAllocated(unsigned column, unsigned count) const {
  for (unsigned i = column; i < column + count; ++i)
    if (i >= kTensorMemoryColumns || !used[i])
      return false;
  return true;
}

static std::string describeCTA(const Cta &cta) {
  return formatv("CTA ({0}, {1}, {2})", cta.index[0], cta.index[1],
                 cta.index[2])
      .str();
}

bool TensorMemoryUnit::checkColumns(const Issuer &issuer, unsigned column,
                                    unsigned count, const Twine &what) const {
  if (isAllocated(column, count))
    return true;
  std::string text;
  for (const Allocated &allocated : allocations)
    text += formatv("{0}{1} to {2}", text.empty() ? "" : ", ", allocated.column,
                    allocated.column + allocated.count - 1)
                .str();
  return issuer.fault("tensor-memory-bounds",
                      what + " has columns " + Twine(column) + " to " +
                          Twine(column + count - 1) +
                          " of tensor memory, but " + describeCTA(cta) +
                          " has allocated " + (text.empty() ? "none" : text));
}

bool TensorMemoryUnit::checkGroup(const Issuer &issuer, unsigned ctaGroup) {
  if (!group)
    group = ctaGroup;
  if (group == ctaGroup)
    return true;
  return issuer.fault(
      "cta-group",
      "the instruction is of cta_group::" + Twine(ctaGroup) +
          ", but others of the kernel are of cta_group::" + Twine(group));
}

std::string TensorMemoryUnit::describe() const {
  std::string text;
  for (const Allocated &allocated : allocations)
    text += formatv("\n  {0}, tensor memory: columns {1} to {2} are allocated",
                    describeCTA(cta), allocated.column,
                    allocated.column + allocated.count - 1)
                .str();
  return text;
}

std::string TensorMemoryUnit::explainPoison(const Warp &warp) const {
  if (states[warp.index].pending.empty())
    return {};
  return ": a tcgen05.ld has not been waited for, whose registers must not be "
         "read before tcgen05.wait::ld";
}

void TensorMemoryUnit::finish() {
  if (allocations.empty() || cta.grid.stop)
    return;
  Report report;
  report.rule = "tensor-memory-leak";
  report.cta = cta.index;
  report.message =
      "the CTA has exited and left tensor memory allocated:" + describe();
  cta.cluster.report(std::move(report));
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

/// The place in clocks that counts the fence::before_thread_sync of a warp, by
/// which others know of what its waits have waited for. It is behind those of
/// the cluster's detector, whose tokens carry it along.
uint32_t TensorMemoryUnit::fenceSlot(const Warp &warp) const {
  constexpr uint32_t operationSlots = 64;
  return std::min(numWarps(cta) + operationSlots + warp.agent.slot,
                  maxSlots - 1);
}

static uint32_t &at(std::vector<uint32_t> &clock, uint32_t slot) {
  if (clock.size() <= slot)
    clock.resize(slot + 1);
  return clock[slot];
}

TensorAgent TensorMemoryUnit::beginOperation(Warp &warp) {
  TensorAgent agent = {cta.cluster.races.begin(warp.agent), {}, {}};
  if (!fencedOrder)
    return agent;
  // Of other threads it knows what the last fence has shown, of its own what
  // they have waited for, and what the warp itself has done to memory.
  Agent fenced;
  fenced.slot = agent.agent.slot;
  fenced.isOperation = true;
  fenced.clock = state(warp).visible;
  std::vector<uint32_t> &known = fenced.clock.known;
  at(known, fenced.slot) = agent.agent.clock.known[fenced.slot];
  uint32_t slot = fenceSlot(warp);
  at(known, slot) = at(warp.agent.clock.known, slot) + 1;
  at(known, warp.agent.slot) = warp.agent.clock.known[warp.agent.slot];
  agent.fenced = std::move(fenced);
  return agent;
}

TensorAgent TensorMemoryUnit::beginAccess(Warp &warp) {
  Moment issued = cta.cluster.races.now(warp.agent);
  TensorAgent agent = beginOperation(warp);
  agent.issued = issued;
  // Others know of it when the warp has passed its next fence.
  if (agent.fenced)
    agent.fenced->slot = fenceSlot(warp);
  return agent;
}

void TensorMemoryUnit::fenceBefore(Warp &warp) {
  if (fencedOrder)
    ++at(warp.agent.clock.known, fenceSlot(warp));
  cta.cluster.races.fenceTensorBefore(warp.agent);
}

void TensorMemoryUnit::fenceAfter(Warp &warp) {
  cta.cluster.races.fenceTensorAfter(warp.agent);
  if (fencedOrder)
    state(warp).visible.known = warp.agent.clock.knownOfTensor();
}

std::string TensorMemoryUnit::describe(const Races::Conflict &conflict,
                                       Access kind) const {
  unsigned place = conflict.offset / 4 / kTensorMemoryColumns;
  unsigned column = conflict.offset / 4 % kTensorMemoryColumns;
  const ptx::Instruction *other =
      cta.grid.code.instructions[conflict.pc].syntax;
  return formatv("{0} tensor memory of {1}, lanes {2} to {3}, column {4}, "
                 "which '{5}' at line {6} {7}",
                 kind == Access::Read ? "reads" : "writes", describeCTA(cta),
                 place * lanesPerPlace, (place + 1) * lanesPerPlace - 1, column,
                 other ? other->opcode() : "", other ? other->location.line : 0,
                 conflict.isWrite ? "writes" : "reads")
      .str();
}

bool TensorMemoryUnit::followsIssue(const Issuer &issuer, TensorAgent &agent,
                                    const Races::Conflict &conflict,
                                    Access kind) {
  const ptx::Instruction *other =
      cta.grid.code.instructions[conflict.pc].syntax;
  if (cta.grid.launch.pedantic || !agent.issued || !conflict.isWrite ||
      !other || other->root != "tcgen05" ||
      !is_contained(other->modifiers, "st"))
    return false;
  if (!Races::knows(agent.agent, stores[conflict.offset / 4]))
    return false;
  issuer.warn("tensor-memory-race",
              describe(conflict, kind) +
                  ", without a tcgen05.wait::st between the two");
  cta.cluster.races.acquire(agent.agent, {conflict.agent, conflict.time});
  return true;
}

/// The agent with what it knows of tensor memory alone, by tcgen05.fence.
static Agent know(const Agent &agent) {
  Agent knowing = agent;
  knowing.clock.known = agent.clock.knownOfTensor();
  knowing.clock.known[agent.slot] = agent.clock.known[agent.slot];
  return knowing;
}

bool TensorMemoryUnit::noteAccess(const Issuer &issuer, TensorAgent &agent,
                                  const TensorRegion &region, Access kind) {
  unsigned first = region.lane / lanesPerPlace;
  unsigned last = (region.lane + region.numLanes - 1) / lanesPerPlace;
  for (unsigned place = first; place <= last; ++place) {
    uint32_t word = place * kTensorMemoryColumns + region.column;
    uint32_t size = region.numColumns * 4;
    Agent knowing = know(agent.agent);
    while (auto conflict = order.access(knowing, Proxy::Generic, issuer.pc, 0,
                                        word * 4, size, kind))
      if (followsIssue(issuer, agent, *conflict, kind))
        knowing = know(agent.agent);
      else
        return issuer.fault("tensor-memory-race",
                            describe(*conflict, kind) +
                                ", without anything that orders the two");
    if (kind == Access::Write && agent.issued)
      std::fill_n(stores.begin() + word, region.numColumns, *agent.issued);
    if (!agent.fenced)
      continue;
    if (auto conflict = fencedOrder->access(*agent.fenced, Proxy::Generic,
                                            issuer.pc, 0, word * 4, size, kind))
      return issuer.fault("tcgen05-fence",
                          describe(*conflict, kind) +
                              ", without tcgen05.fence::before_thread_sync "
                              "there and tcgen05.fence::after_thread_sync "
                              "here between the two");
  }
  return true;
}

bool TensorMemoryUnit::noteFree(const Issuer &issuer,
                                const Allocated &allocated) {
  TensorAgent agent = {issuer.warp->agent, {}, {}};
  // A barrier that is relaxed orders nothing, says the manual [PTX 9.7.13.4].
  Access kind = cta.grid.launch.pedantic ? Access::Write : Access::Retire;
  if (!noteAccess(issuer, agent,
                  {0, kTensorMemoryLanes, allocated.column, allocated.count},
                  kind))
    return false;
  if (!fencedOrder)
    return true;
  // Shipping kernels free without fences, and no manual asks for them: to that
  // detector it follows on everything.
  agent.agent.clock.known.assign(maxSlots, ~0u);
  agent.agent.clock.known[agent.agent.slot] =
      issuer.warp->agent.clock.known[agent.agent.slot];
  for (unsigned place = 0; place < kTensorMemoryLanes / lanesPerPlace; ++place)
    fencedOrder->access(agent.agent, Proxy::Generic, issuer.pc, 0,
                        (place * kTensorMemoryColumns + allocated.column) * 4,
                        allocated.count * 4, Access::Write);
  return true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool sim::getGroup(const Issuer &issuer, unsigned ctaGroup,
                   SmallVectorImpl<Cta *> &ctas) {
  Cta &own = issuer.warp->cta;
  if (!own.unit<TensorMemoryUnit>().checkGroup(issuer, ctaGroup))
    return false;
  if (ctaGroup == 1) {
    ctas.push_back(&own);
    return true;
  }
  // A pair differs in the lowest bit of the rank.
  Cluster &cluster = own.cluster;
  uint32_t even = own.rank & ~1u;
  if (even + 1 >= cluster.ctas.size())
    return issuer.fault("cta-group", "CTA " + Twine(own.rank) +
                                         " of a cluster of " +
                                         Twine(cluster.ctas.size()) +
                                         " has no peer for cta_group::2");
  ctas.push_back(cluster.ctas[even].get());
  ctas.push_back(cluster.ctas[even + 1].get());
  return true;
}

std::optional<TensorAddress>
sim::splitAddress(const Issuer &issuer, uint32_t address, const Twine &what) {
  TensorAddress split = {address >> 16, address & 0xffff};
  if (split.lane < kTensorMemoryLanes && split.column < kTensorMemoryColumns)
    return split;
  issuer.fault(
      "tensor-memory-bounds",
      "the address of " + what + ", " + formatv("{0:x}", address).str() +
          ", is not in tensor memory, which has " + Twine(kTensorMemoryLanes) +
          " lanes of " + Twine(kTensorMemoryColumns) + " columns");
  return std::nullopt;
}
