//===- ManagedMemory.cpp - Advice about managed memory --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Managed memory is where it is. What is advised is checked and has no effect,
// and what is asked about it is answered as for memory without advice.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace llvm;
using namespace mlir::fp4::sim::cuda;

static constexpr CUdevice noDevice = -2;   // CU_DEVICE_INVALID
static constexpr CUdevice hostDevice = -1; // CU_DEVICE_CPU

/// Runs a call about a range of managed memory.
static CUresult callWithRange(CUdeviceptr address, size_t size,
                              function_ref<CUresult(Driver &)> body) {
  return callInContext([&](Driver &driver, Context &) {
    Buffer *buffer = driver.findBuffer(address);
    if (size == 0 || !buffer || buffer->kind != BufferKind::Managed ||
        size > buffer->size - (address - buffer->base))
      return CUDA_ERROR_INVALID_VALUE;
    return body(driver);
  });
}

static bool isAdvice(int advice) {
  return advice >= CU_MEM_ADVISE_SET_READ_MOSTLY &&
         advice <= CU_MEM_ADVISE_UNSET_ACCESSED_BY;
}

static bool isPlace(CUdevice device) {
  return isDevice(device) || device == hostDevice;
}

static bool isPlace(const CUmemLocation &location) {
  return location.type == CU_MEM_LOCATION_TYPE_DEVICE
             ? isDevice(location.id)
             : location.type >= CU_MEM_LOCATION_TYPE_HOST &&
                   location.type <= CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT;
}

FP4_CUDA(cuMemAdvise,
         (CUdeviceptr address, size_t size, int advice, CUdevice device)) {
  return callWithRange(address, size, [&](Driver &) {
    if (!isAdvice(advice))
      return CUDA_ERROR_INVALID_VALUE;
    // Without a place: how it is accessed.
    return advice <= 2 || isPlace(device) ? CUDA_SUCCESS
                                          : CUDA_ERROR_INVALID_DEVICE;
  });
}

FP4_CUDA(cuMemAdvise_v2, (CUdeviceptr address, size_t size, int advice,
                          CUmemLocation location)) {
  return callWithRange(address, size, [&](Driver &) {
    if (!isAdvice(advice))
      return CUDA_ERROR_INVALID_VALUE;
    return advice <= 2 || isPlace(location) ? CUDA_SUCCESS
                                            : CUDA_ERROR_INVALID_DEVICE;
  });
}

FP4_CUDA(cuMemPrefetchAsync,
         (CUdeviceptr address, size_t size, CUdevice device, CUstream stream)) {
  return callWithRange(address, size, [&](Driver &driver) {
    if (!isPlace(device))
      return CUDA_ERROR_INVALID_DEVICE;
    Context &context = *driver.contexts.find(contextStack().back());
    return driver.findStream(context, stream) ? CUDA_SUCCESS
                                              : CUDA_ERROR_INVALID_HANDLE;
  });
}
FP4_CUDA_ALIAS(cuMemPrefetchAsync_ptsz, cuMemPrefetchAsync)

FP4_CUDA(cuMemPrefetchAsync_v2,
         (CUdeviceptr address, size_t size, CUmemLocation location,
          unsigned flags, CUstream stream)) {
  return callWithRange(address, size, [&](Driver &driver) {
    if (flags)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isPlace(location))
      return CUDA_ERROR_INVALID_DEVICE;
    Context &context = *driver.contexts.find(contextStack().back());
    return driver.findStream(context, stream) ? CUDA_SUCCESS
                                              : CUDA_ERROR_INVALID_HANDLE;
  });
}
FP4_CUDA_ALIAS(cuMemPrefetchAsync_v2_ptsz, cuMemPrefetchAsync_v2)

static CUresult getRangeAttribute(void *data, size_t size, int attribute) {
  if (!data || size == 0 || size % 4 != 0)
    return CUDA_ERROR_INVALID_VALUE;
  auto *values = static_cast<int *>(data);
  switch (attribute) {
  case CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY:
  case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE:
  case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID:
  case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE:
  case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID:
    *values = 0; // no advice, and no place
    break;
  case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION:
  case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION:
    *values = noDevice;
    break;
  case CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY:
    for (size_t i = 0; i < size / 4; ++i)
      values[i] = noDevice;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
  return size == 4 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

FP4_CUDA(cuMemRangeGetAttribute, (void *data, size_t size, int attribute,
                                  CUdeviceptr address, size_t rangeSize)) {
  return callWithRange(address, rangeSize, [&](Driver &) {
    return getRangeAttribute(data, size, attribute);
  });
}

FP4_CUDA(cuMemRangeGetAttributes,
         (void **data, size_t *sizes, int *attributes, size_t count,
          CUdeviceptr address, size_t rangeSize)) {
  return callWithRange(address, rangeSize, [&](Driver &) {
    if (!data || !sizes || !attributes || count == 0)
      return CUDA_ERROR_INVALID_VALUE;
    for (size_t i = 0; i < count; ++i) {
      CUresult result = getRangeAttribute(data[i], sizes[i], attributes[i]);
      if (result != CUDA_SUCCESS)
        return result;
    }
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuStreamAttachMemAsync,
         (CUstream stream, CUdeviceptr address, size_t size, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    Buffer *buffer = driver.findBuffer(address);
    // A size of zero is all of it.
    if (!buffer || buffer->kind != BufferKind::Managed ||
        (size != 0 && size != buffer->size) ||
        (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST &&
         flags != CU_MEM_ATTACH_SINGLE))
      return CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamAttachMemAsync_ptsz, cuStreamAttachMemAsync)
