//===- Tcgen05Allocation.cpp - Columns of tensor memory -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tcgen05.alloc, dealloc and relinquish_alloc_permit [PTX 9.7.16.7]. With
// cta_group::2 a warp of each CTA of the pair executes them, and both get the
// same columns.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Tcgen05.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// alloc
//===----------------------------------------------------------------------===//

namespace {
/// A warp waits for columns, and with a pair for the other CTA to ask too.
class AllocationWait : public Wait {
public:
  AllocationWait(TensorMemoryUnit &unit, TensorMemoryUnit *peer,
                 const Warp &warp, unsigned count)
      : unit(unit), peer(peer), warp(warp), count(count) {}

  bool isOver() override {
    if (!peer)
      return unit.findFree(count, nullptr).has_value();
    if (!unit.request)
      return true;
    if (unit.request->warp != &warp)
      return false;
    return unit.request->column ||
           (peer->request && unit.findFree(count, peer));
  }
  std::string describe() const override {
    if (peer && !peer->request)
      return formatv("CTA {0} of the cluster, its peer, to execute "
                     "tcgen05.alloc",
                     peer->cta.rank)
          .str();
    return formatv("{0} columns of tensor memory, of which {1} of {2} are free",
                   count, unit.numFree(), kTensorMemoryColumns)
        .str();
  }

private:
  TensorMemoryUnit &unit;
  TensorMemoryUnit *const peer;
  const Warp &warp;
  const unsigned count;
};
} // namespace

static bool isLegalCount(uint64_t count) {
  return count >= 32 && count <= kTensorMemoryColumns && isPowerOf2_64(count);
}

static bool checkAllocation(const Issuer &issuer, const TensorMemoryUnit &unit,
                            uint64_t count) {
  if (!isLegalCount(count))
    return issuer.fault("tensor-memory-allocation",
                        "expects a power of two of columns from 32 to 512, but "
                        "got " +
                            Twine(count));
  if (unit.hasRelinquished)
    return issuer.fault("tensor-memory-allocation",
                        "allocates after the CTA's "
                        "tcgen05.relinquish_alloc_permit");
  if (count > unit.lastCount)
    return issuer.fault("tensor-memory-allocation",
                        "allocates " + Twine(count) + " columns after " +
                            Twine(unit.lastCount) +
                            ": sizes of allocations must not grow");
  return true;
}

/// Writes the address where the instruction wants it.
static Flow deliver(Warp &warp, const Instruction &in, uint64_t address,
                    unsigned column) {
  unsigned leader = countr_zero(warp.active);
  StateSpace space = in.space;
  bool isPedantic = warp.cta.grid.launch.pedantic;
  // ThunderKittens does this. Chips take the lower half, which is the address
  // in shared memory.
  if (space == StateSpace::Shared && address - sharedWindow < windowSize &&
      !isPedantic) {
    space = StateSpace::Generic;
    Issuer(warp, leader)
        .warn("out-of-bounds",
              formatv("{0:x}", address).str() +
                  " is no address of shared memory; a generic one has to be "
                  "converted by cvta");
  }
  Bytes memory = warp.access(leader, space, address, 4, /*isWrite=*/true);
  if (!memory.data)
    return Flow::Fault;
  if (!memory.owner)
    return warp.fault(leader, "out-of-bounds",
                      "the address is written to shared memory only");
  // No more than a weak write, says the manual [PTX 9.7.16.7.1].
  Access kind = isPedantic ? Access::Write : Access::Allocation;
  if (!warp.noteAccess(leader, memory, 4, kind))
    return Flow::Fault;
  uint32_t value = column;
  std::memcpy(memory.data, &value, 4);
  std::memset(memory.shadow, 0, 4);
  return Flow::Next;
}

