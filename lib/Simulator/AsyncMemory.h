//===- AsyncMemory.h - Memory that queued operations access -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations keep the places that they access from when they were queued, where
// they are checked for bounds. The bytes, their shadow, and what else accesses
// them are looked at when they run.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ASYNCMEMORY_H
#define FP4_LIB_SIMULATOR_ASYNCMEMORY_H

#include "Instructions/AtomicUpdate.h"
#include "Issuer.h"

namespace mlir::fp4::sim {

/// Bytes with their shadow, on the way.
struct Payload {
  std::vector<uint8_t> data;
  std::vector<uint8_t> shadow;

  void resize(size_t size) {
    data.resize(size);
    shadow.resize(size);
  }
};

/// An operation that accesses memory by one of the proxies.
class MemoryOperation : public Operation {
public:
  MemoryOperation(Issuer issuer, Proxy proxy);

  std::string describe() const override;

protected:
  /// All of them return false if a rule was broken, which was reported.
  bool read(const Bytes &from, uint32_t size, uint8_t *data,
            uint8_t *shadow) const;
  bool write(const Bytes &to, uint32_t size, const uint8_t *data,
             const uint8_t *shadow) const;
  bool reduce(const Bytes &to, uint32_t size, const uint8_t *data,
              const uint8_t *shadow, AtomicOp op, Type type) const;

  Cluster &cluster() const { return issuer.warp->cta.cluster; }

  const Issuer issuer;
  const Proxy proxy;
  mutable Agent agent;
  /// The shared memory of its CTA, which it reads, is there until it has.
  bool keepsSource = false;

private:
  bool note(const Bytes &bytes, uint32_t size, Access kind) const;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ASYNCMEMORY_H
