//===- EntryPoints.h - The table of entry points, by name ----- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_ENTRYPOINTS_H
#define FP4_LIB_CUDADRIVER_ENTRYPOINTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::fp4::sim::cuda {

struct EntryPoint {
  llvm::StringLiteral name;
  int version; ///< The first CUDA whose programs get this one.
  void (*entry)();
  void (*ofThread)(); ///< With the default stream of the thread.
};

/// The rows of EntryPoints.def.
llvm::ArrayRef<EntryPoint> getEntryPoints();

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_ENTRYPOINTS_H
