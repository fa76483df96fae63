//===- Evaluate.cpp - The simulator's arithmetic for the oracle -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads binary arguments from the standard input and writes binary results to
// the standard output, in the byte order of the host, so that a test in Python
// can compare many values at once:
//
//   evaluate convert <to> <from> <rounding> <satfinite> <relu>
//     per value 8 bytes in and 8 bytes out
//   evaluate packed <to> <from> <rounding> <satfinite> <relu>
//     likewise, with the elements of a packed register
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/Convert.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace llvm;
using namespace mlir::fp4::sim;

[[noreturn]] static void fail(const Twine &message) {
  errs() << "evaluate: " << message << '\n';
  std::exit(1);
}

template <typename T>
static std::vector<T> readAll() {
  std::vector<T> values;
  T chunk[4096];
  while (size_t count = std::fread(chunk, sizeof(T), std::size(chunk), stdin))
    values.insert(values.end(), chunk, chunk + count);
  return values;
}

template <typename T>
static void writeAll(const std::vector<T> &values) {
  if (std::fwrite(values.data(), sizeof(T), values.size(), stdout) !=
      values.size())
    fail("cannot write the results");
}

static FloatFormat parseFormat(StringRef name) {
  for (size_t i = 0; i <= size_t(FloatFormat::F64); ++i)
    if (getInfo(FloatFormat(i)).name == name)
      return FloatFormat(i);
  fail("there is no format " + name);
}

static EncodeOptions parseOptions(char **args) {
  EncodeOptions options;
  options.rounding = StringSwitch<Rounding>(args[0])
                         .Case("rn", Rounding::NearestEven)
                         .Case("rz", Rounding::Zero)
                         .Case("rm", Rounding::Down)
                         .Case("rp", Rounding::Up)
                         .Case("rna", Rounding::NearestAway);
  options.saturateFinite = StringRef(args[1]) == "1";
  options.relu = StringRef(args[2]) == "1";
  return options;
}

int main(int argc, char **argv) {
  StringRef what = argc > 1 ? argv[1] : "";
  if ((what == "convert" || what == "packed") && argc == 7) {
    FloatFormat to = parseFormat(argv[2]), from = parseFormat(argv[3]);
    EncodeOptions options = parseOptions(argv + 4);
    std::vector<uint64_t> values = readAll<uint64_t>();
    for (uint64_t &value : values)
      value = what == "convert" ? convert(to, from, value, options)
                                : convertPacked(to, from, value, options);
    writeAll(values);
    return 0;
  }
  fail("expected what to evaluate");
}
