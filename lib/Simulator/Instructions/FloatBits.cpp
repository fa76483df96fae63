//===- FloatBits.cpp - Signs, minima and classes of floats ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What looks at a float's bits, in all formats: abs, neg, copysign, min, max
// and testp.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Signs
//===----------------------------------------------------------------------===//

namespace {
enum Flags : uint8_t {
  Ftz = 1,
  PropagateNaN = 2,
  XorSign = 4,
  IsMax = 8,
  Absolute = 16,
};
} // namespace

template <typename T>
static constexpr uint64_t signOf() {
  return uint64_t(1) << (8 * sizeof(T) - 1);
}

/// abs clears the signs and neg inverts them, of NaN too.
template <typename T, bool IsAbs>
static Flow executeSign(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    uint64_t result = 0;
    for (unsigned at = 0; at < 8u * in.size; at += 8 * sizeof(T)) {
      T value = fromBits<T>(a.value[i] >> at);
      if (in.option & Ftz)
        value = flushed(value);
      uint64_t bits = toBits(value);
      bits = IsAbs ? bits & ~signOf<T>() : bits ^ signOf<T>();
      result |= bits << at;
    }
    d.value[i] = result;
    d.poison[i] = a.poison[i];
  });
  return Flow::Next;
}

template <bool IsAbs>
static void sign(Decoder &d) {
  Type type = lastType(d);
  if (!decodeUniform<1>(d, type))
    return;
  d.out.option = d.has("ftz") ? Ftz : 0;
  switch (type) {
  case Type::F64:
    d.out.execute = executeSign<double, IsAbs>;
    break;
  case Type::F32:
    d.out.execute = executeSign<float, IsAbs>;
    break;
  case Type::F16:
  case Type::F16x2:
    d.out.execute = executeSign<F16, IsAbs>;
    break;
  default:
    d.out.execute = executeSign<BF16, IsAbs>;
    break;
  }
}

namespace {
/// The sign of a on the value of b [PTX 9.7.3.2].
struct CopySign {
  template <typename T>
  static T apply(T a, T b) {
    constexpr T bit = T(1) << (8 * sizeof(T) - 1);
    return (a & bit) | (b & ~bit);
  }
};
} // namespace

static void copySign(Decoder &d) {
  Type type = lastType(d);
  if (decodeUniform<2>(d, type))
    d.out.execute = type == Type::F32
                        ? executeBinary<CopySign, uint32_t, uint32_t>
                        : executeBinary<CopySign, uint64_t, uint64_t>;
}

//===----------------------------------------------------------------------===//
// Minima and maxima
//===----------------------------------------------------------------------===//

template <typename T>
static uint64_t canonicalNaN() {
  if (sizeof(T) == 8)
    return 0xfff8000000000000; // not specified for f64
  return sizeof(T) == 4 ? 0x7fffffff : 0x7fff;
}

/// -0 is less than +0; a NaN loses unless .NaN is given [PTX 9.7.3.11].
template <typename T>
static uint64_t choose(uint8_t flags, T a, T b) {
  if (flags & Ftz) {
    a = flushed(a);
    b = flushed(b);
  }
  uint64_t sign = (toBits(a) ^ toBits(b)) & signOf<T>();
  if (flags & Absolute) {
    a = fromBits<T>(toBits(a) & ~signOf<T>());
    b = fromBits<T>(toBits(b) & ~signOf<T>());
  }
  double x = toDouble(a), y = toDouble(b);
  if (std::isnan(x) || std::isnan(y)) {
    if ((flags & PropagateNaN) || (std::isnan(x) && std::isnan(y)))
      return canonicalNaN<T>();
    uint64_t other = toBits(std::isnan(x) ? b : a);
    return flags & XorSign ? (other & ~signOf<T>()) | sign : other;
  }
  bool aIsLess = x < y || (x == y && std::signbit(x) && !std::signbit(y));
  uint64_t chosen = toBits(aIsLess != bool(flags & IsMax) ? a : b);
  return flags & XorSign ? (chosen & ~signOf<T>()) | sign : chosen;
}

