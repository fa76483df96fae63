//===- Code.h - The decoded form of a program -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_CODE_H
#define FP4_LIB_SIMULATOR_CODE_H

#include "Instruction.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"
#include <vector>

namespace mlir::fp4::sim {

struct Allocation;

/// A parameter or result of a function that is called.
struct Slot {
  uint32_t offset = 0; ///< In the frame, or the register's number.
  uint32_t size = 0;
  bool inRegister = false;
};

struct FunctionCode {
  const ptx::Function *syntax = nullptr;
  uint32_t begin = 0; ///< pcs
  uint32_t end = 0;
  uint32_t numRegisters = 0;
  uint32_t frameBytes = 0; ///< Locals, parameters, and those of its calls.
  std::vector<Slot> parameters;
  std::vector<Slot> results;
  std::vector<uint32_t> callees; ///< Functions.
  bool callsAnything = false;    ///< By address.
  std::vector<uint32_t> shared;  ///< Shared variables that it names.
};

/// One call: where the caller keeps what it hands over and what it gets.
struct CallSite {
  uint32_t function = ~0u; ///< ~0 for a call by address.
  std::vector<Slot> arguments;
  std::vector<Slot> results;
};

/// Code addresses, as mov of a function's name gives them. Nothing else is
/// there.
constexpr uint64_t codeBase = 0x7e0000000000;
constexpr uint64_t codeStride = 16;

struct Code {
  std::vector<Instruction> instructions;
  std::vector<FunctionCode> functions;
  std::vector<CallSite> calls;
  std::vector<std::vector<uint32_t>> branchTables;
  std::vector<Lanes> constants; ///< Slot -1 - i.
  std::vector<const ptx::Variable *> sharedVariables;
  llvm::StringMap<const Allocation *> globals;
  llvm::BumpPtrAllocator arena; ///< Of the lists of operands.
};

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_CODE_H
