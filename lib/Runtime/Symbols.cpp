//===- Symbols.cpp - The runtime's functions, for a JIT -------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runtime/Symbols.h"
#include "fp4/Runtime/Runtime.h"

using namespace llvm;

ArrayRef<std::pair<StringRef, void *>> mlir::fp4::getRuntimeSymbols() {
#define FP4_SYMBOL(NAME)                                                       \
  {                                                                            \
    #NAME, reinterpret_cast<void *>(NAME)                                      \
  }
  static const std::pair<StringRef, void *> symbols[] = {
      FP4_SYMBOL(fp4rtAlloc),        FP4_SYMBOL(fp4rtFree),
      FP4_SYMBOL(fp4rtCopyToDevice), FP4_SYMBOL(fp4rtCopyToHost),
      FP4_SYMBOL(fp4rtCopyOnDevice), FP4_SYMBOL(fp4rtFill),
      FP4_SYMBOL(fp4rtLaunch),       FP4_SYMBOL(fp4rtEncodeTensorMap),
      FP4_SYMBOL(fp4rtSynchronize),
  };
#undef FP4_SYMBOL
  return symbols;
}
