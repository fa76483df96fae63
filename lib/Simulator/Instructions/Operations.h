//===- Operations.h - Instructions as functions of operands -----*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What instruction files are written with: an instruction that computes is a
// struct with a static function `apply` over values, and the templates here
// read its operands, carry poison and write its result. Poison of one byte of
// an operand poisons the whole result; instructions that move bits, for which
// that is too coarse, do it themselves.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_OPERATIONS_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_OPERATIONS_H

#include "../Decoder.h"
#include "../Execution.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <cstring>

namespace mlir::fp4::sim {

template <typename T>
inline T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <typename T>
inline uint64_t toBits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

/// Calls the function for each active lane.
template <typename Function>
inline void forActive(const Warp &warp, Function function) {
  if (warp.active == ~LaneMask(0))
    for (unsigned lane = 0; lane < warpSize; ++lane)
      function(lane);
  else
    forEachLane(warp.active, function);
}

template <typename R>
inline void set(Lanes &d, unsigned lane, R value, bool poisoned) {
  d.value[lane] = toBits(value);
  d.poison[lane] = poisoned ? poisonOfSize(sizeof(R)) : 0;
}

/// d = Op::apply(a)
template <typename Op, typename R, typename A>
Flow executeUnary(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    set<R>(d, i, Op::apply(fromBits<A>(a.value[i])), a.poison[i]);
  });
  return Flow::Next;
}

/// d = Op::apply(a, b)
template <typename Op, typename R, typename A, typename B = A>
Flow executeBinary(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    set<R>(d, i, Op::apply(fromBits<A>(a.value[i]), fromBits<B>(b.value[i])),
           a.poison[i] | b.poison[i]);
  });
  return Flow::Next;
}

/// d = Op::apply(a, b, c)
template <typename Op, typename R, typename A, typename B = A, typename C = B>
Flow executeTernary(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  const Lanes &c = warp.read(in.operands[3]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    set<R>(d, i,
           Op::apply(fromBits<A>(a.value[i]), fromBits<B>(b.value[i]),
                     fromBits<C>(c.value[i])),
           a.poison[i] | b.poison[i] | c.poison[i]);
  });
  return Flow::Next;
}

/// Two values in one register, the first in the low half.
template <typename T>
struct Two {
  T low, high;
};

/// Makes an operation over T one over two of them.
template <typename Op>
struct Twice {
  template <typename T, typename... Ts>
  static Two<T> apply(Two<T> a, Ts... rest) {
    return {Op::apply(a.low, rest.low...), Op::apply(a.high, rest.high...)};
  }
};

using Execute = Flow (*)(Warp &, const Instruction &);

/// The last type among the modifiers, which is the instruction's.
inline Type lastType(const Decoder &d) {
  for (llvm::StringRef modifier : llvm::reverse(d.in.modifiers))
    if (std::optional<Type> type = parseType(modifier))
      return *type;
  return Type::B32;
}

/// Calls the function with a value of the C++ type of an integer or bit type.
template <typename Function>
Execute chooseInteger(Type type, Function function) {
  switch (type) {
  case Type::B8:
  case Type::U8:
  case Type::Pred:
    return function(uint8_t());
  case Type::S8:
    return function(int8_t());
  case Type::B16:
  case Type::U16:
    return function(uint16_t());
  case Type::S16:
    return function(int16_t());
  case Type::B32:
  case Type::U32:
    return function(uint32_t());
  case Type::S32:
    return function(int32_t());
  case Type::B64:
  case Type::U64:
    return function(uint64_t());
  case Type::S64:
    return function(int64_t());
  default:
    return nullptr;
  }
}

/// All operands have the instruction's type.
template <unsigned Count>
bool decodeUniform(Decoder &d, Type type) {
  if (!d.expectOperands(Count + 1))
    return false;
  d.out.type = type;
  d.out.size = uint8_t(sizeInBytes(type));
  d.destination(0, type);
  for (unsigned i = 1; i <= Count; ++i)
    d.source(i, type);
  return true;
}

template <typename Op>
void integerUnary(Decoder &d) {
  Type type = lastType(d);
  if (!decodeUniform<1>(d, type))
    return;
  d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return executeUnary<Op, T, T>;
  });
}

template <typename Op>
void integerBinary(Decoder &d) {
  Type type = lastType(d);
  if (!decodeUniform<2>(d, type))
    return;
  if (type == Type::U16x2)
    d.out.execute = executeBinary<Twice<Op>, Two<uint16_t>, Two<uint16_t>>;
  else if (type == Type::S16x2)
    d.out.execute = executeBinary<Twice<Op>, Two<int16_t>, Two<int16_t>>;
  else
    d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
      using T = decltype(zero);
      return executeBinary<Op, T, T>;
    });
}

template <typename Op>
void integerTernary(Decoder &d) {
  Type type = lastType(d);
  if (!decodeUniform<3>(d, type))
    return;
  d.out.execute = chooseInteger(type, [](auto zero) -> Execute {
    using T = decltype(zero);
    return executeTernary<Op, T, T>;
  });
}

/// The bits that are poisoned, of a mask of bytes.
inline uint64_t poisonedBits(uint8_t bytes) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (bytes >> i & 1)
      bits |= uint64_t(255) << (8 * i);
  return bits;
}

/// The bytes that hold a poisoned bit.
inline uint8_t poisonedBytes(uint64_t bits) {
  uint8_t bytes = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (bits >> (8 * i) & 255)
      bytes |= 1 << i;
  return bytes;
}

/// Arithmetic that wraps, for signed types too.
template <typename T>
using Unsigned = std::make_unsigned_t<T>;
/// A type with room for every product of two values.
template <typename T>
using Wide = std::conditional_t<
    sizeof(T) == 8,
    std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_OPERATIONS_H
