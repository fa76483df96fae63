//===- Api.h - The driver API as programs of C see it --------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declared a second time, from the reference manual, and resolved by dlsym():
// the tests link nothing of the driver and include nothing of it.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_UNITTEST_CUDADRIVER_API_H
#define FP4_UNITTEST_CUDADRIVER_API_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef void *Handle;
typedef uint64_t Address;
typedef struct {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, shared;
  Handle stream;
  void *attributes;
  unsigned count;
} Config;
typedef struct {
  int id;
  int pad;
  unsigned value[16];
} Attribute;
typedef struct {
  size_t srcX, srcY;
  unsigned srcType;
  const void *srcHost;
  Address srcDevice;
  Handle srcArray;
  size_t srcPitch;
  size_t dstX, dstY;
  unsigned dstType;
  void *dstHost;
  Address dstDevice;
  Handle dstArray;
  size_t dstPitch;
  size_t width, height;
} Copy2D;

#define API(X)                                                                 \
  X(cuInit, (unsigned))                                                        \
  X(cuDriverGetVersion, (int *))                                               \
  X(cuGetErrorName, (int, const char **))                                      \
  X(cuGetErrorString, (int, const char **))                                    \
  X(cuGetProcAddress, (const char *, void **, int, uint64_t))                  \
  X(cuGetProcAddress_v2, (const char *, void **, int, uint64_t, int *))        \
  X(cuGetProcAddress_v2_ptsz, (const char *, void **, int, uint64_t, int *))   \
  X(cuGetExportTable, (const void **, const void *))                           \
  X(cuDeviceGetCount, (int *))                                                 \
  X(cuDeviceGet, (int *, int))                                                 \
  X(cuDeviceGetName, (char *, int, int))                                       \
  X(cuDeviceGetUuid, (char *, int))                                            \
  X(cuDeviceTotalMem_v2, (size_t *, int))                                      \
  X(cuDeviceGetAttribute, (int *, int, int))                                   \
  X(cuDeviceComputeCapability, (int *, int *, int))                            \
  X(cuDeviceGetPCIBusId, (char *, int, int))                                   \
  X(cuDeviceGetByPCIBusId, (int *, const char *))                              \
  X(cuDeviceCanAccessPeer, (int *, int, int))                                  \
  X(cuDevicePrimaryCtxRetain, (Handle *, int))                                 \
  X(cuDevicePrimaryCtxRelease_v2, (int))                                       \
  X(cuDevicePrimaryCtxReset_v2, (int))                                         \
  X(cuDevicePrimaryCtxSetFlags_v2, (int, unsigned))                            \
  X(cuDevicePrimaryCtxGetState, (int, unsigned *, int *))                      \
  X(cuCtxCreate_v2, (Handle *, unsigned, int))                                 \
  X(cuCtxCreate_v3, (Handle *, void *, int, unsigned, int))                    \
  X(cuCtxCreate_v4, (Handle *, void *, unsigned, int))                         \
  X(cuCtxDestroy_v2, (Handle))                                                 \
  X(cuCtxGetCurrent, (Handle *))                                               \
  X(cuCtxSetCurrent, (Handle))                                                 \
  X(cuCtxPushCurrent_v2, (Handle))                                             \
  X(cuCtxPopCurrent_v2, (Handle *))                                            \
  X(cuCtxGetDevice, (int *))                                                   \
  X(cuCtxGetApiVersion, (Handle, unsigned *))                                  \
  X(cuCtxSynchronize, (void))                                                  \
  X(cuCtxGetLimit, (size_t *, int))                                            \
  X(cuCtxSetLimit, (int, size_t))                                              \
  X(cuCtxGetStreamPriorityRange, (int *, int *))                               \
  X(cuModuleLoad, (Handle *, const char *))                                    \
  X(cuModuleLoadData, (Handle *, const void *))                                \
  X(cuModuleLoadDataEx, (Handle *, const void *, unsigned, int *, void **))    \
  X(cuModuleUnload, (Handle))                                                  \
  X(cuModuleGetFunction, (Handle *, Handle, const char *))                     \
  X(cuModuleGetGlobal_v2, (Address *, size_t *, Handle, const char *))         \
  X(cuModuleGetFunctionCount, (unsigned *, Handle))                            \
  X(cuLibraryLoadData, (Handle *, const void *, int *, void **, unsigned,      \
                        int *, void **, unsigned))                             \
  X(cuLibraryUnload, (Handle))                                                 \
  X(cuLibraryGetKernel, (Handle *, Handle, const char *))                      \
  X(cuLibraryGetKernelCount, (unsigned *, Handle))                             \
  X(cuLibraryGetGlobal, (Address *, size_t *, Handle, const char *))           \
  X(cuKernelGetFunction, (Handle *, Handle))                                   \
  X(cuKernelGetName, (const char **, Handle))                                  \
  X(cuKernelSetAttribute, (int, int, Handle, int))                             \
  X(cuFuncGetAttribute, (int *, int, Handle))                                  \
  X(cuFuncSetAttribute, (Handle, int, int))                                    \
  X(cuFuncGetParamInfo, (Handle, size_t, size_t *, size_t *))                  \
  X(cuFuncGetName, (const char **, Handle))                                    \
  X(cuFuncGetModule, (Handle *, Handle))                                       \
  X(cuFuncLoad, (Handle))                                                      \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor, (int *, Handle, int, size_t)) \
  X(cuOccupancyMaxPotentialBlockSize,                                          \
    (int *, int *, Handle, size_t (*)(int), size_t, int))                      \
  X(cuOccupancyAvailableDynamicSMemPerBlock, (size_t *, Handle, int, int))     \
  X(cuOccupancyMaxActiveClusters, (int *, Handle, const Config *))             \
  X(cuOccupancyMaxPotentialClusterSize, (int *, Handle, const Config *))       \
  X(cuMemAlloc, (Address *, size_t))                                           \
  X(cuMemAlloc_v2, (Address *, size_t))                                        \
  X(cuMemAllocPitch_v2, (Address *, size_t *, size_t, size_t, unsigned))       \
  X(cuMemAllocManaged, (Address *, size_t, unsigned))                          \
  X(cuMemAllocAsync, (Address *, size_t, Handle))                              \
  X(cuMemFree_v2, (Address))                                                   \
  X(cuMemFreeAsync, (Address, Handle))                                         \
  X(cuMemGetInfo_v2, (size_t *, size_t *))                                     \
  X(cuMemGetAddressRange_v2, (Address *, size_t *, Address))                   \
  X(cuMemHostAlloc, (void **, size_t, unsigned))                               \
  X(cuMemFreeHost, (void *))                                                   \
  X(cuMemHostRegister_v2, (void *, size_t, unsigned))                          \
  X(cuMemHostUnregister, (void *))                                             \
  X(cuMemHostGetDevicePointer_v2, (Address *, void *, unsigned))               \
  X(cuMemHostGetFlags, (unsigned *, void *))                                   \
  X(cuMemAdvise, (Address, size_t, int, int))                                  \
  X(cuMemPoolGetAttribute, (Handle, int, void *))                              \
  X(cuMemPoolSetAttribute, (Handle, int, void *))                              \
  X(cuDeviceGetDefaultMemPool, (Handle *, int))                                \
  X(cuMemcpyHtoD_v2, (Address, const void *, size_t))                          \
  X(cuMemcpyDtoH_v2, (void *, Address, size_t))                                \
  X(cuMemcpyDtoD_v2, (Address, Address, size_t))                               \
  X(cuMemcpy, (Address, Address, size_t))                                      \
  X(cuMemcpyHtoDAsync_v2, (Address, const void *, size_t, Handle))             \
  X(cuMemcpyDtoHAsync_v2_ptsz, (void *, Address, size_t, Handle))              \
  X(cuMemcpy2D_v2, (const Copy2D *))                                           \
  X(cuMemcpyPeer, (Address, Handle, Address, Handle, size_t))                  \
  X(cuMemsetD8_v2, (Address, unsigned char, size_t))                           \
  X(cuMemsetD16_v2, (Address, unsigned short, size_t))                         \
  X(cuMemsetD32_v2, (Address, unsigned, size_t))                               \
  X(cuMemsetD2D32_v2, (Address, size_t, unsigned, size_t, size_t))             \
  X(cuMemsetD32Async, (Address, unsigned, size_t, Handle))                     \
  X(cuPointerGetAttribute, (void *, int, Address))                             \
  X(cuPointerGetAttributes, (unsigned, int *, void **, Address))               \
  X(cuStreamCreate, (Handle *, unsigned))                                      \
  X(cuStreamCreateWithPriority, (Handle *, unsigned, int))                     \
  X(cuStreamDestroy_v2, (Handle))                                              \
  X(cuStreamGetPriority, (Handle, int *))                                      \
  X(cuStreamGetFlags, (Handle, unsigned *))                                    \
  X(cuStreamGetCtx, (Handle, Handle *))                                        \
  X(cuStreamSynchronize, (Handle))                                             \
  X(cuStreamQuery, (Handle))                                                   \
  X(cuStreamWaitEvent, (Handle, Handle, unsigned))                             \
  X(cuStreamIsCapturing, (Handle, int *))                                      \
  X(cuStreamBeginCapture_v2, (Handle, int))                                    \
  X(cuStreamAddCallback,                                                       \
    (Handle, void (*)(Handle, int, void *), void *, unsigned))                 \
  X(cuLaunchHostFunc, (Handle, void (*)(void *), void *))                      \
  X(cuEventCreate, (Handle *, unsigned))                                       \
  X(cuEventDestroy_v2, (Handle))                                               \
  X(cuEventRecord, (Handle, Handle))                                           \
  X(cuEventQuery, (Handle))                                                    \
  X(cuEventSynchronize, (Handle))                                              \
  X(cuEventElapsedTime, (float *, Handle, Handle))                             \
  X(cuGraphCreate, (Handle *, unsigned))                                       \
  X(cuLaunchKernel, (Handle, unsigned, unsigned, unsigned, unsigned, unsigned, \
                     unsigned, unsigned, Handle, void **, void **))            \
  X(cuLaunchKernelEx, (const Config *, Handle, void **, void **))              \
  X(cuLaunchCooperativeKernel,                                                 \
    (Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,       \
     unsigned, Handle, void **))                                               \
  X(cuTensorMapEncodeTiled,                                                    \
    (void *, int, uint32_t, void *, const uint64_t *, const uint64_t *,        \
     const uint32_t *, const uint32_t *, int, int, int, int))                  \
  X(cuTensorMapEncodeIm2col, (void))                                           \
  X(cuTensorMapReplaceAddress, (void *, void *))

