//===- Races.cpp - Which accesses to shared memory are ordered ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Races.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static constexpr unsigned timeBits = 22;
static constexpr uint32_t maxTime = (1u << timeBits) - 1;
/// Of the clock, for operations.
static constexpr uint32_t operationSlots = 64;

//===----------------------------------------------------------------------===//
// Clocks
//===----------------------------------------------------------------------===//

static void mergeInto(std::vector<uint32_t> &into,
                      const std::vector<uint32_t> &from) {
  if (into.size() < from.size())
    into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

void SyncToken::merge(const SyncToken &other) {
  mergeInto(known, other.known);
  mergeInto(fenced, other.fenced);
  mergeInto(past, other.past);
  mergeInto(tensor, other.tensor);
}

std::vector<uint32_t> SyncToken::knownOfTensor() const {
  std::vector<uint32_t> all = known;
  mergeInto(all, tensor);
  return all;
}

Races::Races(uint32_t warps, uint32_t ctas, uint32_t sharedBytes)
    : warps(warps), slots(warps + operationSlots), words((sharedBytes + 3) / 4),
      cells(size_t(words) * ctas), operationTimes(operationSlots) {}

Agent Races::warp(uint32_t number) {
  Agent agent;
  agent.slot = number;
  agent.clock.known.assign(slots, 0);
  agent.clock.fenced.assign(slots, 0);
  agent.clock.known[number] = 1;
  return agent;
}

Agent Races::begin(Agent &issuer) {
  Agent agent;
  agent.isOperation = true;
  agent.clock = issuer.clock;
  mergeInto(agent.clock.past, issuer.clock.known);
  // Its own last reads may be under way still.
  if (uint32_t &time = agent.clock.past[issuer.slot])
    --time;
  uint32_t number = nextOperation++ % operationSlots;
  agent.slot = warps + number;
  operationTimes[number] = std::min(operationTimes[number] + 1, maxTime);
  agent.clock.known[agent.slot] = operationTimes[number];
  if (uint32_t &time = issuer.clock.known[issuer.slot];
      !issuer.isOperation && time < maxTime)
    ++time;
  return agent;
}

void Races::release(Agent &agent, SyncToken &token) {
  token.merge(agent.clock);
  // What a warp does from now on is not part of it.
  uint32_t &time = agent.clock.known[agent.slot];
  if (!agent.isOperation && time < maxTime)
    ++time;
}

void Races::acquire(Agent &agent, const SyncToken &token) {
  uint32_t own = agent.clock.known[agent.slot];
  mergeInto(agent.clock.known, token.known);
  mergeInto(agent.clock.fenced, token.fenced);
  mergeInto(agent.clock.past, token.past);
  mergeInto(agent.tensorObserved, token.tensor);
  // A slot's number for another operation says nothing of this one.
  if (agent.isOperation)
    agent.clock.known[agent.slot] = own;
}

void Races::release(Moment moment, SyncToken &token) {
  if (token.known.size() < slots)
    token.known.resize(slots);
  uint32_t &time = token.known[moment.slot];
  time = std::max(time, moment.time);
}

void Races::acquire(Agent &agent, Moment moment) {
  uint32_t &time = agent.clock.known[moment.slot];
  if (!agent.isOperation || moment.slot != agent.slot)
    time = std::max(time, moment.time);
}

void Races::releaseOwn(const Agent &agent, SyncToken &token, bool tellsPast) {
  release(now(agent), token);
  if (tellsPast)
    mergeInto(token.past, agent.clock.past);
}

void Races::releaseRelaxed(const Agent &agent, SyncToken &token) {
  token.merge(agent.atFence);
  mergeInto(token.tensor, agent.tensorAtFence);
}

void Races::acquireRelaxed(Agent &agent, const SyncToken &token) {
  agent.observed.merge(token);
  mergeInto(agent.tensorObserved, token.known);
  mergeInto(agent.tensorObserved, token.tensor);
}

void Races::fence(Agent &agent) {
  acquire(agent, agent.observed);
  agent.observed.clear();
  release(agent, agent.atFence);
}

void Races::fenceProxy(Agent &agent) {
  agent.clock.fenced = agent.clock.known;
  // Writes after the fence are of a later time than those before it.
  uint32_t &time = agent.clock.known[agent.slot];
  if (!agent.isOperation && time < maxTime)
    ++time;
}

void Races::fenceProxy(Agent &agent, Moment moment) {
  std::vector<uint32_t> &fenced = agent.clock.fenced;
  if (fenced.size() <= moment.slot)
    fenced.resize(moment.slot + 1);
  fenced[moment.slot] = std::max(fenced[moment.slot], moment.time);
}

void Races::fenceTensorBefore(Agent &agent) {
  agent.tensorAtFence = agent.clock.knownOfTensor();
  // What comes after the fence is of a later time.
  uint32_t &time = agent.clock.known[agent.slot];
  if (!agent.isOperation && time < maxTime)
    ++time;
}

void Races::fenceTensorAfter(Agent &agent) {
  mergeInto(agent.clock.tensor, agent.tensorObserved);
  agent.tensorObserved.clear();
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

Races::Epoch Races::epochOf(const Agent &agent) const {
  return agent.slot << timeBits | agent.clock.known[agent.slot];
}

bool Races::isKnown(const std::vector<uint32_t> &clock, Epoch epoch) {
  uint32_t slot = epoch >> timeBits;
  return slot < clock.size() && (epoch & maxTime) <= clock[slot];
}

void Races::noteRead(Cell &cell, const Agent &agent, Event event,
                     uint64_t key) {
  // A read that this one is ordered after says nothing more: what is ordered
  // after this one is ordered after that one too.
  auto isCovered = [&](const Event &old) {
    return old.epoch == 0 || isKnown(agent.clock.known, old.epoch);
  };
  for (Event &old : cell.reads)
    if (isCovered(old)) {
      old = event;
      return;
    }
  cell.hasMore = true;
  SmallVector<Event, 8> &more = moreReads[key];
  for (Event &old : more)
    if (isCovered(old)) {
      old = event;
      return;
    }
  more.push_back(event);
}

std::optional<Races::Conflict> Races::touch(Cell &cell, Agent &agent,
                                            Proxy proxy, uint32_t pc,
                                            Access kind, uint64_t key) {
  bool isStrong = kind == Access::StrongRead || kind == Access::StrongWrite;
  bool isRead = kind == Access::Read || kind == Access::Peek ||
                kind == Access::StrongRead;
  const std::vector<uint32_t> &known = agent.clock.known;
  auto conflict = [](const Event &event, bool isWrite, bool isOrdered) {
    return Conflict{event.epoch >> timeBits,
                    event.epoch & maxTime,
                    event.pc,
                    isWrite,
                    isOrdered,
                    0};
  };
  Event event = {epochOf(agent), pc};
  Epoch writer = cell.write.epoch;
  if (writer && !(isStrong && cell.strongWrite)) {
    bool isThere =
        isKnown(known, writer) || ((cell.isInit || kind == Access::Retire) &&
                                   isKnown(agent.over.known, writer));
    if (kind != Access::Rewrite && !isThere)
      return conflict(cell.write, true, false);
    // Without a fence a write of the generic proxy may even come last.
    if (proxy == Proxy::Async && cell.writeProxy == Proxy::Generic &&
        !isKnown(agent.clock.fenced, writer))
      return conflict(cell.write, true, true);
  }
  if (isRead) {
    // A strong read does not race with the strong writes that it polls for.
    if (kind == Access::Read)
      noteRead(cell, agent, event, key);
    return std::nullopt;
  }
  auto isOver = [&](Epoch read) {
    return isKnown(known, read) || isKnown(agent.clock.past, read) ||
           (kind == Access::Retire && isKnown(agent.over.known, read));
  };
  for (const Event &read : cell.reads) {
    if (read.epoch && !isOver(read.epoch))
      return conflict(read, false, false);
    if (agent.needsFencedReads && read.epoch &&
        read.epoch >> timeBits < warps &&
        !isKnown(agent.clock.fenced, read.epoch))
      return conflict(read, false, true);
  }
  cell.reads = {};
  if (cell.hasMore) {
    for (const Event &read : moreReads[key])
      if (!isOver(read.epoch))
        return conflict(read, false, false);
    moreReads.erase(key);
    cell.hasMore = false;
  }
  cell.write = event;
  cell.strongWrite = isStrong;
  cell.isInit = kind == Access::Init || kind == Access::Allocation;
  cell.writeProxy = kind == Access::Allocation ? Proxy::Async : proxy;
  return std::nullopt;
}

std::optional<Races::Conflict> Races::access(Agent &agent, Proxy proxy,
                                             uint32_t pc, uint32_t cta,
                                             uint32_t offset, uint32_t size,
                                             Access kind) {
  if (kind == Access::StrongRead || kind == Access::StrongWrite)
    acquire(agent, places[uint64_t(cta) << 32 | offset]);
  size_t base = size_t(cta) * words;
  uint32_t end = offset + size;
  for (uint32_t at = offset; at < end;) {
    uint32_t word = at / 4;
    uint32_t next = std::min(end, (word + 1) * 4);
    Cell &cell = cells[base + word];
    uint64_t key = (uint64_t(base) + word) * 8;
    std::optional<Conflict> found;
    if (next - at == 4 && !cell.isSplit) {
      found = touch(cell, agent, proxy, pc, kind, key);
    } else {
      if (!cell.isSplit) {
        std::array<Cell, 4> &parts = bytes[base + word];
        parts.fill(cell);
        for (unsigned i = 0; i < 4 && cell.hasMore; ++i) {
          SmallVector<Event, 8> copy = moreReads[key];
          moreReads[key + 1 + i] = std::move(copy);
        }
        if (cell.hasMore)
          moreReads.erase(key);
        cell.isSplit = true;
      }
      std::array<Cell, 4> &parts = bytes[base + word];
      for (uint32_t i = at; i < next && !found; ++i)
        found = touch(parts[i % 4], agent, proxy, pc, kind, key + 1 + i % 4);
    }
    if (found) {
      found->offset = at;
      return found;
    }
    at = next;
  }
  if (kind == Access::StrongWrite)
    release(agent, places[uint64_t(cta) << 32 | offset]);
  return std::nullopt;
}

std::optional<Races::Conflict>
Races::findUnknown(uint32_t cta, const SyncToken &token) const {
  // Nobody but its own threads, whose exits are what is asked for.
  if (nextOperation == 0 && cells.size() == words)
    return std::nullopt;
  auto check = [&](const Cell &cell, uint64_t key,
                   uint32_t offset) -> std::optional<Conflict> {
    auto isUnknown = [&](const Event &event) {
      return event.epoch && !isKnown(token.known, event.epoch);
    };
    auto conflict = [&](const Event &event, bool isWrite) {
      return Conflict{event.epoch >> timeBits,
                      event.epoch & maxTime,
                      event.pc,
                      isWrite,
                      false,
                      offset};
    };
    if (isUnknown(cell.write))
      return conflict(cell.write, true);
    for (const Event &read : cell.reads)
      if (isUnknown(read))
        return conflict(read, false);
    if (cell.hasMore)
      if (auto more = moreReads.find(key); more != moreReads.end())
        for (const Event &read : more->second)
          if (isUnknown(read))
            return conflict(read, false);
    return std::nullopt;
  };
  size_t base = size_t(cta) * words;
  for (uint32_t word = 0; word < words; ++word) {
    const Cell &cell = cells[base + word];
    uint64_t key = (uint64_t(base) + word) * 8;
    if (!cell.isSplit) {
      if (std::optional<Conflict> found = check(cell, key, word * 4))
        return found;
      continue;
    }
    const std::array<Cell, 4> &parts = bytes.find(base + word)->second;
    for (unsigned i = 0; i < 4; ++i)
      if (std::optional<Conflict> found =
              check(parts[i], key + 1 + i, word * 4 + i))
        return found;
  }
  return std::nullopt;
}
