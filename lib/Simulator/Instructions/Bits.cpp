//===- Bits.cpp - Logic, shifts and bit fields ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 9.7.1.13-22] and [PTX 9.7.8]. What moves bits moves their poison: a bit
// of a result is poisoned if it could differ for another value of the bits that
// are.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Logic
//===----------------------------------------------------------------------===//

/// Logic of three inputs: bit i of `table` is the result where the bits of a, b
/// and c are the binary digits of i. Sets the result's poisoned bits.
static uint64_t lookUp(uint8_t table, const uint64_t (&in)[3],
                       const uint8_t (&poison)[3], uint64_t &poisoned) {
  uint64_t result = 0, canBeOne = 0, canBeZero = 0;
  bool anyPoison = poison[0] | poison[1] | poison[2];
  for (unsigned term = 0; term < 8; ++term) {
    uint64_t matches = ~uint64_t(0), couldMatch = ~uint64_t(0);
    for (unsigned i = 0; i < 3; ++i) {
      uint64_t equal = term >> (2 - i) & 1 ? in[i] : ~in[i];
      matches &= equal;
      if (anyPoison)
        couldMatch &= equal | poisonedBits(poison[i]);
    }
    bool one = table >> term & 1;
    if (one)
      result |= matches;
    (one ? canBeOne : canBeZero) |= couldMatch;
  }
  poisoned = anyPoison ? canBeOne & canBeZero : 0;
  return result;
}

static Flow executeLogic(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  uint64_t mask = in.type == Type::Pred ? 1 : maskOfSize(in.size);
  forActive(warp, [&](unsigned i) {
    uint64_t poisoned;
    d.value[i] =
        lookUp(uint8_t(in.immediate), {a.value[i], b.value[i], c.value[i]},
               {a.poison[i], b.poison[i], c.poison[i]}, poisoned) &
        mask;
    d.poison[i] = poisonedBytes(poisoned & mask);
  });
  return Flow::Next;
}

/// The usual two-input operations without poison in sight are worth a shorter
/// way: they are in every inner loop.
template <typename Op>
static Flow executeSimpleLogic(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  uint8_t any = 0;
  for (unsigned i = 0; i < warpSize; ++i)
    any |= a.poison[i] | b.poison[i];
  if (any)
    return executeLogic(warp, in);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    d.value[i] = Op::apply(a.value[i], b.value[i]);
    d.poison[i] = 0;
  });
  return Flow::Next;
}

namespace {
struct And {
  static uint64_t apply(uint64_t a, uint64_t b) { return a & b; }
};
struct Or {
  static uint64_t apply(uint64_t a, uint64_t b) { return a | b; }
};
struct Xor {
  static uint64_t apply(uint64_t a, uint64_t b) { return a ^ b; }
};
} // namespace

/// The truth tables are those of lop3 on its constants for a and b.
template <typename Op>
static void logic(Decoder &d) {
  if (!decodeUniform<2>(d, lastType(d)))
    return;
  d.append(d.names.constant(0));
  d.out.immediate = Op::apply(0xF0, 0xCC);
  d.out.execute = executeSimpleLogic<Op>;
}

static void logicalNot(Decoder &d) {
  if (!decodeUniform<1>(d, lastType(d)))
    return;
  d.append(d.names.constant(0));
  d.append(d.names.constant(0));
  d.out.immediate = 0x0F;
  d.out.execute = executeLogic;
}

static void lop3(Decoder &d) {
  if (!d.expectOperands(5))
    return;
  d.out.size = 4;
  d.destination(0, Type::B32);
  for (unsigned i = 1; i <= 3; ++i)
    d.source(i, Type::B32);
  std::optional<int64_t> table = d.integer(d.in.operands[4]);
  if (!table || *table < 0 || *table > 255)
    return d.fail("expects a table from 0 to 255");
  d.out.immediate = uint64_t(*table);
  d.out.execute = executeLogic;
}

