//===- Torch.h - The same layers in PyTorch ---------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs benchmarks/torch_linear.py in a Python of the user's choice.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_TORCH_H
#define FP4_BENCH_TORCH_H

#include "Cases.h"

namespace mlir::fp4::bench {

/// What a run of the script came to.
struct TorchTimes {
  std::string version;
  /// Why there are no times; empty if there are.
  std::string missing;
  /// The median seconds of each case.
  std::vector<double> seconds;
};

/// The path of the Python of that name or path; empty: that of python3, or
/// nothing if there is none.
llvm::Expected<std::string> findPython(StringRef name);

/// Times what `cases` ask for, on as many threads as everything else.
/// \param python what findPython gave.
llvm::Expected<TorchTimes> timeTorch(llvm::ArrayRef<const Case *> cases,
                                     StringRef python, unsigned rounds,
                                     double seconds);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_TORCH_H
