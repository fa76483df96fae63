//===- Issuer.h - Who has queued an operation -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A unit's operation runs when its thread is elsewhere or has exited. What it
// breaks is reported at the instruction that it was queued by.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ISSUER_H
#define FP4_LIB_SIMULATOR_ISSUER_H

#include "Execution.h"

namespace mlir::fp4::sim {

/// A thread at an instruction.
struct Issuer {
  Warp *warp = nullptr;
  unsigned lane = 0;
  uint32_t pc = 0;

  Issuer() = default;
  /// The thread of that lane, where it is now.
  Issuer(Warp &warp, unsigned lane) : warp(&warp), lane(lane), pc(warp.pc) {}

  /// Reports a broken rule; returns false, as those do who call it.
  bool fault(llvm::StringRef rule, const llvm::Twine &message) const;
  /// Says that what chips do is not what the manual promises.
  void warn(llvm::StringRef rule, const llvm::Twine &message) const;
  /// "line 12", for reports of others.
  std::string describe() const;

  /// Notes an access by the operation to shared memory. False if it is not
  /// ordered with an earlier one, which is reported.
  bool noteAccess(Agent &agent, Cta &owner, uint32_t offset, uint32_t size,
                  Access kind, Proxy proxy = Proxy::Async) const;

private:
  /// Whether the conflict is of tcgen05 with a cp.async that is known to be
  /// done, which lacks its proxy fence and is warned of.
  bool readsCopy(Agent &agent, const Races::Conflict &conflict,
                 const llvm::Twine &message) const;
  Report makeReport(llvm::StringRef rule, const llvm::Twine &message) const;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ISSUER_H
