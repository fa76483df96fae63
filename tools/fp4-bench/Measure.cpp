//===- Measure.cpp - Times, and times beside roofs ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Measure.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>

using namespace mlir::fp4;
using namespace mlir::fp4::bench;

double bench::getSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double bench::getMedian(llvm::ArrayRef<double> values) {
  llvm::SmallVector<double> sorted(values);
  llvm::sort(sorted);
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

llvm::Expected<double> bench::timeCalls(Call call, double seconds) {
  llvm::SmallVector<double> times;
  double start = getSeconds(), last = start;
  do {
    if (llvm::Error error = call())
      return error;
    double now = getSeconds();
    times.push_back(now - last);
    last = now;
  } while (last - start < seconds);
  return getMedian(times);
}

double Work::get(Roof roof) const {
  switch (roof) {
  case Roof::Int8Dot:
    return int8Operations;
  case Roof::Read:
    return bytesRead;
  case Roof::Copy:
    return bytesCopied;
  default:
    return 0;
  }
}

Roof Work::getFirst() const {
  unsigned i = 0;
  while (i < kNumRoofs && get(Roof(i)) == 0)
    ++i;
  return Roof(i);
}

namespace {
/// A measurement of all roofs of a workload.
struct Bound {
  std::array<double, kNumRoofs> rates = {};
  /// The least time that the work takes, and the roof that says so.
  double seconds = 0;
  Roof roof = Roof::NumRoofs;
};
} // namespace

/// None if a roof is not known.
static std::optional<Bound> measureBound(Rooflines &rooflines,
                                         const Work &work) {
  Bound bound;
  for (unsigned i = 0; i < kNumRoofs; ++i) {
    double amount = work.get(Roof(i));
    if (amount == 0)
      continue;
    std::optional<double> rate = rooflines.measure(Roof(i));
    if (!rate)
      return std::nullopt;
    bound.rates[i] = *rate;
    if (amount / *rate > bound.seconds) {
      bound.seconds = amount / *rate;
      bound.roof = Roof(i);
    }
  }
  return bound;
}

llvm::Expected<Measurement> bench::measure(Rooflines &rooflines,
                                           const Work &work, unsigned rounds,
                                           double seconds, Call call) {
  if (llvm::Error error = call()) // to warm up
    return error;
  std::optional<Bound> before = measureBound(rooflines, work);
  Measurement result;
  std::vector<double> times, rates;
  for (unsigned i = 0; i < rounds; ++i) {
    auto time = timeCalls(call, seconds);
    if (!time)
      return time.takeError();
    times.push_back(*time);
    if (!before)
      continue;
    std::optional<Bound> after = measureBound(rooflines, work);
    result.ratios.push_back((before->seconds + after->seconds) / 2 / *time);
    if (!result.roof)
      result.roof = after->roof;
    rates.push_back(after->rates[unsigned(*result.roof)]);
    before = after;
  }
  result.seconds = getMedian(times);
  if (result.roof)
    result.roofRate = getMedian(rates);
  return result;
}
