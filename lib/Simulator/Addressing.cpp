//===- Addressing.cpp - Instructions that the loader itself makes ---------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Addressing.h"
#include "Execution.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

Flow sim::moveSharedAddress(Warp &warp, const Instruction &instruction) {
  const Kernel &kernel = *warp.cta.grid.launch.kernel;
  uint64_t address = (uint64_t(warp.cta.rank) << rankShift) +
                     kernel.sharedOffsets[instruction.target];
  Lanes &d = warp.write(instruction.operands[0]);
  forEachLane(warp.active, [&](unsigned lane) {
    d.value[lane] = address;
    d.poison[lane] = 0;
  });
  return Flow::Next;
}

Flow sim::moveFrameAddress(Warp &warp, const Instruction &instruction) {
  Lanes &d = warp.write(instruction.operands[0]);
  forEachLane(warp.active, [&](unsigned lane) {
    d.value[lane] = warp.stacks[lane].frame + uint64_t(instruction.offset);
    d.poison[lane] = 0;
  });
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static bool matches(ArrayRef<Slot> formal, ArrayRef<Slot> actual) {
  return formal.size() == actual.size() &&
         all_of(zip(formal, actual), [](auto pair) {
           auto [a, b] = pair;
           return a.inRegister == b.inRegister &&
                  (a.inRegister || a.size == b.size);
         });
}

bool sim::matchesCall(const FunctionCode &function, const CallSite &site) {
  return matches(function.parameters, site.arguments) &&
         matches(function.results, site.results);
}

/// Copies what a call hands over between the frames of caller and callee.
static void copy(Warp &warp, unsigned lane, Slot from, const Lanes *fromFile,
                 uint32_t fromFrame, Slot to, Lanes *toFile, uint32_t toFrame) {
  if (from.inRegister) {
    for (unsigned half = 0; half < (from.size > 8 ? 2 : 1); ++half) {
      toFile[to.offset + half].value[lane] =
          fromFile[from.offset + half].value[lane];
      toFile[to.offset + half].poison[lane] =
          fromFile[from.offset + half].poison[lane];
    }
    return;
  }
  Warp::Stack &stack = warp.stacks[lane];
  for (std::vector<uint8_t> *bytes : {&stack.data, &stack.shadow})
    std::memmove(bytes->data() + toFrame + to.offset,
                 bytes->data() + fromFrame + from.offset, from.size);
}

/// Moves the threads of `lanes` to the start of the function.
static Flow callLanes(Warp &warp, const Instruction &instruction,
                      LaneMask lanes, uint32_t callee) {
  const Code &code = warp.cta.grid.code;
  const FunctionCode &function = code.functions[callee];
  const CallSite &site = code.calls[instruction.target];
  Flow flow = Flow::Moved;
  size_t depth = warp.stacks[countr_zero(lanes)].returns.size();
  uint32_t caller = warp.stacks[countr_zero(lanes)].function;
  Lanes *from = warp.registersOf(caller, depth);
  Lanes *to = warp.registersOf(callee, depth + 1);
  for (uint32_t i = 0; i < function.numRegisters; ++i)
    forEachLane(lanes, [&](unsigned lane) { to[i].poison[lane] = 255; });
  forEachLane(lanes, [&](unsigned lane) {
    Warp::Stack &stack = warp.stacks[lane];
    uint32_t frame = stack.frame;
    uint32_t next = frame + code.functions[caller].frameBytes;
    next = (next + 15) / 16 * 16;
    stack.returns.push_back({warp.pc + 1, caller, instruction.target, frame});
    if (!warp.enter(lane, callee, next)) {
      flow = warp.fault(lane, "stack-overflow",
                        "the thread's local memory or its stack of calls is "
                        "used up");
      return;
    }
    for (auto [argument, parameter] : zip(site.arguments, function.parameters))
      copy(warp, lane, argument, from, frame, parameter, to, next);
  });
  return flow;
}

Flow sim::callFunction(Warp &warp, const Instruction &instruction) {
  const CallSite &site = warp.cta.grid.code.calls[instruction.target];
  if (callLanes(warp, instruction, warp.active, site.function) == Flow::Fault)
    return Flow::Fault;
  warp.moveActive([&](unsigned) {
    return warp.cta.grid.code.functions[site.function].begin;
  });
  return Flow::Moved;
}

Flow sim::callByAddress(Warp &warp, const Instruction &instruction) {
  const Code &code = warp.cta.grid.code;
  const Lanes &address = warp.read(instruction.operands[0]);
  uint32_t callees[warpSize];
  LaneMask left = warp.active;
  while (left) {
    unsigned leader = countr_zero(left);
    uint64_t offset = address.value[leader] - codeBase;
    if (address.poison[leader])
      return warp.fault(leader, "poison",
                        "the address that is called depends on uninitialised "
                        "data");
    if (offset % codeStride != 0 ||
        offset / codeStride >= code.functions.size())
      return warp.fault(leader, "out-of-bounds", "calls what is no function");
    uint32_t callee = uint32_t(offset / codeStride);
    const FunctionCode &function = code.functions[callee];
    if (!function.syntax->hasBody || function.syntax->isEntry ||
        !matchesCall(function, code.calls[instruction.target]))
      return warp.fault(leader, "bad-call",
                        "the call does not fit the parameters of '" +
                            function.syntax->name + "'");
    LaneMask same = 0;
    forEachLane(left, [&](unsigned lane) {
      if (address.value[lane] == address.value[leader]) {
        same |= 1u << lane;
        callees[lane] = callee;
      }
    });
    if (callLanes(warp, instruction, same, callee) == Flow::Fault)
      return Flow::Fault;
    left &= ~same;
  }
  warp.moveActive(
      [&](unsigned lane) { return code.functions[callees[lane]].begin; });
  return Flow::Moved;
}

Flow sim::returnFromFunction(Warp &warp, const Instruction &) {
  const Code &code = warp.cta.grid.code;
  LaneMask lanes = warp.active;
  unsigned leader = countr_zero(lanes);
  size_t depth = warp.stacks[leader].returns.size();
  if (depth == 0) {
    warp.exit(lanes);
    return Flow::Moved;
  }
  const Lanes *from = warp.registersOf(warp.stacks[leader].function, depth);
  uint32_t targets[warpSize];
  forEachLane(lanes, [&](unsigned lane) {
    Warp::Stack &stack = warp.stacks[lane];
    const FunctionCode &callee = code.functions[stack.function];
    Warp::Return back = stack.returns.back();
    stack.returns.pop_back();
    for (auto [result, place] :
         zip(callee.results, code.calls[back.call].results))
      copy(warp, lane, result, from, stack.frame, place,
           warp.registersOf(back.function, depth - 1), back.frame);
    stack.frame = back.frame;
    stack.function = back.function;
    targets[lane] = back.pc;
  });
  warp.moveActive([&](unsigned lane) { return targets[lane]; });
  return Flow::Moved;
}
