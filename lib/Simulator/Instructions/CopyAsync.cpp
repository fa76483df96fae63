//===- CopyAsync.cpp - Copies of a few bytes by each thread ---------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cp.async, its groups [PTX 9.7.9.25.3] and cp.async.mbarrier.arrive
// [PTX 9.7.13.15.17]. Unlike bulk copies these are made by the generic proxy.
//
//===----------------------------------------------------------------------===//

#include "../AsyncGroups.h"
#include "../AsyncMemory.h"
#include "../Mbarrier.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

/// Of queues.
static constexpr uint32_t unitNumber = 1;

//===----------------------------------------------------------------------===//
// cp.async
//===----------------------------------------------------------------------===//

namespace {
/// The copies of one instruction, by all threads of a warp.
class CopyAsync : public MemoryOperation {
public:
  struct Piece {
    Bytes to;
    Bytes from;
    uint8_t size;
    uint8_t numRead; ///< The others are zeros.
  };

  CopyAsync(Issuer issuer, std::vector<Piece> pieces)
      : MemoryOperation(issuer, Proxy::Generic), pieces(std::move(pieces)),
        completion(std::make_shared<Completion>(cluster().races.now(agent))) {}

  void run() override {
    for (const Piece &piece : pieces) {
      uint8_t data[16] = {}, shadow[16] = {};
      if (!read(piece.from, piece.numRead, data, shadow) ||
          !write(piece.to, piece.size, data, shadow))
        return;
    }
    completion->setDone(cluster());
  }

  const std::vector<Piece> pieces;
  const CompletionRef completion;
};

/// In `option`: what operand 2 is.
enum Source : uint8_t { All, Size, Ignored };
} // namespace

static bool readOperands(Warp &warp, const Instruction &in, unsigned lane,
                         CopyAsync::Piece &piece) {
  for (int32_t slot : in.operands)
    if (warp.read(slot).poison[lane]) {
      warp.fault(lane, "poison", "an operand depends on uninitialised data");
      return false;
    }
  uint64_t value = warp.read(in.operands[2]).value[lane];
  piece.size = piece.numRead = in.size;
  if (in.option == Ignored)
    piece.numRead = value & 1 ? 0 : in.size;
  if (in.option != Size)
    return true;
  if (value > in.size) {
    warp.fault(lane, "async-copy",
               "copies " + Twine(value) + " bytes of the source to " +
                   Twine(unsigned(in.size)) + " of the destination");
    return false;
  }
  piece.numRead = uint8_t(value);
  return true;
}

/// Operands: the destination, the source, and its size if there is one.
static Flow executeCopy(Warp &warp, const Instruction &in) {
  std::vector<CopyAsync::Piece> pieces;
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    CopyAsync::Piece piece;
    if (!readOperands(warp, in, lane, piece))
      return Flow::Fault;
    uint64_t to = warp.read(in.operands[0]).value[lane] + uint64_t(in.offset);
    uint64_t from =
        warp.read(in.operands[1]).value[lane] + uint64_t(in.immediate);
    piece.to = warp.access(lane, StateSpace::Shared, to, in.size, true);
    if (!piece.to.data)
      return Flow::Fault;
    // What is not read may be anywhere: so kernels copy the edges of matrices.
    if (piece.numRead) {
      if (from % in.size != 0)
        return warp.fault(lane, "misaligned",
                          "the source is at " + Twine::utohexstr(from) +
                              ", which is not a multiple of " +
                              Twine(unsigned(in.size)));
      piece.from = warp.accessRange(lane, StateSpace::Global, from,
                                    piece.numRead, 1, false);
      if (!piece.from.data)
        return Flow::Fault;
    }
    pieces.push_back(piece);
  }
  Operations &operations = warp.cta.cluster.operations;
  auto operation = std::make_unique<CopyAsync>(
      Issuer(warp, countr_zero(warp.active)), std::move(pieces));
  AsyncGroups &groups = warp.cta.unit<AsyncGroups>();
  forEachLane(warp.active, [&](unsigned lane) {
    groups.add(AsyncGroups::Copies, warp.firstThread + lane,
               operation->completion);
  });
  operations.push(operations.newQueue(unitNumber), std::move(operation));
  return Flow::Next;
}

static bool isPredicate(Decoder &d, const Operand &operand) {
  if (operand.kind != Operand::Kind::Name)
    return false;
  std::optional<RegisterRef> reg = d.names.findRegister(operand.name);
  return reg && reg->type == Type::Pred;
}

