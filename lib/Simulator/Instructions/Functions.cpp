//===- Functions.cpp - Approximate functions ------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the manual specifies by a bound on the error and not by bits: the
// .approx and .full forms [PTX 9.7.3.8, 15-23]. Here they are computed in
// double and rounded to nearest: the error is below 0.501 units in the last
// place, within every bound of the manual, and a result may differ from a
// chip's by as much as that bound. Those of f64 keep 20 bits after the point.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum class Function : uint8_t {
  Ex2,
  Lg2,
  Sin,
  Cos,
  Tanh,
  Rcp,
  Rsqrt,
  Sqrt,
  Div,
};
} // namespace

static double evaluate(Function function, double a, double b) {
  switch (function) {
  case Function::Ex2:
    return std::exp2(a);
  case Function::Lg2:
    return std::log2(a);
  case Function::Sin:
    return std::sin(a);
  case Function::Cos:
    return std::cos(a);
  case Function::Tanh:
    return std::tanh(a);
  case Function::Rcp:
    return 1 / a;
  case Function::Rsqrt:
    return 1 / std::sqrt(a);
  case Function::Sqrt:
    return std::sqrt(a);
  case Function::Div:
    return a / b;
  }
  return a;
}

template <typename T>
static Flow executeFunction(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    uint64_t result = 0;
    for (unsigned at = 0; at < 8u * in.size; at += 8 * sizeof(T)) {
      T x = fromBits<T>(a.value[i] >> at), y = fromBits<T>(b.value[i] >> at);
      if (in.option2) {
        x = flushed(x);
        y = flushed(y);
      }
      T value =
          fromDouble<T>(evaluate(Function(in.option), toDouble(x), toDouble(y)),
                        Rounding::NearestEven);
      result |= toBits(in.option2 ? flushed(value) : value) << at;
    }
    d.value[i] = result;
    d.poison[i] = a.poison[i] | b.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

/// The approximations of f64, whose low 32 bits are zero [PTX 9.7.3.14, 17].
static Flow executeWide(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  auto flush = [&](double value) {
    return in.option2 && std::fabs(value) < std::numeric_limits<double>::min()
               ? std::copysign(0.0, value)
               : value;
  };
  forActive(warp, [&](unsigned i) {
    double value =
        evaluate(Function(in.option), flush(fromBits<double>(a.value[i])), 0);
    uint64_t bits = toBits(flush(value)) & ~uint64_t(0xffffffff);
    set<uint64_t>(d, i, std::isnan(value) ? 0x7fffffff00000000 : bits,
                  a.poison[i]);
  });
  return Flow::Next;
}

template <Function Which>
static void function(Decoder &d) {
  Type type = lastType(d);
  if (Which == Function::Div) {
    if (!decodeUniform<2>(d, type))
      return;
  } else {
    if (!decodeUniform<1>(d, type))
      return;
    d.append(d.names.constant(0));
  }
  d.out.option = uint8_t(Which);
  d.out.option2 = d.has("ftz");
  switch (type) {
  case Type::F16:
  case Type::F16x2:
    d.out.execute = executeFunction<F16>;
    break;
  case Type::BF16:
  case Type::BF16x2:
    d.out.execute = executeFunction<BF16>;
    break;
  case Type::F64:
    d.out.execute = executeWide;
    break;
  default:
    d.out.execute = executeFunction<float>;
    break;
  }
}

static constexpr InstructionClass kind = InstructionClass::Float;

static constexpr Row rows[] = {
    {"ex2 approx [ftz] f32", function<Function::Ex2>, kind},
    {"ex2 approx f16|f16x2", function<Function::Ex2>, kind},
    {"ex2 approx ftz bf16|bf16x2", function<Function::Ex2>, kind, Sm90},
    {"lg2 approx [ftz] f32", function<Function::Lg2>, kind},
    {"sin approx [ftz] f32", function<Function::Sin>, kind},
    {"cos approx [ftz] f32", function<Function::Cos>, kind},
    {"tanh approx f32|f16|f16x2", function<Function::Tanh>, kind},
    {"tanh approx bf16|bf16x2", function<Function::Tanh>, kind, Sm90},
    {"rcp approx [ftz] f32", function<Function::Rcp>, kind},
    {"rcp approx ftz f64", function<Function::Rcp>, kind},
    {"rsqrt approx [ftz] f64", function<Function::Rsqrt>, kind},
    {"rsqrt approx [ftz] f32", function<Function::Rsqrt>, kind},
    {"sqrt approx [ftz] f32", function<Function::Sqrt>, kind},
    {"div approx|full [ftz] f32", function<Function::Div>, kind},
};

Rows sim::functionRows() { return rows; }
