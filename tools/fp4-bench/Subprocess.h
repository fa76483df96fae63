//===- Subprocess.h - What another program says -----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_BENCH_SUBPROCESS_H
#define FP4_BENCH_SUBPROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::fp4::bench {

/// Remembers the CPUs that the calling thread may run on. Where OpenMP binds
/// threads, it binds the main one too, and a process that that one starts would
/// be bound with it.
void rememberCPUs();

/// Runs the program at the path `program` and gives what it printed on stdout.
/// Its stderr is ours, and so are the CPUs that were remembered. Fails unless
/// it exits with 0.
llvm::Expected<std::string> capture(llvm::StringRef program,
                                    llvm::ArrayRef<std::string> arguments);

} // namespace mlir::fp4::bench

#endif // FP4_BENCH_SUBPROCESS_H
