//===- AtomicUpdate.h - What atomic operations do to memory -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_ATOMICUPDATE_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_ATOMICUPDATE_H

#include "fp4/Simulator/Types.h"

namespace mlir::fp4::sim {

enum class AtomicOp : uint8_t {
  And,
  Or,
  Xor,
  Exchange,
  CompareAndSwap,
  Add,
  Increment,
  Decrement,
  Min,
  Max,
};

std::optional<AtomicOp> parseAtomicOp(llvm::StringRef name);

/// Replaces a value by what the operation with `b` makes of it, or by `c` if it
/// is cas and finds `b`; returns what was there.
uint64_t updateAtomically(AtomicOp op, Type type, uint8_t *data, uint64_t b,
                          uint64_t c, bool isGlobal);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_ATOMICUPDATE_H
