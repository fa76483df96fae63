//===- Evaluate.cpp - The simulator's arithmetic for the oracle -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lets a test in Python compute many values:
//
//   convert <to> <from> <rounding> <satfinite> <relu> <count>
//   packed <to> <from> <rounding> <satfinite> <relu> <count>
//     count 64-bit words in and out, the latter of packed registers
//   mma <model> <m> <n> <negate a> <negate b> <read d>
//     with model one of
//       tcgen05 <kind> <a> <b> <d> <scale> <block> <saturate>
//       sync <core> <k> <a> <b> <d> <saturate>
//       scaled-sync <core> <kind> <a> <b> <scale> <block>
//       wgmma <a> <b> <d> <saturate>
//     in are the rows of A, their scales, the columns of B, their scales, and
//     the words of D; out is D
//
//===----------------------------------------------------------------------===//

#include "../Requests.h"
#include "fp4/Simulator/Arithmetic/Convert.h"
#include "fp4/Simulator/Arithmetic/MatrixMultiply.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace mlir::fp4::sim;

static FloatFormat parseFormat(StringRef text) {
  return parseEnum<FloatFormat>(
      text, unsigned(FloatFormat::F64) + 1,
      [](FloatFormat format) { return getInfo(format).name; });
}

static MmaType parseType(StringRef text) {
  return parseEnum<MmaType>(text, unsigned(MmaType::S32) + 1,
                            [](MmaType type) { return getName(type); });
}

static void evaluateConversion(Words words) {
  if (words.size() != 7)
    fail("a conversion takes 6 arguments");
  FloatFormat to = parseFormat(words[1]), from = parseFormat(words[2]);
  EncodeOptions options;
  options.rounding = StringSwitch<Rounding>(words[3])
                         .Case("rn", Rounding::NearestEven)
                         .Case("rz", Rounding::Zero)
                         .Case("rm", Rounding::Down)
                         .Case("rp", Rounding::Up)
                         .Case("rna", Rounding::NearestAway);
  options.saturateFinite = words[4] == "1";
  options.relu = words[5] == "1";
  bool isPacked = words[0] == "packed";
  std::vector<uint64_t> values = readArguments<uint64_t>(parseNumber(words[6]));
  for (uint64_t &value : values)
    value = isPacked ? convertPacked(to, from, uint32_t(value), options)
                     : convert(to, from, value, options);
  writeAnswer<uint64_t>(values);
}

static MmaKind parseKind(StringRef text) {
  return parseEnum<MmaKind>(text, unsigned(MmaKind::MXF4NVF4) + 1,
                            [](MmaKind kind) { return getName(kind); });
}

static MmaScale parseScale(StringRef text) {
  return StringSwitch<MmaScale>(text)
      .Case("none", MmaScale::None)
      .Case("ue8m0", MmaScale::UE8M0)
      .Case("ue4m3", MmaScale::UE4M3);
}

static TensorCore parseCore(StringRef text) {
  return StringSwitch<TensorCore>(text)
      .Case("ampere", TensorCore::Ampere)
      .Case("ada", TensorCore::Ada)
      .Case("hopper", TensorCore::Hopper)
      .Case("blackwell", TensorCore::Blackwell)
      .Case("rtx", TensorCore::RTXBlackwell);
}

/// The model, whose words are taken from the front.
static Expected<MmaModel> parseModel(Words &words) {
  StringRef instruction = words[0];
  words = words.drop_front();
  auto take = [&] {
    if (words.empty())
      fail("a model ends early");
    StringRef word = words[0];
    words = words.drop_front();
    return word;
  };
  if (instruction == "tcgen05") {
    MmaKind kind = parseKind(take());
    MmaType a = parseType(take()), b = parseType(take()), d = parseType(take());
    MmaScale scale = parseScale(take());
    unsigned block = parseNumber(take());
    return getTCGen05Model(kind, a, b, d, scale, block, take() == "1");
  }
  if (instruction == "sync") {
    TensorCore core = parseCore(take());
    unsigned k = parseNumber(take());
    MmaType a = parseType(take()), b = parseType(take()), d = parseType(take());
    return getMmaSyncModel(core, k, a, b, d, take() == "1");
  }
  if (instruction == "scaled-sync") {
    TensorCore core = parseCore(take());
    MmaKind kind = parseKind(take());
    MmaType a = parseType(take()), b = parseType(take());
    MmaScale scale = parseScale(take());
    return getScaledMmaSyncModel(core, kind, a, b, scale, parseNumber(take()));
  }
  if (instruction == "wgmma") {
    MmaType a = parseType(take()), b = parseType(take()), d = parseType(take());
    return getWgmmaModel(a, b, d, take() == "1");
  }
  fail("there is no model of " + instruction);
}

static MmaOperand readOperand(const MmaModel &model, MmaType type,
                              unsigned rows, bool negate) {
  MmaOperand operand(model, type, rows, negate);
  unsigned rowBytes = model.getRowBytes(type);
  unsigned numScales = model.getNumScales();
  std::vector<uint8_t> bytes = readArguments<uint8_t>(size_t(rows) * rowBytes);
  std::vector<uint8_t> scales =
      readArguments<uint8_t>(size_t(rows) * numScales);
  for (unsigned row = 0; row < rows; ++row) {
    operand.setRow(row, ArrayRef(bytes).slice(row * rowBytes, rowBytes));
    if (numScales != 0)
      operand.setScales(row,
                        ArrayRef(scales).slice(row * numScales, numScales));
  }
  return operand;
}

static void evaluateProduct(Words words) {
  words = words.drop_front();
  if (words.empty())
    fail("a product takes a model");
  Expected<MmaModel> model = parseModel(words);
  if (!model)
    fail(toString(model.takeError()));
  if (words.size() != 5)
    fail("a product takes 5 arguments after its model");
  unsigned m = parseNumber(words[0]), n = parseNumber(words[1]);
  MmaOperand a = readOperand(*model, model->a, m, words[2] == "1");
  MmaOperand b = readOperand(*model, model->b, n, words[3] == "1");
  std::vector<uint32_t> d = readArguments<uint32_t>(size_t(m) * n);
  for (unsigned row = 0; row < m; ++row)
    multiplyRow(*model, a, row, b, 0,
                MutableArrayRef(d).slice(size_t(row) * n, n), words[4] == "1");
  writeAnswer<uint32_t>(d);
}

int main() {
  answerRequests([](Words words) {
    if (words[0] == "mma")
      evaluateProduct(words);
    else if (words[0] == "convert" || words[0] == "packed")
      evaluateConversion(words);
    else
      fail("there is no " + words[0]);
  });
  return 0;
}
