//===- TensorMapBits.cpp - The bits of a tensor map -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMapBits.h"
#include "TensorDataTypes.h"
#include "fp4/Support/Error.h"
#include <iterator>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
/// Some bits of a word.
struct Bits {
  uint8_t word, shift, width;

  uint32_t mask() const {
    return uint32_t((uint64_t(1) << width) - 1) << shift;
  }
};

/// A field: its low bits and, where they are elsewhere, those above.
struct Place {
  Bits low, high = {0, 0, 0};

  uint64_t get(const TensorMapWords &words) const {
    auto read = [&](Bits bits) {
      return uint64_t((words[bits.word] & bits.mask()) >> bits.shift);
    };
    return read(low) | read(high) << low.width;
  }

  void set(TensorMapWords &words, uint64_t value) const {
    auto write = [&](Bits bits, uint64_t part) {
      words[bits.word] &= ~bits.mask();
      words[bits.word] |= uint32_t(part << bits.shift) & bits.mask();
    };
    write(low, value);
    write(high, value >> low.width);
  }
};
} // namespace

static constexpr Place addressPlace = {{0, 0, 32}, {1, 0, 32}};
static constexpr Place kindPlace = {{2, 0, 4}};
static constexpr Place rankPlace = {{2, 4, 3}};
static constexpr Place typePlace = {{2, 7, 4}, {2, 16, 1}};
static constexpr Place interleavePlace = {{2, 11, 2}};
static constexpr Place swizzlePlace = {{2, 13, 2}, {2, 22, 1}};
static constexpr Place fillPlace = {{2, 15, 1}};
static constexpr Place promotionPlace = {{2, 17, 2}};
static constexpr Place atomPlace = {{2, 19, 2}};
static constexpr Place isLargePlace = {{2, 21, 1}};

static constexpr Place stridePlace(unsigned i) {
  return {{uint8_t(3 + i), 0, 32}, {7, uint8_t(4 * i), 4}};
}
static constexpr Place dimPlace(unsigned i) {
  return {{uint8_t(8 + i), 0, 32}};
}
static constexpr Place elementStridePlace(unsigned i) {
  return {{13, uint8_t(3 * i), 3}};
}
static constexpr Place boxPlace(unsigned i) {
  return i == 0 ? Place{{13, 24, 8}} : Place{{14, uint8_t(8 * (i - 1)), 8}};
}

/// Word by word, the bits of which it is not known what they mean.
static constexpr TensorMapWords unknownBits = {
    0, 0, 0xFF800000, 0, 0, 0,          0, 0xFFFF0000,
    0, 0, 0,          0, 0, 0x00FF8000, 0, 0xFFFFFFFF};

/// In the order of TensorDataType. The fifth bit is the rounding to tf32.
static constexpr uint8_t typeCodes[] = {0, 1,  2, 3,  4,  5,  6,  7,
                                        9, 10, 8, 23, 24, 11, 12, 13};
/// In the order of PTX.
static constexpr uint8_t typeCodesOfPTX[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 23, 24, 11, 12, 13};

/// Bytes from the first element to the end of the last one.
static uint64_t getSpannedBytes(const TensorMap &map) {
  const TensorDataTypeInfo &type = *getInfo(map.dataType);
  uint64_t bytes = map.globalDims[0] / type.unitElements * type.globalUnitBytes;
  for (unsigned i = 1; i < map.rank; ++i)
    bytes += (map.globalDims[i] - 1) * map.globalStrides[i - 1];
  return bytes;
}

TensorMapWords sim::encodeTensorMap(const TensorMap &map) {
  TensorMapWords words = {};
  addressPlace.set(words, map.globalAddress);
  kindPlace.set(words, 2);
  rankPlace.set(words, map.rank - 1);
  typePlace.set(words, typeCodes[size_t(map.dataType)]);
  interleavePlace.set(words, map.interleave);
  swizzlePlace.set(words, uint64_t(map.swizzle));
  fillPlace.set(words, map.fillsWithNaN);
  promotionPlace.set(words, map.l2Promotion);
  atomPlace.set(words, uint64_t(map.atom));
  isLargePlace.set(words, getSpannedBytes(map) >= 128 * 1024);
  for (unsigned i = 0; i < map.rank; ++i) {
    dimPlace(i).set(words, map.globalDims[i] - 1);
    boxPlace(i).set(words, map.boxDims[i] - 1u);
    // The first one is not looked at without interleaving, and may be 0.
    elementStridePlace(i).set(words,
                              std::max<unsigned>(map.elementStrides[i], 1) - 1);
    if (i > 0)
      stridePlace(i - 1).set(words, map.globalStrides[i - 1] / 16);
  }
  return words;
}

