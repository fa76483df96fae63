//===- Move.cpp - Moves and conversions of addresses ----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mov [PTX 9.7.9.4], with the packing and unpacking forms [PTX 9.7.9.5], cvta
// [PTX 9.7.9.20], isspacep [PTX 9.7.9.19], mapa and getctarank.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// mov
//===----------------------------------------------------------------------===//

/// `count` is 2 for a register of 128 bits. The offset is of a symbol.
static Flow executeMove(Warp &warp, const Instruction &in) {
  for (unsigned half = 0; half < in.count; ++half) {
    const Lanes &a = warp.read(in.operands[1] + int32_t(half));
    Lanes &d = warp.write(in.operands[0] + int32_t(half));
    uint64_t mask = maskOfSize(in.size);
    forActive(warp, [&](unsigned i) {
      d.value[i] = (a.value[i] + uint64_t(in.offset)) & mask;
      d.poison[i] = a.poison[i] & poisonOfSize(in.size);
    });
  }
  return Flow::Next;
}

/// d = {elements}, of `size` bytes each, the first lowest. `option` is the
/// number of bytes of d, which is in two slots if it has 16.
static Flow executePack(Warp &warp, const Instruction &in) {
  forActive(warp, [&](unsigned i) {
    uint64_t value[2] = {0, 0};
    uint16_t poison = 0;
    for (unsigned k = 0; k < in.count; ++k) {
      const Lanes &part = warp.read(in.operands[1 + k]);
      unsigned byte = k * in.size;
      value[byte / 8] |= (part.value[i] & maskOfSize(in.size)) << byte % 8 * 8;
      poison |= (part.poison[i] & poisonOfSize(in.size)) << byte;
    }
    for (unsigned half = 0; half < (in.option > 8 ? 2 : 1); ++half) {
      Lanes &d = warp.write(in.operands[0] + int32_t(half));
      d.value[i] = value[half];
      d.poison[i] = uint8_t(poison >> (8 * half));
    }
  });
  return Flow::Next;
}

/// {elements} = a; the first operand is a.
static Flow executeUnpack(Warp &warp, const Instruction &in) {
  forActive(warp, [&](unsigned i) {
    uint64_t value[2] = {warp.read(in.operands[0]).value[i], 0};
    unsigned poison = warp.read(in.operands[0]).poison[i];
    if (in.option > 8) {
      value[1] = warp.read(in.operands[0] + 1).value[i];
      poison |= warp.read(in.operands[0] + 1).poison[i] << 8;
    }
    for (unsigned k = 0; k < in.count; ++k) {
      Lanes &d = warp.write(in.operands[1 + k]);
      unsigned byte = k * in.size;
      d.value[i] = value[byte / 8] >> byte % 8 * 8 & maskOfSize(in.size);
      d.poison[i] = uint8_t(poison >> byte & poisonOfSize(in.size));
    }
  });
  return Flow::Next;
}

static Type bitsOfSize(unsigned size) {
  return size == 1   ? Type::B8
         : size == 2 ? Type::B16
         : size == 4 ? Type::B32
                     : Type::B64;
}

