//===- TensorMap.cpp - What a tensor map may hold -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMap.h"
#include "TensorDataTypes.h"
#include "fp4/Support/Error.h"
#include <iterator>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// In the order of TensorDataType.
static constexpr TensorDataTypeInfo dataTypes[] = {
    {"UINT8", 1, 1, 1, false},
    {"UINT16", 1, 2, 2, false},
    {"UINT32", 1, 4, 4, false},
    {"INT32", 1, 4, 4, false},
    {"UINT64", 1, 8, 8, false},
    {"INT64", 1, 8, 8, false},
    {"FLOAT16", 1, 2, 2, true},
    {"FLOAT32", 1, 4, 4, true},
    {"FLOAT64", 1, 8, 8, true},
    {"BFLOAT16", 1, 2, 2, true},
    {"FLOAT32_FTZ", 1, 4, 4, true, true},
    {"TFLOAT32", 1, 4, 4, true, true},
    {"TFLOAT32_FTZ", 1, 4, 4, true, true},
    {"16U4_ALIGN8B", 2, 1, 1, false},
    {"16U4_ALIGN16B", 16, 8, 16, false},
    {"16U6_ALIGN16B", 16, 12, 16, false},
};
static_assert(std::size(dataTypes) ==
              size_t(TensorDataType::Packed16U6Align16B) + 1);

const TensorDataTypeInfo *sim::getInfo(TensorDataType type) {
  return size_t(type) < std::size(dataTypes) ? &dataTypes[size_t(type)]
                                             : nullptr;
}

Error sim::setDriverSwizzle(TensorMap &map, unsigned swizzle) {
  if (swizzle > 6)
    return makeError("tensor map has no swizzle {0}", swizzle);
  // From 3 on, 128 bytes with atoms of 16, 32, 32 (flipped) and 64 bytes.
  map.swizzle = TileSwizzle(swizzle < 3 ? swizzle : 3);
  map.atom = TileAtom(swizzle < 3 ? 0 : swizzle - 3);
  return Error::success();
}

namespace {
/// The checks of one tensor map.
class Verifier {
public:
  Verifier(const TensorMap &map, const TensorDataTypeInfo &type)
      : map(map), type(type), rank(map.rank) {}

  Error run() const;

private:
  Error verifyModel() const;
  Error verifyAddress() const;
  Error verifyGlobalDims() const;
  Error verifyGlobalStrides() const;
  Error verifyBox() const;
  Error verifySwizzle() const;
  Error verifyFill() const;

  const TensorMap &map;
  const TensorDataTypeInfo &type;
  unsigned rank;
};
} // namespace

Error Verifier::verifyModel() const {
  if (rank < 1 || rank > 5)
    return makeError("tensor map expects a rank of 1 to 5, but got {0}", rank);
  if (map.interleave != 0)
    return makeError("tensor map has interleave {0}, which is not modelled",
                     map.interleave);
  if (map.l2Promotion > 3)
    return makeError("tensor map has no l2 promotion {0}", map.l2Promotion);
  return Error::success();
}

Error Verifier::verifyAddress() const {
  unsigned multiple = type.isPadded() ? 32 : 16;
  if (map.globalAddress % multiple != 0)
    return makeError("tensor map of {0} expects the global address to be a "
                     "multiple of {1} bytes, but got {2:x}",
                     type.name, multiple, map.globalAddress);
  return Error::success();
}

Error Verifier::verifyGlobalDims() const {
  constexpr uint64_t limit = uint64_t(1) << 32;
  for (unsigned i = 0; i < rank; ++i)
    if (map.globalDims[i] < 1 || map.globalDims[i] > limit)
      return makeError("tensor map expects global dimension {0} to be 1 to "
                       "{1}, but got {2}",
                       i, limit, map.globalDims[i]);
  unsigned multiple = type.isPadded() ? 128 : type.unitElements;
  if (map.globalDims[0] % multiple != 0)
    return makeError("tensor map of {0} expects global dimension 0 to be a "
                     "multiple of {1}, but got {2}",
                     type.name, multiple, map.globalDims[0]);
  return Error::success();
}

Error Verifier::verifyGlobalStrides() const {
  constexpr uint64_t limit = uint64_t(1) << 40;
  unsigned multiple = type.isPadded() ? 32 : 16;
  for (unsigned i = 0; i + 1 < rank; ++i) {
    uint64_t stride = map.globalStrides[i];
    if (stride % multiple != 0)
      return makeError("tensor map of {0} expects global stride {1} to be a "
                       "multiple of {2} bytes, but got {3}",
                       type.name, i, multiple, stride);
    if (stride >= limit)
      return makeError("tensor map expects global stride {0} to be less than "
                       "{1} bytes, but got {2}",
                       i, limit, stride);
  }
  return Error::success();
}

