//===- HostDriver.cpp - A CUDA driver that executes on the host -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A library with the functions of the CUDA driver that the runtime loads, which
// executes kernels on the host, so that all but tensor cores and PTX itself can
// be tested without a device:
//
//  - Work is queued and executed when its stream is synchronized, as a device
//    may: host memory that is changed or freed too early is noticed.
//  - Device memory cannot be accessed but by copies and kernels. What goes past
//    the end of an allocation or uses a freed one is a fault, here and there,
//    and new memory holds 0xA5.
//  - Kernels come from a library that native_kernels.py makes of the kernels'
//    LLVM IR. The image that the runtime loads is only held against it. Threads
//    run one after the other, in an order of no meaning.
//  - What a process leaves allocated or loaded ends it with exit code 3.
//
// Environment:
//   FP4_HOST_DRIVER_KERNELS  the library with the kernels
//   FP4_HOST_DRIVER_CHIP     the compute capability (default 9.0)
//   FP4_HOST_DRIVER_DEVICES  how many devices there are (default 1)
//   FP4_HOST_DRIVER_FAIL     a function that fails, "cuMemAllocAsync", or its
//                            n-th call only, "cuMemAllocAsync:2"
//   FP4_HOST_DRIVER_LOG      if set, calls that do something go to stderr
//
//===----------------------------------------------------------------------===//

#include "CudaTypes.h"
#include "HostKernels.h"
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace mlir::fp4::runtime;

#define DRIVER extern "C" __attribute__((visibility("default")))

constexpr CUresult errorInvalidValue = 1;
constexpr CUresult errorOutOfMemory = 2;
constexpr CUresult errorInvalidDevice = 101;
constexpr CUresult errorInvalidContext = 201;
constexpr CUresult errorInvalidPTX = 218;
constexpr CUresult errorInvalidHandle = 400;
constexpr CUresult errorNotFound = 500;
constexpr CUresult errorIllegalAddress = 700;
constexpr CUresult errorUnknown = 999;

static std::string getVariable(const char *name, const char *otherwise = "") {
  const char *value = std::getenv(name);
  return value ? value : otherwise;
}

