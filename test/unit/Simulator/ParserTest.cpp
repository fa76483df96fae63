//===- ParserTest.cpp - Tests of the parser of PTX ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The traps that compilers' PTX holds, and the text and place of errors.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Parser.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::ptx;

namespace {

constexpr char head[] = ".version 9.0\n.target sm_100a, debug\n"
                        ".address_size 64\n";

Expected<Module> parseText(StringRef text) { return parse(text, "k.ptx"); }

std::string errorOf(StringRef text) {
  Expected<Module> module = parseText((head + text).str());
  return module ? "success" : toString(module.takeError());
}

Module parsed(StringRef text) {
  Expected<Module> module = parseText((head + text).str());
  if (!module) {
    ADD_FAILURE() << toString(module.takeError());
    return Module();
  }
  return std::move(*module);
}

/// The instructions of a kernel of that body.
Module kernel(StringRef body) {
  return parsed((".entry k() {\n" + body + "\n}\n").str());
}

const Instruction &first(const Module &module) {
  return module.functions.at(0).instructions.at(0);
}

TEST(Parser, head) {
  Module module = parsed("");
  EXPECT_EQ(module.versionMajor, 9u);
  EXPECT_EQ(module.versionMinor, 0u);
  ASSERT_EQ(module.targets.size(), 2u);
  EXPECT_EQ(module.targets[0], "sm_100a");
}

TEST(Parser, opcodeGluedToItsOperand) {
  Module module =
      kernel("tcgen05.ld.sync.aligned.32x32b.x2.b32{%r1,_},[%r2+-8];");
  const Instruction &instruction = first(module);
  EXPECT_EQ(instruction.opcode(), "tcgen05.ld.sync.aligned.32x32b.x2.b32");
  ASSERT_EQ(instruction.operands.size(), 2u);
  EXPECT_EQ(instruction.operands[0].elements[1].kind, Operand::Kind::Sink);
  EXPECT_EQ(instruction.operands[1].elements[0].name, "%r2");
  EXPECT_EQ(instruction.operands[1].elements[0].value, -8);
}

TEST(Parser, tensorCoordinates) {
  Module module = kernel(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::"
      "bytes.multicast::cluster.L2::cache_hint.cta_group::2 [%r1], [%rd1, "
      "{%r2, 5, -3}], [ %r3 + 0 ], %rs1, %rd2;");
  const Instruction &instruction = first(module);
  EXPECT_EQ(instruction.modifiers[3], "3d");
  EXPECT_EQ(instruction.modifiers.back(), "cta_group::2");
  ASSERT_EQ(instruction.operands.size(), 5u);
  const Operand &map = instruction.operands[1];
  ASSERT_EQ(map.elements.size(), 2u);
  ASSERT_EQ(map.elements[1].elements.size(), 3u);
  EXPECT_EQ(map.elements[1].elements[2].value, -3);
}

TEST(Parser, immediates) {
  Module module = kernel("x 0f3F800000, 0d3FF0000000000000, 1.5, 0x1F, 017, "
                         "0b101, 12U, -1, ~0, -0f3F800000, 1.0e-2;");
  const auto &operands = first(module).operands;
  ASSERT_EQ(operands.size(), 11u);
  EXPECT_EQ(operands[0].kind, Operand::Kind::Float32);
  EXPECT_EQ(operands[0].value, 0x3F800000);
  EXPECT_EQ(operands[1].kind, Operand::Kind::Float64);
  EXPECT_EQ(operands[1].value, 0x3FF0000000000000);
  EXPECT_EQ(operands[2].value, 0x3FF8000000000000);
  EXPECT_EQ(operands[3].value, 31);
  EXPECT_EQ(operands[4].value, 15);
  EXPECT_EQ(operands[5].value, 5);
  EXPECT_EQ(operands[6].value, 12);
  EXPECT_EQ(operands[7].value, -1);
  EXPECT_EQ(operands[8].value, -1);
  EXPECT_EQ(operands[9].value, 0xBF800000);
  EXPECT_EQ(operands[10].kind, Operand::Kind::Float64);
}

TEST(Parser, guardsPairsAndNegation) {
  Module module = kernel("@!p1 setp.eq.and.u32 %p|_, %r1, %tid.x, !q;");
  const Instruction &instruction = first(module);
  EXPECT_EQ(instruction.guard, "p1");
  EXPECT_TRUE(instruction.guardNegated);
  EXPECT_EQ(instruction.operands[0].kind, Operand::Kind::Pair);
  EXPECT_EQ(instruction.operands[2].name, "%tid.x");
  EXPECT_TRUE(instruction.operands[3].negated);
}

TEST(Parser, scopesAndLabels) {
  Module module = kernel("{ .reg .pred p; DONE: bra.uni DONE; }\n"
                         "{ .reg .pred p; DONE: bra DONE; }");
  EXPECT_EQ(module.functions[0].instructions.size(), 2u);
  EXPECT_EQ(module.functions[0].body.size(), 10u);
}

TEST(Parser, functions) {
  Module module = parsed(
      ".extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);\n"
      ".weak .func f() .noreturn { ret; }\n"
      ".visible .entry k(.param .u64 .ptr .global .align 1 p, .param .align 64 "
      ".b8 map[128])\n.maxntid 128, 1, 1 .minnctapersm 1 .reqnctapercluster 2 "
      ".explicitcluster .maxnreg 128\n{ ret; }");
  ASSERT_EQ(module.functions.size(), 3u);
  EXPECT_TRUE(module.functions[0].isExternal);
  EXPECT_FALSE(module.functions[0].hasBody);
  EXPECT_TRUE(module.functions[1].limits.noReturn);
  const Function &entry = module.functions[2];
  EXPECT_TRUE(entry.isEntry);
  EXPECT_TRUE(entry.parameters[0].isPointer);
  EXPECT_EQ(entry.parameters[1].alignment, 64u);
  EXPECT_EQ(entry.parameters[1].extents[0], 128u);
  EXPECT_EQ(entry.limits.clusterSize[0], 2u);
  EXPECT_EQ(entry.limits.maxThreads[0], 128u);
}

TEST(Parser, callsAndTargets) {
  Module module = kernel(
      "t: .branchtargets A, B;\n"
      "p: .callprototype (.param .b32 _) _ (.param .b64 _, .param .b64 _);\n"
      "A: brx.idx %r1, t;\n"
      "B: call (retval0), %rd1, (param0, param1), p;");
  const Function &function = module.functions[0];
  EXPECT_EQ(function.body[0].targets.size(), 2u);
  EXPECT_EQ(function.body[1].numParameters, 2u);
  EXPECT_EQ(function.body[1].numResults, 1u);
  EXPECT_EQ(function.instructions[1].operands[2].elements.size(), 2u);
}

TEST(Parser, variables) {
  Module module =
      parsed(".extern .shared .align 128 .b8 smem[];\n"
             ".const .align 4 .b32 c[2] = {1, 0f3F800000};\n"
             ".global .u64 p[2] = {generic(c)+4, c};\n"
             ".global .align 1 .b8 s[3] = {104, 0xFF(c), 0xFF00(generic(c))};");
  ASSERT_EQ(module.variables.size(), 4u);
  EXPECT_TRUE(module.variables[0].isExternal);
  EXPECT_EQ(module.variables[0].extents[0], 0u);
  EXPECT_TRUE(module.variables[2].initialisers[0].generic);
  EXPECT_EQ(module.variables[2].initialisers[0].value.value, 4);
  EXPECT_EQ(module.variables[3].initialisers[2].mask, 0xFF00u);
}

TEST(Parser, sourceLocations) {
  Module module = parsed(".file 1 \"a.cu\", 1, 2\n.entry k() {\n.loc 1 7 3\n"
                         "ret;\n.loc 1 9 1, function_name $L__info+5, "
                         "inlined_at 1 7 3\nret; }\n"
                         ".section .debug_abbrev { .b8 1, 2 }");
  const auto &instructions = module.functions[0].instructions;
  EXPECT_EQ(instructions[0].source.line, 7u);
  EXPECT_EQ(instructions[1].source.line, 9u);
  EXPECT_EQ(instructions[1].location.line, 9u);
}

TEST(Parser, errors) {
  EXPECT_EQ(errorOf(".entry k() { add.u32 %r1, ; }"),
            "k.ptx:4:27: expects an operand, but got ';'");
  EXPECT_EQ(errorOf(".entry k() { add.u32 %r1"),
            "k.ptx:4:25: expects ';', but got the end of the text");
  EXPECT_EQ(errorOf(".entry k() { {"),
            "k.ptx:4:12: expects a '}' that matches this '{'");
  EXPECT_EQ(errorOf(".frobnicate 1"),
            "k.ptx:4:13: unknown directive '.frobnicate'");
  EXPECT_EQ(errorOf(".global .align 3 .b8 x;"),
            "k.ptx:4:16: expects a power of two of up to 65536 as alignment, "
            "but got 3");
  EXPECT_EQ(errorOf(".entry k() { x 0f12; }"),
            "k.ptx:4:16: expects an operand, but got '0f12'");
  EXPECT_EQ(errorOf(".address_size 32"),
            "k.ptx:4:15: expects an address size of 64, but got 32");
  EXPECT_EQ(errorOf(".global .b8 x[2] = {{1}, {2}};"),
            "k.ptx:4:21: expects the elements of an array in one list, but got "
            "'{'");
  EXPECT_EQ(errorOf("/* no end"), "k.ptx:4:1: expects a directive, but got '/* "
                                  "no end'");
}

} // namespace
