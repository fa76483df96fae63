//===- GroupMaxima.cpp - The largest magnitude of each group --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One horizontal reduction for each group would take as many steps as a vector
// has halvings, each on a vector that gets emptier. Here the vectors of two
// sets of groups are merged into one at each step, so that all stay full: the
// work for all groups is little more than one step for each vector.
//
//===----------------------------------------------------------------------===//

#include "GroupMaxima.h"
#include "Numerics/Bits.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;

namespace {
/// Units are the 32-bit parts of a vector: what is left of a group in the end.
constexpr int64_t kUnitBits = 32;
/// Units that the shuffles of all CPUs move among each other in one cheap step.
constexpr int64_t kShuffleUnits = 4;

/// A vector of magnitudes, as integers of their own width. Each unit belongs to
/// a group; the maximum of the units of a group is that of the group.
struct Maxima {
  Value vector;
  SmallVector<int64_t> groups;

  int64_t units() const { return groups.size(); }
};
} // namespace

/// Picks units out of one vector or two of the same size.
static Value emitShuffleUnits(VectorBuilder &b, Value x, Value y,
                              ArrayRef<int64_t> units) {
  auto type = cast<VectorType>(x.getType());
  int64_t parts = kUnitBits / type.getElementTypeBitWidth();
  SmallVector<int64_t> mask;
  for (int64_t unit : units)
    for (int64_t part = 0; part < parts; ++part)
      mask.push_back(unit * parts + part);
  return vector::ShuffleOp::create(b, x, y, mask);
}

/// A distance d, a power of two, such that the units i and i ^ d are of the
/// same group for all i; the largest.
static int64_t findDistance(const Maxima &maxima) {
  for (int64_t d = maxima.units() / 2; d > 0; d /= 2) {
    bool same = true;
    for (int64_t i = 0; i < maxima.units(); ++i)
      same &= maxima.groups[i] == maxima.groups[i ^ d];
    if (same)
      return d;
  }
  llvm_unreachable("each group has one unit");
}

/// The units whose number has the bit `d` clear: those of x, then those of y,
/// in each `domain` of units.
static SmallVector<int64_t> getKeptUnits(int64_t units, int64_t d,
                                         int64_t domain, bool twoVectors) {
  SmallVector<int64_t> kept;
  for (int64_t begin = 0; begin < units; begin += domain)
    for (int64_t vector = 0; vector <= int64_t(twoVectors); ++vector)
      for (int64_t i = begin; i < begin + domain; ++i)
        if (!(i & d))
          kept.push_back(vector * units + i);
  return kept;
}

/// Halves the units of each group: of two vectors makes one, or of one vector
/// (`y` absent) one half as long.
static Maxima emitMerge(VectorBuilder &b, const Maxima &x, const Maxima *y) {
  int64_t units = x.units(), d = findDistance(x);
  int64_t domain = d < kShuffleUnits ? std::min(kShuffleUnits, units) : units;
  SmallVector<int64_t> kept = getKeptUnits(units, d, domain, y);
  SmallVector<int64_t> others;
  Maxima result;
  for (int64_t i : kept) {
    others.push_back(i + d);
    result.groups.push_back(i < units ? x.groups[i] : y->groups[i - units]);
  }
  Value second = y ? y->vector : x.vector;
  result.vector =
      arith::MaxUIOp::create(b, emitShuffleUnits(b, x.vector, second, kept),
                             emitShuffleUnits(b, x.vector, second, others));
  return result;
}

/// The bits of |x| for a vector of x.
static Value emitLoadMagnitudes(VectorBuilder &b, Value input, Value row,
                                Value column, int64_t size) {
  Value x = b.loadVector(size, input, {row, column});
  int64_t width = cast<VectorType>(x.getType()).getElementTypeBitWidth();
  Bits i(b, width, x.getType());
  return i.bitAnd(i.from(x), (int64_t(1) << (width - 1)) - 1);
}

/// Vectors that hold all groups: whole groups each, or for groups of several
/// vectors the maximum of these.
static SmallVector<Maxima> emitLoadGroups(VectorBuilder &b, Value input,
                                          Value row, Value column,
                                          int64_t groups, int64_t groupSize) {
  int64_t width = cast<MemRefType>(input.getType()).getElementTypeBitWidth();
  int64_t size =
      std::min(b.cpu.getVectorBytes() * 8 / width, groups * groupSize);
  int64_t unitSize = kUnitBits / width;
  // Elements from a vector to the next, and the loads that one is made of.
  int64_t step = std::max(size, groupSize), loads = step / size;
  int64_t count = groups * groupSize / step;
  auto load = [&](int64_t vector, Value offset) {
    return emitLoadMagnitudes(
        b, input, row, b.add(b.add(column, vector * step), offset), size);
  };
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < count; ++i)
    vectors.push_back(load(i, b.index(0)));
  if (loads > 1) {
    auto loop =
        scf::ForOp::create(b, b.index(1), b.index(loads), b.index(1), vectors);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value offset = b.mul(loop.getInductionVar(), size);
    SmallVector<Value> larger;
    for (int64_t i = 0; i < count; ++i)
      larger.push_back(
          arith::MaxUIOp::create(b, loop.getRegionIterArg(i), load(i, offset)));
    scf::YieldOp::create(b, larger);
    vectors = loop.getResults();
  }
  SmallVector<Maxima> result;
  for (int64_t i = 0; i < count; ++i) {
    Maxima maxima{vectors[i], {}};
    for (int64_t unit = 0; unit < size / unitSize; ++unit)
      maxima.groups.push_back((i * step + unit * unitSize) / groupSize);
    result.push_back(maxima);
  }
  return result;
}

/// The maximum of each unit as f32.
static Value emitUnitsToF32(VectorBuilder &b, Value vector, Type type) {
  Value units = b.bitcast(b.getI32Type(), vector);
  Bits i(b, kUnitBits, units.getType());
  if (type.isF32())
    return i.to(type, units);
  // The high half becomes the maximum of both.
  Value low = b.bitcast(b.getI16Type(), i.shl(units, 16));
  units = b.bitcast(b.getI32Type(), arith::MaxUIOp::create(b, vector, low));
  if (type.isBF16())
    return i.to(b.getF32Type(), i.bitAnd(units, 0xffff0000));
  return b.widen(i.to(type, i.shr(units, 16)));
}

Value fp4::emitGroupMaxima(VectorBuilder &b, Value input, Value row,
                           Value column, int64_t groups, int64_t groupSize) {
  SmallVector<Maxima> maxima =
      emitLoadGroups(b, input, row, column, groups, groupSize);
  while (maxima.size() > 1) {
    int64_t half = maxima.size() / 2;
    for (int64_t i = 0; i < half; ++i)
      maxima[i] = emitMerge(b, maxima[i], &maxima[i + half]);
    maxima.resize(half);
  }
  Maxima all = maxima.front();
  while (all.units() > groups)
    all = emitMerge(b, all, nullptr);
  // Into the order of the groups.
  SmallVector<int64_t> places(groups);
  for (auto [place, group] : llvm::enumerate(all.groups))
    places[group] = place;
  Value sorted = emitShuffleUnits(b, all.vector, all.vector, places);
  return emitUnitsToF32(b, sorted,
                        cast<MemRefType>(input.getType()).getElementType());
}