namespace {
struct CNot {
  template <typename T>
  static T apply(T a) {
    return a == 0;
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Shifts
//===----------------------------------------------------------------------===//

/// Amounts beyond the width are clamped to it [PTX 9.7.8.7].
template <typename T, bool Left>
static Flow executeShift(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  Lanes &d = warp.write(in.operands[0]);
  constexpr unsigned width = 8 * sizeof(T);
  auto shift = [](uint64_t bits, uint64_t amount) -> uint64_t {
    T value = fromBits<T>(bits);
    if (Left)
      return amount >= width ? 0 : toBits(T(Unsigned<T>(value) << amount));
    if (amount >= width)
      return toBits(T(value < 0 ? -1 : 0));
    return toBits(T(value >> amount));
  };
  forActive(warp, [&](unsigned i) {
    uint64_t amount = uint32_t(b.value[i]);
    d.value[i] = shift(a.value[i], amount);
    d.poison[i] = b.poison[i] ? poisonOfSize(sizeof(T))
                  : a.poison[i]
                      ? poisonedBytes(shift(poisonedBits(a.poison[i]), amount))
                      : 0;
  });
  return Flow::Next;
}

template <bool Left>
static void shift(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(3))
    return;
  d.destination(0, type);
  d.source(1, type);
  d.source(2, Type::U32);
  d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
    return executeShift<decltype(zero), Left>;
  });
}

/// Funnel shift of b:a [PTX 9.7.8.6]; option: 1 left, 2 wrap.
static Flow executeFunnel(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  auto shift = [&](uint64_t low, uint64_t high, uint32_t amount) {
    uint64_t both = (high << 32) | uint32_t(low);
    uint32_t n = in.option & 2 ? amount & 31 : std::min(amount, 32u);
    return uint32_t(in.option & 1 ? (both << n) >> 32 : both >> n);
  };
  forActive(warp, [&](unsigned i) {
    d.value[i] = shift(a.value[i], b.value[i], uint32_t(c.value[i]));
    d.poison[i] = c.poison[i] ? poisonOfSize(4)
                              : poisonedBytes(shift(poisonedBits(a.poison[i]),
                                                    poisonedBits(b.poison[i]),
                                                    uint32_t(c.value[i])));
  });
  return Flow::Next;
}

static void funnel(Decoder &d) {
  if (!decodeUniform<3>(d, Type::B32))
    return;
  d.out.option = (d.has("l") ? 1 : 0) | (d.has("wrap") ? 2 : 0);
  d.out.execute = executeFunnel;
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

namespace {
enum class Permutation : uint8_t { Index, F4E, B4E, RC8, ECL, ECR, RC16 };
} // namespace

/// The selector of byte `i` of the result, for a mode [PTX 9.7.9.7].
static unsigned selectorOf(Permutation mode, uint32_t control, unsigned i) {
  unsigned n = control & 3;
  switch (mode) {
  case Permutation::Index:
    return control >> (4 * i) & 15;
  case Permutation::F4E:
    return n + i;
  case Permutation::B4E:
    return (n - i) & 7;
  case Permutation::RC8:
    return n;
  case Permutation::ECL:
    return std::max(n, i);
  case Permutation::ECR:
    return std::min(n, i);
  case Permutation::RC16:
    return 2 * (n & 1) + (i & 1);
  }
  return 0;
}

static Flow executePermute(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned lane) {
    uint64_t bytes = b.value[lane] << 32 | uint32_t(a.value[lane]);
    unsigned poison = (a.poison[lane] & 15) | (b.poison[lane] & 15) << 4;
    uint64_t result = 0;
    uint8_t poisoned = 0;
    for (unsigned i = 0; i < 4; ++i) {
      unsigned selector =
          selectorOf(Permutation(in.option), uint32_t(c.value[lane]), i);
      uint8_t byte = uint8_t(bytes >> (8 * (selector & 7)));
      // Bit 3 asks for the byte's sign, eight times.
      if (selector & 8)
        byte = byte & 128 ? 255 : 0;
      result |= uint64_t(byte) << (8 * i);
      poisoned |= (poison >> (selector & 7) & 1) << i;
    }
    d.value[lane] = result;
    d.poison[lane] = c.poison[lane] ? poisonOfSize(4) : poisoned;
  });
  return Flow::Next;
}