static void move(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  Type type = lastType(d);
  unsigned bytes = sizeInBytes(type);
  const Operand &to = d.in.operands[0], &from = d.in.operands[1];
  bool unpacks = to.kind == Operand::Kind::Vector;
  if (!unpacks && from.kind != Operand::Kind::Vector) {
    d.destination(to, type);
    d.source(from, type);
    d.out.size = uint8_t(type == Type::Pred ? 1 : std::min(bytes, 8u));
    d.out.count = bytes > 8 ? 2 : 1;
    d.out.execute = executeMove;
    return;
  }
  const Operand &vector = unpacks ? to : from;
  unsigned count = unsigned(vector.elements.size());
  if (count < 2 || count > 4 || bytes % count != 0 || bytes < 2)
    return d.fail("expects a vector of 2 or 4 elements");
  d.out.count = uint8_t(count);
  d.out.size = uint8_t(bytes / count);
  d.out.option = uint8_t(bytes);
  Type element = bitsOfSize(d.out.size);
  if (unpacks)
    d.source(from, type);
  else
    d.destination(to, type);
  for (const Operand &part : vector.elements)
    if (unpacks)
      d.destination(part, element);
    else
      d.source(part, element);
  d.out.execute = unpacks ? executeUnpack : executePack;
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

/// Where the space begins among generic addresses; memory that is global is at
/// its own address there.
static uint64_t windowOf(StateSpace space) {
  switch (space) {
  case StateSpace::Shared:
  case StateSpace::SharedCluster:
    return sharedWindow;
  case StateSpace::Local:
    return localWindow;
  case StateSpace::Param:
    return parameterWindow;
  default:
    return 0;
  }
}

static StateSpace spaceOf(StringRef name) {
  return StringSwitch<StateSpace>(name)
      .Case("const", StateSpace::Const)
      .Case("global", StateSpace::Global)
      .Case("local", StateSpace::Local)
      .Cases({"param", "param::entry"}, StateSpace::Param)
      .Case("shared::cluster", StateSpace::SharedCluster)
      .Default(StateSpace::Shared);
}

static Flow executeConvertAddress(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  uint64_t window = in.immediate;
  bool toSpace = in.option;
  forActive(warp, [&](unsigned i) {
    uint64_t address = a.value[i] + uint64_t(in.offset);
    d.value[i] = toSpace ? address - window : address + window;
    d.poison[i] = a.poison[i] ? 255 : 0;
  });
  return Flow::Next;
}

static void convertAddress(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.option = d.has("to");
  d.out.immediate = windowOf(spaceOf(d.group(d.has("to") ? 1 : 0)));
  d.destination(0, Type::U64);
  d.source(1, Type::U64);
  d.out.execute = executeConvertAddress;
}

static bool isIn(const Warp &warp, StateSpace space, uint64_t address) {
  uint64_t window = windowOf(space);
  switch (space) {
  case StateSpace::Shared:
    return address - window < windowSize &&
           (address - window) >> rankShift == warp.cta.rank;
  case StateSpace::SharedCluster:
  case StateSpace::Local:
  case StateSpace::Param:
    return address - window < windowSize;
  default: {
    const Allocation *allocation = warp.cta.grid.memory.find(address);
    bool isConstant = allocation && allocation->isConstant;
    if (space == StateSpace::Const)
      return isConstant;
    return !isConstant &&
           (address < sharedWindow || address >= parameterWindow + windowSize);
  }
  }
}

static Flow executeIsSpace(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    set<uint8_t>(d, i, uint8_t(isIn(warp, in.space, a.value[i])),
                 a.poison[i] != 0);
  });
  return Flow::Next;
}

static void isSpace(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.space = spaceOf(d.group(0));
  d.destination(0, Type::Pred);
  d.source(1, Type::U64);
  d.out.execute = executeIsSpace;
}

/// mapa: the same place in the shared memory of another CTA; of a generic
/// address, a generic one. There may be no such CTA, as it reads no memory:
/// NVVM computes the addresses for all lanes before the branch that only those
/// take whose CTA there is.
static Flow executeMapAddress(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &rank = warp.read(in.operands[2]);
  Lanes &d = warp.write(in.operands[0]);
  constexpr uint64_t lastRank = 255; // of no cluster
  forEachLane(warp.active, [&](unsigned i) {
    d.value[i] = (a.value[i] & ~(lastRank << rankShift)) |
                 std::min(rank.value[i], lastRank) << rankShift;
    d.poison[i] = a.poison[i] | rank.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

static void mapAddress(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  Type type = lastType(d);
  d.out.size = uint8_t(sizeInBytes(type));
  d.destination(0, type);
  d.source(1, type);
  d.source(2, Type::U32);
  d.out.execute = executeMapAddress;
}

static Flow executeRank(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    set<uint32_t>(d, i, uint32_t(a.value[i] >> rankShift & 255), a.poison[i]);
  });
  return Flow::Next;
}

static void getRank(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.destination(0, Type::U32);
  d.source(1, lastType(d));
  d.out.execute = executeRank;
}

static constexpr InstructionClass kind = InstructionClass::Move;

static constexpr Row rows[] = {
    {"mov "
     "pred|b16|b32|b64|b128|u16|u32|u64|s16|s32|s64|f16|f16x2|bf16|bf16x2|"
     "f32|f64",
     move, kind},
    {"cvta const|global|local|shared|shared::cta|shared::cluster|param|"
     "param::entry u64",
     convertAddress, kind},
    {"cvta to const|global|local|shared|shared::cta|shared::cluster|param|"
     "param::entry u64",
     convertAddress, kind},
    {"isspacep "
     "const|global|local|shared|shared::cta|shared::cluster|param|param::entry",
     isSpace, kind},
    {"mapa [shared::cluster] u32|u64", mapAddress, kind, Sm90},
    {"getctarank [shared::cluster] u32|u64", getRank, kind, Sm90},
};

Rows sim::moveRows() { return rows; }
