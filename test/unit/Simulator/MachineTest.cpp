//===- MachineTest.cpp - Tests of the machine's interface -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a host does: memory, programs, launches and their results.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Machine.h"
#include "fp4/Simulator/Parser.h"
#include "gtest/gtest.h"
#include <numeric>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {

std::unique_ptr<Program> loaded(StringRef text, DeviceMemory &memory,
                                StringRef chip = "sm_100a") {
  Expected<ptx::Module> module = ptx::parse(
      (".version 9.0\n.target sm_80\n.address_size 64\n" + text).str(),
      "m.ptx");
  if (!module) {
    ADD_FAILURE() << toString(module.takeError());
    return nullptr;
  }
  Expected<std::unique_ptr<Program>> program =
      Program::load(std::move(*module), *cantFail(Chip::find(chip)), memory);
  if (!program) {
    ADD_FAILURE() << toString(program.takeError());
    return nullptr;
  }
  return std::move(*program);
}

constexpr StringLiteral increment = R"(
.global .align 4 .b32 calls;
.const .b32 step = 3;
.entry increment(.param .u64 p, .param .u32 n)
.maxntid 128
{
  .reg .b64 %rd<4>; .reg .b32 %r<8>; .reg .pred %p<2>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [n];
  mov.u32 %r2, %tid.x; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x;
  mad.lo.u32 %r2, %r3, %r4, %r2;
  setp.ge.u32 %p1, %r2, %r1;
  @%p1 ret;
  mul.wide.u32 %rd2, %r2, 4;
  add.s64 %rd1, %rd1, %rd2;
  ld.global.u32 %r5, [%rd1];
  ld.const.u32 %r6, [step];
  add.u32 %r5, %r5, %r6;
  st.global.u32 [%rd1], %r5;
  red.global.add.u32 [calls], 1;
  ret;
}
)";

Launch launchOf(const Program &program, StringRef kernel,
                std::initializer_list<uint64_t> words) {
  Launch launch;
  launch.program = &program;
  launch.kernel = program.findKernel(kernel);
  launch.parameters.resize(launch.kernel->parameterBytes);
  for (auto [parameter, word] : zip(launch.kernel->parameters, words))
    memcpy(launch.parameters.data() + parameter.offset, &word, parameter.size);
  return launch;
}

TEST(Machine, launch) {
  DeviceMemory memory;
  std::unique_ptr<Program> program = loaded(increment, memory);
  ASSERT_TRUE(program);
  // Memory of the host, at its own address.
  std::vector<uint32_t> values(100000);
  std::iota(values.begin(), values.end(), 0);
  ASSERT_TRUE(memory.map(values.data(), 4 * values.size(), "values"));
  Launch launch =
      launchOf(*program, "increment",
               {reinterpret_cast<uint64_t>(values.data()), values.size()});
  launch.block = {128, 1, 1};
  launch.grid = {782, 1, 1};
  for (unsigned threads : {1, 2, 7}) {
    launch.hostThreads = threads;
    launch.order = Order(threads % 3);
    Expected<LaunchResult> result = sim::launch(launch, memory);
    ASSERT_TRUE(bool(result)) << toString(result.takeError());
    EXPECT_TRUE(result->reports.empty());
    EXPECT_EQ(result->statistics.globalBytesRead, 400000u);
  }
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(values[i], i + 9);
  const Allocation *calls = program->findGlobal("calls");
  ASSERT_TRUE(calls);
  uint32_t count = 0;
  ASSERT_FALSE(errorToBool(memory.read(
      calls->base,
      MutableArrayRef(reinterpret_cast<uint8_t *>(&count), sizeof(count)))));
  EXPECT_EQ(count, 300000u);
}

