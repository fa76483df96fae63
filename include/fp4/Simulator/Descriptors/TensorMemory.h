//===- TensorMemory.h - Layouts of tensor memory ----------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where tcgen05's instructions have the words of their operands in tensor
// memory, which is 128 lanes of 512 columns of 32 bits in each block. Lanes and
// columns are relative to an instruction's address, unless said otherwise.
//
// Sources: PTX ISA 9.1, the sections named below, whose figures are as CUTLASS
// has them in cute/atom/mma_traits_sm100.hpp and copy_traits_sm100.hpp. [HW]
// marks what the kernels of [MMASIM] and [SFT] have been run on hardware with.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_TENSORMEMORY_H
#define FP4_SIMULATOR_DESCRIPTORS_TENSORMEMORY_H

#include "fp4/Simulator/Arithmetic/MmaModel.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::sim {

inline constexpr unsigned kTensorMemoryLanes = 128, kTensorMemoryColumns = 512;
/// Lanes that one warp of four can read and write.
inline constexpr unsigned kLanesPerPartition = 32;

struct TensorMemoryWord {
  unsigned lane;
  unsigned column;

  bool operator==(const TensorMemoryWord &other) const {
    return lane == other.lane && column == other.column;
  }
};

//===----------------------------------------------------------------------===//
// D, and A in tensor memory [PTX 9.7.16.10.5]
//===----------------------------------------------------------------------===//

/// The manual's letters. Layout C is for sparse matrices.
enum class AccumulatorLayout : uint8_t {
  A, ///< M = 256 on two blocks
  B, ///< M = 128 on two blocks: halves of N in halves of the lanes
  D, ///< M = 128 [HW]
  E, ///< M = 64, weight-stationary
  F, ///< M = 64: 16 lanes of each partition [HW]
  G, ///< M = 32, weight-stationary
};

/// Errors: an M that the group does not have.
llvm::Expected<AccumulatorLayout>
getAccumulatorLayout(unsigned m, unsigned ctaGroup, bool isWeightStationary);

/// Columns of D, one word per element whatever its type.
unsigned getNumAccumulatorColumns(AccumulatorLayout layout, unsigned n);

/// A part of a row of D that lies in one lane, in consecutive columns.
struct AccumulatorSpan {
  unsigned cta; ///< of the pair
  unsigned lane;
  unsigned firstN;
  unsigned numN;
};

/// The parts of a row of D, all of which begin at column 0. `firstLane` is the
/// lane of the address, 16 for the upper halves of layout F's partitions.
llvm::SmallVector<AccumulatorSpan, 4>
getAccumulatorRow(AccumulatorLayout layout, unsigned n, unsigned row,
                  unsigned firstLane = 0);

/// The lane in which a row of A in tensor memory lies for a part of that row of
/// D, in D's block. The row's bytes fill the words of the lane in order: types
/// of less than a byte are in the low bits of one for the kinds f8f6f4 and
/// mxf8f6f4, and packed for the others. Layout B has each row twice, for the
/// two halves of N [CUTLASS, TmemAllocMode::Duplicated]. Errors: layouts E and
/// G, for which A's is not known.
llvm::Expected<unsigned> getOperandLane(AccumulatorLayout layout,
                                        const AccumulatorSpan &span);

//===----------------------------------------------------------------------===//
// Scales [PTX 9.7.16.10.7]
//===----------------------------------------------------------------------===//

/// A scale: a byte, the lowest being 0, of a word that is the same in several
/// partitions.
struct ScaleLocation {
  unsigned firstPartition;
  unsigned numPartitions;
  unsigned lane; ///< within a partition
  unsigned column;
  unsigned byte;
};

/// Columns of scales for the rows of A in a block, or for the columns of B.
unsigned getNumScaleColumns(unsigned rows);

/// Scale `index` of an instruction, of row `row` of A within its block. `id` is
/// the descriptor's SFA [HW for M = 128].
ScaleLocation getScaleALocation(unsigned row, unsigned index, unsigned id);

/// Scale `index` of column `n` of B, of N in all. Both blocks of a pair have
/// the scales of all columns; layout B has those of half of them in the upper
/// two partitions [HW for N = 8; layout B is CUTLASS's].
ScaleLocation getScaleBLocation(AccumulatorLayout layout, unsigned numN,
                                unsigned n, unsigned index, unsigned id);

//===----------------------------------------------------------------------===//
// tcgen05.cp [PTX 9.7.16.9.2]
//===----------------------------------------------------------------------===//

enum class CopyShape : uint8_t {
  L128x256b,
  L128x128b,
  L64x128bWarpX2_02_13,
  L64x128bWarpX2_01_23,
  L32x128bWarpX4,
  L4x256b,
};

/// The shape by its qualifiers, "64x128b" and "warpx2::02_13", the latter
/// without its dot. Errors: what there is not.
llvm::Expected<CopyShape> parseCopyShape(llvm::StringRef shape,
                                         llvm::StringRef multicast);

/// Rows of the source, and bytes of each, which fill as many columns as they
/// are words. The source is a K-major matrix.
unsigned getNumCopyRows(CopyShape shape);
unsigned getNumCopyBytes(CopyShape shape);

/// The lanes that a row is copied to.
llvm::SmallVector<unsigned, 4> getCopyLanes(CopyShape shape, unsigned row);

/// The type of elements that .b8x16.b4x16_p64 or .b8x16.b6x16_p32 unpacks, by
/// its number of bits: unpackElements() of it makes 16 bytes of 16, with an
/// element in the low bits of each. Errors: another format.
llvm::Expected<MmaType> parsePaddedFormat(llvm::StringRef format);

//===----------------------------------------------------------------------===//
// tcgen05.shift [PTX 9.7.16.9.3]
//===----------------------------------------------------------------------===//

/// Lanes and columns that are written, from an address on whose lane is the
/// first one of a partition: the shape 31x256b.
inline constexpr unsigned kShiftLanes = 31, kShiftColumns = 8;

/// The word that is shifted to `word`. Rows move to the lane before: the last
/// one keeps what it has, and is what tcgen05.cp.4x256b replaces in all
/// partitions [derived from CUTLASS, which calls that the refresh of the last
/// lanes; the manual says "downwards"].
inline TensorMemoryWord getShiftSource(const TensorMemoryWord &word) {
  return {word.lane + 1, word.column};
}

//===----------------------------------------------------------------------===//
// tcgen05.ld, tcgen05.st [PTX 9.7.16.2.3, 9.7.16.8]
//===----------------------------------------------------------------------===//

enum class AccessShape : uint8_t {
  L32x32b, ///< [HW]
  L16x64b,
  L16x128b,
  L16x256b, ///< [HW]
  L16x32bx2,
};

/// The registers of a thread for .xN. Errors: an N that the shape does not
/// have.
llvm::Expected<unsigned> getNumAccessRegisters(AccessShape shape, unsigned num);

/// The word of a thread's register, without .pack::16b or .unpack::16b.
/// `halfSplit` is the immediate of 16x32bx2.
TensorMemoryWord getAccessWord(AccessShape shape, unsigned thread, unsigned reg,
                               unsigned halfSplit = 0);

/// With .pack::16b or .unpack::16b a register is the low halves of two words:
/// of the one returned, in its low half, and of the next column.
TensorMemoryWord getPackedAccessWord(AccessShape shape, unsigned thread,
                                     unsigned reg, unsigned halfSplit = 0);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_TENSORMEMORY_H
