//===- AsyncGroups.cpp - What threads wait for in groups ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsyncGroups.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static void advance(Cluster &cluster, Completion::Dependent &dependent) {
  constexpr uint32_t queue = 0x61736e63; // a number that no unit has
  if (--dependent.missing == 0)
    cluster.operations.push(cluster.operations.newQueue(queue),
                            std::move(dependent.operation));
}

void Completion::setDone(Cluster &cluster) {
  read = done = true;
  for (const std::shared_ptr<Dependent> &dependent : dependents)
    advance(cluster, *dependent);
  dependents.clear();
}

void Completion::addDependent(std::shared_ptr<Dependent> dependent) {
  ++dependent->missing;
  dependents.push_back(std::move(dependent));
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

char AsyncGroups::id;

AsyncGroups::AsyncGroups(Cta &cta) {
  for (std::vector<Thread> &list : threads)
    list.resize(cta.grid.threadsPerCta);
}

bool AsyncGroups::Group::isDone(bool readOnly) const {
  return all_of(members, [&](const CompletionRef &member) {
    return readOnly ? member->hasRead() : member->isDone();
  });
}

void AsyncGroups::add(Kind kind, uint32_t thread, CompletionRef completion) {
  threads[kind][thread].open.members.push_back(std::move(completion));
}

void AsyncGroups::commit(Kind kind, uint32_t thread) {
  Thread &state = threads[kind][thread];
  state.committed.push_back(std::move(state.open));
  state.open.members.clear();
}

std::vector<CompletionRef> AsyncGroups::all(Kind kind, uint32_t thread) const {
  const Thread &state = threads[kind][thread];
  std::vector<CompletionRef> list = state.open.members;
  for (const Group &group : state.committed)
    list.insert(list.end(), group.members.begin(), group.members.end());
  return list;
}

bool AsyncGroups::isOver(Kind kind, uint32_t thread, uint64_t count,
                         bool readOnly) {
  Thread &state = threads[kind][thread];
  size_t first = readOnly ? state.numRead : 0;
  for (size_t i = first; i + count < state.committed.size(); ++i)
    if (!state.committed[i].isDone(readOnly))
      return false;
  return true;
}

/// The thread knows of what it has waited for, which is not waited for again.
void AsyncGroups::acquire(Kind kind, Warp &warp, uint32_t thread,
                          uint64_t count, bool readOnly) {
  Thread &state = threads[kind][thread];
  Races &races = warp.cta.cluster.races;
  size_t first = readOnly ? state.numRead : 0;
  size_t end = state.committed.size() -
               std::min<uint64_t>(count, state.committed.size());
  for (size_t i = first; i < end; ++i)
    for (const CompletionRef &member : state.committed[i].members)
      races.acquire(warp.agent, member->moment);
  if (readOnly) {
    state.numRead = std::max(state.numRead, end);
    return;
  }
  state.committed.erase(state.committed.begin(), state.committed.begin() + end);
  state.numRead -= std::min(state.numRead, end);
}

namespace mlir::fp4::sim {
class GroupWait : public Wait {
public:
  GroupWait(AsyncGroups &groups, AsyncGroups::Kind kind, Warp &warp,
            LaneMask lanes, uint64_t count, bool readOnly)
      : groups(groups), kind(kind), warp(warp), lanes(lanes), count(count),
        readOnly(readOnly) {}

  bool isOver() override {
    bool over = true;
    forEachLane(lanes, [&](unsigned lane) {
      over =
          over && groups.isOver(kind, warp.firstThread + lane, count, readOnly);
    });
    if (over)
      forEachLane(lanes, [&](unsigned lane) {
        groups.acquire(kind, warp, warp.firstThread + lane, count, readOnly);
      });
    return over;
  }
  std::string describe() const override {
    return formatv("all but the last {0} {1}async-groups", count,
                   kind == AsyncGroups::Bulk ? "bulk " : "")
        .str();
  }

private:
  AsyncGroups &groups;
  const AsyncGroups::Kind kind;
  Warp &warp;
  const LaneMask lanes;
  const uint64_t count;
  const bool readOnly;
};
} // namespace mlir::fp4::sim

Flow AsyncGroups::wait(Kind kind, Warp &warp, LaneMask lanes, uint64_t count,
                       bool readOnly) {
  auto wait =
      std::make_unique<GroupWait>(*this, kind, warp, lanes, count, readOnly);
  if (wait->isOver())
    return Flow::Next;
  return warp.park(lanes, std::move(wait));
}
