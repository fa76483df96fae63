//===- Tcgen05Commit.cpp - Completion and order of tcgen05 ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tcgen05.commit [PTX 9.7.16.12.1] and tcgen05.fence [PTX 9.7.16.11]. A commit
// is of what its own thread has issued, which is the usual mistake: that of
// another thread arrives at once, and makes nothing known.
//
//===----------------------------------------------------------------------===//

#include "../Mbarrier.h"
#include "Families.h"
#include "Tcgen05.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// commit
//===----------------------------------------------------------------------===//

namespace {
class CommitOperation : public TensorOperation {
public:
  CommitOperation(const Issuer &issuer, ArrayRef<Cta *> ctas,
                  ArrayRef<uint32_t> barriers)
      : TensorOperation(issuer, ctas),
        barriers(barriers.begin(), barriers.end()) {}

private:
  bool execute() override {
    const Cta &own = issuer.warp->cta;
    return all_of(barriers, [&](uint32_t address) {
      // DeepGEMM waits for the products, and not for what its last commits
      // tell the loads, of which there is none any more.
      if (address >> rankShift == own.rank && own.liveThreads == 0 &&
          !own.grid.launch.pedantic) {
        issuer.warn("exit", "tells an mbarrier of its CTA, which has exited, "
                            "as nothing has waited for this commit");
        return true;
      }
      return arriveAtMbarrier(issuer, agent.agent, address);
    });
  }

  /// shared::cluster addresses.
  const SmallVector<uint32_t, 2> barriers;
};
} // namespace

/// The addresses of the barriers; false after a fault.
static bool findBarriers(const Issuer &issuer, const Instruction &in,
                         SmallVectorImpl<uint32_t> &barriers) {
  Warp &warp = *issuer.warp;
  std::optional<uint64_t> base =
      readOperand(issuer, in.operands[0], "the address of the mbarrier");
  if (!base)
    return false;
  uint64_t address = *base + uint64_t(in.offset);
  Bytes bytes =
      warp.access(issuer.lane, in.space, address, mbarrierBytes, true);
  if (!bytes.data)
    return false;
  if (!bytes.owner)
    return issuer.fault("mbarrier", "commits to what is not in shared memory");
  if (!in.option2) {
    barriers.push_back(bytes.owner->rank << rankShift | bytes.offset);
    return true;
  }
  std::optional<uint64_t> mask =
      readOperand(issuer, in.operands[1], "the mask of CTAs");
  if (!mask)
    return false;
  size_t size = warp.cta.cluster.ctas.size();
  uint32_t ctas = uint32_t(*mask & 0xffff);
  if (ctas >> size)
    return issuer.fault("multicast",
                        "the mask of CTAs is 0x" + Twine::utohexstr(ctas) +
                            ", but the cluster has " + Twine(size));
  for (uint32_t rank = 0; rank < size; ++rank)
    if (ctas >> rank & 1)
      barriers.push_back(rank << rankShift | bytes.offset);
  return true;
}

/// Operands: the address, with multicast the mask. `option` is the cta_group,
/// `option2` whether there is a mask.
static Flow executeCommit(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    Issuer issuer(warp, countr_zero(left));
    SmallVector<Cta *, 2> ctas;
    SmallVector<uint32_t, 2> barriers;
    if (!getGroup(issuer, in.option, ctas) ||
        !findBarriers(issuer, in, barriers))
      return Flow::Fault;
    pushTensorOperation(
        issuer, std::make_unique<CommitOperation>(issuer, ctas, barriers));
  }
  return Flow::Next;
}

static void commit(Decoder &d) {
  bool isMulticast = d.has("multicast::cluster");
  if (!d.expectOperands(isMulticast ? 2 : 1))
    return;
  d.out.option = uint8_t(getCtaGroup(d));
  d.out.option2 = isMulticast;
  d.address(d.in.operands[0], d.has("shared::cluster")
                                  ? StateSpace::SharedCluster
                                  : StateSpace::Generic);
  if (isMulticast)
    d.source(1, Type::B16);
  d.out.execute = executeCommit;
}

//===----------------------------------------------------------------------===//
// fence
//===----------------------------------------------------------------------===//

static Flow executeFenceBefore(Warp &warp, const Instruction &) {
  warp.cta.unit<TensorMemoryUnit>().fenceBefore(warp);
  return Flow::Next;
}

static Flow executeFenceAfter(Warp &warp, const Instruction &) {
  warp.cta.unit<TensorMemoryUnit>().fenceAfter(warp);
  return Flow::Next;
}

static void fence(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = d.has("fence::before_thread_sync") ? executeFenceBefore
                                                       : executeFenceAfter;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"tcgen05 commit cta_group::1|cta_group::2 mbarrier::arrive::one "
     "[shared::cluster] [multicast::cluster] b64",
     commit, kind, Tcgen05},
    {"tcgen05 fence::before_thread_sync|fence::after_thread_sync", fence, kind,
     Tcgen05},
};

Rows sim::tcgen05CommitRows() { return rows; }
