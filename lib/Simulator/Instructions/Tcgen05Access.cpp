//===- Tcgen05Access.cpp - Tensor memory and registers --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tcgen05.ld, tcgen05.st and tcgen05.wait [PTX 9.7.16.8]. They are done when
// they are executed: that nobody may rely on it before the wait is for the
// detectors to say, and for the poison of the registers.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "Tcgen05.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// The poison of a register of 32 bits that a tcgen05.ld is yet to write. What
/// other instructions write has no bits above the fourth.
static constexpr uint8_t pendingPoison = 255;

namespace {
/// Where an access of a warp goes.
struct Place {
  unsigned lane; ///< That thread 0 of the shape begins at.
  unsigned column;
};
} // namespace

static unsigned numLanes(AccessShape shape) {
  return shape == AccessShape::L32x32b ? 32 : 16;
}

/// The columns of an access, relative to its address.
static SmallVector<std::pair<unsigned, unsigned>, 2>
getColumns(const Instruction &in, AccessShape shape, unsigned numRegisters) {
  unsigned packed = in.option2 ? 2 : 1;
  if (shape == AccessShape::L16x32bx2) {
    unsigned count = numRegisters * packed;
    return {{0, count}, {unsigned(in.immediate), count}};
  }
  // 16 lanes of two columns are the words of 32 threads.
  unsigned count = numRegisters * (32 / numLanes(shape));
  return {{0, count * packed}};
}

/// The place of an access, checked; none after a fault.
static std::optional<Place> locate(Warp &warp, const Instruction &in,
                                   AccessShape shape, unsigned numRegisters) {
  std::optional<uint64_t> base =
      readUniform(warp, in.operands[0], "address in tensor memory");
  if (!base)
    return std::nullopt;
  Issuer issuer(warp, countr_zero(warp.active));
  std::optional<TensorAddress> address =
      splitAddress(issuer, uint32_t(*base + uint64_t(in.offset)), "the access");
  if (!address)
    return std::nullopt;
  unsigned inPartition = address->lane % kLanesPerPartition;
  if (inPartition != 0 && (numLanes(shape) != 16 || inPartition != 16)) {
    issuer.fault("tensor-memory-bounds",
                 "the access begins at lane " + Twine(address->lane) +
                     ", but expects a multiple of " + Twine(numLanes(shape)));
    return std::nullopt;
  }
  // A warp reaches the lanes of its place among four, whatever the address
  // says: kernels that pass lane 0 from every warp run on hardware.
  unsigned partition = warp.index % 4 * kLanesPerPartition;
  if (warp.cta.grid.launch.pedantic &&
      address->lane - inPartition != partition) {
    issuer.fault("tensor-memory-lanes",
                 "the address has lane " + Twine(address->lane) +
                     ", but warp " + Twine(warp.index) +
                     " of the CTA reaches lanes " + Twine(partition) + " to " +
                     Twine(partition + kLanesPerPartition - 1));
    return std::nullopt;
  }
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  for (auto [first, count] : getColumns(in, shape, numRegisters))
    if (!unit.checkColumns(issuer, address->column + first, count,
                           "the access"))
      return std::nullopt;
  return Place{partition + inPartition, address->column};
}

/// Notes the access of the whole warp, which `token` is told of.
static bool note(Warp &warp, const Instruction &in, AccessShape shape,
                 unsigned numRegisters, const Place &place, Access kind,
                 SyncToken &token) {
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  Issuer issuer(warp, countr_zero(warp.active));
  TensorAgent agent = unit.beginAccess(warp);
  for (auto [first, count] : getColumns(in, shape, numRegisters))
    if (!unit.noteAccess(
            issuer, agent,
            {place.lane, numLanes(shape), place.column + first, count}, kind))
      return false;
  warp.cta.cluster.races.release(agent.agent, token);
  return true;
}

static TensorMemoryWord getWord(const Instruction &in, AccessShape shape,
                                unsigned thread, unsigned reg) {
  unsigned split = unsigned(in.immediate);
  return in.option2 ? getPackedAccessWord(shape, thread, reg, split)
                    : getAccessWord(shape, thread, reg, split);
}

/// Calls the function for each thread with the words of a register.
template <typename Function>
static void forEachWord(const Warp &warp, const Instruction &in,
                        AccessShape shape, unsigned reg, Function function) {
  forActive(warp, [&](unsigned lane) {
    TensorMemoryWord word = getWord(in, shape, lane, reg);
    function(lane, word.lane, word.column);
  });
}

