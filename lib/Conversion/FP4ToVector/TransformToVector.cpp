//===- TransformToVector.cpp - Transform on vectors -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small matrix product for each block: vectors go along the outputs j of a
// block, T is transposed and widened first, and several blocks (of a row, or of
// several rows where each block has its own T) share each vector of T.
//
// All is in units of 32 bits: an f32, or on CPUs with dot products of bf16 a
// pair of bf16. These flush subnormals, of their operands, too, and are used
// only where that stays within docs/numerics.md: with all |T| normal or zero
// and at most 1, whatever is flushed in a term is at most 2^-126.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Numerics/Bits.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp4;

/// Blocks that share a vector of T times vectors of the outputs of each: with
/// 32 registers and with 16. The sums hide the latency of two multiply-adds in
/// a cycle.
static constexpr int64_t kSums = 16, kFewSums = 8;
static constexpr int64_t kVectors = 2;

/// Below this a transposition in registers is not worth its shuffles.
static constexpr int64_t kLeastTransposed = 4;

static int64_t getLargestPowerOf2Divisor(int64_t value) {
  return value & -value;
}

namespace {
/// How a block is computed.
struct Plan {
  bool pairs;            ///< of bf16, or f32
  int64_t blocks;        ///< at once
  int64_t vectors;       ///< of outputs, at once
  int64_t transposeSize; ///< of the squares that T is transposed in, or 1
};

struct Block {
  Value row, column;
};

class TransformEmitter {
public:
  TransformEmitter(VectorBuilder &b, BlockTransformOp op);
  void emit();

private:
  Plan getPlan(bool pairs, bool small) const;
  Value emitAllowsPairs(Value block);
  void emitMatrix(Value block);
  void emitWith(const Plan &plan, Value block);

  Value emitLoadUnits(const Plan &plan, Value block, Value output, Value unit,
                      int64_t count);
  void emitTranspose(const Plan &plan, Value block);
  void emitTransposeSquare(const Plan &plan, Value block, Value output,
                           Value unit);
  void emitTransposeByUnit(const Plan &plan, Value block);

  void emitBlocksOfRows(const Plan &plan);
  void emitRowsOfBlock(const Plan &plan, Value block);
  void emitTile(const Plan &plan, ArrayRef<Block> blocks);
  SmallVector<Value> emitSums(const Plan &plan, ArrayRef<Block> blocks,
                              Value output);
  Value emitLoadInput(const Plan &plan, const Block &block, int64_t number,
                      Value unit);

  int64_t getUnits(const Plan &plan) const {
    return plan.pairs ? size / 2 : size;
  }

  VectorBuilder &b;
  BlockTransformOp op;
  Type inputType, transformType, outputType;
  bool isShared;
  int64_t size, rowBlocks, lanes;
  VectorType bitsType;
  Value matrix;  ///< (unit of the input, output) of 32 bits
  Value widened; ///< (block of a tile, element): the input as f32
};
} // namespace

static Type getElementType(Value memref) {
  return cast<MemRefType>(memref.getType()).getElementType();
}

TransformEmitter::TransformEmitter(VectorBuilder &b, BlockTransformOp op)
    : b(b), op(op), inputType(getElementType(op.getInput())),
      transformType(getElementType(op.getTransform())),
      outputType(getElementType(op.getOutput())) {
  auto type = cast<MemRefType>(op.getTransform().getType());
  isShared = type.getRank() == 2;
  size = type.getShape().back();
  rowBlocks = cast<MemRefType>(op.getInput().getType()).getDimSize(1) / size;
  // No vector is cut: an odd size is computed one by one.
  lanes = std::min(b.cpu.getVectorBytes() / 4, getLargestPowerOf2Divisor(size));
  bitsType = b.vectorType(lanes, b.getI32Type());
  matrix = b.scratch({size, size}, b.getI32Type());
  if (!inputType.isF32())
    widened = b.scratch({kSums, size}, b.getF32Type());
}

Plan TransformEmitter::getPlan(bool pairs, bool small) const {
  bool manyRegisters =
      b.cpu.getVectorBytes() == 64 || b.cpu.getTriple().isAArch64();
  int64_t sums = manyRegisters && !small ? kSums : kFewSums;
  int64_t vectors = std::min(kVectors, getLargestPowerOf2Divisor(size / lanes));
  Plan plan{pairs, sums / vectors, vectors, 1};
  int64_t square = std::min(lanes, getLargestPowerOf2Divisor(getUnits(plan)));
  if (!small && square >= kLeastTransposed)
    plan.transposeSize = square;
  return plan;
}

//===----------------------------------------------------------------------===//
// The matrix
//===----------------------------------------------------------------------===//