static void permute(Decoder &d) {
  if (!decodeUniform<3>(d, Type::B32))
    return;
  d.out.option = uint8_t(StringSwitch<Permutation>(d.group(1))
                             .Case("f4e", Permutation::F4E)
                             .Case("b4e", Permutation::B4E)
                             .Case("rc8", Permutation::RC8)
                             .Case("ecl", Permutation::ECL)
                             .Case("ecr", Permutation::ECR)
                             .Case("rc16", Permutation::RC16)
                             .Default(Permutation::Index));
  d.out.execute = executePermute;
}

//===----------------------------------------------------------------------===//
// Counting and fields
//===----------------------------------------------------------------------===//

namespace {
struct Popc {
  template <typename T>
  static uint32_t apply(T a) {
    return uint32_t(llvm::popcount(a));
  }
};
struct Clz {
  template <typename T>
  static uint32_t apply(T a) {
    return uint32_t(countl_zero(a));
  }
};
/// The highest bit that is not a sign bit; all ones if there is none.
struct Bfind {
  template <typename T>
  static uint32_t apply(T a) {
    Unsigned<T> bits = Unsigned<T>(a < 0 ? ~a : a);
    return bits == 0 ? ~0u : 8 * sizeof(T) - 1 - uint32_t(countl_zero(bits));
  }
};
struct BfindShift {
  template <typename T>
  static uint32_t apply(T a) {
    uint32_t bit = Bfind::apply(a);
    return bit == ~0u ? bit : 8 * sizeof(T) - 1 - bit;
  }
};
struct Brev {
  template <typename T>
  static T apply(T a) {
    T result = 0;
    for (unsigned i = 0; i < 8 * sizeof(T); ++i)
      result |= (a >> i & 1) << (8 * sizeof(T) - 1 - i);
    return result;
  }
};
/// The field's sign is its highest bit, or the operand's where the field
/// reaches beyond it [PTX 9.7.1.19].
struct Bfe {
  template <typename T>
  static T apply(T a, uint32_t position, uint32_t length) {
    constexpr unsigned last = 8 * sizeof(T) - 1;
    unsigned from = position & 255, count = length & 255;
    bool sign = false;
    if (std::is_signed_v<T> && count != 0)
      sign = Unsigned<T>(a) >> std::min(from + count - 1, last) & 1;
    Unsigned<T> result = 0;
    for (unsigned i = 0; i <= last; ++i) {
      bool bit = i < count && from + i <= last
                     ? Unsigned<T>(a) >> (from + i) & 1
                     : sign;
      result |= Unsigned<T>(bit) << i;
    }
    return T(result);
  }
};
/// A mask of `width` bits from a position on [PTX 9.7.1.22].
template <bool Clamp>
struct BitMask {
  static uint32_t apply(uint32_t position, uint32_t width) {
    if (Clamp && position >= 32)
      return 0;
    uint32_t from = position & 31, count = width & 31;
    uint64_t mask =
        Clamp && width >= 32 ? 0xffffffff : (uint64_t(1) << count) - 1;
    return uint32_t(mask << from);
  }
};
/// The low `width` bits, extended [PTX 9.7.1.21].
template <bool Clamp, bool IsSigned>
struct Extend {
  static uint32_t apply(uint32_t a, uint32_t width) {
    if (Clamp && width >= 32)
      return a;
    uint32_t count = width & 31;
    uint32_t field = a & ((1u << count) - 1);
    bool sign = IsSigned && count != 0 && (a >> (count - 1) & 1);
    return sign ? field | ~0u << count : field;
  }
};
} // namespace

static void bitMask(Decoder &d) {
  if (decodeUniform<2>(d, Type::B32))
    d.out.execute = d.has("clamp")
                        ? executeBinary<BitMask<true>, uint32_t, uint32_t>
                        : executeBinary<BitMask<false>, uint32_t, uint32_t>;
}