/// Says what is wrong, which a CUresult does not, and returns it.
__attribute__((format(printf, 2, 3))) static CUresult
refuse(CUresult result, const char *format, ...) {
  std::fputs("host driver: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputs("\n", stderr);
  return result;
}

/// What this call of `function` is to fail with.
static CUresult enter(const char *function) {
  static const std::string failing = getVariable("FP4_HOST_DRIVER_FAIL");
  static const bool log = std::getenv("FP4_HOST_DRIVER_LOG");
  static std::map<std::string, int> counts;
  int count = ++counts[function];
  if (log)
    std::fprintf(stderr, "host driver: %s\n", function);
  if (failing == function ||
      failing == std::string(function) + ":" + std::to_string(count))
    return errorUnknown;
  return cudaSuccess;
}

#define RETURN_IF_FAILED(CALL)                                                 \
  if (CUresult result = CALL)                                                  \
    return result;

//===----------------------------------------------------------------------===//
// Device memory
//===----------------------------------------------------------------------===//

namespace {
/// Addresses that nothing else has, each used once. An allocation ends where a
/// page does that cannot be accessed, but for what aligns it.
class Memory {
public:
  Memory() {
    void *start = mmap(nullptr, capacity, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED)
      next = base = reinterpret_cast<uintptr_t>(start);
  }

  CUresult allocate(CUdeviceptr &pointer, size_t bytes) {
    size_t pages = roundUp(bytes, pageSize);
    if (!base || bytes == 0 || pages + pageSize > base + capacity - next)
      return bytes ? errorOutOfMemory : errorInvalidValue;
    pointer = next + pages - roundUp(bytes, alignment);
    Guard guard(next, pages);
    std::memset(reinterpret_cast<void *>(next), 0xA5, pages);
    next += pages + pageSize;
    live[pointer] = bytes;
    return cudaSuccess;
  }

  CUresult free(CUdeviceptr pointer) {
    auto found = live.find(pointer);
    if (found == live.end())
      return refuse(errorInvalidValue, "%#llx is freed, but not allocated",
                    pointer);
    auto [start, pages] = getPages(*found);
    bool overrun = false;
    {
      Guard guard(start, pages);
      auto *byte = reinterpret_cast<const unsigned char *>(start);
      for (size_t i = 0; i < pages; ++i)
        if (start + i < pointer || start + i >= pointer + found->second)
          overrun |= byte[i] != 0xA5;
    }
    madvise(reinterpret_cast<void *>(start), pages, MADV_DONTNEED);
    live.erase(found);
    return overrun ? refuse(errorIllegalAddress,
                            "something was written next to an allocation")
                   : cudaSuccess;
  }

  /// The access to an allocation that has all these bytes.
  CUresult checkDevice(CUdeviceptr pointer, size_t bytes) const {
    auto after = live.upper_bound(pointer);
    if (after != live.begin()) {
      auto [start, size] = *std::prev(after);
      if (pointer - start <= size && bytes <= size - (pointer - start))
        return cudaSuccess;
    }
    return refuse(errorInvalidValue,
                  "%#llx with %zu bytes is not within device memory", pointer,
                  bytes);
  }
  CUresult checkHost(const void *pointer) const {
    auto address = reinterpret_cast<uintptr_t>(pointer);
    if (pointer && (address < base || address >= base + capacity))
      return cudaSuccess;
    return refuse(errorInvalidValue, "%p is not host memory", pointer);
  }

  bool hasLeaks() const { return !live.empty(); }
  void printLeaks() const {
    for (auto [pointer, bytes] : live)
      std::fprintf(stderr, "host driver: %zu bytes were not freed\n", bytes);
  }

  /// Makes all allocations accessible while `body` runs.
  void access(const std::function<void()> &body) {
    std::deque<Guard> guards;
    for (auto &allocation : live) {
      auto [start, pages] = getPages(allocation);
      guards.emplace_back(start, pages);
    }
    body();
  }

private:
  static constexpr size_t capacity = size_t(1) << 36, alignment = 256;

  struct Guard {
    Guard(uintptr_t start, size_t bytes) : start(start), bytes(bytes) {
      protect(PROT_READ | PROT_WRITE);
    }
    ~Guard() { protect(PROT_NONE); }
    Guard(const Guard &) = delete;
    void protect(int protection) const {
      if (mprotect(reinterpret_cast<void *>(start), bytes, protection))
        std::abort();
    }
    uintptr_t start;
    size_t bytes;
  };

  static size_t roundUp(size_t value, size_t to) {
    return (value + to - 1) / to * to;
  }
  std::pair<uintptr_t, size_t>
  getPages(const std::pair<const CUdeviceptr, size_t> &allocation) const {
    return {allocation.first / pageSize * pageSize,
            roundUp(allocation.second, pageSize)};
  }

  const size_t pageSize = sysconf(_SC_PAGESIZE);
  uintptr_t base = 0, next = 0;
  std::map<CUdeviceptr, size_t> live;
};

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

struct Module {
  std::string image;
  void *library = nullptr;
};

struct Function {
  const FP4HostKernel *kernel;
  unsigned *registers;
  unsigned maxThreads;
};

struct State {
  ~State() {
    drain();
    if (!memory.hasLeaks() && modules.empty())
      return;
    memory.printLeaks();
    for (Module *module : modules)
      std::fprintf(stderr,
                   "host driver: a module of %zu bytes was not "
                   "unloaded\n",
                   module->image.size());
    std::fflush(nullptr);
    std::_Exit(3);
  }

  Memory memory;
  std::set<Module *> modules;
  std::deque<Function> functions;
  std::vector<CUcontext> contexts = {nullptr}; ///< The last one is current.
  std::deque<std::function<CUresult()>> queue;

  CUresult drain() {
    while (!queue.empty()) {
      std::function<CUresult()> work = std::move(queue.front());
      queue.pop_front();
      RETURN_IF_FAILED(work());
    }
    return cudaSuccess;
  }
};
} // namespace

static State state;

static const CUstream theStream = reinterpret_cast<CUstream>(0x200);

/// The context that a call needs, and the one stream.
static CUresult check(const char *function, CUstream stream = theStream) {
  RETURN_IF_FAILED(enter(function));
  if (!state.contexts.back())
    return refuse(errorInvalidContext, "%s: no context is current", function);
  if (stream != theStream)
    return refuse(errorInvalidHandle, "%s: no such stream", function);
  return cudaSuccess;
}

static CUresult enqueue(std::function<CUresult()> work) {
  state.queue.push_back(std::move(work));
  return cudaSuccess;
}

//===----------------------------------------------------------------------===//
// Errors, devices and contexts
//===----------------------------------------------------------------------===//

static constexpr std::pair<CUresult, const char *> errorNames[] = {
    {errorInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
    {errorOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
    {cudaErrorNoDevice, "CUDA_ERROR_NO_DEVICE"},
    {errorInvalidDevice, "CUDA_ERROR_INVALID_DEVICE"},
    {errorInvalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
    {errorInvalidPTX, "CUDA_ERROR_INVALID_PTX"},
    {errorInvalidHandle, "CUDA_ERROR_INVALID_HANDLE"},
    {errorNotFound, "CUDA_ERROR_NOT_FOUND"},
    {errorIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    {errorUnknown, "CUDA_ERROR_UNKNOWN"},
};

DRIVER CUresult cuGetErrorName(CUresult result, const char **name) {
  *name = nullptr;
  for (auto [number, text] : errorNames)
    if (number == result)
      *name = text;
  return *name ? cudaSuccess : errorInvalidValue;
}

DRIVER CUresult cuGetErrorString(CUresult, const char **text) {
  *text = "from the host driver";
  return cudaSuccess;
}

static int getDeviceCount() {
  return std::stoi(getVariable("FP4_HOST_DRIVER_DEVICES", "1"));
}

DRIVER CUresult cuInit(unsigned) {
  RETURN_IF_FAILED(enter("cuInit"));
  return getDeviceCount() ? cudaSuccess : cudaErrorNoDevice;
}

DRIVER CUresult cuDeviceGetCount(int *count) {
  *count = getDeviceCount();
  return enter("cuDeviceGetCount");
}

DRIVER CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  RETURN_IF_FAILED(enter("cuDeviceGet"));
  *device = ordinal;
  return ordinal < getDeviceCount() ? cudaSuccess : errorInvalidDevice;
}

DRIVER CUresult cuDeviceGetName(char *name, int size, CUdevice) {
  std::snprintf(name, size, "Host");
  return enter("cuDeviceGetName");
}

static unsigned getCapability() {
  std::string chip = getVariable("FP4_HOST_DRIVER_CHIP", "9.0");
  return std::stoi(chip) * 10 + std::stoi(chip.substr(chip.find('.') + 1));
}

DRIVER CUresult cuDeviceGetAttribute(int *value, DeviceAttribute attribute,
                                     CUdevice) {
  RETURN_IF_FAILED(enter("cuDeviceGetAttribute"));
  switch (attribute) {
  case ComputeCapabilityMajor:
    return *value = getCapability() / 10, cudaSuccess;
  case ComputeCapabilityMinor:
    return *value = getCapability() % 10, cudaSuccess;
  case MaxSharedMemoryPerBlockOptin:
    return *value = 227 << 10, cudaSuccess;
  }
  return errorInvalidValue;
}

DRIVER CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  *context = reinterpret_cast<CUcontext>(uintptr_t(0x100 + device));
  return enter("cuDevicePrimaryCtxRetain");
}
DRIVER CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) {
  return enter("cuDevicePrimaryCtxRelease");
}
DRIVER CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = state.contexts.back();
  return enter("cuCtxGetCurrent");
}
DRIVER CUresult cuCtxSetCurrent(CUcontext context) {
  state.contexts.back() = context;
  return enter("cuCtxSetCurrent");
}
DRIVER CUresult cuCtxPushCurrent_v2(CUcontext context) {
  state.contexts.push_back(context);
  return enter("cuCtxPushCurrent");
}
DRIVER CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  RETURN_IF_FAILED(check("cuCtxPopCurrent"));
  *context = state.contexts.back();
  state.contexts.pop_back();
  return cudaSuccess;
}
DRIVER CUresult cuCtxGetDevice(CUdevice *device) {
  RETURN_IF_FAILED(check("cuCtxGetDevice"));
  *device = reinterpret_cast<uintptr_t>(state.contexts.back()) - 0x100;
  return cudaSuccess;
}

