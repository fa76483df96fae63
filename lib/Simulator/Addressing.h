//===- Addressing.h - Instructions that the loader itself makes -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Addresses that differ between threads or CTAs, and the transfer of control
// between functions.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_ADDRESSING_H
#define FP4_LIB_SIMULATOR_ADDRESSING_H

#include "Code.h"

namespace mlir::fp4::sim {

/// The address of shared variable `target`, in the window of the cluster.
Flow moveSharedAddress(Warp &warp, const Instruction &instruction);
/// The address of what is at `offset` in the thread's frame.
Flow moveFrameAddress(Warp &warp, const Instruction &instruction);

/// Calls the function of call site `target`.
Flow callFunction(Warp &warp, const Instruction &instruction);
/// Calls the function whose address is in the operand.
Flow callByAddress(Warp &warp, const Instruction &instruction);
/// Returns, or exits from a kernel.
Flow returnFromFunction(Warp &warp, const Instruction &instruction);

/// Whether the call hands over what the function expects.
bool matchesCall(const FunctionCode &function, const CallSite &site);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_ADDRESSING_H
