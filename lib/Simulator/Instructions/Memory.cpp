//===- Memory.cpp - Loads and stores --------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ld [PTX 9.7.9.8], st [PTX 9.7.9.11], prefetches and what else only advises
// the caches. Everything is executed in one order that all threads see, so that
// the orderings and scopes are taken and have nothing to do.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// Reads an aligned value. Other host threads write global memory, hence the
/// atomic access, which is an ordinary one on the hosts that there are.
static uint64_t load(const uint8_t *data, unsigned size) {
  switch (size) {
  case 1:
    return __atomic_load_n(data, __ATOMIC_RELAXED);
  case 2:
    return __atomic_load_n(reinterpret_cast<const uint16_t *>(data),
                           __ATOMIC_RELAXED);
  case 4:
    return __atomic_load_n(reinterpret_cast<const uint32_t *>(data),
                           __ATOMIC_ACQUIRE);
  default:
    return __atomic_load_n(reinterpret_cast<const uint64_t *>(data),
                           __ATOMIC_ACQUIRE);
  }
}

static void store(uint8_t *data, unsigned size, uint64_t value) {
  switch (size) {
  case 1:
    return __atomic_store_n(data, uint8_t(value), __ATOMIC_RELAXED);
  case 2:
    return __atomic_store_n(reinterpret_cast<uint16_t *>(data), uint16_t(value),
                            __ATOMIC_RELAXED);
  case 4:
    return __atomic_store_n(reinterpret_cast<uint32_t *>(data), uint32_t(value),
                            __ATOMIC_RELEASE);
  default:
    return __atomic_store_n(reinterpret_cast<uint64_t *>(data), value,
                            __ATOMIC_RELEASE);
  }
}

/// The poison of a value from its bytes' shadow.
static uint8_t poisonOf(const uint8_t *shadow, unsigned size) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, shadow, size);
  return bytes ? poisonedBytes(bytes) : 0;
}

//===----------------------------------------------------------------------===//
// Accounting
//===----------------------------------------------------------------------===//

/// The passes that shared memory needs for an access, beyond the first: 32
/// banks of 4 bytes; threads that read one word share it; accesses of 8 and 16
/// bytes are made by halves and quarters of the warp.
static unsigned countConflicts(const uint64_t (&addresses)[warpSize],
                               LaneMask lanes, unsigned bytes) {
  unsigned words = std::max(1u, bytes / 4);
  unsigned lanesAtOnce = std::max(1u, warpSize / words);
  unsigned conflicts = 0;
  for (unsigned first = 0; first < warpSize; first += lanesAtOnce) {
    uint64_t seen[warpSize];
    unsigned numSeen = 0, perBank[32] = {}, most = 0;
    for (unsigned lane = first; lane < first + lanesAtOnce; ++lane) {
      if (!(lanes >> lane & 1))
        continue;
      for (unsigned k = 0; k < words; ++k) {
        uint64_t word = addresses[lane] / 4 + k;
        if (numSeen == warpSize || is_contained(ArrayRef(seen, numSeen), word))
          continue;
        seen[numSeen++] = word;
        most = std::max(most, ++perBank[word % 32]);
      }
    }
    conflicts += most > 1 ? most - 1 : 0;
  }
  return conflicts;
}