//===----------------------------------------------------------------------===//
// Streams and memory
//===----------------------------------------------------------------------===//

DRIVER CUresult cuStreamCreate(CUstream *stream, unsigned) {
  *stream = theStream;
  return check("cuStreamCreate");
}
DRIVER CUresult cuStreamDestroy_v2(CUstream stream) {
  return check("cuStreamDestroy", stream);
}
DRIVER CUresult cuStreamSynchronize(CUstream stream) {
  RETURN_IF_FAILED(check("cuStreamSynchronize", stream));
  return state.drain();
}

/// At once: the address is new, so that nothing in the queue can use it.
DRIVER CUresult cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes,
                                CUstream stream) {
  RETURN_IF_FAILED(check("cuMemAllocAsync", stream));
  return state.memory.allocate(*pointer, bytes);
}

/// Also if it is to fail: the device gives back what it has with an error.
DRIVER CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
  CUresult result = check("cuMemFreeAsync", stream);
  enqueue([=] { return state.memory.free(pointer); });
  return result;
}

static void *toHost(CUdeviceptr pointer) {
  return reinterpret_cast<void *>(pointer);
}

/// memcpy once the queue is there, between what is device memory as told.
static CUresult enqueueCopy(void *dst, bool toDevice, const void *src,
                            bool fromDevice, size_t bytes) {
  return enqueue([=] {
    for (auto [pointer, onDevice] :
         {std::pair<const void *, bool>(dst, toDevice),
          std::pair(src, fromDevice)})
      RETURN_IF_FAILED(onDevice
                           ? state.memory.checkDevice(
                                 reinterpret_cast<CUdeviceptr>(pointer), bytes)
                           : state.memory.checkHost(pointer));
    auto from = reinterpret_cast<uintptr_t>(src),
         to = reinterpret_cast<uintptr_t>(dst);
    if (from < to + bytes && to < from + bytes)
      return refuse(errorInvalidValue, "a copy between buffers that overlap");
    state.memory.access([&] { std::memcpy(dst, src, bytes); });
    return cudaSuccess;
  });
}

