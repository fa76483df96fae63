//===- TensorMap.cpp - Descriptors for the TMA unit -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::runtime;

namespace {
struct Tensor {
  const void *address;
  int32_t dataType;
  ArrayRef<int64_t> dims, byteStrides;
  ArrayRef<int32_t> box;
  int32_t swizzle, l2Promotion, oobFill;
};
} // namespace

static std::string describe(const Tensor &tensor) {
  return formatv(
      "tensor map of data type {0}, dims [{1:$[, ]}], byte strides "
      "[{2:$[, ]}], box [{3:$[, ]}], swizzle {4}, L2 promotion {5} "
      "and fill {6} at {7}",
      tensor.dataType, make_range(tensor.dims.begin(), tensor.dims.end()),
      make_range(tensor.byteStrides.begin(), tensor.byteStrides.end()),
      make_range(tensor.box.begin(), tensor.box.end()), tensor.swizzle,
      tensor.l2Promotion, tensor.oobFill, tensor.address);
}

/// Says what the driver would only call an invalid value, as far as that does
/// not depend on the data type and the swizzle.
static Error check(const Tensor &tensor) {
  auto isNegative = [](int64_t number) { return number < 0; };
  if (any_of(tensor.dims, isNegative) || any_of(tensor.byteStrides, isNegative))
    return makeError("dims and strides must not be negative");
  if (reinterpret_cast<uintptr_t>(tensor.address) % 16 != 0)
    return makeError("the address is not a multiple of 16");
  return Error::success();
}

static Error encode(const Tensor &tensor, TensorMap *map,
                    const Driver &driver) {
  SmallVector<uint64_t> dims(tensor.dims), strides(tensor.byteStrides);
  SmallVector<uint32_t> box(tensor.box);
  SmallVector<uint32_t> elementStrides(tensor.dims.size(), 1);
  return driver.call(driver.cuTensorMapEncodeTiled, map, tensor.dataType,
                     tensor.dims.size(), const_cast<void *>(tensor.address),
                     dims.data(), strides.data(), box.data(),
                     elementStrides.data(), interleaveNone, tensor.swizzle,
                     tensor.l2Promotion, tensor.oobFill);
}

void fp4rtEncodeTensorMap(void *map, const void *address, int32_t dataType,
                          int32_t rank, const int64_t *dims,
                          const int64_t *byteStrides, const int32_t *box,
                          int32_t swizzle, int32_t l2Promotion,
                          int32_t oobFill) {
  if (hasFailed())
    return;
  if (rank < 1 || rank > maxTensorMapRank) {
    keep(makeError("tensor map of rank {0}: expects a rank of 1 to {1}", rank,
                   maxTensorMapRank));
    return;
  }
  if (reinterpret_cast<uintptr_t>(map) % alignof(TensorMap) != 0) {
    keep(makeError("tensor map in host memory at {0}: the address is not a "
                   "multiple of {1}",
                   map, alignof(TensorMap)));
    return;
  }
  std::memset(map, 0, sizeof(TensorMap));
  Tensor tensor = {address,
                   dataType,
                   ArrayRef(dims, rank),
                   ArrayRef(byteStrides, rank - 1),
                   ArrayRef(box, rank),
                   swizzle,
                   l2Promotion,
                   oobFill};
  if (is_contained(tensor.dims, 0))
    return;
  runOnDevice([&](Device &device) -> Error {
    Error error = check(tensor);
    if (!error)
      error = encode(tensor, static_cast<TensorMap *>(map), *device.driver);
    return error ? inContextOf(::describe(tensor), std::move(error))
                 : Error::success();
  });
}
