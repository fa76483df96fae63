//===- DeviceTest.cpp - Tests of opening devices and of errors ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeTest.h"
#include "fp4/Runtime/Symbols.h"
#include <thread>

using DeviceTest = RuntimeTest;

//===----------------------------------------------------------------------===//
// Opening and closing
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, RetainsThePrimaryContextAndGivesItBack) {
  ASSERT_EQ(fp4rtOpen(driverPath, 1), 0) << getError();
  EXPECT_EQ(takeCalls(),
            Calls({"cuInit()", "cuDevicePrimaryCtxRetain(1)",
                   "cuCtxSetCurrent(0x101)", "cuStreamCreate(1)"}));
  EXPECT_EQ(getContext(), 0x101u);
  fp4rtClose();
  EXPECT_EQ(takeCalls(),
            Calls({"cuStreamSynchronize(0x200)", "cuStreamDestroy(0x200)",
                   "cuCtxSetCurrent(0x0)", "cuDevicePrimaryCtxRelease(1)"}));
  EXPECT_EQ(getError(), "");
}

TEST_F(DeviceTest, SharesTheContextThatIsCurrent) {
  setContext(0x101);
  ASSERT_EQ(fp4rtOpen(driverPath, 0), 0) << getError();
  EXPECT_EQ(takeCalls(), Calls({"cuInit()", "cuStreamCreate(1)"}));
  EXPECT_STREQ(fp4rtDeviceName(), "Fake 1");
  fp4rtClose();
  EXPECT_EQ(takeCalls(),
            Calls({"cuStreamSynchronize(0x200)", "cuStreamDestroy(0x200)"}));
  EXPECT_EQ(getContext(), 0x101u);
}

TEST_F(DeviceTest, KnowsTheDevice) {
  int major = 0, minor = 0;
  EXPECT_EQ(fp4rtDeviceName(), nullptr);
  EXPECT_NE(fp4rtComputeCapability(&major, &minor), 0);
  EXPECT_EQ(takeError(), "the runtime is not open, call fp4rtOpen first");
  open();
  EXPECT_STREQ(fp4rtDeviceName(), "Fake 0");
  EXPECT_EQ(fp4rtComputeCapability(&major, &minor), 0);
  EXPECT_EQ(major, 10);
  EXPECT_EQ(minor, 3);
}

TEST_F(DeviceTest, OpensOnce) {
  open();
  EXPECT_EQ(fp4rtOpen(driverPath, 0), 0);
  EXPECT_EQ(takeCalls(), Calls());
  EXPECT_NE(fp4rtOpen(driverPath, 1), 0);
  EXPECT_EQ(takeError(), "device 1 of " + std::string(driverPath) +
                             ": the runtime is already open for device 0 of " +
                             driverPath);
  EXPECT_NE(fp4rtOpen("other.so", 0), 0);
  EXPECT_EQ(takeError(), "device 0 of other.so: the runtime is already open "
                         "for device 0 of " +
                             std::string(driverPath));
}

TEST_F(DeviceTest, OpensAgain) {
  open();
  fp4rtClose();
  fp4rtClose();
  EXPECT_EQ(fp4rtDeviceName(), nullptr);
  open();
  EXPECT_STREQ(fp4rtDeviceName(), "Fake 0");
}

TEST_F(DeviceTest, RefusesWhatIsNoDriver) {
  EXPECT_NE(fp4rtOpen("/nonexistent/libcuda.so.1", 0), 0);
  EXPECT_EQ(takeError(),
            "no CUDA driver: /nonexistent/libcuda.so.1: cannot open shared "
            "object file: No such file or directory");
  EXPECT_NE(fp4rtOpen("libm.so.6", 0), 0);
  EXPECT_EQ(takeError(), "no CUDA driver: libm.so.6: it lacks cuGetErrorName");
}

TEST_F(DeviceTest, RefusesMissingDevices) {
  EXPECT_NE(fp4rtOpen(driverPath, 2), 0);
  EXPECT_EQ(takeError(), "device 2: no such device, the CUDA driver reports 2");
  EXPECT_NE(fp4rtOpen(driverPath, -1), 0);
  EXPECT_EQ(takeError(),
            "device -1: no such device, the CUDA driver reports 2");
  fake->deviceCount = 0;
  EXPECT_NE(fp4rtOpen(driverPath, 0), 0);
  EXPECT_EQ(takeError(), "the CUDA driver reports no device");
  fake->failures["cuInit"] = 100;
  EXPECT_NE(fp4rtOpen(driverPath, 0), 0);
  EXPECT_EQ(takeError(), "the CUDA driver reports no device");
}

