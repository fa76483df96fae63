//===- LaunchControl.cpp - Clusters that take over those not begun --------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// clusterlaunchcontrol.try_cancel and query_cancel [PTX 9.7.13.17, 9.7.13.18].
// A request may always be refused: queued operations that run early refuse all,
// those that run late none that the machine can grant, and random ones some.
//
//===----------------------------------------------------------------------===//

#include "../BulkCopy.h"
#include "Families.h"
#include "Operations.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

//===----------------------------------------------------------------------===//
// Responses
//===----------------------------------------------------------------------===//

namespace {
/// The 16 bytes, which are opaque to programs.
struct Response {
  uint32_t firstCta[3] = {0, 0, 0};
  uint32_t answer = 0;
};
static_assert(sizeof(Response) == 16);
constexpr uint32_t granted = 0x434c4331, refused = 0x434c4330;

/// Whether a request of the cluster was refused, and known to be.
class Refusals : public Unit {
public:
  static char id;
  explicit Refusals(Cta &) {}
  std::string describe() const override { return {}; }

  std::vector<Moment> moments;
};
char Refusals::id;

class TryCancel : public MemoryOperation {
public:
  TryCancel(Issuer issuer, SmallVector<BulkTarget, 2> targets)
      : MemoryOperation(issuer, Proxy::Async), targets(std::move(targets)) {
    // A response that was read may be lost without a fence [CUTLASS,
    // sm100_static_tile_scheduler.hpp], other than the tiles of a copy.
    agent.needsFencedReads = true;
  }

  void run() override {
    Response response = request();
    if (response.answer == refused)
      for (const BulkTarget &target : targets)
        target.bytes.owner->unit<Refusals>().moments.push_back(
            cluster().races.now(agent));
    uint8_t data[sizeof(Response)];
    const uint8_t shadow[sizeof(Response)] = {};
    std::memcpy(data, &response, sizeof(Response));
    for (const BulkTarget &target : targets)
      if (!write(target.bytes, sizeof(Response), data, shadow) ||
          !completeMbarrierBytes(issuer, agent, target.mbarrier,
                                 sizeof(Response)))
        return;
  }

private:
  Response request() const {
    Grid &grid = cluster().grid;
    Response response;
    response.answer = refused;
    if (grid.launch.order == Order::Early ||
        (grid.launch.order == Order::Random && cluster().random() % 2 == 0))
      return response;
    std::optional<uint64_t> number = grid.cancel();
    if (!number)
      return response;
    response.answer = granted;
    const Dim3 index = clusterIndex(grid, *number);
    for (unsigned i = 0; i < 3; ++i)
      response.firstCta[i] = index[i] * grid.launch.cluster[i];
    return response;
  }

  const SmallVector<BulkTarget, 2> targets;
};
} // namespace

//===----------------------------------------------------------------------===//
// try_cancel
//===----------------------------------------------------------------------===//

/// Operands: the place of the response, the barrier.
static Flow executeTryCancel(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    BulkLoadOperands operands;
    if (!readOperand(warp, lane, in.operands[0], "address",
                     operands.destination) ||
        !readOperand(warp, lane, in.operands[1], "mbarrier", operands.mbarrier))
      return Flow::Fault;
    operands.destination += uint64_t(in.offset);
    operands.mbarrier += in.immediate;
    operands.space = in.space;
    operands.size = sizeof(Response);
    operands.hasMask = in.option;
    operands.mask = (uint64_t(1) << warp.cta.cluster.ctas.size()) - 1;
    SmallVector<BulkTarget, 2> targets = findTargets(warp, lane, operands);
    if (targets.empty())
      return Flow::Fault;
    for (const BulkTarget &target : targets)
      if (!in.option && target.bytes.owner != &warp.cta)
        return warp.fault(lane, "launch-control",
                          "the response goes to the CTA's own shared memory");
    const std::vector<Moment> &moments = warp.cta.unit<Refusals>().moments;
    if (any_of(moments, [&](const Moment &moment) {
          return warp.agent.clock.known[moment.slot] >= moment.time;
        }))
      return warp.fault(lane, "launch-control",
                        "a request follows one that is known to be refused");
    Operations &queue = warp.cta.cluster.operations;
    queue.push(
        queue.newQueue(bulkUnit),
        std::make_unique<TryCancel>(Issuer(warp, lane), std::move(targets)));
  }
  return Flow::Next;
}

