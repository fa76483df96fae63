//===- Chip.h - The chips that are simulated --------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_CHIP_H
#define FP4_SIMULATOR_CHIP_H

#include "fp4/Simulator/Syntax.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::sim {

/// What some chips have and others do not. An instruction's row says what it
/// needs.
enum Feature : uint32_t {
  Sm90 = 1 << 0,    ///< Clusters, elect.sync, what came with sm_90.
  Sm100 = 1 << 1,   ///< f32x2 arithmetic, 256-bit accesses.
  Tcgen05 = 1 << 2, ///< Tensor memory and what came with sm_100a.
};

struct Chip {
  llvm::StringLiteral name;
  uint32_t number; ///< 100 of sm_100a.
  uint32_t family; ///< The chip whose `f` targets it takes; 0 if none.
  bool isSpecific; ///< An `a` chip.
  uint32_t features;
  uint32_t multiprocessors;
  uint32_t maxThreadsPerCTA;
  uint32_t maxThreadsPerSM;
  uint32_t maxCTAsPerSM;
  uint32_t maxSharedPerCTA; ///< In bytes, without the reserved ones.
  uint32_t sharedPerSM;
  uint32_t reservedShared; ///< At the start of each CTA's shared memory.
  uint32_t registersPerSM;
  uint32_t maxPortableCluster;
  uint32_t maxCluster;
  uint32_t tensorMemoryColumns;

  bool has(uint32_t wanted) const { return (features & wanted) == wanted; }

  static llvm::ArrayRef<Chip> all();
  static llvm::Expected<const Chip *> find(llvm::StringRef name);

  /// Whether a module of those targets loads on this chip.
  llvm::Error checkTarget(const ptx::Module &module) const;
};

/// The name of the features, as messages give them.
std::string describeFeatures(uint32_t features);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_CHIP_H
