//===- Float.cpp - Floating-point arithmetic ------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 9.7.3], [PTX 9.7.4] and [PTX 9.7.5]. Results are correctly rounded in
// each of the four modes. .ftz flushes subnormal operands, and results that are
// subnormal after rounding. A NaN of 16 or 32 bits is canonical; a NaN of 64
// bits is the one that chips make, whatever the payload of the operands was.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"
#include "llvm/ADT/APFloat.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum class FloatOp : uint8_t { Add, Sub, Mul, Fma, Div, Rcp, Sqrt };

enum FloatFlag : uint8_t { Ftz = 1, Sat = 2, ReluFlag = 4 };
} // namespace

//===----------------------------------------------------------------------===//
// float and double
//===----------------------------------------------------------------------===//

template <typename T>
static T nearest(FloatOp op, T a, T b, T c) {
  switch (op) {
  case FloatOp::Add:
    return a + b;
  case FloatOp::Sub:
    return a - b;
  case FloatOp::Mul:
    return a * b;
  case FloatOp::Fma:
    return std::fma(a, b, c);
  case FloatOp::Div:
    return a / b;
  case FloatOp::Rcp:
    return T(1) / a;
  case FloatOp::Sqrt:
    return std::sqrt(a);
  }
  return a;
}

/// The square root in a directed mode: the nearest one, moved if it is on the
/// wrong side. The sign of a - root² is exact.
template <typename T>
static T directedRoot(T a, Rounding rounding) {
  T root = std::sqrt(a);
  if (!std::isfinite(root) || root == 0)
    return root;
  // Subnormals are scaled, so that the residual does not underflow.
  T scale = a < T(1e-30) ? T(uint64_t(1) << 60) * T(uint64_t(1) << 60) : T(1);
  T rootScale = std::sqrt(scale);
  T residual = std::fma(-(root * rootScale), root * rootScale, a * scale);
  if (residual < 0 && rounding != Rounding::Up)
    return std::nextafter(root, T(0));
  if (residual > 0 && rounding == Rounding::Up)
    return std::nextafter(root, std::numeric_limits<T>::infinity());
  return root;
}

template <typename T>
static T directed(FloatOp op, Rounding rounding, T a, T b, T c) {
  if (op == FloatOp::Sqrt)
    return directedRoot(a, rounding);
  APFloat x(op == FloatOp::Rcp ? T(1) : a), y(op == FloatOp::Rcp ? a : b), z(c);
  RoundingMode mode = rounding == Rounding::Zero ? RoundingMode::TowardZero
                      : rounding == Rounding::Down
                          ? RoundingMode::TowardNegative
                          : RoundingMode::TowardPositive;
  switch (op) {
  case FloatOp::Add:
    x.add(y, mode);
    break;
  case FloatOp::Sub:
    x.subtract(y, mode);
    break;
  case FloatOp::Mul:
    x.multiply(y, mode);
    break;
  case FloatOp::Fma:
    x.fusedMultiplyAdd(y, z, mode);
    break;
  default:
    x.divide(y, mode);
    break;
  }
  if constexpr (std::is_same_v<T, float>)
    return x.convertToFloat();
  else
    return x.convertToDouble();
}

template <typename T>
static T computeRounded(FloatOp op, Rounding rounding, T a, T b, T c) {
  return canonical(rounding == Rounding::NearestEven
                       ? nearest(op, a, b, c)
                       : directed(op, rounding, a, b, c));
}

//===----------------------------------------------------------------------===//
// f16 and bf16
//===----------------------------------------------------------------------===//

