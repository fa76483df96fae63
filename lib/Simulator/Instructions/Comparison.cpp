//===- Comparison.cpp - Comparisons and selections ------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 9.7.6] and [PTX 9.7.7].
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum class Comparison : uint8_t {
  EQ,
  NE,
  LT,
  LE,
  GT,
  GE,
  // True of a NaN as well.
  EQU,
  NEU,
  LTU,
  LEU,
  GTU,
  GEU,
  NUM,
  NAN_,
};

enum class Combination : uint8_t { None, And, Or, Xor };

/// In the bits of option2, below the combination.
enum : uint8_t { FtzBit = 4, NegatedBit = 8 };
} // namespace

static Comparison comparisonOf(StringRef name) {
  return StringSwitch<Comparison>(name)
      .Case("ne", Comparison::NE)
      .Cases({"lt", "lo"}, Comparison::LT)
      .Cases({"le", "ls"}, Comparison::LE)
      .Cases({"gt", "hi"}, Comparison::GT)
      .Cases({"ge", "hs"}, Comparison::GE)
      .Case("equ", Comparison::EQU)
      .Case("neu", Comparison::NEU)
      .Case("ltu", Comparison::LTU)
      .Case("leu", Comparison::LEU)
      .Case("gtu", Comparison::GTU)
      .Case("geu", Comparison::GEU)
      .Case("num", Comparison::NUM)
      .Case("nan", Comparison::NAN_)
      .Default(Comparison::EQ);
}

template <typename T>
static bool holds(Comparison comparison, T a, T b) {
  bool unordered = a != a || b != b;
  switch (comparison) {
  case Comparison::EQ:
    return a == b;
  case Comparison::NE:
    return a != b && !unordered;
  case Comparison::LT:
    return a < b;
  case Comparison::LE:
    return a <= b;
  case Comparison::GT:
    return a > b;
  case Comparison::GE:
    return a >= b;
  case Comparison::EQU:
    return a == b || unordered;
  case Comparison::NEU:
    return a != b;
  case Comparison::LTU:
    return a < b || unordered;
  case Comparison::LEU:
    return a <= b || unordered;
  case Comparison::GTU:
    return a > b || unordered;
  case Comparison::GEU:
    return a >= b || unordered;
  case Comparison::NUM:
    return !unordered;
  case Comparison::NAN_:
    return unordered;
  }
  return false;
}

/// Integers are compared as they are, floats as doubles, which is exact.
template <typename T>
static bool compare(const Instruction &in, uint64_t x, uint64_t y) {
  T a = fromBits<T>(x), b = fromBits<T>(y);
  if constexpr (std::is_integral_v<T>) {
    return holds(Comparison(in.option), a, b);
  } else {
    if (in.option2 & FtzBit) {
      a = flushed(a);
      b = flushed(b);
    }
    return holds(Comparison(in.option), toDouble(a), toDouble(b));
  }
}

static bool combine(const Instruction &in, bool value, bool with) {
  with ^= bool(in.option2 & NegatedBit);
  switch (Combination(in.option2 & 3)) {
  case Combination::And:
    return value && with;
  case Combination::Or:
    return value || with;
  case Combination::Xor:
    return value != with;
  default:
    return value;
  }
}

/// setp p|q, a, b, c: q is of the opposite comparison, combined with c too.
template <typename T>
static Flow executeSetp(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[2]);
  const Lanes &b = warp.read(in.operands[3]);
  const Lanes &c = warp.read(in.operands[4]);
  Lanes &p = warp.write(in.operands[0]);
  Lanes &q = warp.write(in.operands[1]);
  forActive(warp, [&](unsigned i) {
    bool value = compare<T>(in, a.value[i], b.value[i]);
    bool with = c.value[i];
    bool poisoned = a.poison[i] | b.poison[i] | c.poison[i];
    set<uint8_t>(q, i, combine(in, !value, with), poisoned);
    set<uint8_t>(p, i, combine(in, value, with), poisoned);
  });
  return Flow::Next;
}

