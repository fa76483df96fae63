//===- HostAllocations.cpp - Memory that host and device share ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels reach it at the address that it has on the host. Nobody tracks what
// the host writes, so that all of it counts as written.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "HostMemory.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

/// Makes memory of the host known to the device.
static CUresult map(Driver &driver, Context &context,
                    std::unique_ptr<Buffer> buffer) {
  buffer->context = context.handle;
  buffer->id = driver.nextBufferID++;
  if (!driver.memory.map(reinterpret_cast<void *>(buffer->base), buffer->size,
                         ("host memory " + Twine(buffer->id)).str()))
    return CUDA_ERROR_OUT_OF_MEMORY;
  driver.buffers[buffer->base] = std::move(buffer);
  return CUDA_SUCCESS;
}

CUresult Driver::allocateOfHost(Context &context, uint64_t size,
                                BufferKind kind, unsigned flags,
                                void **address) {
  if (size > totalMemory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  // The simulator may look a few bytes past the end of an access.
  uint64_t room = alignTo(size + 16, 4096);
  auto *data = static_cast<uint8_t *>(std::aligned_alloc(4096, room));
  if (!data)
    return CUDA_ERROR_OUT_OF_MEMORY;
  std::memset(data, 0, room);
  auto buffer = std::make_unique<Buffer>();
  buffer->base = reinterpret_cast<uint64_t>(data);
  buffer->size = size;
  buffer->kind = kind;
  buffer->flags = flags;
  buffer->storage = {data, std::free};
  CUresult result = map(*this, context, std::move(buffer));
  if (result == CUDA_SUCCESS)
    *address = data;
  return result;
}

//===----------------------------------------------------------------------===//
// Allocating
//===----------------------------------------------------------------------===//

FP4_CUDA(cuMemHostAlloc, (void **address, size_t size, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!address || size == 0 || flags & ~CU_MEMHOSTALLOC_FLAGS_MASK)
      return CUDA_ERROR_INVALID_VALUE;
    return driver.allocateOfHost(context, size, BufferKind::Host, flags,
                                 address);
  });
}

FP4_CUDA(cuMemAllocHost_v2, (void **address, size_t size)) {
  return cuMemHostAlloc(address, size, 0);
}
FP4_CUDA_ALIAS(cuMemAllocHost, cuMemAllocHost_v2)

FP4_CUDA(cuMemAllocManaged,
         (CUdeviceptr * address, size_t size, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!address || size == 0 ||
        (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST))
      return CUDA_ERROR_INVALID_VALUE;
    void *data = nullptr;
    CUresult result =
        driver.allocateOfHost(context, size, BufferKind::Managed, flags, &data);
    if (result == CUDA_SUCCESS)
      *address = reinterpret_cast<CUdeviceptr>(data);
    return result;
  });
}

FP4_CUDA(cuMemFreeHost, (void *address)) {
  return callInContext([&](Driver &driver, Context &) {
    Buffer *buffer = driver.findBuffer(reinterpret_cast<uint64_t>(address));
    if (!buffer || buffer->kind != BufferKind::Host ||
        buffer->base != reinterpret_cast<uint64_t>(address))
      return CUDA_ERROR_INVALID_VALUE;
    driver.free(*buffer);
    return CUDA_SUCCESS;
  });
}

//===----------------------------------------------------------------------===//
// Registering
//===----------------------------------------------------------------------===//

/// Whether a program has all pages of a range, and can read its ends.
static bool isMapped(uint64_t base, uint64_t size) {
  uint8_t byte;
  for (uint64_t address : {base, base + size - 1})
    if (!readHost(reinterpret_cast<const void *>(address), byte))
      return false;
  uint64_t begin = base / 4096 * 4096, end = base + size;
  std::vector<unsigned char> residency((end - begin + 4095) / 4096);
  return mincore(reinterpret_cast<void *>(begin), end - begin,
                 residency.data()) == 0;
}

FP4_CUDA(cuMemHostRegister_v2, (void *address, size_t size, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    auto base = reinterpret_cast<uint64_t>(address);
    if (!address || size == 0 || flags & ~CU_MEMHOSTREGISTER_FLAGS_MASK ||
        size > driver.totalMemory || base + size < base ||
        !isMapped(base, size))
      return CUDA_ERROR_INVALID_VALUE;
    if (flags & CU_MEMHOSTREGISTER_IOMEMORY_FLAG)
      return refuse("cuMemHostRegister", "memory of other devices");
    // Device memory and what is mapped already.
    auto next = driver.buffers.lower_bound(base);
    if (driver.memory.find(base) ||
        (next != driver.buffers.end() && next->first < base + size))
      return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    auto buffer = std::make_unique<Buffer>();
    buffer->base = base;
    buffer->size = size;
    buffer->kind = BufferKind::Registered;
    buffer->flags = flags;
    return map(driver, context, std::move(buffer));
  });
}
FP4_CUDA_ALIAS(cuMemHostRegister, cuMemHostRegister_v2)

FP4_CUDA(cuMemHostUnregister, (void *address)) {
  return callInContext([&](Driver &driver, Context &) {
    if (!address)
      return CUDA_ERROR_INVALID_VALUE;
    Buffer *buffer = driver.findBuffer(reinterpret_cast<uint64_t>(address));
    if (!buffer || buffer->kind != BufferKind::Registered ||
        buffer->base != reinterpret_cast<uint64_t>(address))
      return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    driver.free(*buffer);
    return CUDA_SUCCESS;
  });
}

//===----------------------------------------------------------------------===//
// Asking
//===----------------------------------------------------------------------===//

/// The allocated or registered memory of the host around an address, or null.
static Buffer *findOfHost(Driver &driver, const void *address) {
  Buffer *buffer = driver.findBuffer(reinterpret_cast<uint64_t>(address));
  return buffer && (buffer->kind == BufferKind::Host ||
                    buffer->kind == BufferKind::Registered)
             ? buffer
             : nullptr;
}

FP4_CUDA(cuMemHostGetDevicePointer_v2,
         (CUdeviceptr * device, void *host, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &) {
    if (!device || flags || !findOfHost(driver, host))
      return CUDA_ERROR_INVALID_VALUE;
    *device = reinterpret_cast<CUdeviceptr>(host);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuMemHostGetDevicePointer, cuMemHostGetDevicePointer_v2)

FP4_CUDA(cuMemHostGetFlags, (unsigned *flags, void *address)) {
  return callInContext([&](Driver &driver, Context &) {
    Buffer *buffer = findOfHost(driver, address);
    if (!flags || !buffer || buffer->kind != BufferKind::Host)
      return CUDA_ERROR_INVALID_VALUE;
    // All host memory is mapped, as it is wherever addresses are unified.
    *flags = buffer->flags | CU_MEMHOSTALLOC_DEVICEMAP_FLAG;
    return CUDA_SUCCESS;
  });
}
