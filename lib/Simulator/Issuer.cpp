//===- Issuer.cpp - Who has queued an operation ---------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Issuer.h"
#include "llvm/ADT/STLExtras.h"
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

static bool isNonBulkCopy(const ptx::Instruction *in) {
  return in && in->root == "cp" && is_contained(in->modifiers, "async") &&
         !is_contained(in->modifiers, "bulk");
}

bool Issuer::readsCopy(Agent &agent, const Races::Conflict &conflict,
                       const Twine &message) const {
  // The collectives of CUTLASS that load by cp.async have no fence, and the
  // products of their kernels are right on hardware.
  const Grid &grid = warp->cta.grid;
  const std::vector<Instruction> &code = grid.code.instructions;
  const ptx::Instruction *syntax = code[pc].syntax;
  if (grid.launch.pedantic || !conflict.isWrite || !syntax ||
      syntax->root != "tcgen05" || !isNonBulkCopy(code[conflict.pc].syntax))
    return false;
  warn("proxy", message);
  warp->cta.cluster.races.fenceProxy(agent, {conflict.agent, conflict.time});
  return true;
}

bool Issuer::noteAccess(Agent &agent, Cta &owner, uint32_t offset,
                        uint32_t size, Access kind, Proxy proxy) const {
  Cluster &cluster = warp->cta.cluster;
  bool isWrite = kind == Access::Write || kind == Access::StrongWrite;
  while (std::optional<Races::Conflict> conflict = cluster.races.access(
             agent, proxy, pc, owner.rank, offset, size, kind)) {
    std::string other = cluster.describe(*conflict);
    std::string place = formatv("shared memory at {0:x} of CTA ({1}, {2}, {3})",
                                conflict->offset, owner.index[0],
                                owner.index[1], owner.index[2])
                            .str();
    std::string theirs = conflict->isWrite ? " writes" : " reads";
    if (!conflict->isOrdered)
      return fault("race", Twine("the operation ") +
                               (isWrite ? "writes " : "reads ") + place +
                               ", which " + other + theirs +
                               " without anything that orders the two");
    std::string text = "the async proxy " +
                       std::string(isWrite ? "writes " : "reads ") + place +
                       ", which " + other + theirs +
                       " by the generic proxy, without a fence.proxy.async "
                       "between the two";
    if (!readsCopy(agent, *conflict, text))
      return fault("proxy", text);
  }
  return true;
}