/// T[output, ...] from a unit on, as i32.
Value TransformEmitter::emitLoadUnits(const Plan &plan, Value block,
                                      Value output, Value unit, int64_t count) {
  int64_t perUnit = plan.pairs ? 2 : 1;
  SmallVector<Value> place = {output, b.mul(unit, perUnit)};
  if (block)
    place.insert(place.begin(), block);
  Value values = b.loadVector(perUnit * count, op.getTransform(), place);
  return b.bitcast(b.getI32Type(), plan.pairs ? values : b.widen(values));
}

/// Transposes a square in registers: each step exchanges the lanes with a bit
/// set of one vector with those without of another.
void TransformEmitter::emitTransposeSquare(const Plan &plan, Value block,
                                           Value output, Value unit) {
  int64_t n = plan.transposeSize;
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < n; ++i)
    vectors.push_back(emitLoadUnits(plan, block, b.add(output, i), unit, n));
  for (int64_t bit = 1; bit < n; bit *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < n; ++lane) {
      low.push_back(lane & bit ? n + lane - bit : lane);
      high.push_back(lane & bit ? n + lane : lane + bit);
    }
    for (int64_t i = 0; i < n; ++i) {
      if (i & bit)
        continue;
      Value x = vectors[i], y = vectors[i + bit];
      vectors[i] = vector::ShuffleOp::create(b, x, y, low);
      vectors[i + bit] = vector::ShuffleOp::create(b, x, y, high);
    }
  }
  for (int64_t i = 0; i < n; ++i)
    b.storeVector(vectors[i], matrix, {b.add(unit, i), output});
}

void TransformEmitter::emitTransposeByUnit(const Plan &plan, Value block) {
  b.loop(b.index(size), [&](Value output) {
    b.loop(b.index(getUnits(plan)), [&](Value unit) {
      b.storeVector(emitLoadUnits(plan, block, output, unit, 1), matrix,
                    {unit, output});
    });
  });
}

/// Transposes T, or that of a block, into `matrix`.
void TransformEmitter::emitTranspose(const Plan &plan, Value block) {
  int64_t n = plan.transposeSize;
  if (n == 1)
    return emitTransposeByUnit(plan, block);
  b.loop(b.index(size / n), [&](Value output) {
    b.loop(b.index(getUnits(plan) / n), [&](Value unit) {
      emitTransposeSquare(plan, block, b.mul(output, n), b.mul(unit, n));
    });
  });
}

