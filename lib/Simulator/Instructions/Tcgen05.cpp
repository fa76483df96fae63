//===- Tcgen05.cpp - What the files of tcgen05 share ----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tcgen05.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// The name of tcgen05's queues among those of all units.
static constexpr uint32_t queueUnit = 5;

TensorOperation::TensorOperation(const Issuer &issuer, ArrayRef<Cta *> ctas)
    : issuer(issuer), ctas(ctas.begin(), ctas.end()),
      pipe(issuer.warp->cta.unit<TensorMemoryUnit>().pipe(*issuer.warp,
                                                          issuer.lane)),
      agent(issuer.warp->cta.unit<TensorMemoryUnit>().beginOperation(
          *issuer.warp)) {}

void TensorOperation::run() {
  Races &races = issuer.warp->cta.cluster.races;
  races.acquire(agent.agent, pipe.done);
  if (agent.fenced)
    races.acquire(*agent.fenced, pipe.fenced);
  if (!execute())
    return;
  races.release(agent.agent, pipe.done);
  if (agent.fenced)
    races.release(*agent.fenced, pipe.fenced);
}

std::string TensorOperation::describe() const {
  const ptx::Instruction *syntax =
      issuer.warp->cta.grid.code.instructions[issuer.pc].syntax;
  return formatv("'{0}' of {1}", syntax ? syntax->opcode() : "",
                 issuer.describe())
      .str();
}

std::optional<TensorOperation::Chunk>
TensorOperation::readShared(Cta &cta, uint32_t address, uint32_t size,
                            const Twine &what) {
  if (address < cta.grid.chip.reservedShared ||
      address + size > cta.shared.size()) {
    issuer.fault("out-of-bounds",
                 what + " has bytes at " + formatv("{0:x}", address).str() +
                     ", which are not in the shared memory of CTA " +
                     Twine(cta.rank) + " of the cluster, from " +
                     formatv("{0:x} to {1:x}", cta.grid.chip.reservedShared,
                             cta.shared.size())
                         .str());
    return std::nullopt;
  }
  if (cta.liveThreads == 0) {
    issuer.fault("out-of-bounds", what + " is in the shared memory of CTA " +
                                      Twine(cta.rank) +
                                      " of the cluster, which has exited");
    return std::nullopt;
  }
  if (!issuer.noteAccess(agent.agent, cta, address, size, Access::Read))
    return std::nullopt;
  return Chunk{cta.shared.data() + address, cta.sharedShadow.data() + address};
}

void sim::pushTensorOperation(const Issuer &issuer,
                              std::unique_ptr<TensorOperation> operation) {
  Cta &cta = issuer.warp->cta;
  uint64_t thread =
      uint64_t(cta.rank) << 32 | (issuer.warp->index * warpSize + issuer.lane);
  cta.cluster.operations.push({queueUnit, thread}, std::move(operation));
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

std::optional<uint64_t> sim::readOperand(const Issuer &issuer, int32_t slot,
                                         const Twine &what) {
  const Lanes &lanes = issuer.warp->read(slot);
  if (!lanes.poison[issuer.lane])
    return lanes.value[issuer.lane];
  issuer.fault("poison", what + " depends on uninitialised data");
  return std::nullopt;
}

std::optional<uint64_t> sim::readUniform(Warp &warp, int32_t slot,
                                         const Twine &what) {
  unsigned leader = countr_zero(warp.active);
  std::optional<uint64_t> value = readOperand(Issuer(warp, leader), slot, what);
  if (!value)
    return std::nullopt;
  const Lanes &lanes = warp.read(slot);
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    if (lanes.value[lane] == *value && !lanes.poison[lane])
      continue;
    warp.fault(lane, "not-uniform",
               "expects the same " + what +
                   " in all threads of the warp, but "
                   "got " +
                   formatv("{0:x}", lanes.value[lane]).str() + " here and " +
                   formatv("{0:x}", *value).str() + " in thread " +
                   Twine(leader) + " of the warp");
    return std::nullopt;
  }
  return value;
}
