//===- Machine.h - Launches kernels -----------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_MACHINE_H
#define FP4_SIMULATOR_MACHINE_H

#include "fp4/Simulator/Program.h"
#include "fp4/Simulator/Report.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4::sim {

/// When queued operations complete, and who runs first.
enum class Order : uint8_t {
  Late,   ///< Operations only when nothing else can run; warps in order.
  Early,  ///< Operations as soon as they are queued; warps in order.
  Random, ///< By the seed, and warps and CTAs are permuted too.
};

struct Launch {
  const Program *program = nullptr;
  const Kernel *kernel = nullptr;
  Dim3 grid = {1, 1, 1};
  Dim3 block = {1, 1, 1};
  Dim3 cluster = {1, 1, 1};
  uint32_t dynamicShared = 0;
  std::vector<uint8_t> parameters;
  Order order = Order::Late;
  uint64_t seed = 0;
  bool pedantic = false;
  /// A warp that executes more instructions than this is taken to hang.
  uint64_t maxSteps = uint64_t(1) << 28;
  unsigned hostThreads = 0; ///< 0: as many as the host has.
  /// The warp of the first CTA whose instructions are printed; -1 for none.
  int traceWarp = -1;
  llvm::raw_ostream *trace = nullptr;
  llvm::raw_ostream *output = nullptr; ///< Of vprintf; null drops it.
};

/// What was executed, in instructions of a warp unless it says otherwise.
struct Statistics {
  uint64_t instructions[8] = {}; ///< By InstructionClass.
  uint64_t threadInstructions = 0;
  uint64_t globalBytesRead = 0;
  uint64_t globalBytesWritten = 0;
  uint64_t sharedBytesRead = 0;
  uint64_t sharedBytesWritten = 0;
  /// What copies that threads do not wait for have written: bulk copies and
  /// those of tensors.
  uint64_t copiedBytes = 0;
  /// Of tensor cores, 2 for each product that is added.
  uint64_t tensorFlop = 0;
  uint64_t sharedAccesses = 0;
  uint64_t bankConflicts = 0; ///< Passes beyond an access's first.
  uint64_t barrierWaits = 0;

  Statistics &operator+=(const Statistics &other);
  static llvm::ArrayRef<llvm::StringLiteral> classNames();
};

struct LaunchResult {
  std::vector<Report> reports;  ///< Empty if no rule was broken.
  std::vector<Report> warnings; ///< One of an instruction, by their order.
  Statistics statistics;
};

/// Runs a kernel to its end, or to the first rule that it breaks. An error is
/// a launch that the chip does not take: nothing was run.
llvm::Expected<LaunchResult> launch(const Launch &launch, DeviceMemory &memory);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_MACHINE_H
