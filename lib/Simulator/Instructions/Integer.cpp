//===- Integer.cpp - Integer arithmetic -----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 9.7.1] and the extended-precision forms of [PTX 9.7.2].
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

namespace {
struct Add {
  template <typename T>
  static T apply(T a, T b) {
    return T(Unsigned<T>(a) + Unsigned<T>(b));
  }
};
struct Sub {
  template <typename T>
  static T apply(T a, T b) {
    return T(Unsigned<T>(a) - Unsigned<T>(b));
  }
};
int32_t saturate(int64_t value) {
  return int32_t(std::clamp<int64_t>(value, INT32_MIN, INT32_MAX));
}
struct AddSat {
  static int32_t apply(int32_t a, int32_t b) {
    return saturate(int64_t(a) + b);
  }
};
struct SubSat {
  static int32_t apply(int32_t a, int32_t b) {
    return saturate(int64_t(a) - b);
  }
};
struct MulLow {
  template <typename T>
  static T apply(T a, T b) {
    return T(uint64_t(a) * uint64_t(b));
  }
};
struct MulHigh {
  template <typename T>
  static T apply(T a, T b) {
    return T((Wide<T>(a) * Wide<T>(b)) >> (8 * sizeof(T)));
  }
};
struct MulWide {
  template <typename T>
  static Wide<T> apply(T a, T b) {
    return Wide<T>(a) * Wide<T>(b);
  }
};
struct MadLow {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(MulLow::apply(a, b), c);
  }
};
struct MadHigh {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(MulHigh::apply(a, b), c);
  }
};
struct MadWide {
  template <typename T>
  static Wide<T> apply(T a, T b, Wide<T> c) {
    return Add::apply(Wide<T>(Wide<T>(a) * Wide<T>(b)), c);
  }
};
/// The product of the low 24 bits: bits 31 to 0 of it, or 47 to 16.
template <bool High>
struct Mul24 {
  template <typename T>
  static T apply(T a, T b) {
    auto low = [](T x) { return int64_t(T(Unsigned<T>(x) << 8) >> 8); };
    return T((low(a) * low(b)) >> (High ? 16 : 0));
  }
};
template <bool High>
struct Mad24 {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(Mul24<High>::apply(a, b), c);
  }
};
struct Sad {
  template <typename T>
  static T apply(T a, T b, T c) {
    Unsigned<T> difference = a < b ? Unsigned<T>(b) - Unsigned<T>(a)
                                   : Unsigned<T>(a) - Unsigned<T>(b);
    return T(Unsigned<T>(c) + difference);
  }
};
/// The manual leaves division by zero to the machine [PTX 9.7.1.8]; these are
/// the values that NVIDIA's code for it is known to give.
struct Div {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return T(~T(0));
    if (std::is_signed_v<T> && b == T(-1))
      return Sub::apply(T(0), a);
    return T(a / b);
  }
};
struct Rem {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
struct Abs {
  template <typename T>
  static T apply(T a) {
    return a < 0 ? Sub::apply(T(0), a) : a;
  }
};
struct Neg {
  template <typename T>
  static T apply(T a) {
    return Sub::apply(T(0), a);
  }
};
struct Min {
  template <typename T>
  static T apply(T a, T b) {
    return std::min(a, b);
  }
};
struct Max {
  template <typename T>
  static T apply(T a, T b) {
    return std::max(a, b);
  }
};
template <typename Op>
struct Relu {
  template <typename T>
  static T apply(T a, T b) {
    return std::max(Op::apply(a, b), T(0));
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

template <typename Op>
static void saturating(Decoder &d) {
  if (decodeUniform<2>(d, Type::S32))
    d.out.execute = executeBinary<Op, int32_t, int32_t>;
}

static Type widened(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  default:
    return Type::S64;
  }
}

/// Types of 16 and 32 bits, which have wide results.
template <typename Function>
static Execute chooseWide(Type type, Function function) {
  switch (type) {
  case Type::U16:
    return function(uint16_t());
  case Type::S16:
    return function(int16_t());
  case Type::U32:
    return function(uint32_t());
  default:
    return function(int32_t());
  }
}

static void mulWide(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(3))
    return;
  d.destination(0, widened(type));
  d.source(1, type);
  d.source(2, type);
  d.out.execute = chooseWide(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return executeBinary<MulWide, Wide<T>, T>;
  });
}

