//===- Pointers.cpp - What is known of an address -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

namespace {
/// What an address is in: memory that the program has asked for, a variable of
/// a module, or nothing that the driver knows.
struct Found {
  const Allocation *allocation;
  const Buffer *buffer;

  bool isOfHost() const { return buffer && buffer->isOfHost(); }
  bool isManaged() const {
    return buffer && buffer->kind == BufferKind::Managed;
  }
};
} // namespace

template <typename T>
static CUresult put(void *data, T value) {
  *static_cast<T *>(data) = value;
  return CUDA_SUCCESS;
}

static CUresult get(void *data, int attribute, const Found &found,
                    CUdeviceptr address) {
  const Buffer *buffer = found.buffer;
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_CONTEXT:
    // Variables of modules have one as well, which nobody has asked for yet.
    return buffer ? put(data, reinterpret_cast<CUcontext>(buffer->context))
                  : put(data, CUcontext());
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    // Managed memory counts as the device's.
    return put(data, unsigned(found.isOfHost() && !found.isManaged()
                                  ? CU_MEMORYTYPE_HOST
                                  : CU_MEMORYTYPE_DEVICE));
  case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
    return put(data, address);
  case CU_POINTER_ATTRIBUTE_HOST_POINTER:
    return found.isOfHost() ? put(data, reinterpret_cast<void *>(address))
                            : CUDA_ERROR_INVALID_VALUE;
  case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
    return put(data, unsigned(buffer && buffer->syncMemops));
  case CU_POINTER_ATTRIBUTE_BUFFER_ID:
    return put(data, buffer ? buffer->id : found.allocation->base);
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    return put(data, unsigned(found.isManaged()));
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    return put(data, 0);
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
  case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
    return put(data, found.allocation->base);
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
  case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
    return put(data, found.allocation->size);
  case CU_POINTER_ATTRIBUTE_MAPPED:
    return put(data, 1u);
  case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
  case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    return put(data, 0u);
  case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
    return put(data, uint64_t(0));
  case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
    return put(data, unsigned(CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
    return put(data, reinterpret_cast<CUmemoryPool>(buffer ? buffer->pool : 0));
  case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
    return put(data, buffer ? buffer->id : found.allocation->base);
  }
  return CUDA_ERROR_INVALID_VALUE;
}

/// What is written for an address that the driver does not know.
static CUresult putUnknown(void *data, int attribute) {
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    return put(data, -2); // CU_DEVICE_INVALID
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
  case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
  case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
  case CU_POINTER_ATTRIBUTE_MAPPED:
  case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
  case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
    return put(data, 0u);
  case CU_POINTER_ATTRIBUTE_CONTEXT:
  case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
  case CU_POINTER_ATTRIBUTE_HOST_POINTER:
  case CU_POINTER_ATTRIBUTE_BUFFER_ID:
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
  case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
  case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
  case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
  case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
  case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
    return put(data, uint64_t(0));
  }
  return CUDA_ERROR_INVALID_VALUE;
}

static Found find(Driver &driver, CUdeviceptr address) {
  return {driver.memory.find(address), driver.findBuffer(address)};
}

FP4_CUDA(cuPointerGetAttribute,
         (void *data, int attribute, CUdeviceptr address)) {
  return callInContext([&](Driver &driver, Context &) {
    Found found = find(driver, address);
    if (!data || !found.allocation)
      return CUDA_ERROR_INVALID_VALUE;
    return get(data, attribute, found, address);
  });
}

// Unlike the call for one attribute this is no error for memory of the host
// that the driver does not know.
FP4_CUDA(cuPointerGetAttributes, (unsigned count, const int *attributes,
                                  void **data, CUdeviceptr address)) {
  return callInContext([&](Driver &driver, Context &) {
    if (!attributes || !data || count == 0)
      return CUDA_ERROR_INVALID_VALUE;
    Found found = find(driver, address);
    for (unsigned i = 0; i < count; ++i) {
      if (!data[i])
        return CUDA_ERROR_INVALID_VALUE;
      bool asksForHost = attributes[i] == CU_POINTER_ATTRIBUTE_HOST_POINTER;
      bool isKnown = found.allocation && (!asksForHost || found.isOfHost());
      CUresult result = isKnown ? get(data[i], attributes[i], found, address)
                                : putUnknown(data[i], attributes[i]);
      if (result != CUDA_SUCCESS)
        return result;
    }
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuPointerSetAttribute,
         (const void *value, int attribute, CUdeviceptr address)) {
  return callInContext([&](Driver &driver, Context &) {
    Buffer *buffer = driver.findBuffer(address);
    if (!value || !buffer || attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS)
      return CUDA_ERROR_INVALID_VALUE;
    buffer->syncMemops = *static_cast<const unsigned *>(value) != 0;
    return CUDA_SUCCESS;
  });
}