static void copy(Decoder &d) {
  bool hasPolicy = d.has("L2::cache_hint");
  unsigned fixed = hasPolicy ? 4 : 3;
  if (!d.expectOperands(fixed, fixed + 1))
    return;
  d.address(d.in.operands[0], StateSpace::Shared);
  int64_t offset = d.out.offset;
  d.address(d.in.operands[1], StateSpace::Global);
  d.out.immediate = uint64_t(d.out.offset);
  d.out.offset = offset;
  int64_t size = d.integer(d.in.operands[2]).value_or(0);
  if (size != 16 && (d.has("cg") || (size != 4 && size != 8)))
    return d.fail(d.has("cg") ? "expects a size of 16 bytes"
                              : "expects a size of 4, 8 or 16 bytes");
  d.out.size = uint8_t(size);
  d.out.option = All;
  if (d.numOperands() == fixed) {
    d.append(d.names.constant(0));
  } else if (isPredicate(d, d.in.operands[3])) {
    d.out.option = Ignored;
    d.source(3, Type::Pred);
  } else {
    d.out.option = Size;
    d.source(3, Type::U32);
  }
  if (hasPolicy)
    d.source(d.numOperands() - 1, Type::B64);
  d.out.execute = executeCopy;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

static Flow executeCommit(Warp &warp, const Instruction &) {
  AsyncGroups &groups = warp.cta.unit<AsyncGroups>();
  forEachLane(warp.active, [&](unsigned lane) {
    groups.commit(AsyncGroups::Copies, warp.firstThread + lane);
  });
  return Flow::Next;
}

static void commit(Decoder &d) {
  if (d.expectOperands(0))
    d.out.execute = executeCommit;
}

static Flow executeWait(Warp &warp, const Instruction &in) {
  if (in.option)
    executeCommit(warp, in);
  return warp.cta.unit<AsyncGroups>().wait(AsyncGroups::Copies, warp,
                                           warp.active, in.immediate, false);
}

static void wait(Decoder &d) {
  bool all = d.has("wait_all");
  if (!d.expectOperands(all ? 0 : 1))
    return;
  // wait_all is commit_group and wait_group 0.
  d.out.option = all;
  std::optional<int64_t> count = all ? 0 : d.integer(d.in.operands[0]);
  if (!count || *count < 0)
    return d.fail("expects a number of groups");
  d.out.immediate = uint64_t(*count);
  d.out.execute = executeWait;
}

//===----------------------------------------------------------------------===//
// cp.async.mbarrier.arrive
//===----------------------------------------------------------------------===//

namespace {
/// Arrives when the copies that a thread has begun before are done.
class CopyArrival : public MemoryOperation {
public:
  CopyArrival(Issuer issuer, const Bytes &barrier)
      : MemoryOperation(issuer, Proxy::Generic), barrier(barrier) {}

  /// It makes the copies known, and nothing else of the thread.
  void follow(const Completion &copy) {
    cluster().races.release(copy.moment, agent.atFence);
  }
  void run() override {
    Mbarriers::Change change;
    change.arrivals = 1;
    barrier.owner->unit<Mbarriers>().change(issuer, agent, barrier.offset,
                                            change, MbarrierOrder::Relaxed);
  }

private:
  const Bytes barrier;
};
} // namespace

static Flow executeArrive(Warp &warp, const Instruction &in) {
  const Lanes &address = warp.read(in.operands[0]);
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    Issuer issuer(warp, lane);
    Bytes barrier = accessMbarrier(warp, lane, in.space, address, in.offset,
                                   Access::Read, /*mustBeOwn=*/true);
    if (!barrier.data)
      return Flow::Fault;
    Mbarriers &unit = barrier.owner->unit<Mbarriers>();
    if (!in.option && !unit.expectMore(issuer, barrier.offset))
      return Flow::Fault;
    auto operation = std::make_unique<CopyArrival>(issuer, barrier);
    auto dependent = std::make_shared<Completion::Dependent>();
    for (const CompletionRef &copy : warp.cta.unit<AsyncGroups>().all(
             AsyncGroups::Copies, warp.firstThread + lane)) {
      operation->follow(*copy);
      if (!copy->isDone())
        copy->addDependent(dependent);
    }
    if (dependent->missing) {
      dependent->operation = std::move(operation);
      continue;
    }
    Operations &operations = warp.cta.cluster.operations;
    operations.push(operations.newQueue(unitNumber), std::move(operation));
  }
  return Flow::Next;
}

static void arrive(Decoder &d) {
  if (!d.expectOperands(1))
    return;
  d.out.option = d.has("noinc");
  d.address(d.in.operands[0], d.has("shared") || d.has("shared::cta")
                                  ? StateSpace::Shared
                                  : StateSpace::Generic);
  d.out.execute = executeArrive;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Memory;

static constexpr Row rows[] = {
    {"cp async ca|cg shared|shared::cta global [L2::cache_hint] "
     "[L2::64B|L2::128B|L2::256B]",
     copy, kind},
    {"cp async commit_group", commit, kind},
    {"cp async wait_group|wait_all", wait, kind},
    {"cp async mbarrier arrive [noinc] [shared|shared::cta] b64", arrive,
     InstructionClass::Synchronization},
};

Rows sim::copyAsyncRows() { return rows; }
