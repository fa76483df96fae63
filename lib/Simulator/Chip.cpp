//===- Chip.cpp - The chips that are simulated ----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limits are those of the CUDA C++ Programming Guide 13.0, "Compute
// Capabilities"; the numbers of multiprocessors are those of the A100, B200 and
// B300 products and only bound how many CTAs are resident at once.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Chip.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static constexpr uint32_t kb = 1024;
static constexpr uint32_t blackwell = Sm90 | Sm100 | Tcgen05;

static constexpr Chip chips[] = {
    {"sm_80", 80, 0, false, 0, 108, 1024, 2048, 32, 163 * kb, 164 * kb, 1 * kb,
     65536, 0, 0, 0},
    {"sm_100a", 100, 100, true, blackwell, 148, 1024, 2048, 32, 227 * kb,
     228 * kb, 1 * kb, 65536, 8, 16, 512},
    {"sm_103a", 103, 100, true, blackwell, 148, 1024, 2048, 32, 227 * kb,
     228 * kb, 1 * kb, 65536, 8, 16, 512},
};

ArrayRef<Chip> Chip::all() { return chips; }

Expected<const Chip *> Chip::find(StringRef name) {
  for (const Chip &chip : chips)
    if (chip.name == name)
      return &chip;
  std::string names = join(
      map_range(chips, [](const Chip &chip) { return chip.name.str(); }), ", ");
  return makeError("unknown chip '{0}', expects one of {1}", name, names);
}

Error Chip::checkTarget(const ptx::Module &module) const {
  for (StringRef target : module.targets) {
    StringRef rest = target;
    if (!rest.consume_front("sm_"))
      continue; // debug, texmode_...: they change nothing here
    uint32_t version;
    StringRef suffix = rest.take_while([](char c) { return isDigit(c); });
    if (suffix.getAsInteger(10, version))
      return makeError("{0}:{1}:{2}: unknown target '{3}'", module.name,
                       module.targetLocation.line, module.targetLocation.column,
                       target);
    suffix = rest.drop_front(suffix.size());
    bool loads = suffix.empty()  ? number >= version
                 : suffix == "f" ? family != 0 && number >= version &&
                                       family / 10 == version / 10
                 : suffix == "a" ? isSpecific && number == version
                                 : false;
    if (!loads)
      return makeError("{0}:{1}:{2}: target {3} does not load on {4}",
                       module.name, module.targetLocation.line,
                       module.targetLocation.column, target, name);
  }
  return Error::success();
}

std::string sim::describeFeatures(uint32_t features) {
  std::string text;
  for (auto [bit, name] : {std::pair(Sm90, "sm_90"), std::pair(Sm100, "sm_100"),
                           std::pair(Tcgen05, "sm_100a")})
    if (features & bit)
      text = name;
  return text;
}
