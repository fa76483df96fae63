//===- TensorMaps.cpp - Instructions on tensor maps -----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tensormap.replace [PTX 9.7.9.28], tensormap.cp_fenceproxy [PTX 9.7.13.16],
// the fences of the tensormap proxy [PTX 9.7.13.3] and prefetch.tensormap.
//
//===----------------------------------------------------------------------===//

#include "../TensorMaps.h"
#include "../BulkCopy.h"
#include "Families.h"
#include "Operations.h"
#include "fp4/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Maps that kernels write
//===----------------------------------------------------------------------===//

char WrittenTensorMaps::id;

void WrittenTensorMaps::write(const Issuer &writer, uint64_t address,
                              bool isReleased) {
  maps[address] = {writer, isReleased, false};
}

void WrittenTensorMaps::release() {
  for (auto &entry : maps)
    entry.second.isReleased = true;
}

void WrittenTensorMaps::acquire(uint64_t address) {
  if (auto found = maps.find(address);
      found != maps.end() && found->second.isReleased)
    found->second.isAcquired = true;
}

bool WrittenTensorMaps::check(const Issuer &user, uint64_t address) const {
  auto found = maps.find(address);
  if (found == maps.end() || found->second.isAcquired)
    return true;
  return user.fault(
      "proxy",
      formatv("uses the tensor map at {0:x}, which {1} writes, without a "
              "fence.proxy.tensormap::generic.{2} between the two",
              address, found->second.writer.describe(),
              found->second.isReleased ? "acquire" : "release"));
}

static TensorMapWords readWords(const Bytes &bytes) {
  TensorMapWords words;
  std::memcpy(words.data(), bytes.data, tensorMapUsedBytes);
  return words;
}

static Error verify(const TensorMap &map, const WrittenTensorMaps &written,
                    uint64_t address) {
  // The dimensions of tensormap.replace have 32 bits, so that this was a 0.
  for (unsigned i = 0; i < map.rank && i < 5; ++i)
    if (map.globalDims[i] > UINT32_MAX && written.isWritten(address))
      return makeError("tensor map expects global dimension {0} to be 1 to "
                       "{1}, but got 0",
                       i, UINT32_MAX);
  return verifyTensorMap(map);
}

std::optional<TensorMap> sim::readTensorMap(Warp &warp, unsigned lane,
                                            uint64_t address) {
  Issuer issuer(warp, lane);
  Bytes bytes = warp.accessRange(lane, StateSpace::Generic, address,
                                 tensorMapBytes, 64, /*isWrite=*/false);
  if (!bytes.data)
    return std::nullopt;
  if (bytes.owner) {
    issuer.fault("tensor-map", "the tensor map is in shared memory, and not in "
                               "global, constant or parameter memory");
    return std::nullopt;
  }
  if (!warp.cta.unit<WrittenTensorMaps>().check(issuer, address))
    return std::nullopt;
  if (any_of(ArrayRef(bytes.shadow, tensorMapUsedBytes),
             [](uint8_t byte) { return byte; })) {
    issuer.fault("poison", "the tensor map is not initialised");
    return std::nullopt;
  }
  Expected<TensorMap> map = decodeTensorMap(readWords(bytes));
  if (map)
    if (Error error = verify(*map, warp.cta.unit<WrittenTensorMaps>(), address))
      map = std::move(error);
  if (!map) {
    issuer.fault("tensor-map", toString(map.takeError()));
    return std::nullopt;
  }
  return *map;
}

//===----------------------------------------------------------------------===//
// tensormap.replace
//===----------------------------------------------------------------------===//

/// Operands: the address, the new value. `target` is the field, and `count` the
/// number of the dimension.
static Flow executeReplace(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    uint64_t address, value;
    if (!readOperand(warp, lane, in.operands[0], "address", address) ||
        !readOperand(warp, lane, in.operands[1], "new value", value))
      return Flow::Fault;
    address += uint64_t(in.offset);
    Bytes bytes = warp.accessRange(lane, in.space, address, tensorMapBytes, 64,
                                   /*isWrite=*/true);
    if (!bytes.data ||
        !warp.noteAccess(lane, bytes, tensorMapBytes, Access::Write))
      return Flow::Fault;
    TensorMapWords words = readWords(bytes), written;
    // Some values would become others that are legal.
    if (Error error = replaceTensorMapField(words, TensorMapField(in.target),
                                            in.count, value, written))
      return warp.fault(lane, "tensor-map", toString(std::move(error)));
    std::memcpy(bytes.data, words.data(), tensorMapUsedBytes);
    // A byte of which other bits are not initialised stays so.
    for (unsigned i = 0; i < tensorMapUsedBytes; ++i)
      bytes.shadow[i] &= ~uint8_t(written[i / 4] >> (8 * (i % 4)));
    if (bytes.isGlobal)
      warp.cta.unit<WrittenTensorMaps>().write(Issuer(warp, lane), address,
                                               /*isReleased=*/false);
  }
  return Flow::Next;
}