/// Sums and products of these are exact in double, or rounded to odd.
template <typename T>
static T computeHalf(FloatOp op, T a, T b, T c) {
  double x = toDouble(a), y = toDouble(b);
  double result = op == FloatOp::Add   ? addToOdd(x, y)
                  : op == FloatOp::Sub ? addToOdd(x, -y)
                  : op == FloatOp::Mul ? x * y
                                       : addToOdd(x * y, toDouble(c));
  return fromDouble<T>(result, Rounding::NearestEven);
}
static F16 computeRounded(FloatOp op, Rounding, F16 a, F16 b, F16 c) {
  return computeHalf(op, a, b, c);
}
static BF16 computeRounded(FloatOp op, Rounding, BF16 a, BF16 b, BF16 c) {
  return computeHalf(op, a, b, c);
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// [0, 1], and NaN becomes +0 [PTX 9.7.3.3].
template <typename T>
static T saturated(T value) {
  double x = toDouble(value);
  if (!(x > 0))
    return fromDouble<T>(0, Rounding::NearestEven);
  return x > 1 ? fromDouble<T>(1, Rounding::NearestEven) : value;
}

template <typename T>
static T compute(FloatOp op, Rounding rounding, uint8_t flags, T a, T b, T c) {
  if (flags & Ftz) {
    a = flushed(a);
    b = flushed(b);
    c = flushed(c);
  }
  T result = computeRounded(op, rounding, a, b, c);
  if (flags & Ftz)
    result = flushed(result);
  if (flags & Sat)
    result = saturated(result);
  // Negative results become +0, NaN stays [PTX 9.7.4.4].
  if ((flags & ReluFlag) && toDouble(result) <= 0)
    result = fromDouble<T>(0, Rounding::NearestEven);
  return result;
}

/// `option` is the operation and its rounding, `option2` the flags; a register
/// holds one value or two.
template <typename T>
static Flow executeFloat(Warp &warp, const Instruction &in) {
  FloatOp op = FloatOp(in.option & 15);
  Rounding rounding = Rounding(in.option >> 4);
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  constexpr unsigned width = 8 * sizeof(T);
  forActive(warp, [&](unsigned i) {
    uint64_t result = 0;
    for (unsigned at = 0; at < 8u * in.size; at += width)
      result |= toBits(compute(op, rounding, in.option2,
                               fromBits<T>(a.value[i] >> at),
                               fromBits<T>(b.value[i] >> at),
                               fromBits<T>(c.value[i] >> at)))
                << at;
    d.value[i] = result;
    d.poison[i] =
        a.poison[i] | b.poison[i] | c.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

static Execute chooseFloat(Type type) {
  switch (type) {
  case Type::F64:
    return executeFloat<double>;
  case Type::F16:
  case Type::F16x2:
    return executeFloat<F16>;
  case Type::BF16:
  case Type::BF16x2:
    return executeFloat<BF16>;
  default:
    return executeFloat<float>;
  }
}

template <FloatOp Op, unsigned Count>
static void arithmetic(Decoder &d) {
  Type type = lastType(d);
  if (!decodeUniform<Count>(d, type))
    return;
  for (unsigned i = Count; i < 3; ++i)
    d.append(d.names.constant(0));
  Rounding rounding = Rounding::NearestEven;
  for (StringRef modifier : d.in.modifiers)
    if (Rounding named = roundingOf(modifier); named != Rounding::NearestEven)
      rounding = named;
  d.out.option = uint8_t(unsigned(Op) | unsigned(rounding) << 4);
  d.out.option2 = (d.has("ftz") ? Ftz : 0) | (d.has("sat") ? Sat : 0) |
                  (d.has("relu") ? ReluFlag : 0);
  d.out.execute = chooseFloat(type);
}

//===----------------------------------------------------------------------===//
// Operands of 16 bits, results of 32
//===----------------------------------------------------------------------===//

/// add.f32.bf16 d, a, c: a is widened, and so is b of fma [PTX 9.7.5].
template <typename T>
static Flow executeMixed(Warp &warp, const Instruction &in) {
  FloatOp op = FloatOp(in.option & 15);
  Rounding rounding = Rounding(in.option >> 4);
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    float x = float(toDouble(fromBits<T>(a.value[i])));
    float y = op == FloatOp::Fma ? float(toDouble(fromBits<T>(b.value[i])))
                                 : fromBits<float>(b.value[i]);
    set<float>(
        d, i,
        compute(op, rounding, in.option2, x, y, fromBits<float>(c.value[i])),
        a.poison[i] | b.poison[i] | c.poison[i]);
  });
  return Flow::Next;
}

template <FloatOp Op>
static void mixed(Decoder &d) {
  constexpr bool isFma = Op == FloatOp::Fma;
  if (!d.expectOperands(isFma ? 4 : 3))
    return;
  Type narrow = lastType(d);
  d.destination(0, Type::F32);
  d.source(1, narrow);
  d.source(2, isFma ? narrow : Type::F32);
  if (isFma)
    d.source(3, Type::F32);
  else
    d.append(d.names.constant(0));
  Rounding rounding = roundingOf(d.group(0));
  d.out.option = uint8_t(unsigned(Op) | unsigned(rounding) << 4);
  d.out.option2 = d.has("sat") ? Sat : 0;
  d.out.execute = narrow == Type::F16 ? executeMixed<F16> : executeMixed<BF16>;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define ANY "[rn|rz|rm|rp]"
#define ONE "rn|rz|rm|rp"

static constexpr InstructionClass kind = InstructionClass::Float;
constexpr auto add = arithmetic<FloatOp::Add, 2>;
constexpr auto sub = arithmetic<FloatOp::Sub, 2>;
constexpr auto mul = arithmetic<FloatOp::Mul, 2>;
constexpr auto fused = arithmetic<FloatOp::Fma, 3>;
constexpr auto quotient = arithmetic<FloatOp::Div, 2>;
constexpr auto reciprocal = arithmetic<FloatOp::Rcp, 1>;
constexpr auto root = arithmetic<FloatOp::Sqrt, 1>;

static constexpr Row rows[] = {
    {"add " ANY " [ftz] [sat] f32", add, kind},
    {"sub " ANY " [ftz] [sat] f32", sub, kind},
    {"mul " ANY " [ftz] [sat] f32", mul, kind},
    {"fma " ONE " [ftz] [sat] f32", fused, kind},
    {"mad " ONE " [ftz] [sat] f32", fused, kind},
    {"div " ONE " [ftz] f32", quotient, kind},
    {"rcp " ONE " [ftz] f32", reciprocal, kind},
    {"sqrt " ONE " [ftz] f32", root, kind},
    {"add " ANY " f64", add, kind},
    {"sub " ANY " f64", sub, kind},
    {"mul " ANY " f64", mul, kind},
    {"fma " ONE " f64", fused, kind},
    {"mad " ONE " f64", fused, kind},
    {"div " ONE " f64", quotient, kind},
    {"rcp " ONE " f64", reciprocal, kind},
    {"sqrt " ONE " f64", root, kind},
    {"add " ANY " [ftz] f32x2", add, kind, Sm100},
    {"sub " ANY " [ftz] f32x2", sub, kind, Sm100},
    {"mul " ANY " [ftz] f32x2", mul, kind, Sm100},
    {"fma " ONE " [ftz] f32x2", fused, kind, Sm100},
    {"add [rn] [ftz] [sat] f16|f16x2", add, kind},
    {"sub [rn] [ftz] [sat] f16|f16x2", sub, kind},
    {"mul [rn] [ftz] [sat] f16|f16x2", mul, kind},
    {"fma rn [ftz] [sat|relu] f16|f16x2", fused, kind},
    {"add [rn] bf16|bf16x2", add, kind, Sm90},
    {"sub [rn] bf16|bf16x2", sub, kind, Sm90},
    {"mul [rn] bf16|bf16x2", mul, kind, Sm90},
    {"fma rn [relu] bf16|bf16x2", fused, kind},
    {"add " ANY " [sat] f32 f16|bf16", mixed<FloatOp::Add>, kind, Sm100},
    {"sub " ANY " [sat] f32 f16|bf16", mixed<FloatOp::Sub>, kind, Sm100},
    {"fma " ONE " [sat] f32 f16|bf16", mixed<FloatOp::Fma>, kind, Sm100},
};

Rows sim::floatRows() { return rows; }
