//===- Streams.cpp - cuStream ---------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All that was asked of a stream is done: its calls check what they are given,
// and waiting for something returns at once.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace mlir::fp4::sim::cuda;

//===----------------------------------------------------------------------===//
// Making and destroying
//===----------------------------------------------------------------------===//

FP4_CUDA(cuStreamCreateWithPriority,
         (CUstream * stream, unsigned flags, int priority)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!stream || flags & ~CU_STREAM_NON_BLOCKING)
      return CUDA_ERROR_INVALID_VALUE;
    auto created = std::make_unique<Stream>();
    created->context = context.handle;
    created->flags = flags;
    created->priority = std::clamp(priority, -5, 0);
    created->id = driver.nextStreamID++;
    *stream = toHandle<CUstream>(driver.streams.add(std::move(created)));
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuStreamCreate, (CUstream * stream, unsigned flags)) {
  return cuStreamCreateWithPriority(stream, flags, 0);
}

FP4_CUDA(cuStreamDestroy_v2, (CUstream stream)) {
  return callInContext([&](Driver &driver, Context &) {
    // The default streams are not found there.
    Stream *found = driver.streams.find(stream);
    if (!found)
      return CUDA_ERROR_INVALID_HANDLE;
    driver.streams.erase(*found);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamDestroy, cuStreamDestroy_v2)

//===----------------------------------------------------------------------===//
// Asking
//===----------------------------------------------------------------------===//

/// Runs a call about a stream of the current context, or one of its default
/// streams.
static CUresult
callWithStream(CUstream handle,
               function_ref<CUresult(Driver &, Stream &)> body) {
  return callInContext([&](Driver &driver, Context &context) {
    Stream *stream = driver.findStream(context, handle);
    return stream ? body(driver, *stream) : CUDA_ERROR_INVALID_HANDLE;
  });
}

/// Runs a call that writes something about a stream to `out`.
static CUresult query(CUstream stream, const void *out,
                      function_ref<void(const Stream &)> body) {
  return callWithStream(stream, [&](Driver &, Stream &found) {
    if (!out)
      return CUDA_ERROR_INVALID_VALUE;
    body(found);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuStreamGetPriority, (CUstream stream, int *priority)) {
  return query(stream, priority,
               [&](const Stream &found) { *priority = found.priority; });
}
FP4_CUDA_ALIAS(cuStreamGetPriority_ptsz, cuStreamGetPriority)

FP4_CUDA(cuStreamGetFlags, (CUstream stream, unsigned *flags)) {
  return query(stream, flags,
               [&](const Stream &found) { *flags = found.flags; });
}
FP4_CUDA_ALIAS(cuStreamGetFlags_ptsz, cuStreamGetFlags)

FP4_CUDA(cuStreamGetId, (CUstream stream, unsigned long long *id)) {
  return query(stream, id, [&](const Stream &found) { *id = found.id; });
}
FP4_CUDA_ALIAS(cuStreamGetId_ptsz, cuStreamGetId)

FP4_CUDA(cuStreamGetDevice, (CUstream stream, CUdevice *device)) {
  return query(stream, device, [&](const Stream &) { *device = 0; });
}
FP4_CUDA_ALIAS(cuStreamGetDevice_ptsz, cuStreamGetDevice)

FP4_CUDA(cuStreamGetCtx, (CUstream stream, CUcontext *context)) {
  return query(stream, context, [&](const Stream &found) {
    *context = reinterpret_cast<CUcontext>(found.context);
  });
}
FP4_CUDA_ALIAS(cuStreamGetCtx_ptsz, cuStreamGetCtx)

FP4_CUDA(cuStreamGetCtx_v2,
         (CUstream stream, CUcontext *context, void **greenContext)) {
  return query(stream, context, [&](const Stream &found) {
    *context = reinterpret_cast<CUcontext>(found.context);
    if (greenContext)
      *greenContext = nullptr;
  });
}
FP4_CUDA_ALIAS(cuStreamGetCtx_v2_ptsz, cuStreamGetCtx_v2)

//===----------------------------------------------------------------------===//
// Waiting
//===----------------------------------------------------------------------===//

FP4_CUDA(cuStreamSynchronize, (CUstream stream)) {
  return callWithStream(stream,
                        [](Driver &, Stream &) { return CUDA_SUCCESS; });
}
FP4_CUDA_ALIAS(cuStreamSynchronize_ptsz, cuStreamSynchronize)

FP4_CUDA(cuStreamQuery, (CUstream stream)) {
  return callWithStream(stream,
                        [](Driver &, Stream &) { return CUDA_SUCCESS; });
}
FP4_CUDA_ALIAS(cuStreamQuery_ptsz, cuStreamQuery)

FP4_CUDA(cuStreamWaitEvent, (CUstream stream, CUevent event, unsigned flags)) {
  return callWithStream(stream, [&](Driver &driver, Stream &) {
    // What an event stands for is done when it is recorded.
    if (!driver.events.find(event))
      return CUDA_ERROR_INVALID_HANDLE;
    return flags > 1 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamWaitEvent_ptsz, cuStreamWaitEvent)

//===----------------------------------------------------------------------===//
// Functions of the host
//===----------------------------------------------------------------------===//

// They are called without the lock, as they may take long.
FP4_CUDA(cuLaunchHostFunc,
         (CUstream stream, CUhostFn function, void *userData)) {
  CUresult result = callWithStream(stream, [&](Driver &, Stream &) {
    return function ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
  if (result == CUDA_SUCCESS)
    function(userData);
  return result;
}
FP4_CUDA_ALIAS(cuLaunchHostFunc_ptsz, cuLaunchHostFunc)

FP4_CUDA(cuStreamAddCallback, (CUstream stream, CUstreamCallback callback,
                               void *userData, unsigned flags)) {
  CUresult result = callWithStream(stream, [&](Driver &, Stream &) {
    return callback && flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
  if (result == CUDA_SUCCESS)
    callback(stream, CUDA_SUCCESS, userData);
  return result;
}
FP4_CUDA_ALIAS(cuStreamAddCallback_ptsz, cuStreamAddCallback)

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Those that streams have: hints, apart from the priority.
static bool isStreamAttribute(int attribute) {
  return attribute == CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW ||
         attribute == CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY ||
         attribute == CU_LAUNCH_ATTRIBUTE_PRIORITY ||
         attribute == CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP ||
         attribute == CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN;
}

FP4_CUDA(cuStreamGetAttribute, (CUstream stream, int attribute, void *value)) {
  return callWithStream(stream, [&](Driver &, Stream &found) {
    if (!value || !isStreamAttribute(attribute))
      return CUDA_ERROR_INVALID_VALUE;
    std::memset(value, 0, sizeof(CUlaunchAttribute::value));
    if (attribute == CU_LAUNCH_ATTRIBUTE_PRIORITY)
      *static_cast<int *>(value) = found.priority;
    if (attribute == CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY)
      *static_cast<int *>(value) = 1; // CU_SYNC_POLICY_AUTO
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamGetAttribute_ptsz, cuStreamGetAttribute)

FP4_CUDA(cuStreamSetAttribute,
         (CUstream stream, int attribute, const void *value)) {
  return callWithStream(stream, [&](Driver &, Stream &found) {
    if (!value || !isStreamAttribute(attribute))
      return CUDA_ERROR_INVALID_VALUE;
    if (attribute == CU_LAUNCH_ATTRIBUTE_PRIORITY)
      found.priority = std::clamp(*static_cast<const int *>(value), -5, 0);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamSetAttribute_ptsz, cuStreamSetAttribute)

FP4_CUDA(cuStreamCopyAttributes, (CUstream to, CUstream from)) {
  return callInContext([&](Driver &driver, Context &context) {
    Stream *target = driver.findStream(context, to);
    Stream *source = driver.findStream(context, from);
    if (!target || !source)
      return CUDA_ERROR_INVALID_HANDLE;
    target->priority = source->priority;
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuStreamCopyAttributes_ptsz, cuStreamCopyAttributes)

//===----------------------------------------------------------------------===//
// Capture, which there is none of
//===----------------------------------------------------------------------===//

FP4_CUDA(cuStreamIsCapturing, (CUstream stream, int *status)) {
  return query(stream, status, [&](const Stream &) {
    *status = CU_STREAM_CAPTURE_STATUS_NONE;
  });
}
FP4_CUDA_ALIAS(cuStreamIsCapturing_ptsz, cuStreamIsCapturing)

// The versions differ in what they write about a stream that is captured.
FP4_CUDA(cuStreamGetCaptureInfo, (CUstream stream, int *status, void *)) {
  return cuStreamIsCapturing(stream, status);
}
FP4_CUDA_ALIAS(cuStreamGetCaptureInfo_ptsz, cuStreamGetCaptureInfo)
FP4_CUDA_ALIAS(cuStreamGetCaptureInfo_v2, cuStreamGetCaptureInfo)
FP4_CUDA_ALIAS(cuStreamGetCaptureInfo_v2_ptsz, cuStreamGetCaptureInfo)
FP4_CUDA_ALIAS(cuStreamGetCaptureInfo_v3, cuStreamGetCaptureInfo)
FP4_CUDA_ALIAS(cuStreamGetCaptureInfo_v3_ptsz, cuStreamGetCaptureInfo)

FP4_CUDA(cuThreadExchangeStreamCaptureMode, (int *mode)) {
  return call([&](Driver &) {
    static thread_local int current = 0; // CU_STREAM_CAPTURE_MODE_GLOBAL
    if (!mode || *mode < 0 || *mode > 2)
      return CUDA_ERROR_INVALID_VALUE;
    std::swap(*mode, current);
    return CUDA_SUCCESS;
  });
}
