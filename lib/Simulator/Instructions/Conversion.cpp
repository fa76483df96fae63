//===- Conversion.cpp - Conversions between types -------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cvt [PTX 9.7.9.21] where one of the types is an integer, and cvt.pack.
// FloatConversion.cpp has the others.
//
//===----------------------------------------------------------------------===//

#include "ConversionTypes.h"
#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"
#include "llvm/ADT/APFloat.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum Flag : uint8_t { Ftz = 1, Sat = 2 };
} // namespace

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static int64_t signExtended(uint64_t bits, Type type) {
  unsigned shift = 64 - 8 * sizeInBytes(type);
  return isSigned(type) ? int64_t(bits << shift) >> shift
                        : int64_t(bits & maskOfSize(sizeInBytes(type)));
}

/// The least and greatest value of an integer type.
static std::pair<__int128, __int128> rangeOf(Type type) {
  unsigned bits = 8 * sizeInBytes(type);
  if (isSigned(type))
    return {-(__int128(1) << (bits - 1)), (__int128(1) << (bits - 1)) - 1};
  return {0, (__int128(1) << bits) - 1};
}

/// Extends to the register's width, as the destination's type says.
static void store(Lanes &d, unsigned lane, uint64_t bits, const Instruction &in,
                  uint8_t poison) {
  unsigned width = in.count; // of the register
  d.value[lane] = uint64_t(signExtended(bits, in.type)) & maskOfSize(width);
  d.poison[lane] = poison ? poisonOfSize(width) : 0;
}

