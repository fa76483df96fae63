//===- TensorMaps.cpp - cuTensorMap ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "fp4/Simulator/Descriptors/TensorMapBits.h"
#include "fp4/Support/Error.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;
using namespace mlir::fp4::sim::cuda;

namespace {
/// The arguments as a program passes them.
struct TiledArguments {
  int dataType;
  uint32_t rank;
  const void *address;
  const uint64_t *dims, *strides;
  const uint32_t *box, *elementStrides;
  int interleave, swizzle, l2Promotion, fill;
};
} // namespace

static Error checkRange(const char *what, int64_t value, int64_t most) {
  if (value < 0 || value > most)
    return makeError("tensor map has no {0} {1}", what, value);
  return Error::success();
}

/// What does not fit in the fields of a map, and what follows from no field.
static Error check(const TiledArguments &a) {
  if (a.rank < 1 || a.rank > 5)
    return makeError("tensor map expects a rank of 1 to 5, but got {0}",
                     a.rank);
  if (!a.dims || !a.box || !a.elementStrides || (a.rank > 1 && !a.strides))
    return makeError("tensor map expects dimensions, strides, a box and "
                     "element strides, but got a null pointer");
  for (auto [what, value, most] :
       {std::tuple("data type", a.dataType,
                   int(TensorDataType::Packed16U6Align16B)),
        std::tuple("interleave", a.interleave, 2),
        std::tuple("swizzle", a.swizzle, 6),
        std::tuple("L2 promotion", a.l2Promotion, 3),
        std::tuple("fill", a.fill, 1)})
    if (Error error = checkRange(what, value, most))
      return error;
  for (uint32_t i = 0; i < a.rank; ++i) {
    if (a.box[i] > 256)
      return makeError("tensor map expects box dimension {0} to be 1 to 256, "
                       "but got {1}",
                       i, a.box[i]);
    if (a.elementStrides[i] > 8)
      return makeError("tensor map expects element stride {0} to be 1 to 8, "
                       "but got {1}",
                       i, a.elementStrides[i]);
  }
  return Error::success();
}

static Expected<TensorMap> encode(const TiledArguments &a) {
  if (Error error = check(a))
    return std::move(error);
  TensorMap map = {};
  map.globalAddress = reinterpret_cast<uint64_t>(a.address);
  for (uint32_t i = 0; i < a.rank; ++i) {
    map.globalDims[i] = a.dims[i];
    if (i > 0)
      map.globalStrides[i - 1] = a.strides[i - 1];
    map.boxDims[i] = uint16_t(a.box[i]);
    map.elementStrides[i] = uint8_t(a.elementStrides[i]);
  }
  map.rank = a.rank;
  map.dataType = TensorDataType(a.dataType);
  map.interleave = uint8_t(a.interleave);
  map.l2Promotion = uint8_t(a.l2Promotion);
  map.fillsWithNaN = uint8_t(a.fill);
  if (Error error = setDriverSwizzle(map, unsigned(a.swizzle)))
    return std::move(error);
  if (Error error = verifyTensorMap(map))
    return std::move(error);
  return map;
}

/// The device reads maps whole.
static bool isAligned(const CUtensorMap *map) {
  return reinterpret_cast<uintptr_t>(map) % alignof(CUtensorMap) == 0;
}

FP4_CUDA(cuTensorMapEncodeTiled,
         (CUtensorMap * out, int dataType, uint32_t rank, void *address,
          const uint64_t *dims, const uint64_t *strides, const uint32_t *box,
          const uint32_t *elementStrides, int interleave, int swizzle,
          int l2Promotion, int fill)) {
  const char *name = "cuTensorMapEncodeTiled";
  return call([&](Driver &driver) {
    if (!driver.chip().has(Sm90))
      return refuse(name, driver.chip().name + " has no tensor maps");
    if (!out || !isAligned(out))
      return fail(name, CUDA_ERROR_INVALID_VALUE,
                  "a tensor map is at a multiple of 64");
    if (interleave == 1 || interleave == 2)
      return refuse(name, "interleaved layouts are not simulated");
    Expected<TensorMap> map =
        encode({dataType, rank, address, dims, strides, box, elementStrides,
                interleave, swizzle, l2Promotion, fill});
    if (!map)
      return fail(name, CUDA_ERROR_INVALID_VALUE, map.takeError());
    TensorMapWords words = encodeTensorMap(*map);
    std::memset(out, 0, tensorMapBytes);
    std::memcpy(out, words.data(), tensorMapUsedBytes);
    return CUDA_SUCCESS;
  });
}

FP4_CUDA(cuTensorMapReplaceAddress, (CUtensorMap * out, void *address)) {
  return call([&](Driver &) {
    if (!out || !isAligned(out))
      return CUDA_ERROR_INVALID_VALUE;
    TensorMapWords words;
    std::memcpy(words.data(), out, tensorMapUsedBytes);
    words[0] = uint32_t(reinterpret_cast<uint64_t>(address));
    words[1] = uint32_t(reinterpret_cast<uint64_t>(address) >> 32);
    Expected<TensorMap> map = decodeTensorMap(words);
    Error error = map ? verifyTensorMap(*map) : map.takeError();
    if (error)
      return fail("cuTensorMapReplaceAddress", CUDA_ERROR_INVALID_VALUE,
                  std::move(error));
    std::memcpy(out, words.data(), tensorMapUsedBytes);
    return CUDA_SUCCESS;
  });
}