#define DECLARE(NAME, PARAMETERS) extern int(*NAME) PARAMETERS;
API(DECLARE)
#undef DECLARE

/// CUresult, as far as the tests expect it.
enum {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  InvalidDevice = 101,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinaryForGPU = 209,
  UnsupportedLimit = 215,
  InvalidPTX = 218,
  FileNotFound = 301,
  InvalidHandle = 400,
  NotFound = 500,
  IllegalAddress = 700,
  ContextIsDestroyed = 709,
  Assert = 710,
  HostMemoryAlreadyRegistered = 712,
  HostMemoryNotRegistered = 713,
  MisalignedAddress = 716,
  LaunchFailed = 719,
  CooperativeLaunchTooLarge = 720,
  NotPermitted = 800,
  NotSupported = 801,
  InvalidClusterSize = 912,
};

extern int numFailures;

/// What a call returns.
#define EXPECT(RESULT, CALL)                                                   \
  expectResult(RESULT, CALL, #CALL, __FILE__, __LINE__)
/// What else is true.
#define CHECK(CONDITION) check(CONDITION, #CONDITION, __FILE__, __LINE__)

void expectResult(int expected, int got, const char *call, const char *file,
                  int line);
int check(int condition, const char *text, const char *file, int line);

/// The module that most tests use.
extern const char kernels[];
/// A context with that module.
typedef struct {
  Handle context, module;
} Fixture;
Fixture setUp(void);
void tearDown(Fixture fixture);
Handle getFunction(Fixture fixture, const char *name);
/// Launches one block in the default stream.
int launch(Handle function, unsigned threads, void **arguments);

#endif // FP4_UNITTEST_CUDADRIVER_API_H
