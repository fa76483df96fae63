//===- SharedMatrix.h - Matrices in shared memory, by descriptor *- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The 64-bit descriptors of tcgen05.mma and tcgen05.cp, and where the bytes of
// the matrix lie that they describe [PTX 9.7.16.4.1, 9.7.16.3.3; CUTLASS,
// cute/atom/mma_traits_sm100.hpp]. Addresses are in the shared memory of one
// block.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_SHAREDMATRIX_H
#define FP4_SIMULATOR_DESCRIPTORS_SHAREDMATRIX_H

#include "fp4/Simulator/Arithmetic/MmaModel.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::sim {

/// The numbers are those of the descriptor's field; 3, 5 and 7 are invalid.
enum class MatrixSwizzle : uint8_t {
  None = 0,
  B128Atom32B = 1, ///< 32-byte chunks within 128 bytes
  B128 = 2,        ///< 16-byte chunks within 128, 64 or 32 bytes
  B64 = 4,
  B32 = 6,
};

/// Bytes that a swizzle permutes: a row of its pattern. 16 for None.
unsigned getSwizzleSpan(MatrixSwizzle swizzle);

/// Where a byte lies. The hardware permutes by the bits of absolute addresses,
/// so that the start of a matrix can be moved along a row of the pattern.
uint32_t swizzleAddress(MatrixSwizzle swizzle, uint32_t address);

/// A decoded descriptor. All fields are in bytes.
struct SharedMatrix {
  uint32_t startAddress = 0;
  uint32_t leadingByteOffset = 0;
  uint32_t strideByteOffset = 0;
  MatrixSwizzle swizzle = MatrixSwizzle::None;
};

/// Errors: reserved bits, a version other than 1, an invalid swizzle, a base
/// offset of a swizzled matrix and absolute leading offsets (sm_103a's K = 96),
/// which are not modelled.
llvm::Expected<SharedMatrix> decodeSharedMatrix(uint64_t descriptor);

/// The dimension along which elements follow one another in memory.
enum class MatrixMajor : uint8_t { K, MN };

/// Whether tcgen05.mma can read the 32 bytes of a row, or 32 bytes' worth of
/// columns, of elements of `type` from there. Errors: a swizzle that the
/// combination does not have, and a start within a pattern.
llvm::Error checkOperand(const SharedMatrix &matrix, MatrixMajor major,
                         MmaType type);

/// The address of a byte of a K-major matrix: of row `row`, and of the bytes
/// along K, 32 per instruction, the one at `kByte`. 16 bytes from a multiple of
/// 16 stay together.
uint32_t getKMajorAddress(const SharedMatrix &matrix, unsigned row,
                          unsigned kByte);

/// The address of a byte of an MN-major matrix: of the element `k` along K, and
/// of the bytes along M or N the one at `mnByte`.
uint32_t getMNMajorAddress(const SharedMatrix &matrix, unsigned mnByte,
                           unsigned k);

/// Bytes of 16 that hold elements where the types with less than 8 bits are
/// padded, b4x16_p64 and b6x16_p32; the others need not be written.
unsigned getUnpaddedBytes(MmaType type);

/// Elements of such a type, 16 from each 16 bytes, one per byte in its low bits
/// [PTX 9.7.16.10.4.4].
void unpackElements(MmaType type, llvm::ArrayRef<uint8_t> padded,
                    llvm::MutableArrayRef<uint8_t> elements);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_SHAREDMATRIX_H
