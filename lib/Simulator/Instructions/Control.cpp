//===- Control.cpp - Branches, calls, and the ends of threads -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// [PTX 9.7.12], and what schedules: nanosleep, griddepcontrol and setmaxnreg.
//
//===----------------------------------------------------------------------===//

#include "../Addressing.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

/// `option` is 1 for .uni, which promises that no thread stays behind.
static Flow checkUniform(Warp &warp, const Instruction &in) {
  if (!in.option || warp.active == warp.group)
    return Flow::Next;
  return warp.fault(countr_zero(warp.group & ~warp.active),
                    "uniform-divergence",
                    "'" + in.syntax->opcode() +
                        "' is not taken by this thread, but by others");
}

static Flow executeBranch(Warp &warp, const Instruction &in) {
  if (checkUniform(warp, in) == Flow::Fault)
    return Flow::Fault;
  return warp.jump(in.target);
}

static void branch(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  const Operand &label = d.in.operands[0];
  if (label.kind != Operand::Kind::Name || !d.names.bindLabel(label.name))
    return d.fail("expects a label of the function");
  d.out.option = d.has("uni");
  d.out.execute = executeBranch;
}

static Flow executeIndexedBranch(Warp &warp, const Instruction &in) {
  if (checkUniform(warp, in) == Flow::Fault)
    return Flow::Fault;
  const Lanes &index = warp.read(in.operands[0]);
  ArrayRef<uint32_t> table = warp.cta.grid.code.branchTables[in.target];
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    if (index.poison[lane])
      return warp.fault(lane, "poison",
                        "the index of the branch depends on uninitialised "
                        "data");
    if (index.value[lane] >= table.size())
      return warp.fault(lane, "out-of-bounds",
                        "branches to target " + Twine(index.value[lane]) +
                            " of " + Twine(table.size()));
  }
  warp.moveActive([&](unsigned lane) { return table[index.value[lane]]; });
  return Flow::Moved;
}

static void indexedBranch(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.source(0, Type::U32);
  const Operand &list = d.in.operands[1];
  std::optional<uint32_t> table;
  if (list.kind == Operand::Kind::Name)
    table = d.names.findBranchTable(list.name);
  if (!table)
    return d.fail("expects a label of .branchtargets");
  d.out.target = *table;
  d.out.option = d.has("uni");
  d.out.execute = executeIndexedBranch;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

static void call(Decoder &d) { d.names.decodeCall(d); }

static void returns(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = returnFromFunction;
}

static Flow executeExit(Warp &warp, const Instruction &) {
  warp.exit(warp.active);
  return Flow::Moved;
}

static void exits(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeExit;
}

static Flow executeTrap(Warp &warp, const Instruction &in) {
  return warp.fault(countr_zero(warp.active), "trap",
                    "the kernel executed '" + in.syntax->opcode() + "'");
}

static void trap(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeTrap;
}

//===----------------------------------------------------------------------===//
// Scheduling
//===----------------------------------------------------------------------===//

static Flow executeNothing(Warp &, const Instruction &) { return Flow::Next; }

static void sleep(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.source(0, Type::U32);
  d.out.execute = executeNothing;
}

/// Launches are executed one after the other, so that there is nothing to wait
/// for.
static void gridDependency(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeNothing;
}

/// Events of a profiler that is not there.
static void event(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  if (!d.integer(d.in.operands[0]))
    return d.fail("expects the number of an event");
  d.out.execute = executeNothing;
}

/// Registers are not a resource here: the number is checked and that is all.
static void setMaxRegisters(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  std::optional<int64_t> count = d.integer(d.in.operands[0]);
  if (!count || *count < 24 || *count > 256 || *count % 8 != 0)
    return d.fail("expects a multiple of 8 from 24 to 256");
  d.out.aligned = true;
  d.out.execute = executeNothing;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Control;

static constexpr Row rows[] = {
    {"bra [uni]", branch, kind},
    {"brx idx [uni]", indexedBranch, kind},
    {"call [uni]", call, kind},
    {"ret [uni]", returns, kind},
    {"exit", exits, kind},
    {"trap", trap, kind},
    {"brkpt", trap, kind},
    {"pmevent [mask]", event, kind},
    {"nanosleep u32", sleep, kind},
    {"griddepcontrol launch_dependents|wait", gridDependency, kind, Sm90},
    {"setmaxnreg inc|dec sync aligned u32", setMaxRegisters, kind, Sm90},
};

Rows sim::controlRows() { return rows; }
