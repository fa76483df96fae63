//===- CheckedCall.h - Calls of code that may fail a check ---- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_RUNNER_CHECKEDCALL_H
#define FP4_LIB_RUNNER_CHECKEDCALL_H

#include "llvm/Support/Error.h"

namespace mlir::fp4 {

/// Calls compiled code. A check of sizes that fails in it, an intermediate
/// value that gets no memory and a function that cannot be compiled are errors
/// here; memory that the call held then is not freed. Where other threads are
/// at work, in a parallel region, the process ends with a message and exit code
/// 1 instead.
llvm::Error callChecked(void (*function)(void **), void **arguments);

// What compiled code calls.

/// In place of puts, with the message of a failed cf.assert.
int noteFailedCheck(const char *message);
/// In place of abort, afterwards.
[[noreturn]] void leaveAfterFailedCheck();
/// In place of malloc: lowered code does not look at what that returns.
void *allocateOrLeave(size_t size);
/// In place of a function that could not be compiled; why has been reported.
[[noreturn]] void leaveAfterFailedCompile();

} // namespace mlir::fp4

#endif // FP4_LIB_RUNNER_CHECKEDCALL_H
