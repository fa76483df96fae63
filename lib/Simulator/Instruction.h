//===- Instruction.h - A decoded instruction --------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the machine executes. All operands are slots: registers of the function
// count from 0 up, constants of the program from -1 down. A symbol or a special
// register as an operand was moved to a slot by an instruction before.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTION_H
#define FP4_LIB_SIMULATOR_INSTRUCTION_H

#include "fp4/Simulator/Syntax.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir::fp4::sim {

class Warp;

constexpr unsigned warpSize = 32;
using LaneMask = uint32_t;

/// One register of all threads of a warp. Values are zero-extended to 64 bits;
/// a register of 128 bits takes two slots. Bit i of a lane's poison says that
/// byte i depends on data that were never written.
struct Lanes {
  uint64_t value[warpSize];
  uint8_t poison[warpSize];
};

constexpr uint8_t poisonOfSize(unsigned bytes) {
  return bytes >= 8 ? 255 : uint8_t((1u << bytes) - 1);
}

constexpr uint64_t maskOfSize(unsigned bytes) {
  return bytes >= 8 ? ~uint64_t(0) : (uint64_t(1) << (8 * bytes)) - 1;
}

/// What happens after an instruction.
enum class Flow : uint8_t {
  Next,  ///< The threads go on at the next instruction.
  Moved, ///< The pcs of the threads that executed it were set, or they exited.
  Fault, ///< A rule was broken, and reported.
};

enum class InstructionClass : uint8_t {
  Integer,
  Float,
  Conversion,
  Move,
  Memory,
  Control,
  Synchronization,
  Tensor,
};
constexpr unsigned numInstructionClasses = 8;

struct Instruction {
  /// Executes it for the warp's active threads.
  Flow (*execute)(Warp &warp, const Instruction &instruction) = nullptr;
  llvm::ArrayRef<int32_t> operands;
  int32_t guard = 0;
  bool hasGuard = false;
  bool guardNegated = false;
  bool aligned = false; ///< All threads of the warp have to execute it.
  StateSpace space = StateSpace::Generic;
  InstructionClass kind = InstructionClass::Move;
  Type type = Type::B32;
  uint8_t size = 4;  ///< Of the type, or of one element in memory.
  uint8_t count = 1; ///< Elements of a vector access.
  /// What the row wants to know: a comparison, a rounding, a flag.
  uint8_t option = 0;
  uint8_t option2 = 0;
  uint32_t target = 0; ///< A pc, or an index into a table of the program.
  int64_t offset = 0;  ///< Of an address.
  uint64_t immediate = 0;
  const ptx::Instruction *syntax = nullptr;
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTION_H