/// Comparisons of two halves, for p and q [PTX 9.7.7.2].
template <typename T>
static Flow executeSetp2(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[2]);
  const Lanes &b = warp.read(in.operands[3]);
  const Lanes &c = warp.read(in.operands[4]);
  Lanes &p = warp.write(in.operands[0]);
  Lanes &q = warp.write(in.operands[1]);
  forActive(warp, [&](unsigned i) {
    bool low = compare<T>(in, a.value[i], b.value[i]);
    bool high = compare<T>(in, a.value[i] >> 16, b.value[i] >> 16);
    bool with = c.value[i];
    bool poisoned = a.poison[i] | b.poison[i] | c.poison[i];
    set<uint8_t>(p, i, combine(in, low, with), poisoned);
    set<uint8_t>(q, i, combine(in, high, with), poisoned);
  });
  return Flow::Next;
}

/// set d, a, b, c: all ones or 1.0 in each part of d where the comparison
/// holds; `immediate` is that part's value, and `count` the number of parts.
template <typename T>
static Flow executeSet(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    uint64_t result = 0;
    for (unsigned part = 0; part < in.count; ++part)
      if (combine(in,
                  compare<T>(in, a.value[i] >> (16 * part),
                             b.value[i] >> (16 * part)),
                  c.value[i]))
        result |= in.immediate << (16 * part);
    d.value[i] = result;
    d.poison[i] =
        a.poison[i] | b.poison[i] | c.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

#define CHOOSE(EXECUTE, TYPE)                                                  \
  [&]() -> Execute {                                                           \
    switch (TYPE) {                                                            \
    case Type::F32:                                                            \
      return EXECUTE<float>;                                                   \
    case Type::F64:                                                            \
      return EXECUTE<double>;                                                  \
    case Type::F16:                                                            \
    case Type::F16x2:                                                          \
      return EXECUTE<F16>;                                                     \
    case Type::BF16:                                                           \
    case Type::BF16x2:                                                         \
      return EXECUTE<BF16>;                                                    \
    default:                                                                   \
      return chooseInteger(                                                    \
          TYPE, [](auto zero) -> Execute { return EXECUTE<decltype(zero)>; }); \
    }                                                                          \
  }()

/// The comparison, how it is combined, and the operand with which it is.
static void finish(Decoder &d, unsigned numFixed) {
  d.out.option = uint8_t(comparisonOf(d.group(0)));
  Combination combination = d.has("and")   ? Combination::And
                            : d.has("or")  ? Combination::Or
                            : d.has("xor") ? Combination::Xor
                                           : Combination::None;
  d.out.option2 = uint8_t(combination) | (d.has("ftz") ? FtzBit : 0);
  if (combination == Combination::None) {
    d.expectOperands(numFixed);
    d.append(d.names.constant(0));
    return;
  }
  if (!d.expectOperands(numFixed + 1))
    return;
  bool negated;
  d.predicate(d.in.operands[numFixed], negated);
  d.out.option2 |= negated ? NegatedBit : 0;
}

static void setp(Decoder &d) {
  if (!d.expectOperands(3, 4))
    return;
  Type type = lastType(d);
  const ptx::Operand &p = d.in.operands[0];
  bool isPair = p.kind == ptx::Operand::Kind::Pair;
  d.destination(isPair ? p.elements[0] : p, Type::Pred);
  if (isPair)
    d.destination(p.elements[1], Type::Pred);
  else
    d.append(d.names.temporary(Type::Pred));
  d.source(1, type);
  d.source(2, type);
  finish(d, 3);
  if (type == Type::F16x2)
    d.out.execute = executeSetp2<F16>;
  else if (type == Type::BF16x2)
    d.out.execute = executeSetp2<BF16>;
  else
    d.out.execute = CHOOSE(executeSetp, type);
}

static void setValue(Decoder &d) {
  if (!d.expectOperands(3, 4))
    return;
  Type source = lastType(d);
  Type result = source;
  for (StringRef modifier : reverse(d.in.modifiers))
    if (std::optional<Type> type = parseType(modifier))
      result = *type;
  bool isPacked = source == Type::F16x2 || source == Type::BF16x2;
  d.out.size = uint8_t(sizeInBytes(result));
  d.out.count = isPacked ? 2 : 1;
  switch (result) {
  case Type::F32:
    d.out.immediate = 0x3f800000;
    break;
  case Type::F16:
  case Type::F16x2:
    d.out.immediate = 0x3c00;
    break;
  case Type::BF16:
  case Type::BF16x2:
    d.out.immediate = 0x3f80;
    break;
  default:
    d.out.immediate = isPacked ? 0xffff : maskOfSize(d.out.size);
    break;
  }
  d.destination(0, result);
  d.source(1, source);
  d.source(2, source);
  finish(d, 3);
  d.out.execute = CHOOSE(executeSet, source);
}

//===----------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------===//

static Flow executeSelect(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    const Lanes &chosen = c.value[i] & 1 ? a : b;
    uint64_t value = chosen.value[i];
    d.poison[i] = c.poison[i] ? poisonOfSize(in.size) : chosen.poison[i];
    d.value[i] = value;
  });
  return Flow::Next;
}

