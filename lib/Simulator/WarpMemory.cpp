//===- WarpMemory.cpp - What the addresses of threads reach ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every access is checked here, for its alignment and for its bounds. The
// message of one that is out of bounds names what it missed.
//
//===----------------------------------------------------------------------===//

#include "Execution.h"
#include "fp4/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static std::string hex(uint64_t value) { return formatv("{0:x}", value).str(); }

Bytes Warp::outOfBounds(unsigned lane, const Twine &message) {
  fault(lane, "out-of-bounds", message);
  return Bytes();
}

Bytes Warp::accessGlobal(unsigned lane, uint64_t address, unsigned size,
                         bool isWrite) {
  const Allocation *allocation = lastAllocation;
  if (!allocation || !allocation->holds(address, size)) {
    allocation = cta.grid.memory.find(address);
    if (!allocation || !allocation->holds(address, size))
      return outOfBounds(lane, cta.grid.memory.describeMiss(address, size));
    lastAllocation = allocation;
  }
  if (isWrite && allocation->isConstant)
    return outOfBounds(lane, "writes '" + Twine(allocation->name) +
                                 "', which is constant");
  uint64_t offset = address - allocation->base;
  Bytes bytes;
  bytes.data = allocation->data + offset;
  bytes.shadow = allocation->shadow.get() + offset;
  bytes.isGlobal = true;
  return bytes;
}

Bytes Warp::accessShared(unsigned lane, uint32_t rank, uint64_t offset,
                         unsigned size) {
  if (rank >= cta.cluster.ctas.size())
    return outOfBounds(lane, "CTA " + Twine(rank) +
                                 " of the cluster does not exist, which has " +
                                 Twine(cta.cluster.ctas.size()));
  Cta &owner = *cta.cluster.ctas[rank];
  if (offset < cta.grid.chip.reservedShared ||
      offset + size > owner.shared.size())
    return outOfBounds(
        lane, Twine(size) + " bytes at " + hex(offset) +
                  " are not in the CTA's shared memory, which is from " +
                  hex(cta.grid.chip.reservedShared) + " to " +
                  hex(owner.shared.size()));
  if (owner.liveThreads == 0)
    return outOfBounds(lane, "CTA " + Twine(rank) +
                                 " of the cluster has exited, and its shared "
                                 "memory is gone");
  return {owner.shared.data() + offset, owner.sharedShadow.data() + offset,
          false, &owner, uint32_t(offset)};
}

Bytes Warp::accessLocal(unsigned lane, uint64_t offset, unsigned size) {
  Stack &stack = stacks[lane];
  if (offset > stack.data.size() || size > stack.data.size() - offset)
    return outOfBounds(lane, Twine(size) + " bytes at " + hex(offset) +
                                 " are not in the thread's local memory of " +
                                 Twine(stack.data.size()) + " bytes");
  Bytes bytes;
  bytes.data = stack.data.data() + offset;
  bytes.shadow = stack.shadow.data() + offset;
  return bytes;
}

Bytes Warp::accessParameter(unsigned lane, uint64_t offset, unsigned size,
                            bool isWrite) {
  // Parameters are initialised, all of them: one row of zeros is their shadow.
  static const uint8_t written[128] = {}; // what one access reads at most
  const std::vector<uint8_t> &parameters = cta.grid.launch.parameters;
  if (isWrite)
    return outOfBounds(lane, "writes a parameter of the kernel");
  if (offset > parameters.size() || size > parameters.size() - offset)
    return outOfBounds(lane, Twine(size) + " bytes at " + hex(offset) +
                                 " are not in the kernel's parameters of " +
                                 Twine(parameters.size()) + " bytes");
  Bytes bytes;
  bytes.data = const_cast<uint8_t *>(parameters.data()) + offset;
  bytes.shadow = const_cast<uint8_t *>(written);
  return bytes;
}

Bytes Warp::access(unsigned lane, StateSpace space, uint64_t address,
                   unsigned size, bool isWrite) {
  return accessRange(lane, space, address, size, size, isWrite);
}

