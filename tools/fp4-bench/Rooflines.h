//===- Rooflines.h - What this machine can do at most -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops that do one thing as fast as the machine does it, on all threads:
// dot products on registers, reading memory, copying it. Each is written for
// several instruction sets, and all of them are in a binary for any CPU of the
// architecture; those that this CPU has not are not called.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_ROOFLINES_H
#define FP4_BENCH_ROOFLINES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <array>
#include <optional>
#include <vector>

namespace mlir::fp4::bench {

enum class Roof {
  Int8Dot,  ///< Operations on bytes, two for each multiply-add, in registers.
  BF16Dot,  ///< The same on pairs of bf16.
  Read,     ///< Bytes that are read from memory.
  Copy,     ///< Bytes that are read and bytes that are written.
  NumRoofs, ///< Not a roof.
};

constexpr unsigned kNumRoofs = unsigned(Roof::NumRoofs);

/// "int8-dot", "bf16-dot", "read", "copy".
llvm::StringRef stringifyRoof(Roof roof);

/// "GOP/s" or "GB/s".
llvm::StringRef getUnit(Roof roof);

/// Bytes of memory, in large pages where the system gives them.
struct PageMemory {
  explicit PageMemory(size_t size);
  PageMemory(PageMemory &&other) : data(other.data), size(other.size) {
    other.data = nullptr;
  }
  ~PageMemory();

  char *data; ///< Null if there is no memory.
  size_t size;
};

/// Measures roofs and remembers what it found.
class Rooflines {
public:
  /// \param bufferBytes what is read, or copied from one half to the other.
  /// \param seconds how long a measurement takes at least.
  Rooflines(size_t bufferBytes, double seconds);

  /// The rate now in operations or bytes a second; none if this machine has no
  /// loop for it, or no memory. The first measurement of a roof tries each of
  /// its loops and chooses the fastest.
  std::optional<double> measure(Roof roof);

  /// What was measured so far.
  llvm::ArrayRef<double> getRates(Roof roof) const {
    return states[unsigned(roof)].rates;
  }

  /// The chosen loop, such as "avx512-vnni"; empty if there is none.
  llvm::StringRef getVariant(Roof roof) const;

private:
  /// Loops are called with a part of the memory and a number of iterations.
  /// Those on registers ignore the former, those on memory the latter.
  struct Variant {
    llvm::StringRef name;
    bool isSupported;
    /// For each iteration, or for each byte of the buffer.
    double work;
    void (*run)(char *memory, size_t size, size_t iterations);
  };
  struct State {
    const Variant *chosen = nullptr;
    std::vector<double> rates;
  };

  static llvm::ArrayRef<Variant> getVariants(Roof roof);
  double measure(Roof roof, const Variant &variant, double seconds);
  const Variant *choose(Roof roof);

  double seconds;
  PageMemory memory;
  std::array<State, kNumRoofs> states;
};

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_ROOFLINES_H
