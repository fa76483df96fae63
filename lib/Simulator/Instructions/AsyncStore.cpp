//===- AsyncStore.cpp - Stores that tell a barrier when they are made -----===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// st.async [PTX 9.7.9.12] and red.async [PTX 9.7.13.7] into the shared memory
// of the cluster. The forms that release to global memory are not there.
//
//===----------------------------------------------------------------------===//

#include "../BulkCopy.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

namespace {
class AsyncStore : public MemoryOperation {
public:
  AsyncStore(Issuer issuer, const BulkTarget &target, Payload payload,
             std::optional<BulkStore::Reduction> reduction)
      : MemoryOperation(issuer, Proxy::Generic), target(target),
        payload(std::move(payload)), reduction(reduction) {}

  void run() override {
    const uint8_t *data = payload.data.data();
    const uint8_t *shadow = payload.shadow.data();
    uint32_t size = uint32_t(payload.data.size());
    if (reduction ? reduce(target.bytes, size, data, shadow, reduction->op,
                           reduction->type)
                  : write(target.bytes, size, data, shadow))
      completeMbarrierBytes(issuer, agent, target.mbarrier, size);
  }

private:
  const BulkTarget target;
  const Payload payload;
  const std::optional<BulkStore::Reduction> reduction;
};
} // namespace

/// Operands: the destination, the barrier, the values.
static bool executeLane(Warp &warp, const Instruction &in, unsigned lane) {
  uint64_t to, barrier;
  if (!readOperand(warp, lane, in.operands[0], "destination", to) ||
      !readOperand(warp, lane, in.operands[1], "mbarrier", barrier))
    return false;
  to += uint64_t(in.offset);
  barrier += in.immediate;
  Issuer issuer(warp, lane);
  if (in.space == StateSpace::Generic) {
    for (uint64_t *address : {&to, &barrier}) {
      if (*address - sharedWindow >= windowSize)
        return issuer.fault("out-of-bounds",
                            "0x" + Twine::utohexstr(*address) +
                                " is not in the cluster's shared memory");
      *address -= sharedWindow;
    }
  }
  Payload payload;
  payload.resize(in.size * in.count);
  for (unsigned i = 0; i < in.count; ++i) {
    const Lanes &value = warp.read(in.operands[2 + i]);
    uint64_t shadow = poisonedBits(value.poison[lane]);
    std::memcpy(payload.data.data() + i * in.size, &value.value[lane], in.size);
    std::memcpy(payload.shadow.data() + i * in.size, &shadow, in.size);
  }
  BulkLoadOperands operands;
  operands.space = StateSpace::SharedCluster;
  operands.destination = to;
  operands.mbarrier = barrier;
  operands.size = operands.alignment = in.size * in.count;
  SmallVector<BulkTarget, 2> targets = findTargets(warp, lane, operands);
  if (targets.empty())
    return false;
  std::optional<BulkStore::Reduction> reduction;
  if (in.option2)
    reduction = BulkStore::Reduction{AtomicOp(in.option2 - 1), in.type};
  if (reduction && targets[0].bytes.owner == &warp.cta)
    return issuer.fault("bulk-copy", "reduces in the shared memory of its own "
                                     "CTA, and not of another one of the "
                                     "cluster");
  if (warp.cta.cluster.ctas.size() == 1)
    return issuer.fault("bulk-copy", "'" + in.syntax->opcode() +
                                         "' needs a cluster of more than one "
                                         "CTA");
  Operations &queue = warp.cta.cluster.operations;
  queue.push(queue.newQueue(bulkUnit),
             std::make_unique<AsyncStore>(issuer, targets[0],
                                          std::move(payload), reduction));
  return true;
}

static Flow executeStore(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1)
    if (!executeLane(warp, in, countr_zero(left)))
      return Flow::Fault;
  return Flow::Next;
}

static void store(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  StateSpace space = d.has("shared::cluster") ? StateSpace::SharedCluster
                                              : StateSpace::Generic;
  Type type = lastType(d);
  d.out.type = type;
  d.out.size = uint8_t(sizeInBytes(type));
  d.out.count = d.has("v4") ? 4 : d.has("v2") ? 2 : 1;
  if (d.out.size * d.out.count > 16)
    return d.fail("a vector of 4 ." + stringify(type) + " is too long");
  if (d.in.root == "red")
    for (StringRef modifier : d.in.modifiers)
      if (std::optional<AtomicOp> op = parseAtomicOp(modifier))
        d.out.option2 = uint8_t(*op) + 1;
  d.address(d.in.operands[0], space);
  int64_t offset = d.out.offset;
  d.address(d.in.operands[2], space);
  d.out.immediate = uint64_t(d.out.offset);
  d.out.offset = offset;
  d.out.space = space;
  SmallVector<Operand, 4> values = {d.in.operands[1]};
  if (d.out.count > 1) {
    if (values[0].kind != Operand::Kind::Vector ||
        values[0].elements.size() != d.out.count)
      return d.fail("expects a vector of " + Twine(unsigned(d.out.count)) +
                    " registers");
    std::vector<Operand> elements = values[0].elements;
    values.assign(elements.begin(), elements.end());
  }
  for (const Operand &value : values)
    d.source(value, type);
  d.out.execute = executeStore;
}

static constexpr InstructionClass kind = InstructionClass::Memory;

#define WHERE "[shared::cluster] mbarrier::complete_tx::bytes "

static constexpr Row rows[] = {
    {"st async [weak] [cluster] " WHERE
     "[v2|v4] b32|b64|u32|u64|s32|s64|f32|f64",
     store, kind, Sm90},
    {"red async relaxed cluster " WHERE "inc|dec u32", store, kind, Sm90},
    {"red async relaxed cluster " WHERE "min|max u32|s32", store, kind, Sm90},
    {"red async relaxed cluster " WHERE "and|or|xor b32", store, kind, Sm90},
    {"red async relaxed cluster " WHERE "add u32|s32|u64", store, kind, Sm90},
};

Rows sim::asyncStoreRows() { return rows; }
