//===- Subprocess.cpp - What another program says -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subprocess.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#ifdef __linux__
#include <sched.h>
#endif

using namespace mlir::fp4;

#ifdef __linux__

static cpu_set_t rememberedCPUs;
static bool hasRememberedCPUs = false;

void bench::rememberCPUs() {
  hasRememberedCPUs =
      sched_getaffinity(0, sizeof(rememberedCPUs), &rememberedCPUs) == 0;
}

/// Lets this thread run on the remembered CPUs; gives what it was bound to.
static cpu_set_t unbind() {
  cpu_set_t bound = rememberedCPUs;
  if (hasRememberedCPUs && sched_getaffinity(0, sizeof(bound), &bound) == 0)
    sched_setaffinity(0, sizeof(rememberedCPUs), &rememberedCPUs);
  return bound;
}

static void bind(const cpu_set_t &cpus) {
  if (hasRememberedCPUs)
    sched_setaffinity(0, sizeof(cpus), &cpus);
}

#else

void bench::rememberCPUs() {}
static int unbind() { return 0; }
static void bind(int) {}

#endif

llvm::Expected<std::string>
bench::capture(llvm::StringRef program, llvm::ArrayRef<std::string> arguments) {
  llvm::SmallString<128> path;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("fp4-bench", "txt", path))
    return makeError("cannot make a temporary file: {0}", code.message());
  llvm::FileRemover remover(path);

  llvm::SmallVector<llvm::StringRef> words = {program};
  words.append(arguments.begin(), arguments.end());
  auto bound = unbind();
  llvm::scope_exit rebind([&] { bind(bound); });
  std::string message;
  int status = llvm::sys::ExecuteAndWait(
      program, words, /*Env=*/std::nullopt,
      /*Redirects=*/{std::nullopt, llvm::StringRef(path), std::nullopt},
      /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status != 0)
    return makeError("{0} failed{1}{2}", program, message.empty() ? "" : ": ",
                     message);
  auto output = llvm::MemoryBuffer::getFile(path);
  if (!output)
    return makeError("cannot read {0}: {1}", path, output.getError().message());
  return (*output)->getBuffer().str();
}