/// Whether all elements of T are such that dot products of bf16 are exact
/// enough.
Value TransformEmitter::emitAllowsPairs(Value block) {
  int64_t count =
      std::min(b.cpu.getVectorBytes() / 2, getLargestPowerOf2Divisor(size));
  Type type = b.vectorType(count, b.getI16Type());
  Bits i(b, 16, type);
  constexpr int64_t kLeastNormal = 1 << kBF16.mantissaBits;
  constexpr int64_t kOne = kBF16.bias() << kBF16.mantissaBits;
  auto check = [&](Value output, Value number, Value odd) -> Value {
    SmallVector<Value> place = {output, b.mul(number, count)};
    if (block)
      place.insert(place.begin(), block);
    Value magnitude =
        i.bitAnd(i.from(b.loadVector(count, op.getTransform(), place)),
                 kBF16.magnitudeMask());
    Value above =
        i.compare(Bits::Predicate::ugt, i.add(magnitude, -kLeastNormal),
                  kOne - kLeastNormal);
    return i.bitOr(odd, i.select(above, magnitude, i.constant(0)));
  };
  Value odd = b.reduce(b.index(size), i.constant(0),
                       [&](Value output, Value odd) -> Value {
                         return b.reduce(b.index(size / count), odd,
                                         [&](Value number, Value odd) -> Value {
                                           return check(output, number, odd);
                                         });
                       });
  Value any = vector::ReductionOp::create(b, vector::CombiningKind::OR, odd);
  Bits scalar(b, 16, b.getI16Type());
  return scalar.compare(Bits::Predicate::eq, any, 0);
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

/// A unit of a block of the input, in all lanes.
Value TransformEmitter::emitLoadInput(const Plan &plan, const Block &block,
                                      int64_t number, Value unit) {
  if (!plan.pairs) {
    Value x =
        widened ? b.load(widened, {b.index(number), unit})
                : b.load(op.getInput(), {block.row, b.add(block.column, unit)});
    return b.broadcast(x, lanes);
  }
  Value pair = b.loadVector(2, op.getInput(),
                            {block.row, b.add(block.column, b.mul(unit, 2))});
  pair = vector::ExtractOp::create(b, b.bitcast(b.getI32Type(), pair), 0);
  return b.broadcast(pair, lanes);
}

/// The outputs from `output` on of all blocks of a tile: `plan.vectors` vectors
/// for each block.
SmallVector<Value> TransformEmitter::emitSums(const Plan &plan,
                                              ArrayRef<Block> blocks,
                                              Value output) {
  Type f32 = b.getF32Type();
  Value zero = b.constant(b.vectorType(lanes, f32), 0.0);
  SmallVector<Value> sums(blocks.size() * plan.vectors, zero);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(getUnits(plan)),
                                 b.index(1), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  Value unit = loop.getInductionVar();
  SmallVector<Value> columns;
  for (int64_t v = 0; v < plan.vectors; ++v) {
    Value bits = b.loadVector(lanes, matrix, {unit, b.add(output, v * lanes)});
    columns.push_back(plan.pairs ? bits : b.bitcast(f32, bits));
  }
  SmallVector<Value> next;
  for (auto [number, block] : llvm::enumerate(blocks)) {
    Value x = emitLoadInput(plan, block, number, unit);
    for (Value column : columns) {
      Value sum = loop.getRegionIterArg(next.size());
      next.push_back(plan.pairs ? b.dotBF16(sum, column, x)
                                : b.multiplyAdd(x, column, sum));
    }
  }
  scf::YieldOp::create(b, next);
  return loop.getResults();
}

void TransformEmitter::emitTile(const Plan &plan, ArrayRef<Block> blocks) {
  if (!plan.pairs && widened)
    b.loop(b.index(size / lanes), [&](Value number) {
      Value offset = b.mul(number, lanes);
      for (auto [i, block] : llvm::enumerate(blocks)) {
        Value x = b.loadVector(lanes, op.getInput(),
                               {block.row, b.add(block.column, offset)});
        b.storeVector(b.widen(x), widened, {b.index(i), offset});
      }
    });
  int64_t step = plan.vectors * lanes;
  b.loop(b.index(size / step), [&](Value number) {
    Value output = b.mul(number, step);
    SmallVector<Value> sums = emitSums(plan, blocks, output);
    for (auto [i, sum] : llvm::enumerate(sums)) {
      const Block &block = blocks[i / plan.vectors];
      Value offset = b.add(output, i % plan.vectors * lanes);
      b.storeVector(b.narrow(sum, outputType), op.getOutput(),
                    {block.row, b.add(block.column, offset)});
    }
  });
}

/// Number `i` of a tile, or the last there is: a tile that is not full computes
/// that one several times, into the same place.
static Value emitClamped(VectorBuilder &b, Value first, int64_t i, Value end) {
  return b.createOrFold<arith::MinUIOp>(b.add(first, i),
                                        b.sub(end, b.index(1)));
}

/// All blocks of all rows, those of a row in tiles.
void TransformEmitter::emitBlocksOfRows(const Plan &plan) {
  int64_t tiles = llvm::divideCeil(rowBlocks, plan.blocks);
  bool full = rowBlocks % plan.blocks == 0;
  b.loop(b.dim(op.getInput(), 0), [&](Value row) {
    b.loop(b.index(tiles), [&](Value tile) {
      Value first = b.mul(tile, plan.blocks);
      SmallVector<Block> blocks;
      for (int64_t i = 0; i < plan.blocks; ++i) {
        Value block = full ? b.add(first, i)
                           : emitClamped(b, first, i, b.index(rowBlocks));
        blocks.push_back({row, b.mul(block, size)});
      }
      emitTile(plan, blocks);
    });
  });
}

/// One block of all rows, those in tiles.
void TransformEmitter::emitRowsOfBlock(const Plan &plan, Value block) {
  Value rows = b.dim(op.getInput(), 0);
  Value column = b.mul(block, size);
  Value tiles = b.div(b.add(rows, plan.blocks - 1), plan.blocks);
  b.loop(tiles, [&](Value tile) {
    Value first = b.mul(tile, plan.blocks);
    SmallVector<Block> blocks;
    for (int64_t i = 0; i < plan.blocks; ++i)
      blocks.push_back({emitClamped(b, first, i, rows), column});
    emitTile(plan, blocks);
  });
}

void TransformEmitter::emitWith(const Plan &plan, Value block) {
  emitTranspose(plan, block);
  if (block)
    return emitRowsOfBlock(plan, block);
  if (rowBlocks >= plan.blocks)
    return emitBlocksOfRows(plan);
  b.loop(b.index(rowBlocks),
         [&](Value block) { emitRowsOfBlock(plan, block); });
}

/// All that one matrix is for.
void TransformEmitter::emitMatrix(Value block) {
  bool canPair = b.cpu.hasBF16Dot() && inputType.isBF16() &&
                 transformType.isBF16() && lanes * 4 == 64;
  if (!canPair)
    return emitWith(getPlan(/*pairs=*/false, /*small=*/false), block);
  b.ifThenElse(
      emitAllowsPairs(block),
      [&] { emitWith(getPlan(/*pairs=*/true, /*small=*/false), block); },
      [&] { emitWith(getPlan(/*pairs=*/false, /*small=*/true), block); });
}

void TransformEmitter::emit() {
  if (isShared)
    return emitMatrix(nullptr);
  b.loop(b.index(rowBlocks), [&](Value block) { emitMatrix(block); });
}

void fp4::emitVectors(VectorBuilder &b, BlockTransformOp op) {
  TransformEmitter(b, op).emit();
}
