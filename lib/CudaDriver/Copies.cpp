//===- Copies.cpp - cuMemcpy ----------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies between places, each of which is a row of bytes of the device or of
// the host. Bytes of the device that nobody has written are copied as such.
// Where a program names the host it may also mean the device, since addresses
// are unified.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "HostMemory.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

namespace {
/// Where bytes are copied from or to.
struct Place {
  uint64_t address;
  bool isDevice; ///< If not, the host's, unless the device has that address.
};

/// A box of bytes within such a place.
struct Box {
  Place place;
  uint64_t pitch;      ///< Between rows.
  uint64_t slicePitch; ///< Between slices.
};
} // namespace

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The allocation that all those bytes are in, null if they are the host's.
static CUresult find(const char *call, const Driver &driver, Place place,
                     uint64_t size, const Allocation *&allocation) {
  allocation = driver.memory.find(place.address);
  if (allocation && allocation->holds(place.address, size))
    return CUDA_SUCCESS;
  // A range of the host may begin in memory that is mapped and end beyond it.
  bool isOfHost = !allocation || !allocation->storage;
  if (!place.isDevice && isOfHost) {
    allocation = nullptr;
    return CUDA_SUCCESS;
  }
  return fail(call, CUDA_ERROR_INVALID_VALUE,
              driver.memory.describeMiss(place.address, size));
}

static CUresult copyRow(const char *call, const Driver &driver, Place to,
                        Place from, uint64_t size) {
  const Allocation *target, *source;
  CUresult result = find(call, driver, to, size, target);
  if (result == CUDA_SUCCESS)
    result = find(call, driver, from, size, source);
  if (result != CUDA_SUCCESS)
    return result;
  auto *hostTarget = reinterpret_cast<uint8_t *>(to.address);
  auto *hostSource = reinterpret_cast<const uint8_t *>(from.address);
  bool isDone = true;
  if (target && source) {
    uint64_t targetOffset = to.address - target->base;
    uint64_t sourceOffset = from.address - source->base;
    std::memmove(target->data + targetOffset, source->data + sourceOffset,
                 size);
    // Memory of the host has no shadow that says more than that it is written.
    if (target->storage)
      std::memmove(target->shadow.get() + targetOffset,
                   source->shadow.get() + sourceOffset, size);
  } else if (target) {
    uint64_t offset = to.address - target->base;
    isDone = readHost(hostSource, MutableArrayRef(target->data + offset, size));
    std::memset(target->shadow.get() + offset, 0, size);
  } else if (source) {
    isDone =
        writeHost(hostTarget,
                  ArrayRef(source->data + (from.address - source->base), size));
  } else {
    std::vector<uint8_t> bytes(size);
    isDone = readHost(hostSource, bytes) && writeHost(hostTarget, bytes);
  }
  return isDone ? CUDA_SUCCESS
                : fail(call, CUDA_ERROR_INVALID_VALUE,
                       Twine(size) + " bytes of the host's memory are not all "
                                     "there");
}

/// Copies in a stream, null and not looked at if it is not asynchronous.
static CUresult copy(const char *call, Place to, Place from, uint64_t size,
                     CUstream stream = nullptr) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    if (size == 0)
      return CUDA_SUCCESS;
    if (size > uint64_t(1) << 40 || to.address == 0 || from.address == 0)
      return CUDA_ERROR_INVALID_VALUE;
    return copyRow(call, driver, to, from, size);
  });
}

static Place device(CUdeviceptr address) { return {address, true}; }
/// What is an address of either.
static Place unified(CUdeviceptr address) { return {address, false}; }
static Place host(const void *address) {
  return {reinterpret_cast<uint64_t>(address), false};
}

FP4_CUDA(cuMemcpyHtoD_v2, (CUdeviceptr to, const void *from, size_t size)) {
  return copy("cuMemcpyHtoD", device(to), host(from), size);
}
FP4_CUDA_ALIAS(cuMemcpyHtoD, cuMemcpyHtoD_v2)
FP4_CUDA_ALIAS(cuMemcpyHtoD_ptds, cuMemcpyHtoD_v2)
FP4_CUDA_ALIAS(cuMemcpyHtoD_v2_ptds, cuMemcpyHtoD_v2)

FP4_CUDA(cuMemcpyHtoDAsync_v2,
         (CUdeviceptr to, const void *from, size_t size, CUstream stream)) {
  return copy("cuMemcpyHtoDAsync", device(to), host(from), size, stream);
}
FP4_CUDA_ALIAS(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyHtoDAsync_ptsz, cuMemcpyHtoDAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyHtoDAsync_v2_ptsz, cuMemcpyHtoDAsync_v2)

