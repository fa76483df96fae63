//===- Machine.cpp - Launches kernels -------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Host threads take clusters from one queue, run each for a while, and put it
// back if it has not ended: as on a chip, as many clusters as fit are resident
// and all of them advance, and others begin when one has ended.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Machine.h"
#include "Execution.h"
#include "fp4/Support/Error.h"
#include <algorithm>
#include <condition_variable>
#include <numeric>
#include <thread>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

ArrayRef<StringLiteral> Statistics::classNames() {
  static constexpr StringLiteral names[] = {
      "integer", "float",   "conversion",      "move",
      "memory",  "control", "synchronization", "tensor"};
  static_assert(std::size(names) == numInstructionClasses);
  return names;
}

Statistics &Statistics::operator+=(const Statistics &other) {
  for (unsigned i = 0; i < numInstructionClasses; ++i)
    instructions[i] += other.instructions[i];
  threadInstructions += other.threadInstructions;
  globalBytesRead += other.globalBytesRead;
  globalBytesWritten += other.globalBytesWritten;
  sharedBytesRead += other.sharedBytesRead;
  sharedBytesWritten += other.sharedBytesWritten;
  copiedBytes += other.copiedBytes;
  tensorFlop += other.tensorFlop;
  sharedAccesses += other.sharedAccesses;
  bankConflicts += other.bankConflicts;
  barrierWaits += other.barrierWaits;
  return *this;
}

//===----------------------------------------------------------------------===//
// What a chip takes
//===----------------------------------------------------------------------===//

static uint64_t volume(const Dim3 &dim) {
  return uint64_t(dim[0]) * dim[1] * dim[2];
}

static std::string describe(const Dim3 &dim) {
  return formatv("({0}, {1}, {2})", dim[0], dim[1], dim[2]).str();
}

static Error checkBlock(const Launch &launch) {
  const Chip &chip = launch.program->chip();
  const ptx::Limits &limits = launch.kernel->limits;
  uint64_t threads = volume(launch.block);
  if (threads == 0 || threads > chip.maxThreadsPerCTA ||
      launch.block[0] > 1024 || launch.block[1] > 1024 || launch.block[2] > 64)
    return makeError("a block of {0} threads does not run on {1}",
                     describe(launch.block), chip.name);
  const uint32_t (&required)[3] = limits.requiredThreads;
  if (required[0] && !std::equal(required, required + 3, launch.block.begin()))
    return makeError("kernel '{0}' requires blocks of ({1}, {2}, {3}) threads, "
                     "but got {4}",
                     launch.kernel->name, required[0], required[1], required[2],
                     describe(launch.block));
  const uint32_t (&most)[3] = limits.maxThreads;
  if (most[0] && threads > uint64_t(most[0]) * most[1] * most[2])
    return makeError("kernel '{0}' takes at most {1} threads, but got {2}",
                     launch.kernel->name, uint64_t(most[0]) * most[1] * most[2],
                     threads);
  return Error::success();
}

static Error checkCluster(const Launch &launch) {
  const Chip &chip = launch.program->chip();
  const ptx::Limits &limits = launch.kernel->limits;
  uint64_t size = volume(launch.cluster);
  if (size == 0 || size > std::max(1u, chip.maxCluster))
    return makeError("a cluster of {0} CTAs does not run on {1}",
                     describe(launch.cluster), chip.name);
  const uint32_t (&required)[3] = limits.clusterSize;
  if (required[0] &&
      !std::equal(required, required + 3, launch.cluster.begin()))
    return makeError("kernel '{0}' requires clusters of ({1}, {2}, {3}) CTAs, "
                     "but got {4}",
                     launch.kernel->name, required[0], required[1], required[2],
                     describe(launch.cluster));
  if (limits.maxClusterRank && size > limits.maxClusterRank)
    return makeError("kernel '{0}' takes clusters of at most {1} CTAs, but got "
                     "{2}",
                     launch.kernel->name, limits.maxClusterRank, size);
  for (unsigned i = 0; i < 3; ++i)
    if (launch.grid[i] % launch.cluster[i] != 0)
      return makeError("the grid {0} is not a multiple of the cluster {1}",
                       describe(launch.grid), describe(launch.cluster));
  return Error::success();
}

static Error check(const Launch &launch) {
  const Chip &chip = launch.program->chip();
  if (volume(launch.grid) == 0 || launch.grid[0] > INT32_MAX ||
      launch.grid[1] > 65535 || launch.grid[2] > 65535)
    return makeError("a grid of {0} CTAs does not run on {1}",
                     describe(launch.grid), chip.name);
  if (Error error = checkBlock(launch))
    return error;
  if (Error error = checkCluster(launch))
    return error;
  uint64_t shared =
      uint64_t(launch.kernel->staticShared) + launch.dynamicShared;
  if (shared > chip.maxSharedPerCTA + chip.reservedShared)
    return makeError("{0} bytes of shared memory are more than the {1} of a "
                     "CTA on {2}",
                     shared - chip.reservedShared, chip.maxSharedPerCTA,
                     chip.name);
  if (launch.kernel->localBytes > maxLocalBytes)
    return makeError("{0} bytes of local memory are more than the {1} of a "
                     "thread",
                     launch.kernel->localBytes, maxLocalBytes);
  if (launch.parameters.size() != launch.kernel->parameterBytes)
    return makeError("kernel '{0}' takes {1} bytes of parameters, but got {2}",
                     launch.kernel->name, launch.kernel->parameterBytes,
                     launch.parameters.size());
  return Error::success();
}