Expected<TensorMap> sim::decodeTensorMap(const TensorMapWords &words) {
  for (auto [i, word, unknown] : enumerate(words, unknownBits))
    if (word & unknown)
      return makeError("tensor map has bits {0:x} in word {1}, whose meaning "
                       "is not known",
                       word & unknown, i);
  if (uint64_t kind = kindPlace.get(words); kind != 0 && kind != 2)
    return makeError("tensor map is of kind {0}, and not tiled, which is 0 or "
                     "2",
                     kind);
  const uint8_t *code = find(typeCodes, typePlace.get(words));
  if (code == std::end(typeCodes))
    return makeError("tensor map has the type {0}{1}, which is none",
                     words[typePlace.low.word] >> typePlace.low.shift & 15,
                     typePlace.get(words) > 15 ? ", rounded to tf32" : "");
  TensorMap map = {};
  map.globalAddress = addressPlace.get(words);
  map.rank = unsigned(rankPlace.get(words)) + 1;
  map.dataType = TensorDataType(code - std::begin(typeCodes));
  map.interleave = uint8_t(interleavePlace.get(words));
  map.swizzle = TileSwizzle(swizzlePlace.get(words));
  map.atom = TileAtom(atomPlace.get(words));
  map.l2Promotion = uint8_t(promotionPlace.get(words));
  map.fillsWithNaN = uint8_t(fillPlace.get(words));
  for (unsigned i = 0; i < 5; ++i) {
    map.globalDims[i] = dimPlace(i).get(words) + 1;
    map.boxDims[i] = uint16_t(boxPlace(i).get(words) + 1);
    map.elementStrides[i] = uint8_t(elementStridePlace(i).get(words) + 1);
    if (i > 0)
      map.globalStrides[i - 1] = stridePlace(i - 1).get(words) * 16;
  }
  return map;
}

//===----------------------------------------------------------------------===//
// tensormap.replace
//===----------------------------------------------------------------------===//

static Error checkRange(const char *what, unsigned index, uint64_t value,
                        uint64_t least, uint64_t most) {
  if (value < least || value > most)
    return makeError("tensor map expects {0} {1} to be {2} to {3}, but got {4}",
                     what, index, least, most, value);
  return Error::success();
}

/// A field as it is in the map.
static Expected<std::pair<Place, uint64_t>>
getReplacement(TensorMapField field, unsigned index, uint64_t value) {
  auto make = [&](Place place, uint64_t bits,
                  Error error) -> Expected<std::pair<Place, uint64_t>> {
    if (error)
      return std::move(error);
    return std::pair(place, bits);
  };
  auto makeCode = [&](Place place, uint64_t most) {
    Error error = value <= most
                      ? Error::success()
                      : makeError("the field has no value {0}", value);
    return make(place, value, std::move(error));
  };
  constexpr uint64_t strideLimit = uint64_t(1) << 40;
  switch (field) {
  case TensorMapField::GlobalAddress:
    return make(addressPlace, value, Error::success());
  case TensorMapField::Rank:
    if (value > 4)
      return makeError("tensor map expects a rank of 1 to 5, but got {0}",
                       value + 1);
    return make(rankPlace, value, Error::success());
  case TensorMapField::BoxDim:
    return make(boxPlace(index), value - 1,
                checkRange("box dimension", index, value, 1, 256));
  case TensorMapField::GlobalDim:
    // One of 0 is left to whoever uses the map.
    return make(dimPlace(index), value - 1, Error::success());
  case TensorMapField::GlobalStride:
    if (value % 16 != 0 || value >= strideLimit)
      return makeError("tensor map expects global stride {0} to be a multiple "
                       "of 16 bytes and less than {1}, but got {2}",
                       index, strideLimit, value);
    return make(stridePlace(index), value / 16, Error::success());
  case TensorMapField::ElementStride:
    return make(elementStridePlace(index), value - 1,
                checkRange("element stride", index, value, 1, 8));
  case TensorMapField::ElementType: {
    if (value >= std::size(typeCodesOfPTX))
      return makeError("tensor map has no element type {0}", value);
    uint8_t code = typeCodesOfPTX[value];
    Place place = typePlace;
    // Other types leave the rounding to tf32 as it is.
    if (code < 16)
      place.high.width = 0;
    return make(place, code, Error::success());
  }
  case TensorMapField::Interleave:
    return makeCode(interleavePlace, 2);
  case TensorMapField::SwizzleMode:
    return makeCode(swizzlePlace, 4);
  case TensorMapField::SwizzleAtom:
    return makeCode(atomPlace, 3);
  case TensorMapField::FillMode:
    return makeCode(fillPlace, 1);
  }
  return makeError("tensor map has no field {0}", unsigned(field));
}

Error sim::replaceTensorMapField(TensorMapWords &words, TensorMapField field,
                                 unsigned index, uint64_t value,
                                 TensorMapWords &written) {
  auto replacement = getReplacement(field, index, value);
  if (!replacement)
    return replacement.takeError();
  auto [place, bits] = *replacement;
  place.set(words, bits);
  written = {};
  place.set(written, ~uint64_t(0));
  return Error::success();
}
