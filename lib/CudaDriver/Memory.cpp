//===- Memory.cpp - Memory of the device ----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Buffer *Driver::findBuffer(uint64_t address) {
  auto it = buffers.upper_bound(address);
  if (it == buffers.begin())
    return nullptr;
  Buffer &buffer = *std::prev(it)->second;
  return address - buffer.base < buffer.size ? &buffer : nullptr;
}

CUresult Driver::allocate(Context &context, uint64_t size, uint64_t pool,
                          CUdeviceptr *address) {
  if (size > totalMemory - usedMemory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  uint64_t id = nextBufferID++;
  Allocation *allocation = memory.allocate(size, ("buffer " + Twine(id)).str());
  if (!allocation)
    return CUDA_ERROR_OUT_OF_MEMORY;
  auto buffer = std::make_unique<Buffer>();
  buffer->base = allocation->base;
  buffer->size = size;
  buffer->context = context.handle;
  buffer->pool = pool;
  buffer->id = id;
  usedMemory += size;
  if (Pool *owner = pools.find(pool)) {
    owner->used += size;
    owner->usedHigh = std::max(owner->usedHigh, owner->used);
  }
  *address = buffer->base;
  buffers[buffer->base] = std::move(buffer);
  return CUDA_SUCCESS;
}

void Driver::free(Buffer &buffer) {
  if (Pool *pool = pools.find(buffer.pool))
    pool->used -= buffer.size;
  if (!buffer.isOfHost())
    usedMemory -= buffer.size;
  consumeError(memory.free(buffer.base));
  buffers.erase(buffer.base);
}

//===----------------------------------------------------------------------===//
// Allocating
//===----------------------------------------------------------------------===//

FP4_CUDA(cuMemAlloc_v2, (CUdeviceptr * address, size_t size)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!address || size == 0)
      return CUDA_ERROR_INVALID_VALUE;
    return driver.allocate(context, size, 0, address);
  });
}
FP4_CUDA_ALIAS(cuMemAlloc, cuMemAlloc_v2)

FP4_CUDA(cuMemAllocPitch_v2,
         (CUdeviceptr * address, size_t *pitch, size_t width, size_t height,
          unsigned elementSize)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!address || !pitch || width == 0 || height == 0 ||
        (elementSize != 4 && elementSize != 8 && elementSize != 16) ||
        width > uint64_t(1) << 31)
      return CUDA_ERROR_INVALID_VALUE;
    // What texture references ask of rows.
    uint64_t bytes = alignTo(width, 512);
    if (height > (uint64_t(1) << 40) / bytes)
      return CUDA_ERROR_OUT_OF_MEMORY;
    CUresult result = driver.allocate(context, bytes * height, 0, address);
    if (result == CUDA_SUCCESS)
      *pitch = bytes;
    return result;
  });
}
FP4_CUDA_ALIAS(cuMemAllocPitch, cuMemAllocPitch_v2)

FP4_CUDA(cuMemFree_v2, (CUdeviceptr address)) {
  return callInContext([&](Driver &driver, Context &) {
    // As of a null pointer in C.
    if (address == 0)
      return CUDA_SUCCESS;
    Buffer *buffer = driver.findBuffer(address);
    if (!buffer || buffer->base != address ||
        buffer->kind == BufferKind::Host ||
        buffer->kind == BufferKind::Registered)
      return fail("cuMemFree", CUDA_ERROR_INVALID_VALUE,
                  "no allocation begins at 0x" + Twine::utohexstr(address));
    driver.free(*buffer);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuMemFree, cuMemFree_v2)

FP4_CUDA(cuMemGetInfo_v2, (size_t *free, size_t *total)) {
  return callInContext([&](Driver &driver, Context &) {
    if (!free || !total)
      return CUDA_ERROR_INVALID_VALUE;
    *free = driver.totalMemory - driver.usedMemory;
    *total = driver.totalMemory;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuMemGetInfo, cuMemGetInfo_v2)

FP4_CUDA(cuMemGetAddressRange_v2,
         (CUdeviceptr * base, size_t *size, CUdeviceptr address)) {
  return callInContext([&](Driver &driver, Context &) {
    // Variables of modules are allocations too.
    const Allocation *allocation = driver.memory.find(address);
    if (!allocation)
      return CUDA_ERROR_NOT_FOUND;
    if (base)
      *base = allocation->base;
    if (size)
      *size = allocation->size;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuMemGetAddressRange, cuMemGetAddressRange_v2)
