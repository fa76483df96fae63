//===- TensorMemory.cpp - Layouts of tensor memory ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/TensorMemory.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/MathExtras.h"
#include <iterator>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// D, and A in tensor memory
//===----------------------------------------------------------------------===//

Expected<AccumulatorLayout> sim::getAccumulatorLayout(unsigned m,
                                                      unsigned ctaGroup,
                                                      bool isWeightStationary) {
  if (ctaGroup == 2 && !isWeightStationary) {
    if (m == 256)
      return AccumulatorLayout::A;
    if (m == 128)
      return AccumulatorLayout::B;
  }
  if (ctaGroup == 1) {
    if (m == 128)
      return AccumulatorLayout::D;
    if (m == 64)
      return isWeightStationary ? AccumulatorLayout::E : AccumulatorLayout::F;
    if (m == 32 && isWeightStationary)
      return AccumulatorLayout::G;
  }
  return makeError("tensor memory has no layout for M = {0} with cta_group "
                   "{1}{2}",
                   m, ctaGroup, isWeightStationary ? " and .ws" : "");
}

/// Parts that a row of D is cut into, each in lanes of its own.
static unsigned getNumParts(AccumulatorLayout layout) {
  switch (layout) {
  case AccumulatorLayout::A:
  case AccumulatorLayout::D:
  case AccumulatorLayout::F:
    return 1;
  case AccumulatorLayout::B:
  case AccumulatorLayout::E:
    return 2;
  case AccumulatorLayout::G:
    return 4;
  }
  return 1;
}

unsigned sim::getNumAccumulatorColumns(AccumulatorLayout layout, unsigned n) {
  return n / getNumParts(layout);
}

/// Layout F: 16 rows in each partition.
static unsigned getLaneOfHalfPartitions(unsigned row, unsigned firstLane) {
  return row % 16 + row / 16 * kLanesPerPartition + firstLane;
}

SmallVector<AccumulatorSpan, 4> sim::getAccumulatorRow(AccumulatorLayout layout,
                                                       unsigned n, unsigned row,
                                                       unsigned firstLane) {
  unsigned parts = getNumParts(layout);
  unsigned lanesPerPart = kTensorMemoryLanes / parts;
  unsigned cta = 0, lane = row;
  if (layout == AccumulatorLayout::A || layout == AccumulatorLayout::B) {
    cta = row / lanesPerPart;
    lane = row % lanesPerPart;
  } else if (layout == AccumulatorLayout::F) {
    lane = getLaneOfHalfPartitions(row, firstLane);
  }
  SmallVector<AccumulatorSpan, 4> spans;
  for (unsigned part = 0; part < parts; ++part)
    spans.push_back(
        {cta, lane + part * lanesPerPart, part * n / parts, n / parts});
  return spans;
}