static void account(Warp &warp, const Instruction &in, unsigned bytes,
                    const uint64_t (&addresses)[warpSize], bool isWrite,
                    bool isGlobal) {
  Statistics &statistics = warp.statistics;
  uint64_t total = uint64_t(bytes) * popcount(warp.active);
  if (in.space == StateSpace::Shared || in.space == StateSpace::SharedCluster) {
    ++statistics.sharedAccesses;
    statistics.bankConflicts += countConflicts(addresses, warp.active, bytes);
    (isWrite ? statistics.sharedBytesWritten : statistics.sharedBytesRead) +=
        total;
  } else if (isGlobal) {
    (isWrite ? statistics.globalBytesWritten : statistics.globalBytesRead) +=
        total;
  }
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// Operand 0 is the address, the others are the elements, of 16 bytes in two
/// slots each. `option` is the width of the registers that are extended to;
/// `option2` says that the access is strong.
template <bool IsStore>
static Flow executeAccess(Warp &warp, const Instruction &in) {
  const Lanes &base = warp.read(in.operands[0]);
  const unsigned bytes = in.size * in.count;
  const unsigned piece = std::min<unsigned>(in.size, 8);
  const unsigned pieces = in.size / piece;
  const Access kind = in.option2
                          ? IsStore ? Access::StrongWrite : Access::StrongRead
                      : IsStore ? Access::Write
                                : Access::Read;
  uint64_t addresses[warpSize];
  bool isGlobal = false;
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned i = countr_zero(left);
    if (base.poison[i])
      return warp.fault(i, "poison",
                        "the address depends on uninitialised data");
    addresses[i] = base.value[i] + uint64_t(in.offset);
    Bytes memory = warp.access(i, in.space, addresses[i], bytes, IsStore);
    if (!memory.data)
      return Flow::Fault;
    if (memory.owner && !warp.noteAccess(i, memory, bytes, kind))
      return Flow::Fault;
    isGlobal |= memory.isGlobal && in.space != StateSpace::Const;
    for (unsigned k = 0; k < in.count; ++k)
      for (unsigned half = 0; half < pieces; ++half) {
        int32_t slot = in.operands[1 + k] + int32_t(half);
        unsigned at = k * in.size + half * piece;
        if constexpr (IsStore) {
          const Lanes &value = warp.read(slot);
          uint8_t poison = value.poison[i] & poisonOfSize(piece);
          if (poison && memory.isGlobal)
            return warp.fault(i, "poison",
                              "stores uninitialised data to global memory");
          store(memory.data + at, piece, value.value[i]);
          uint64_t shadow = poison ? poisonedBits(poison) : 0;
          store(memory.shadow + at, piece, shadow);
        } else {
          Lanes &d = warp.write(slot);
          uint64_t value = load(memory.data + at, piece);
          uint8_t poison = poisonOf(memory.shadow + at, piece);
          if (in.option && value >> (8 * piece - 1) & 1) // a signed type
            value = (value | ~maskOfSize(piece)) & maskOfSize(in.option);
          // The bytes of the extension are good, or follow from a sign that
          // is not.
          if (in.option && poison)
            poison = poisonOfSize(in.option);
          d.value[i] = value;
          d.poison[i] = poison;
        }
      }
  }
  account(warp, in, bytes, addresses, IsStore, isGlobal);
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static StateSpace spaceOf(StringRef name) {
  return StringSwitch<StateSpace>(name)
      .Case("const", StateSpace::Const)
      .Case("global", StateSpace::Global)
      .Case("local", StateSpace::Local)
      .Cases({"param", "param::entry", "param::func"}, StateSpace::Param)
      .Cases({"shared", "shared::cta"}, StateSpace::Shared)
      .Case("shared::cluster", StateSpace::SharedCluster)
      .Default(StateSpace::Generic);
}

template <bool IsStore>
static void access(Decoder &d) {
  bool hasPolicy = d.has("L2::cache_hint");
  // All but weak accesses are strong [PTX 8.4].
  for (StringRef strong : {"volatile", "relaxed", "acquire", "release", "mmio"})
    d.out.option2 |= d.has(strong);
  if (!d.expectOperands(hasPolicy ? 3 : 2))
    return;
  Type type = lastType(d);
  StringRef vector;
  StateSpace space = StateSpace::Generic;
  for (StringRef modifier : d.in.modifiers) {
    if (modifier == "v2" || modifier == "v4" || modifier == "v8")
      vector = modifier;
    if (StateSpace named = spaceOf(modifier); named != StateSpace::Generic)
      space = named;
  }
  const Operand &address = d.in.operands[IsStore ? 0 : 1];
  const Operand &data = d.in.operands[IsStore ? 1 : 0];
  d.address(address, space);
  unsigned count = vector.empty() ? 1 : unsigned(vector[1] - '0');
  d.out.size = uint8_t(sizeInBytes(type));
  d.out.count = uint8_t(count);
  unsigned most = d.has("nc") || space == StateSpace::Global ? 32 : 16;
  if (d.out.size * count > most || (count == 8 && d.out.size != 4))
    return d.fail("a vector of " + Twine(count) + " ." + stringify(type) +
                  " is too long");
  if (d.out.size * count == 32)
    d.require(Sm100, "an access of 32 bytes");

  SmallVector<Operand, 8> elements = {data};
  if (!vector.empty()) {
    if (data.kind != Operand::Kind::Vector || data.elements.size() != count)
      return d.fail("expects a vector of " + Twine(count) + " registers");
    elements.assign(data.elements.begin(), data.elements.end());
  } else if (data.kind == Operand::Kind::Vector) {
    if (data.elements.size() != 1)
      return d.fail("expects one register");
    elements.assign(data.elements.begin(), data.elements.end());
  }
  for (const Operand &element : elements) {
    if (IsStore) {
      d.source(element, type, /*mayBeWider=*/true);
    } else {
      unsigned width = d.destination(element, type, /*mayBeWider=*/true);
      if (isSigned(type))
        d.out.option = std::max(d.out.option, uint8_t(width));
    }
  }
  if (hasPolicy)
    d.source(2, Type::B64);
  d.out.execute = executeAccess<IsStore>;
}

static Flow executeNothing(Warp &, const Instruction &) { return Flow::Next; }

/// Advice to caches: nothing to do, and no address is checked, as prefetches
/// of addresses that do not exist are legal.
static void advice(Decoder &d) { d.out.execute = executeNothing; }

/// A cache policy is a value that nobody interprets.
static void policy(Decoder &d) {
  if (!d.expectOperands(1, 2))
    return;
  d.out.size = 8;
  d.out.type = Type::B64;
  d.destination(0, Type::B64);
  d.append(d.names.constant(0));
  d.out.execute = [](Warp &warp, const Instruction &in) {
    Lanes &result = warp.write(in.operands[0]);
    forActive(warp, [&](unsigned i) { set<uint64_t>(result, i, 0, false); });
    return Flow::Next;
  };
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define TYPES "b8|b16|b32|b64|b128|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64"
#define SCOPE "[cta|cluster|gpu|sys]"
#define HINTS                                                                  \
  "[L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|"      \
  "L1::no_allocate] [L2::evict_normal|L2::evict_first|L2::evict_last] "        \
  "[L2::cache_hint] [L2::64B|L2::128B|L2::256B] [v2|v4|v8] "

static constexpr InstructionClass kind = InstructionClass::Memory;

static constexpr Row rows[] = {
    {"ld [weak|volatile|relaxed|acquire|mmio] " SCOPE
     " [const|global|local|param|param::entry|param::func|shared|shared::cta|"
     "shared::cluster] [ca|cg|cs|cv|lu] " HINTS TYPES,
     access<false>, kind},
    {"ld global [ca|cg|cs|lu] nc " HINTS TYPES, access<false>, kind},
    {"ldu [global] [v2|v4] " TYPES, access<false>, kind},
    {"st [weak|volatile|relaxed|release|mmio] " SCOPE
     " [global|local|param|param::func|shared|shared::cta|shared::cluster] "
     "[wb|cg|cs|wt] " HINTS TYPES,
     access<true>, kind},
    {"prefetch [global|local] L1|L2|L2::evict_last|L2::evict_normal", advice,
     kind},
    {"prefetchu L1", advice, kind},
    {"applypriority [global] L2::evict_normal", advice, kind},
    {"discard [global] L2", advice, kind},
    {"createpolicy fractional L2::evict_last|L2::evict_first|L2::evict_normal|"
     "L2::evict_unchanged [L2::evict_first|L2::evict_unchanged] b64",
     policy, kind},
};

Rows sim::memoryRows() { return rows; }
