//===- Contexts.cpp - Contexts, and which one is current ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Contexts of the program
//===----------------------------------------------------------------------===//

static CUresult create(CUcontext *out, unsigned flags, CUdevice device) {
  return call([&](Driver &driver) {
    if (!out || flags & ~CU_CTX_FLAGS_MASK)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isDevice(device))
      return CUDA_ERROR_INVALID_DEVICE;
    Context &context = driver.contexts.add(std::make_unique<Context>());
    context.flags = flags;
    driver.clear(context);
    contextStack().push_back(context.handle);
    *out = toHandle<CUcontext>(context);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxCreate_v2,
         (CUcontext * context, unsigned flags, CUdevice device)) {
  return create(context, flags, device);
}
FP4_CUDA_ALIAS(cuCtxCreate, cuCtxCreate_v2)

static CUresult refuseAffinity(const char *name) {
  return refuse(name, "contexts have all of the device");
}

FP4_CUDA(cuCtxCreate_v3, (CUcontext * context, void *affinities,
                          int numAffinities, unsigned flags, CUdevice device)) {
  if (affinities || numAffinities)
    return refuseAffinity("cuCtxCreate_v3");
  return create(context, flags, device);
}

FP4_CUDA(cuCtxCreate_v4, (CUcontext * context, const CUctxCreateParams *params,
                          unsigned flags, CUdevice device)) {
  if (params && (params->execAffinityParams || params->numExecAffinityParams ||
                 params->cigParams))
    return refuseAffinity("cuCtxCreate_v4");
  return create(context, flags, device);
}

/// The context, if it is one of the program's.
static Context *findOwn(Driver &driver, CUcontext handle) {
  Context *context = driver.contexts.find(handle);
  return context && !context->isPrimary ? context : nullptr;
}

FP4_CUDA(cuCtxDestroy_v2, (CUcontext handle)) {
  return call([&](Driver &driver) {
    Context *context = findOwn(driver, handle);
    if (!context)
      return CUDA_ERROR_INVALID_CONTEXT;
    driver.clear(*context);
    std::vector<uint64_t> &stack = contextStack();
    if (!stack.empty() && stack.back() == context->handle)
      stack.pop_back();
    driver.contexts.erase(*context);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuCtxDestroy, cuCtxDestroy_v2)

// Counting uses was given up by CUDA 4.0: what is left is that a context that
// is created or attached to can be detached from.
FP4_CUDA(cuCtxAttach, (CUcontext * context, unsigned flags)) {
  return callInContext([&](Driver &, Context &current) {
    if (!context || flags)
      return CUDA_ERROR_INVALID_VALUE;
    *context = toHandle<CUcontext>(current);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxDetach, (CUcontext context)) {
  return call([&](Driver &driver) {
    if (!findOwn(driver, context) || contextStack().empty() ||
        contextStack().back() != reinterpret_cast<uint64_t>(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    return refuse("cuCtxDetach", "contexts do not count their uses, use "
                                 "cuCtxDestroy");
  });
}

//===----------------------------------------------------------------------===//
// The primary context
//===----------------------------------------------------------------------===//

/// Runs a call about the primary context.
static CUresult callOfPrimary(CUdevice device,
                              llvm::function_ref<CUresult(Driver &)> body) {
  return call([&](Driver &driver) {
    return isDevice(device) ? body(driver) : CUDA_ERROR_INVALID_DEVICE;
  });
}

FP4_CUDA(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device)) {
  return callOfPrimary(device, [&](Driver &driver) {
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    ++driver.primary->retained;
    *context = toHandle<CUcontext>(*driver.primary);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuDevicePrimaryCtxRelease_v2, (CUdevice device)) {
  return callOfPrimary(device, [](Driver &driver) {
    if (driver.primary->retained == 0)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (--driver.primary->retained == 0)
      driver.clear(*driver.primary);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2)

FP4_CUDA(cuDevicePrimaryCtxReset_v2, (CUdevice device)) {
  return callOfPrimary(device, [](Driver &driver) {
    driver.clear(*driver.primary);
    driver.primary->retained = 0;
    driver.primary->flags = 0;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuDevicePrimaryCtxReset, cuDevicePrimaryCtxReset_v2)

FP4_CUDA(cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned flags)) {
  return callOfPrimary(device, [&](Driver &driver) {
    if (flags & ~CU_CTX_FLAGS_MASK)
      return CUDA_ERROR_INVALID_VALUE;
    driver.primary->flags = flags;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuDevicePrimaryCtxSetFlags, cuDevicePrimaryCtxSetFlags_v2)

FP4_CUDA(cuDevicePrimaryCtxGetState,
         (CUdevice device, unsigned *flags, int *isActive)) {
  return callOfPrimary(device, [&](Driver &driver) {
    if (!flags || !isActive)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = driver.primary->flags;
    *isActive = driver.primary->isActive();
    return CUDA_SUCCESS;
  });
}

//===----------------------------------------------------------------------===//
// The current context
//===----------------------------------------------------------------------===//

FP4_CUDA(cuCtxGetCurrent, (CUcontext * context)) {
  return call([&](Driver &) {
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    *context = contextStack().empty()
                   ? nullptr
                   : reinterpret_cast<CUcontext>(contextStack().back());
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxSetCurrent, (CUcontext context)) {
  return call([&](Driver &driver) {
    if (context && !driver.contexts.find(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    std::vector<uint64_t> &stack = contextStack();
    if (!stack.empty())
      stack.pop_back();
    if (context)
      stack.push_back(reinterpret_cast<uint64_t>(context));
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxPushCurrent_v2, (CUcontext context)) {
  return call([&](Driver &driver) {
    if (!driver.contexts.find(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    contextStack().push_back(reinterpret_cast<uint64_t>(context));
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuCtxPushCurrent, cuCtxPushCurrent_v2)

FP4_CUDA(cuCtxPopCurrent_v2, (CUcontext * context)) {
  return call([&](Driver &) {
    if (contextStack().empty())
      return CUDA_ERROR_INVALID_CONTEXT;
    if (context)
      *context = reinterpret_cast<CUcontext>(contextStack().back());
    contextStack().pop_back();
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuCtxPopCurrent, cuCtxPopCurrent_v2)

//===----------------------------------------------------------------------===//
// What contexts have
//===----------------------------------------------------------------------===//

/// Runs a call about a context, the current one if it is null.
static CUresult
callWith(CUcontext handle,
         llvm::function_ref<CUresult(Driver &, Context &)> body) {
  if (!handle)
    return callInContext(body);
  return call([&](Driver &driver) {
    Context *context = driver.contexts.find(handle);
    if (!context)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (!context->isActive())
      return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    return context->error != CUDA_SUCCESS ? context->error
                                          : body(driver, *context);
  });
}

/// Runs a call that writes something about the current context to `out`.
static CUresult query(const void *out,
                      llvm::function_ref<void(const Context &)> body) {
  return callInContext([&](Driver &, Context &context) {
    if (!out)
      return CUDA_ERROR_INVALID_VALUE;
    body(context);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetDevice, (CUdevice * device)) {
  return query(device, [&](const Context &) { *device = 0; });
}

FP4_CUDA(cuCtxGetDevice_v2, (CUdevice * device, CUcontext context)) {
  return callWith(context, [&](Driver &, Context &) {
    if (!device)
      return CUDA_ERROR_INVALID_VALUE;
    *device = 0;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetFlags, (unsigned *flags)) {
  return query(flags, [&](const Context &context) { *flags = context.flags; });
}

FP4_CUDA(cuCtxSetFlags, (unsigned flags)) {
  return callInContext([&](Driver &, Context &context) {
    if (flags & ~CU_CTX_FLAGS_MASK)
      return CUDA_ERROR_INVALID_VALUE;
    context.flags = flags;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetId, (CUcontext context, unsigned long long *id)) {
  return callWith(context, [&](Driver &, Context &found) {
    if (!id)
      return CUDA_ERROR_INVALID_VALUE;
    *id = found.handle;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetApiVersion, (CUcontext context, unsigned *version)) {
  return callWith(context, [&](Driver &, Context &) {
    if (!version)
      return CUDA_ERROR_INVALID_VALUE;
    *version = 3020; // the interface of 64-bit addresses
    return CUDA_SUCCESS;
  });
}

// All work is done when the call returns that asked for it.
FP4_CUDA(cuCtxSynchronize, ()) {
  return callInContext([](Driver &, Context &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuCtxSynchronize_v2, (CUcontext context)) {
  return callWith(context, [](Driver &, Context &) { return CUDA_SUCCESS; });
}

static bool isLimit(int limit) {
  return limit >= 0 && limit <= CU_LIMIT_PERSISTING_L2_CACHE_SIZE;
}

FP4_CUDA(cuCtxGetLimit, (size_t *value, int limit)) {
  return callInContext([&](Driver &, Context &context) {
    if (!value)
      return CUDA_ERROR_INVALID_VALUE;
    if (!isLimit(limit))
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
    *value = context.limits[limit];
    return CUDA_SUCCESS;
  });
}

// They bound what the simulator does not: stacks are as large as they must be.
FP4_CUDA(cuCtxSetLimit, (int limit, size_t value)) {
  return callInContext([&](Driver &, Context &context) {
    if (!isLimit(limit))
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
    if (limit == CU_LIMIT_MAX_L2_FETCH_GRANULARITY && value > 128)
      return CUDA_ERROR_INVALID_VALUE;
    context.limits[limit] = value;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetCacheConfig, (int *config)) {
  return query(config,
               [&](const Context &context) { *config = context.cacheConfig; });
}

FP4_CUDA(cuCtxSetCacheConfig, (int config)) {
  return callInContext([&](Driver &, Context &context) {
    if (config < 0 || config > 3)
      return CUDA_ERROR_INVALID_VALUE;
    context.cacheConfig = config;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetSharedMemConfig, (int *config)) {
  // Banks are of four bytes, whatever was asked for.
  return query(config, [&](const Context &) { *config = 1; });
}

FP4_CUDA(cuCtxSetSharedMemConfig, (int config)) {
  return callInContext([&](Driver &, Context &) {
    return config < 0 || config > 2 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxGetStreamPriorityRange, (int *least, int *greatest)) {
  return callInContext([&](Driver &, Context &) {
    if (least)
      *least = 0;
    if (greatest)
      *greatest = -5;
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuCtxResetPersistingL2Cache, ()) {
  return callInContext([](Driver &, Context &) { return CUDA_SUCCESS; });
}
