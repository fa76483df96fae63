//===- Pools.cpp - Memory pools and allocations in streams ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A pool keeps no memory for later: it counts what is allocated from it. What
// it is asked to keep is written down and has no effect.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace llvm;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Allocating
//===----------------------------------------------------------------------===//

static CUresult allocate(CUdeviceptr *address, size_t size, CUstream stream,
                         function_ref<Pool *(Driver &)> choose) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!address || size == 0)
      return CUDA_ERROR_INVALID_VALUE;
    Pool *pool = choose(driver);
    if (!pool || !driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    if (pool->properties.maxSize &&
        size > pool->properties.maxSize - pool->used)
      return CUDA_ERROR_OUT_OF_MEMORY;
    return driver.allocate(context, size, pool->handle, address);
  });
}

FP4_CUDA(cuMemAllocAsync,
         (CUdeviceptr * address, size_t size, CUstream stream)) {
  return allocate(address, size, stream,
                  [](Driver &driver) { return driver.currentPool; });
}
FP4_CUDA_ALIAS(cuMemAllocAsync_ptsz, cuMemAllocAsync)

FP4_CUDA(cuMemAllocFromPoolAsync, (CUdeviceptr * address, size_t size,
                                   CUmemoryPool pool, CUstream stream)) {
  return allocate(address, size, stream,
                  [&](Driver &driver) { return driver.pools.find(pool); });
}
FP4_CUDA_ALIAS(cuMemAllocFromPoolAsync_ptsz, cuMemAllocFromPoolAsync)

FP4_CUDA(cuMemFreeAsync, (CUdeviceptr address, CUstream stream)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    Buffer *buffer = driver.findBuffer(address);
    if (!buffer || buffer->base != address || buffer->isOfHost())
      return fail("cuMemFreeAsync", CUDA_ERROR_INVALID_VALUE,
                  "no allocation begins at 0x" + Twine::utohexstr(address));
    driver.free(*buffer);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuMemFreeAsync_ptsz, cuMemFreeAsync)

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

FP4_CUDA(cuMemPoolCreate,
         (CUmemoryPool * pool, const CUmemPoolProps *properties)) {
  return call([&](Driver &driver) {
    if (!pool || !properties ||
        properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED)
      return CUDA_ERROR_INVALID_VALUE;
    if (properties->handleTypes)
      return refuse("cuMemPoolCreate",
                    "nothing is shared with other processes");
    if (properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE)
      return refuse("cuMemPoolCreate", "pools are of device memory");
    if (!isDevice(properties->location.id))
      return CUDA_ERROR_INVALID_DEVICE;
    Pool &created = driver.pools.add(std::make_unique<Pool>());
    created.properties = *properties;
    *pool = toHandle<CUmemoryPool>(created);
    return CUDA_SUCCESS;
  });
}

/// Runs a call about a pool.
static CUresult callWithPool(CUmemoryPool handle,
                             function_ref<CUresult(Driver &, Pool &)> body) {
  return call([&](Driver &driver) {
    Pool *pool = driver.pools.find(handle);
    return pool ? body(driver, *pool) : CUDA_ERROR_INVALID_VALUE;
  });
}