Expected<unsigned> sim::getOperandLane(AccumulatorLayout layout,
                                       const AccumulatorSpan &span) {
  if (layout == AccumulatorLayout::E || layout == AccumulatorLayout::G)
    return makeError("A in tensor memory is not modelled for weight-stationary "
                     "rows of D that are cut into {0}",
                     getNumParts(layout));
  return span.lane;
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

unsigned sim::getNumScaleColumns(unsigned rows) {
  return divideCeil(rows, kLanesPerPartition);
}

ScaleLocation sim::getScaleALocation(unsigned row, unsigned index,
                                     unsigned id) {
  return {0, kTensorMemoryLanes / kLanesPerPartition, row % kLanesPerPartition,
          row / kLanesPerPartition, id + index};
}

ScaleLocation sim::getScaleBLocation(AccumulatorLayout layout, unsigned numN,
                                     unsigned n, unsigned index, unsigned id) {
  if (layout != AccumulatorLayout::B)
    return getScaleALocation(n, index, id);
  unsigned half = numN / 2;
  ScaleLocation location = getScaleALocation(n % half, index, id);
  location.firstPartition = n / half * 2;
  location.numPartitions = 2;
  return location;
}

//===----------------------------------------------------------------------===//
// tcgen05.cp
//===----------------------------------------------------------------------===//

namespace {
struct CopyShapeInfo {
  StringLiteral shape;
  StringLiteral multicast;
  unsigned rows;
  unsigned bytes;
};
} // namespace

/// In the order of CopyShape.
static constexpr CopyShapeInfo copyShapes[] = {
    {"128x256b", "", 128, 32},
    {"128x128b", "", 128, 16},
    {"64x128b", "warpx2::02_13", 64, 16},
    {"64x128b", "warpx2::01_23", 64, 16},
    {"32x128b", "warpx4", 32, 16},
    {"4x256b", "", 4, 32},
};
static_assert(std::size(copyShapes) == size_t(CopyShape::L4x256b) + 1);

Expected<CopyShape> sim::parseCopyShape(StringRef shape, StringRef multicast) {
  for (size_t i = 0; i < std::size(copyShapes); ++i)
    if (copyShapes[i].shape == shape && copyShapes[i].multicast == multicast)
      return CopyShape(i);
  return makeError("tcgen05.cp has no shape {0}{1}{2}", shape,
                   multicast.empty() ? "" : " with ", multicast);
}

unsigned sim::getNumCopyRows(CopyShape shape) {
  return copyShapes[size_t(shape)].rows;
}

unsigned sim::getNumCopyBytes(CopyShape shape) {
  return copyShapes[size_t(shape)].bytes;
}

SmallVector<unsigned, 4> sim::getCopyLanes(CopyShape shape, unsigned row) {
  switch (shape) {
  case CopyShape::L128x256b:
  case CopyShape::L128x128b:
    return {row};
  case CopyShape::L64x128bWarpX2_02_13:
    return {row, row + 64};
  case CopyShape::L64x128bWarpX2_01_23: {
    unsigned lane = row % 32 + row / 32 * 64;
    return {lane, lane + 32};
  }
  case CopyShape::L32x128bWarpX4:
    return {row, row + 32, row + 64, row + 96};
  case CopyShape::L4x256b:
    // One lane in each partition [a comment of CUTLASS's
    // copy_traits_sm100.hpp].
    return {row * kLanesPerPartition};
  }
  return {};
}

Expected<MmaType> sim::parsePaddedFormat(StringRef format) {
  if (format == "b4x16_p64")
    return MmaType::E2M1;
  if (format == "b6x16_p32")
    return MmaType::E2M3;
  return makeError("there is no padded format {0}", format);
}

//===----------------------------------------------------------------------===//
// tcgen05.ld, tcgen05.st
//===----------------------------------------------------------------------===//

namespace {
struct AccessShapeInfo {
  StringLiteral name;
  unsigned registersPerStep;
  unsigned maxNum;
};
} // namespace

/// In the order of AccessShape [PTX 9.7.16.8, table 49].
static constexpr AccessShapeInfo accessShapes[] = {
    {"32x32b", 1, 128}, {"16x64b", 1, 128},   {"16x128b", 2, 64},
    {"16x256b", 4, 32}, {"16x32bx2", 1, 128},
};
static_assert(std::size(accessShapes) == size_t(AccessShape::L16x32bx2) + 1);

Expected<unsigned> sim::getNumAccessRegisters(AccessShape shape, unsigned num) {
  const AccessShapeInfo &info = accessShapes[size_t(shape)];
  if (!isPowerOf2_32(num) || num > info.maxNum)
    return makeError("tcgen05.ld and st of shape {0} expect .x1 to .x{1}, by "
                     "powers of two, but got .x{2}",
                     info.name, info.maxNum, num);
  return info.registersPerStep * num;
}

TensorMemoryWord sim::getAccessWord(AccessShape shape, unsigned thread,
                                    unsigned reg, unsigned halfSplit) {
  unsigned group = thread / 4, inGroup = thread % 4;
  switch (shape) {
  case AccessShape::L32x32b:
    return {thread, reg};
  case AccessShape::L16x64b:
    return {thread % 2 * 8 + group, 2 * reg + thread / 2 % 2};
  case AccessShape::L16x128b:
    return {group + reg % 2 * 8, reg / 2 * 4 + inGroup};
  case AccessShape::L16x256b:
    return {group + reg / 2 % 2 * 8, reg / 4 * 8 + 2 * inGroup + reg % 2};
  case AccessShape::L16x32bx2:
    return {thread % 16, thread / 16 * halfSplit + reg};
  }
  return {0, 0};
}

TensorMemoryWord sim::getPackedAccessWord(AccessShape shape, unsigned thread,
                                          unsigned reg, unsigned halfSplit) {
  // The words of registers are twice as far apart; the split is in columns.
  TensorMemoryWord word = getAccessWord(shape, thread, reg);
  unsigned half = shape == AccessShape::L16x32bx2 ? thread / 16 : 0;
  return {word.lane, 2 * word.column + half * halfSplit};
}
