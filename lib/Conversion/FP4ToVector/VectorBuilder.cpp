//===- VectorBuilder.cpp - Vectors of a CPU -------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VectorBuilder.h"
#include "Numerics/Bits.h"
#include "Numerics/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp4;
using cpu::DotProduct;

//===----------------------------------------------------------------------===//
// What the vector dialect says
//===----------------------------------------------------------------------===//

Value VectorBuilder::constant(Type type, int64_t value) {
  Type element = getElementTypeOrSelf(type);
  return createConstant(*this, type, getIntegerAttr(element, value));
}

Value VectorBuilder::constant(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  return createConstant(*this, type, getFloatAttr(element, value));
}

Value VectorBuilder::broadcast(Value scalar, int64_t size) {
  return vector::BroadcastOp::create(*this, vectorType(size, scalar.getType()),
                                     scalar);
}

Value VectorBuilder::loadVector(int64_t size, Value memref, ValueRange place) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(*this, vectorType(size, element), memref,
                                place);
}

void VectorBuilder::storeVector(Value vector, Value memref, ValueRange place) {
  vector::StoreOp::create(*this, vector, memref, place);
}

void VectorBuilder::prefetch(Value memref, ValueRange place) {
  constexpr int64_t kLocality = 3; // to the first cache
  memref::PrefetchOp::create(*this, memref, place, /*isWrite=*/false, kLocality,
                             /*isDataCache=*/true);
}

Value VectorBuilder::scratch(ArrayRef<int64_t> shape, Type element) {
  constexpr int64_t kCacheLine = 64;
  // Once for all iterations of the loops around: a frame grows with each.
  Region *scope = getBlock()->getParent();
  while (!scope->getParentOp()->hasTrait<OpTrait::AutomaticAllocationScope>())
    scope = scope->getParentRegion();
  InsertionGuard guard(*this);
  setInsertionPointToStart(&scope->front());
  return memref::AllocaOp::create(*this, MemRefType::get(shape, element),
                                  getI64IntegerAttr(kCacheLine));
}

Value VectorBuilder::slice(Value vector, int64_t first, int64_t size) {
  return vector::ExtractStridedSliceOp::create(
      *this, vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{size},
      ArrayRef<int64_t>{1});
}

Value VectorBuilder::shuffle(Value first, Value second,
                             ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(*this, first, second, lanes);
}

Value VectorBuilder::bitcast(Type element, Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  if (!vector)
    return arith::BitcastOp::create(*this, element, value);
  int64_t bits = vector.getNumElements() * vector.getElementTypeBitWidth();
  return vector::BitCastOp::create(
      *this, vectorType(bits / element.getIntOrFloatBitWidth(), element),
      value);
}

//===----------------------------------------------------------------------===//
// What only instructions say
//===----------------------------------------------------------------------===//

static Value callIntrinsic(VectorBuilder &b, StringRef name, Type result,
                           ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name),
                                       operands)
      .getResult(0);
}

/// Whether the CPU converts between f16 and f32. Of bf16 there is no such thing
/// on x86, whose instructions flush subnormals.
static bool hasF16Conversion(const cpu::CPU &cpu) {
  return cpu.getTriple().isAArch64() ||
         cpu.getDotProduct() == DotProduct::AVX512VNNI;
}

Value VectorBuilder::widen(Value value) {
  Type type = value.getType();
  if (getElementTypeOrSelf(type).isF16() && hasF16Conversion(cpu))
    return arith::ExtFOp::create(*this, withElement(type, getF32Type()), value);
  return emitWidenToF32(*this, value);
}

Value VectorBuilder::narrow(Value value, Type element) {
  if (element.isF16() && hasF16Conversion(cpu))
    return arith::TruncFOp::create(*this, withElement(value.getType(), element),
                                   value);
  return emitNarrow(*this, value, element);
}

Value VectorBuilder::multiplyAdd(Value x, Value y, Value sum) {
  // Without the instruction it would be a call of fmaf for each lane.
  if (cpu.isX86() && cpu.getDotProduct() == DotProduct::Portable)
    return arith::AddFOp::create(*this, arith::MulFOp::create(*this, x, y),
                                 sum);
  return vector::FMAOp::create(*this, x, y, sum);
}

Value VectorBuilder::dotBF16(Value sum, Value x, Value y) {
  return callIntrinsic(
      *this, "llvm.x86.avx512bf16.dpbf16ps.512", sum.getType(),
      {sum, bitcast(getBF16Type(), x), bitcast(getBF16Type(), y)});
}

/// Lane i of the result is byte 4 * i + place of `bytes`, widened to i32.
static Value widenEveryFourth(VectorBuilder &b, Value bytes, int64_t place) {
  int64_t lanes = cast<VectorType>(bytes.getType()).getNumElements() / 4;
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < lanes; ++i)
    mask.push_back(4 * i + place);
  Value picked = b.shuffle(bytes, bytes, mask);
  return arith::ExtSIOp::create(b, b.vectorType(lanes, b.getI32Type()), picked);
}