FP4_CUDA(cuMemcpyDtoH_v2, (void *to, CUdeviceptr from, size_t size)) {
  return copy("cuMemcpyDtoH", host(to), device(from), size);
}
FP4_CUDA_ALIAS(cuMemcpyDtoH, cuMemcpyDtoH_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoH_ptds, cuMemcpyDtoH_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoH_v2_ptds, cuMemcpyDtoH_v2)

FP4_CUDA(cuMemcpyDtoHAsync_v2,
         (void *to, CUdeviceptr from, size_t size, CUstream stream)) {
  return copy("cuMemcpyDtoHAsync", host(to), device(from), size, stream);
}
FP4_CUDA_ALIAS(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoHAsync_ptsz, cuMemcpyDtoHAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoHAsync_v2_ptsz, cuMemcpyDtoHAsync_v2)

FP4_CUDA(cuMemcpyDtoD_v2, (CUdeviceptr to, CUdeviceptr from, size_t size)) {
  return copy("cuMemcpyDtoD", device(to), device(from), size);
}
FP4_CUDA_ALIAS(cuMemcpyDtoD, cuMemcpyDtoD_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoD_ptds, cuMemcpyDtoD_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoD_v2_ptds, cuMemcpyDtoD_v2)

FP4_CUDA(cuMemcpyDtoDAsync_v2,
         (CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream)) {
  return copy("cuMemcpyDtoDAsync", device(to), device(from), size, stream);
}
FP4_CUDA_ALIAS(cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoDAsync_ptsz, cuMemcpyDtoDAsync_v2)
FP4_CUDA_ALIAS(cuMemcpyDtoDAsync_v2_ptsz, cuMemcpyDtoDAsync_v2)

FP4_CUDA(cuMemcpy, (CUdeviceptr to, CUdeviceptr from, size_t size)) {
  return copy("cuMemcpy", unified(to), unified(from), size);
}
FP4_CUDA_ALIAS(cuMemcpy_ptds, cuMemcpy)

FP4_CUDA(cuMemcpyAsync,
         (CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream)) {
  return copy("cuMemcpyAsync", unified(to), unified(from), size, stream);
}
FP4_CUDA_ALIAS(cuMemcpyAsync_ptsz, cuMemcpyAsync)

//===----------------------------------------------------------------------===//
// Boxes
//===----------------------------------------------------------------------===//