static void replace(Decoder &d) {
  using Field = TensorMapField;
  Field field = StringSwitch<Field>(d.group(2))
                    .Case("rank", Field::Rank)
                    .Case("box_dim", Field::BoxDim)
                    .Case("global_dim", Field::GlobalDim)
                    .Case("global_stride", Field::GlobalStride)
                    .Case("element_stride", Field::ElementStride)
                    .Case("elemtype", Field::ElementType)
                    .Case("interleave_layout", Field::Interleave)
                    .Case("swizzle_mode", Field::SwizzleMode)
                    .Case("swizzle_atomicity", Field::SwizzleAtom)
                    .Case("fill_mode", Field::FillMode)
                    .Default(Field::GlobalAddress);
  bool hasIndex = field >= Field::BoxDim && field <= Field::ElementStride;
  bool isEnumeration = field >= Field::ElementType;
  if (!d.expectOperands(hasIndex ? 3 : 2))
    return;
  StateSpace space = d.group(3).empty()       ? StateSpace::Generic
                     : d.group(3) == "global" ? StateSpace::Global
                                              : StateSpace::Shared;
  d.address(d.in.operands[0], space);
  unsigned index = 0;
  if (hasIndex) {
    int64_t most = field == Field::GlobalStride ? 3 : 4;
    std::optional<int64_t> given = d.integer(d.in.operands[1]);
    if (!given || *given < 0 || *given > most)
      return d.fail("expects the number of a dimension, from 0 to " +
                    Twine(most));
    index = unsigned(*given);
  }
  const ptx::Operand &value = d.in.operands[hasIndex ? 2 : 1];
  if (isEnumeration) {
    std::optional<int64_t> given = d.integer(value);
    if (!given || *given < 0)
      return d.fail("expects a constant as the new value");
    TensorMapWords words = {};
    if (Error error =
            replaceTensorMapField(words, field, index, uint64_t(*given), words))
      return d.fail(toString(std::move(error)));
    d.append(d.names.constant(uint64_t(*given)));
  } else {
    d.source(value, lastType(d));
  }
  d.out.target = uint32_t(field);
  d.out.count = uint8_t(index);
  d.out.execute = executeReplace;
}

//===----------------------------------------------------------------------===//
// tensormap.cp_fenceproxy
//===----------------------------------------------------------------------===//

/// All threads of the warp make one copy.
static Flow executeCopy(Warp &warp, const Instruction &in) {
  unsigned lane = countr_zero(warp.active);
  uint64_t to, from;
  if (!readOperand(warp, lane, in.operands[0], "destination", to) ||
      !readOperand(warp, lane, in.operands[1], "source", from))
    return Flow::Fault;
  to += uint64_t(in.offset);
  from += in.immediate;
  Bytes source = warp.accessRange(lane, StateSpace::Shared, from,
                                  tensorMapBytes, 64, /*isWrite=*/false);
  if (!source.data ||
      !warp.noteAccess(lane, source, tensorMapBytes, Access::Read))
    return Flow::Fault;
  Bytes place = warp.accessRange(lane, StateSpace::Global, to, tensorMapBytes,
                                 64, /*isWrite=*/true);
  if (!place.data)
    return Flow::Fault;
  if (any_of(ArrayRef(source.shadow, tensorMapUsedBytes),
             [](uint8_t byte) { return byte; }))
    return warp.fault(lane, "poison",
                      "stores uninitialised data to global memory");
  std::memcpy(place.data, source.data, tensorMapBytes);
  std::memcpy(place.shadow, source.shadow, tensorMapBytes);
  warp.cta.unit<WrittenTensorMaps>().write(Issuer(warp, lane), to,
                                           /*isReleased=*/true);
  return Flow::Next;
}

static void copy(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  d.out.aligned = true;
  d.address(d.in.operands[0], StateSpace::Global);
  int64_t offset = d.out.offset;
  d.address(d.in.operands[1], StateSpace::Shared);
  d.out.immediate = uint64_t(d.out.offset);
  d.out.offset = offset;
  if (d.integer(d.in.operands[2]) != tensorMapBytes)
    return d.fail("expects a size of 128 bytes");
  d.out.execute = executeCopy;
}

//===----------------------------------------------------------------------===//
// Fences and prefetches
//===----------------------------------------------------------------------===//

static void release(Decoder &d) {
  if (!d.expectOperands(0))
    return;
  d.out.execute = [](Warp &warp, const Instruction &) {
    warp.cta.unit<WrittenTensorMaps>().release();
    return Flow::Next;
  };
}

static void acquire(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.address(d.in.operands[0], StateSpace::Generic);
  if (d.integer(d.in.operands[1]) != tensorMapBytes)
    return d.fail("expects a size of 128 bytes");
  d.out.execute = [](Warp &warp, const Instruction &in) {
    for (LaneMask left = warp.active; left; left &= left - 1) {
      uint64_t address;
      if (!readOperand(warp, countr_zero(left), in.operands[0], "address",
                       address))
        return Flow::Fault;
      warp.cta.unit<WrittenTensorMaps>().acquire(address + uint64_t(in.offset));
    }
    return Flow::Next;
  };
}

/// A hint: no address is looked at.
static void prefetch(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.address(d.in.operands[0], d.has("param")   ? StateSpace::Param
                              : d.has("const") ? StateSpace::Const
                                               : StateSpace::Generic);
  d.out.execute = [](Warp &, const Instruction &) { return Flow::Next; };
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Memory;
static constexpr InstructionClass fence = InstructionClass::Synchronization;

#define WHERE " [global|shared::cta|shared] b1024 "
#define SCOPE "cta|cluster|gpu|sys"

static constexpr Row rows[] = {
    {"tensormap replace tile global_address|global_stride" WHERE "b64", replace,
     kind, Sm90},
    {"tensormap replace tile rank|box_dim|global_dim|element_stride|elemtype|"
     "interleave_layout|swizzle_mode|swizzle_atomicity|fill_mode" WHERE "b32",
     replace, kind, Sm90},
    {"tensormap cp_fenceproxy global shared::cta tensormap::generic "
     "release " SCOPE " sync aligned",
     copy, fence, Sm90},
    {"fence proxy tensormap::generic release " SCOPE, release, fence, Sm90},
    {"fence proxy tensormap::generic acquire " SCOPE, acquire, fence, Sm90},
    {"prefetch [param|const] tensormap", prefetch, kind, Sm90},
};

Rows sim::tensorMapRows() { return rows; }