static Value emitPortableDot(VectorBuilder &b, Value sum, Value columns,
                             Value rows) {
  for (int64_t place = 0; place < 4; ++place) {
    Value product =
        arith::MulIOp::create(b, widenEveryFourth(b, columns, place),
                              widenEveryFourth(b, rows, place));
    sum = arith::AddIOp::create(b, sum, product);
  }
  return sum;
}

Value VectorBuilder::dot(Value sum, Value columns, Value row) {
  int64_t lanes = cast<VectorType>(sum.getType()).getNumElements();
  return dotLanes(sum, columns, broadcast(row, lanes));
}

Value VectorBuilder::dotLanes(Value sum, Value columns, Value rows) {
  // The bitcast of a broadcast load, as the signed operand, folds into the
  // memory operand of vpdpbusd.
  Value bytes = bitcast(getI8Type(), rows);
  Type type = sum.getType();
  switch (cpu.getDotProduct()) {
  case DotProduct::AVX512VNNI:
    return callIntrinsic(*this, "llvm.x86.avx512.vpdpbusd.512", type,
                         {sum, columns, bytes});
  case DotProduct::AVXVNNI:
    return callIntrinsic(*this, "llvm.x86.avx512.vpdpbusd.256", type,
                         {sum, columns, bytes});
  case DotProduct::AVX2: {
    // Pairs are at most 2 * 24 * 12: nothing saturates.
    int64_t lanes = cast<VectorType>(type).getNumElements();
    VectorType pairs = vectorType(2 * lanes, getI16Type());
    Value products = callIntrinsic(*this, "llvm.x86.avx2.pmadd.ub.sw", pairs,
                                   {columns, bytes});
    Value fours = callIntrinsic(*this, "llvm.x86.avx2.pmadd.wd", type,
                                {products, constant(pairs, int64_t(1))});
    return arith::AddIOp::create(*this, sum, fours);
  }
  case DotProduct::NEONMatrix:
  case DotProduct::NEONDot:
    return callIntrinsic(*this, "llvm.aarch64.neon.sdot.v4i32.v16i8", type,
                         {sum, columns, bytes});
  case DotProduct::Portable:
    return emitPortableDot(*this, sum, columns, bytes);
  }
  llvm_unreachable("not in the list");
}

Value VectorBuilder::dotPairs(Value sums, Value rows, Value columns) {
  return callIntrinsic(*this, "llvm.aarch64.neon.smmla.v4i32.v16i8",
                       sums.getType(), {sums, rows, columns});
}

/// The table as a vector, repeated for each 128 bits that an instruction looks
/// up on its own.
static Value createTable(VectorBuilder &b, ArrayRef<int8_t> table,
                         int64_t size) {
  SmallVector<int8_t> bytes;
  for (int64_t i = 0; i < size; ++i)
    bytes.push_back(table[i % table.size()]);
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(b.vectorType(size, b.getI8Type()),
                                ArrayRef<int8_t>(bytes)));
}

static Value emitPortableLookup(VectorBuilder &b, ArrayRef<int8_t> table,
                                Value indices) {
  Type type = indices.getType();
  Value result = b.constant(type, int64_t(table[0]));
  for (int64_t i = 1, e = table.size(); i < e; ++i) {
    Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, indices,
                                       b.constant(type, i));
    result = arith::SelectOp::create(
        b, here, b.constant(type, int64_t(table[i])), result);
  }
  return result;
}

Value VectorBuilder::lookup(ArrayRef<int8_t> table, Value indices) {
  auto type = cast<VectorType>(indices.getType());
  int64_t size = type.getNumElements();
  StringRef name;
  bool isAVX512 = cpu.getDotProduct() == DotProduct::AVX512VNNI;
  bool isAVX2 = isAVX512 || cpu.getDotProduct() == DotProduct::AVXVNNI ||
                cpu.getDotProduct() == DotProduct::AVX2;
  if (isAVX512 && size == 64)
    name = "llvm.x86.avx512.pshuf.b.512";
  else if (isAVX2 && size == 32)
    name = "llvm.x86.avx2.pshuf.b";
  else if (isAVX2 && size == 16)
    name = "llvm.x86.ssse3.pshuf.b.128";
  else if (cpu.hasNEONDot() && size == 16)
    name = "llvm.aarch64.neon.tbl1.v16i8";
  else if (cpu.hasNEONDot() && size == 8)
    name = "llvm.aarch64.neon.tbl1.v8i8";
  if (name.empty())
    return emitPortableLookup(*this, table, indices);
  // NEON's table has 16 bytes for 8 indices, too.
  Value values = createTable(*this, table, std::max<int64_t>(size, 16));
  return callIntrinsic(*this, name, type, {values, indices});
}

bool VectorBuilder::hasLookup16() const {
  return cpu.getDotProduct() == DotProduct::AVX512VNNI;
}

Value VectorBuilder::lookup16(Value table, Value indices) {
  return callIntrinsic(*this, "llvm.x86.avx512.permvar.hi.512", table.getType(),
                       {table, indices});
}

Value VectorBuilder::lookup32(Value table, Value indices) {
  return callIntrinsic(*this, "llvm.x86.avx512.permvar.si.512", table.getType(),
                       {table, indices});
}
