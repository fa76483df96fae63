//===- Descriptors.h - Encodings of tcgen05 and TMA operands ----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bit fields and address functions of Blackwell's tensor instructions, as
// functions on integers. Addresses, offsets and strides are in bytes unless
// said otherwise. What the hardware does not accept is an error that names the
// field, for nothing else would: a wrong descriptor gives a wrong product.
//
// Sources: PTX ISA 9.1, the sections named below, and of CUTLASS the headers
// cute/arch/mma_sm100_desc.hpp and cutlass/detail/sm100_blockscaled_layout.hpp.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_NVVM_DESCRIPTORS_H
#define FP4_TARGET_NVVM_DESCRIPTORS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::nvvm {

//===----------------------------------------------------------------------===//
// Matrices in shared memory (PTX ISA, "Shared memory layout and swizzling",
// "Shared memory descriptor")
//===----------------------------------------------------------------------===//

/// How the 16-byte chunks of an operand are permuted against bank conflicts:
/// within spans of 32, 64 or 128 bytes, or not at all.
enum class SharedMemorySwizzle { None, B32, B64, B128 };

/// Bytes along K in a row of the smallest block that the hardware knows: the
/// span of the swizzle, and 16 for None.
uint64_t getSwizzleSpan(SharedMemorySwizzle swizzle);

/// Where the byte of an unswizzled address lies. The hardware looks at absolute
/// addresses, in the tensor memory accelerator as in the descriptors, so an
/// offset may be passed only if its base is aligned to eight spans.
uint64_t swizzleOffset(SharedMemorySwizzle swizzle, uint64_t absoluteAddress);

/// The offset of a byte in a dense K-major operand, the layout that
/// getKMajorDescriptorBase() describes. `kByte` is in the row and below the
/// span, or below 32 for None. A tile that is wider in K consists of several
/// such blocks, each `rows * span` bytes. The base must be aligned to eight
/// spans.
uint64_t getKMajorOffset(SharedMemorySwizzle swizzle, uint64_t row,
                         uint64_t kByte);

/// A matrix in shared memory, for tcgen05.mma and tcgen05.cp.
struct MatrixDescriptor {
  /// Within the block's shared memory.
  uint64_t startAddress = 0;
  /// From one 16-byte column of a K-major operand to the next. The hardware
  /// ignores it if the operand is swizzled.
  uint64_t leadingByteOffset = 0;
  /// From eight rows of a K-major operand to the next eight.
  uint64_t strideByteOffset = 0;
  SharedMemorySwizzle swizzle = SharedMemorySwizzle::None;
};

/// The 64-bit descriptor, with relative offsets and a pattern that starts on
/// its natural boundary. Errors: a field that is not a multiple of 16, or does
/// not fit into 14 bits once divided by 16.
llvm::Expected<uint64_t> encodeMatrixDescriptor(const MatrixDescriptor &matrix);

/// The descriptor of a dense K-major operand at address 0: rows of one span, or
/// of 32 bytes (K = 64 codes) in two columns for None. Or it with the start
/// address divided by 16; a step of K = 64 codes within the span adds 2.
uint64_t getKMajorDescriptorBase(SharedMemorySwizzle swizzle);

/// The descriptor of one 512-byte atom of scales at address 0, which
/// tcgen05.cp.32x128b.warpx4 copies to tensor memory. Or it with the start
/// address divided by 16; the next atom adds 32.
uint64_t getScaleCopyDescriptorBase();

//===----------------------------------------------------------------------===//
// Instruction descriptor (PTX ISA, "Instruction descriptor", "Data types and
// shapes for .block_scale")
//===----------------------------------------------------------------------===//

enum class ScaleType {
  UE4M3, ///< e4m3 without its sign, kind::mxf4nvf4 only
  UE8M0, ///< powers of two, kind::mxf4 and kind::mxf4nvf4
};