static Flow executeIntegers(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  Type from = Type(in.immediate);
  forActive(warp, [&](unsigned i) {
    int64_t value = signExtended(a.value[i], from);
    if (in.option2 & Sat) {
      // Of u64, what is negative as int64_t is large.
      __int128 wide =
          isSigned(from) ? __int128(value) : __int128(uint64_t(value));
      auto [least, greatest] = rangeOf(in.type);
      value = int64_t(std::clamp(wide, least, greatest));
    }
    // What is cut off need not have been written.
    uint8_t poison =
        a.poison[i] &
        poisonOfSize(std::min<unsigned>(sizeInBytes(from), in.size));
    if (in.option2 & Sat)
      poison = a.poison[i];
    store(d, i, uint64_t(value), in, poison);
  });
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Between integers and floats
//===----------------------------------------------------------------------===//

/// Values out of range are clamped; NaN gives 0, or the highest bit where
/// one of the types has 64 bits [PTX 9.7.9.21].
static Flow executeToInteger(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  Type from = Type(in.immediate);
  const std::pair<__int128, __int128> range = rangeOf(in.type);
  forActive(warp, [&](unsigned i) {
    double value = toDouble(formatOf(from), a.value[i]);
    if ((in.option2 & Ftz) && from == Type::F32)
      value = flushed(float(value));
    uint64_t bits;
    if (std::isnan(value)) {
      bits = from == Type::F64 || in.size == 8
                 ? uint64_t(1) << (8 * in.size - 1)
                 : 0;
    } else {
      value = roundToInteger(value, Rounding(in.option));
      // Beyond 2^64 nothing is representable, and __int128 is not overflown.
      value = std::clamp(value, -0x1p65, 0x1p65);
      bits = uint64_t(std::clamp(__int128(value), range.first, range.second));
    }
    store(d, i, bits, in, a.poison[i]);
  });
  return Flow::Next;
}

static Flow executeFromInteger(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  Type from = Type(in.immediate);
  Rounding rounding = Rounding(in.option);
  RoundingMode mode =
      rounding == Rounding::Zero   ? RoundingMode::TowardZero
      : rounding == Rounding::Down ? RoundingMode::TowardNegative
      : rounding == Rounding::Up   ? RoundingMode::TowardPositive
                                   : RoundingMode::NearestTiesToEven;
  const fltSemantics &format = in.type == Type::F16    ? APFloat::IEEEhalf()
                               : in.type == Type::BF16 ? APFloat::BFloat()
                               : in.type == Type::F32  ? APFloat::IEEEsingle()
                                                       : APFloat::IEEEdouble();
  forActive(warp, [&](unsigned i) {
    APFloat value(format);
    value.convertFromAPInt(APInt(64, uint64_t(signExtended(a.value[i], from))),
                           isSigned(from), mode);
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    if (in.option2 & Sat) { // to [0, 1]
      APFloat one(format, 1);
      if (value.isNegative())
        bits = 0;
      else if (one < value)
        bits = one.bitcastToAPInt().getZExtValue();
    }
    d.value[i] = bits;
    d.poison[i] = a.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// Reads the modifiers and operands. Only integers may be in wider registers
/// [PTX 9.4.1].
static bool decodeConversion(Decoder &d) {
  if (!d.expectOperands(2))
    return false;
  auto [to, from] = conversionTypes(d);
  d.out.type = to;
  d.out.size = uint8_t(sizeInBytes(to));
  d.out.immediate = uint64_t(from);
  for (StringRef modifier : d.in.modifiers)
    if (Rounding named = roundingOf(modifier); named != Rounding::NearestEven)
      d.out.option = uint8_t(named);
  d.out.option2 = (d.has("ftz") ? Ftz : 0) | (d.has("sat") ? Sat : 0);
  d.out.count = uint8_t(d.destination(0, to, !isFloat(to)));
  d.source(1, from, !isFloat(from));
  return true;
}

static void betweenIntegers(Decoder &d) {
  if (decodeConversion(d))
    d.out.execute = executeIntegers;
}
static void toInteger(Decoder &d) {
  if (decodeConversion(d))
    d.out.execute = executeToInteger;
}
static void fromInteger(Decoder &d) {
  if (decodeConversion(d))
    d.out.execute = executeFromInteger;
}

/// cvt.pack d, a, b, c: two integers, saturated to `size` bits, in the low bits
/// of d, a above b; the rest of d is the low bits of c [PTX 9.7.9.22].
static Flow executePack(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  const unsigned bits = in.size;
  const int64_t least = in.option ? -(int64_t(1) << (bits - 1)) : 0;
  const int64_t greatest = least + (int64_t(1) << bits) - 1;
  forActive(warp, [&](unsigned i) {
    auto narrow = [&](uint64_t value) {
      int64_t wide = fromBits<int32_t>(value);
      return uint64_t(std::clamp(wide, least, greatest)) &
             ((uint64_t(1) << bits) - 1);
    };
    uint64_t result = narrow(a.value[i]) << bits | narrow(b.value[i]) |
                      c.value[i] << (2 * bits);
    set<uint32_t>(d, i, uint32_t(result),
                  a.poison[i] | b.poison[i] | c.poison[i]);
  });
  return Flow::Next;
}

static void pack(Decoder &d) {
  bool hasRest = d.has("b32");
  if (!d.expectOperands(hasRest ? 4 : 3))
    return;
  d.destination(0, Type::B32);
  d.source(1, Type::S32);
  d.source(2, Type::S32);
  if (hasRest)
    d.source(3, Type::B32);
  else
    d.append(d.names.constant(0));
  StringRef to = d.group(2);
  d.out.option = to.front() == 's';
  d.out.size = to.ends_with("16") ? 16 : uint8_t(to.back() - '0');
  d.out.execute = executePack;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define INTEGERS "u8|u16|u32|u64|s8|s16|s32|s64"
#define FLOATS "f16|f32|f64"
#define ONE "rn|rz|rm|rp"
#define TO_INTEGER "rni|rzi|rmi|rpi"

static constexpr InstructionClass kind = InstructionClass::Conversion;

static constexpr Row rows[] = {
    {"cvt [sat] " INTEGERS " " INTEGERS, betweenIntegers, kind},
    {"cvt " TO_INTEGER " [ftz] [sat] " INTEGERS " " FLOATS, toInteger, kind},
    {"cvt " TO_INTEGER " " INTEGERS " bf16", toInteger, kind, Sm90},
    {"cvt " ONE " [sat] " FLOATS " " INTEGERS, fromInteger, kind},
    {"cvt " ONE " bf16 " INTEGERS, fromInteger, kind, Sm90},
    {"cvt pack sat u16|s16 s32", pack, kind},
    {"cvt pack sat u2|s2|u4|s4|u8|s8 s32 b32", pack, kind},
};

Rows sim::conversionRows() { return rows; }
