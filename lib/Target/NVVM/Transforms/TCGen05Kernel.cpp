//===- TCGen05Kernel.cpp - The kernel of a tile of a product --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TCGen05Kernel.h"
#include "TCGen05Guard.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;
using namespace mlir::fp4::tcgen05;

/// Columns of the accumulator that a thread holds in registers at a time; as
/// many limits come with them.
static constexpr int64_t kEpilogueColumns = 32, kGuardedColumns = 16;
/// How long a thread sleeps on a barrier before it looks again, in nanoseconds.
static constexpr int64_t kWaitTicks = 10000000;
/// The barriers of the kernel, in one group.
enum Barrier : int64_t { Loaded, Multiplied, NumBarriers };

static Value createIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

namespace {
/// An operand in the kernel: its maps, and its place in shared memory.
struct Staged {
  const ProductOperand &operand;
  Value codesMap, scalesMap;
  Value codes;       // rows x 128 bytes
  Value scalesBoxes; // as the tile load writes them
  Value scales;      // the same bytes, blocked
  Value scaleWords;  // the same bytes, four at a time, if a guard reads them
};

/// Emits the body of the kernel at the product that it replaces.
class KernelBuilder {
public:
  KernelBuilder(ScaledMatmulOp op, gpu::LaunchOp launch,
                const ProductShape &shape)
      : b(op.getLoc(), op), op(op), launch(launch), shape(shape) {}

  void build(const ProductOperand &lhs, const ProductOperand &rhs);

private:
  bool needsGuard() const { return isa<Float8E8M0FNUType>(shape.scaleType); }
  Value createView(MemRefType type, int64_t bytes);
  Staged stageCodes(const ProductOperand &operand, Value codesMap,
                    Value scalesMap);
  void stageScales(Staged &staged);
  void ifThread(arith::CmpIPredicate predicate, int64_t number,
                function_ref<void()> body);
  void ifLeader(function_ref<void()> body) {
    ifThread(arith::CmpIPredicate::eq, 0, body);
  }
  void ifFirstWarp(function_ref<void()> body) {
    ifThread(arith::CmpIPredicate::ult, 32, body);
  }
  void synchronize();
  void loadTile(const Staged &staged, Value kTile);
  void multiply(Value kTile, const Staged &lhs, const Staged &rhs);
  void wait(Barrier barrier, Value parity);
  void storeResult(std::optional<RangeGuard> &guard);
  void storeColumns(Value values, Value row, Value column, Value columns);

  LoopBuilder b;
  ScaledMatmulOp op;
  gpu::LaunchOp launch;
  const ProductShape &shape;
  Value thread, sharedMemory, barriers, accumulator, lhsScales, rhsScales;
  int64_t sharedBytes = 0;
};
} // namespace

/// The next `bytes` of dynamic shared memory.
Value KernelBuilder::createView(MemRefType type, int64_t bytes) {
  Value view = memref::ViewOp::create(b, type, sharedMemory,
                                      createIndex(b, sharedBytes), {});
  sharedBytes += bytes;
  return view;
}

/// What a tile load writes with this map.
static MemRefType getBoxType(Value map) {
  return cast<nvgpu::TensorMapDescriptorType>(map.getType()).getTensor();
}

Staged KernelBuilder::stageCodes(const ProductOperand &operand, Value codesMap,
                                 Value scalesMap) {
  Value codes = createView(getBoxType(codesMap), operand.rows * kTileBytes);
  return {operand, codesMap, scalesMap, codes, {}, {}, {}};
}

void KernelBuilder::stageScales(Staged &staged) {
  MemRefType boxes = getBoxType(staged.scalesMap);
  staged.scalesBoxes = createView(boxes, 0);
  int64_t rowTiles = staged.operand.getRowTiles();
  auto blocked =
      MemRefType::get({rowTiles, shape.scaleTiles, 32, 4, 4}, shape.scaleType,
                      MemRefLayoutAttrInterface(), boxes.getMemorySpace());
  if (needsGuard()) {
    auto words =
        MemRefType::get({rowTiles, shape.scaleTiles, 32, 4}, b.getI32Type(),
                        MemRefLayoutAttrInterface(), boxes.getMemorySpace());
    staged.scaleWords = createView(words, 0);
  }
  staged.scales =
      createView(blocked, rowTiles * shape.scaleTiles * kScaleTileBytes);
}