/// Bytes of a row of the box in shared memory.
static unsigned getRowBytes(const TensorMap &map,
                            const TensorDataTypeInfo &type) {
  return map.boxDims[0] * type.sharedUnitBytes / type.unitElements;
}

Error Verifier::verifyBox() const {
  for (unsigned i = 0; i < rank; ++i) {
    if (map.boxDims[i] < 1 || map.boxDims[i] > 256)
      return makeError("tensor map expects box dimension {0} to be 1 to 256, "
                       "but got {1}",
                       i, map.boxDims[i]);
    // The first one is ignored without interleaving.
    if (i != 0 && (map.elementStrides[i] < 1 || map.elementStrides[i] > 8))
      return makeError("tensor map expects element stride {0} to be 1 to 8, "
                       "but got {1}",
                       i, map.elementStrides[i]);
  }
  if (type.isPadded() && map.boxDims[0] != 128)
    return makeError("tensor map of {0} expects box dimension 0 to be 128, but "
                     "got {1}",
                     type.name, map.boxDims[0]);
  if (map.boxDims[0] % type.unitElements != 0 ||
      getRowBytes(map, type) % 16 != 0)
    return makeError("tensor map of {0} expects box dimension 0 to span a "
                     "multiple of 16 bytes, but got {1} elements",
                     type.name, map.boxDims[0]);
  return Error::success();
}

/// The bytes that a swizzle permutes; 0 for none.
static unsigned getSpan(TileSwizzle swizzle) {
  switch (swizzle) {
  case TileSwizzle::None:
    return 0;
  case TileSwizzle::B32:
    return 32;
  case TileSwizzle::B64:
    return 64;
  case TileSwizzle::B96:
    return 96;
  case TileSwizzle::B128:
    return 128;
  }
  return 0;
}

Error Verifier::verifySwizzle() const {
  if (map.swizzle > TileSwizzle::B96 || map.atom > TileAtom::B64)
    return makeError("tensor map has no swizzle mode {0} with atoms {1}",
                     unsigned(map.swizzle), unsigned(map.atom));
  if (map.swizzle == TileSwizzle::B96)
    return makeError("tensor map has a swizzle of 96 bytes, which is not "
                     "modelled");
  if (map.swizzle != TileSwizzle::B128 && map.swizzle != TileSwizzle::None &&
      map.atom != TileAtom::B16)
    return makeError("tensor map with a swizzle of {0} bytes expects atoms of "
                     "16 bytes",
                     getSpan(map.swizzle));
  bool isFlipped =
      map.swizzle == TileSwizzle::B128 && map.atom == TileAtom::B32Flip8B;
  bool isStoreOnly = map.swizzle == TileSwizzle::B128 &&
                     map.atom == TileAtom::B64 &&
                     map.dataType != TensorDataType::Packed16U6Align16B;
  bool isNarrow =
      map.swizzle == TileSwizzle::B32 || map.swizzle == TileSwizzle::B64;
  if (type.isPadded() && (isFlipped || isStoreOnly || isNarrow))
    return makeError("tensor map of {0} does not support swizzle mode {1} with "
                     "atoms {2}",
                     type.name, unsigned(map.swizzle), unsigned(map.atom));
  unsigned span = getSpan(map.swizzle);
  if (span != 0 && getRowBytes(map, type) > span)
    return makeError("tensor map of {0} with a swizzle of {1} bytes expects "
                     "box dimension 0 not to span more, but got {2} elements",
                     type.name, span, map.boxDims[0]);
  return Error::success();
}

Error Verifier::verifyFill() const {
  if (map.fillsWithNaN > 1)
    return makeError("tensor map has no fill mode {0}", map.fillsWithNaN);
  if (map.fillsWithNaN && !type.isFloat)
    return makeError("tensor map of {0} cannot fill with NaN, which takes a "
                     "floating-point type",
                     type.name);
  return Error::success();
}

Error Verifier::run() const {
  for (auto verify :
       {&Verifier::verifyModel, &Verifier::verifyAddress,
        &Verifier::verifyGlobalDims, &Verifier::verifyGlobalStrides,
        &Verifier::verifyBox, &Verifier::verifySwizzle, &Verifier::verifyFill})
    if (Error error = (this->*verify)())
      return error;
  return Error::success();
}

Error sim::verifyTensorMap(const TensorMap &map) {
  const TensorDataTypeInfo *type = getInfo(map.dataType);
  if (!type)
    return makeError("tensor map has no data type {0}", unsigned(map.dataType));
  return Verifier(map, *type).run();
}
