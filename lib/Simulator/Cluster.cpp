//===- Cluster.cpp - CTAs that run together -------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execution.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// CTA
//===----------------------------------------------------------------------===//

Cta::Cta(Cluster &cluster, uint32_t rank, Dim3 index)
    : cluster(cluster), grid(cluster.grid), rank(rank), index(index),
      shared(grid.sharedBytes), sharedShadow(grid.sharedBytes, 255),
      liveThreads(grid.threadsPerCta) {
  for (uint32_t first = 0; first < grid.threadsPerCta; first += warpSize)
    warps.push_back(
        std::make_unique<Warp>(*this, first / warpSize, first,
                               std::min(warpSize, grid.threadsPerCta - first)));
}

void Cta::completeIfFull(NamedBarrier &barrier) {
  uint32_t expected = barrier.expected ? barrier.expected : liveThreads;
  if (!barrier.inUse || barrier.arrived < expected)
    return;
  barrier.results[0] = barrier.population;
  barrier.results[1] = barrier.conjunction;
  barrier.results[2] = barrier.disjunction;
  barrier.resultsPoisoned = barrier.poisoned;
  ++barrier.generation;
  barrier.arrived = 0;
  barrier.inUse = false;
  barrier.population = 0;
  barrier.conjunction = true;
  barrier.disjunction = false;
  barrier.poisoned = false;
  barrier.passed = std::move(barrier.arriving);
  barrier.arriving.clear();
}

std::string Cta::describe() const {
  std::string text;
  for (auto [number, barrier] : enumerate(barriers))
    if (barrier.inUse)
      text +=
          formatv("\n  CTA ({0}, {1}, {2}), barrier {3}: {4} of {5} threads "
                  "have arrived, phase {6}",
                  index[0], index[1], index[2], number, barrier.arrived,
                  barrier.expected ? barrier.expected : liveThreads,
                  barrier.generation)
              .str();
  for (const auto &entry : units)
    text += entry.second->describe();
  return text;
}

//===----------------------------------------------------------------------===//
// Cluster
//===----------------------------------------------------------------------===//

static uint32_t warpsPerCta(const Grid &grid) {
  return (grid.threadsPerCta + warpSize - 1) / warpSize;
}

Dim3 sim::clusterIndex(const Grid &grid, uint64_t number) {
  return {uint32_t(number % grid.clusters[0]),
          uint32_t(number / grid.clusters[0] % grid.clusters[1]),
          uint32_t(number / grid.clusters[0] / grid.clusters[1])};
}

Cluster::Cluster(Grid &grid, uint64_t number)
    : grid(grid), number(number), races(grid.ctasPerCluster * warpsPerCta(grid),
                                        grid.ctasPerCluster, grid.sharedBytes),
      random(grid.launch.seed * 0x9e3779b97f4a7c15 + number) {
  index = clusterIndex(grid, number);
  const Dim3 &size = grid.launch.cluster;
  for (uint32_t rank = 0; rank < grid.ctasPerCluster; ++rank) {
    Dim3 within = {rank % size[0], rank / size[0] % size[1],
                   rank / size[0] / size[1]};
    Dim3 cta;
    for (unsigned i = 0; i < 3; ++i)
      cta[i] = index[i] * size[i] + within[i];
    ctas.push_back(std::make_unique<Cta>(*this, rank, cta));
    for (const std::unique_ptr<Warp> &warp : ctas.back()->warps)
      warps.push_back(warp.get());
  }
  if (grid.launch.order == Order::Random)
    std::shuffle(warps.begin(), warps.end(), random);
}

void Cluster::completeBarrierIfFull() {
  uint32_t expected = 0;
  for (const std::unique_ptr<Cta> &cta : ctas)
    expected += cta->liveThreads;
  if (barrier.arrived < expected || barrier.arrived == 0)
    return;
  barrier.arrived = 0;
  ++barrier.generation;
  barrier.passed = std::move(barrier.arriving);
  barrier.arriving.clear();
  barrier.passedRelaxed = std::move(barrier.arrivingRelaxed);
  barrier.arrivingRelaxed.clear();
}

static void complete(const Grid &grid, Report &report) {
  report.kernel = grid.launch.kernel->name.str();
  report.module = grid.launch.program->module().name;
}

void Cluster::warn(uint32_t pc, Report report) {
  if (!warned.insert(pc).second)
    return;
  complete(grid, report);
  report.isWarning = true;
  std::lock_guard<std::mutex> lock(grid.mutex);
  auto [place, isNew] = grid.warnings.try_emplace(pc, number, report);
  if (!isNew && number < place->second.first)
    place->second = {number, std::move(report)};
}

void Cluster::report(Report report) {
  complete(grid, report);
  std::lock_guard<std::mutex> lock(grid.mutex);
  grid.reports.insert({number, std::move(report)});
  grid.stop = true;
}

Cluster::State Cluster::deadlock() {
  std::string text = "no thread can go on";
  for (const std::unique_ptr<Cta> &cta : ctas)
    for (const std::unique_ptr<Warp> &warp : cta->warps)
      text += warp->describeParked();
  for (const std::unique_ptr<Cta> &cta : ctas)
    text += cta->describe();
  if (barrier.arrived)
    text += formatv("\n  the cluster's barrier: {0} threads have arrived, "
                    "phase {1}",
                    barrier.arrived, barrier.generation)
                .str();
  Report report;
  report.rule = "deadlock";
  report.message = text;
  report.cta = ctas.front()->index;
  this->report(std::move(report));
  return State::Fault;
}

/// Threads that poll in a loop go round it once more. They may do something
/// else in between, but not for ever.
bool Cluster::giveUpWaits() {
  constexpr unsigned maxIdleRounds = 256;
  uint64_t now = progress + operations.numPushed();
  idleRounds = now == lastProgress ? idleRounds + 1 : 0;
  lastProgress = now;
  if (idleRounds > maxIdleRounds)
    return false;
  bool any = false;
  for (Warp *warp : warps)
    any |= warp->live && warp->giveUpWaits();
  return any;
}

Cluster::State Cluster::run(uint64_t steps) {
  constexpr uint64_t quantum = 256;
  bool isRandom = grid.launch.order == Order::Random;
  for (uint64_t used = 0; used < steps;) {
    bool anyAlive = false;
    bool anyRan = false;
    for (Warp *warp : warps) {
      if (!warp->live)
        continue;
      if (grid.stop)
        return State::Fault;
      uint64_t before = warp->steps;
      Warp::State state =
          warp->run(isRandom ? 1 + random() % quantum : quantum);
      used += warp->steps - before + 1;
      if (state == Warp::State::Fault)
        return State::Fault;
      anyRan |= warp->steps != before;
      anyAlive |= warp->live != 0;
      while (!operations.empty() && (grid.launch.order == Order::Early ||
                                     (isRandom && random() % 4 == 0))) {
        operations.runOne(isRandom ? &random : nullptr);
        anyRan = true; // a wait may be over by it
      }
    }
    if (!anyAlive) {
      // What the threads have queued completes all the same.
      while (!operations.empty())
        operations.runOne(isRandom ? &random : nullptr);
      for (const std::unique_ptr<Cta> &cta : ctas)
        for (auto &entry : cta->units)
          entry.second->finish();
      return grid.stop ? State::Fault : State::Done;
    }
    if (anyRan)
      continue;
    if (operations.empty()) {
      if (giveUpWaits())
        continue;
      return deadlock();
    }
    operations.runOne(isRandom ? &random : nullptr);
  }
  return State::Running;
}
