//===- ConvertFP4ToTCGen05.cpp - A tile of a product to tensor memory -----===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/TCGen05/IR/TCGen05.h"
#include "fp4/Target/NVVM/DeviceMemory.h"
#include "fp4/Target/NVVM/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_CONVERTFP4TOTCGEN05PASS
#include "fp4/Target/NVVM/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::tcgen05;

/// Columns of the accumulator that a thread holds in registers at a time.
static constexpr int64_t kEpilogueColumns = 32;
/// How long a thread sleeps on a barrier before it looks again, in clocks.
static constexpr int64_t kWaitTicks = 10000000;
/// The barriers of the kernel, in one group.
enum Barrier : int64_t { Loaded, Multiplied, NumBarriers };

static Value createIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

namespace {
//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// A part of a buffer that was made outside of the kernel.
struct Tile {
  Value buffer;
  SmallVector<OpFoldResult> offsets;
};

/// One operand of the product: where its codes and scales are.
struct Operand {
  Tile codes, scales;
  /// Rows of codes and tiles of 128 rows of scales that a block loads.
  int64_t rows, rowTiles;
};

/// Everything static about the kernel.
struct Shape {
  int64_t columns;    // of the accumulator
  int64_t kTiles;     // of 256 codes
  int64_t scaleTiles; // of 4 groups, in a K tile
  Type scaleType;

  int64_t codesBytes(int64_t rows) const { return rows * kTileBytes; }
  int64_t scalesBytes(int64_t rowTiles) const {
    return rowTiles * scaleTiles * kScaleTileBytes;
  }
};
} // namespace

/// What `value` is a cast of, of those inside of `launch`.
static Value skipCasts(Value value, gpu::LaunchOp launch) {
  while (auto cast = value.getDefiningOp<memref::CastOp>()) {
    if (!launch->isProperAncestor(cast))
      break;
    value = cast.getSource();
  }
  return value;
}

static FailureOr<Tile> getTile(ScaledMatmulOp op, gpu::LaunchOp launch,
                               OpOperand &operand) {
  Tile tile;
  tile.buffer = skipCasts(operand.get(), launch);
  auto type = cast<MemRefType>(tile.buffer.getType());
  Builder builder(op.getContext());
  tile.offsets.assign(type.getRank(), builder.getIndexAttr(0));
  if (auto view = tile.buffer.getDefiningOp<memref::SubViewOp>();
      view && launch->isProperAncestor(view)) {
    if (!view.hasUnitStride() ||
        view.getSourceType().getRank() != view.getType().getRank())
      return op.emitOpError("operand #")
             << operand.getOperandNumber()
             << " is a subview with strides or of another rank";
    tile.buffer = skipCasts(view.getSource(), launch);
    tile.offsets = view.getMixedOffsets();
  }
  if (!tile.buffer.getParentRegion()->isProperAncestor(&launch.getBody()))
    return op.emitOpError("operand #")
           << operand.getOperandNumber()
           << " is neither a buffer from outside of the kernel nor a subview "
              "of one";
  if (!nvvm::isInDeviceMemory(cast<MemRefType>(tile.buffer.getType())))
    return op.emitOpError("operand #")
           << operand.getOperandNumber() << " is not in device memory (space "
           << nvvm::kDeviceMemorySpace << "), but of type "
           << tile.buffer.getType();
  return tile;
}

/// Holds the scales to what tile loads can read.
static LogicalResult checkScales(ScaledMatmulOp op, OpOperand &scales) {
  auto type = cast<MemRefType>(scales.get().getType());
  if (type.getRank() != kBlockedScalesRank)
    return op.emitOpError("with strategy 'tcgen05' expects blocked scales, but "
                          "operand #")
           << scales.getOperandNumber() << " is of type " << type;
  int64_t group = getGroupSize(type.getElementType());
  if (int64_t(op.getGroupSize()) != group)
    return op.emitOpError("with strategy 'tcgen05' and scales of ")
           << type.getElementType() << " expects groups of " << group
           << ", but got " << op.getGroupSize();
  return success();
}

static LogicalResult checkCodes(ScaledMatmulOp op, OpOperand &codes) {
  auto type = cast<MemRefType>(codes.get().getType());
  if (type.getRank() != 2 || type.isDynamicDim(1) ||
      !type.getElementType().isInteger(8))
    return op.emitOpError(
               "with strategy 'tcgen05' expects packed codes of rank "
               "2 with a static K, but operand #")
           << codes.getOperandNumber() << " is of type " << type;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides[1] != 1 ||
      (!ShapedType::isDynamic(strides[0]) &&
       strides[0] % nvvm::kDeviceAlignment != 0))
    return op.emitOpError("with strategy 'tcgen05' expects rows of codes that "
                          "are contiguous and start at multiples of ")
           << nvvm::kDeviceAlignment << " bytes, but operand #"
           << codes.getOperandNumber() << " is of type " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Host: tensor maps