void KernelBuilder::ifThread(arith::CmpIPredicate predicate, int64_t number,
                             function_ref<void()> body) {
  Value condition =
      arith::CmpIOp::create(b, predicate, thread, createIndex(b, number));
  auto branch = scf::IfOp::create(b, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  body();
}

/// A barrier of the block that tensor memory operations do not cross.
void KernelBuilder::synchronize() {
  FenceOp::create(b, FenceKind::Before);
  gpu::BarrierOp::create(b);
  FenceOp::create(b, FenceKind::After);
}

void KernelBuilder::wait(Barrier barrier, Value parity) {
  nvgpu::MBarrierTryWaitParityOp::create(
      b, barriers, parity, createIndex(b, kWaitTicks), createIndex(b, barrier));
}

/// Loads codes and scales of a K tile.
void KernelBuilder::loadTile(const Staged &staged, Value kTile) {
  auto materialize = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), value);
  };
  Value zero = createIndex(b, 0), loaded = createIndex(b, Loaded);
  auto load = [&](Value map, ValueRange coordinates, Value destination) {
    nvgpu::TmaAsyncLoadOp::create(b, destination, barriers, map, coordinates,
                                  loaded, /*multicastMask=*/Value(),
                                  /*predicate=*/Value());
  };
  // Innermost coordinate first.
  Value byte = arith::MulIOp::create(b, kTile, createIndex(b, kTileBytes));
  load(staged.codesMap,
       {byte, materialize(staged.operand.codes.offsets.front())}, staged.codes);
  Value scaleTile =
      arith::MulIOp::create(b, kTile, createIndex(b, shape.scaleTiles));
  load(staged.scalesMap,
       {zero, zero, scaleTile,
        materialize(staged.operand.scales.offsets.front())},
       staged.scalesBoxes);
}

/// Scales to tensor memory, then the products of the K tile.
void KernelBuilder::multiply(Value kTile, const Staged &lhs,
                             const Staged &rhs) {
  CopyScalesOp::create(b, lhs.scales, lhsScales);
  CopyScalesOp::create(b, rhs.scales, rhsScales);
  Value accumulate = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, kTile,
                                           createIndex(b, 0));
  BlockScaledMMAOp::create(b, accumulator, lhs.codes, rhs.codes, lhsScales,
                           rhsScales, accumulate);
  CommitOp::create(b, barriers, createIndex(b, Multiplied));
}

/// Whether an index is a multiple of `factor`, as far as it is known.
static bool isMultipleOf(OpFoldResult index, int64_t factor) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant % factor == 0;
  auto apply = cast<Value>(index).getDefiningOp<affine::AffineApplyOp>();
  return apply && apply.getAffineMap().getResult(0).isMultipleOf(factor);
}

/// Whether all rows of `memref` start at multiples of what buffers are aligned
/// to, so that vectors can be stored there: the buffer itself does.
static bool hasAlignedRows(Value memref) {
  if (auto cast = memref.getDefiningOp<memref::CastOp>();
      cast && isa<MemRefType>(cast.getSource().getType()))
    return hasAlignedRows(cast.getSource());
  auto type = cast<MemRefType>(memref.getType());
  int64_t elements = nvvm::kDeviceAlignment * 8 / type.getElementTypeBitWidth();
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      ShapedType::isDynamic(strides[0]) || strides[0] % elements != 0)
    return false;
  if (!ShapedType::isDynamic(offset))
    return offset % elements == 0;
  auto part = memref.getDefiningOp<memref::SubViewOp>();
  return part && part.getSourceType().getRank() == type.getRank() &&
         hasAlignedRows(part.getSource()) &&
         isMultipleOf(part.getMixedOffsets()[1], elements);
}

