//===- WarpMatrix.h - Matrices in the registers of a warp -------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which thread has which element: the fragments of mma.sync.m16n8 [PTX
// 9.7.14.5], and what ldmatrix and stmatrix move [PTX 9.7.14.5.15 and 16].
//
// Sources where the manual has figures only: CUTLASS, cute/atom/mma_traits_*
// and cute/arch/copy_sm100.hpp.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_DESCRIPTORS_WARPMATRIX_H
#define FP4_SIMULATOR_DESCRIPTORS_WARPMATRIX_H

#include "llvm/Support/Error.h"
#include <cstdint>

namespace mlir::fp4::sim {

//===----------------------------------------------------------------------===//
// mma.sync.m16n8
//===----------------------------------------------------------------------===//

/// A is M by K, B is K by N, and D, like C, is M by N.
enum class FragmentMatrix : uint8_t { A, B, D };

struct MatrixElement {
  unsigned row;
  unsigned column;

  bool operator==(const MatrixElement &other) const {
    return row == other.row && column == other.column;
  }
};

/// The registers of 32 bits that a thread has of a matrix whose elements are of
/// `bits` bits: 4 for packed e2m1, 8 for all types of a byte or less that are
/// not packed, 16 or 32. `k` is the instruction's; D does not depend on it.
unsigned getNumFragmentRegisters(FragmentMatrix matrix, unsigned bits,
                                 unsigned k);

/// Element `part` of a register, counted from its lowest bits.
MatrixElement getFragmentElement(FragmentMatrix matrix, unsigned bits,
                                 unsigned thread, unsigned reg, unsigned part);

/// The thread whose register has the scales of a row of A, or of a column of B,
/// with .block_scale; `id` is the instruction's thread-id-a, 0 or 1, or
/// thread-id-b, 0 to 3 [PTX 9.7.14.3].
unsigned getScaleThread(FragmentMatrix matrix, unsigned index, unsigned id);

//===----------------------------------------------------------------------===//
// ldmatrix, stmatrix
//===----------------------------------------------------------------------===//

/// All of them move rows of 16 bytes, each from or to the address of a thread.
enum class MatrixShape : uint8_t {
  M8N8,   ///< .b16
  M8N16,  ///< ldmatrix of padded elements
  M16N16, ///< ldmatrix.trans of .b8 and of padded elements
  M16N8,  ///< stmatrix.trans of .b8
};

/// The registers of a thread for .xN. Errors: an N that the shape does not
/// have.
llvm::Expected<unsigned> getNumMatrixRegisters(MatrixShape shape, unsigned num);

/// Rows of 16 bytes of one matrix. The address of row `r` of matrix `i` is that
/// of thread `i` times this plus `r`.
unsigned getNumMatrixRows(MatrixShape shape);

/// A byte of the rows: `addressThread` has the address of its row.
struct MatrixByte {
  unsigned addressThread;
  unsigned byte;

  bool operator==(const MatrixByte &other) const {
    return addressThread == other.addressThread && byte == other.byte;
  }
};

/// Where byte `part` of a register comes from or goes to. Rows of padded
/// elements are unpacked before [unpackElements()], to 16 bytes again.
/// `isTransposed` is the instruction's for m8n8; m16n16 and m16n8 always are,
/// and m8n16 never is.
MatrixByte getMatrixByte(MatrixShape shape, bool isTransposed, unsigned thread,
                         unsigned reg, unsigned part);

} // namespace mlir::fp4::sim

#endif // FP4_SIMULATOR_DESCRIPTORS_WARPMATRIX_H
