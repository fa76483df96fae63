//===- TensorCopy.cpp - Copies of tiles of tensors ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cp.async.bulk.tensor, cp.reduce.async.bulk.tensor and the prefetches
// [PTX 9.7.9.27.1], in the modes .tile, .tile::gather4 and .tile::scatter4.
//
//===----------------------------------------------------------------------===//

#include "../BulkCopy.h"
#include "../TensorMaps.h"
#include "Families.h"
#include "Operations.h"
#include "fp4/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

namespace {
/// A tile, or the four rows of .tile::gather4 and .tile::scatter4.
struct TensorTile {
  TensorMap map;
  SmallVector<int32_t, 5> coordinates;
  bool isRows = false;

  uint32_t bytes() const { return getTileBytes(map) * (isRows ? 4 : 1); }
  Error visit(uint32_t sharedAddress,
              function_ref<void(const TileRun &)> visitor) const;
};

/// In `option`.
enum Form : uint8_t { IsStore = 1, IsRows = 2, HasMask = 4, IsPair = 8 };
} // namespace

/// Of tiles in shared memory, with a swizzle too, whose pattern is one of the
/// address: Triton gathers rows to places of 512 bytes with one of 1024.
static constexpr uint32_t tileAlignment = 128;

Error TensorTile::visit(uint32_t sharedAddress,
                        function_ref<void(const TileRun &)> visitor) const {
  if (!isRows)
    return visitTile(map, coordinates, sharedAddress, visitor);
  if (map.rank != 2 || map.boxDims[1] != 1)
    return makeError("four rows are copied by a tensor map of rank 2 whose box "
                     "is one row, but got rank {0} and {1} rows",
                     map.rank, map.boxDims[1]);
  uint32_t rowBytes = getTileBytes(map);
  if (map.swizzle != TileSwizzle::None && rowBytes != getTileAlignment(map) / 8)
    return makeError("tile has rows of {0} bytes with a swizzle of {1}, whose "
                     "place in shared memory is not documented",
                     rowBytes, getTileAlignment(map) / 8);
  for (unsigned row = 0; row < 4; ++row)
    if (Error error = visitTile(map, {coordinates[0], coordinates[1 + row]},
                                sharedAddress + row * rowBytes, visitor))
      return error;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

namespace {
class TensorLoad : public MemoryOperation {
public:
  /// A part of the tile that is in the tensor.
  struct Piece {
    Bytes from;
    uint32_t at; ///< In the tile.
    uint32_t size;
  };
  /// The same for each CTA that it goes to.
  struct Source {
    std::vector<Piece> pieces;
    Payload fill; ///< The whole tile, with what is outside of the tensor.
    uint32_t copied = 0; ///< Bytes without padding: the barrier is told so.
    std::optional<TensorDataType> converted; ///< The type, if elements change.
    bool isDense = true; ///< All bytes are written, no padding is left out.
    std::vector<std::pair<uint32_t, uint32_t>> ranges; ///< If it is not.
  };

  TensorLoad(Issuer issuer, std::shared_ptr<const Source> source,
             const BulkTarget &target)
      : MemoryOperation(issuer, Proxy::Async), source(std::move(source)),
        target(target) {}

  void run() override {
    Payload tile = source->fill;
    for (const Piece &piece : source->pieces)
      if (!read(piece.from, piece.size, tile.data.data() + piece.at,
                tile.shadow.data() + piece.at))
        return;
    if (source->converted)
      convert(*source->converted, tile);
    uint32_t size = uint32_t(tile.data.size());
    auto writeRange = [&](uint32_t at, uint32_t bytes) {
      Bytes to = target.bytes;
      to.data += at;
      to.shadow += at;
      to.offset += at;
      return write(to, bytes, tile.data.data() + at, tile.shadow.data() + at);
    };
    if (source->isDense && !writeRange(0, size))
      return;
    for (auto [at, bytes] : source->ranges)
      if (!writeRange(at, bytes))
        return;
    completeMbarrierBytes(issuer, agent, target.mbarrier, source->copied);
  }

private:
  /// Elements of 4 bytes, each initialised or not.
  static void convert(TensorDataType type, Payload &tile) {
    convertElements(type, tile.data);
    for (size_t at = 0; at + 4 <= tile.shadow.size(); at += 4) {
      auto element = MutableArrayRef(tile.shadow).slice(at, 4);
      if (any_of(element, [](uint8_t byte) { return byte; }))
        std::fill(element.begin(), element.end(), 255);
    }
  }

  const std::shared_ptr<const Source> source;
  const BulkTarget target;
};
} // namespace

/// What a load reads, at the address of its first destination: the offsets in
/// all others are the same.
static std::shared_ptr<TensorLoad::Source> makeSource(Warp &warp, unsigned lane,
                                                      const TensorTile &tile,
                                                      uint32_t sharedAddress) {
  auto source = std::make_shared<TensorLoad::Source>();
  if (isConverted(tile.map.dataType))
    source->converted = tile.map.dataType;
  source->fill.resize(tile.bytes());
  ArrayRef<uint8_t> pattern = getFillPattern(tile.map);
  uint32_t covered = 0;
  bool failed = false;
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  Error error = tile.visit(sharedAddress, [&](const TileRun &run) {
    if (failed)
      return;
    uint32_t at = run.sharedAddress - sharedAddress;
    covered += run.bytes;
    ranges.push_back({at, run.bytes});
    if (!run.isInside) {
      for (uint32_t i = 0; i < run.bytes; ++i)
        source->fill.data[at + i] = pattern[i % pattern.size()];
      return;
    }
    Bytes from = warp.accessRange(lane, StateSpace::Global, run.globalAddress,
                                  run.bytes, 1, /*isWrite=*/false);
    failed |= !from.data;
    source->pieces.push_back({from, at, run.bytes});
  });
  if (error) {
    warp.fault(lane, "tensor-map", toString(std::move(error)));
    return nullptr;
  }
  if (failed)
    return nullptr;
  source->copied = covered;
  source->isDense = covered == source->fill.data.size();
  if (!source->isDense)
    source->ranges = std::move(ranges);
  return source;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// The map and the coordinates of a thread. Operands: the map, as many
/// coordinates as `count`, the address in shared memory.
static std::optional<TensorTile> readTile(Warp &warp, const Instruction &in,
                                          unsigned lane) {
  TensorTile tile;
  uint64_t address, coordinate;
  if (!readOperand(warp, lane, in.operands[0], "address of the tensor map",
                   address))
    return std::nullopt;
  for (unsigned i = 0; i < in.count; ++i) {
    if (!readOperand(warp, lane, in.operands[1 + i], "coordinate", coordinate))
      return std::nullopt;
    tile.coordinates.push_back(int32_t(uint32_t(coordinate)));
  }
  address += uint64_t(in.offset);
  std::optional<TensorMap> map = readTensorMap(warp, lane, address);
  if (!map)
    return std::nullopt;
  tile.map = *map;
  tile.isRows = in.option & IsRows;
  if (!tile.isRows && map->rank != in.count) {
    warp.fault(lane, "tensor-map",
               "'" + in.syntax->opcode() + "' copies a tensor of rank " +
                   Twine(unsigned(in.count)) + ", but the map has rank " +
                   Twine(map->rank));
    return std::nullopt;
  }
  return tile;
}

static bool loadLane(Warp &warp, const Instruction &in, unsigned lane) {
  std::optional<TensorTile> tile = readTile(warp, in, lane);
  ArrayRef<int32_t> rest = in.operands.drop_front(1 + in.count);
  uint64_t to, barrier, mask;
  if (!tile || !readOperand(warp, lane, rest[0], "destination", to) ||
      !readOperand(warp, lane, rest[1], "mbarrier", barrier) ||
      !readOperand(warp, lane, rest[2], "mask", mask))
    return false;
  BulkLoadOperands operands;
  operands.space = in.space;
  operands.destination = to + in.immediate;
  operands.mbarrier = barrier + in.target;
  operands.size = tile->bytes();
  operands.alignment = tileAlignment;
  operands.hasMask = in.option & HasMask;
  operands.mask = mask;
  operands.isPair = in.option & IsPair;
  SmallVector<BulkTarget, 2> targets = findTargets(warp, lane, operands);
  if (targets.empty())
    return false;
  std::shared_ptr<TensorLoad::Source> source =
      makeSource(warp, lane, *tile, targets[0].bytes.offset);
  if (!source)
    return false;
  Operations &queue = warp.cta.cluster.operations;
  for (const BulkTarget &target : targets)
    queue.push(
        queue.newQueue(bulkUnit),
        std::make_unique<TensorLoad>(Issuer(warp, lane), source, target));
  return true;
}

/// The type that a reduction of the map's elements has; nothing if there is no
/// such reduction.
static std::optional<Type> reductionType(AtomicOp op, TensorDataType type) {
  using Data = TensorDataType;
  bool isBits =
      op == AtomicOp::And || op == AtomicOp::Or || op == AtomicOp::Xor;
  bool isMinMax = op == AtomicOp::Min || op == AtomicOp::Max;
  bool isAdd = op == AtomicOp::Add;
  switch (type) {
  case Data::UInt32:
    return isBits ? Type::B32 : Type::U32;
  case Data::Int32:
    if (isBits)
      return Type::B32;
    return isAdd || isMinMax ? std::optional(Type::S32) : std::nullopt;
  case Data::UInt64:
    if (isBits)
      return Type::B64;
    return isAdd || isMinMax ? std::optional(Type::U64) : std::nullopt;
  case Data::Int64:
    if (isBits)
      return Type::B64;
    return isMinMax ? std::optional(Type::S64) : std::nullopt;
  case Data::Float32:
    return isAdd ? std::optional(Type::F32) : std::nullopt;
  case Data::Float16:
    return isAdd || isMinMax ? std::optional(Type::F16) : std::nullopt;
  case Data::BFloat16:
    return isAdd || isMinMax ? std::optional(Type::BF16) : std::nullopt;
  default:
    return std::nullopt;
  }
}

static bool storeLane(Warp &warp, const Instruction &in, unsigned lane) {
  std::optional<TensorTile> tile = readTile(warp, in, lane);
  uint64_t from;
  if (!tile ||
      !readOperand(warp, lane, in.operands[1 + in.count], "source", from))
    return false;
  Bytes shared =
      warp.accessRange(lane, StateSpace::Shared, from + in.immediate,
                       tile->bytes(), tileAlignment, /*isWrite=*/false);
  if (!shared.data)
    return false;
  if (tile->map.dataType == TensorDataType::Packed16U4Align16B) {
    warp.fault(lane, "tensor-map", "16U4_ALIGN16B is a type of loads only");
    return false;
  }
  if (isConverted(tile->map.dataType)) {
    warp.fault(lane, "tensor-map",
               "stores elements of a type that loads round or flush to zero, "
               "of which nothing is documented for stores");
    return false;
  }
  std::optional<BulkStore::Reduction> reduction;
  if (in.option2) {
    AtomicOp op = AtomicOp(in.option2 - 1);
    std::optional<Type> type = reductionType(op, tile->map.dataType);
    if (!type) {
      warp.fault(lane, "tensor-map",
                 "the tensor map's elements have no such reduction as '" +
                     in.syntax->opcode() + "'");
      return false;
    }
    reduction = BulkStore::Reduction{op, *type};
  }
  std::vector<BulkStore::Piece> pieces;
  bool failed = false;
  Error error = tile->visit(shared.offset, [&](const TileRun &run) {
    if (failed || !run.isInside)
      return; // what is outside of the tensor is not written
    Bytes to = warp.accessRange(lane, StateSpace::Global, run.globalAddress,
                                run.bytes, 1, /*isWrite=*/true);
    failed |= !to.data;
    Bytes part = shared;
    uint32_t at = run.sharedAddress - shared.offset;
    part.data += at;
    part.shadow += at;
    part.offset += at;
    pieces.push_back({part, to, run.bytes});
  });
  if (error) {
    warp.fault(lane, "tensor-map", toString(std::move(error)));
    return false;
  }
  if (failed)
    return false;
  BulkStore::push(std::make_unique<BulkStore>(Issuer(warp, lane),
                                              std::move(pieces), reduction));
  return true;
}

static Flow executeTensor(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    if (!(in.option & IsStore ? storeLane(warp, in, lane)
                              : loadLane(warp, in, lane)))
      return Flow::Fault;
  }
  return Flow::Next;
}

static Flow executePrefetch(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1)
    if (!readTile(warp, in, countr_zero(left)))
      return Flow::Fault;
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// `[map, {c0, ...}]`
static bool decodeTile(Decoder &d, const Operand &operand) {
  bool isRows = d.has("tile::gather4") || d.has("tile::scatter4");
  unsigned rank = 0;
  for (StringRef modifier : d.in.modifiers)
    if (modifier.size() == 2 && modifier[1] == 'd')
      rank = unsigned(modifier[0] - '0');
  if (isRows && rank != 2)
    d.fail("rows are those of a tensor of rank 2");
  unsigned count = isRows ? 5 : rank;
  if (operand.kind != Operand::Kind::Address || operand.elements.size() != 2 ||
      operand.elements[1].kind != Operand::Kind::Vector ||
      operand.elements[1].elements.size() != count) {
    d.fail("expects a tensor map and " + Twine(count) + " coordinates");
    return false;
  }
  Operand base = operand;
  base.elements.resize(1);
  d.address(base, StateSpace::Generic);
  for (const Operand &coordinate : operand.elements[1].elements)
    d.source(coordinate, Type::S32);
  d.out.count = uint8_t(count);
  d.out.option = isRows ? IsRows : 0;
  return true;
}

static void load(Decoder &d) {
  bool hasMask = d.has("multicast::cluster");
  bool hasPolicy = d.has("L2::cache_hint");
  if (!d.expectOperands(3 + hasMask + hasPolicy))
    return;
  StateSpace to =
      d.has("shared::cluster") ? StateSpace::SharedCluster : StateSpace::Shared;
  if (hasMask && to == StateSpace::Shared)
    return d.fail("multicast needs .shared::cluster");
  if (d.has("cta_group::1") || d.has("cta_group::2"))
    d.require(Tcgen05, "'.cta_group'");
  if (!decodeTile(d, d.in.operands[1]))
    return;
  int64_t offset = d.out.offset;
  d.address(d.in.operands[0], to);
  d.out.immediate = uint64_t(d.out.offset);
  d.address(d.in.operands[2], to);
  d.out.target = uint32_t(d.out.offset);
  if (hasMask)
    d.source(3, Type::B16);
  else
    d.append(d.names.constant(0));
  if (hasPolicy)
    d.source(3 + hasMask, Type::B64);
  d.out.offset = offset;
  d.out.space = to;
  d.out.option |=
      (hasMask ? HasMask : 0) | (d.has("cta_group::2") ? IsPair : 0);
  d.out.execute = executeTensor;
}

static void store(Decoder &d) {
  bool hasPolicy = d.has("L2::cache_hint");
  if (!d.expectOperands(hasPolicy ? 3 : 2) || !decodeTile(d, d.in.operands[0]))
    return;
  int64_t offset = d.out.offset;
  d.address(d.in.operands[1], StateSpace::Shared);
  d.out.immediate = uint64_t(d.out.offset);
  if (hasPolicy)
    d.source(2, Type::B64);
  if (d.in.modifiers[0] == "reduce")
    for (StringRef modifier : d.in.modifiers)
      if (std::optional<AtomicOp> op = parseAtomicOp(modifier))
        d.out.option2 = uint8_t(*op) + 1;
  d.out.offset = offset;
  d.out.option |= IsStore;
  d.out.execute = executeTensor;
}

static void prefetch(Decoder &d) {
  bool hasPolicy = d.has("L2::cache_hint");
  if (!d.expectOperands(hasPolicy ? 2 : 1) || !decodeTile(d, d.in.operands[0]))
    return;
  if (hasPolicy)
    d.source(1, Type::B64);
  d.out.execute = executePrefetch;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Memory;

#define DIM "1d|2d|3d|4d|5d "
#define LOAD                                                                   \
  " mbarrier::complete_tx::bytes [multicast::cluster] "                        \
  "[cta_group::1|cta_group::2] [L2::cache_hint]"
#define STORE " bulk_group [L2::cache_hint]"

static constexpr Row rows[] = {
    {"cp async bulk tensor " DIM
     "shared::cluster|shared::cta global [tile]" LOAD,
     load, kind, Sm90},
    {"cp async bulk tensor 2d shared::cluster|shared::cta global "
     "tile::gather4" LOAD,
     load, kind, Sm100},
    {"cp async bulk tensor " DIM "global shared::cta [tile]" STORE, store, kind,
     Sm90},
    {"cp async bulk tensor 2d global shared::cta tile::scatter4" STORE, store,
     kind, Tcgen05},
    {"cp reduce async bulk tensor " DIM
     "global shared::cta add|min|max|inc|dec|and|or|xor [tile]" STORE,
     store, kind, Sm90},
    {"cp async bulk prefetch tensor " DIM
     "L2 global [tile|tile::gather4] [L2::cache_hint]",
     prefetch, kind, Sm90},
};

Rows sim::tensorCopyRows() { return rows; }
