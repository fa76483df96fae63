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

#include "AtomicUpdate.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

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
      uint64_t old = updateAtomically(AtomicOp(in.option), in.type, data,
                                      b.value[i], c.value[i], memory.isGlobal);
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
    if (std::optional<AtomicOp> named = parseAtomicOp(modifier))
      op = *named;
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