//===----------------------------------------------------------------------===//

static nvgpu::TensorMapDescriptorType
getMapType(MLIRContext *context, ArrayRef<int64_t> box, Type elementType,
           nvgpu::TensorMapSwizzleKind swizzle) {
  auto space =
      gpu::AddressSpaceAttr::get(context, gpu::AddressSpace::Workgroup);
  auto type =
      MemRefType::get(box, elementType, MemRefLayoutAttrInterface(), space);
  return nvgpu::TensorMapDescriptorType::get(
      context, type, swizzle, nvgpu::TensorMapL2PromoKind::L2PROMO_128B,
      nvgpu::TensorMapOOBKind::OOB_ZERO,
      nvgpu::TensorMapInterleaveKind::INTERLEAVE_NONE);
}

static Value createMap(ImplicitLocOpBuilder &b, Value buffer,
                       nvgpu::TensorMapDescriptorType type) {
  auto memref = cast<MemRefType>(buffer.getType());
  Value unranked = memref::CastOp::create(
      b,
      UnrankedMemRefType::get(memref.getElementType(), memref.getMemorySpace()),
      buffer);
  SmallVector<Value> box;
  for (int64_t size : type.getTensor().getShape())
    box.push_back(createIndex(b, size));
  return nvgpu::TmaCreateDescriptorOp::create(b, type, unranked, box);
}

/// (rows, bytes), a row of a tile spanning the swizzle.
static Value createCodesMap(ImplicitLocOpBuilder &b, const Operand &operand) {
  return createMap(b, operand.codes.buffer,
                   getMapType(b.getContext(), {operand.rows, kTileBytes},
                              b.getI8Type(),
                              nvgpu::TensorMapSwizzleKind::SWIZZLE_128B));
}

/// (tiles of 128 rows, tiles of 4 scales, 2, 256): a dimension of a box has at
/// most 256 elements, and a tile of scales 512.
static Value createScalesMap(ImplicitLocOpBuilder &b, const Operand &operand,
                             const Shape &shape) {
  Value tiles = memref::CollapseShapeOp::create(
      b, operand.scales.buffer,
      ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3, 4}});
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, b.getLoc(), tiles);
  sizes.back() = b.getIndexAttr(2);
  sizes.push_back(b.getIndexAttr(kScaleTileBytes / 2));
  SmallVector<int64_t> staticSizes(
      cast<MemRefType>(tiles.getType()).getShape().drop_back());
  staticSizes.append({2, kScaleTileBytes / 2});
  Value halves = memref::ExpandShapeOp::create(
      b, staticSizes, tiles, ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}},
      sizes);
  return createMap(
      b, halves,
      getMapType(b.getContext(),
                 {operand.rowTiles, shape.scaleTiles, 2, kScaleTileBytes / 2},
                 shape.scaleType, nvgpu::TensorMapSwizzleKind::SWIZZLE_NONE));
}

namespace {
//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

/// An operand in the kernel: its maps, and its place in shared memory.
struct Staged {
  const Operand &operand;
  Value codesMap, scalesMap;
  Value codes;       // rows x 128 bytes
  Value scalesBoxes; // as the tile load writes them
  Value scales;      // the same bytes, blocked
};

/// Emits the body of the kernel at the product that it replaces.
class KernelBuilder {
public:
  KernelBuilder(ScaledMatmulOp op, gpu::LaunchOp launch, const Shape &shape)
      : b(op.getLoc(), op), op(op), launch(launch), shape(shape) {}

  void build(const Operand &lhs, const Operand &rhs);

private:
  Value createView(MemRefType type, int64_t bytes);
  Staged stageCodes(const Operand &operand, Value codesMap, Value scalesMap);
  void stageScales(Staged &staged);
  void ifLeader(function_ref<void()> body);
  void ifFirstWarp(function_ref<void()> body);
  void synchronize();
  void loadTile(const Staged &staged, Value kTile);
  void multiply(Value kTile, const Staged &lhs, const Staged &rhs);
  void wait(Barrier barrier, Value parity);
  void storeResult();
  void storeColumns(Value values, Value row, Value column, Value columns);

