//===- Requests.h - Requests of tests in Python -----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the programs have in common that let a test in Python compute many
// values: a request on the standard input is a line of words, followed by its
// binary arguments in the byte order of the host; answers are binary.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TEST_UNIT_SIMULATOR_REQUESTS_H
#define FP4_TEST_UNIT_SIMULATOR_REQUESTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace mlir::fp4::sim {

using Words = llvm::ArrayRef<llvm::StringRef>;

/// A request that makes no sense is a mistake in a test.
[[noreturn]] inline void fail(const llvm::Twine &message) {
  llvm::errs() << "request: " << message << '\n';
  std::exit(1);
}

template <typename T>
std::vector<T> readArguments(size_t count) {
  std::vector<T> values(count);
  if (std::fread(values.data(), sizeof(T), count, stdin) != count)
    fail("the arguments end early");
  return values;
}

template <typename T>
void writeAnswer(llvm::ArrayRef<T> values) {
  if (std::fwrite(values.data(), sizeof(T), values.size(), stdout) !=
          values.size() ||
      std::fflush(stdout) != 0)
    fail("cannot write the answer");
}

template <typename T = unsigned>
T parseNumber(llvm::StringRef text) {
  T number;
  if (text.getAsInteger(0, number))
    fail("expected a number, but got '" + text + "'");
  return number;
}

/// The enumerator among the first `count` whose name is `text`.
template <typename Enum, typename GetName>
Enum parseEnum(llvm::StringRef text, unsigned count, GetName getName) {
  for (unsigned i = 0; i < count; ++i)
    if (getName(Enum(i)) == text)
      return Enum(i);
  fail("there is no '" + text + "'");
}

/// Answers all requests.
inline void answerRequests(llvm::function_ref<void(Words)> answer) {
  std::string line;
  for (int c; (c = std::getchar()) != EOF;) {
    if (c != '\n') {
      line += char(c);
      continue;
    }
    llvm::SmallVector<llvm::StringRef> words;
    llvm::SplitString(line, words);
    if (words.empty())
      fail("a request is empty");
    answer(words);
    line.clear();
  }
}

} // namespace mlir::fp4::sim

#endif // FP4_TEST_UNIT_SIMULATOR_REQUESTS_H
