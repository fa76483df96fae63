//===- Fills.cpp - cuMemset -----------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

/// Fills rows of elements.
template <typename T>
static CUresult fill(const char *call, CUdeviceptr address, uint64_t pitch,
                     T value, uint64_t width, uint64_t height,
                     CUstream stream = nullptr) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    if (width == 0 || height == 0)
      return CUDA_SUCCESS;
    constexpr uint64_t most = uint64_t(1) << 40;
    uint64_t row = width * sizeof(T);
    if (address == 0 || address % sizeof(T) || width > most || height > most)
      return CUDA_ERROR_INVALID_VALUE;
    if (height > 1 && (pitch % sizeof(T) || pitch < row || pitch > most))
      return CUDA_ERROR_INVALID_VALUE;
    // The last row ends at its last element.
    const Allocation *allocation = driver.memory.find(address);
    uint64_t offset = allocation ? address - allocation->base : 0;
    uint64_t left = allocation ? allocation->size - offset : 0;
    if (row > left || (height > 1 && (left - row) / pitch < height - 1))
      return fail(call, CUDA_ERROR_INVALID_VALUE,
                  driver.memory.describeMiss(address, row));
    for (uint64_t y = 0; y < height; ++y, offset += pitch) {
      uint8_t *data = allocation->data + offset;
      for (uint64_t x = 0; x < width; ++x)
        std::memcpy(data + x * sizeof(T), &value, sizeof(T));
      std::memset(allocation->shadow.get() + offset, 0, row);
    }
    return CUDA_SUCCESS;
  });
}

#define FP4_FILL(BITS, TYPE)                                                   \
  FP4_CUDA(cuMemsetD##BITS##_v2,                                               \
           (CUdeviceptr address, TYPE value, size_t count)) {                  \
    return fill("cuMemsetD" #BITS, address, 0, value, count, 1);               \
  }                                                                            \
  FP4_CUDA_ALIAS(cuMemsetD##BITS, cuMemsetD##BITS##_v2)                        \
  FP4_CUDA_ALIAS(cuMemsetD##BITS##_ptds, cuMemsetD##BITS##_v2)                 \
  FP4_CUDA_ALIAS(cuMemsetD##BITS##_v2_ptds, cuMemsetD##BITS##_v2)              \
                                                                               \
  FP4_CUDA(cuMemsetD##BITS##Async,                                             \
           (CUdeviceptr address, TYPE value, size_t count, CUstream stream)) { \
    return fill("cuMemsetD" #BITS "Async", address, 0, value, count, 1,        \
                stream);                                                       \
  }                                                                            \
  FP4_CUDA_ALIAS(cuMemsetD##BITS##Async_ptsz, cuMemsetD##BITS##Async)          \
                                                                               \
  FP4_CUDA(cuMemsetD2D##BITS##_v2,                                             \
           (CUdeviceptr address, size_t pitch, TYPE value, size_t width,       \
            size_t height)) {                                                  \
    return fill("cuMemsetD2D" #BITS, address, pitch, value, width, height);    \
  }                                                                            \
  FP4_CUDA_ALIAS(cuMemsetD2D##BITS, cuMemsetD2D##BITS##_v2)                    \
  FP4_CUDA_ALIAS(cuMemsetD2D##BITS##_ptds, cuMemsetD2D##BITS##_v2)             \
  FP4_CUDA_ALIAS(cuMemsetD2D##BITS##_v2_ptds, cuMemsetD2D##BITS##_v2)          \
                                                                               \
  FP4_CUDA(cuMemsetD2D##BITS##Async,                                           \
           (CUdeviceptr address, size_t pitch, TYPE value, size_t width,       \
            size_t height, CUstream stream)) {                                 \
    return fill("cuMemsetD2D" #BITS "Async", address, pitch, value, width,     \
                height, stream);                                               \
  }                                                                            \
  FP4_CUDA_ALIAS(cuMemsetD2D##BITS##Async_ptsz, cuMemsetD2D##BITS##Async)

FP4_FILL(8, uint8_t)
FP4_FILL(16, uint16_t)
FP4_FILL(32, uint32_t)
