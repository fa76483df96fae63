//===- TileCopy.cpp - Where the bytes of a tile lie -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile is rows along dimension 0, dense in shared memory, one after another
// with dimension 1 the fastest. Each row has a part inside of the tensor, and
// parts before and after it. Swizzling moves chunks of 16 bytes (8 where they
// are flipped) by the bits of absolute shared addresses [PTX 5.5.7].
//
//===----------------------------------------------------------------------===//

#include "TensorDataTypes.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
class TileVisitor {
public:
  TileVisitor(const TensorMap &map, ArrayRef<int32_t> coordinates,
              uint32_t sharedAddress, function_ref<void(const TileRun &)> visit)
      : map(map), type(*getInfo(map.dataType)), coordinates(coordinates),
        sharedAddress(sharedAddress), visit(visit) {}

  void run() const;

private:
  void visitRow(uint64_t globalRow, bool isInside, uint32_t shared) const;
  void visitUnits(uint64_t globalRow, bool isInside, uint32_t shared,
                  int64_t first, int64_t last) const;
  void visitBytes(uint64_t global, bool isInside, uint32_t shared,
                  uint32_t bytes) const;
  uint32_t swizzle(uint32_t address) const;

  const TensorMap &map;
  const TensorDataTypeInfo &type;
  ArrayRef<int32_t> coordinates;
  uint32_t sharedAddress;
  function_ref<void(const TileRun &)> visit;
};
} // namespace

/// Elements that are copied along a dimension.
static unsigned getExtent(const TensorMap &map, unsigned dim) {
  return dim == 0 ? map.boxDims[0]
                  : divideCeil(map.boxDims[dim], map.elementStrides[dim]);
}

static uint32_t getRowBytes(const TensorMap &map) {
  const TensorDataTypeInfo &type = *getInfo(map.dataType);
  return map.boxDims[0] / type.unitElements * type.sharedUnitBytes;
}

uint32_t TileVisitor::swizzle(uint32_t address) const {
  uint32_t row = address >> 7;
  switch (map.swizzle) {
  case TileSwizzle::None:
  case TileSwizzle::B96:
    return address;
  case TileSwizzle::B32:
    return address ^ (row & 1) << 4;
  case TileSwizzle::B64:
    return address ^ (row & 3) << 4;
  case TileSwizzle::B128:
    break;
  }
  switch (map.atom) {
  case TileAtom::B16:
    return address ^ (row & 7) << 4;
  case TileAtom::B32:
    return address ^ (row & 3) << 5;
  case TileAtom::B32Flip8B:
    // In every other row, the halves of 16 bytes change places.
    return address ^ (row & 3) << 5 ^ (row & 1) << 3;
  case TileAtom::B64:
    return address ^ (row & 1) << 6;
  }
  return address;
}

void TileVisitor::visitBytes(uint64_t global, bool isInside, uint32_t shared,
                             uint32_t bytes) const {
  if (map.swizzle == TileSwizzle::None) {
    visit({isInside, global, shared, bytes});
    return;
  }
  uint32_t chunk = map.atom == TileAtom::B32Flip8B ? 8 : 16;
  while (bytes != 0) {
    uint32_t size = std::min(bytes, chunk - shared % chunk);
    visit({isInside, global, swizzle(shared), size});
    global += size;
    shared += size;
    bytes -= size;
  }
}

/// The units `first` to `last` of a row, counted from its coordinate.
void TileVisitor::visitUnits(uint64_t globalRow, bool isInside, uint32_t shared,
                             int64_t first, int64_t last) const {
  int64_t start = coordinates[0] / type.unitElements;
  auto globalOf = [&](int64_t unit) {
    return globalRow + uint64_t(start + unit) * type.globalUnitBytes;
  };
  if (!type.isPadded() && first < last)
    visitBytes(globalOf(first), isInside,
               shared + uint32_t(first) * type.sharedUnitBytes,
               uint32_t(last - first) * type.sharedUnitBytes);
  if (!type.isPadded())
    return;
  for (int64_t unit = first; unit < last; ++unit)
    visitBytes(globalOf(unit), isInside,
               shared + uint32_t(unit) * type.sharedUnitBytes,
               type.globalUnitBytes);
}

void TileVisitor::visitRow(uint64_t globalRow, bool isInside,
                           uint32_t shared) const {
  int64_t units = map.boxDims[0] / type.unitElements;
  int64_t start = coordinates[0] / type.unitElements;
  int64_t end = int64_t(map.globalDims[0]) / type.unitElements;
  // The part of the row that is in the tensor; empty where it is nowhere.
  int64_t first = std::clamp<int64_t>(-start, 0, units);
  int64_t last = std::clamp<int64_t>(end - start, first, units);
  if (!isInside)
    first = last = units;
  visitUnits(globalRow, false, shared, 0, first);
  visitUnits(globalRow, true, shared, first, last);
  visitUnits(globalRow, false, shared, last, units);
}

