//===- Functions.h - What functions say of themselves --------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_FUNCTIONS_H
#define FP4_LIB_CUDADRIVER_FUNCTIONS_H

#include "Driver.h"

namespace mlir::fp4::sim::cuda {

/// The shared memory that the PTX gives to blocks.
uint32_t getStaticShared(const Function &function, const Chip &chip);
/// The threads that a block may have.
uint32_t getMaxThreads(const Function &function, const Chip &chip);

CUresult getAttribute(const char *name, const Chip &chip,
                      const Function &function, int attribute, int *value);
CUresult setAttribute(const char *name, const Chip &chip, Function &function,
                      int attribute, int value);
CUresult getParameter(const Function &function, size_t index, size_t *offset,
                      size_t *size);

/// How many such blocks a multiprocessor holds; 0 if it holds none.
uint64_t getResidentBlocks(const Function &function, const Chip &chip,
                           uint64_t threads, uint64_t dynamicShared);

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_FUNCTIONS_H
