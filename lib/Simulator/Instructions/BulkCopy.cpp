//===- BulkCopy.cpp - Bulk copies and reductions --------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cp.async.bulk, cp.reduce.async.bulk, their groups and prefetches
// [PTX 9.7.9.25.4, 9.7.9.25.5].
//
//===----------------------------------------------------------------------===//

#include "../BulkCopy.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

namespace {
/// A copy into the shared memory of one CTA, or a reduction there.
class BulkLoad : public MemoryOperation {
public:
  BulkLoad(Issuer issuer, const Bytes &from, const BulkTarget &target,
           uint32_t size, std::optional<BulkStore::Reduction> reduction)
      : MemoryOperation(issuer, Proxy::Async), from(from), target(target),
        size(size), reduction(reduction) {}

  void run() override {
    Payload payload;
    payload.resize(size);
    const uint8_t *data = payload.data.data();
    const uint8_t *shadow = payload.shadow.data();
    if (!read(from, size, payload.data.data(), payload.shadow.data()))
      return;
    if (reduction ? reduce(target.bytes, size, data, shadow, reduction->op,
                           reduction->type)
                  : write(target.bytes, size, data, shadow))
      completeMbarrierBytes(issuer, agent, target.mbarrier, size);
  }

private:
  const Bytes from;
  const BulkTarget target;
  const uint32_t size;
  const std::optional<BulkStore::Reduction> reduction;
};

/// In `option`: where from and where to.
enum Direction : uint8_t { GlobalToShared, SharedToShared, SharedToGlobal };
} // namespace

static std::optional<BulkStore::Reduction> reductionOf(const Instruction &in) {
  if (!in.option2)
    return std::nullopt;
  return BulkStore::Reduction{AtomicOp(in.option2 - 1), in.type};
}

/// Operands: destination, source, size, barrier or 0, mask or 0.
static bool executeLane(Warp &warp, const Instruction &in, unsigned lane) {
  uint64_t to, from, size, barrier, mask;
  if (!readOperand(warp, lane, in.operands[0], "destination", to) ||
      !readOperand(warp, lane, in.operands[1], "source", from) ||
      !readOperand(warp, lane, in.operands[2], "size", size) ||
      !readOperand(warp, lane, in.operands[3], "mbarrier", barrier) ||
      !readOperand(warp, lane, in.operands[4], "mask", mask))
    return false;
  Issuer issuer(warp, lane);
  if (size % 16 != 0)
    return issuer.fault("bulk-copy", "the size is " + Twine(size) +
                                         ", which is not a multiple of 16");
  Direction direction = Direction(in.option);
  StateSpace source =
      direction == GlobalToShared ? StateSpace::Global : StateSpace::Shared;
  Bytes data = warp.accessRange(lane, source, from + in.immediate,
                                unsigned(size), 16, /*isWrite=*/false);
  if (!data.data)
    return false;
  to += uint64_t(in.offset);
  if (direction == SharedToGlobal) {
    Bytes place = warp.accessRange(lane, StateSpace::Global, to, unsigned(size),
                                   16, /*isWrite=*/true);
    if (!place.data)
      return false;
    uint16_t byteMask = in.count ? uint16_t(mask) : 0xffff;
    BulkStore::push(std::make_unique<BulkStore>(
        issuer, std::vector<BulkStore::Piece>{{data, place, uint32_t(size)}},
        reductionOf(in), byteMask));
    return true;
  }
  BulkLoadOperands operands;
  operands.space = in.space;
  operands.destination = to;
  operands.mbarrier = barrier + in.target;
  operands.size = uint32_t(size);
  operands.hasMask = in.count;
  operands.mask = mask;
  SmallVector<BulkTarget, 2> targets = findTargets(warp, lane, operands);
  if (targets.empty())
    return false;
  if (direction == SharedToShared && targets[0].bytes.owner == &warp.cta)
    return issuer.fault("bulk-copy", "copies within the shared memory of one "
                                     "CTA: the destination has to be in "
                                     "another one of the cluster");
  Operations &queue = warp.cta.cluster.operations;
  for (const BulkTarget &target : targets)
    queue.push(queue.newQueue(bulkUnit),
               std::make_unique<BulkLoad>(issuer, data, target, uint32_t(size),
                                          reductionOf(in)));
  return true;
}

static Flow executeBulk(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1)
    if (!executeLane(warp, in, countr_zero(left)))
      return Flow::Fault;
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// Operands 0 and 1 are addresses, operand 2 is the size.
static void decodeCopy(Decoder &d, StateSpace to, StateSpace from,
                       bool hasBarrier, bool hasMask, bool maskIsLast) {
  bool hasPolicy = d.has("L2::cache_hint");
  if (!d.expectOperands(3 + hasBarrier + hasMask + hasPolicy))
    return;
  d.address(d.in.operands[0], to);
  int64_t toOffset = d.out.offset;
  d.address(d.in.operands[1], from);
  d.out.immediate = uint64_t(d.out.offset);
  d.source(2, Type::U32);
  if (hasBarrier) {
    d.address(d.in.operands[3], to);
    d.out.target = uint32_t(d.out.offset);
  } else {
    d.append(d.names.constant(0));
  }
  unsigned next = 3 + hasBarrier;
  unsigned maskAt = maskIsLast ? next + hasPolicy : next;
  if (hasMask)
    d.source(maskAt, Type::B16);
  else
    d.append(d.names.constant(0));
  if (hasPolicy)
    d.source(maskIsLast ? next : next + hasMask, Type::B64);
  d.out.offset = toOffset;
  d.out.space = to;
  d.out.count = hasMask;
  d.out.execute = executeBulk;
}