static void madWide(Decoder &d) {
  Type type = lastType(d);
  if (!d.expectOperands(4))
    return;
  d.destination(0, widened(type));
  d.source(1, type);
  d.source(2, type);
  d.source(3, widened(type));
  d.out.execute = chooseWide(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return executeTernary<MadWide, Wide<T>, T, T, Wide<T>>;
  });
}

//===----------------------------------------------------------------------===//
// Carries
//===----------------------------------------------------------------------===//

namespace {
/// What is added: the second operand itself, or a half of a product with it.
enum CarryOption : uint8_t {
  WritesCarry = 1,
  ReadsCarry = 2,
  Subtracts = 4,
  LowProduct = 8,
  HighProduct = 16,
};
} // namespace

/// The carry flag is of one bit; for a subtraction it is the borrow.
template <typename T>
static Flow executeCarry(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  bool isMad = in.option & (LowProduct | HighProduct);
  const Lanes &c = warp.read(in.operands[isMad ? 3 : 2]);
  Lanes &d = warp.write(in.operands[0]);
  using W = unsigned __int128;
  forActive(warp, [&](unsigned i) {
    T x = fromBits<T>(a.value[i]), y = fromBits<T>(b.value[i]);
    if (in.option & LowProduct)
      x = MulLow::apply(x, y);
    if (in.option & HighProduct)
      x = MulHigh::apply(x, y);
    y = fromBits<T>(c.value[i]);
    W flag = in.option & ReadsCarry ? warp.carry >> i & 1 : 0;
    W wide = in.option & Subtracts ? W(Unsigned<T>(x)) - Unsigned<T>(y) - flag
                                   : W(Unsigned<T>(x)) + Unsigned<T>(y) + flag;
    set<T>(d, i, T(wide), a.poison[i] | b.poison[i] | c.poison[i]);
    if (in.option & WritesCarry) {
      LaneMask bit = LaneMask(1) << i;
      bool carry = wide >> (8 * sizeof(T)) & 1;
      warp.carry = carry ? warp.carry | bit : warp.carry & ~bit;
    }
  });
  return Flow::Next;
}

static void carrying(Decoder &d) {
  Type type = lastType(d);
  StringRef root = d.in.root;
  uint8_t option = (d.has("cc") ? WritesCarry : 0) |
                   (root.ends_with("c") ? ReadsCarry : 0) |
                   (root.starts_with("sub") ? Subtracts : 0);
  if (root.starts_with("mad")) {
    option |= d.has("lo") ? LowProduct : HighProduct;
    if (!decodeUniform<3>(d, type))
      return;
  } else if (!decodeUniform<2>(d, type)) {
    return;
  }
  d.out.option = option;
  d.out.execute = chooseInteger(
      type, [](auto zero) -> Execute { return executeCarry<decltype(zero)>; });
}

//===----------------------------------------------------------------------===//
// Dot products
//===----------------------------------------------------------------------===//