  ImplicitLocOpBuilder b;
  ScaledMatmulOp op;
  gpu::LaunchOp launch;
  const Shape &shape;
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

Staged KernelBuilder::stageCodes(const Operand &operand, Value codesMap,
                                 Value scalesMap) {
  Value codes =
      createView(getBoxType(codesMap), shape.codesBytes(operand.rows));
  return {operand, codesMap, scalesMap, codes, {}, {}};
}

void KernelBuilder::stageScales(Staged &staged) {
  MemRefType boxes = getBoxType(staged.scalesMap);
  staged.scalesBoxes = createView(boxes, 0);
  int64_t rowTiles = staged.operand.rowTiles;
  auto blocked =
      MemRefType::get({rowTiles, shape.scaleTiles, 32, 4, 4}, shape.scaleType,
                      MemRefLayoutAttrInterface(), boxes.getMemorySpace());
  staged.scales = createView(blocked, shape.scalesBytes(rowTiles));
}

void KernelBuilder::ifLeader(function_ref<void()> body) {
  Value isLeader = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread,
                                         createIndex(b, 0));
  auto branch = scf::IfOp::create(b, isLeader);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  body();
}

void KernelBuilder::ifFirstWarp(function_ref<void()> body) {
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, thread,
                                        createIndex(b, 32));
  auto branch = scf::IfOp::create(b, isFirst);
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

/// Stores `values` to output[row, column...], where that is inside.
void KernelBuilder::storeColumns(Value values, Value row, Value column,
                                 Value columns) {
  auto type = cast<VectorType>(values.getType());
  Value output = op.getOutput();
  auto outputType = cast<MemRefType>(output.getType());
  // Rows that start at multiples of 16 bytes, as the buffer does, take vectors.
  SmallVector<int64_t> strides;
  int64_t offset;
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  bool isAligned = succeeded(outputType.getStridesAndOffset(strides, offset)) &&
                   !ShapedType::isDynamic(strides[0]) &&
                   strides[0] * bytes % nvvm::kDeviceAlignment == 0;
  int64_t alignment = isAligned ? nvvm::kDeviceAlignment : bytes;
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
void KernelBuilder::storeResult() {
  Value output = op.getOutput();
  Value rows = memref::DimOp::create(b, output, 0);
  Value columns = memref::DimOp::create(b, output, 1);
  Value isInside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, thread, rows);
  int64_t width = kEpilogueColumns;
  while (shape.columns % width != 0)
    width /= 2;
  auto loop =
      scf::ForOp::create(b, createIndex(b, 0), createIndex(b, shape.columns),
                         createIndex(b, width));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  Value column = loop.getInductionVar();
  // Loads are collective: all threads, also those without a row.
  auto type = VectorType::get(width, b.getF32Type());
  Value values = LoadOp::create(b, type, accumulator, column);
  WaitLoadsOp::create(b);
  Value alpha = vector::BroadcastOp::create(b, type, op.getAlpha());
  values = arith::MulFOp::create(b, values, alpha);
  Type resultType = getElementTypeOrSelf(output);
  if (!resultType.isF32())
    values =
        arith::TruncFOp::create(b, VectorType::get(width, resultType), values);
  auto branch = scf::IfOp::create(b, isInside);
  b.setInsertionPoint(branch.thenYield());
  storeColumns(values, thread, column, columns);
}

void KernelBuilder::build(const Operand &lhs, const Operand &rhs) {
  b.setInsertionPoint(launch);
  Value lhsMap = createCodesMap(b, lhs), rhsMap = createCodesMap(b, rhs);
  Value lhsScalesMap = createScalesMap(b, lhs, shape);
  Value rhsScalesMap = createScalesMap(b, rhs, shape);
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
  thread = launch.getThreadIds().x;
  Value one = createIndex(b, 1);
  barriers = nvgpu::MBarrierCreateOp::create(
      b, nvgpu::MBarrierGroupType::get(context, space, NumBarriers));
  ifLeader([&] {
    for (int64_t i = 0; i < NumBarriers; ++i)
      nvgpu::MBarrierInitOp::create(b, barriers, one, createIndex(b, i),
                                    /*predicate=*/Value());
    FenceOp::create(b, FenceKind::BarrierInit);
  });
  auto scalesType = [&](const Operand &operand) {
    return ScalesType::get(context, operand.rowTiles, shape.scaleTiles,
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
  auto loop = scf::ForOp::create(b, createIndex(b, 0),
                                 createIndex(b, shape.kTiles), one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Value kTile = loop.getInductionVar();
    Value parity = arith::CmpIOp::create(
        b, arith::CmpIPredicate::ne,
        arith::RemUIOp::create(b, kTile, createIndex(b, 2)), createIndex(b, 0));
    ifLeader([&] {
      nvgpu::MBarrierArriveExpectTxOp::create(
          b, barriers, createIndex(b, sharedBytes), createIndex(b, Loaded),
          /*predicate=*/Value());
      loadTile(left, kTile);
      loadTile(right, kTile);
    });
    wait(Loaded, parity);
    ifLeader([&] { multiply(kTile, left, right); });
    wait(Multiplied, parity);
  }
  FenceOp::create(b, FenceKind::After);

  storeResult();

  FenceOp::create(b, FenceKind::Before);
  gpu::BarrierOp::create(b);
  ifFirstWarp([&] { DeallocOp::create(b, allocation); });
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// An upper bound of the columns of the tile, up to the next multiple of 8.
static FailureOr<int64_t> getColumns(ScaledMatmulOp op) {
  FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB,
      ValueBoundsConstraintSet::Variable(op.getOutput(), 1),
      /*stopCondition=*/nullptr, /*closedUB=*/true);
  if (failed(bound) || *bound < 1 || *bound > 256)
    return op.emitOpError("with strategy 'tcgen05' expects a tile of 1 to 256 "
                          "columns; run --fp4-tile-to-blocks first");
  return int64_t(llvm::alignTo(*bound, 8));
}

/// Holds the block to what reads the accumulator: a thread for each row.
static LogicalResult checkLaunch(ScaledMatmulOp op, gpu::LaunchOp launch) {
  gpu::KernelDim3 size = launch.getBlockSizeOperandValues();
  if (getConstantIntValue(size.x) != kRows ||
      getConstantIntValue(size.y) != 1 || getConstantIntValue(size.z) != 1)
    return op.emitOpError("with strategy 'tcgen05' expects to be launched with "
                          "blocks of 128 threads in one dimension");
  FailureOr<int64_t> rows = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB,
      ValueBoundsConstraintSet::Variable(op.getOutput(), 0),
      /*stopCondition=*/nullptr, /*closedUB=*/true);
  if (failed(rows) || *rows > kRows)
    return op.emitOpError("with strategy 'tcgen05' expects a tile of at most "
                          "128 rows; run --fp4-tile-to-blocks first");
  if (op->getParentOp() != launch)
    return op.emitOpError("with strategy 'tcgen05' expects to be executed by "
                          "all threads: at the top level of the kernel");
  return success();
}

static LogicalResult convert(ScaledMatmulOp op) {
  auto launch = op->getParentOfType<gpu::LaunchOp>();
  if (!launch)
    return op.emitOpError("with strategy 'tcgen05' is outside of a kernel; run "
                          "--fp4-tile-to-blocks --fp4-blocks-to-launch first");
  if (!op.hasPureBufferSemantics())
    return op.emitOpError("is on tensors; bufferize first");
  if (failed(checkLaunch(op, launch)) ||
      failed(checkCodes(op, op.getLhsCodesMutable())) ||
      failed(checkCodes(op, op.getRhsCodesMutable())) ||
      failed(checkScales(op, op.getLhsScalesMutable())) ||
      failed(checkScales(op, op.getRhsScalesMutable())))
    return failure();
  FailureOr<int64_t> columns = getColumns(op);
  if (failed(columns))
    return failure();

  int64_t bytes = cast<MemRefType>(op.getLhsCodes().getType()).getDimSize(1);
  Shape shape;
  shape.columns = *columns;
  shape.kTiles = llvm::divideCeil(bytes, kTileBytes);
  shape.scaleType = getElementTypeOrSelf(op.getLhsScales());
  shape.scaleTiles =
      kTileCodes / getGroupSize(shape.scaleType) / fp4::kScaleTileColumns;

  FailureOr<Tile> lhs = getTile(op, launch, op.getLhsCodesMutable());
  FailureOr<Tile> lhsScales = getTile(op, launch, op.getLhsScalesMutable());
  FailureOr<Tile> rhs = getTile(op, launch, op.getRhsCodesMutable());
  FailureOr<Tile> rhsScales = getTile(op, launch, op.getRhsScalesMutable());
  if (failed(lhs) || failed(lhsScales) || failed(rhs) || failed(rhsScales))
    return failure();
  for (const Tile &scales : {*lhsScales, *rhsScales})
    if (!cast<MemRefType>(scales.buffer.getType()).getLayout().isIdentity())
      return op.emitOpError(
                 "with strategy 'tcgen05' expects contiguous scales, "
                 "but got ")
             << scales.buffer.getType();

  KernelBuilder(op, launch, shape)
      .build({*lhs, *lhsScales, kRows, 1},
             {*rhs, *rhsScales, *columns,
              int64_t(llvm::divideCeil(*columns, kScaleTileRows))});
  op.erase();
  return success();
}

namespace {
struct ConvertFP4ToTCGen05Pass
    : fp4::impl::ConvertFP4ToTCGen05PassBase<ConvertFP4ToTCGen05Pass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](ScaledMatmulOp op) {
      if (!nvvm::hasStrategy(op, "tcgen05"))
        return WalkResult::advance();
      return failed(convert(op)) ? WalkResult::interrupt()
                                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