namespace {
/// What follows a load, up to the end of the loop that it is in.
struct Use {
  bool isFirst = false; ///< A register is used before a tcgen05.wait::ld.
  /// What tells others something before that.
  const Instruction *telling = nullptr;
};
} // namespace

/// Where threads need a register of a load it is over, with or without a wait.
/// So CUTLASS frees tensor memory after a barrier, with no wait at all.
static Use findUse(const Warp &warp, const Instruction &load) {
  ArrayRef<int32_t> registers = load.operands.drop_front();
  Use use;
  const std::vector<Instruction> &code = warp.cta.grid.code.instructions;
  for (size_t pc = warp.pc + 1; pc < code.size(); ++pc) {
    const Instruction &in = code[pc];
    StringRef root = in.syntax->root;
    if (root == "tcgen05" && is_contained(in.syntax->modifiers, "wait::ld"))
      return use;
    if (!use.telling &&
        (root == "mbarrier" || root == "barrier" ||
         (root == "bar" && !is_contained(in.syntax->modifiers, "warp"))))
      use.telling = &in;
    // What is skipped on the way is an assertion's failure and the like.
    if (in.kind == InstructionClass::Control &&
        (root == "ret" || root == "exit" || (root == "bra" && in.target <= pc)))
      return use;
    for (int32_t slot : in.operands)
      if (is_contained(registers, slot)) {
        use.isFirst = true;
        return use;
      }
  }
  return use;
}

/// Operands: the address, the registers. `option` is the shape, `option2`
/// whether two words share a register, `immediate` the split of 16x32bx2.
static Flow executeLoad(Warp &warp, const Instruction &in) {
  AccessShape shape = AccessShape(in.option);
  unsigned count = unsigned(in.operands.size()) - 1;
  std::optional<Place> place = locate(warp, in, shape, count);
  if (!place)
    return Flow::Fault;
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  TensorMemoryUnit::WarpState &state = unit.state(warp);
  bool isPedantic = warp.cta.grid.launch.pedantic;
  SyncToken done;
  if (!note(warp, in, shape, count, *place, Access::Read, done))
    return Flow::Fault;
  Use use = isPedantic ? Use() : findUse(warp, in);
  if (use.isFirst)
    warp.cta.cluster.races.acquire(warp.agent, done);
  else
    state.loads.merge(done);
  // CuTe DSL's dense products do: what comes after the arrival takes longer.
  if (use.isFirst && use.telling)
    Issuer(warp, countr_zero(warp.active))
        .warn("tensor-memory-race",
              "nothing waits for the load before '" +
                  use.telling->syntax->opcode() + "' at line " +
                  Twine(use.telling->syntax->location.line) +
                  ", neither a tcgen05.wait::ld nor a use of its registers");
  // The manual has registers read after the wait only. The hardware's
  // scoreboard knows of them all the same, and the kernels of Triton and of
  // CUTLASS rely on that.
  for (unsigned reg = 0; reg < count; ++reg) {
    Lanes &d = warp.write(in.operands[1 + reg]);
    TensorMemoryUnit::PendingLoad pending{&d, {}};
    forEachWord(warp, in, shape, reg,
                [&](unsigned thread, unsigned lane, unsigned column) {
                  lane += place->lane;
                  column += place->column;
                  const uint32_t *words = unit.words(lane, column);
                  const uint8_t *poison = unit.poison(lane, column);
                  d.value[thread] = in.option2
                                        ? (words[0] & 0xffff) | words[1] << 16
                                        : words[0];
                  uint8_t bad = in.option2
                                    ? (poison[0] & 3) | (poison[1] & 3) << 2
                                    : poison[0];
                  pending.poison[thread] = bad;
                  d.poison[thread] = isPedantic ? pendingPoison : bad;
                });
    if (isPedantic)
      state.pending.push_back(pending);
  }
  return Flow::Next;
}

/// Operands as of a load.
static Flow executeStore(Warp &warp, const Instruction &in) {
  AccessShape shape = AccessShape(in.option);
  unsigned count = unsigned(in.operands.size()) - 1;
  std::optional<Place> place = locate(warp, in, shape, count);
  if (!place)
    return Flow::Fault;
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  if (!note(warp, in, shape, count, *place, Access::Write,
            unit.state(warp).stores))
    return Flow::Fault;
  for (unsigned reg = 0; reg < count; ++reg) {
    const Lanes &value = warp.read(in.operands[1 + reg]);
    forEachWord(warp, in, shape, reg,
                [&](unsigned thread, unsigned lane, unsigned column) {
                  lane += place->lane;
                  column += place->column;
                  uint32_t *words = unit.words(lane, column);
                  uint8_t *poison = unit.poison(lane, column);
                  uint32_t bits = uint32_t(value.value[thread]);
                  uint8_t bad = value.poison[thread] & poisonOfSize(4);
                  if (!in.option2) {
                    words[0] = bits;
                    poison[0] = bad;
                    return;
                  }
                  words[0] = bits & 0xffff;
                  poison[0] = bad & 3;
                  words[1] = bits >> 16;
                  poison[1] = bad >> 2;
                });
  }
  return Flow::Next;
}

