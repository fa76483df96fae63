//===- Program.h - A PTX module, loaded on a chip ---------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loading resolves every name and decodes every instruction once. What the
// simulator or the chip does not have is refused here, all of it at once.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_PROGRAM_H
#define FP4_SIMULATOR_PROGRAM_H

#include "fp4/Simulator/Chip.h"
#include "fp4/Simulator/DeviceMemory.h"
#include "fp4/Simulator/Syntax.h"

namespace mlir::fp4::sim {

struct Code;

struct Parameter {
  llvm::StringRef name;
  uint32_t offset; ///< In the buffer of parameters.
  uint32_t size;
  Type type;
};

/// What the host needs to know of a kernel.
struct Kernel {
  llvm::StringRef name;
  uint32_t function = 0; ///< Its index in the code.
  ptx::Limits limits;
  std::vector<Parameter> parameters;
  uint32_t parameterBytes = 0;
  uint32_t localBytes = 0;
  uint32_t staticShared = 0; ///< With what the chip reserves.
  /// Where each shared variable of the program is, ~0 for those of others.
  std::vector<uint32_t> sharedOffsets;
};

class Program {
public:
  /// Loads the module: its globals are allocated in `memory`, which has to
  /// outlive the program.
  static llvm::Expected<std::unique_ptr<Program>>
  load(ptx::Module module, const Chip &chip, DeviceMemory &memory);
  ~Program();

  const Chip &chip() const { return theChip; }
  const ptx::Module &module() const { return theModule; }
  llvm::ArrayRef<Kernel> kernels() const { return theKernels; }
  const Kernel *findKernel(llvm::StringRef name) const;
  /// The memory of a .global or .const variable, or null.
  const Allocation *findGlobal(llvm::StringRef name) const;
  const Code &code() const { return *theCode; }

private:
  Program(ptx::Module module, const Chip &chip, DeviceMemory &memory);

  ptx::Module theModule;
  const Chip &theChip;
  DeviceMemory &memory;
  std::unique_ptr<Code> theCode;
  std::vector<Kernel> theKernels;

  friend class Loader;
};

/// The forms of instructions that a chip executes, as the opcode with groups of
/// modifiers: "add [sat] s32|u32".
std::vector<std::string> instructionForms(const Chip &chip);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_PROGRAM_H
