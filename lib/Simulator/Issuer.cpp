//===- Issuer.cpp - Who has queued an operation ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Issuer.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

Report Issuer::makeReport(StringRef rule, const Twine &message) const {
  const Grid &grid = warp->cta.grid;
  Report report;
  report.rule = rule.str();
  report.message = message.str();
  report.cta = warp->cta.index;
  report.warp = warp->index;
  report.thread = warp->threadIndex(lane);
  if (const ptx::Instruction *syntax = grid.code.instructions[pc].syntax) {
    report.location = syntax->location;
    report.sourceLine = syntax->source.line;
    for (const ptx::File &file : grid.launch.program->module().files)
      if (file.number == syntax->source.file)
        report.sourceFile = file.name.str();
  }
  return report;
}

bool Issuer::fault(StringRef rule, const Twine &message) const {
  warp->cta.cluster.report(makeReport(rule, message));
  return false;
}

void Issuer::warn(StringRef rule, const Twine &message) const {
  warp->cta.cluster.warn(pc, makeReport(rule, message));
}

std::string Issuer::describe() const {
  const ptx::Instruction *syntax = warp->cta.grid.code.instructions[pc].syntax;
  return formatv("line {0}", syntax ? syntax->location.line : 0).str();
}

bool Issuer::noteAccess(Agent &agent, Cta &owner, uint32_t offset,
                        uint32_t size, Access kind, Proxy proxy) const {
  Cluster &cluster = warp->cta.cluster;
  std::optional<Races::Conflict> conflict =
      cluster.races.access(agent, proxy, pc, owner.rank, offset, size, kind);
  if (!conflict)
    return true;
  bool isWrite = kind == Access::Write || kind == Access::StrongWrite;
  std::string other = cluster.describe(*conflict);
  std::string place =
      formatv("shared memory at {0:x} of CTA ({1}, {2}, {3})", conflict->offset,
              owner.index[0], owner.index[1], owner.index[2])
          .str();
  if (conflict->isOrdered)
    return fault("proxy", Twine("the async proxy ") +
                              (isWrite ? "writes " : "reads ") + place +
                              ", which " + other +
                              (conflict->isWrite ? " writes" : " reads") +
                              " by the generic proxy, without a "
                              "fence.proxy.async between the two");
  return fault("race", Twine("the operation ") +
                           (isWrite ? "writes " : "reads ") + place +
                           ", which " + other +
                           (conflict->isWrite ? " writes" : " reads") +
                           " without anything that orders the two");
}