/// Operands: where the address goes, the number of columns. `option` is the
/// cta_group.
static Flow executeAlloc(Warp &warp, const Instruction &in) {
  std::optional<uint64_t> base = readUniform(warp, in.operands[0], "address");
  if (!base)
    return Flow::Fault;
  std::optional<uint64_t> count =
      readUniform(warp, in.operands[1], "number of columns");
  if (!count)
    return Flow::Fault;
  uint64_t address = *base + uint64_t(in.offset);
  Issuer issuer(warp, countr_zero(warp.active));
  SmallVector<Cta *, 2> ctas;
  if (!getGroup(issuer, in.option, ctas))
    return Flow::Fault;
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  if (!checkAllocation(issuer, unit, *count))
    return Flow::Fault;
  unsigned columns = unsigned(*count);
  Races &races = warp.cta.cluster.races;

  if (in.option == 1) {
    std::optional<unsigned> column = unit.findFree(columns, nullptr);
    if (!column)
      return warp.park(
          warp.active,
          std::make_unique<AllocationWait>(unit, nullptr, warp, columns),
          /*again=*/true);
    unit.allocate({*column, columns, 1});
    races.acquire(warp.agent, unit.freed);
    return deliver(warp, in, address, *column);
  }

  Cta &other = *ctas[ctas[0] == &warp.cta];
  auto &peer = other.unit<TensorMemoryUnit>();
  auto wait = [&] {
    return warp.park(
        warp.active,
        std::make_unique<AllocationWait>(unit, &peer, warp, columns),
        /*again=*/true);
  };
  if (!unit.request)
    unit.request = {&warp, columns, std::nullopt};
  if (unit.request->warp != &warp)
    return wait();
  if (!unit.request->column) {
    if (!peer.request)
      return wait();
    if (peer.request->count != columns)
      return warp.fault(issuer.lane, "tensor-memory-allocation",
                        "allocates " + Twine(columns) +
                            " columns, but the other CTA of the pair " +
                            Twine(peer.request->count));
    std::optional<unsigned> column = unit.findFree(columns, &peer);
    if (!column)
      return wait();
    for (TensorMemoryUnit *each : {&unit, &peer}) {
      each->allocate({*column, columns, 2});
      each->request->column = column;
    }
  }
  unsigned column = *unit.request->column;
  unit.request.reset();
  races.acquire(warp.agent, unit.freed);
  races.acquire(warp.agent, peer.freed);
  return deliver(warp, in, address, column);
}

static void alloc(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.aligned = true;
  d.out.option = uint8_t(getCtaGroup(d));
  d.address(d.in.operands[0],
            d.has("shared::cta") ? StateSpace::Shared : StateSpace::Generic);
  d.source(1, Type::U32);
  d.out.execute = executeAlloc;
}

//===----------------------------------------------------------------------===//
// dealloc
//===----------------------------------------------------------------------===//

/// Operands: the address, the number of columns.
static Flow executeDealloc(Warp &warp, const Instruction &in) {
  std::optional<uint64_t> address =
      readUniform(warp, in.operands[0], "address in tensor memory");
  if (!address)
    return Flow::Fault;
  std::optional<uint64_t> count =
      readUniform(warp, in.operands[1], "number of columns");
  if (!count)
    return Flow::Fault;
  Issuer issuer(warp, countr_zero(warp.active));
  SmallVector<Cta *, 2> ctas;
  if (!getGroup(issuer, in.option, ctas))
    return Flow::Fault;
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  const TensorMemoryUnit::Allocated *found = unit.find(unsigned(*address));
  if (!found || found->count != *count)
    return warp.fault(issuer.lane, "tensor-memory-allocation",
                      formatv("frees {0} columns at {1:x}, where {2} were "
                              "allocated",
                              *count, *address, found ? found->count : 0)
                          .str());
  TensorMemoryUnit::Allocated allocated = *found;
  if (!unit.noteFree(issuer, allocated))
    return Flow::Fault;
  warp.cta.cluster.races.release(warp.agent, unit.freed);
  unit.free(allocated.column);
  return Flow::Next;
}

static void dealloc(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.aligned = true;
  d.out.option = uint8_t(getCtaGroup(d));
  d.source(0, Type::U32);
  d.source(1, Type::U32);
  d.out.execute = executeDealloc;
}

static Flow executeRelinquish(Warp &warp, const Instruction &in) {
  Issuer issuer(warp, countr_zero(warp.active));
  SmallVector<Cta *, 2> ctas;
  if (!getGroup(issuer, in.option, ctas))
    return Flow::Fault;
  warp.cta.unit<TensorMemoryUnit>().hasRelinquished = true;
  return Flow::Next;
}

static void relinquish(Decoder &d) {
  if (!d.expectOperands(0))
    return;
  d.out.aligned = true;
  d.out.option = uint8_t(getCtaGroup(d));
  d.out.execute = executeRelinquish;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"tcgen05 alloc cta_group::1|cta_group::2 sync aligned [shared::cta] b32",
     alloc, kind, Tcgen05},
    {"tcgen05 dealloc cta_group::1|cta_group::2 sync aligned b32", dealloc,
     kind, Tcgen05},
    {"tcgen05 relinquish_alloc_permit cta_group::1|cta_group::2 sync aligned",
     relinquish, kind, Tcgen05},
};

Rows sim::tcgen05AllocationRows() { return rows; }