/// A dense tcgen05.mma of kind mxf4 or mxf4nvf4 that multiplies e2m1 by e2m1
/// with K = 64 per instruction.
struct InstructionDescriptor {
  ScaleType scaleType = ScaleType::UE4M3;
  unsigned m = 128;
  unsigned n = 128;
  /// The byte within a word of scales that the instruction starts to read at,
  /// for A and B. Not 0 only where it reads half of the word: two ue8m0 scales
  /// per row.
  unsigned sfaId = 0;
  unsigned sfbId = 0;
  /// The blocks that work on the tile, 1 or 2. The descriptor does not hold it,
  /// but the legal shapes depend on it.
  unsigned ctaGroup = 1;
};

/// The 32-bit descriptor. Errors: a shape that is not legal for the group, a
/// scale id other than 0 or 2, or other than 0 with ue4m3 scales.
llvm::Expected<uint32_t>
encodeBlockScaledInstructionDescriptor(const InstructionDescriptor &desc);

//===----------------------------------------------------------------------===//
// Scales in global memory (cuBLAS, "1D block scaling factors layout")
//===----------------------------------------------------------------------===//

/// The offset of a one-byte scale where atoms of 128 rows and 4 groups follow
/// one another along K first. `group` counts blocks of 16 or 32 elements along
/// K, `numGroups` are those in a row. Rows are padded to 128, groups to 4.
uint64_t getScaleByteOffset(uint64_t row, uint64_t group, uint64_t numGroups);

//===----------------------------------------------------------------------===//
// Tensor maps (CUDA driver API, cuTensorMapEncodeTiled)
//===----------------------------------------------------------------------===//

/// A CUtensorMap: its bytes, and what its address is a multiple of.
inline constexpr int64_t kTensorMapBytes = 128, kTensorMapAlignment = 64;

/// CUtensorMapDataType. The last three count and box single values, which lie
/// packed in global memory.
enum class TensorMapDataType {
  UInt8 = 0,
  UInt16 = 1,
  UInt32 = 2,
  Int32 = 3,
  UInt64 = 4,
  Int64 = 5,
  Float16 = 6,
  Float32 = 7,
  Float64 = 8,
  BFloat16 = 9,
  Float32FTZ = 10,
  TFloat32 = 11,
  TFloat32FTZ = 12,
  Packed16U4Align8B = 13,
  Packed16U4Align16B = 14,
  Packed16U6Align16B = 15,
};

/// CUtensorMapSwizzle.
enum class TensorMapSwizzle {
  None = 0,
  B32 = 1,
  B64 = 2,
  B128 = 3,
  B128Atom32B = 4,
  B128Atom32BFlip8B = 5,
  B128Atom64B = 6,
};

/// CUtensorMapL2promotion.
enum class TensorMapL2Promotion { None = 0, B64 = 1, B128 = 2, B256 = 3 };

/// CUtensorMapFloatOOBfill: what elements outside of the tensor read as.
enum class TensorMapOOBFill { Zero = 0, NaN = 1 };

/// The swizzle of a copy whose destination a descriptor with `swizzle` reads.
TensorMapSwizzle getTensorMapSwizzle(SharedMemorySwizzle swizzle);

/// The arguments of cuTensorMapEncodeTiled but for the address, which must be
/// aligned to 16 bytes (32 for the types aligned to 16 bytes), with no
/// interleaving and element strides of 1. Dimension 0 is the innermost.
struct TensorMap {
  TensorMapDataType dataType = TensorMapDataType::UInt8;
  /// Elements; one number per dimension.
  llvm::SmallVector<uint64_t, 5> globalDims;
  /// Bytes; for dimension 1 and up, as dimension 0 is dense.
  llvm::SmallVector<uint64_t, 4> globalStrides;
  /// Elements; one number per dimension.
  llvm::SmallVector<uint32_t, 5> boxDims;
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  TensorMapL2Promotion l2Promotion = TensorMapL2Promotion::None;
  TensorMapOOBFill oobFill = TensorMapOOBFill::Zero;

  unsigned getRank() const { return globalDims.size(); }
};

/// Checks all that the driver requires of these arguments; it would answer only
/// that some value is invalid.
llvm::Error verifyTensorMap(const TensorMap &map);

} // namespace mlir::fp4::nvvm

#endif // FP4_TARGET_NVVM_DESCRIPTORS_H