/// How many clusters are on the chip at once.
static uint64_t residentClusters(const Grid &grid) {
  const Chip &chip = grid.chip;
  uint64_t perSM = std::min<uint64_t>(
      chip.maxCTAsPerSM, chip.maxThreadsPerSM / grid.threadsPerCta);
  perSM = std::min<uint64_t>(perSM,
                             chip.sharedPerSM / std::max(1u, grid.sharedBytes));
  return std::max<uint64_t>(1,
                            perSM * chip.multiprocessors / grid.ctasPerCluster);
}

//===----------------------------------------------------------------------===//
// Host threads
//===----------------------------------------------------------------------===//

namespace {
/// The clusters of a launch, handed to host threads.
class Queue {
public:
  explicit Queue(Grid &grid)
      : grid(grid), total(volume(grid.clusters)),
        maxResident(residentClusters(grid)) {
    // The largest grids begin in order: their list would not fit.
    if (grid.launch.order == Order::Random && total <= 1 << 24) {
      order.resize(total);
      std::iota(order.begin(), order.end(), uint64_t(0));
      std::mt19937_64 random(grid.launch.seed);
      std::shuffle(order.begin(), order.end(), random);
    }
  }

  void work() {
    // Short enough that clusters that wait for one another by global memory
    // get their turns, long enough that most end in one.
    constexpr uint64_t slice = 1 << 18;
    while (std::unique_ptr<Cluster> cluster = take()) {
      Cluster::State state = cluster->run(slice);
      std::lock_guard<std::mutex> lock(mutex);
      if (state == Cluster::State::Running) {
        waiting.push_back(std::move(cluster));
      } else {
        for (const std::unique_ptr<Cta> &cta : cluster->ctas)
          for (const std::unique_ptr<Warp> &warp : cta->warps)
            grid.statistics += warp->statistics;
        --resident;
      }
      changed.notify_all();
    }
  }

  /// For clusterlaunchcontrol.try_cancel.
  std::optional<uint64_t> cancel() {
    std::lock_guard<std::mutex> lock(mutex);
    if (begun >= total)
      return std::nullopt;
    uint64_t number = order.empty() ? begun : order[begun];
    ++begun;
    return number;
  }

private:
  /// A cluster to run; null when there will be none.
  std::unique_ptr<Cluster> take() {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      if (grid.stop)
        return nullptr;
      if (begun < total && resident < maxResident) {
        uint64_t number = order.empty() ? begun : order[begun];
        ++begun;
        ++resident;
        lock.unlock();
        return std::make_unique<Cluster>(grid, number);
      }
      if (!waiting.empty()) {
        std::unique_ptr<Cluster> next = std::move(waiting.front());
        waiting.pop_front();
        return next;
      }
      if (resident == 0 && begun == total)
        return nullptr;
      changed.wait(lock);
    }
  }

  Grid &grid;
  const uint64_t total;
  const uint64_t maxResident;
  std::vector<uint64_t> order;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::unique_ptr<Cluster>> waiting;
  uint64_t begun = 0;
  uint64_t resident = 0;
};
} // namespace

Expected<LaunchResult> sim::launch(const Launch &launch, DeviceMemory &memory) {
  if (Error error = check(launch))
    return std::move(error);
  const Code &code = launch.program->code();
  Grid grid{launch,
            code,
            code.functions[launch.kernel->function],
            launch.program->chip(),
            memory,
            {launch.grid[0] / launch.cluster[0],
             launch.grid[1] / launch.cluster[1],
             launch.grid[2] / launch.cluster[2]},
            uint32_t(volume(launch.cluster)),
            uint32_t(volume(launch.block)),
            launch.kernel->staticShared + launch.dynamicShared,
            {},
            {},
            {},
            {},
            {},
            {}};
  Queue queue(grid);
  grid.cancel = [&] { return queue.cancel(); };
  unsigned count = launch.hostThreads ? launch.hostThreads
                                      : std::thread::hardware_concurrency();
  count = unsigned(std::clamp<uint64_t>(
      count, 1, std::max<uint64_t>(1, volume(grid.clusters))));
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < count; ++i)
    threads.emplace_back([&] { queue.work(); });
  queue.work();
  for (std::thread &thread : threads)
    thread.join();

  LaunchResult result;
  // One report: what the others say may follow from the first.
  if (!grid.reports.empty())
    result.reports.push_back(std::move(grid.reports.begin()->second));
  for (auto &entry : grid.warnings)
    result.warnings.push_back(std::move(entry.second.second));
  result.statistics = grid.statistics;
  return result;
}
