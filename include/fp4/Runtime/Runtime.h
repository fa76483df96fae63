//===- Runtime.h - Device memory, modules and launches ----------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The C interface between compiled code and an NVIDIA device: what generated
// code calls, and what its host calls around it. It is plain C, needs nothing
// of CUDA to be compiled or linked, and loads the driver when it is opened.
//
// One process has one runtime on one device. A host opens it, runs code, and
// asks once at the end whether all went well:
//
//   if (fp4rtOpen(/*driverPath=*/NULL, /*ordinal=*/0))
//     die(fp4rtError());
//   fp4rtSetStream(stream);            // optional: a CUstream of the caller
//   void *x = fp4rtAlloc(bytes);
//   fp4rtCopyToDevice(x, input, bytes);
//   forward(x, ...);                   // generated code: fp4rtLaunch and so on
//   fp4rtCopyToHost(output, x, bytes); // waits for what was queued before
//   fp4rtFree(x);
//   if (const char *message = fp4rtError())
//     die(message);                    // or fp4rtClearError() and go on
//   fp4rtUnloadModule(&module);        // before generated code is freed
//   fp4rtClose();
//
// Errors are sticky: the first one is kept, and until fp4rtClearError every
// later call does nothing, or returns null or a non-zero status, so that code
// between two checks needs no branches. What gives something back (fp4rtFree,
// fp4rtUnloadModule, fp4rtClose) still does so, or an error would leak all
// memory that its caller had in use.
//
// The driver reports what goes wrong on the device itself late: the call that
// fails is fp4rtSynchronize, fp4rtCopyToHost or any call after the launch.
//
// Calls may come from any thread, also from one on which no or another CUDA
// context is current: that one is again current when the call returns. Work is
// ordered by its stream only. fp4rtClose must not run at the same time as any
// other call.
//
// Sizes are in bytes, int-valued results are zero for success, and device
// pointers are addresses that the host must not follow.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_RUNTIME_RUNTIME_H
#define FP4_RUNTIME_RUNTIME_H

#include <stdint.h>

// The library is hidden by default; compiled code may be linked with these.
#define FP4RT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

//===----------------------------------------------------------------------===//
// The process
//===----------------------------------------------------------------------===//

/// Loads the driver, a path or null for libcuda.so.1, and opens a device on it.
/// If a CUDA context is current on this thread, its device is the one and the
/// context is shared, whatever `ordinal` says. Otherwise the primary context of
/// device `ordinal` is retained and made current. Creates one stream, which
/// does not synchronize with the default stream.
///
/// Fails if there is no driver, if it lacks a function, or if it has no such
/// device. Does nothing if the runtime is open for the same driver and device,
/// and fails if it is for others.
FP4RT_API int fp4rtOpen(const char *driverPath, int ordinal);

/// Waits for the runtime's own stream, unloads all modules, and gives back the
/// stream, the context and the driver. Does nothing if the runtime is not open.
/// To be called on the thread that opened it, where the context is current.
/// Memory that was not freed lives as long as the context.
FP4RT_API void fp4rtClose(void);

/// The compute capability of the open device, 10 and 0 for sm_100. Also known
/// while an error is pending.
FP4RT_API int fp4rtComputeCapability(int *major, int *minor);

/// The name of the open device, which lives until fp4rtClose; null if none is
/// open. Also known while an error is pending.
FP4RT_API const char *fp4rtDeviceName(void);

/// The message of the first error since the last fp4rtClearError; null if there
/// was none. Valid until this thread calls fp4rtError again.
FP4RT_API const char *fp4rtError(void);

/// Forgets the error. One that broke the context, such as an illegal address,
/// comes back with the next call.
FP4RT_API void fp4rtClearError(void);

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// The stream, a CUstream of the runtime's context, on which this thread's next
/// calls queue their work; null for the runtime's own. CUDA's default stream,
/// which is null as well, has the handles CU_STREAM_LEGACY (1) and
/// CU_STREAM_PER_THREAD (2). The stream stays the caller's, who must not
/// destroy it while it is set.
FP4RT_API void fp4rtSetStream(void *cuStream);

/// Waits for all work on this thread's stream.
FP4RT_API int fp4rtSynchronize(void);

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Device memory for the work queued on the stream from now on, aligned to 256
/// bytes; null for zero bytes, and on errors.
FP4RT_API void *fp4rtAlloc(int64_t bytes);

