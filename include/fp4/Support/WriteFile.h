//===- WriteFile.h - Files that are whole or not there -------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SUPPORT_WRITEFILE_H
#define FP4_SUPPORT_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp4 {

/// Writes to a temporary file beside `path`, then renames it. Unlike
/// llvm::writeToOutput, this notices a full disk before the renaming.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace mlir::fp4

#endif // FP4_SUPPORT_WRITEFILE_H
