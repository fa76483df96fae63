//===- Measure.h - Times, and times beside roofs ----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The machine is shared, and its speed is not the same from one second to the
// next. So a workload is measured between two measurements of what bounds it,
// and it is the ratio of each such round that counts, and of the ratios the
// median.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_MEASURE_H
#define FP4_BENCH_MEASURE_H

#include "Rooflines.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::bench {

using Call = llvm::function_ref<llvm::Error()>;

/// Seconds on a clock that does not go back.
double getSeconds();

/// Of the middle two the mean. `values` is not empty.
double getMedian(llvm::ArrayRef<double> values);

/// Calls until `seconds` have passed; the median time of one call.
llvm::Expected<double> timeCalls(Call call, double seconds);

/// What a call does, in the units of the roofs that bound it; zero for those
/// that are not what it is held to.
struct Work {
  double int8Operations = 0;
  double bytesRead = 0;
  double bytesCopied = 0;

  double get(Roof roof) const;
  /// A roof that it is held to.
  Roof getFirst() const;
};

/// What the rounds of one workload came to.
struct Measurement {
  double seconds;             ///< Of a call, the median.
  std::optional<Roof> roof;   ///< The lowest.
  double roofRate = 0;        ///< Of that roof, the median.
  std::vector<double> ratios; ///< Least possible time / time, for each round.
};

/// Measures roof, workload, roof, workload, ..., roof. Without roofs, if this
/// machine has none for the work, only the times.
llvm::Expected<Measurement> measure(Rooflines &rooflines, const Work &work,
                                    unsigned rounds, double seconds, Call call);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_MEASURE_H
