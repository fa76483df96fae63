//===- WarpOperations.cpp - Exchange between the threads of a warp --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// shfl [PTX 9.7.9.6], vote, match, redux, elect and activemask [PTX 9.7.13].
// Their threads are those of a mask, which wait for one another.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// shfl
//===----------------------------------------------------------------------===//

namespace {
enum class Shuffle : uint8_t { Up, Down, Butterfly, Index };
} // namespace

/// The lane that a thread reads, and whether it is in range.
static std::pair<unsigned, bool> sourceOf(Shuffle mode, unsigned lane,
                                          uint32_t b, uint32_t c) {
  unsigned segment = c >> 8 & 31, clamp = c & 31;
  b &= 31;
  int most = int((lane & segment) | (clamp & ~segment & 31));
  int from = int(lane);
  bool inRange = false;
  switch (mode) {
  case Shuffle::Up:
    from = int(lane) - int(b);
    inRange = from >= most;
    break;
  case Shuffle::Down:
    from = int(lane + b);
    inRange = from <= most;
    break;
  case Shuffle::Butterfly:
    from = int(lane ^ b);
    inRange = from <= most;
    break;
  case Shuffle::Index:
    from = int((lane & segment) | (b & ~segment & 31));
    inRange = from <= most;
    break;
  }
  return {inRange ? unsigned(from) : lane, inRange};
}

/// Operands: d, p, a, b, c, the mask.
static Flow executeShuffle(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[2]);
  auto body = [&](LaneMask lanes, const Warp::Members &members) {
    const Lanes &b = warp.read(in.operands[3]);
    const Lanes &c = warp.read(in.operands[4]);
    Lanes &d = warp.write(in.operands[0]);
    Lanes &p = warp.write(in.operands[1]);
    forEachLane(lanes, [&](unsigned lane) {
      auto [from, inRange] =
          sourceOf(Shuffle(in.option), lane, uint32_t(b.value[lane]),
                   uint32_t(c.value[lane]));
      bool poisoned = b.poison[lane] | c.poison[lane];
      // What a thread holds that does not take part is not defined.
      bool takesPart = members.lanes >> from & 1;
      uint8_t poison = poisoned || !takesPart
                           ? poisonOfSize(4)
                           : members.values.poison[from] & poisonOfSize(4);
      set<uint8_t>(p, lane, inRange, poisoned);
      d.value[lane] = uint32_t(members.values.value[from]);
      d.poison[lane] = poison;
    });
  };
  return warp.converge(in, warp.read(in.operands[5]), a, body);
}

/// d, or d|p.
static void destinations(Decoder &d, const Operand &operand, Type type) {
  bool isPair = operand.kind == Operand::Kind::Pair;
  d.destination(isPair ? operand.elements[0] : operand, type);
  if (isPair)
    d.destination(operand.elements[1], Type::Pred);
  else
    d.append(d.names.temporary(Type::Pred));
}

static void shuffle(Decoder &d) {
  if (!d.expectOperands(5))
    return;
  destinations(d, d.in.operands[0], Type::B32);
  for (unsigned i = 1; i <= 4; ++i)
    d.source(i, Type::B32);
  d.out.option = uint8_t(d.has("up")     ? Shuffle::Up
                         : d.has("down") ? Shuffle::Down
                         : d.has("bfly") ? Shuffle::Butterfly
                                         : Shuffle::Index);
  d.out.execute = executeShuffle;
}

//===----------------------------------------------------------------------===//
// vote
//===----------------------------------------------------------------------===//

namespace {
enum class Vote : uint8_t { All, Any, Uniform, Ballot };
} // namespace

