//===- RuntimeTest.h - The runtime on a driver for tests --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_UNITTEST_RUNTIME_RUNTIMETEST_H
#define FP4_UNITTEST_RUNTIME_RUNTIMETEST_H

#include "FakeDriver.h"
#include "fp4/Runtime/Runtime.h"
#include "gtest/gtest.h"
#include <dlfcn.h>

using Calls = std::vector<std::string>;

/// Resets the driver for tests, and checks that a test gives all back.
class RuntimeTest : public testing::Test {
protected:
  static constexpr const char *driverPath = FP4_FAKE_DRIVER;

  void SetUp() override { useDriver(driverPath); }

  void TearDown() override {
    fp4rtSetStream(nullptr);
    fp4rtClose();
    fp4rtClearError();
    EXPECT_EQ(fake->numContexts, 0);
    EXPECT_EQ(fake->numStreams, 0);
    EXPECT_EQ(fake->numModules, 0);
    EXPECT_EQ(fake->numBuffers, 0);
    letGo();
  }

  /// Makes `fake` the state of the driver in `path`, as new.
  void useDriver(const char *path) {
    letGo();
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    fake = find<ResetFakeDriver>("resetFakeDriver")();
    setContext(0);
  }

  void open() {
    ASSERT_EQ(fp4rtOpen(driverPath, 0), 0) << getError();
    takeCalls();
  }

  /// The pending error; empty if there is none.
  static std::string getError() {
    const char *message = fp4rtError();
    return message ? message : "";
  }

  static std::string takeError() {
    std::string message = getError();
    fp4rtClearError();
    return message;
  }

  Calls takeCalls() {
    Calls calls;
    calls.swap(fake->calls);
    return calls;
  }

  /// The context that is current on this thread.
  uintptr_t getContext() { return find<GetFakeContext>("getFakeContext")(); }
  void setContext(uintptr_t context) {
    find<SetFakeContext>("setFakeContext")(context);
  }

  FakeDriver *fake = nullptr;

private:
  template <typename Function>
  Function find(const char *name) {
    return reinterpret_cast<Function>(dlsym(library, name));
  }

  void letGo() {
    if (library)
      dlclose(library);
    library = nullptr;
  }

  void *library = nullptr;
};

#endif // FP4_UNITTEST_RUNTIME_RUNTIMETEST_H