/// dp4a: four products of bytes, added [PTX 9.7.1.23]; dp2a: two of a half of
/// 16 bits by a byte of the low or high half of b [PTX 9.7.1.24]. `option` is
/// 1 for a signed a, 2 for a signed b; `option2` is 0 for dp4a, else 1 for lo
/// and 2 for hi.
static Flow executeDot(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  auto part = [](uint64_t value, unsigned i, unsigned bits, bool isSigned) {
    int64_t field = int64_t(value >> (bits * i) & ((1u << bits) - 1));
    return isSigned && field >> (bits - 1) ? field - (int64_t(1) << bits)
                                           : field;
  };
  bool signedA = in.option & 1, signedB = in.option & 2;
  forActive(warp, [&](unsigned i) {
    uint64_t sum = c.value[i];
    if (in.option2 == 0)
      for (unsigned k = 0; k < 4; ++k)
        sum += uint64_t(part(a.value[i], k, 8, signedA) *
                        part(b.value[i], k, 8, signedB));
    else
      for (unsigned k = 0; k < 2; ++k)
        sum += uint64_t(
            part(a.value[i], k, 16, signedA) *
            part(b.value[i], k + (in.option2 == 2 ? 2 : 0), 8, signedB));
    set<uint32_t>(d, i, uint32_t(sum), a.poison[i] | b.poison[i] | c.poison[i]);
  });
  return Flow::Next;
}

static void dot(Decoder &d) {
  if (!decodeUniform<3>(d, Type::B32))
    return;
  bool isDp2a = d.in.root == "dp2a";
  d.out.option2 = !isDp2a ? 0 : d.has("lo") ? 1 : 2;
  d.out.option = (isSigned(d.type(isDp2a ? 1 : 0)) ? 1 : 0) |
                 (isSigned(d.type(isDp2a ? 2 : 1)) ? 2 : 0);
  d.out.execute = executeDot;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define INTEGERS "u16|u32|u64|s16|s32|s64"
#define WORDS "u32|s32|u64|s64"

static constexpr InstructionClass integer = InstructionClass::Integer;

static constexpr Row rows[] = {
    {"add " INTEGERS, integerBinary<Add>, integer},
    {"add u16x2|s16x2", integerBinary<Add>, integer, Sm90},
    {"add sat s32", saturating<AddSat>, integer},
    {"add cc " WORDS, carrying, integer},
    {"addc [cc] " WORDS, carrying, integer},
    {"sub " INTEGERS, integerBinary<Sub>, integer},
    {"sub sat s32", saturating<SubSat>, integer},
    {"sub cc " WORDS, carrying, integer},
    {"subc [cc] " WORDS, carrying, integer},
    {"mul lo " INTEGERS, integerBinary<MulLow>, integer},
    {"mul hi " INTEGERS, integerBinary<MulHigh>, integer},
    {"mul wide u16|s16|u32|s32", mulWide, integer},
    {"mad lo " INTEGERS, integerTernary<MadLow>, integer},
    {"mad hi " INTEGERS, integerTernary<MadHigh>, integer},
    {"mad wide u16|s16|u32|s32", madWide, integer},
    {"mad lo|hi cc " WORDS, carrying, integer},
    {"madc lo|hi [cc] " WORDS, carrying, integer},
    {"mul24 lo u32|s32", integerBinary<Mul24<false>>, integer},
    {"mul24 hi u32|s32", integerBinary<Mul24<true>>, integer},
    {"mad24 lo u32|s32", integerTernary<Mad24<false>>, integer},
    {"mad24 hi u32|s32", integerTernary<Mad24<true>>, integer},
    {"sad " INTEGERS, integerTernary<Sad>, integer},
    {"div " INTEGERS, integerBinary<Div>, integer},
    {"rem " INTEGERS, integerBinary<Rem>, integer},
    {"abs s16|s32|s64", integerUnary<Abs>, integer},
    {"neg s16|s32|s64", integerUnary<Neg>, integer},
    {"min " INTEGERS, integerBinary<Min>, integer},
    {"max " INTEGERS, integerBinary<Max>, integer},
    {"min u16x2|s16x2", integerBinary<Min>, integer, Sm90},
    {"max u16x2|s16x2", integerBinary<Max>, integer, Sm90},
    {"min relu s32|s16x2", integerBinary<Relu<Min>>, integer, Sm90},
    {"max relu s32|s16x2", integerBinary<Relu<Max>>, integer, Sm90},
    {"dp4a u32|s32 u32|s32", dot, integer},
    {"dp2a lo|hi u32|s32 u32|s32", dot, integer},
};

Rows sim::integerRows() { return rows; }
