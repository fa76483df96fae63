//===- Report.cpp - What was measured, for people and programs ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "Threads.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::bench;

std::optional<bool> Row::passes() const {
  if (!subject->bar || ratios.empty())
    return std::nullopt;
  double ratio = getMedian(ratios);
  return subject->bar->isUpper ? ratio <= subject->bar->ratio
                               : ratio >= subject->bar->ratio;
}

/// "ok", "below", "above", or nothing.
static StringRef getVerdict(const Row &row) {
  std::optional<bool> passes = row.passes();
  if (!passes)
    return "";
  if (*passes)
    return "ok";
  return row.subject->bar->isUpper ? "above" : "below";
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string formatTime(double seconds) {
  if (seconds >= 1)
    return llvm::formatv("{0:f2} s", seconds);
  if (seconds >= 1e-3)
    return llvm::formatv("{0:f2} ms", seconds * 1e3);
  return llvm::formatv("{0:f1} us", seconds * 1e6);
}

static std::string formatRate(double rate, StringRef unit) {
  std::string number = rate >= 100 ? llvm::formatv("{0:f0}", rate)
                                   : llvm::formatv("{0:f1}", rate);
  return (number + " " + unit).str();
}

/// PyTorch is not measured against a limit: so many times as slow.
static std::string formatRatio(const Row &row) {
  if (row.ratios.empty())
    return "";
  double ratio = getMedian(row.ratios);
  if (row.subject->isTorch())
    return llvm::formatv("{0:f2} x", ratio);
  return llvm::formatv("{0:f1} %", ratio * 100);
}

static std::string formatBar(const Bar &bar) {
  return llvm::formatv("{0} {1:f0} %",
                       bar.isUpper ? "<=" : ">=", bar.ratio * 100);
}

/// The columns of both tables; the first is to the left, in Markdown all are.
static constexpr std::pair<StringLiteral, unsigned> kColumns[] = {
    {"workload", 34}, {"time", 10}, {"rate", 14},   {"held to", 30},
    {"ratio", 9},     {"bar", 9},   {"verdict", 8},
};

void TablePrinter::printCells(llvm::ArrayRef<std::string> cells) {
  for (auto [i, cell] : llvm::enumerate(cells)) {
    if (markdown)
      os << "| " << cell << " ";
    else if (i == 0)
      os << llvm::left_justify(cell, kColumns[i].second);
    else
      os << " " << llvm::right_justify(cell, kColumns[i].second);
  }
  os << (markdown ? "|\n" : "\n");
  os.flush();
}

void TablePrinter::printHeader(const RunInfo &info) {
  os << llvm::sys::getHostCPUName() << ", threads: " << getNumThreads()
     << ", target: " << kTargetName << ", rounds: " << info.rounds
     << (info.quick ? ", quick: the figures mean nothing" : "") << "\n\n";
  SmallVector<std::string> names;
  for (auto [name, width] : kColumns)
    names.push_back(name.str());
  printCells(names);
  if (markdown)
    printCells(SmallVector<std::string>(std::size(kColumns), "---"));
}

void TablePrinter::print(const Row &row) {
  std::string reference = row.reference;
  if (row.referenceRate && !row.subject->isTorch())
    reference += " " + formatRate(*row.referenceRate, row.unit);
  printCells({row.subject->name, formatTime(row.seconds),
              formatRate(row.rate, row.unit), reference, formatRatio(row),
              row.subject->bar ? formatBar(*row.subject->bar) : "",
              getVerdict(row).str()});
}

void TablePrinter::printFooter(const RunInfo &info,
                               const Rooflines &rooflines) {
  os << "\n";
  for (unsigned i = 0; i < kNumRoofs; ++i) {
    Roof roof = Roof(i);
    llvm::ArrayRef<double> rates = rooflines.getRates(roof);
    os << (markdown ? "- " : "") << "roof " << stringifyRoof(roof) << ": ";
    if (rates.empty()) {
      os << "not known on this machine\n";
      continue;
    }
    StringRef unit = getUnit(roof);
    os << formatRate(getMedian(rates) / 1e9, unit) << " ("
       << rooflines.getVariant(roof) << "), from "
       << formatRate(*llvm::min_element(rates) / 1e9, unit) << " to "
       << formatRate(*llvm::max_element(rates) / 1e9, unit) << "\n";
  }
  StringRef bullet = markdown ? "- " : "";
  if (!info.torchVersion.empty())
    os << bullet << "torch " << info.torchVersion << "\n";
  if (!info.torchMissing.empty())
    os << bullet << "torch: " << info.torchMissing
       << "; its rows are left out\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// Numbers that are not known are null: every row has every key.
static llvm::json::Value toValue(std::optional<double> number) {
  return number ? llvm::json::Value(*number) : llvm::json::Value(nullptr);
}

static void writeRow(llvm::json::OStream &json, const Row &row) {
  const Case &subject = *row.subject;
  std::optional<double> ratio, least, greatest;
  if (!row.ratios.empty()) {
    ratio = getMedian(row.ratios);
    least = *llvm::min_element(row.ratios);
    greatest = *llvm::max_element(row.ratios);
  }
  StringRef verdict = getVerdict(row);
  json.object([&] {
    json.attribute("name", subject.name);
    json.attribute("format", subject.format->name);
    json.attribute("m", subject.shape.m);
    json.attribute("n", subject.shape.n);
    json.attribute("k", subject.shape.k);
    json.attribute("seconds", row.seconds);
    json.attribute("rate", row.rate);
    json.attribute("unit", row.unit);
    json.attribute("reference", row.reference);
    json.attribute("reference_rate", toValue(row.referenceRate));
    json.attribute("ratio", toValue(ratio));
    json.attribute("ratio_min", toValue(least));
    json.attribute("ratio_max", toValue(greatest));
    std::optional<double> bar;
    llvm::json::Value barIs = nullptr;
    if (subject.bar) {
      bar = subject.bar->ratio;
      barIs = subject.bar->isUpper ? "at most" : "at least";
    }
    json.attribute("bar", toValue(bar));
    json.attribute("bar_is", barIs);
    json.attribute("verdict", verdict.empty() ? llvm::json::Value(nullptr)
                                              : llvm::json::Value(verdict));
  });
}

static void writeRoofline(llvm::json::OStream &json, Roof roof,
                          const Rooflines &rooflines) {
  llvm::ArrayRef<double> rates = rooflines.getRates(roof);
  std::optional<double> median, least, greatest;
  if (!rates.empty()) {
    median = getMedian(rates) / 1e9;
    least = *llvm::min_element(rates) / 1e9;
    greatest = *llvm::max_element(rates) / 1e9;
  }
  json.object([&] {
    json.attribute("name", stringifyRoof(roof));
    json.attribute("unit", getUnit(roof));
    json.attribute("variant", rooflines.getVariant(roof));
    json.attribute("median", toValue(median));
    json.attribute("min", toValue(least));
    json.attribute("max", toValue(greatest));
  });
}

void bench::writeJSON(llvm::raw_ostream &os, const RunInfo &info,
                      llvm::ArrayRef<Row> rows, const Rooflines &rooflines) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("cpu", llvm::sys::getHostCPUName());
    json.attribute("threads", getNumThreads());
    json.attribute("target", kTargetName);
    json.attribute("rounds", info.rounds);
    json.attribute("quick", info.quick);
    json.attribute("torch", info.torchVersion);
    json.attribute("torch_missing", info.torchMissing);
    json.attributeArray("rooflines", [&] {
      for (unsigned i = 0; i < kNumRoofs; ++i)
        writeRoofline(json, Roof(i), rooflines);
    });
    json.attributeArray("rows", [&] {
      for (const Row &row : rows)
        writeRow(json, row);
    });
  });
  os << "\n";
}