static void tryCancel(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.out.option = d.has("multicast::cluster::all");
  StateSpace space =
      d.has("shared::cta") ? StateSpace::Shared : StateSpace::Generic;
  d.address(d.in.operands[0], space);
  int64_t offset = d.out.offset;
  StateSpace found = d.out.space; // that of a symbol
  d.address(d.in.operands[1], space);
  if (d.out.space != found)
    return d.fail("expects both addresses to be symbols, or both registers");
  d.out.immediate = uint64_t(d.out.offset);
  d.out.offset = offset;
  d.out.execute = executeTryCancel;
}

//===----------------------------------------------------------------------===//
// query_cancel
//===----------------------------------------------------------------------===//

/// Operands: two slots of the response, and one to three results; `option` is
/// the first dimension, 3 for the predicate.
static Flow executeQuery(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    const Lanes &low = warp.read(in.operands[0]);
    const Lanes &high = warp.read(in.operands[0] + 1);
    if (low.poison[lane] || high.poison[lane])
      return warp.fault(lane, "poison",
                        "the response depends on uninitialised data");
    Response response;
    std::memcpy(&response, &low.value[lane], 8);
    std::memcpy(&response.firstCta[2], &high.value[lane], 8);
    if (response.answer != granted && response.answer != refused)
      return warp.fault(lane, "launch-control",
                        "the operand is no response of try_cancel");
    ArrayRef<int32_t> results = in.operands.drop_front();
    if (in.option == 3) {
      set<uint8_t>(warp.write(results[0]), lane, response.answer == granted,
                   false);
      continue;
    }
    // CuTe DSL asks for the CTA before it looks whether there is one.
    if (response.answer == refused && warp.cta.grid.launch.pedantic)
      return warp.fault(lane, "launch-control",
                        "the request was refused, and there is no CTA");
    for (auto [i, result] : enumerate(results))
      set<uint32_t>(warp.write(result), lane,
                    response.firstCta[(in.option + i) % 3],
                    response.answer == refused);
  }
  return Flow::Next;
}

static void query(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  d.source(1, Type::B128);
  if (d.has("is_canceled")) {
    d.destination(0, Type::Pred);
    d.out.option = 3;
  } else if (d.has("v4")) {
    const Operand &vector = d.in.operands[0];
    if (vector.kind != Operand::Kind::Vector || vector.elements.size() != 4)
      return d.fail("expects a vector of 4 registers");
    for (unsigned i = 0; i < 3; ++i)
      d.destination(vector.elements[i], Type::B32);
    d.out.option = 0;
  } else {
    d.destination(0, Type::B32);
    d.out.option = d.has("get_first_ctaid::y")   ? 1
                   : d.has("get_first_ctaid::z") ? 2
                                                 : 0;
  }
  d.out.execute = executeQuery;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr InstructionClass kind = InstructionClass::Synchronization;

static constexpr Row rows[] = {
    {"clusterlaunchcontrol try_cancel async [shared::cta] "
     "mbarrier::complete_tx::bytes b128",
     tryCancel, kind, Sm100},
    {"clusterlaunchcontrol try_cancel async [shared::cta] "
     "mbarrier::complete_tx::bytes multicast::cluster::all b128",
     tryCancel, kind, Tcgen05},
    {"clusterlaunchcontrol query_cancel is_canceled pred b128", query, kind,
     Sm100},
    {"clusterlaunchcontrol query_cancel get_first_ctaid v4 b32 b128", query,
     kind, Sm100},
    {"clusterlaunchcontrol query_cancel get_first_ctaid::x|get_first_ctaid::y|"
     "get_first_ctaid::z b32 b128",
     query, kind, Sm100},
};

Rows sim::launchControlRows() { return rows; }
