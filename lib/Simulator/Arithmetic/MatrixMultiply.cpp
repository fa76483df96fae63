//===- MatrixMultiply.cpp - Tensor cores' products, bit for bit -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"
#include "Dots.h"
#include <algorithm>
#include <limits>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

IntegerDot::IntegerDot(const DotArguments &args)
    : args(args), aRow(&args.a.integers[size_t(args.row) * args.model.k]) {}

uint32_t IntegerDot::operator()(unsigned column, uint32_t c) const {
  const int16_t *bRow = &args.b.integers[size_t(column) * args.model.k];
  int32_t dot = 0;
  for (unsigned i = 0; i < args.model.k; ++i)
    dot += int32_t(aRow[i]) * bRow[i];
  int64_t sum = int64_t(dot) + int32_t(c);
  if (args.model.saturate)
    sum = std::clamp<int64_t>(sum, std::numeric_limits<int32_t>::min(),
                              std::numeric_limits<int32_t>::max());
  return uint32_t(sum);
}

template <typename Dot>
static void computeRow(const Dot &dot, unsigned firstColumn,
                       MutableArrayRef<uint32_t> d, bool readD) {
  for (unsigned i = 0; i < d.size(); ++i)
    d[i] = dot(firstColumn + i, readD ? d[i] : 0);
}

void sim::multiplyRow(const MmaModel &model, const MmaOperand &a, unsigned row,
                      const MmaOperand &b, unsigned firstColumn,
                      MutableArrayRef<uint32_t> d, bool readD) {
  DotArguments args = {model, a, row, b};
  if (model.isInteger())
    computeRow(IntegerDot(args), firstColumn, d, readD);
  else if (model.isPackedFP4())
    computeRow(BlockScaledDot(args), firstColumn, d, readD);
  else
    computeRow(WindowDot(args), firstColumn, d, readD);
}