static void load(Decoder &d) {
  d.out.option = GlobalToShared;
  StateSpace to =
      d.has("shared::cluster") ? StateSpace::SharedCluster : StateSpace::Shared;
  if (to == StateSpace::Shared && d.has("multicast::cluster"))
    return d.fail("multicast needs .shared::cluster");
  decodeCopy(d, to, StateSpace::Global, true, d.has("multicast::cluster"),
             false);
}

/// Reads the operation and the type of cp.reduce.
static void decodeReduction(Decoder &d) {
  if (d.in.modifiers[0] != "reduce")
    return;
  for (StringRef modifier : d.in.modifiers)
    if (std::optional<AtomicOp> op = parseAtomicOp(modifier))
      d.out.option2 = uint8_t(*op) + 1;
  d.out.type = lastType(d);
  d.out.size = uint8_t(sizeInBytes(d.out.type));
}

static void betweenCtas(Decoder &d) {
  d.out.option = SharedToShared;
  decodeReduction(d);
  decodeCopy(d, StateSpace::SharedCluster, StateSpace::Shared, true, false,
             false);
}

static void store(Decoder &d) {
  d.out.option = SharedToGlobal;
  decodeReduction(d);
  if (d.has("cp_mask"))
    d.require(Sm100, "'.cp_mask'");
  decodeCopy(d, StateSpace::Global, StateSpace::Shared, false, d.has("cp_mask"),
             true);
}

//===----------------------------------------------------------------------===//
// Prefetches and groups
//===----------------------------------------------------------------------===//

static void prefetch(Decoder &d) {
  bool hasPolicy = d.has("L2::cache_hint");
  if (!d.expectOperands(hasPolicy ? 3 : 2))
    return;
  d.address(d.in.operands[0], StateSpace::Global);
  d.source(1, Type::U32);
  if (hasPolicy)
    d.source(2, Type::B64);
  d.out.execute = [](Warp &warp, const Instruction &in) {
    for (LaneMask left = warp.active; left; left &= left - 1) {
      unsigned lane = countr_zero(left);
      uint64_t address, size;
      if (!readOperand(warp, lane, in.operands[0], "address", address) ||
          !readOperand(warp, lane, in.operands[1], "size", size))
        return Flow::Fault;
      if ((address + uint64_t(in.offset)) % 16 != 0 || size % 16 != 0)
        return warp.fault(lane, "bulk-copy",
                          "the address and the size of a prefetch have to be "
                          "multiples of 16");
    }
    return Flow::Next;
  };
}

static void commit(Decoder &d) {
  if (!d.expectOperands(0))
    return;
  d.out.execute = [](Warp &warp, const Instruction &) {
    AsyncGroups &groups = warp.cta.unit<AsyncGroups>();
    forEachLane(warp.active, [&](unsigned lane) {
      groups.commit(AsyncGroups::Bulk, warp.firstThread + lane);
    });
    return Flow::Next;
  };
}

static void wait(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  std::optional<int64_t> count = d.integer(d.in.operands[0]);
  if (!count || *count < 0)
    return d.fail("expects a number of groups");
  d.out.immediate = uint64_t(*count);
  d.out.option = d.has("read");
  d.out.execute = [](Warp &warp, const Instruction &in) {
    return warp.cta.unit<AsyncGroups>().wait(
        AsyncGroups::Bulk, warp, warp.active, in.immediate, in.option);
  };
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Memory;

#define TO_CTA "shared::cluster shared::cta mbarrier::complete_tx::bytes"
#define TO_GLOBAL "global shared::cta bulk_group [L2::cache_hint] "

static constexpr Row rows[] = {
    {"cp async bulk shared::cluster|shared::cta global "
     "mbarrier::complete_tx::bytes [multicast::cluster] [L2::cache_hint]",
     load, kind, Sm90},
    {"cp async bulk " TO_CTA, betweenCtas, kind, Sm90},
    {"cp async bulk " TO_GLOBAL "[cp_mask]", store, kind, Sm90},
    {"cp reduce async bulk " TO_CTA " add u32|s32|u64", betweenCtas, kind,
     Sm90},
    {"cp reduce async bulk " TO_CTA " min|max u32|s32", betweenCtas, kind,
     Sm90},
    {"cp reduce async bulk " TO_CTA " inc|dec u32", betweenCtas, kind, Sm90},
    {"cp reduce async bulk " TO_CTA " and|or|xor b32", betweenCtas, kind, Sm90},
    {"cp reduce async bulk " TO_GLOBAL "add u32|s32|u64|f32|f64", store, kind,
     Sm90},
    {"cp reduce async bulk " TO_GLOBAL "add noftz f16|bf16", store, kind, Sm90},
    {"cp reduce async bulk " TO_GLOBAL "min|max u32|s32|u64|s64|f16|bf16",
     store, kind, Sm90},
    {"cp reduce async bulk " TO_GLOBAL "inc|dec u32", store, kind, Sm90},
    {"cp reduce async bulk " TO_GLOBAL "and|or|xor b32|b64", store, kind, Sm90},
    {"cp async bulk prefetch L2 global [L2::cache_hint]", prefetch, kind, Sm90},
    {"cp async bulk commit_group", commit, kind, Sm90},
    {"cp async bulk wait_group [read]", wait, kind, Sm90},
};

Rows sim::bulkCopyRows() { return rows; }
