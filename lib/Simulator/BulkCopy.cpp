//===- BulkCopy.cpp - What bulk copies have in common ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BulkCopy.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

bool sim::readOperand(Warp &warp, unsigned lane, int32_t slot, StringRef what,
                      uint64_t &value) {
  const Lanes &lanes = warp.read(slot);
  value = lanes.value[lane];
  if (!lanes.poison[lane])
    return true;
  warp.fault(lane, "poison",
             Twine("the ") + what + " depends on uninitialised data");
  return false;
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

static constexpr uint32_t offsetMask = (1u << rankShift) - 1;

/// The barrier of one target; false after a fault.
static bool findBarrier(Warp &warp, unsigned lane, Cta &cta, uint32_t offset) {
  if (!warp.access(lane, StateSpace::SharedCluster,
                   uint64_t(cta.rank) << rankShift | offset, mbarrierBytes,
                   true)
           .data)
    return false;
  Bytes bytes;
  bytes.owner = &cta;
  bytes.offset = offset;
  Issuer issuer(warp, lane);
  if (!warp.noteAccess(lane, bytes, mbarrierBytes, Access::Peek))
    return false;
  Mbarriers::Barrier *barrier = cta.unit<Mbarriers>().find(issuer, offset);
  if (!barrier)
    return false;
  if (cta.grid.launch.pedantic && !barrier->isFenced)
    return issuer.fault("pedantic",
                        cta.unit<Mbarriers>().describe(offset) +
                            ", which is initialised at " +
                            barrier->creator.describe() +
                            ", is used by the async proxy without a "
                            "fence.mbarrier_init after that");
  return true;
}

SmallVector<BulkTarget, 2> sim::findTargets(Warp &warp, unsigned lane,
                                            const BulkLoadOperands &operands) {
  Cluster &cluster = warp.cta.cluster;
  SmallVector<BulkTarget, 2> targets;
  Bytes first =
      warp.accessRange(lane, operands.space, operands.destination,
                       operands.size, operands.alignment, /*isWrite=*/true);
  Bytes barrier = warp.access(lane, operands.space, operands.mbarrier,
                              mbarrierBytes, /*isWrite=*/true);
  if (!first.data || !barrier.data)
    return targets;
  uint64_t mask = operands.mask;
  if (!operands.hasMask)
    mask = uint64_t(1) << first.owner->rank;
  if (mask == 0 || mask >> cluster.ctas.size()) {
    warp.fault(lane, "bulk-copy",
               formatv("the mask of CTAs is {0:x}, but the cluster has {1}",
                       mask, cluster.ctas.size()));
    return targets;
  }
  // The barrier is in the CTA that the data go to, or in its pair.
  uint32_t pair = operands.isPair ? 1 : 0;
  if (!operands.hasMask &&
      (barrier.owner->rank & ~pair) != (first.owner->rank & ~pair)) {
    warp.fault(lane, "bulk-copy",
               "copies to CTA " + Twine(first.owner->rank) +
                   " of the cluster, but the mbarrier is in CTA " +
                   Twine(barrier.owner->rank));
    return targets;
  }
  for (const std::unique_ptr<Cta> &cta : cluster.ctas) {
    if (!(mask >> cta->rank & 1))
      continue;
    Bytes bytes =
        warp.accessRange(lane, StateSpace::SharedCluster,
                         uint64_t(cta->rank) << rankShift | first.offset,
                         operands.size, operands.alignment, /*isWrite=*/true);
    // Of pairs, that CTA's barrier is told whose parity the named one has.
    uint32_t signalled = !operands.hasMask ? barrier.owner->rank
                         : operands.isPair
                             ? (cta->rank & ~1u) | (barrier.owner->rank & 1)
                             : cta->rank;
    if (!bytes.data || signalled >= cluster.ctas.size() ||
        !findBarrier(warp, lane, *cluster.ctas[signalled], barrier.offset))
      return {};
    targets.push_back(
        {bytes, signalled << rankShift | (barrier.offset & offsetMask)});
  }
  return targets;
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

BulkStore::BulkStore(Issuer issuer, std::vector<Piece> pieces,
                     std::optional<Reduction> reduction, uint16_t byteMask)
    : MemoryOperation(issuer, Proxy::Async), pieces(std::move(pieces)),
      reduction(reduction), byteMask(byteMask),
      completion(std::make_shared<Completion>(cluster().races.now(agent))) {
  // Chips end a CTA when its stores have read what they store. CUTLASS's
  // epilogues do not wait for that; CUDA's programming guide says to.
  Cta &cta = this->issuer.warp->cta;
  keepsSource = !cta.grid.launch.pedantic;
  if (keepsSource)
    cluster().races.release(completion->moment, cta.atExit);
}

void BulkStore::push(std::unique_ptr<BulkStore> store) {
  const Issuer &issuer = store->issuer;
  Cta &cta = issuer.warp->cta;
  cta.unit<AsyncGroups>().add(AsyncGroups::Bulk,
                              issuer.warp->firstThread + issuer.lane,
                              store->completion);
  Operations &operations = cta.cluster.operations;
  operations.push(operations.newQueue(bulkUnit), std::move(store));
}

namespace {
/// The second half of a store.
class Writing : public Operation {
public:
  explicit Writing(std::unique_ptr<BulkStore> store)
      : store(std::move(store)) {}
  void run() override { store->run(); }
  std::string describe() const override { return store->describe(); }

private:
  const std::unique_ptr<BulkStore> store;
};
} // namespace

void BulkStore::run() {
  if (hasRead)
    return writeAll();
  uint32_t total = 0;
  for (const Piece &piece : pieces)
    total += piece.size;
  payload.resize(total);
  uint32_t at = 0;
  for (const Piece &piece : pieces) {
    if (!read(piece.from, piece.size, payload.data.data() + at,
              payload.shadow.data() + at))
      return;
    at += piece.size;
  }
  hasRead = true;
  completion->setRead();
  auto rest = std::make_unique<BulkStore>(std::move(*this));
  Operations &operations = rest->cluster().operations;
  operations.push(operations.newQueue(bulkUnit),
                  std::make_unique<Writing>(std::move(rest)));
}

void BulkStore::writeAll() {
  uint32_t at = 0;
  for (const Piece &piece : pieces) {
    const uint8_t *data = payload.data.data() + at;
    const uint8_t *shadow = payload.shadow.data() + at;
    at += piece.size;
    if (reduction) {
      if (!reduce(piece.to, piece.size, data, shadow, reduction->op,
                  reduction->type))
        return;
      continue;
    }
    if (byteMask == 0xffff) {
      if (!write(piece.to, piece.size, data, shadow))
        return;
      continue;
    }
    for (uint32_t i = 0; i < piece.size; ++i) {
      Bytes to = piece.to;
      to.data += i;
      to.shadow += i;
      if (byteMask >> (i % 16) & 1 && !write(to, 1, data + i, shadow + i))
        return;
    }
  }
  completion->setDone(cluster());
}
