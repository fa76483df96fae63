//===- AtomicUpdate.cpp - What atomic operations do to memory -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AtomicUpdate.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

std::optional<AtomicOp> sim::parseAtomicOp(StringRef name) {
  return StringSwitch<std::optional<AtomicOp>>(name)
      .Case("and", AtomicOp::And)
      .Case("or", AtomicOp::Or)
      .Case("xor", AtomicOp::Xor)
      .Case("exch", AtomicOp::Exchange)
      .Case("cas", AtomicOp::CompareAndSwap)
      .Case("add", AtomicOp::Add)
      .Case("inc", AtomicOp::Increment)
      .Case("dec", AtomicOp::Decrement)
      .Case("min", AtomicOp::Min)
      .Case("max", AtomicOp::Max)
      .Default(std::nullopt);
}

template <typename T>
static uint64_t applyInteger(AtomicOp op, uint64_t old, uint64_t b,
                             uint64_t c) {
  T x = fromBits<T>(old), y = fromBits<T>(b);
  switch (op) {
  case AtomicOp::And:
    return old & b;
  case AtomicOp::Or:
    return old | b;
  case AtomicOp::Xor:
    return old ^ b;
  case AtomicOp::Exchange:
    return b;
  case AtomicOp::CompareAndSwap:
    return x == y ? c : old;
  case AtomicOp::Add:
    return toBits(T(Unsigned<T>(x) + Unsigned<T>(y)));
  case AtomicOp::Increment:
    return x >= y ? 0 : old + 1;
  case AtomicOp::Decrement:
    return x == 0 || x > y ? b : old - 1;
  case AtomicOp::Min:
    return x < y ? old : b;
  case AtomicOp::Max:
    return x > y ? old : b;
  }
  return old;
}

/// Sums of floats, to nearest. f32 in global memory flushes subnormals, in
/// shared memory it does not [PTX 9.7.13.5].
template <typename T>
static uint64_t applyFloat(AtomicOp op, uint64_t old, uint64_t b, bool ftz) {
  T x = fromBits<T>(old), y = fromBits<T>(b);
  if (ftz) {
    x = flushed(x);
    y = flushed(y);
  }
  if (op == AtomicOp::Min || op == AtomicOp::Max) {
    double u = toDouble(x), v = toDouble(y);
    if (std::isnan(u) || std::isnan(v))
      return std::isnan(u) && std::isnan(v)
                 ? toBits(fromDouble<T>(u, Rounding::NearestEven))
                 : toBits(std::isnan(u) ? y : x);
    bool less = u < v || (u == v && std::signbit(u) && !std::signbit(v));
    return toBits(less == (op == AtomicOp::Min) ? x : y);
  }
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    T sum = canonical(T(x + y));
    return toBits(ftz ? flushed(sum) : sum);
  } else {
    return toBits(fromDouble<T>(addToOdd(toDouble(x), toDouble(y)),
                                Rounding::NearestEven));
  }
}

static uint64_t apply(AtomicOp op, Type type, uint64_t old, uint64_t b,
                      uint64_t c, bool isGlobal) {
  auto halves = [&](auto zero) {
    using T = decltype(zero);
    return applyFloat<T>(op, old & 0xffff, b & 0xffff, false) |
           applyFloat<T>(op, old >> 16, b >> 16, false) << 16;
  };
  switch (type) {
  case Type::F32:
    return applyFloat<float>(op, old, b, isGlobal && op == AtomicOp::Add);
  case Type::F64:
    return applyFloat<double>(op, old, b, false);
  case Type::F16:
    return applyFloat<F16>(op, old, b, false);
  case Type::BF16:
    return applyFloat<BF16>(op, old, b, false);
  case Type::F16x2:
    return halves(F16());
  case Type::BF16x2:
    return halves(BF16());
  case Type::B16:
    return applyInteger<uint16_t>(op, old, b, c);
  case Type::S32:
    return applyInteger<int32_t>(op, old, b, c);
  case Type::S64:
    return applyInteger<int64_t>(op, old, b, c);
  case Type::U64:
  case Type::B64:
    return applyInteger<uint64_t>(op, old, b, c);
  default:
    return applyInteger<uint32_t>(op, old, b, c);
  }
}

/// Replaces a value of the host's memory by what it becomes.
template <typename T>
static uint64_t update(AtomicOp op, Type type, uint8_t *data, uint64_t b,
                       uint64_t c, bool isGlobal) {
  T *place = reinterpret_cast<T *>(data);
  T old = __atomic_load_n(place, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(
      place, &old, T(apply(op, type, old, b, c, isGlobal)), /*weak=*/false,
      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

uint64_t sim::updateAtomically(AtomicOp op, Type type, uint8_t *data,
                               uint64_t b, uint64_t c, bool isGlobal) {
  switch (sizeInBytes(type)) {
  case 2:
    return update<uint16_t>(op, type, data, b, c, isGlobal);
  case 4:
    return update<uint32_t>(op, type, data, b, c, isGlobal);
  default:
    return update<uint64_t>(op, type, data, b, c, isGlobal);
  }
}
