//===- Report.h - What was measured, for people and programs ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of a run as a table of text, as Markdown and as JSON.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_REPORT_H
#define FP4_BENCH_REPORT_H

#include "Cases.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4::bench {

/// What one case came to.
struct Row {
  const Case *subject;
  double seconds;
  double rate; ///< In units.
  StringRef unit;
  /// What the ratio is to: a roof, another row, a limit. Empty if there is
  /// none.
  std::string reference;
  std::optional<double> referenceRate; ///< In units.
  /// One for each round; empty if the reference is not known.
  std::vector<double> ratios;

  /// Whether it passes its bar; none without a bar or a ratio.
  std::optional<bool> passes() const;
};

/// What a run was.
struct RunInfo {
  unsigned rounds;
  bool quick;
  /// Of PyTorch; empty if it took no part.
  std::string torchVersion;
  /// Why PyTorch took no part though rows asked for it.
  std::string torchMissing;
};

/// Tables that are printed row by row, as they are measured.
class TablePrinter {
public:
  TablePrinter(llvm::raw_ostream &os, bool markdown)
      : os(os), markdown(markdown) {}

  void printHeader(const RunInfo &info);
  void print(const Row &row);
  void printFooter(const RunInfo &info, const Rooflines &rooflines);

private:
  void printCells(llvm::ArrayRef<std::string> cells);

  llvm::raw_ostream &os;
  bool markdown;
};

/// The whole run as one object, described in docs/performance.md.
void writeJSON(llvm::raw_ostream &os, const RunInfo &info,
               llvm::ArrayRef<Row> rows, const Rooflines &rooflines);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_REPORT_H