Bytes Warp::accessRange(unsigned lane, StateSpace space, uint64_t address,
                        unsigned size, unsigned alignment, bool isWrite) {
  if (address % alignment != 0) {
    fault(lane, "misaligned",
          Twine(size) + " bytes at " + hex(address) +
              ", which is not a multiple of " +
              (size == alignment ? "their number" : Twine(alignment)));
    return Bytes();
  }
  switch (space) {
  case StateSpace::Shared:
  case StateSpace::SharedCluster: {
    if (address >= windowSize)
      return outOfBounds(lane, hex(address) +
                                   " is no address of shared memory; a generic "
                                   "one has to be converted by cvta");
    uint32_t rank = uint32_t(address >> rankShift);
    if (space == StateSpace::Shared) {
      if (rank != 0 && rank != cta.rank)
        return outOfBounds(lane, hex(address) +
                                     " is in the shared memory of "
                                     "CTA " +
                                     Twine(rank) +
                                     " of the cluster, but the access is "
                                     ".shared::cta");
      rank = cta.rank;
    }
    return accessShared(lane, rank, address & ((uint64_t(1) << rankShift) - 1),
                        size);
  }
  case StateSpace::Local:
    return accessLocal(lane, address, size);
  case StateSpace::Param:
    return accessParameter(lane, address, size, isWrite);
  case StateSpace::Const: {
    const Allocation *allocation = cta.grid.memory.find(address);
    if (allocation && !allocation->isConstant)
      return outOfBounds(lane, "reads '" + Twine(allocation->name) +
                                   "', which is not in .const, by ld.const");
    return accessGlobal(lane, address, size, isWrite);
  }
  case StateSpace::Generic:
    if (address - sharedWindow < windowSize) {
      address -= sharedWindow;
      return accessShared(lane, uint32_t(address >> rankShift),
                          address & ((uint64_t(1) << rankShift) - 1), size);
    }
    if (address - localWindow < windowSize)
      return accessLocal(lane, address - localWindow, size);
    if (address - parameterWindow < windowSize)
      return accessParameter(lane, address - parameterWindow, size, isWrite);
    return accessGlobal(lane, address, size, isWrite);
  default:
    if (address - sharedWindow < windowSize ||
        address - localWindow < windowSize ||
        address - parameterWindow < windowSize)
      return outOfBounds(lane, hex(address) +
                                   " is generic, but the access is .global");
    return accessGlobal(lane, address, size, isWrite);
  }
}

bool Warp::noteAccess(unsigned lane, const Bytes &bytes, unsigned size,
                      Access kind) {
  if (!bytes.owner)
    return true;
  Races &races = cta.cluster.races;
  std::optional<Races::Conflict> conflict = races.access(
      agent, Proxy::Generic, pc, bytes.owner->rank, bytes.offset, size, kind);
  if (!conflict)
    return true;
  bool isRead = kind == Access::Read || kind == Access::Peek ||
                kind == Access::StrongRead;
  fault(lane, "race",
        Twine(isRead ? "reads" : "writes") + " shared memory at " +
            hex(conflict->offset) + ", which " +
            cta.cluster.describe(*conflict) +
            (conflict->isWrite ? " writes" : " reads") +
            " without anything that orders the two");
  return false;
}

std::string Cluster::describe(const Races::Conflict &conflict) const {
  std::string text;
  if (conflict.agent >= races.numWarps()) {
    text = "an operation";
  } else {
    uint32_t perCta = races.numWarps() / grid.ctasPerCluster;
    const Dim3 &index = ctas[conflict.agent / perCta]->index;
    text = formatv("warp {0} of CTA ({1}, {2}, {3})", conflict.agent % perCta,
                   index[0], index[1], index[2])
               .str();
  }
  const Instruction &instruction = grid.code.instructions[conflict.pc];
  if (instruction.syntax)
    text += formatv(" at line {0}", instruction.syntax->location.line).str();
  return text;
}
