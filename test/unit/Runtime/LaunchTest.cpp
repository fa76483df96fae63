//===- LaunchTest.cpp - Tests of modules and launches ---------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeTest.h"
#include <thread>

namespace {
class LaunchTest : public RuntimeTest {
protected:
  struct Options {
    int64_t grid[3] = {4, 2, 1};
    int64_t block[3] = {128, 1, 1};
    int64_t cluster[3] = {0, 0, 0};
    int32_t sharedBytes = 0;
    uint32_t flags = 0;
  };

  void launch(const Options &o) {
    int argument = 42;
    void *params[] = {&argument};
    fp4rtLaunch(&kernel, o.grid[0], o.grid[1], o.grid[2], o.block[0],
                o.block[1], o.block[2], o.cluster[0], o.cluster[1],
                o.cluster[2], o.sharedBytes, o.flags, params);
  }
  void launch() { launch(Options()); }

  /// What the last launch told the driver.
  std::string takeLaunch() {
    Calls calls = takeCalls();
    return calls.empty() ? "" : calls.back();
  }

  std::string ptx = ".version 8.8";
  FP4RTModule module = {ptx.data(), int64_t(ptx.size()), "forward", nullptr};
  FP4RTKernel kernel = {&module, "forward_kernel", nullptr, 0};
};
} // namespace

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

TEST_F(LaunchTest, LoadsTheModuleOnce) {
  open();
  launch();
  launch();
  const char *expected = "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block "
                         "128x1x1 shared 0 params 42)";
  EXPECT_EQ(takeCalls(), Calls({"cuModuleLoadDataEx()",
                                "cuModuleGetFunction(0x300, forward_kernel)",
                                expected, expected}));
  EXPECT_EQ(getError(), "");
}

TEST_F(LaunchTest, LoadsTheModuleOnceFromManyThreads) {
  open();
  fake->loadMilliseconds = 20;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] { launch(); });
  for (std::thread &thread : threads)
    thread.join();
  Calls calls = takeCalls();
  auto count = [&](const std::string &prefix) {
    int count = 0;
    for (const std::string &call : calls)
      count += call.compare(0, prefix.size(), prefix) == 0;
    return count;
  };
  EXPECT_EQ(count("cuModuleLoadDataEx"), 1);
  EXPECT_EQ(count("cuModuleGetFunction"), 1);
  EXPECT_EQ(count("cuLaunchKernelEx"), 4);
  EXPECT_EQ(count("cuStreamCreate"), 0);
  EXPECT_EQ(getError(), "");
}

TEST_F(LaunchTest, SharesAModuleBetweenKernels) {
  open();
  launch();
  takeCalls();
  FP4RTKernel other = {&module, "other_kernel", nullptr, 0};
  fp4rtLaunch(&other, 1, 1, 1, 32, 1, 1, 1, 1, 1, 0, 0, nullptr);
  EXPECT_EQ(takeCalls(),
            Calls({"cuModuleGetFunction(0x300, other_kernel)",
                   "cuLaunchKernelEx(0x401, 0x200, grid 1x1x1 block 32x1x1 "
                   "shared 0)"}));
  fp4rtClose();
  EXPECT_EQ(other.function, nullptr);
}

TEST_F(LaunchTest, EndsTheTextOfAnImage) {
  // The size may stop before the NUL, and what follows is not to be read.
  ptx = ".version 8.8#rest";
  module = {ptx.data(), 12, "forward", nullptr};
  open();
  launch();
  EXPECT_EQ(fake->image, ".version 8.8");
}

TEST_F(LaunchTest, UnloadsAndLoadsAgain) {
  open();
  fp4rtUnloadModule(&module);
  EXPECT_EQ(takeCalls(), Calls());
  launch();
  takeCalls();
  // Also with an error pending: the owner of the module frees it next.
  fp4rtAlloc(-1);
  fp4rtUnloadModule(&module);
  EXPECT_EQ(takeCalls(), Calls({"cuModuleUnload(0x300)"}));
  EXPECT_EQ(module.module, nullptr);
  EXPECT_EQ(kernel.function, nullptr);
  fp4rtClearError();
  launch();
  EXPECT_EQ(takeCalls().front(), "cuModuleLoadDataEx()");
}

TEST_F(LaunchTest, UnloadsWhenItCloses) {
  open();
  launch();
  takeCalls();
  fp4rtClose();
  EXPECT_EQ(takeCalls(),
            Calls({"cuStreamSynchronize(0x200)", "cuModuleUnload(0x300)",
                   "cuStreamDestroy(0x200)", "cuCtxSetCurrent(0x0)",
                   "cuDevicePrimaryCtxRelease(0)"}));
  EXPECT_EQ(module.module, nullptr);
  EXPECT_EQ(kernel.function, nullptr);
  fp4rtUnloadModule(&module);
  EXPECT_EQ(getError(), "");
}

