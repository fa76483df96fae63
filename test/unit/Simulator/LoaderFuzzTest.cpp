//===- LoaderFuzzTest.cpp - Damaged programs, loaded and run --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the kernels of the test suite, changes some of their tokens, and loads
// and runs what still parses: whatever a program does, the host survives it.
// FP4_FUZZ_INPUTS asks for more inputs than a normal run has; the seed of an
// input is its number.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Machine.h"
#include "fp4/Simulator/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <random>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {

/// The files of the directory, each cut into tokens and what is between them.
std::vector<std::vector<std::string>> readCorpus() {
  std::vector<std::string> paths;
  std::error_code error;
  for (sys::fs::directory_iterator it(FP4_SIMULATOR_KERNELS, error), end;
       it != end && !error; it.increment(error))
    if (StringRef(it->path()).ends_with(".ptx"))
      paths.push_back(it->path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::vector<std::string>> corpus;
  for (const std::string &path : paths) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
    if (!file)
      continue;
    std::vector<std::string> &tokens = corpus.emplace_back();
    StringRef rest = (*file)->getBuffer();
    while (!rest.empty()) {
      size_t length = rest.find_if_not([](char c) {
        return isAlnum(c) || c == '_' || c == '%' || c == '$';
      });
      length = std::max<size_t>(1, std::min(length, rest.size()));
      tokens.push_back(rest.take_front(length).str());
      rest = rest.drop_front(length);
    }
  }
  return corpus;
}

std::string mutate(std::vector<std::string> tokens, std::mt19937 &random) {
  static constexpr StringLiteral numbers[] = {"0",
                                              "1",
                                              "-1",
                                              "31",
                                              "32",
                                              "255",
                                              "65536",
                                              "2147483648",
                                              "4294967295",
                                              "9223372036854775807",
                                              "18446744073709551615"};
  auto below = [&](size_t n) { return size_t(random() % n); };
  for (size_t n = 1 + below(4); n != 0; --n) {
    std::string &token = tokens[below(tokens.size())];
    switch (below(4)) {
    case 0:
      token.clear();
      break;
    case 1:
      token = numbers[below(std::size(numbers))].str();
      break;
    default: // another word of the same file
      token = tokens[below(tokens.size())];
      break;
    }
  }
  std::string text;
  for (const std::string &token : tokens)
    text += token;
  return text;
}

/// What became of an input; the counts say that none of it is rare.
struct Outcomes {
  unsigned unparsed = 0, refused = 0, reported = 0, passed = 0;
};

void run(const std::string &text, std::mt19937 &random, Outcomes &outcomes) {
  Expected<ptx::Module> module = ptx::parse(text, "m");
  if (!module) {
    ++outcomes.unparsed;
    return consumeError(module.takeError());
  }
  DeviceMemory memory(64 << 20);
  const Chip &chip = Chip::all()[random() % Chip::all().size()];
  Expected<std::unique_ptr<Program>> program =
      Program::load(std::move(*module), chip, memory);
  if (!program) {
    ++outcomes.refused;
    return consumeError(program.takeError());
  }
  Allocation *buffer = memory.allocate(256, "buffer");
  ASSERT_NE(buffer, nullptr);
  for (const Kernel &kernel : (*program)->kernels()) {
    Launch launch;
    launch.program = program->get();
    launch.kernel = &kernel;
    bool hasClusters = chip.maxCluster != 0;
    launch.grid = {2, 1, 1};
    launch.block = {uint32_t(32 << random() % 3), 1, 1};
    launch.cluster = {uint32_t(hasClusters ? 1 + random() % 2 : 1), 1, 1};
    launch.order = Order(random() % 3);
    launch.maxSteps = 2000;
    launch.hostThreads = 1;
    launch.parameters.resize(kernel.parameterBytes);
    for (const Parameter &parameter : kernel.parameters)
      if (parameter.size == 8)
        memcpy(launch.parameters.data() + parameter.offset, &buffer->base, 8);
    Expected<LaunchResult> result = sim::launch(launch, memory);
    if (!result) {
      ++outcomes.refused;
      consumeError(result.takeError());
      continue;
    }
    for (const Report &report : result->reports)
      EXPECT_FALSE(report.format().empty());
    ++(result->reports.empty() ? outcomes.passed : outcomes.reported);
  }
}

TEST(LoaderFuzz, damagedPrograms) {
  std::vector<std::vector<std::string>> corpus = readCorpus();
  ASSERT_GT(corpus.size(), 5u);
  unsigned inputs = 1000;
  if (const char *value = std::getenv("FP4_FUZZ_INPUTS"))
    inputs = unsigned(std::atoi(value));
  Outcomes outcomes;
  for (unsigned seed = 0; seed < inputs; ++seed) {
    std::mt19937 random(seed);
    SCOPED_TRACE(seed);
    run(mutate(corpus[seed % corpus.size()], random), random, outcomes);
  }
  EXPECT_GT(outcomes.unparsed, 0u);
  EXPECT_GT(outcomes.refused, 0u);
  EXPECT_GT(outcomes.reported, 0u);
  EXPECT_GT(outcomes.passed, 0u);
}

} // namespace
