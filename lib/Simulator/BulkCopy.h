//===- BulkCopy.h - What bulk copies have in common -------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies of the async proxy, with tensor maps or without: where they go, which
// barriers they tell, and which groups they are in [PTX 9.7.9.25].
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_BULKCOPY_H
#define FP4_LIB_SIMULATOR_BULKCOPY_H

#include "AsyncGroups.h"
#include "AsyncMemory.h"
#include "Decoder.h"
#include "Mbarrier.h"

namespace mlir::fp4::sim {

/// The number of their queues.
constexpr uint32_t bulkUnit = 2;

/// The value of an operand of a thread; false if it was never written, which is
/// reported.
bool readOperand(Warp &warp, unsigned lane, int32_t slot, llvm::StringRef what,
                 uint64_t &value);

/// One CTA that a copy goes to.
struct BulkTarget {
  Bytes bytes;
  uint32_t mbarrier; ///< At a shared::cluster address.
};

/// The places of the operands of a load into shared memory.
struct BulkLoadOperands {
  StateSpace space; ///< Of the destination and of the barrier.
  uint64_t destination;
  uint64_t mbarrier;
  uint32_t size;
  uint32_t alignment = 16;
  bool hasMask = false;
  uint64_t mask = 0;   ///< Of CTAs, for multicast.
  bool isPair = false; ///< .cta_group::2
};

/// Where a load goes; empty after a fault.
llvm::SmallVector<BulkTarget, 2> findTargets(Warp &warp, unsigned lane,
                                             const BulkLoadOperands &operands);

/// A copy to global memory, in a bulk async-group of its thread: its sources
/// are read by one operation, and written by one that this queues.
class BulkStore : public MemoryOperation {
public:
  struct Piece {
    Bytes from;
    Bytes to;
    uint32_t size;
  };
  struct Reduction {
    AtomicOp op;
    Type type;
  };

  BulkStore(Issuer issuer, std::vector<Piece> pieces,
            std::optional<Reduction> reduction = std::nullopt,
            uint16_t byteMask = 0xffff);

  /// Queues it, in the group of its thread that is open.
  static void push(std::unique_ptr<BulkStore> store);
  void run() override;

private:
  void writeAll();

  const std::vector<Piece> pieces;
  const std::optional<Reduction> reduction;
  const uint16_t byteMask; ///< Of each 16 bytes.
  const CompletionRef completion;
  Payload payload;
  bool hasRead = false;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_BULKCOPY_H