TEST_F(LaunchTest, ShowsTheLogOfThePTXCompiler) {
  open();
  fake->failures["cuModuleLoadDataEx"] = 218;
  const std::string message =
      "module 'forward': cuModuleLoadDataEx failed: CUDA_ERROR_INVALID_PTX (a "
      "PTX JIT compilation failed)";
  launch();
  EXPECT_EQ(takeError(), message);

  fake->jitLog = "ptxas application ptx input, line 9; error : 1\nfatal\n";
  launch();
  EXPECT_EQ(takeError(),
            message +
                ": ptxas application ptx input, line 9; error : 1\nfatal");

  fake->jitLog = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  launch();
  EXPECT_EQ(takeError(), message + ": 1\n2\n3\n4\n5\n6\n7\n8\n...");

  fake->jitLog.assign(1 << 20, 'x');
  launch();
  EXPECT_LT(getError().size(), size_t(10000));
  EXPECT_EQ(takeError().substr(0, message.size()), message);
  EXPECT_EQ(module.module, nullptr);
}

TEST_F(LaunchTest, RefusesAnEmptyImage) {
  open();
  module.size = 0;
  launch();
  EXPECT_EQ(getError(), "module 'forward': its image is empty");
}

TEST_F(LaunchTest, NamesTheKernelThatIsMissing) {
  open();
  fake->failures["cuModuleGetFunction"] = 500;
  launch();
  EXPECT_EQ(getError(),
            "kernel 'forward_kernel': module 'forward': cuModuleGetFunction "
            "failed: CUDA_ERROR_NOT_FOUND (named symbol not found)");
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

TEST_F(LaunchTest, DoesNothingForAnEmptyGrid) {
  open();
  for (int i = 0; i < 3; ++i) {
    Options options;
    options.grid[i] = 0;
    launch(options);
  }
  EXPECT_EQ(takeCalls(), Calls());
  EXPECT_EQ(module.module, nullptr);
  EXPECT_EQ(getError(), "");
}

TEST_F(LaunchTest, PassesAttributes) {
  open();
  Options options;
  options.cluster[0] = 2;
  options.cluster[1] = 1;
  launch(options);
  EXPECT_EQ(takeLaunch(), "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block "
                          "128x1x1 shared 0 cluster 2x1x1 params 42)");
  options.flags = FP4RT_LAUNCH_PROGRAMMATIC;
  launch(options);
  EXPECT_EQ(takeLaunch(),
            "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block 128x1x1 shared 0 "
            "cluster 2x1x1 programmatic 1 params 42)");
  options.cluster[0] = 1;
  launch(options);
  EXPECT_EQ(takeLaunch(), "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block "
                          "128x1x1 shared 0 programmatic 1 params 42)");
}

TEST_F(LaunchTest, AllowsTheLargestGridAndBlock) {
  open();
  Options options;
  options.grid[0] = 2147483647;
  options.grid[1] = options.grid[2] = 65535;
  options.block[0] = 1;
  options.block[1] = 16;
  options.block[2] = 64;
  launch(options);
  EXPECT_EQ(getError(), "");
  EXPECT_EQ(takeLaunch(),
            "cuLaunchKernelEx(0x400, 0x200, grid 2147483647x65535x65535 block "
            "1x16x64 shared 0 params 42)");
}

TEST_F(LaunchTest, RefusesWhatIsOutOfRange) {
  open();
  auto getMessage = [this](Options options) {
    launch(options);
    return takeError();
  };
  auto withGrid = [](int64_t x, int64_t y, int64_t z) {
    Options options;
    options.grid[0] = x, options.grid[1] = y, options.grid[2] = z;
    return options;
  };
  auto withBlock = [](int64_t x, int64_t y, int64_t z) {
    Options options;
    options.block[0] = x, options.block[1] = y, options.block[2] = z;
    return options;
  };
  auto withCluster = [](int64_t x, int64_t y, int64_t z) {
    Options options;
    options.cluster[0] = x, options.cluster[1] = y, options.cluster[2] = z;
    return options;
  };
  const std::string name = "kernel 'forward_kernel': ";
  const std::string limit = " is not within 2147483647x65535x65535";
  EXPECT_EQ(getMessage(withGrid(-1, 1, 1)), name + "grid -1x1x1" + limit);
  EXPECT_EQ(getMessage(withGrid(1LL << 31, 1, 1)),
            name + "grid 2147483648x1x1" + limit);
  EXPECT_EQ(getMessage(withGrid(1, 65536, 1)), name + "grid 1x65536x1" + limit);
  EXPECT_EQ(getMessage(withGrid(1, 1, 65536)), name + "grid 1x1x65536" + limit);
  EXPECT_EQ(getMessage(withBlock(0, 1, 1)),
            name + "block 0x1x1 is not within 1024x1024x64");
  EXPECT_EQ(getMessage(withBlock(32, 1, 65)),
            name + "block 32x1x65 is not within 1024x1024x64");
  EXPECT_EQ(getMessage(withBlock(32, 33, 1)),
            name + "block 32x33x1 has 1056 threads, but 1024 is the limit");
  EXPECT_EQ(getMessage(withCluster(3, 1, 1)),
            name + "grid 4x2x1 is not a multiple of cluster 3x1x1");
  EXPECT_EQ(getMessage(withCluster(1, 4, 1)),
            name + "grid 4x2x1 is not a multiple of cluster 1x4x1");
  EXPECT_EQ(getMessage(withCluster(-2, 1, 1)),
            name + "grid 4x2x1 is not a multiple of cluster -2x1x1");
  Options unknown;
  unknown.flags = 6;
  EXPECT_EQ(getMessage(unknown), name + "unknown launch flags 0x6");
  EXPECT_EQ(takeCalls(), Calls());
}

TEST_F(LaunchTest, NamesTheKernelThatFailsToLaunch) {
  open();
  fake->failures["cuLaunchKernelEx"] = 1;
  launch();
  EXPECT_EQ(getError(), "kernel 'forward_kernel': cuLaunchKernelEx failed: "
                        "CUDA_ERROR_INVALID_VALUE (invalid argument)");
}

TEST_F(LaunchTest, NeedsANewDriverOnlyToLaunch) {
  useDriver(FP4_OLD_FAKE_DRIVER);
  ASSERT_EQ(fp4rtOpen(FP4_OLD_FAKE_DRIVER, 0), 0) << getError();
  launch();
  EXPECT_EQ(takeError(), "kernel 'forward_kernel': the CUDA driver is too old, "
                         "it lacks cuLaunchKernelEx");
  EXPECT_EQ(fp4rtSynchronize(), 0);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

TEST_F(LaunchTest, AsksForMuchSharedMemoryOnce) {
  open();
  kernel.dynamicSharedBytes = 100000;
  Options options;
  options.sharedBytes = 99999;
  launch(options);
  launch(options);
  const char *expected = "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block "
                         "128x1x1 shared 99999 params 42)";
  EXPECT_EQ(takeCalls(), Calls({"cuModuleLoadDataEx()",
                                "cuModuleGetFunction(0x300, forward_kernel)",
                                "cuFuncSetAttribute(0x400, 8, 100000)",
                                expected, expected}));
}

TEST_F(LaunchTest, DoesNotAskForLittleSharedMemory) {
  open();
  Options options;
  options.sharedBytes = 49152;
  launch(options);
  EXPECT_EQ(getError(), "");
  EXPECT_EQ(takeCalls()[2], "cuLaunchKernelEx(0x400, 0x200, grid 4x2x1 block "
                            "128x1x1 shared 49152 params 42)");
}

TEST_F(LaunchTest, RefusesMoreSharedMemoryThanThereIs) {
  open();
  Options options;
  options.sharedBytes = 300000;
  launch(options);
  EXPECT_EQ(takeError(),
            "kernel 'forward_kernel': the launch asks for 300000 bytes of "
            "dynamic shared memory, but a block of Fake 0 has at most 232448");
  options.sharedBytes = -1;
  launch(options);
  EXPECT_EQ(takeError(),
            "kernel 'forward_kernel': the launch asks for -1 bytes of dynamic "
            "shared memory, but a block of Fake 0 has at most 232448");
  options.sharedBytes = 49153;
  launch(options);
  EXPECT_EQ(takeError(),
            "kernel 'forward_kernel': the launch asks for 49153 bytes of "
            "dynamic shared memory, but the kernel declares 0");
  kernel.dynamicSharedBytes = 300000;
  launch();
  EXPECT_EQ(takeError(),
            "kernel 'forward_kernel': it declares 300000 bytes of dynamic "
            "shared memory, but a block of Fake 0 has at most 232448");
}

TEST_F(LaunchTest, NamesTheKernelWhoseSharedMemoryIsRefused) {
  open();
  kernel.dynamicSharedBytes = 232448;
  fake->failures["cuFuncSetAttribute"] = 1;
  launch();
  EXPECT_EQ(takeError(),
            "kernel 'forward_kernel': 232448 bytes of dynamic shared memory: "
            "cuFuncSetAttribute failed: CUDA_ERROR_INVALID_VALUE (invalid "
            "argument)");
  EXPECT_EQ(kernel.function, nullptr);
}
