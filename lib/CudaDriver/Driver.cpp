//===- Driver.cpp - The state of the simulated CUDA driver ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "fp4/Support/Error.h"
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

/// Never destroyed: programs call the driver while they exit.
Driver &Driver::get() {
  static Driver *driver = new Driver;
  return *driver;
}

std::vector<uint64_t> &cuda::contextStack() {
  static thread_local std::vector<uint64_t> stack;
  return stack;
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

static bool isSet(const char *variable) {
  const char *value = std::getenv(variable);
  return value && *value && StringRef(value) != "0";
}

static void print(const char *name, const Twine &why) {
  if (!isSet("FP4_SIM_QUIET"))
    std::fprintf(stderr, "fp4 simulator: %s: %s\n", name, why.str().c_str());
}

CUresult cuda::fail(const char *name, CUresult result, const Twine &why) {
  print(name, why);
  return result;
}

CUresult cuda::fail(const char *name, CUresult result, Error error) {
  return fail(name, result, toString(std::move(error)));
}

CUresult cuda::refuse(const char *name, const Twine &why) {
  static std::mutex mutex;
  static std::set<std::string> refused;
  std::lock_guard<std::mutex> lock(mutex);
  if (refused.insert(name).second)
    print(name, "not supported: " + why);
  return CUDA_ERROR_NOT_SUPPORTED;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

CUresult cuda::call(function_ref<CUresult(Driver &)> body) {
  Driver &driver = Driver::get();
  std::lock_guard<std::mutex> lock(driver.mutex);
  return driver.isInitialized ? body(driver) : CUDA_ERROR_NOT_INITIALIZED;
}

CUresult cuda::callInContext(function_ref<CUresult(Driver &, Context &)> body) {
  return call([&](Driver &driver) -> CUresult {
    if (contextStack().empty())
      return CUDA_ERROR_INVALID_CONTEXT;
    Context *context = driver.contexts.find(contextStack().back());
    if (!context || !context->isActive())
      return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    return context->error != CUDA_SUCCESS ? context->error
                                          : body(driver, *context);
  });
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static StringRef getVariable(const char *name, StringRef otherwise) {
  const char *value = std::getenv(name);
  return value && *value ? StringRef(value) : otherwise;
}

static Expected<Options> readOptions() {
  Options options;
  Expected<const Chip *> chip =
      Chip::find(getVariable("FP4_SIM_CHIP", "sm_100a"));
  if (!chip)
    return joinErrors(makeError("FP4_SIM_CHIP"), chip.takeError());
  options.chip = *chip;
  StringRef order = getVariable("FP4_SIM_ORDER", "late"), rest = order;
  if (order == "late")
    options.order = Order::Late;
  else if (order == "early")
    options.order = Order::Early;
  else if (rest.consume_front("random:") && !rest.getAsInteger(0, options.seed))
    options.order = Order::Random;
  else
    return makeError("FP4_SIM_ORDER: expects late, early or random:SEED, but "
                     "got '{0}'",
                     order);
  options.pedantic = isSet("FP4_SIM_PEDANTIC");
  options.statisticsFile = getVariable("FP4_SIM_STATS", "").str();
  options.blocksLaunches = isSet("CUDA_LAUNCH_BLOCKING");
  return options;
}

/// What a device of this host can have: each byte has one of shadow.
static uint64_t getTotalMemory() {
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  uint64_t bytes = pages > 0 && size > 0 ? uint64_t(pages) * uint64_t(size)
                                         : uint64_t(1) << 32;
  return bytes / 2 >> 20 << 20;
}

CUresult Driver::initialize() {
  std::lock_guard<std::mutex> lock(mutex);
  if (isInitialized)
    return CUDA_SUCCESS;
  Expected<Options> read = readOptions();
  if (!read)
    return fail("cuInit", CUDA_ERROR_NO_DEVICE, read.takeError());
  options = std::move(*read);
  totalMemory = getTotalMemory();
  primary = &contexts.add(std::make_unique<Context>());
  primary->isPrimary = true;
  clear(*primary);
  defaultPool = &pools.add(std::make_unique<Pool>());
  defaultPool->isDefault = true;
  defaultPool->properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  defaultPool->properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, 0};
  currentPool = defaultPool;
  isInitialized = true;
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

void Driver::clear(Context &context) {
  auto isOfContext = [&](const Object &object) {
    return object.context == context.handle;
  };
  functions.eraseIf(isOfContext);
  modules.eraseIf(isOfContext);
  streams.eraseIf(isOfContext);
  events.eraseIf(isOfContext);
  for (auto it = buffers.begin(); it != buffers.end();) {
    Buffer &buffer = *(it++)->second;
    if (buffer.context == context.handle)
      free(buffer);
  }
  context.error = CUDA_SUCCESS;
  context.cacheConfig = 0;
  // The defaults of the limits, in the order of CUlimit.
  const size_t defaults[] = {1024, 1 << 20, 8 << 20, 2, 2048, 64, 0};
  std::copy(std::begin(defaults), std::end(defaults), context.limits);
  for (auto [stream, handle] :
       {std::pair(&context.legacy, legacyStream),
        std::pair(&context.perThread, perThreadStream)}) {
    stream->handle = handle;
    stream->context = context.handle;
    stream->id = nextStreamID++;
  }
}

Stream *Driver::findStream(Context &context, CUstream stream) {
  auto handle = reinterpret_cast<uintptr_t>(stream);
  if (handle == 0 || handle == legacyStream)
    return &context.legacy;
  if (handle == perThreadStream)
    return &context.perThread;
  Stream *found = streams.find(handle);
  return found && found->context == context.handle ? found : nullptr;
}
