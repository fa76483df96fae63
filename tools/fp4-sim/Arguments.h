//===- Arguments.h - Arguments from the command line ------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TOOLS_FP4_SIM_ARGUMENTS_H
#define FP4_TOOLS_FP4_SIM_ARGUMENTS_H

#include "fp4/Simulator/Machine.h"

namespace mlir::fp4::sim {

/// One argument as it is written:
///   12, -1, 0x10, 1.5   a number of the parameter's type
///   in:FILE             a pointer to what the file holds
///   inout:FILE          the same, and the file is written after the run
///   out:FILE:BYTES      a pointer to uninitialised memory, written to the file
///   zero:BYTES          a pointer to zeros
///   buffer:BYTES        a pointer to uninitialised memory
///   value:FILE          the parameter's bytes themselves
class Argument {
public:
  /// Makes the argument and puts its bytes at the parameter's place.
  static llvm::Expected<Argument> make(llvm::StringRef text, unsigned number,
                                       const Parameter &parameter,
                                       DeviceMemory &memory,
                                       std::vector<uint8_t> &parameters);

  /// Writes the file that it is to be written to, if there is one.
  llvm::Error finish(const DeviceMemory &memory) const;

  /// The buffer, or null if it is none.
  const Allocation *buffer() const { return allocation; }

private:
  llvm::Error makeBuffer(llvm::StringRef kind, llvm::StringRef rest,
                         unsigned number, DeviceMemory &memory);

  const Allocation *allocation = nullptr;
  std::string output;
};

/// Prints the elements of a buffer in lines of eight; what was never written is
/// printed as `?`.
void printBuffer(llvm::raw_ostream &os, const Allocation &buffer, Type type);

} // namespace mlir::fp4::sim

#endif // FP4_TOOLS_FP4_SIM_ARGUMENTS_H