/// Operands: d, a, the mask.
static Flow executeVote(Warp &warp, const Instruction &in) {
  Lanes a = warp.read(in.operands[1]);
  forActive(warp, [&](unsigned lane) {
    a.value[lane] = (a.value[lane] & 1) != in.option2;
  });
  auto body = [&](LaneMask lanes, const Warp::Members &members) {
    LaneMask ballot = 0;
    bool poisoned = false;
    forEachLane(members.lanes, [&](unsigned lane) {
      if (members.values.value[lane])
        ballot |= 1u << lane;
      poisoned |= members.values.poison[lane] != 0;
    });
    uint32_t result = 0;
    switch (Vote(in.option)) {
    case Vote::All:
      result = ballot == members.lanes;
      break;
    case Vote::Any:
      result = ballot != 0;
      break;
    case Vote::Uniform:
      result = ballot == members.lanes || ballot == 0;
      break;
    case Vote::Ballot:
      result = ballot;
      break;
    }
    Lanes &d = warp.write(in.operands[0]);
    forEachLane(lanes, [&](unsigned lane) {
      d.value[lane] = result;
      d.poison[lane] = poisoned ? poisonOfSize(in.size) : 0;
    });
  };
  return warp.converge(in, warp.read(in.operands[2]), a, body);
}

static void vote(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  Vote mode = d.has("all")   ? Vote::All
              : d.has("any") ? Vote::Any
              : d.has("uni") ? Vote::Uniform
                             : Vote::Ballot;
  Type type = mode == Vote::Ballot ? Type::B32 : Type::Pred;
  d.out.option = uint8_t(mode);
  d.out.size = uint8_t(sizeInBytes(type));
  d.destination(0, type);
  bool negated;
  d.predicate(d.in.operands[1], negated);
  d.out.option2 = negated;
  d.source(2, Type::B32);
  d.out.execute = executeVote;
}

//===----------------------------------------------------------------------===//
// match
//===----------------------------------------------------------------------===//

/// Operands: d, p, a, the mask. `option` is 1 for match.all.
static Flow executeMatch(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[2]);
  auto body = [&](LaneMask lanes, const Warp::Members &members) {
    Lanes &d = warp.write(in.operands[0]);
    Lanes &p = warp.write(in.operands[1]);
    const Lanes &values = members.values;
    bool poisoned = false;
    forEachLane(members.lanes,
                [&](unsigned lane) { poisoned |= values.poison[lane] != 0; });
    forEachLane(lanes, [&](unsigned lane) {
      LaneMask equal = 0;
      forEachLane(members.lanes, [&](unsigned other) {
        if (values.value[other] == values.value[lane])
          equal |= 1u << other;
      });
      bool all = equal == members.lanes;
      set<uint8_t>(p, lane, all, poisoned);
      set<uint32_t>(d, lane, in.option && !all ? 0 : equal, poisoned);
    });
  };
  return warp.converge(in, warp.read(in.operands[3]), a, body);
}

static void match(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  if (d.has("any") && d.in.operands[0].kind == Operand::Kind::Pair)
    return d.fail("match.any gives no predicate");
  destinations(d, d.in.operands[0], Type::B32);
  d.source(1, lastType(d));
  d.source(2, Type::B32);
  d.out.option = d.has("all");
  d.out.execute = executeMatch;
}

//===----------------------------------------------------------------------===//
// redux
//===----------------------------------------------------------------------===//

namespace {
enum class Reduction : uint8_t { Add, Min, Max, And, Or, Xor };
enum : uint8_t { AbsoluteBit = 1, NaNBit = 2 };
} // namespace

static uint32_t reduceInteger(const Instruction &in, uint32_t x, uint32_t y) {
  bool isSigned = in.type == Type::S32;
  bool less = isSigned ? int32_t(x) < int32_t(y) : x < y;
  switch (Reduction(in.option)) {
  case Reduction::Add:
    return x + y;
  case Reduction::Min:
    return less ? x : y;
  case Reduction::Max:
    return less ? y : x;
  case Reduction::And:
    return x & y;
  case Reduction::Or:
    return x | y;
  case Reduction::Xor:
    return x ^ y;
  }
  return x;
}

/// min and max of f32, in which -0 is less than +0 and a NaN loses, or wins
/// with .NaN.
static uint32_t reduceFloat(const Instruction &in, uint32_t x, uint32_t y) {
  float a = fromBits<float>(x), b = fromBits<float>(y);
  if (std::isnan(a) || std::isnan(b)) {
    if ((in.option2 & NaNBit) || (std::isnan(a) && std::isnan(b)))
      return 0x7fffffff;
    return std::isnan(a) ? y : x;
  }
  bool less = a < b || (a == b && std::signbit(a) && !std::signbit(b));
  return less == (Reduction(in.option) == Reduction::Min) ? x : y;
}