/// Stores `values` to output[row, column...], where that is inside.
void KernelBuilder::storeColumns(Value values, Value row, Value column,
                                 Value columns) {
  auto type = cast<VectorType>(values.getType());
  Value output = op.getOutput();
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  int64_t alignment = hasAlignedRows(output) ? nvvm::kDeviceAlignment : bytes;
  Value rest = arith::SubIOp::create(b, columns, column);
  Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, rest,
                                        createIndex(b, type.getNumElements()));
  auto branch = scf::IfOp::create(b, isWhole, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  vector::StoreOp::create(b, values, output, ValueRange{row, column},
                          /*nontemporal=*/false, llvm::MaybeAlign(alignment));
  b.setInsertionPoint(branch.elseYield());
  auto places = VectorType::get(type.getShape(), b.getI32Type());
  auto numbers = llvm::to_vector(llvm::seq<int32_t>(type.getNumElements()));
  Value place = arith::ConstantOp::create(
      b, DenseElementsAttr::get(places, ArrayRef<int32_t>(numbers)));
  Value end = vector::BroadcastOp::create(
      b, places, arith::IndexCastOp::create(b, b.getI32Type(), rest));
  Value mask = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, place, end);
  vector::MaskedStoreOp::create(b, output, ValueRange{row, column}, mask,
                                values);
}

/// Each thread reads its row of the accumulator and stores it, rounded.
void KernelBuilder::storeResult(std::optional<RangeGuard> &guard) {
  Value output = op.getOutput();
  Value rows = memref::DimOp::create(b, output, 0);
  Value columns = memref::DimOp::create(b, output, 1);
  Value isInside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, thread, rows);
  int64_t width = guard ? kGuardedColumns : kEpilogueColumns;
  while (shape.columns % width != 0)
    width /= 2;
  auto loop =
      scf::ForOp::create(b, createIndex(b, 0), createIndex(b, shape.columns),
                         createIndex(b, width));
  OpBuilder::InsertionGuard insertion(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  Value column = loop.getInductionVar();
  // Loads are collective: all threads, also those without a row.
  auto type = VectorType::get(width, b.getF32Type());
  Value values = LoadOp::create(b, type, accumulator, column);
  values = WaitLoadsOp::create(b, values);
  Value sums = values;
  Value hasLost = guard ? guard->hasLost(sums, column) : Value();
  Value alpha = vector::BroadcastOp::create(b, type, op.getAlpha());
  values = arith::MulFOp::create(b, values, alpha);
  Type resultType = getElementTypeOrSelf(output);
  if (!resultType.isF32())
    values =
        arith::TruncFOp::create(b, VectorType::get(width, resultType), values);
  b.ifThen(isInside, [&] { storeColumns(values, thread, column, columns); });
  if (guard)
    guard->recompute(hasLost, sums, accumulator, column, isInside);
}