template <typename T>
static Flow executeChoice(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  // Of three operands, the third is chosen against the first two's result.
  const Lanes *c =
      in.operands.size() > 3 ? &warp.read(in.operands[3]) : nullptr;
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    uint64_t result = 0;
    for (unsigned at = 0; at < 8u * in.size; at += 8 * sizeof(T)) {
      uint64_t bits = choose(in.option, fromBits<T>(a.value[i] >> at),
                             fromBits<T>(b.value[i] >> at));
      if (c)
        bits = choose(in.option, fromBits<T>(bits),
                      fromBits<T>(c->value[i] >> at));
      result |= bits << at;
    }
    bool poisoned = a.poison[i] | b.poison[i] | (c ? c->poison[i] : 0);
    d.value[i] = result;
    d.poison[i] = poisoned ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

static void choice(Decoder &d) {
  Type type = lastType(d);
  // A third operand came with sm_100, for f32 alone [PTX 9.7.3.11].
  bool three = type == Type::F32 && d.numOperands() == 4;
  if (!(three ? decodeUniform<3>(d, type) : decodeUniform<2>(d, type)))
    return;
  d.out.option = (d.has("ftz") ? Ftz : 0) | (d.has("NaN") ? PropagateNaN : 0) |
                 (d.has("xorsign") ? XorSign : 0) |
                 (d.has("abs") ? Absolute : 0) |
                 (d.in.root == "max" ? IsMax : 0);
  if (three)
    d.require(Sm100, "a third operand");
  if (three ? d.has("xorsign") : d.has("xorsign") != d.has("abs"))
    return d.fail("two operands take .xorsign.abs, and three take .abs");
  switch (type) {
  case Type::F64:
    d.out.execute = executeChoice<double>;
    break;
  case Type::F32:
    d.out.execute = executeChoice<float>;
    break;
  case Type::F16:
  case Type::F16x2:
    d.out.execute = executeChoice<F16>;
    break;
  default:
    d.out.execute = executeChoice<BF16>;
    break;
  }
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

namespace {
enum class Class : uint8_t {
  Finite,
  Infinite,
  Number,
  NotANumber,
  Normal,
  Subnormal,
};
} // namespace

template <typename T>
static Flow executeTest(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    T value = fromBits<T>(a.value[i]);
    bool holds = false;
    switch (Class(in.option)) {
    case Class::Finite:
      holds = std::isfinite(value);
      break;
    case Class::Infinite:
      holds = std::isinf(value);
      break;
    case Class::Number:
      holds = !std::isnan(value);
      break;
    case Class::NotANumber:
      holds = std::isnan(value);
      break;
    case Class::Normal: // zero is normal here [PTX 9.7.3.1]
      holds = std::isnormal(value) || value == 0;
      break;
    case Class::Subnormal:
      holds = std::fpclassify(value) == FP_SUBNORMAL;
      break;
    }
    set<uint8_t>(d, i, uint8_t(holds), a.poison[i] != 0);
  });
  return Flow::Next;
}

static void test(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  Type type = lastType(d);
  d.destination(0, Type::Pred);
  d.source(1, type);
  d.out.option = uint8_t(StringSwitch<Class>(d.group(0))
                             .Case("finite", Class::Finite)
                             .Case("infinite", Class::Infinite)
                             .Case("number", Class::Number)
                             .Case("notanumber", Class::NotANumber)
                             .Case("normal", Class::Normal)
                             .Default(Class::Subnormal));
  d.out.execute = type == Type::F32 ? executeTest<float> : executeTest<double>;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define HALVES "f16|f16x2"
#define BRAINS "bf16|bf16x2"

static constexpr InstructionClass kind = InstructionClass::Float;

static constexpr Row rows[] = {
    {"abs [ftz] f32|" HALVES, sign<true>, kind},
    {"abs f64|" BRAINS, sign<true>, kind},
    {"neg [ftz] f32|" HALVES, sign<false>, kind},
    {"neg f64|" BRAINS, sign<false>, kind},
    {"copysign f32|f64", copySign, kind},
    {"min [ftz] [NaN] [xorsign] [abs] f32|" HALVES, choice, kind},
    {"max [ftz] [NaN] [xorsign] [abs] f32|" HALVES, choice, kind},
    {"min [NaN] [xorsign] [abs] " BRAINS, choice, kind},
    {"max [NaN] [xorsign] [abs] " BRAINS, choice, kind},
    {"min f64", choice, kind},
    {"max f64", choice, kind},
    {"testp finite|infinite|number|notanumber|normal|subnormal f32|f64", test,
     kind},
};

Rows sim::floatBitRows() { return rows; }
