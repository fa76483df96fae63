//===- Cases.h - What is measured, and what it is held to -------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The workloads that the project is judged by: their shapes, what bounds each
// of them, and how near to that it has to come.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_CASES_H
#define FP4_BENCH_CASES_H

#include "Measure.h"
#include "Workload.h"

namespace mlir::fp4::bench {

/// How a case is measured.
enum class CaseKind {
  Roofline, ///< Beside the roofs that bound its work.
  PerToken, ///< The time for a row, beside that of the next smaller m.
  Compile,  ///< The time from a parsed module to an address.
  /// What takes the place of the layer in PyTorch, beside the layer:
  TorchDequantize, ///< both operands dequantized to bf16, and multiplied;
  TorchDense,      ///< a linear layer on bf16.
};

/// Where a ratio has to be.
struct Bar {
  double ratio;
  bool isUpper;
};

struct Case {
  std::string name; ///< format/what/shape
  const Format *format;
  CaseKind kind;
  EntryKind entry;
  Shape shape;
  Work work;
  std::optional<Bar> bar;

  bool isTorch() const {
    return kind == CaseKind::TorchDequantize || kind == CaseKind::TorchDense;
  }
};

/// The longest that a compilation may take.
constexpr double kCompileSeconds = 0.25;

/// The layer whose compilation is timed.
Shape getCompiledShape(bool quick);

/// The operations of a product: two for each multiply-add.
double getOperations(Shape shape);

/// \param quick small shapes, which say whether the tool works and nothing
///        about the machine.
std::vector<Case> makeCases(llvm::ArrayRef<const Format *> formats, bool quick);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_CASES_H