void KernelBuilder::build(const ProductOperand &lhs,
                          const ProductOperand &rhs) {
  b.setInsertionPoint(launch);
  Value lhsMap = createCodesMap(b, lhs), rhsMap = createCodesMap(b, rhs);
  Value lhsScalesMap = createScalesMap(b, lhs, shape.scaleTiles);
  Value rhsScalesMap = createScalesMap(b, rhs, shape.scaleTiles);
  b.setInsertionPoint(op);

  // Shared memory. Codes come first: the swizzle wants multiples of 1024, and
  // 128 rows or 8 are that.
  MLIRContext *context = b.getContext();
  auto space =
      gpu::AddressSpaceAttr::get(context, gpu::AddressSpace::Workgroup);
  sharedMemory = gpu::DynamicSharedMemoryOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                         MemRefLayoutAttrInterface(), space));
  Staged left = stageCodes(lhs, lhsMap, lhsScalesMap);
  Staged right = stageCodes(rhs, rhsMap, rhsScalesMap);
  stageScales(left);
  stageScales(right);
  int64_t loadedBytes = sharedBytes;
  thread = launch.getThreadIds().x;
  std::optional<RangeGuard> guard;
  if (needsGuard()) {
    auto createWords = [&](int64_t rowTiles, Type element) {
      int64_t size = rowTiles * kScaleTileRows;
      return createView(
          MemRefType::get({size}, element, MemRefLayoutAttrInterface(), space),
          size * 4);
    };
    Value columnLimits = createWords(rhs.getRowTiles(), b.getF32Type());
    Value rowSpreads = createWords(lhs.getRowTiles(), b.getI32Type());
    guard.emplace(b, op, thread, shape, columnLimits, rowSpreads,
                  createWords(rhs.getRowTiles(), b.getI32Type()));
  }
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(launch);
    Value bytes =
        arith::ConstantOp::create(b, b.getI32IntegerAttr(sharedBytes));
    launch.getDynamicSharedMemorySizeMutable().assign(bytes);
  }
  Value slot = launch.addWorkgroupAttribution(
      MemRefType::get({1}, b.getI32Type(), MemRefLayoutAttrInterface(), space),
      b.getLoc());

  // Barriers and tensor memory.
  Value one = createIndex(b, 1);
  barriers = nvgpu::MBarrierCreateOp::create(
      b, nvgpu::MBarrierGroupType::get(context, space, NumBarriers));
  ifLeader([&] {
    for (int64_t i = 0; i < NumBarriers; ++i)
      nvgpu::MBarrierInitOp::create(b, barriers, one, createIndex(b, i),
                                    /*predicate=*/Value());
    FenceOp::create(b, FenceKind::BarrierInit);
  });
  auto scalesType = [&](const ProductOperand &operand) {
    return ScalesType::get(context, operand.getRowTiles(), shape.scaleTiles,
                           shape.scaleType);
  };
  // Scales behind the accumulator, on whole tiles of columns.
  int64_t lhsColumn = llvm::alignTo(shape.columns, kScaleWordColumns);
  int64_t rhsColumn = lhsColumn + scalesType(lhs).getNumColumns();
  // At most 256 + 16 + 32 columns: always enough.
  int64_t columns =
      *getAllocationSize(rhsColumn + scalesType(rhs).getNumColumns());
  ifFirstWarp([&] {
    AllocOp::create(b, columns, slot);
    RelinquishOp::create(b);
  });
  synchronize();
  Value allocation =
      GetAllocationOp::create(b, AllocationType::get(context, columns), slot);
  accumulator = ViewOp::create(b, AccumulatorType::get(context, shape.columns),
                               allocation, createIndex(b, 0));
  lhsScales =
      ViewOp::create(b, scalesType(lhs), allocation, createIndex(b, lhsColumn));
  rhsScales =
      ViewOp::create(b, scalesType(rhs), allocation, createIndex(b, rhsColumn));

  // One K tile after the other.
  SmallVector<Value> first;
  if (guard)
    first = guard->getFirst();
  auto loop = scf::ForOp::create(b, createIndex(b, 0),
                                 createIndex(b, shape.kTiles), one, first);
  {
    OpBuilder::InsertionGuard insertion(b);
    b.setInsertionPointToStart(loop.getBody());
    Value kTile = loop.getInductionVar();
    Value parity = arith::CmpIOp::create(
        b, arith::CmpIPredicate::ne,
        arith::RemUIOp::create(b, kTile, createIndex(b, 2)), createIndex(b, 0));
    ifLeader([&] {
      nvgpu::MBarrierArriveExpectTxOp::create(
          b, barriers, createIndex(b, loadedBytes), createIndex(b, Loaded),
          /*predicate=*/Value());
      loadTile(left, kTile);
      loadTile(right, kTile);
    });
    wait(Loaded, parity);
    ifLeader([&] { multiply(kTile, left, right); });
    if (guard) {
      SmallVector<Value> ends = guard->see(loop.getRegionIterArgs(), kTile,
                                           left.scaleWords, right.scaleWords);
      // All have read the scales before the next ones are loaded.
      gpu::BarrierOp::create(b);
      wait(Multiplied, parity);
      scf::YieldOp::create(b, ends);
    } else {
      wait(Multiplied, parity);
    }
  }
  if (guard) {
    guard->setLimits(loop.getResults());
    gpu::BarrierOp::create(b);
  }
  FenceOp::create(b, FenceKind::After);

  storeResult(guard);

  FenceOp::create(b, FenceKind::Before);
  gpu::BarrierOp::create(b);
  ifFirstWarp([&] { DeallocOp::create(b, allocation); });
}

void nvvm::emitProduct(ScaledMatmulOp op, gpu::LaunchOp launch,
                       const ProductShape &shape, const ProductOperand &lhs,
                       const ProductOperand &rhs) {
  KernelBuilder(op, launch, shape).build(lhs, rhs);
}