void TileVisitor::run() const {
  unsigned rank = map.rank;
  unsigned index[5] = {};
  uint32_t shared = sharedAddress;
  for (;;) {
    uint64_t global = map.globalAddress;
    bool isInside = true;
    for (unsigned dim = 1; dim < rank; ++dim) {
      int64_t at = int64_t(coordinates[dim]) +
                   int64_t(index[dim]) * map.elementStrides[dim];
      isInside &= at >= 0 && uint64_t(at) < map.globalDims[dim];
      global += uint64_t(at) * map.globalStrides[dim - 1];
    }
    visitRow(global, isInside, shared);
    shared += getRowBytes(map);

    unsigned dim = 1;
    while (dim < rank && ++index[dim] == getExtent(map, dim))
      index[dim++] = 0;
    if (dim >= rank)
      return;
  }
}

uint32_t sim::getTileBytes(const TensorMap &map) {
  uint32_t bytes = getRowBytes(map);
  for (unsigned dim = 1; dim < map.rank; ++dim)
    bytes *= getExtent(map, dim);
  return bytes;
}

uint32_t sim::getTileAlignment(const TensorMap &map) {
  switch (map.swizzle) {
  case TileSwizzle::None:
    return 128;
  case TileSwizzle::B32:
  case TileSwizzle::B96:
    return 256;
  case TileSwizzle::B64:
    return 512;
  case TileSwizzle::B128:
    return 1024;
  }
  return 128;
}

Error sim::visitTile(const TensorMap &map, ArrayRef<int32_t> coordinates,
                     uint32_t sharedAddress,
                     function_ref<void(const TileRun &)> visit) {
  if (Error error = verifyTensorMap(map))
    return error;
  if (coordinates.size() != map.rank)
    return makeError("tile of a tensor of rank {0} expects {0} coordinates, "
                     "but got {1}",
                     map.rank, coordinates.size());
  const TensorDataTypeInfo &type = *getInfo(map.dataType);
  // Of padded types all of a box [PTX 9.7.9.27.1.1, restriction 7].
  int32_t multiple = type.isPadded() ? 128 : type.unitElements;
  if (coordinates[0] % multiple != 0)
    return makeError("tile of {0} expects coordinate 0 to be a multiple of "
                     "{1}, but got {2}",
                     type.name, multiple, coordinates[0]);
  unsigned span = getTileAlignment(map) / 8;
  if (map.swizzle != TileSwizzle::None && getRowBytes(map) != span &&
      getTileBytes(map) != getRowBytes(map))
    return makeError("tile has rows of {0} bytes with a swizzle of {1}, whose "
                     "place in shared memory is not documented",
                     getRowBytes(map), span);
  TileVisitor(map, coordinates, sharedAddress, visit).run();
  return Error::success();
}

Error sim::checkTileStore(const TensorMap &map, ArrayRef<int32_t> coordinates) {
  const TensorDataTypeInfo *type = getInfo(map.dataType);
  if (type && type->isPadded())
    return makeError("tile of {0} cannot be stored", type->name);
  for (size_t i = 0; i < coordinates.size(); ++i)
    if (coordinates[i] < 0)
      return makeError("tile that is stored expects coordinate {0} not to be "
                       "negative, but got {1}",
                       i, coordinates[i]);
  return Error::success();
}

bool sim::isConverted(TensorDataType type) {
  const TensorDataTypeInfo *info = getInfo(type);
  return info && info->isConverted;
}

/// To nearest, even where it is in the middle.
static uint32_t roundToTF32(uint32_t bits) {
  constexpr uint32_t dropped = 0x1FFF;
  if ((bits & 0x7FFFFFFF) > 0x7F800000)
    return 0x7FFFFFFF;
  return (bits + dropped / 2 + (bits >> 13 & 1)) & ~dropped;
}

void sim::convertElements(TensorDataType type,
                          MutableArrayRef<uint8_t> elements) {
  bool isTF32 =
      type == TensorDataType::TFloat32 || type == TensorDataType::TFloat32FTZ;
  bool flushes = type != TensorDataType::TFloat32;
  for (size_t at = 0; at + 4 <= elements.size(); at += 4) {
    uint32_t bits = support::endian::read32le(&elements[at]);
    if (flushes && (bits & 0x7F800000) == 0)
      bits &= 0x80000000;
    support::endian::write32le(&elements[at],
                               isTF32 ? roundToTF32(bits) : bits);
  }
}

ArrayRef<uint8_t> sim::getFillPattern(const TensorMap &map) {
  static constexpr uint8_t zeros[16] = {};
  static constexpr uint8_t nan16[] = {0xFF, 0x7F};
  static constexpr uint8_t nan32[] = {0xFF, 0xFF, 0xFF, 0x7F};
  static constexpr uint8_t nan64[] = {0xFF, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0x7F};
  unsigned bytes = getInfo(map.dataType)->globalUnitBytes;
  if (!map.fillsWithNaN)
    return ArrayRef(zeros, bytes);
  if (bytes == 2)
    return nan16;
  return bytes == 4 ? ArrayRef<uint8_t>(nan32) : ArrayRef<uint8_t>(nan64);
}
