//===- GroupScaling.h - Sums of groups and their scales ---------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A group's products are summed as integers, exactly. How such a sum comes to
// its two scales depends on the format and on the CPU:
//
// - f8E8M0FNU: by no multiplication. The sum starts at the bits of the float
//   1.5 * 2^(23 + e), where e is the sum of the exponents of the two scales;
//   each unit that is added to these bits is one 2^e, and the difference of the
//   two floats is the scaled sum, exactly. Exponents are relative to the
//   largest of their row, so that no sum overflows; columns whose exponents
//   spread too far are found out.
// - f8E4M3FN where lanes are permuted cheaply: the product of the scales, which
//   f32 holds exactly, is looked up by the three bits of the column's mantissa
//   in a table of the row's scale, and the column's exponent is added to its
//   bits. Multiplications share their ports with the dot products, which are
//   what takes the time; permutations do not.
// - f8E4M3FN elsewhere: the product is multiplied. On AArch64 the sum starts at
//   the bits of a float here, too, in place of a conversion.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPSCALING_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPSCALING_H

#include "VectorBuilder.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include <memory>

namespace mlir::fp4 {

class GroupScaling {
public:
  static std::unique_ptr<GroupScaling> create(VectorBuilder &b,
                                              PackedMatmulOp op);
  virtual ~GroupScaling() = default;

  /// In front of a panel: finds what its columns have in common in all groups.
  virtual void startPanel(Value panel) = 0;

  /// The scales of a group and of a vector of columns in the form that the
  /// other methods take: i32.
  virtual Value getScales(Value panel, Value group, Value firstColumn) = 0;

  /// What a row's term of a group becomes, once for all vectors. With
  /// row_pairs, terms, scales and sums are vectors of which each half is of
  /// another row.
  virtual Value getRowScale(Value term) = 0;

  /// What the sums of a group start with, from what the row tells.
  virtual Value start(Value rowStart, Value /*scales*/) { return rowStart; }

  /// sum + groupSum * (scale of the row) * (scales of the columns).
  virtual Value add(Value sum, Value groupSum, Value rowScale,
                    Value scales) = 0;

  /// What the columns of a vector are multiplied with at the end, as f64; null
  /// if with nothing.
  virtual Value getColumnFactors(Value /*firstColumn*/) { return Value(); }

  /// Whether sums of the panel have to be computed in another way, an i8 that
  /// is not zero; null if never.
  virtual Value getWide() { return Value(); }

protected:
  GroupScaling(VectorBuilder &b, PackedMatmulOp op)
      : b(b), op(op), lanes(b.cpu.getTile().lanes) {}

  /// A row's term in all lanes.
  Value spread(Value term) {
    return isa<VectorType>(term.getType()) ? term : b.broadcast(term, lanes);
  }
  Value loadScales(Value panel, Value group, Value firstColumn);
  Value constant(int64_t value) {
    return b.constant(b.vectorType(lanes, b.getI32Type()), value);
  }
  int64_t columns() {
    return cast<MemRefType>(op.getRhsScales().getType()).getDimSize(2);
  }

  VectorBuilder &b;
  PackedMatmulOp op;
  int64_t lanes;
};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_GROUPSCALING_H
