//===- Report.h - What a rule has to say about a kernel ---------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_REPORT_H
#define FP4_SIMULATOR_REPORT_H

#include "fp4/Simulator/Syntax.h"
#include <array>
#include <optional>

namespace mlir::fp4::sim {

using Dim3 = std::array<uint32_t, 3>;

/// One violation of one rule.
struct Report {
  std::string rule; ///< Such as "out-of-bounds".
  std::string kernel;
  std::string module;     ///< The name of the PTX.
  ptx::Location location; ///< Line 0 if it is of no instruction.
  std::string sourceFile; ///< Of `.loc`, if there was one.
  uint32_t sourceLine = 0;
  std::optional<Dim3> cta;
  std::optional<uint32_t> warp;
  std::optional<Dim3> thread;
  std::string message;
  /// The manual forbids it, but chips are known to do what was meant.
  bool isWarning = false;

  /// One line for the violation, then the lines of the message, if any.
  std::string format() const;
};

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_REPORT_H