static void select(Decoder &d) {
  if (!d.expectOperands(4))
    return;
  Type type = lastType(d);
  d.out.size = uint8_t(sizeInBytes(type));
  d.destination(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, Type::Pred);
  d.out.execute = executeSelect;
}

/// a where c >= 0, and -0 is [PTX 9.7.6.5].
template <typename C>
static Flow executeSlct(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    C value = fromBits<C>(c.value[i]);
    if constexpr (std::is_same_v<C, float>)
      if (in.option2 & FtzBit)
        value = flushed(value);
    const Lanes &chosen = value >= 0 ? a : b;
    uint64_t bits = chosen.value[i];
    d.poison[i] = c.poison[i] ? poisonOfSize(in.size) : chosen.poison[i];
    d.value[i] = bits;
  });
  return Flow::Next;
}

static void slct(Decoder &d) {
  if (!d.expectOperands(4))
    return;
  Type by = lastType(d);
  Type type = d.type(1);
  d.out.size = uint8_t(sizeInBytes(type));
  d.out.option2 = d.has("ftz") ? FtzBit : 0;
  d.destination(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, by);
  d.out.execute = by == Type::F32 ? executeSlct<float> : executeSlct<int32_t>;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define ORDERED "eq|ne|lt|le|gt|ge"
#define UNORDERED ORDERED "|equ|neu|ltu|leu|gtu|geu|num|nan"
#define COMBINED " [and|or|xor] "
#define RESULTS "u32|s32|f32"

static constexpr InstructionClass integer = InstructionClass::Integer;
static constexpr InstructionClass floats = InstructionClass::Float;

static constexpr Row rows[] = {
    {"setp eq|ne" COMBINED "b16|b32|b64", setp, integer},
    {"setp " ORDERED COMBINED "s16|s32|s64", setp, integer},
    {"setp " ORDERED "|lo|ls|hi|hs" COMBINED "u16|u32|u64", setp, integer},
    {"setp " UNORDERED COMBINED "[ftz] f32|f16|f16x2", setp, floats},
    {"setp " UNORDERED COMBINED "f64", setp, floats},
    {"setp " UNORDERED COMBINED "bf16|bf16x2", setp, floats, Sm90},
    {"set eq|ne" COMBINED RESULTS " b16|b32|b64", setValue, integer},
    {"set " ORDERED COMBINED RESULTS " s16|s32|s64", setValue, integer},
    {"set " ORDERED "|lo|ls|hi|hs" COMBINED RESULTS " u16|u32|u64", setValue,
     integer},
    {"set " UNORDERED COMBINED "[ftz] " RESULTS " f32|f16", setValue, floats},
    {"set " UNORDERED COMBINED RESULTS " f64", setValue, floats},
    {"set " UNORDERED COMBINED "[ftz] f16|u16|s16 f16", setValue, floats},
    {"set " UNORDERED COMBINED "[ftz] f16x2|u32|s32 f16x2", setValue, floats},
    {"set " UNORDERED COMBINED "bf16|u16|s16 bf16", setValue, floats, Sm90},
    {"set " UNORDERED COMBINED "bf16x2|u32|s32 bf16x2", setValue, floats, Sm90},
    {"selp b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64", select,
     InstructionClass::Move},
    {"slct [ftz] b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64 s32|f32", slct,
     InstructionClass::Move},
};

Rows sim::comparisonRows() { return rows; }
