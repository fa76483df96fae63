//===- Atomics.cpp - Atomic operations ------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// atom [PTX 9.7.13.5] and red [PTX 9.7.13.7]. The threads of a warp take their
// turns in the order of their lanes.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

namespace {
enum class AtomicOp : uint8_t {
  And,
  Or,
  Xor,
  Exchange,
  CompareAndSwap,
  Add,
  Increment,
  Decrement,
  Min,
  Max,
};
} // namespace

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

static uint64_t apply(const Instruction &in, uint64_t old, uint64_t b,
                      uint64_t c, bool isGlobal) {
  AtomicOp op = AtomicOp(in.option);
  auto halves = [&](auto zero) {
    using T = decltype(zero);
    return applyFloat<T>(op, old & 0xffff, b & 0xffff, false) |
           applyFloat<T>(op, old >> 16, b >> 16, false) << 16;
  };
  switch (in.type) {
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
static uint64_t update(const Instruction &in, uint8_t *data, uint64_t b,
                       uint64_t c, bool isGlobal) {
  T *place = reinterpret_cast<T *>(data);
  T old = __atomic_load_n(place, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(
      place, &old, T(apply(in, old, b, c, isGlobal)), /*weak=*/false,
      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

/// Poisons bytes, or clears them where they are replaced; says whether one was
/// poisoned. Other host threads do the same in global memory.
static bool updateShadow(uint8_t *shadow, unsigned size, bool poisoned,
                         bool replaces) {
  bool was = false;
  for (unsigned i = 0; i < size; ++i) {
    was |= __atomic_load_n(&shadow[i], __ATOMIC_RELAXED) != 0;
    if (poisoned || replaces)
      __atomic_store_n(&shadow[i], uint8_t(poisoned ? 255 : 0),
                       __ATOMIC_RELAXED);
  }
  return was;
}

/// Operand 0 is the address, then come `count` results unless `option2`, then
/// as many values, then the second value of cas.
static Flow executeAtomic(Warp &warp, const Instruction &in) {
  const Lanes &base = warp.read(in.operands[0]);
  const unsigned count = in.count;
  const bool hasResult = !in.option2;
  const bool isCas = AtomicOp(in.option) == AtomicOp::CompareAndSwap;
  ArrayRef<int32_t> results = in.operands.slice(1, hasResult ? count : 0);
  ArrayRef<int32_t> values = in.operands.slice(1 + results.size(), count);
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned i = countr_zero(left);
    if (base.poison[i])
      return warp.fault(i, "poison",
                        "the address depends on uninitialised data");
    Bytes memory = warp.access(i, in.space, base.value[i] + uint64_t(in.offset),
                               in.size * count, true);
    if (!memory.data ||
        !warp.noteAccess(i, memory, in.size * count, Access::StrongWrite))
      return Flow::Fault;
    for (unsigned k = 0; k < count; ++k) {
      const Lanes &b = warp.read(values[k]);
      const Lanes &c = isCas ? warp.read(in.operands.back()) : b;
      bool poisoned = b.poison[i] || c.poison[i];
      if (poisoned && memory.isGlobal)
        return warp.fault(i, "poison",
                          "'" + in.syntax->opcode() +
                              "' puts uninitialised data into global memory");
      uint8_t *data = memory.data + k * in.size;
      uint8_t *shadow = memory.shadow + k * in.size;
      uint64_t vb = b.value[i], vc = c.value[i];
      uint64_t old =
          in.size == 2   ? update<uint16_t>(in, data, vb, vc, memory.isGlobal)
          : in.size == 4 ? update<uint32_t>(in, data, vb, vc, memory.isGlobal)
                         : update<uint64_t>(in, data, vb, vc, memory.isGlobal);
      bool replaces = AtomicOp(in.option) == AtomicOp::Exchange;
      bool oldPoisoned = updateShadow(shadow, in.size, poisoned, replaces);
      if (hasResult) {
        Lanes &d = warp.write(results[k]);
        d.value[i] = old;
        d.poison[i] = oldPoisoned ? poisonOfSize(in.size) : 0;
      }
    }
  }
  return Flow::Next;
}

static void atomic(Decoder &d) {
  bool isRed = d.in.root == "red";
  unsigned fixed = isRed ? 2 : 3;
  AtomicOp op = AtomicOp::Add;
  StateSpace space = StateSpace::Generic;
  unsigned count = 1;
  for (StringRef modifier : d.in.modifiers) {
    op = StringSwitch<AtomicOp>(modifier)
             .Case("and", AtomicOp::And)
             .Case("or", AtomicOp::Or)
             .Case("xor", AtomicOp::Xor)
             .Case("exch", AtomicOp::Exchange)
             .Case("cas", AtomicOp::CompareAndSwap)
             .Case("inc", AtomicOp::Increment)
             .Case("dec", AtomicOp::Decrement)
             .Case("min", AtomicOp::Min)
             .Case("max", AtomicOp::Max)
             .Default(op);
    space = StringSwitch<StateSpace>(modifier)
                .Case("global", StateSpace::Global)
                .Cases({"shared", "shared::cta"}, StateSpace::Shared)
                .Case("shared::cluster", StateSpace::SharedCluster)
                .Default(space);
    if (modifier == "v2" || modifier == "v4" || modifier == "v8")
      count = unsigned(modifier[1] - '0');
  }
  fixed += op == AtomicOp::CompareAndSwap ? 1 : 0;
  fixed += d.has("L2::cache_hint") ? 1 : 0;
  if (!d.expectOperands(fixed))
    return;
  Type type = lastType(d);
  d.out.type = type;
  d.out.size = uint8_t(sizeInBytes(type));
  d.out.count = uint8_t(count);
  d.out.option = uint8_t(op);
  d.out.option2 = isRed;
  auto elements = [&](const Operand &operand, bool isResult) {
    SmallVector<Operand, 8> list = {operand};
    if (count > 1) {
      if (operand.kind != Operand::Kind::Vector ||
          operand.elements.size() != count)
        return d.fail("expects a vector of " + Twine(count) + " registers");
      list.assign(operand.elements.begin(), operand.elements.end());
    }
    for (const Operand &element : list)
      if (isResult)
        d.destination(element, type);
      else
        d.source(element, type);
  };
  unsigned next = isRed ? 0 : 1;
  d.address(d.in.operands[next++], space);
  if (!isRed)
    elements(d.in.operands[0], true);
  elements(d.in.operands[next++], false);
  if (op == AtomicOp::CompareAndSwap)
    d.source(next++, type);
  d.out.execute = executeAtomic;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define ORDER "[relaxed|acquire|release|acq_rel] [cta|cluster|gpu|sys] "
#define SPACE "[global|shared|shared::cta|shared::cluster] "
#define HINT " [L2::cache_hint] "

static constexpr InstructionClass kind = InstructionClass::Memory;

static constexpr Row rows[] = {
    {"atom " ORDER SPACE "and|or|xor" HINT "b32|b64", atomic, kind},
    {"atom " ORDER SPACE "exch" HINT "b32|b64", atomic, kind},
    {"atom " ORDER SPACE "cas" HINT "b16|b32|b64", atomic, kind},
    {"atom " ORDER SPACE "add" HINT "u32|s32|u64|f32|f64", atomic, kind},
    {"atom " ORDER SPACE "inc|dec" HINT "u32", atomic, kind},
    {"atom " ORDER SPACE "min|max" HINT "u32|s32|u64|s64", atomic, kind},
    {"atom " ORDER SPACE "add noftz" HINT "f16|f16x2", atomic, kind},
    {"atom " ORDER SPACE "add noftz" HINT "bf16|bf16x2", atomic, kind, Sm90},
    {"atom " ORDER "[global] add" HINT "v2|v4 f32", atomic, kind, Sm90},
    {"atom " ORDER "[global] add|min|max noftz" HINT "v2|v4|v8 f16|bf16",
     atomic, kind, Sm90},
    {"atom " ORDER "[global] add|min|max noftz" HINT "v2|v4 f16x2|bf16x2",
     atomic, kind, Sm90},
    {"red " ORDER SPACE "and|or|xor" HINT "b32|b64", atomic, kind},
    {"red " ORDER SPACE "add" HINT "u32|s32|u64|f32|f64", atomic, kind},
    {"red " ORDER SPACE "inc|dec" HINT "u32", atomic, kind},
    {"red " ORDER SPACE "min|max" HINT "u32|s32|u64|s64", atomic, kind},
    {"red " ORDER SPACE "add noftz" HINT "f16|f16x2", atomic, kind},
    {"red " ORDER SPACE "add noftz" HINT "bf16|bf16x2", atomic, kind, Sm90},
    {"red " ORDER "[global] add" HINT "v2|v4 f32", atomic, kind, Sm90},
    {"red " ORDER "[global] add|min|max noftz" HINT "v2|v4|v8 f16|bf16", atomic,
     kind, Sm90},
    {"red " ORDER "[global] add|min|max noftz" HINT "v2|v4 f16x2|bf16x2",
     atomic, kind, Sm90},
};

Rows sim::atomicRows() { return rows; }
