//===- Tcgen05.h - What the files of tcgen05 share --------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cp, shift, mma and commit of one thread are queued in one pipe and done in
// their order. The manual promises that of fewer pairs [PTX 9.7.16.6.2]; that a
// cp follows on the mma before it is what CUTLASS relies on.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05_H

#include "../TensorMemoryUnit.h"
#include "Operations.h"
#include "fp4/Simulator/Descriptors/SharedMatrix.h"

namespace mlir::fp4::sim {

/// .cta_group::1 or ::2
inline unsigned getCtaGroup(const Decoder &d) {
  return d.has("cta_group::2") ? 2 : 1;
}

/// An operation in the pipe of a thread.
class TensorOperation : public Operation {
public:
  TensorOperation(const Issuer &issuer, llvm::ArrayRef<Cta *> ctas);

  void run() final;
  std::string describe() const final;

protected:
  /// Does it; false after a fault.
  virtual bool execute() = 0;

  /// Notes an access to the tensor memory of a CTA.
  bool noteAccess(Cta &cta, const TensorRegion &region, Access kind) {
    return cta.unit<TensorMemoryUnit>().noteAccess(issuer, agent, region, kind);
  }
  /// Bytes of a CTA's shared memory that the async proxy reads, and which of
  /// them were not written; none after a fault.
  struct Chunk {
    const uint8_t *data;
    const uint8_t *shadow;
  };
  std::optional<Chunk> readShared(Cta &cta, uint32_t address, uint32_t size,
                                  const llvm::Twine &what);

  const Issuer issuer;
  /// That it works on.
  llvm::SmallVector<Cta *, 2> ctas;
  TensorPipe &pipe;
  TensorAgent agent;
};

/// Queues it behind what the thread has queued.
void pushTensorOperation(const Issuer &issuer,
                         std::unique_ptr<TensorOperation> operation);

/// The value of a thread's operand; none after a fault, which it is if the
/// value depends on uninitialised data.
std::optional<uint64_t> readOperand(const Issuer &issuer, int32_t slot,
                                    const llvm::Twine &what);

/// The value that all threads of the warp give for the operand, none after a
/// fault.
std::optional<uint64_t> readUniform(Warp &warp, int32_t slot,
                                    const llvm::Twine &what);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_TCGEN05_H
