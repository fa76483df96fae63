//===- TensorMap.h - Tensor maps and the tiles they copy --------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a CUtensorMap says, the rules of cuTensorMapEncodeTiled, and where the
// bytes of a tile lie in global and in shared memory [CUDA driver API, "Tensor
// Map Object Management"; PTX 5.5]. Only tiled maps without interleaving are
// modelled: no im2col. The bits are in TensorMapBits.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_TENSORMAP_H
#define FP4_SIMULATOR_DESCRIPTORS_TENSORMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::sim {

/// CUtensorMapDataType.
enum class TensorDataType : uint8_t {
  UInt8,
  UInt16,
  UInt32,
  Int32,
  UInt64,
  Int64,
  Float16,
  Float32,
  Float64,
  BFloat16,
  Float32FTZ,
  TFloat32,
  TFloat32FTZ,
  Packed16U4Align8B,
  Packed16U4Align16B,
  Packed16U6Align16B,
};

/// The fields .swizzle_mode and .swizzle_atomicity of tensormap.replace. The
/// driver's enumeration has both in one number.
enum class TileSwizzle : uint8_t { None, B32, B64, B128, B96 };
enum class TileAtom : uint8_t { B16, B32, B32Flip8B, B64 };

/// A tensor map. Dimension 0 is the innermost.
struct TensorMap {
  uint64_t globalAddress;
  uint64_t globalDims[5];    ///< elements
  uint64_t globalStrides[4]; ///< bytes, of dimension 1 and up
  uint16_t boxDims[5];       ///< elements
  uint8_t elementStrides[5];
  unsigned rank;
  TensorDataType dataType;
  uint8_t interleave;
  TileSwizzle swizzle;
  TileAtom atom;
  uint8_t l2Promotion;
  uint8_t fillsWithNaN;
};

/// Sets the swizzle from the driver's enumeration. Errors: no such number.
llvm::Error setDriverSwizzle(TensorMap &map, unsigned swizzle);

/// All that the driver requires, each with an error of its own: what it answers
/// is only that some value is invalid.
llvm::Error verifyTensorMap(const TensorMap &map);

/// Bytes of shared memory that a tile takes, with what is out of bounds and
/// with the padding of packed types. A barrier is told of them without the
/// padding [CUTLASS, TmaTransactionBytes of its mixed products].
uint32_t getTileBytes(const TensorMap &map);

/// Bytes after which the pattern of the swizzle repeats in shared memory, and
/// 128, the alignment that all tiles need, without swizzle.
uint32_t getTileAlignment(const TensorMap &map);

/// Consecutive bytes of a tile.
struct TileRun {
  /// Where it comes from; outside of the tensor it is filled, or not stored.
  bool isInside;
  uint64_t globalAddress;
  uint32_t sharedAddress;
  uint32_t bytes;
};

/// Calls `visit` for all of a tile, in no particular order. `coordinates` are
/// in elements, one per dimension. The bytes of padded types between runs are
/// not written. Errors: a number of coordinates other than the rank, a first
/// coordinate that is no multiple of what the type requires, rows that are
/// shorter than the swizzle, whose pitch is not documented, and what
/// verifyTensorMap() refuses.
llvm::Error visitTile(const TensorMap &map, llvm::ArrayRef<int32_t> coordinates,
                      uint32_t sharedAddress,
                      llvm::function_ref<void(const TileRun &)> visit);

/// Whether a tile can be stored from shared memory. Errors: padded types, which
/// are for loads alone (16U6 has another padding in stores, which is not
/// modelled), and negative coordinates [PTX 9.7.9.27.1.1].
llvm::Error checkTileStore(const TensorMap &map,
                           llvm::ArrayRef<int32_t> coordinates);

/// Types whose elements are not what they were after a load. What a store makes
/// of them is not known.
bool isConverted(TensorDataType type);
/// Of such a type, the conversion of a load, in place.
void convertElements(TensorDataType type,
                     llvm::MutableArrayRef<uint8_t> elements);

/// What out-of-bounds elements read as: an element, of as many bytes as it has.
/// NaN is the canonical one of the type [derived: "a special NaN" in PTX
/// 5.5.3.3].
llvm::ArrayRef<uint8_t> getFillPattern(const TensorMap &map);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_TENSORMAP_H
