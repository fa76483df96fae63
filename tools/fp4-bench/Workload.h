//===- Workload.h - What is timed -------------------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entries written as modules, compiled through the runner, and bound to made-up
// tensors. Nothing else here knows the runner: another target is a change of
// Workload.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_WORKLOAD_H
#define FP4_BENCH_WORKLOAD_H

#include "fp4/Runner/Jit.h"

namespace mlir::fp4::bench {

/// What the entries are compiled for, as --target of fp4-runner calls it.
extern const StringRef kTargetName;

/// A format with the constants that it is usually used with.
struct Format {
  StringRef name; ///< "mx" or "nv".
  int64_t groupSize;
  StringRef scaleType;
  float globalScale, scaleScale;
  /// Made-up scales are bytes in these ranges, ends included: those that
  /// activations around 1 and weights around 1 / 64 have.
  std::pair<uint8_t, uint8_t> activationScales, weightScales;
};

extern const Format kMX, kNV;

/// What an entry computes.
enum class EntryKind {
  Matmul,  ///< fp4.scaled_matmul of quantized operands.
  Forward, ///< fp4.quant_linear with a shared transform, a whole layer.
  Quantize ///< fp4.quantize_pack.
};

/// y of (m, n), x of (m, k). A quantization has no n.
struct Shape {
  int64_t m, n, k;

  bool operator==(const Shape &other) const {
    return m == other.m && n == other.n && k == other.k;
  }
};

/// The module of an entry of that kind, for any m: as in a layer that was
/// imported, the number of rows is known at run time only.
std::string formatModule(EntryKind kind, const Format &format, Shape shape);

/// The bytes of the codes and scales of the weight.
double getWeightBytes(const Format &format, Shape shape);

/// The bytes of x, and those of its codes and scales.
double getQuantizationBytes(const Format &format, Shape shape);

/// An entry that is compiled and has its arguments.
class Workload {
public:
  /// Compiles, makes the arguments, runs once, and looks at the result: times
  /// of code that computes nothing are worth nothing.
  static llvm::Expected<Workload> create(MLIRContext *context, EntryKind kind,
                                         const Format &format, Shape shape);

  llvm::Error run();

private:
  Workload(CompiledEntry entry) : entry(std::move(entry)) {}

  CompiledEntry entry;
  std::vector<HostTensor> arguments;
  SmallVector<TensorView> views;
  std::vector<HostTensor> results;
};

/// The seconds from a parsed module to the address of its entry.
llvm::Expected<double> timeCompilation(MLIRContext *context,
                                       const Format &format, Shape shape);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_WORKLOAD_H
