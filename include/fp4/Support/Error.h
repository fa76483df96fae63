//===- Error.h - Errors from format strings ---------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SUPPORT_ERROR_H
#define FP4_SUPPORT_ERROR_H

#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp4 {

/// An error whose message is formatted by llvm::formatv. Messages name the
/// thing, what was expected and what was found, in lower case without a full
/// stop.
template <typename... Args>
llvm::Error makeError(const char *format, Args &&...args) {
  return llvm::createStringError(
      llvm::formatv(format, std::forward<Args>(args)...).str());
}

} // namespace mlir::fp4

#endif // FP4_SUPPORT_ERROR_H