template <bool IsStore>
static void access(Decoder &d) {
  AccessShape shape = StringSwitch<AccessShape>(d.group(3))
                          .Case("16x64b", AccessShape::L16x64b)
                          .Case("16x128b", AccessShape::L16x128b)
                          .Case("16x256b", AccessShape::L16x256b)
                          .Case("16x32bx2", AccessShape::L16x32bx2)
                          .Default(AccessShape::L32x32b);
  bool hasSplit = shape == AccessShape::L16x32bx2;
  if (!d.expectOperands(hasSplit ? 3 : 2))
    return;
  unsigned num = 0;
  if (d.group(4).drop_front().getAsInteger(10, num))
    return;
  Expected<unsigned> count = getNumAccessRegisters(shape, num);
  if (!count)
    return d.fail(toString(count.takeError()));
  d.out.aligned = true;
  d.out.option = uint8_t(shape);
  d.out.option2 = d.has("pack::16b") || d.has("unpack::16b");
  unsigned addressAt = IsStore ? 0 : 1, dataAt = IsStore ? hasSplit ? 2 : 1 : 0;
  d.address(d.in.operands[addressAt], StateSpace::Generic);
  if (hasSplit) {
    std::optional<int64_t> split = d.integer(d.in.operands[IsStore ? 1 : 2]);
    if (!split || *split < 0 || *split >= int64_t(kTensorMemoryColumns))
      return d.fail("expects a constant number of columns between the halves");
    d.out.immediate = uint64_t(*split);
  }
  const ptx::Operand &data = d.in.operands[dataAt];
  SmallVector<ptx::Operand, 1> single = {data};
  ArrayRef<ptx::Operand> elements = single;
  if (data.kind == ptx::Operand::Kind::Vector)
    elements = data.elements;
  if (elements.size() != *count)
    return d.fail("expects " + Twine(*count) + " registers, but got " +
                  Twine(elements.size()));
  for (const ptx::Operand &element : elements)
    IsStore ? d.source(element, Type::B32) : d.destination(element, Type::B32);
  d.out.execute = IsStore ? executeStore : executeLoad;
}

//===----------------------------------------------------------------------===//
// wait
//===----------------------------------------------------------------------===//

static Flow executeWaitLoad(Warp &warp, const Instruction &) {
  auto &unit = warp.cta.unit<TensorMemoryUnit>();
  TensorMemoryUnit::WarpState &state = unit.state(warp);
  warp.cta.cluster.races.acquire(warp.agent, state.loads);
  for (const TensorMemoryUnit::PendingLoad &load : state.pending)
    forActive(warp, [&](unsigned lane) {
      // Something else may have been written there since.
      if (load.lanes->poison[lane] == pendingPoison)
        load.lanes->poison[lane] = load.poison[lane];
    });
  state.pending.clear();
  state.loads.clear();
  return Flow::Next;
}

static Flow executeWaitStore(Warp &warp, const Instruction &) {
  TensorMemoryUnit::WarpState &state =
      warp.cta.unit<TensorMemoryUnit>().state(warp);
  warp.cta.cluster.races.acquire(warp.agent, state.stores);
  state.stores.clear();
  return Flow::Next;
}

static void wait(Decoder &d) {
  if (!d.expectOperands(0))
    return;
  d.out.aligned = true;
  d.out.execute = d.has("wait::ld") ? executeWaitLoad : executeWaitStore;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define SHAPE "16x64b|16x128b|16x256b|32x32b|16x32bx2 "
#define COUNT "x1|x2|x4|x8|x16|x32|x64|x128 "

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"tcgen05 ld sync aligned " SHAPE COUNT "[pack::16b] b32", access<false>,
     kind, Tcgen05},
    {"tcgen05 st sync aligned " SHAPE COUNT "[unpack::16b] b32", access<true>,
     kind, Tcgen05},
    {"tcgen05 wait::ld|wait::st sync aligned", wait, kind, Tcgen05},
};

Rows sim::tcgen05AccessRows() { return rows; }