TEST(Machine, reports) {
  DeviceMemory memory;
  std::unique_ptr<Program> program = loaded(increment, memory);
  ASSERT_TRUE(program);
  Allocation *buffer = memory.allocate(16, "buffer");
  Launch launch = launchOf(*program, "increment", {buffer->base, 8});
  launch.block = {8, 1, 1};
  Expected<LaunchResult> result = sim::launch(launch, memory);
  ASSERT_TRUE(bool(result));
  ASSERT_EQ(result->reports.size(), 1u);
  const Report &report = result->reports[0];
  EXPECT_EQ(report.rule, "out-of-bounds");
  EXPECT_EQ(report.kernel, "increment");
  EXPECT_EQ(report.module, "m.ptx");
  EXPECT_EQ(report.location.line, 19u);
  EXPECT_EQ(*report.thread, (Dim3{4, 0, 0}));
}

TEST(Machine, refusedLaunches) {
  DeviceMemory memory;
  std::unique_ptr<Program> program = loaded(increment, memory);
  ASSERT_TRUE(program);
  auto errorOf = [&](auto change) {
    Launch launch = launchOf(*program, "increment", {0, 0});
    change(launch);
    Expected<LaunchResult> result = sim::launch(launch, memory);
    return result ? "success" : toString(result.takeError());
  };
  EXPECT_EQ(errorOf([](Launch &) {}), "success");
  EXPECT_EQ(errorOf([](Launch &launch) { launch.block = {129, 1, 1}; }),
            "kernel 'increment' takes at most 128 threads, but got 129");
  EXPECT_EQ(errorOf([](Launch &launch) { launch.parameters.resize(4); }),
            "kernel 'increment' takes 12 bytes of parameters, but got 4");
  EXPECT_EQ(errorOf([](Launch &launch) { launch.cluster = {17, 1, 1}; }),
            "a cluster of (17, 1, 1) CTAs does not run on sm_100a");
}

TEST(DeviceMemory, allocations) {
  DeviceMemory memory(1 << 20);
  EXPECT_EQ(memory.allocate(2 << 20, "too large"), nullptr);
  Allocation *a = memory.allocate(100, "a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->base % 256, 0u);
  EXPECT_EQ(memory.find(a->base + 99), a);
  EXPECT_EQ(memory.find(a->base + 100), nullptr);
  uint8_t bytes[4] = {1, 2, 3, 4};
  EXPECT_FALSE(errorToBool(memory.write(a->base + 96, bytes)));
  EXPECT_TRUE(errorToBool(memory.write(a->base + 97, bytes)));
  EXPECT_FALSE(errorToBool(memory.fill(a->base, 7, 100)));
  EXPECT_TRUE(errorToBool(memory.free(a->base + 1)));
  uint64_t base = a->base;
  EXPECT_FALSE(errorToBool(memory.free(base)));
  EXPECT_TRUE(errorToBool(memory.read(base, bytes)));
  EXPECT_NE(memory.describeMiss(base, 4).find("'a' of 100 bytes at"),
            std::string::npos);
}

TEST(Chip, targets) {
  auto loads = [](StringRef target, StringRef chip) {
    std::string text = (".version 7.0\n.target " + target + "\n").str();
    ptx::Module module = cantFail(ptx::parse(text, "m"));
    return !errorToBool(cantFail(Chip::find(chip))->checkTarget(module));
  };
  EXPECT_TRUE(loads("sm_80", "sm_80"));
  EXPECT_TRUE(loads("sm_80, debug", "sm_103a"));
  EXPECT_TRUE(loads("sm_50", "sm_80"));
  EXPECT_FALSE(loads("sm_86", "sm_80"));
  EXPECT_FALSE(loads("sm_90a", "sm_100a"));
  EXPECT_TRUE(loads("sm_100", "sm_103a"));
  EXPECT_TRUE(loads("sm_100a", "sm_100a"));
  EXPECT_FALSE(loads("sm_100a", "sm_103a"));
  EXPECT_TRUE(loads("sm_100f", "sm_100a"));
  EXPECT_TRUE(loads("sm_100f", "sm_103a"));
  EXPECT_FALSE(loads("sm_103f", "sm_100a"));
  EXPECT_FALSE(loads("sm_120f", "sm_103a"));
  EXPECT_FALSE(loads("sm_100f", "sm_80"));
}

} // namespace
