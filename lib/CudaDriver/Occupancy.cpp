//===- Occupancy.cpp - How many blocks are resident at once ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// By threads, by shared memory and by the number of blocks; registers are not
// allocated here and bound nothing.
//
//===----------------------------------------------------------------------===//

#include "Functions.h"
#include "LaunchConfig.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

uint64_t cuda::getResidentBlocks(const Function &function, const Chip &chip,
                                 uint64_t threads, uint64_t dynamicShared) {
  if (threads == 0 || threads > getMaxThreads(function, chip))
    return 0;
  uint64_t shared = getStaticShared(function, chip) + dynamicShared;
  if (shared > chip.maxSharedPerCTA)
    return 0;
  uint64_t blocks = std::min<uint64_t>(
      chip.maxCTAsPerSM, chip.maxThreadsPerSM / alignTo(threads, 32));
  // Shared memory is handed out in units of 128 bytes.
  if (uint64_t unit = alignTo(shared + chip.reservedShared, 128))
    blocks = std::min(blocks, chip.sharedPerSM / unit);
  return blocks;
}

/// Runs a call about a function, and writes to `out`.
static CUresult
query(const void *out, CUfunction function,
      function_ref<CUresult(const Driver &, const Function &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!out)
      return CUDA_ERROR_INVALID_VALUE;
    Function *found = driver.findFunction(context, function);
    return found ? body(driver, *found) : CUDA_ERROR_INVALID_HANDLE;
  });
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

FP4_CUDA(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
         (int *count, CUfunction function, int blockSize, size_t dynamicShared,
          unsigned flags)) {
  return query(count, function, [&](const Driver &driver, const Function &f) {
    if (blockSize <= 0 || flags > 1)
      return CUDA_ERROR_INVALID_VALUE;
    *count = int(getResidentBlocks(f, driver.chip(), uint64_t(blockSize),
                                   dynamicShared));
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuOccupancyMaxActiveBlocksPerMultiprocessor,
         (int *count, CUfunction function, int blockSize,
          size_t dynamicShared)) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
      count, function, blockSize, dynamicShared, 0);
}

FP4_CUDA(cuOccupancyAvailableDynamicSMemPerBlock,
         (size_t *bytes, CUfunction function, int numBlocks, int blockSize)) {
  return query(bytes, function, [&](const Driver &driver, const Function &f) {
    const Chip &chip = driver.chip();
    if (numBlocks <= 0 || blockSize <= 0 ||
        getResidentBlocks(f, chip, uint64_t(blockSize), 0) <
            uint64_t(numBlocks))
      return CUDA_ERROR_INVALID_VALUE;
    uint64_t each = chip.sharedPerSM / uint64_t(numBlocks) / 128 * 128;
    each =
        std::min<uint64_t>(each - std::min<uint64_t>(each, chip.reservedShared),
                           chip.maxSharedPerCTA);
    *bytes = each - std::min<uint64_t>(each, getStaticShared(f, chip));
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuOccupancyMaxPotentialBlockSizeWithFlags,
         (int *minGridSize, int *blockSize, CUfunction function,
          CUoccupancyB2DSize getShared, size_t dynamicShared,
          int blockSizeLimit, unsigned flags)) {
  if (!minGridSize || blockSizeLimit < 0 || flags > 1)
    return CUDA_ERROR_INVALID_VALUE;
  // The program's function may call the driver: the lock is not held then.
  uint32_t most = 0;
  CUresult result =
      query(blockSize, function, [&](const Driver &driver, const Function &f) {
        most = getMaxThreads(f, driver.chip());
        return CUDA_SUCCESS;
      });
  if (result != CUDA_SUCCESS)
    return result;
  if (blockSizeLimit)
    most = std::min(most, uint32_t(blockSizeLimit));
  std::vector<std::pair<uint32_t, size_t>> sizes;
  // The last is less than a warp if there is no other.
  for (uint32_t size = std::max(most / 32 * 32, std::min(most, 32u)); size > 0;
       size -= std::min(size, 32u))
    sizes.push_back({size, getShared ? getShared(int(size)) : dynamicShared});
  return query(
      blockSize, function, [&](const Driver &driver, const Function &f) {
        uint64_t best = 0;
        *blockSize = *minGridSize = 0;
        for (auto [size, shared] : sizes) {
          uint64_t blocks = getResidentBlocks(f, driver.chip(), size, shared);
          if (blocks * size <= best)
            continue;
          best = blocks * size;
          *blockSize = int(size);
          *minGridSize = int(blocks * driver.chip().multiprocessors);
        }
        return best ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
      });
}

FP4_CUDA(cuOccupancyMaxPotentialBlockSize,
         (int *minGridSize, int *blockSize, CUfunction function,
          CUoccupancyB2DSize getShared, size_t dynamicShared,
          int blockSizeLimit)) {
  return cuOccupancyMaxPotentialBlockSizeWithFlags(
      minGridSize, blockSize, function, getShared, dynamicShared,
      blockSizeLimit, 0);
}

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

static uint64_t getVolume(const Dim3 &dim) {
  return uint64_t(dim[0]) * dim[1] * dim[2];
}

FP4_CUDA(cuOccupancyMaxActiveClusters,
         (int *count, CUfunction function, const CUlaunchConfig *config)) {
  return query(count, function, [&](const Driver &driver, const Function &f) {
    LaunchConfig read;
    CUresult result = read.read("cuOccupancyMaxActiveClusters", config);
    if (result == CUDA_SUCCESS)
      result =
          read.setCluster("cuOccupancyMaxActiveClusters", f, driver.chip());
    if (result != CUDA_SUCCESS)
      return result;
    uint64_t blocks = getResidentBlocks(f, driver.chip(), getVolume(read.block),
                                        read.dynamicShared);
    *count =
        int(blocks * driver.chip().multiprocessors / getVolume(read.cluster));
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuOccupancyMaxPotentialClusterSize,
         (int *size, CUfunction function, const CUlaunchConfig *config)) {
  return query(size, function, [&](const Driver &driver, const Function &f) {
    LaunchConfig read;
    CUresult result = read.read("cuOccupancyMaxPotentialClusterSize", config);
    if (result != CUDA_SUCCESS)
      return result;
    const Chip &chip = driver.chip();
    if (!getResidentBlocks(f, chip, getVolume(read.block), read.dynamicShared))
      return CUDA_ERROR_INVALID_VALUE;
    uint32_t most = f.settings.allowsNonPortableCluster
                        ? chip.maxCluster
                        : chip.maxPortableCluster;
    if (uint32_t stated = f.kernel->limits.maxClusterRank)
      most = std::min(most, stated);
    *size = int(std::max(1u, most));
    return CUDA_SUCCESS;
  });
}