DRIVER CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src,
                                     size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(check("cuMemcpyHtoDAsync", stream));
  return enqueueCopy(toHost(dst), true, src, false, bytes);
}
DRIVER CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t bytes,
                                     CUstream stream) {
  RETURN_IF_FAILED(check("cuMemcpyDtoHAsync", stream));
  return enqueueCopy(dst, false, toHost(src), true, bytes);
}
DRIVER CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src,
                                     size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(check("cuMemcpyDtoDAsync", stream));
  return enqueueCopy(toHost(dst), true, toHost(src), true, bytes);
}

DRIVER CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value,
                                size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(check("cuMemsetD8Async", stream));
  return enqueue([=] {
    RETURN_IF_FAILED(state.memory.checkDevice(dst, bytes));
    state.memory.access([&] { std::memset(toHost(dst), value, bytes); });
    return cudaSuccess;
  });
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// "sm_90a" is for 9.0 alone, "sm_80" for everything since.
static CUresult checkTarget(const std::string &image) {
  constexpr char directive[] = "\n.target sm_";
  size_t place = image.find(directive);
  if (place == std::string::npos)
    return refuse(errorInvalidPTX, "the image is no PTX");
  char *end;
  unsigned chip =
      std::strtoul(&image[place + sizeof(directive) - 1], &end, /*base=*/10);
  if (*end == 'a' ? chip == getCapability() : chip <= getCapability())
    return cudaSuccess;
  return refuse(errorInvalidPTX, "the image is for sm_%u, not for this device",
                chip);
}

DRIVER CUresult cuModuleLoadDataEx(CUmodule *handle, const void *image,
                                   unsigned, JitOption *, void **) {
  RETURN_IF_FAILED(check("cuModuleLoadDataEx"));
  auto module = std::make_unique<Module>();
  module->image = static_cast<const char *>(image);
  RETURN_IF_FAILED(checkTarget(module->image));
  std::string path = getVariable("FP4_HOST_DRIVER_KERNELS");
  if (path.empty())
    return refuse(errorNotFound, "FP4_HOST_DRIVER_KERNELS is not set");
  module->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module->library)
    return refuse(errorNotFound, "%s", dlerror());
  *handle = reinterpret_cast<CUmodule>(module.get());
  state.modules.insert(module.release());
  return cudaSuccess;
}

static Module *getModule(CUmodule handle) {
  auto *module = reinterpret_cast<Module *>(handle);
  return state.modules.count(module) ? module : nullptr;
}

DRIVER CUresult cuModuleUnload(CUmodule handle) {
  CUresult result = check("cuModuleUnload");
  std::unique_ptr<Module> module(getModule(handle));
  if (!module)
    return refuse(errorInvalidHandle, "no such module");
  state.modules.erase(module.get());
  if (!state.queue.empty())
    return refuse(errorUnknown, "a module is unloaded while work is queued");
  dlclose(module->library);
  return result;
}