/// Frees what fp4rtAlloc returned, after the work that is queued on the stream
/// by now. Null is allowed.
FP4RT_API void fp4rtFree(void *device);

/// Copies from the host. `src` must not change until the stream is
/// synchronized.
FP4RT_API void fp4rtCopyToDevice(void *dst, const void *src, int64_t bytes);

/// Copies to the host and synchronizes the stream: `dst` may then be read.
FP4RT_API void fp4rtCopyToHost(void *dst, const void *src, int64_t bytes);

/// Copies between buffers of the device, which must not overlap.
FP4RT_API void fp4rtCopyOnDevice(void *dst, const void *src, int64_t bytes);

/// Sets every byte of a buffer of the device.
FP4RT_API void fp4rtFill(void *dst, uint8_t value, int64_t bytes);

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Device code. Generated code defines these as globals with the last field
/// null; the runtime fills it at the first launch, from whichever thread.
typedef struct {
  const void *image; ///< PTX text or a cubin.
  int64_t size;      ///< Of the image; of PTX with or without its last NUL.
  const char *name;  ///< For messages.
  void *module;      ///< The CUmodule, once loaded.
} FP4RTModule;

/// A kernel of a module, which must live as long as the module is loaded.
typedef struct {
  FP4RTModule *module;
  const char *name;           ///< The entry in the image.
  void *function;             ///< The CUfunction, once resolved.
  int32_t dynamicSharedBytes; ///< The most that a launch asks for, if > 48 KiB.
} FP4RTKernel;

enum {
  /// Programmatic dependent launch: the kernel may start before the one ahead
  /// of it on the stream has finished, and waits itself (griddepcontrol.wait)
  /// before it touches that one's results.
  FP4RT_LAUNCH_PROGRAMMATIC = 1
};

/// Queues a launch; the first one of a kernel loads its module. A grid with a
/// zero dimension is an empty launch, which does nothing at all. A cluster
/// dimension of 0 or 1 is none; any other must divide that of the grid.
/// `params` points to one pointer per parameter of the kernel, and is read
/// before the call returns.
///
/// Fails, naming the kernel, if a dimension is out of range, if the dynamic
/// shared memory is more than the kernel declares or the device has, or if the
/// driver refuses the image, the kernel or the launch.
FP4RT_API void fp4rtLaunch(FP4RTKernel *kernel, int64_t gridX, int64_t gridY,
                           int64_t gridZ, int64_t blockX, int64_t blockY,
                           int64_t blockZ, int64_t clusterX, int64_t clusterY,
                           int64_t clusterZ, int32_t dynamicSharedBytes,
                           uint32_t flags, void **params);

/// Unloads a module and nulls what the runtime filled in it and its kernels, so
/// that it may be freed, or launched and with that loaded again. All work that
/// uses it must have finished. Does nothing if it is not loaded.
FP4RT_API void fp4rtUnloadModule(FP4RTModule *module);

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// Writes the descriptor for tiled copies by the TMA unit, a CUtensorMap: 128
/// bytes of the host at an address that is a multiple of 64, to be passed to a
/// kernel by value.
///
/// `dims` and `box` have `rank` elements, counted in elements, and
/// `byteStrides` has one less, that of the first dimension being one element;
/// the innermost dimension comes first. `dataType`, `swizzle`, `l2Promotion`
/// and `oobFill` are the numbers of CUtensorMapDataType and the enumerations
/// next to it. Interleaving is none and element strides are 1.
///
/// If a dimension is zero, which CUDA does not allow, the map is zeroed: the
/// grid of a launch that would use it is then empty too. Fails if the rank is
/// not 1 to 5 or the address not a multiple of 16; if the driver refuses the
/// arguments, the message has all of them, as it does not say which is wrong.
FP4RT_API void fp4rtEncodeTensorMap(void *map, const void *address,
                                    int32_t dataType, int32_t rank,
                                    const int64_t *dims,
                                    const int64_t *byteStrides,
                                    const int32_t *box, int32_t swizzle,
                                    int32_t l2Promotion, int32_t oobFill);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // FP4_RUNTIME_RUNTIME_H
