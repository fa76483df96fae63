//===- Events.cpp - cuEvent -----------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An event that is recorded has happened. Times are those of the host: how long
// simulating took.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace llvm;
using namespace mlir::fp4::sim::cuda;

FP4_CUDA(cuEventCreate, (CUevent * event, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!event || flags & ~CU_EVENT_FLAGS_MASK)
      return CUDA_ERROR_INVALID_VALUE;
    if (flags & CU_EVENT_INTERPROCESS)
      // Those have no times.
      return flags & CU_EVENT_DISABLE_TIMING
                 ? refuse("cuEventCreate",
                          "nothing is shared with other processes")
                 : CUDA_ERROR_INVALID_VALUE;
    auto created = std::make_unique<Event>();
    created->context = context.handle;
    created->flags = flags;
    *event = toHandle<CUevent>(driver.events.add(std::move(created)));
    return CUDA_SUCCESS;
  });
}

static CUresult callWithEvent(CUevent handle,
                              function_ref<CUresult(Driver &, Event &)> body) {
  return callInContext([&](Driver &driver, Context &) {
    Event *event = driver.events.find(handle);
    return event ? body(driver, *event) : CUDA_ERROR_INVALID_HANDLE;
  });
}

FP4_CUDA(cuEventDestroy_v2, (CUevent event)) {
  return callWithEvent(event, [](Driver &driver, Event &found) {
    driver.events.erase(found);
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuEventDestroy, cuEventDestroy_v2)

FP4_CUDA(cuEventRecordWithFlags,
         (CUevent event, CUstream stream, unsigned flags)) {
  return callInContext([&](Driver &driver, Context &context) {
    Event *found = driver.events.find(event);
    Stream *of = driver.findStream(context, stream);
    if (!found || !of || found->context != of->context)
      return CUDA_ERROR_INVALID_HANDLE;
    // The other flag is for captured streams.
    if (flags)
      return CUDA_ERROR_INVALID_VALUE;
    found->isRecorded = true;
    found->time = std::chrono::steady_clock::now();
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuEventRecordWithFlags_ptsz, cuEventRecordWithFlags)

FP4_CUDA(cuEventRecord, (CUevent event, CUstream stream)) {
  return cuEventRecordWithFlags(event, stream, 0);
}
FP4_CUDA_ALIAS(cuEventRecord_ptsz, cuEventRecord)

FP4_CUDA(cuEventQuery, (CUevent event)) {
  return callWithEvent(event, [](Driver &, Event &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuEventSynchronize, (CUevent event)) {
  return callWithEvent(event, [](Driver &, Event &) { return CUDA_SUCCESS; });
}

FP4_CUDA(cuEventElapsedTime,
         (float *milliseconds, CUevent begin, CUevent end)) {
  return callInContext([&](Driver &driver, Context &) {
    if (!milliseconds)
      return CUDA_ERROR_INVALID_VALUE;
    Event *first = driver.events.find(begin), *last = driver.events.find(end);
    for (const Event *event : {first, last})
      if (!event || !event->isRecorded ||
          event->flags & CU_EVENT_DISABLE_TIMING)
        return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds =
        std::chrono::duration<float, std::milli>(last->time - first->time)
            .count();
    return CUDA_SUCCESS;
  });
}
FP4_CUDA_ALIAS(cuEventElapsedTime_v2, cuEventElapsedTime)
