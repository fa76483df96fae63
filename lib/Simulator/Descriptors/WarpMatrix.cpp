//===- WarpMatrix.cpp - Matrices in the registers of a warp ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads come in eight groups of four. The manual has a figure for each type;
// they are one rule: a group has a row of A, a column of B and a row of D, and
// the threads of a group share out the registers of a row one by one.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/WarpMatrix.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MathExtras.h"
#include <iterator>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static constexpr unsigned kRows = 16, kColumns = 8, kThreads = 32;

//===----------------------------------------------------------------------===//
// mma.sync.m16n8
//===----------------------------------------------------------------------===//

unsigned sim::getNumFragmentRegisters(FragmentMatrix matrix, unsigned bits,
                                      unsigned k) {
  unsigned elements = matrix == FragmentMatrix::A   ? kRows * k
                      : matrix == FragmentMatrix::B ? kColumns * k
                                                    : kRows * kColumns;
  return elements * bits / (32 * kThreads);
}

MatrixElement sim::getFragmentElement(FragmentMatrix matrix, unsigned bits,
                                      unsigned thread, unsigned reg,
                                      unsigned part) {
  unsigned group = thread / 4, inGroup = thread % 4;
  // Elements of a register, and of the registers of a group.
  unsigned perRegister = 32 / bits, perGroup = 4 * perRegister;
  switch (matrix) {
  case FragmentMatrix::A:
    // The rows 8 further down come before what is further along K.
    return {group + reg % 2 * 8,
            reg / 2 * perGroup + inGroup * perRegister + part};
  case FragmentMatrix::B:
    return {reg * perGroup + inGroup * perRegister + part, group};
  case FragmentMatrix::D: {
    // Two elements in a row, in one register or in two.
    unsigned element = reg * perRegister + part;
    return {group + element / 2 * 8, inGroup * 2 + element % 2};
  }
  }
  return {0, 0};
}

unsigned sim::getScaleThread(FragmentMatrix matrix, unsigned index,
                             unsigned id) {
  if (matrix == FragmentMatrix::A)
    return index % 8 * 4 + id * 2 + index / 8;
  return index * 4 + id;
}

//===----------------------------------------------------------------------===//
// ldmatrix, stmatrix
//===----------------------------------------------------------------------===//

namespace {
struct MatrixShapeInfo {
  StringLiteral name;
  unsigned registers;
  unsigned rows;
  unsigned maxNum;
};
} // namespace

/// In the order of MatrixShape.
static constexpr MatrixShapeInfo matrixShapes[] = {
    {"m8n8", 1, 8, 4},
    {"m8n16", 1, 8, 4},
    {"m16n16", 2, 16, 2},
    {"m16n8", 1, 8, 4},
};
static_assert(std::size(matrixShapes) == size_t(MatrixShape::M16N8) + 1);

Expected<unsigned> sim::getNumMatrixRegisters(MatrixShape shape, unsigned num) {
  const MatrixShapeInfo &info = matrixShapes[size_t(shape)];
  if (!isPowerOf2_32(num) || num > info.maxNum)
    return makeError("ldmatrix and stmatrix of shape {0} expect .x1 to .x{1}, "
                     "by powers of two, but got .x{2}",
                     info.name, info.maxNum, num);
  return info.registers * num;
}

unsigned sim::getNumMatrixRows(MatrixShape shape) {
  return matrixShapes[size_t(shape)].rows;
}

MatrixByte sim::getMatrixByte(MatrixShape shape, bool isTransposed,
                              unsigned thread, unsigned reg, unsigned part) {
  unsigned group = thread / 4, inGroup = thread % 4;
  const MatrixShapeInfo &info = matrixShapes[size_t(shape)];
  unsigned firstThread = reg / info.registers * info.rows;
  switch (shape) {
  case MatrixShape::M8N8:
    if (isTransposed)
      return {firstThread + inGroup * 2 + part / 2, group * 2 + part % 2};
    return {firstThread + group, inGroup * 4 + part};
  case MatrixShape::M8N16:
    return {firstThread + group, inGroup * 4 + part};
  case MatrixShape::M16N16:
    // Four columns of a row of the transposed matrix, and in the next register
    // four of the row 8 further down.
    return {firstThread + inGroup * 4 + part, group + reg % 2 * 8};
  case MatrixShape::M16N8:
    // As D's elements of a byte would lie: two columns of two rows.
    return {firstThread + inGroup * 2 + part % 2, group + part / 2 * 8};
  }
  return {0, 0};
}