/// The first byte of a box, by the fields of one side of a descriptor.
static CUresult getBox(const char *call, CUmemorytype type, const void *host,
                       CUdeviceptr device, size_t x, size_t y, size_t z,
                       size_t pitch, size_t height, size_t width, Box &box) {
  switch (type) {
  case CU_MEMORYTYPE_HOST:
    box.place = ::host(host);
    break;
  case CU_MEMORYTYPE_DEVICE:
    box.place = ::device(device);
    break;
  case CU_MEMORYTYPE_UNIFIED:
    box.place = unified(device);
    break;
  case CU_MEMORYTYPE_ARRAY:
    return refuse(call, "arrays are not simulated");
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
  // Far beyond any memory, and no product of two overflows.
  constexpr uint64_t most = uint64_t(1) << 31;
  box.pitch = pitch ? pitch : width;
  if (box.place.address == 0 || box.pitch > most || width > most ||
      height > most || x > most || y > most || z > most || box.pitch < width)
    return CUDA_ERROR_INVALID_VALUE;
  box.slicePitch = box.pitch * height;
  box.place.address += (z * height + y) * box.pitch + x;
  return CUDA_SUCCESS;
}

static CUresult copy(const char *call, const CUDA_MEMCPY3D *copy,
                     CUstream stream) {
  return callInContext([&](Driver &driver, Context &context) {
    if (!copy)
      return CUDA_ERROR_INVALID_VALUE;
    if (!driver.findStream(context, stream))
      return CUDA_ERROR_INVALID_HANDLE;
    const CUDA_MEMCPY3D &c = *copy;
    if (c.srcLOD || c.dstLOD || c.Height > uint64_t(1) << 31 ||
        c.Depth > uint64_t(1) << 31)
      return CUDA_ERROR_INVALID_VALUE;
    Box from, to;
    CUresult result =
        getBox(call, c.srcMemoryType, c.srcHost, c.srcDevice, c.srcXInBytes,
               c.srcY, c.srcZ, c.srcPitch, c.srcHeight ? c.srcHeight : c.Height,
               c.WidthInBytes, from);
    if (result == CUDA_SUCCESS)
      result = getBox(call, c.dstMemoryType, c.dstHost, c.dstDevice,
                      c.dstXInBytes, c.dstY, c.dstZ, c.dstPitch,
                      c.dstHeight ? c.dstHeight : c.Height, c.WidthInBytes, to);
    if (c.WidthInBytes == 0 || c.Height == 0)
      return result;
    for (size_t z = 0; z < c.Depth && result == CUDA_SUCCESS; ++z)
      for (size_t y = 0; y < c.Height && result == CUDA_SUCCESS; ++y) {
        Place target = to.place, source = from.place;
        target.address += z * to.slicePitch + y * to.pitch;
        source.address += z * from.slicePitch + y * from.pitch;
        result = copyRow(call, driver, target, source, c.WidthInBytes);
      }
    return result;
  });
}

/// The same with one slice.
static CUresult copy(const char *call, const CUDA_MEMCPY2D *copy,
                     CUstream stream) {
  if (!copy)
    return CUDA_ERROR_INVALID_VALUE;
  const CUDA_MEMCPY2D &c = *copy;
  CUDA_MEMCPY3D box = {};
  box.srcXInBytes = c.srcXInBytes;
  box.srcY = c.srcY;
  box.srcMemoryType = c.srcMemoryType;
  box.srcHost = c.srcHost;
  box.srcDevice = c.srcDevice;
  box.srcPitch = c.srcPitch;
  box.dstXInBytes = c.dstXInBytes;
  box.dstY = c.dstY;
  box.dstMemoryType = c.dstMemoryType;
  box.dstHost = c.dstHost;
  box.dstDevice = c.dstDevice;
  box.dstPitch = c.dstPitch;
  box.WidthInBytes = c.WidthInBytes;
  box.Height = c.Height;
  box.Depth = 1;
  return ::copy(call, &box, stream);
}

FP4_CUDA(cuMemcpy2D_v2, (const CUDA_MEMCPY2D *box)) {
  return copy("cuMemcpy2D", box, nullptr);
}
FP4_CUDA_ALIAS(cuMemcpy2D, cuMemcpy2D_v2)
FP4_CUDA_ALIAS(cuMemcpy2D_ptds, cuMemcpy2D_v2)
FP4_CUDA_ALIAS(cuMemcpy2D_v2_ptds, cuMemcpy2D_v2)
// No pitch is unaligned here.
FP4_CUDA_ALIAS(cuMemcpy2DUnaligned, cuMemcpy2D_v2)
FP4_CUDA_ALIAS(cuMemcpy2DUnaligned_ptds, cuMemcpy2D_v2)
FP4_CUDA_ALIAS(cuMemcpy2DUnaligned_v2, cuMemcpy2D_v2)
FP4_CUDA_ALIAS(cuMemcpy2DUnaligned_v2_ptds, cuMemcpy2D_v2)

FP4_CUDA(cuMemcpy2DAsync_v2, (const CUDA_MEMCPY2D *box, CUstream stream)) {
  return copy("cuMemcpy2DAsync", box, stream);
}
FP4_CUDA_ALIAS(cuMemcpy2DAsync, cuMemcpy2DAsync_v2)
FP4_CUDA_ALIAS(cuMemcpy2DAsync_ptsz, cuMemcpy2DAsync_v2)
FP4_CUDA_ALIAS(cuMemcpy2DAsync_v2_ptsz, cuMemcpy2DAsync_v2)

FP4_CUDA(cuMemcpy3D_v2, (const CUDA_MEMCPY3D *box)) {
  return copy("cuMemcpy3D", box, nullptr);
}
FP4_CUDA_ALIAS(cuMemcpy3D, cuMemcpy3D_v2)
FP4_CUDA_ALIAS(cuMemcpy3D_ptds, cuMemcpy3D_v2)
FP4_CUDA_ALIAS(cuMemcpy3D_v2_ptds, cuMemcpy3D_v2)

FP4_CUDA(cuMemcpy3DAsync_v2, (const CUDA_MEMCPY3D *box, CUstream stream)) {
  return copy("cuMemcpy3DAsync", box, stream);
}
FP4_CUDA_ALIAS(cuMemcpy3DAsync, cuMemcpy3DAsync_v2)
FP4_CUDA_ALIAS(cuMemcpy3DAsync_ptsz, cuMemcpy3DAsync_v2)
FP4_CUDA_ALIAS(cuMemcpy3DAsync_v2_ptsz, cuMemcpy3DAsync_v2)
