//===- CheckedCall.cpp - Calls of code that may fail a check --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckedCall.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/WithColor.h"
#include <csetjmp>
#include <cstdlib>

using namespace mlir;
using namespace mlir::fp4;

// NOLINTNEXTLINE(readability-identifier-naming): the name that OpenMP gives it.
extern "C" int omp_in_parallel(void);

namespace {
/// A call that is under way on this thread.
struct Checked {
  std::jmp_buf place;
  std::string message;
};
} // namespace

static thread_local Checked *current = nullptr;

/// Compiled code has nothing to clean up on its way: frames of it and of the
/// function that called it are left as they are.
[[noreturn]] static void leave(std::string message) {
  // A thread that leaves a parallel region keeps the others waiting for it.
  if (current && !omp_in_parallel()) {
    // Nothing is destroyed on the way: the text is taken out of here.
    current->message = std::move(message);
    std::longjmp(current->place, 1);
  }
  llvm::WithColor::error(llvm::errs()) << message << "\n";
  std::_Exit(1);
}

llvm::Error fp4::callChecked(void (*function)(void **), void **arguments) {
  Checked call;
  Checked *volatile outer = current;
  current = &call;
  bool failed = setjmp(call.place) != 0;
  if (!failed)
    function(arguments);
  current = outer;
  if (failed)
    return makeError("{0}", call.message);
  return llvm::Error::success();
}

int fp4::noteFailedCheck(const char *message) { leave(message); }

void fp4::leaveAfterFailedCheck() {
  leave("a check of the compiled code failed");
}

void *fp4::allocateOrLeave(size_t size) {
  void *memory = std::malloc(size);
  if (!memory && size != 0)
    leave("no memory for an intermediate value of " + std::to_string(size) +
          " bytes");
  return memory;
}

void fp4::leaveAfterFailedCompile() {
  leave("a function could not be compiled");
}