TEST_F(DeviceTest, GivesBackWhatItHasIfOpeningFails) {
  const std::pair<const char *, const char *> failures[] = {
      {"cuInit", ""},
      {"cuCtxGetCurrent", ""},
      {"cuDeviceGetCount", ""},
      {"cuDeviceGet", ""},
      {"cuDevicePrimaryCtxRetain", "device 0: "},
      {"cuCtxSetCurrent", ""},
      {"cuDeviceGetName", ""},
      {"cuDeviceGetAttribute", ""},
      {"cuStreamCreate", ""},
  };
  for (auto [function, prefix] : failures) {
    fake->failures = {{function, 2}};
    EXPECT_NE(fp4rtOpen(driverPath, 0), 0);
    EXPECT_EQ(takeError(), std::string(prefix) + function +
                               " failed: CUDA_ERROR_OUT_OF_MEMORY (out of "
                               "memory)");
    EXPECT_EQ(fp4rtDeviceName(), nullptr);
    EXPECT_EQ(fake->numContexts, 0) << function;
    EXPECT_EQ(getContext(), 0u) << function;
  }
  fake->failures.clear();
}

//===----------------------------------------------------------------------===//
// Streams and contexts
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, UsesTheStreamOfTheThread) {
  open();
  int stream = 0;
  char name[32];
  std::snprintf(name, sizeof(name), "0x%zx",
                reinterpret_cast<uintptr_t>(&stream));
  fp4rtSetStream(&stream);
  EXPECT_EQ(fp4rtSynchronize(), 0);
  std::thread([] { fp4rtSynchronize(); }).join();
  fp4rtSetStream(nullptr);
  EXPECT_EQ(fp4rtSynchronize(), 0);
  EXPECT_EQ(takeCalls(),
            Calls({"cuStreamSynchronize(" + std::string(name) + ")",
                   "cuCtxPushCurrent(0x100)", "cuStreamSynchronize(0x200)",
                   "cuCtxPopCurrent()", "cuStreamSynchronize(0x200)"}));
}

TEST_F(DeviceTest, LeavesTheContextOfAThreadAsItWas) {
  open();
  setContext(0x1ff);
  EXPECT_EQ(fp4rtSynchronize(), 0);
  EXPECT_EQ(getContext(), 0x1ffu);
  fake->failures["cuStreamSynchronize"] = 700;
  EXPECT_NE(fp4rtSynchronize(), 0);
  EXPECT_EQ(getContext(), 0x1ffu);
  fp4rtClose();
  EXPECT_EQ(getContext(), 0x1ffu);
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

TEST_F(DeviceTest, KeepsTheFirstError) {
  open();
  fake->failures["cuStreamSynchronize"] = 700;
  EXPECT_NE(fp4rtSynchronize(), 0);
  const char *expected =
      "cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal "
      "memory access was encountered)";
  EXPECT_EQ(getError(), expected);
  takeCalls();

  // Nothing is called while the error is pending, whoever caused it.
  EXPECT_NE(fp4rtSynchronize(), 0);
  EXPECT_EQ(fp4rtAlloc(4), nullptr);
  EXPECT_EQ(fp4rtAlloc(-4), nullptr);
  EXPECT_NE(fp4rtOpen("other.so", 0), 0);
  std::thread([] { fp4rtFill(nullptr, 0, 4); }).join();
  EXPECT_EQ(takeCalls(), Calls());
  EXPECT_EQ(getError(), expected);

  fp4rtClearError();
  EXPECT_EQ(getError(), "");
  fake->failures.clear();
  EXPECT_EQ(fp4rtSynchronize(), 0);
}

TEST_F(DeviceTest, ShowsNumbersThatTheDriverDoesNotKnow) {
  open();
  fake->failures["cuStreamSynchronize"] = 12345;
  EXPECT_NE(fp4rtSynchronize(), 0);
  EXPECT_EQ(getError(), "cuStreamSynchronize failed: error 12345");
}

TEST_F(DeviceTest, KeepsOneErrorOfManyThreads) {
  open();
  fake->failures["cuStreamSynchronize"] = 700;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([] {
      for (int j = 0; j < 100; ++j) {
        fp4rtSynchronize();
        fp4rtError();
        fp4rtClearError();
      }
      fp4rtSynchronize();
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_NE(getError().find("CUDA_ERROR_ILLEGAL_ADDRESS"), std::string::npos);
}

TEST_F(DeviceTest, RefusesCallsBeforeItIsOpen) {
  EXPECT_EQ(fp4rtAlloc(4), nullptr);
  EXPECT_EQ(takeError(), "the runtime is not open, call fp4rtOpen first");
  EXPECT_NE(fp4rtSynchronize(), 0);
  EXPECT_EQ(takeError(), "the runtime is not open, call fp4rtOpen first");
}

TEST_F(DeviceTest, HandsItsFunctionsToJITs) {
  std::map<llvm::StringRef, void *> symbols(
      mlir::fp4::getRuntimeSymbols().begin(),
      mlir::fp4::getRuntimeSymbols().end());
  EXPECT_EQ(symbols.size(), 9u);
  EXPECT_EQ(symbols["fp4rtLaunch"], reinterpret_cast<void *>(&fp4rtLaunch));
}
