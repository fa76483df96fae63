/*===- HostKernels.h - Kernels compiled for the host --------------*- C -*-===*\
|*
|* Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
|* See LICENSE for license information.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* What a library made by test/oracle/native_kernels.py holds for the driver in
|* HostDriver.cpp. Plain C, as the library is compiled from it.
|*
\*===----------------------------------------------------------------------===*/

#ifndef FP4_TEST_INTEGRATION_GPU_HOSTKERNELS_H
#define FP4_TEST_INTEGRATION_GPU_HOSTKERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

#define FP4_HOST_EXPORT __attribute__((visibility("default")))

struct FP4HostKernel {
  const char *name; ///< Null behind the last one.
  /// The sizes of the parameters in bytes, one character each: '8', '4', '2'.
  const char *sizes;
  /// What of a device the kernel needs, or null; then there is no `run`.
  const char *needs;
  /// Executes one thread; `params` has the address of each argument.
  void (*run)(void **params);
};

/// tid, ctaid, ntid and nctaid, each as x, y and z.
FP4_HOST_EXPORT extern unsigned fp4_host_registers[12];
FP4_HOST_EXPORT extern const struct FP4HostKernel fp4_host_kernels[];

#ifdef __cplusplus
} // extern "C"
#endif

#endif // FP4_TEST_INTEGRATION_GPU_HOSTKERNELS_H