/// The sizes of an entry's parameters as FP4HostKernel has them, and its
/// .maxntid; no sizes if the image lacks the entry.
static std::pair<std::string, unsigned> readEntry(const std::string &image,
                                                  const std::string &name) {
  size_t place = image.find(".entry " + name + "(");
  if (place == std::string::npos)
    return {"none", 0};
  size_t end = image.find(')', place), body = image.find('{', place);
  std::string sizes;
  while ((place = image.find(".param .", place)) < end) {
    place += std::strlen(".param .");
    // ".u64", and for arrays ".align".
    int bits = std::atoi(&image[place + 1]);
    sizes += bits ? char('0' + bits / 8) : '?';
  }
  size_t most = image.find(".maxntid ", end);
  return {sizes, most < body ? std::atoi(&image[most + 9]) : 1024};
}

DRIVER CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle,
                                    const char *name) {
  RETURN_IF_FAILED(check("cuModuleGetFunction"));
  Module *module = getModule(handle);
  if (!module)
    return refuse(errorInvalidHandle, "no such module");
  auto *kernel = static_cast<const FP4HostKernel *>(
      dlsym(module->library, "fp4_host_kernels"));
  auto *registers =
      static_cast<unsigned *>(dlsym(module->library, "fp4_host_registers"));
  if (!kernel || !registers)
    return refuse(errorNotFound, "the library with the kernels is none");
  while (kernel->name && std::strcmp(kernel->name, name))
    ++kernel;
  if (!kernel->name)
    return refuse(errorNotFound, "kernel %s is not in the library", name);
  if (kernel->needs)
    return refuse(errorNotFound, "kernel %s needs a device: %s", name,
                  kernel->needs);
  auto [sizes, maxThreads] = readEntry(module->image, name);
  if (sizes != kernel->sizes)
    return refuse(errorInvalidPTX,
                  "kernel %s has parameters of %s in the image, but of %s in "
                  "the library",
                  name, sizes.c_str(), kernel->sizes);
  state.functions.push_back({kernel, registers, maxThreads});
  *function = reinterpret_cast<CUfunction>(&state.functions.back());
  return cudaSuccess;
}

DRIVER CUresult cuFuncSetAttribute(CUfunction, FunctionAttribute, int) {
  return check("cuFuncSetAttribute");
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// Runs all threads, in an order that visits each once: steps of a fixed size,
/// which has no divisor in common with their number.
static void runThreads(const LaunchConfig &config, const Function &function,
                       void **params) {
  uint64_t sizes[6] = {config.blockDimX, config.blockDimY, config.blockDimZ,
                       config.gridDimX,  config.gridDimY,  config.gridDimZ};
  uint64_t count = 1;
  for (int i = 0; i < 6; ++i)
    count *= function.registers[6 + i] = sizes[i];
  uint64_t step = count * 5 / 8 | 1;
  while (std::gcd(step, count) != 1)
    step += 2;
  uint64_t thread = count / 3;
  for (uint64_t done = 0; done < count; ++done) {
    uint64_t rest = thread;
    for (int i = 0; i < 6; ++i) {
      function.registers[i] = rest % sizes[i];
      rest /= sizes[i];
    }
    function.kernel->run(params);
    thread = (thread + step) % count;
  }
}

DRIVER CUresult cuLaunchKernelEx(const LaunchConfig *config, CUfunction handle,
                                 void **params, void **extra) {
  RETURN_IF_FAILED(check("cuLaunchKernelEx", config->stream));
  const auto &function = *reinterpret_cast<const Function *>(handle);
  if (config->numAttrs || config->sharedMemBytes || extra)
    return refuse(errorInvalidValue,
                  "kernel %s is launched with clusters or "
                  "shared memory",
                  function.kernel->name);
  if (config->blockDimX * config->blockDimY * config->blockDimZ >
      function.maxThreads)
    return refuse(errorInvalidValue,
                  "a block of kernel %s has at most %u "
                  "threads",
                  function.kernel->name, function.maxThreads);
  // The arguments are the caller's only until this returns.
  std::vector<std::array<char, 8>> arguments;
  for (const char *size = function.kernel->sizes; *size; ++size)
    std::memcpy(arguments.emplace_back().data(), *params++, *size - '0');
  return enqueue([=, config = *config]() mutable {
    std::vector<void *> addresses;
    for (std::array<char, 8> &argument : arguments)
      addresses.push_back(argument.data());
    state.memory.access(
        [&] { runThreads(config, function, addresses.data()); });
    return cudaSuccess;
  });
}

/// Only kernels that are refused have maps.
DRIVER CUresult cuTensorMapEncodeTiled(TensorMap *map, int, uint32_t, void *,
                                       const uint64_t *, const uint64_t *,
                                       const uint32_t *, const uint32_t *, int,
                                       int, int, int) {
  std::memset(map, 0, sizeof(TensorMap));
  return enter("cuTensorMapEncodeTiled");
}
