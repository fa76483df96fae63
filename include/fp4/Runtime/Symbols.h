//===- Symbols.h - The runtime's functions, for a JIT -----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNTIME_SYMBOLS_H
#define FP4_RUNTIME_SYMBOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <utility>

namespace mlir::fp4 {

/// The functions of Runtime.h that generated code calls, by name. A host whose
/// own symbols are hidden hands them to its JIT.
llvm::ArrayRef<std::pair<llvm::StringRef, void *>> getRuntimeSymbols();

} // namespace mlir::fp4

#endif // FP4_RUNTIME_SYMBOLS_H