FP4_CUDA(cuMemPoolDestroy, (CUmemoryPool pool)) {
  return callWithPool(pool, [](Driver &driver, Pool &found) {
    if (found.isDefault)
      return CUDA_ERROR_INVALID_VALUE;
    // What was allocated from it lives until it is freed.
    if (driver.currentPool == &found)
      driver.currentPool = driver.defaultPool;
    driver.pools.erase(found);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuMemPoolTrimTo, (CUmemoryPool pool, size_t)) {
  return callWithPool(pool, [](Driver &, Pool &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuMemPoolGetAttribute,
         (CUmemoryPool pool, int attribute, void *value)) {
  return callWithPool(pool, [&](Driver &, Pool &found) {
    if (!value)
      return CUDA_ERROR_INVALID_VALUE;
    auto *number = static_cast<uint64_t *>(value);
    switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
      *static_cast<int *>(value) = found.reuse[attribute - 1];
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
      *number = found.releaseThreshold;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
    case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
      *number = found.used;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
      *number = found.usedHigh;
      return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_VALUE;
  });
}

FP4_CUDA(cuMemPoolSetAttribute,
         (CUmemoryPool pool, int attribute, void *value)) {
  return callWithPool(pool, [&](Driver &, Pool &found) {
    if (!value)
      return CUDA_ERROR_INVALID_VALUE;
    switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
      found.reuse[attribute - 1] = *static_cast<const int *>(value);
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
      found.releaseThreshold = *static_cast<const uint64_t *>(value);
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
      // High marks are only ever reset.
      if (*static_cast<const uint64_t *>(value) != 0)
        return CUDA_ERROR_INVALID_VALUE;
      found.usedHigh = found.used;
      return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_VALUE;
  });
}

FP4_CUDA(cuMemPoolGetAccess,
         (int *flags, CUmemoryPool pool, const CUmemLocation *location)) {
  return callWithPool(pool, [&](Driver &, Pool &) {
    if (!flags || !location || location->type != CU_MEM_LOCATION_TYPE_DEVICE ||
        !isDevice(location->id))
      return CUDA_ERROR_INVALID_VALUE;
    *flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuMemPoolSetAccess,
         (CUmemoryPool pool, const CUmemAccessDesc *access, size_t count)) {
  return callWithPool(pool, [&](Driver &, Pool &) {
    if (!access && count)
      return CUDA_ERROR_INVALID_VALUE;
    for (size_t i = 0; i < count; ++i) {
      if (access[i].location.type != CU_MEM_LOCATION_TYPE_DEVICE ||
          !isDevice(access[i].location.id))
        return CUDA_ERROR_INVALID_DEVICE;
      // The device that a pool is of cannot be kept from it.
      if (access[i].flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
        return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
  });
}

//===----------------------------------------------------------------------===//
// The pools of the device
//===----------------------------------------------------------------------===//

static CUresult get(CUmemoryPool *out, CUdevice device,
                    function_ref<Pool *(Driver &)> choose) {
  return call([&](Driver &driver) {
    if (!out)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isDevice(device))
      return CUDA_ERROR_INVALID_DEVICE;
    *out = toHandle<CUmemoryPool>(*choose(driver));
    return CUDA_SUCCESS;
  });
}

static CUresult set(CUdevice device, CUmemoryPool handle) {
  return callWithPool(handle, [&](Driver &driver, Pool &pool) {
    if (!isDevice(device))
      return CUDA_ERROR_INVALID_DEVICE;
    driver.currentPool = &pool;
    return CUDA_SUCCESS;
  });
}

static Pool *getDefault(Driver &driver) { return driver.defaultPool; }
static Pool *getCurrent(Driver &driver) { return driver.currentPool; }

FP4_CUDA(cuDeviceGetDefaultMemPool, (CUmemoryPool * pool, CUdevice device)) {
  return get(pool, device, getDefault);
}

FP4_CUDA(cuDeviceGetMemPool, (CUmemoryPool * pool, CUdevice device)) {
  return get(pool, device, getCurrent);
}

FP4_CUDA(cuDeviceSetMemPool, (CUdevice device, CUmemoryPool pool)) {
  return set(device, pool);
}

/// Whether it is the memory of the device that is asked about.
static CUresult checkPlace(const char *name, const CUmemLocation *location,
                           int type) {
  if (!location)
    return CUDA_ERROR_INVALID_VALUE;
  return location->type == CU_MEM_LOCATION_TYPE_DEVICE &&
                 type == CU_MEM_ALLOCATION_TYPE_PINNED
             ? CUDA_SUCCESS
             : refuse(name, "pools are of device memory");
}

FP4_CUDA(cuMemGetDefaultMemPool,
         (CUmemoryPool * pool, const CUmemLocation *location, int type)) {
  CUresult result = checkPlace("cuMemGetDefaultMemPool", location, type);
  return result == CUDA_SUCCESS ? get(pool, location->id, getDefault) : result;
}

FP4_CUDA(cuMemGetMemPool,
         (CUmemoryPool * pool, const CUmemLocation *location, int type)) {
  CUresult result = checkPlace("cuMemGetMemPool", location, type);
  return result == CUDA_SUCCESS ? get(pool, location->id, getCurrent) : result;
}

FP4_CUDA(cuMemSetMemPool,
         (const CUmemLocation *location, int type, CUmemoryPool pool)) {
  CUresult result = checkPlace("cuMemSetMemPool", location, type);
  return result == CUDA_SUCCESS ? set(location->id, pool) : result;
}
