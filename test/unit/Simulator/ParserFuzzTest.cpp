//===- ParserFuzzTest.cpp - The parser of PTX on damaged text -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mutates PTX and parses it, which must end, without a crash, in a module or in
// a located error. FP4_FUZZ_INPUTS asks for more inputs than a normal run has;
// the seed of an input is its number.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Parser.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <random>

using namespace llvm;
using namespace mlir::fp4::sim;

namespace {

constexpr char original[] = R"(.version 9.0
.target sm_100a, debug
.address_size 64
.extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);
.extern .shared .align 128 .b8 smem[];
.global .align 8 .u64 table[3] = {generic(smem)+4, 0xFF00(table), -1};
.const .b32 c[2] = {0f3F800000, 0d3FF0000000000000};
.file 1 "kernel.cu", 12, 34
.visible .entry k(.param .u64 .ptr .global .align 16 p, .param .b8 q[128])
.maxntid 128, 1, 1
.reqnctapercluster 2
.explicitcluster
{
  .reg .pred %p<5>, q;
  .reg .b128 %rq<3>;
  .local .align 16 .b8 depot[64];
  .loc 1 7 3, function_name $L__info+5, inlined_at 1 7 3
  mov.u32 %r1, %tid.x; // comment
  @!%p1 ld.global.L1::no_allocate.v4.b32 {%r1,%r2,_,%r4}, [%rd1+-16];
  /* block
     comment */
  setp.eq.and.u32 %p1|%p2, %r1, 0x1F, !%p3;
  { .reg .b32 t; L: tcgen05.ld.sync.aligned.32x32b.x2.b32{%r1,t},[%r2]; bra L; }
  cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%rd1, {%r2, 5}], [%r3];
  t: .branchtargets A, B;
  proto: .callprototype (.param .b32 _) _ (.param .b64 _);
A: brx.idx %r1, t;
B: call (ret0), %rd1, (p0, p1), proto;
  .pragma "nounroll";
  ret;
}
.section .debug_abbrev { .b8 1 .b8 2 }
)";

std::string mutate(std::string text, std::mt19937 &random) {
  static constexpr StringLiteral pieces[] = {"{",
                                             "}",
                                             "[",
                                             "]",
                                             "(",
                                             ")",
                                             ",",
                                             ";",
                                             ":",
                                             "@",
                                             "|",
                                             "+",
                                             "-",
                                             ".",
                                             "::",
                                             "\"",
                                             "/*",
                                             "*/",
                                             "//",
                                             "0f",
                                             "0x",
                                             "1e99",
                                             "_",
                                             "%",
                                             "<",
                                             ">",
                                             ".reg",
                                             ".b32",
                                             ".entry k(",
                                             ".loc",
                                             ".v4",
                                             "1e-9999999",
                                             "\n",
                                             "\x01",
                                             "\xff",
                                             ".func",
                                             "99999999999999999999"};
  auto below = [&](size_t n) { return size_t(random() % n); };
  for (size_t n = 1 + below(6); n != 0; --n) {
    size_t at = below(text.size() + 1);
    size_t length = std::min(below(40), text.size() - at);
    switch (below(6)) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, pieces[below(std::size(pieces))].str());
      break;
    case 2:
      if (at < text.size())
        text[at] = char(random());
      break;
    case 3: // a piece of the text once more, elsewhere
      text.insert(below(text.size() + 1), text.substr(at, length));
      break;
    case 4: // the same thing many times: nothing may recurse on it
      for (size_t i = 0, times = below(500); i < times; ++i)
        text.insert(at, pieces[n % std::size(pieces)].str());
      break;
    default:
      text.resize(at);
      break;
    }
  }
  return text;
}

TEST(ParserFuzz, damagedText) {
  ASSERT_TRUE(bool(ptx::parse(original, "original")));
  unsigned inputs = 2000;
  if (const char *value = std::getenv("FP4_FUZZ_INPUTS"))
    inputs = unsigned(std::atoi(value));
  unsigned good = 0;
  for (unsigned seed = 0; seed < inputs; ++seed) {
    std::mt19937 random(seed);
    Expected<ptx::Module> module = ptx::parse(mutate(original, random), "m");
    if (module) {
      ++good;
      continue;
    }
    std::string message = toString(module.takeError());
    EXPECT_EQ(message.compare(0, 2, "m:"), 0) << "seed " << seed;
    EXPECT_LT(message.size(), 400u) << "seed " << seed;
  }
  EXPECT_LT(good, inputs);
}

TEST(ParserFuzz, depth) {
  std::string text = ".version 9.0 .target sm_80 .entry k() ";
  for (int i = 0; i < 1000000; ++i)
    text += '{';
  EXPECT_TRUE(errorToBool(ptx::parse(text, "m").takeError()));
}

} // namespace
