//===- Launches.cpp - cuLaunchKernel --------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Functions.h"
#include "HostMemory.h"
#include "LaunchConfig.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"
#include <cstdio>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

namespace {
/// What a program passes to a kernel, in one of two ways.
struct Arguments {
  void **pointers; ///< One for each parameter.
  void **extra;    ///< A list of tags and values.

  CUresult read(const char *call, const Kernel &kernel,
                std::vector<uint8_t> &bytes) const;

private:
  CUresult readExtra(const char *call, std::vector<uint8_t> &bytes) const;
};
} // namespace

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

CUresult Arguments::readExtra(const char *call,
                              std::vector<uint8_t> &bytes) const {
  const void *buffer = nullptr;
  const size_t *size = nullptr;
  for (void **next = extra; uintptr_t(*next) != launchParamEnd; next += 2) {
    switch (uintptr_t(*next)) {
    case launchParamBufferPointer:
      buffer = next[1];
      break;
    case launchParamBufferSize:
      size = static_cast<const size_t *>(next[1]);
      break;
    default:
      return CUDA_ERROR_INVALID_VALUE;
    }
  }
  if (bytes.empty())
    return CUDA_SUCCESS;
  if (!buffer || !size || *size < bytes.size())
    return fail(call, CUDA_ERROR_INVALID_VALUE,
                "the kernel takes " + Twine(bytes.size()) +
                    " bytes of parameters, but got " +
                    Twine(buffer && size ? *size : 0));
  return readHost(buffer, bytes) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult Arguments::read(const char *call, const Kernel &kernel,
                         std::vector<uint8_t> &bytes) const {
  bytes.assign(kernel.parameterBytes, 0);
  if (pointers && extra)
    return CUDA_ERROR_INVALID_VALUE;
  if (extra)
    return readExtra(call, bytes);
  for (auto [i, parameter] : enumerate(kernel.parameters)) {
    if (!pointers ||
        !readHost(pointers[i], MutableArrayRef(bytes).slice(parameter.offset,
                                                            parameter.size)))
      return fail(call, CUDA_ERROR_INVALID_VALUE,
                  "there is no argument for parameter " + Twine(i) + ", " +
                      Twine(parameter.size) + " bytes, of kernel '" +
                      kernel.name + "'");
  }
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

/// What the hardware calls what a rule has found.
static CUresult getResult(StringRef rule) {
  return StringSwitch<CUresult>(rule)
      .Case("out-of-bounds", CUDA_ERROR_ILLEGAL_ADDRESS)
      .Case("misaligned", CUDA_ERROR_MISALIGNED_ADDRESS)
      .Case("assertion", CUDA_ERROR_ASSERT)
      .Cases({"deadlock", "step-limit"}, CUDA_ERROR_LAUNCH_TIMEOUT)
      .Case("stack-overflow", CUDA_ERROR_HARDWARE_STACK_ERROR)
      .Default(CUDA_ERROR_LAUNCH_FAILED);
}

/// One line of JSON for each launch.
static void writeStatistics(const std::string &file, const Function &function,
                            const Launch &launch, const Statistics &s) {
  std::string line;
  raw_string_ostream os(line);
  json::OStream json(os);
  json.object([&] {
    json.attribute("kernel", function.name);
    for (auto [name, dim] :
         {std::pair("grid", &launch.grid), std::pair("block", &launch.block),
          std::pair("cluster", &launch.cluster)})
      json.attributeArray(name, [&, dim = dim] {
        for (uint32_t extent : *dim)
          json.value(extent);
      });
    for (auto [i, name] : enumerate(Statistics::classNames()))
      json.attribute((name + "_instructions").str(), s.instructions[i]);
    json.attribute("thread_instructions", s.threadInstructions);
    json.attribute("global_bytes_read", s.globalBytesRead);
    json.attribute("global_bytes_written", s.globalBytesWritten);
    json.attribute("shared_bytes_read", s.sharedBytesRead);
    json.attribute("shared_bytes_written", s.sharedBytesWritten);
    json.attribute("copied_bytes", s.copiedBytes);
    json.attribute("tensor_flop", s.tensorFlop);
    json.attribute("shared_accesses", s.sharedAccesses);
    json.attribute("bank_conflicts", s.bankConflicts);
    json.attribute("waits", s.barrierWaits);
  });
  line += '\n';
  if (FILE *out = std::fopen(file.c_str(), "a")) {
    std::fwrite(line.data(), 1, line.size(), out);
    std::fclose(out);
  } else {
    fail("FP4_SIM_STATS", CUDA_SUCCESS, "cannot write '" + file + "'");
  }
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

static CUresult checkResources(const char *call, const LaunchConfig &config,
                               const Function &function, const Chip &chip) {
  if (config.dynamicShared > uint32_t(function.settings.maxDynamicShared))
    return fail(call, CUDA_ERROR_INVALID_VALUE,
                "kernel '" + function.name + "' may have " +
                    Twine(function.settings.maxDynamicShared) +
                    " bytes of dynamic shared memory, but got " +
                    Twine(config.dynamicShared) +
                    "; CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES allows "
                    "more");
  uint64_t threads =
      uint64_t(config.block[0]) * config.block[1] * config.block[2];
  uint64_t blocks = uint64_t(config.grid[0]) * config.grid[1] * config.grid[2];
  uint64_t resident =
      getResidentBlocks(function, chip, threads, config.dynamicShared) *
      chip.multiprocessors;
  if (config.isCooperative && resident && blocks > resident)
    return fail(call, CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
                "of " + Twine(blocks) + " blocks that wait for one another, " +
                    Twine(resident) + " are resident");
  return CUDA_SUCCESS;
}

static CUresult launch(const char *call, Driver &driver, Context &context,
                       Function &function, LaunchConfig &config,
                       const Arguments &arguments) {
  if (!driver.findStream(context, config.stream))
    return CUDA_ERROR_INVALID_HANDLE;
  Event *completion =
      config.completion ? driver.events.find(config.completion) : nullptr;
  if (config.completion && !completion)
    return CUDA_ERROR_INVALID_HANDLE;
  const Chip &chip = driver.chip();
  CUresult result = config.setCluster(call, function, chip);
  if (result == CUDA_SUCCESS)
    result = checkResources(call, config, function, chip);
  Launch launch;
  if (result == CUDA_SUCCESS)
    result = arguments.read(call, *function.kernel, launch.parameters);
  if (result != CUDA_SUCCESS)
    return result;

  std::string output;
  raw_string_ostream outputStream(output);
  launch.program = function.program;
  launch.kernel = function.kernel;
  launch.grid = config.grid;
  launch.block = config.block;
  launch.cluster = config.cluster;
  launch.dynamicShared = config.dynamicShared;
  launch.order = driver.options.order;
  launch.seed = driver.options.seed;
  launch.pedantic = driver.options.pedantic;
  launch.output = &outputStream;
  Expected<LaunchResult> run = sim::launch(launch, driver.memory);
  if (!run)
    return fail(call, CUDA_ERROR_INVALID_VALUE, run.takeError());
  std::fwrite(output.data(), 1, output.size(), stdout);
  std::fflush(stdout);
  if (!driver.options.statisticsFile.empty())
    writeStatistics(driver.options.statisticsFile, function, launch,
                    run->statistics);
  if (completion) {
    completion->isRecorded = true;
    completion->time = std::chrono::steady_clock::now();
  }
  for (const Report &warning : run->warnings)
    std::fprintf(stderr, "%s\n", warning.format().c_str());
  if (run->reports.empty())
    return CUDA_SUCCESS;
  for (const Report &report : run->reports)
    std::fprintf(stderr, "%s\n", report.format().c_str());
  context.error = getResult(run->reports.front().rule);
  // As on hardware, where the kernel has only been queued: the next call says
  // it.
  return driver.options.blocksLaunches ? context.error : CUDA_SUCCESS;
}

static CUresult launch(const char *call, const void *function,
                       LaunchConfig &config, const Arguments &arguments) {
  return callInContext([&](Driver &driver, Context &context) {
    Function *found = driver.findFunction(context, function);
    return found ? launch(call, driver, context, *found, config, arguments)
                 : CUDA_ERROR_INVALID_HANDLE;
  });
}

FP4_CUDA(cuLaunchKernel, (CUfunction function, unsigned gridX, unsigned gridY,
                          unsigned gridZ, unsigned blockX, unsigned blockY,
                          unsigned blockZ, unsigned sharedBytes,
                          CUstream stream, void **pointers, void **extra)) {
  LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  config.dynamicShared = sharedBytes;
  config.stream = stream;
  return launch("cuLaunchKernel", function, config, {pointers, extra});
}
FP4_CUDA_ALIAS(cuLaunchKernel_ptsz, cuLaunchKernel)

FP4_CUDA(cuLaunchCooperativeKernel,
         (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,
          unsigned blockX, unsigned blockY, unsigned blockZ,
          unsigned sharedBytes, CUstream stream, void **pointers)) {
  LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  config.dynamicShared = sharedBytes;
  config.stream = stream;
  config.isCooperative = true;
  return launch("cuLaunchCooperativeKernel", function, config,
                {pointers, nullptr});
}
FP4_CUDA_ALIAS(cuLaunchCooperativeKernel_ptsz, cuLaunchCooperativeKernel)

FP4_CUDA(cuLaunchKernelEx, (const CUlaunchConfig *config, CUfunction function,
                            void **pointers, void **extra)) {
  LaunchConfig read;
  CUresult result = read.read("cuLaunchKernelEx", config);
  if (result != CUDA_SUCCESS)
    return result;
  return launch("cuLaunchKernelEx", function, read, {pointers, extra});
}
FP4_CUDA_ALIAS(cuLaunchKernelEx_ptsz, cuLaunchKernelEx)
