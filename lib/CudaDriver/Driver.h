//===- Driver.h - The state of the simulated CUDA driver ------ -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// There is one driver in a process, of one device. Every call holds its lock
// from beginning to end, launches included: streams are in order because
// everything is done when the call that asked for it returns. Handles are
// numbers that are never used twice, so that whatever a program passes is found
// or is not.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CUDADRIVER_DRIVER_H
#define FP4_LIB_CUDADRIVER_DRIVER_H

#include "Types.h"
#include "fp4/Simulator/Machine.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"
#include <chrono>
#include <map>
#include <mutex>
#include <set>

/// Defines an entry point of EntryPoints.def.
#define FP4_CUDA(NAME, PARAMETERS)                                             \
  extern "C" __attribute__((visibility("default"))) CUresult NAME PARAMETERS
/// Another symbol of an entry point that is defined above.
#define FP4_CUDA_ALIAS(ALIAS, NAME)                                            \
  extern "C" __attribute__((visibility("default"),                             \
                            alias(#NAME))) decltype(NAME) ALIAS;

namespace mlir::fp4::sim::cuda {

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

/// What a handle stands for.
struct Object {
  uint64_t handle = 0;
  uint64_t context = 0; ///< The handle of its context; 0 if it has none.
};

/// The objects of one kind.
template <typename T>
class Handles {
public:
  explicit Handles(uint64_t kind) : next(kind << 40) {}

  T &add(std::unique_ptr<T> object) {
    object->handle = next += 16;
    return *(objects[object->handle] = std::move(object));
  }
  /// Null if there is none.
  T *find(uint64_t handle) const {
    auto it = objects.find(handle);
    return it == objects.end() ? nullptr : it->second.get();
  }
  T *find(const void *handle) const {
    return find(reinterpret_cast<uint64_t>(handle));
  }
  /// Any that the predicate holds for, or null.
  T *findIf(llvm::function_ref<bool(const T &)> predicate) const {
    for (const auto &[handle, object] : objects)
      if (predicate(*object))
        return object.get();
    return nullptr;
  }
  void erase(const T &object) { objects.erase(object.handle); }
  void eraseIf(llvm::function_ref<bool(const T &)> predicate) {
    for (auto it = objects.begin(); it != objects.end();)
      it = predicate(*it->second) ? objects.erase(it) : std::next(it);
  }

private:
  std::map<uint64_t, std::unique_ptr<T>> objects;
  uint64_t next;
};

/// A handle as a program has it.
template <typename Handle>
Handle toHandle(const Object &object) {
  return reinterpret_cast<Handle>(object.handle);
}

struct Stream : Object {
  unsigned flags = 0;
  int priority = 0;
  uint64_t id = 0;
};

struct Event : Object {
  unsigned flags = 0;
  bool isRecorded = false;
  std::chrono::steady_clock::time_point time;
};

struct Context : Object {
  bool isPrimary = false;
  unsigned retained = 0; ///< How often the primary context is.
  unsigned flags = 0;
  int cacheConfig = 0;
  size_t limits[7] = {};
  /// What every call returns since a kernel has failed.
  CUresult error = CUDA_SUCCESS;
  Stream legacy, perThread;

  bool isActive() const { return !isPrimary || retained != 0; }
};

/// What cuFuncSetAttribute() sets.
struct FunctionSettings {
  int maxDynamicShared = 0;
  int carveout = -1;
  int cluster[3] = {0, 0, 0};
  int allowsNonPortableCluster = 0;
  int clusterPolicy = 0;
};

struct Function : Object {
  const Program *program = nullptr;
  const Kernel *kernel = nullptr;
  uint64_t module = 0;
  std::string name;
  FunctionSettings settings;
};

struct Module : Object {
  std::unique_ptr<Program> program;
  std::vector<uint64_t> functions; ///< In the order of the PTX.
  uint64_t library = 0;            ///< 0 if it was not loaded by one.
};

/// An image that each context loads when it is used there.
struct Library : Object {
  std::string text;
  std::vector<uint64_t> kernels;
};

struct LibraryKernel : Object {
  uint64_t library = 0;
  unsigned index = 0; ///< Of its function in the modules of the library.
  std::string name;
  std::map<int, int> attributes; ///< Those that were set.
};

struct Pool : Object {
  CUmemPoolProps properties = {};
  int reuse[3] = {1, 1, 1};
  uint64_t releaseThreshold = 0;
  uint64_t used = 0, usedHigh = 0;
  bool isDefault = false;
};

enum class BufferKind : uint8_t { Device, Managed, Host, Registered };

/// Memory that the program has asked for.
struct Buffer {
  uint64_t base = 0, size = 0;
  BufferKind kind = BufferKind::Device;
  uint64_t context = 0;
  uint64_t pool = 0;
  uint64_t id = 0;
  unsigned flags = 0;
  bool syncMemops = false;
  std::unique_ptr<uint8_t, void (*)(void *)> storage = {nullptr, nullptr};

  bool isOfHost() const { return kind != BufferKind::Device; }
};

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

/// What the environment says.
struct Options {
  const Chip *chip = nullptr;
  Order order = Order::Late;
  uint64_t seed = 0;
  bool pedantic = false;
  std::string statisticsFile;
  bool blocksLaunches = false; ///< CUDA_LAUNCH_BLOCKING.
};

class Driver {
public:
  static Driver &get();

  CUresult initialize();
  const Chip &chip() const { return *options.chip; }

  /// Frees all that belongs to a context.
  void clear(Context &context);
  /// The default streams of a context, or one of its own; null if it is
  /// neither.
  Stream *findStream(Context &context, CUstream stream);
  /// A function, or a kernel as it is loaded in the context; null if it is
  /// neither.
  Function *findFunction(Context &context, const void *function);
  /// A library as it is loaded in the context; null, and a result, if it does
  /// not load there.
  Module *findModule(Context &context, Library &library, CUresult &result);

  Buffer *findBuffer(uint64_t address);
  CUresult allocate(Context &context, uint64_t size, uint64_t pool,
                    CUdeviceptr *address);
  CUresult allocateOfHost(Context &context, uint64_t size, BufferKind kind,
                          unsigned flags, void **address);
  void free(Buffer &buffer);

  std::mutex mutex;
  bool isInitialized = false;
  Options options;
  DeviceMemory memory;
  uint64_t totalMemory = 0;
  uint64_t usedMemory = 0;

  Handles<Context> contexts{1};
  Handles<Module> modules{2};
  Handles<Function> functions{3};
  Handles<Library> libraries{4};
  Handles<LibraryKernel> kernels{5};
  Handles<Stream> streams{6};
  Handles<Event> events{7};
  Handles<Pool> pools{8};
  std::map<uint64_t, std::unique_ptr<Buffer>> buffers; ///< By base.
  Context *primary = nullptr;
  Pool *defaultPool = nullptr, *currentPool = nullptr;
  uint64_t nextStreamID = 1, nextBufferID = 1;

private:
  Driver() = default;
};

/// The contexts of this thread, the last of which is current.
std::vector<uint64_t> &contextStack();

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Runs a call that needs cuInit() before it, with the lock held.
CUresult call(llvm::function_ref<CUresult(Driver &)> body);

/// Runs a call that needs a current context as well, which no kernel has
/// broken.
CUresult callInContext(llvm::function_ref<CUresult(Driver &, Context &)> body);

/// Whether it is the number of the device.
inline bool isDevice(CUdevice device) { return device == 0; }

/// Says on stderr why a call fails, as its result does not, unless
/// FP4_SIM_QUIET is set. Returns the result.
CUresult fail(const char *name, CUresult result, const llvm::Twine &why);
CUresult fail(const char *name, CUresult result, llvm::Error error);

/// The same for what is not simulated, once for each function.
CUresult refuse(const char *name, const llvm::Twine &why);

} // namespace mlir::fp4::sim::cuda

#endif // FP4_LIB_CUDADRIVER_DRIVER_H