/// Operands: d, a, the mask.
static Flow executeReduction(Warp &warp, const Instruction &in) {
  auto body = [&](LaneMask lanes, const Warp::Members &members) {
    std::optional<uint32_t> result;
    bool poisoned = false;
    forEachLane(members.lanes, [&](unsigned lane) {
      uint32_t value = uint32_t(members.values.value[lane]);
      if (in.option2 & AbsoluteBit)
        value &= 0x7fffffff;
      poisoned |= members.values.poison[lane] != 0;
      if (!result)
        result = in.type == Type::F32 && std::isnan(fromBits<float>(value))
                     ? 0x7fffffff
                     : value;
      else
        result = in.type == Type::F32 ? reduceFloat(in, *result, value)
                                      : reduceInteger(in, *result, value);
    });
    Lanes &d = warp.write(in.operands[0]);
    forEachLane(lanes, [&](unsigned lane) {
      set<uint32_t>(d, lane, *result, poisoned);
    });
  };
  return warp.converge(in, warp.read(in.operands[2]), warp.read(in.operands[1]),
                       body);
}

static void reduction(Decoder &d) {
  if (!d.expectOperands(3))
    return;
  d.out.type = lastType(d);
  d.destination(0, d.out.type);
  d.source(1, d.out.type);
  d.source(2, Type::B32);
  d.out.option = uint8_t(d.has("add")   ? Reduction::Add
                         : d.has("min") ? Reduction::Min
                         : d.has("max") ? Reduction::Max
                         : d.has("and") ? Reduction::And
                         : d.has("or")  ? Reduction::Or
                                        : Reduction::Xor);
  d.out.option2 =
      (d.has("abs") ? AbsoluteBit : 0) | (d.has("NaN") ? NaNBit : 0);
  d.out.execute = executeReduction;
}

//===----------------------------------------------------------------------===//
// elect and activemask
//===----------------------------------------------------------------------===//

/// Operands: d, p, the mask. The leader is the first thread of the mask, the
/// same each time [PTX 9.7.13.15 asks for that].
static Flow executeElect(Warp &warp, const Instruction &in) {
  const Lanes &masks = warp.read(in.operands[2]);
  auto body = [&](LaneMask lanes, const Warp::Members &members) {
    Lanes &d = warp.write(in.operands[0]);
    Lanes &p = warp.write(in.operands[1]);
    unsigned leader = countr_zero(members.lanes);
    forEachLane(lanes, [&](unsigned lane) {
      set<uint32_t>(d, lane, leader, false);
      set<uint8_t>(p, lane, lane == leader, false);
    });
  };
  return warp.converge(in, masks, masks, body);
}

static void elect(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  if (d.in.operands[0].kind != Operand::Kind::Pair)
    return d.fail("expects a register and a predicate, as in d|p");
  destinations(d, d.in.operands[0], Type::B32);
  d.source(1, Type::B32);
  d.out.execute = executeElect;
}

static Flow executeActiveMask(Warp &warp, const Instruction &in) {
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) { set<uint32_t>(d, i, warp.active, false); });
  return Flow::Next;
}

static void activeMask(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.destination(0, Type::B32);
  d.out.execute = executeActiveMask;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Move;

static constexpr Row rows[] = {
    {"shfl sync up|down|bfly|idx b32", shuffle, kind},
    {"vote sync all|any|uni pred", vote, kind},
    {"vote sync ballot b32", vote, kind},
    {"match any|all sync b32|b64", match, kind},
    {"redux sync add|min|max u32|s32", reduction, kind},
    {"redux sync and|or|xor b32", reduction, kind},
    {"redux sync min|max [abs] [NaN] f32", reduction, kind, Tcgen05},
    {"elect sync", elect, kind, Sm90},
    {"activemask b32", activeMask, kind},
};

Rows sim::warpRows() { return rows; }
