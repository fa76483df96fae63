//===- FakeDriver.h - A CUDA driver for tests -------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A library with the functions of the CUDA driver that the runtime loads. It
// writes down how it is called, keeps device memory in host memory, runs no
// kernels, and fails on demand.
//
// Handles are numbers, by which the log shows them: contexts start at 0x100,
// streams at 0x200, modules at 0x300 and functions at 0x400.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_UNITTEST_RUNTIME_FAKEDRIVER_H
#define FP4_UNITTEST_RUNTIME_FAKEDRIVER_H

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

struct FakeDriver {
  std::mutex mutex;
  /// The calls so far, "cuStreamSynchronize(0x200)". Those that only ask for
  /// something are left out.
  std::vector<std::string> calls;
  /// By function, the CUresult that it fails with.
  std::map<std::string, int> failures;
  /// What the driver writes to the log of a module that it refuses.
  std::string jitLog;
  /// The last image that was loaded, up to its NUL.
  std::string image;

  int deviceCount = 2;
  int maxSharedBytes = 232448;
  int loadMilliseconds = 0; ///< How long it takes to load a module.

  std::atomic<int> numContexts = 0; ///< Primary contexts that are retained.
  std::atomic<int> numStreams = 0;
  std::atomic<int> numModules = 0;
  std::atomic<int> numBuffers = 0;
  std::atomic<int> numFunctions = 0; ///< Ever handed out.
};

// The library also has these functions.

/// resetFakeDriver: a state as new, which lives until the next reset. Letting
/// go of a C++ library does not always unload it.
using ResetFakeDriver = FakeDriver *(*)();
/// setFakeContext: makes a context current on this thread; 0 for none.
using SetFakeContext = void (*)(uintptr_t context);
/// getFakeContext: the context that is current on this thread.
using GetFakeContext = uintptr_t (*)();

#endif // FP4_UNITTEST_RUNTIME_FAKEDRIVER_H
