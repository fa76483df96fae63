//===- VectorBuilder.h - Vectors of a CPU -----------------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector operations in few words, and those that a CPU has instructions for
// which the vector dialect cannot say: products of bytes and table lookups.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_CONVERSION_FP4TOVECTOR_VECTORBUILDER_H
#define FP4_LIB_CONVERSION_FP4TOVECTOR_VECTORBUILDER_H

#include "LoopBuilder/LoopBuilder.h"
#include "fp4/Target/CPU/CPU.h"

namespace mlir::fp4 {

class VectorBuilder : public LoopBuilder {
public:
  VectorBuilder(Location loc, Operation *op, const cpu::CPU &cpu)
      : LoopBuilder(loc, op), cpu(cpu) {}

  const cpu::CPU &cpu;

  VectorType vectorType(int64_t size, Type element) {
    return VectorType::get({size}, element);
  }

  /// All lanes of `type`, a vector or a scalar, with the same value.
  Value constant(Type type, int64_t value);
  Value constant(Type type, double value);
  Value broadcast(Value scalar, int64_t size);

  /// `size` elements of a memref from a place on; the last dimension has unit
  /// stride.
  Value loadVector(int64_t size, Value memref, ValueRange place);
  void storeVector(Value vector, Value memref, ValueRange place);
  /// Has the cache line of a place read, to be read often.
  void prefetch(Value memref, ValueRange place);

  /// A buffer of the frame of the function, or of the iteration of a parallel
  /// loop, aligned to a cache line.
  Value scratch(ArrayRef<int64_t> shape, Type element);

  /// The elements [first, first + size).
  Value slice(Value vector, int64_t first, int64_t size);
  /// The elements of both, counted on, that `lanes` names.
  Value shuffle(Value first, Value second, ArrayRef<int64_t> lanes);
  /// The same bits with another element type, scalars too.
  Value bitcast(Type element, Value value);

  /// f32, f16 or bf16 as f32, and f32 as one of them, rounded once; with the
  /// instructions of the CPU where they keep subnormals.
  Value widen(Value value);
  Value narrow(Value value, Type element);

  /// x * y + sum, with one rounding where the CPU has it as one instruction.
  Value multiplyAdd(Value x, Value y, Value sum);

  /// Adds to each f32 lane of `sum` the products of the two bf16 in the i32
  /// lanes of `x` and `y`, on a CPU that `hasBF16Dot`.
  Value dotBF16(Value sum, Value x, Value y);

  /// Adds to each i32 lane i of `sum` the products of the four bytes from 4 * i
  /// on of `columns` with the four bytes of the i32 `row`. Bytes of `columns`
  /// are unsigned if `cpu.hasUnsignedColumns()`, those of `row` are signed.
  Value dot(Value sum, Value columns, Value row);
  /// The same with a vector of i32 in place of one `row` for all lanes.
  Value dotLanes(Value sum, Value columns, Value rows);

  /// Adds to the i32 lanes 2 * i + j of `sums` the products of the eight bytes
  /// from 8 * i on of `rows` with those from 8 * j on of `columns`, all signed,
  /// on a CPU that `hasRowPairs`.
  Value dotPairs(Value sums, Value rows, Value columns);

  /// Whether lanes of 16 bits are looked up in a table of them by one cheap
  /// instruction, and how: table[index] for the low five bits of each of 32
  /// indices.
  bool hasLookup16() const;
  Value lookup16(Value table, Value indices);

  /// table[index] for the low four bits of each of 16 lanes of 32 bits, on a
  /// CPU that `hasLookup32`.
  Value lookup32(Value table, Value indices);

  /// table[index] for each byte of `indices`, which are below 16.
  Value lookup(ArrayRef<int8_t> table, Value indices);
};

} // namespace mlir::fp4

#endif // FP4_LIB_CONVERSION_FP4TOVECTOR_VECTORBUILDER_H
