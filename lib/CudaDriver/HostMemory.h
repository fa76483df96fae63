//===- HostMemory.h - Memory of the host that a program names - -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies that do not trust a pointer: one that leads nowhere is an error, as
// it is where a device copies, and not the end of the program.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_HOSTMEMORY_H
#define FP4_LIB_CUDADRIVER_HOSTMEMORY_H

#include "llvm/ADT/ArrayRef.h"

namespace mlir::fp4::sim::cuda {

/// False if not all of it can be read or written.
bool readHost(const void *from, llvm::MutableArrayRef<uint8_t> to);
bool writeHost(void *to, llvm::ArrayRef<uint8_t> from);

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_HOSTMEMORY_H
