//===- AsyncMemory.cpp - Memory that queued operations access -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsyncMemory.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

MemoryOperation::MemoryOperation(Issuer issuer, Proxy proxy)
    : issuer(issuer), proxy(proxy),
      agent(issuer.warp->cta.cluster.races.begin(issuer.warp->agent)) {}

std::string MemoryOperation::describe() const {
  const Grid &grid = issuer.warp->cta.grid;
  const ptx::Instruction *syntax = grid.code.instructions[issuer.pc].syntax;
  return formatv("{0} of line {1}", syntax->opcode(), syntax->location.line)
      .str();
}

bool MemoryOperation::note(const Bytes &bytes, uint32_t size,
                           Access kind) const {
  if (!bytes.owner)
    return true;
  bool isKept = keepsSource && bytes.owner == &issuer.warp->cta;
  if (bytes.owner->liveThreads == 0 && !isKept)
    return issuer.fault("out-of-bounds",
                        formatv("the operation accesses the shared memory of "
                                "CTA ({0}, {1}, {2}), which has exited",
                                bytes.owner->index[0], bytes.owner->index[1],
                                bytes.owner->index[2]));
  return issuer.noteAccess(agent, *bytes.owner, bytes.offset, size, kind,
                           proxy);
}

bool MemoryOperation::read(const Bytes &from, uint32_t size, uint8_t *data,
                           uint8_t *shadow) const {
  if (size == 0)
    return true;
  if (!note(from, size, Access::Read))
    return false;
  std::memcpy(data, from.data, size);
  std::memcpy(shadow, from.shadow, size);
  Statistics &statistics = issuer.warp->statistics;
  (from.isGlobal ? statistics.globalBytesRead : statistics.sharedBytesRead) +=
      size;
  return true;
}

static bool isPoisoned(const uint8_t *shadow, uint32_t size) {
  return any_of(ArrayRef(shadow, size), [](uint8_t byte) { return byte; });
}

bool MemoryOperation::write(const Bytes &to, uint32_t size, const uint8_t *data,
                            const uint8_t *shadow) const {
  if (size == 0)
    return true;
  if (to.isGlobal && isPoisoned(shadow, size))
    return issuer.fault("poison", "writes uninitialised data to global memory");
  if (!note(to, size, Access::Write))
    return false;
  std::memcpy(to.data, data, size);
  // What is uninitialised is that, whatever it was before: an mbarrier's bytes
  // do not become one by being copied.
  for (uint32_t i = 0; i < size; ++i)
    to.shadow[i] = shadow[i] ? 255 : 0;
  Statistics &statistics = issuer.warp->statistics;
  (to.isGlobal ? statistics.globalBytesWritten
               : statistics.sharedBytesWritten) += size;
  statistics.copiedBytes += size;
  return true;
}

bool MemoryOperation::reduce(const Bytes &to, uint32_t size,
                             const uint8_t *data, const uint8_t *shadow,
                             AtomicOp op, Type type) const {
  if (size == 0)
    return true;
  if (to.isGlobal && isPoisoned(shadow, size))
    return issuer.fault("poison", "writes uninitialised data to global memory");
  if (!note(to, size, Access::StrongWrite))
    return false;
  const unsigned width = sizeInBytes(type);
  for (uint32_t at = 0; at + width <= size; at += width) {
    uint64_t value = 0;
    std::memcpy(&value, data + at, width);
    updateAtomically(op, type, to.data + at, value, value, to.isGlobal);
    if (isPoisoned(shadow + at, width))
      std::memset(to.shadow + at, 255, width);
  }
  Statistics &statistics = issuer.warp->statistics;
  (to.isGlobal ? statistics.globalBytesWritten
               : statistics.sharedBytesWritten) += size;
  statistics.copiedBytes += size;
  return true;
}
