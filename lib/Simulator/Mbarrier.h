//===- Mbarrier.h - Barriers in shared memory -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mbarrier objects [PTX 9.7.13.15]. Their counts are in the 8 bytes of shared
// memory that are theirs, whose shadow says so: to all other instructions the
// bytes are uninitialised, and a barrier that was written over is noticed. Next
// to them is kept what hardware does not have, such as who knows what.
//
// A unit that arrives at a barrier calls arriveAtMbarrier or
// completeMbarrierBytes when its operation ends, with the operation's agent:
// who waits for the barrier then knows what the operation has done.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_MBARRIER_H
#define FP4_LIB_SIMULATOR_MBARRIER_H

#include "Issuer.h"

namespace mlir::fp4::sim {

constexpr uint32_t mbarrierBytes = 8;
/// Of arrivals that are expected, and of pending bytes either way.
constexpr uint32_t maxMbarrierCount = (1 << 20) - 1;

/// An operation arrives at the barrier at a shared::cluster address. False if
/// that broke a rule, which was reported where the operation was queued.
bool arriveAtMbarrier(const Issuer &issuer, Agent &agent, uint32_t address,
                      uint32_t count = 1);

/// An operation has moved that many bytes of a transaction: complete_tx.
bool completeMbarrierBytes(const Issuer &issuer, Agent &agent, uint32_t address,
                           uint32_t bytes);

/// How what a thread does at a barrier is ordered with what it did before, or
/// does next.
enum class MbarrierOrder : uint8_t {
  None,
  Own, ///< What an operation itself has done.
  Relaxed,
  Strong,
};

/// The barrier whose address a thread has in a register, noted as an access to
/// it; without data after a fault.
Bytes accessMbarrier(Warp &warp, unsigned lane, StateSpace space,
                     const Lanes &address, int64_t offset, Access kind,
                     bool mustBeOwn);

/// The counts of a barrier, as they are in its 8 bytes.
struct MbarrierCounts {
  uint32_t pending = 0;  ///< Arrivals that are missing in this phase.
  uint32_t expected = 0; ///< Arrivals in the next phase.
  int32_t bytes = 0;     ///< That are pending; negative if they came early.
  bool parity = false;   ///< Of the phase.

  uint64_t pack() const;
  static MbarrierCounts unpack(uint64_t word);
};

/// The barriers of a CTA.
class Mbarriers : public Unit {
public:
  static char id;

  explicit Mbarriers(Cta &cta) : cta(cta) {}

  /// One operation on a barrier: bytes are counted before arrivals.
  struct Change {
    int64_t bytes = 0; ///< More that are pending.
    uint32_t arrivals = 0;
    bool drops = false;      ///< The arrivals are not expected again.
    bool mayComplete = true; ///< The phase.
  };

  struct Barrier {
    Issuer creator;
    uint64_t incarnation = 0;
    bool isFenced = false; ///< By its creator, since it was made.
    uint64_t phase = 0;
    SyncToken arriving; ///< In this phase.
    SyncToken passed;   ///< In the one before.
    /// The phase + 1 in which a test of a warp failed, which another one waits
    /// for.
    llvm::DenseMap<uint32_t, uint64_t> failed;
  };

  bool init(const Issuer &issuer, uint32_t offset, uint64_t count);
  /// The warp executes a fence that makes its new barriers known.
  void fence(const Warp &warp);
  bool invalidate(const Issuer &issuer, uint32_t offset);
  /// Null if there is no such barrier, or not any more, which is reported.
  Barrier *find(const Issuer &issuer, uint32_t offset);
  bool change(const Issuer &issuer, Agent &agent, uint32_t offset,
              const Change &change, MbarrierOrder order);
  /// One more arrival is pending, in this phase only.
  bool expectMore(const Issuer &issuer, uint32_t offset);
  MbarrierCounts counts(uint32_t offset) const;
  /// Null if it was invalidated.
  Barrier *findAgain(uint32_t offset, uint64_t incarnation);

  /// "mbarrier 0x400 of CTA (0, 0, 0), in phase 0 with 1 of 2 arrivals and 512
  /// bytes pending".
  std::string describe(uint32_t offset) const;
  std::string describe() const override;
  void finish() override;

private:
  bool isIntact(uint32_t offset) const;

  Cta &cta;
  std::map<uint32_t, Barrier> barriers;
  uint64_t nextIncarnation = 0;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_MBARRIER_H