static void extend(Decoder &d) {
  if (!decodeUniform<2>(d, Type::B32))
    return;
  bool isSigned = d.has("s32");
  if (d.has("clamp"))
    d.out.execute =
        isSigned ? executeBinary<Extend<true, true>, uint32_t, uint32_t>
                 : executeBinary<Extend<true, false>, uint32_t, uint32_t>;
  else
    d.out.execute =
        isSigned ? executeBinary<Extend<false, true>, uint32_t, uint32_t>
                 : executeBinary<Extend<false, false>, uint32_t, uint32_t>;
}

/// A result of 32 bits whatever the operand is.
template <typename Op>
static void count(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(2))
    return;
  d.destination(0, Type::U32);
  d.source(1, type);
  d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    if constexpr (sizeof(T) >= 4 &&
                  (std::is_unsigned_v<T> || std::is_same_v<Op, Bfind> ||
                   std::is_same_v<Op, BfindShift>))
      return executeUnary<Op, uint32_t, T>;
    else
      return nullptr;
  });
}

static void reverseBits(Decoder &d) {
  Type type = lastType(d);
  if (decodeUniform<1>(d, type))
    d.out.execute = type == Type::B32 ? executeUnary<Brev, uint32_t, uint32_t>
                                      : executeUnary<Brev, uint64_t, uint64_t>;
}

static void extract(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(4))
    return;
  d.destination(0, type);
  d.source(1, type);
  d.source(2, Type::U32);
  d.source(3, Type::U32);
  d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return executeTernary<Bfe, T, T, uint32_t, uint32_t>;
  });
}

/// bfi f, a, b, c, d: `d` bits of a into b from bit c on [PTX 9.7.1.20].
template <typename T>
static Flow executeInsert(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &position = warp.read(in.operands[3]);
  const Lanes &length = warp.read(in.operands[4]);
  Lanes &f = warp.write(in.operands[0]);
  constexpr unsigned width = 8 * sizeof(T);
  forActive(warp, [&](unsigned i) {
    unsigned from = position.value[i] & 255, count = length.value[i] & 255;
    uint64_t field = 0;
    for (unsigned k = 0; k < count && from + k < width; ++k)
      field |= uint64_t(1) << (from + k);
    auto insert = [&](uint64_t what, uint64_t into) {
      return (into & ~field) | (from < width ? what << from & field : 0);
    };
    f.value[i] = insert(a.value[i], b.value[i]);
    f.poison[i] = position.poison[i] | length.poison[i]
                      ? poisonOfSize(sizeof(T))
                      : poisonedBytes(insert(poisonedBits(a.poison[i]),
                                             poisonedBits(b.poison[i]))) &
                            poisonOfSize(sizeof(T));
  });
  return Flow::Next;
}

static void insert(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(5))
    return;
  d.destination(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, Type::U32);
  d.source(4, Type::U32);
  d.out.execute =
      type == Type::B32 ? executeInsert<uint32_t> : executeInsert<uint64_t>;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define BITS "pred|b16|b32|b64"

static constexpr InstructionClass integer = InstructionClass::Integer;

static constexpr Row rows[] = {
    {"and " BITS, logic<And>, integer},
    {"or " BITS, logic<Or>, integer},
    {"xor " BITS, logic<Xor>, integer},
    {"not " BITS, logicalNot, integer},
    {"cnot b16|b32|b64", integerUnary<CNot>, integer},
    {"lop3 b32", lop3, integer},
    {"shl b16|b32|b64", shift<true>, integer},
    {"shr b16|b32|b64|u16|u32|u64|s16|s32|s64", shift<false>, integer},
    {"shf l|r wrap|clamp b32", funnel, integer},
    {"prmt b32 [f4e|b4e|rc8|ecl|ecr|rc16]", permute, integer},
    {"popc b32|b64", count<Popc>, integer},
    {"clz b32|b64", count<Clz>, integer},
    {"bfind u32|u64|s32|s64", count<Bfind>, integer},
    {"bfind shiftamt u32|u64|s32|s64", count<BfindShift>, integer},
    {"brev b32|b64", reverseBits, integer},
    {"bfe u32|u64|s32|s64", extract, integer},
    {"bfi b32|b64", insert, integer},
    {"bmsk clamp|wrap b32", bitMask, integer},
    {"szext clamp|wrap u32|s32", extend, integer},
};

Rows sim::bitRows() { return rows; }
