//===- fp4-bench.cpp - Workloads beside the machine's limits --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures the workloads that the project is judged by, each beside what the
// machine can do at most, measured in the same run on the same threads.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "Subprocess.h"
#include "Torch.h"
#include "fp4/InitAll.h"
#include "fp4/Support/Error.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::bench;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

namespace {
struct CommandLine {
  cl::OptionCategory category{"fp4-bench options"};
  cl::opt<std::string> filter{
      "filter", cl::desc("Measure only the rows whose names match"),
      cl::value_desc("regex"), cl::init("."), cl::cat(category)};
  cl::opt<std::string> format{"format",
                              cl::desc("mx, nv or both (default both)"),
                              cl::init("both"), cl::cat(category)};
  cl::opt<unsigned> rounds{
      "rounds", cl::desc("Measure each row so often (default 7, or 2)"),
      cl::cat(category)};
  cl::opt<bool> list{"list", cl::desc("Print the names of the rows, and end"),
                     cl::cat(category)};
  cl::opt<bool> quick{
      "quick",
      cl::desc("Small shapes and few rounds: does it work, not how fast"),
      cl::cat(category)};
  cl::opt<std::string> json{"json", cl::desc("Write the run to a file as well"),
                            cl::value_desc("file"), cl::cat(category)};
  cl::opt<bool> markdown{"markdown", cl::desc("Print a table in Markdown"),
                         cl::cat(category)};
  cl::opt<bool> check{"check", cl::desc("Exit with 1 if a bar is missed"),
                      cl::cat(category)};
  cl::opt<std::string> python{
      "python",
      cl::desc("The Python whose torch is measured too (default python3)"),
      cl::value_desc("program"), cl::cat(category)};
  // How this program starts itself, once for each cold compilation.
  cl::opt<std::string> timeCompilation{"time-compilation", cl::Hidden,
                                       cl::value_desc("format"),
                                       cl::cat(category)};
};
} // namespace

static llvm::Expected<SmallVector<const Format *>> getFormats(StringRef name) {
  SmallVector<const Format *> formats;
  for (const Format *format : {&kMX, &kNV})
    if (name == "both" || name == format->name)
      formats.push_back(format);
  if (formats.empty())
    return makeError("unknown --format={0}; expects mx, nv or both", name);
  return formats;
}

static llvm::Expected<std::vector<Case>> getCases(const CommandLine &options) {
  auto formats = getFormats(options.format);
  if (!formats)
    return formats.takeError();
  llvm::Regex filter(options.filter);
  std::string message;
  if (!filter.isValid(message))
    return makeError("--filter={0}: {1}", options.filter.getValue(), message);
  std::vector<Case> cases = makeCases(*formats, options.quick);
  llvm::erase_if(
      cases, [&](const Case &subject) { return !filter.match(subject.name); });
  if (cases.empty())
    return makeError("no row matches --filter={0}; --list prints their names",
                     options.filter.getValue());
  return std::move(cases);
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

namespace {
/// A run through all cases.
class Session {
public:
  Session(const CommandLine &options, MLIRContext *context, StringRef self,
          StringRef python)
      : options(options), context(context), self(self), python(python),
        info{options.rounds, options.quick, "", ""},
        seconds(options.quick ? 1e-3 : 0.1),
        rooflines(options.quick ? 16 << 20 : 512 << 20, seconds / 2),
        table(llvm::outs(), options.markdown) {
    if (options.rounds.getNumOccurrences() == 0)
      info.rounds = options.quick ? 2 : 7;
  }

  llvm::Error run(llvm::ArrayRef<Case> cases);
  void writeJSON(llvm::raw_ostream &os) {
    bench::writeJSON(os, info, rows, rooflines);
  }
  /// The number of rows that miss their bars.
  unsigned getNumMissed() const;

private:
  void add(Row row);
  llvm::Error addRoofline(const Case &subject);
  llvm::Error addPerToken(llvm::ArrayRef<const Case *> series);
  llvm::Error addCompile(const Case &subject);
  llvm::Error addTorch(llvm::ArrayRef<const Case *> cases);
  const Row *findLayer(const Case &subject) const;

  const CommandLine &options;
  MLIRContext *context;
  std::string self, python; ///< Paths.
  RunInfo info;
  double seconds; ///< That one measurement takes at least.
  Rooflines rooflines;
  TablePrinter table;
  std::vector<Row> rows;
};
} // namespace

void Session::add(Row row) {
  table.print(row);
  rows.push_back(std::move(row));
}

llvm::Error Session::addRoofline(const Case &subject) {
  auto workload =
      Workload::create(context, subject.entry, *subject.format, subject.shape);
  if (!workload)
    return workload.takeError();
  auto measurement = measure(rooflines, subject.work, info.rounds, seconds,
                             [&] { return workload->run(); });
  if (!measurement)
    return measurement.takeError();
  Roof roof = measurement->roof.value_or(subject.work.getFirst());
  Row row = {&subject,
             measurement->seconds,
             subject.work.get(roof) / measurement->seconds / 1e9,
             getUnit(roof),
             stringifyRoof(roof).str(),
             std::nullopt,
             std::move(measurement->ratios)};
  if (measurement->roof)
    row.referenceRate = measurement->roofRate / 1e9;
  add(std::move(row));
  return llvm::Error::success();
}

llvm::Error Session::addPerToken(llvm::ArrayRef<const Case *> series) {
  std::vector<Workload> workloads;
  for (const Case *subject : series) {
    auto workload = Workload::create(context, subject->entry, *subject->format,
                                     subject->shape);
    if (!workload)
      return workload.takeError();
    workloads.push_back(std::move(*workload));
  }
  // All of them in each round, so that neighbours are measured next to each
  // other.
  std::vector<std::vector<double>> times(series.size());
  for (unsigned round = 0; round < info.rounds; ++round)
    for (size_t i = 0; i < series.size(); ++i) {
      auto time = timeCalls([&] { return workloads[i].run(); }, seconds);
      if (!time)
        return time.takeError();
      times[i].push_back(*time / series[i]->shape.m);
    }
  std::optional<double> before;
  for (auto [i, subject] : llvm::enumerate(series)) {
    double perToken = getMedian(times[i]);
    Row row = {subject,
               perToken * subject->shape.m,
               perToken * 1e6,
               "us/token",
               "",
               before,
               {}};
    if (i != 0) {
      row.reference = llvm::formatv("m = {0}", series[i - 1]->shape.m);
      for (auto [time, last] : llvm::zip_equal(times[i], times[i - 1]))
        row.ratios.push_back(time / last);
    }
    before = row.rate;
    add(std::move(row));
  }
  return llvm::Error::success();
}

llvm::Error Session::addCompile(const Case &subject) {
  SmallVector<std::string> arguments = {
      ("--time-compilation=" + subject.format->name).str()};
  if (options.quick)
    arguments.push_back("--quick");
  std::vector<double> times;
  for (unsigned round = 0; round < info.rounds; ++round) {
    auto output = capture(self, arguments);
    if (!output)
      return output.takeError();
    double time = 0;
    if (StringRef(*output).trim().getAsDouble(time) || time <= 0)
      return makeError("{0} printed {1}", self, *output);
    times.push_back(time);
  }
  double median = getMedian(times);
  Row row = {
      &subject, median, median * 1e3, "ms", "limit", kCompileSeconds * 1e3, {}};
  for (double time : times)
    row.ratios.push_back(time / kCompileSeconds);
  add(std::move(row));
  return llvm::Error::success();
}

/// The row of the layer that a row of PyTorch takes the place of.
const Row *Session::findLayer(const Case &subject) const {
  for (const Row &row : rows) {
    const Case &other = *row.subject;
    if (other.kind == CaseKind::Roofline && other.entry == EntryKind::Forward &&
        other.format == subject.format && other.shape == subject.shape)
      return &row;
  }
  return nullptr;
}

llvm::Error Session::addTorch(llvm::ArrayRef<const Case *> cases) {
  auto times = timeTorch(cases, python, info.rounds, seconds);
  if (!times)
    return times.takeError();
  info.torchVersion = times->version;
  info.torchMissing = times->missing;
  if (!times->missing.empty())
    return llvm::Error::success();
  for (auto [subject, time] : llvm::zip_equal(cases, times->seconds)) {
    Row row = {subject, time, getOperations(subject->shape) / time / 1e9,
               "GOP/s", "",   std::nullopt,
               {}};
    if (const Row *layer = findLayer(*subject)) {
      row.reference = layer->subject->name;
      row.referenceRate = getOperations(subject->shape) / layer->seconds / 1e9;
      row.ratios = {time / layer->seconds};
    }
    add(std::move(row));
  }
  return llvm::Error::success();
}

llvm::Error Session::run(llvm::ArrayRef<Case> cases) {
  table.printHeader(info);
  SmallVector<const Case *> torch;
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case &subject = cases[i];
    llvm::Error error = llvm::Error::success();
    switch (subject.kind) {
    case CaseKind::Roofline:
      error = addRoofline(subject);
      break;
    case CaseKind::PerToken: {
      SmallVector<const Case *> series = {&subject};
      while (i + 1 < cases.size() && cases[i + 1].kind == subject.kind &&
             cases[i + 1].format == subject.format)
        series.push_back(&cases[++i]);
      error = addPerToken(series);
      break;
    }
    case CaseKind::Compile:
      error = addCompile(subject);
      break;
    case CaseKind::TorchDequantize:
    case CaseKind::TorchDense:
      torch.push_back(&subject);
    }
    if (error)
      return error;
  }
  if (!torch.empty())
    if (llvm::Error error = addTorch(torch))
      return error;
  // Roofs that no row was held to are good to know all the same.
  for (unsigned i = 0; i < kNumRoofs; ++i)
    while (rooflines.getRates(Roof(i)).size() < info.rounds)
      if (!rooflines.measure(Roof(i)))
        break;
  table.printFooter(info, rooflines);
  return llvm::Error::success();
}

unsigned Session::getNumMissed() const {
  return llvm::count_if(rows,
                        [](const Row &row) { return row.passes() == false; });
}

//===----------------------------------------------------------------------===//
// main
//===----------------------------------------------------------------------===//

/// Prints how long one compilation takes in this fresh process.
static llvm::Error printCompilation(const CommandLine &options,
                                    MLIRContext *context) {
  auto formats = getFormats(options.timeCompilation);
  if (!formats)
    return formats.takeError();
  auto time = timeCompilation(context, *formats->front(),
                              getCompiledShape(options.quick));
  if (!time)
    return time.takeError();
  llvm::outs() << llvm::format("%.9f\n", *time);
  return llvm::Error::success();
}

static llvm::Error run(const CommandLine &options, MLIRContext *context,
                       StringRef self) {
  if (!options.timeCompilation.empty())
    return printCompilation(options, context);
  if (options.rounds.getNumOccurrences() && options.rounds == 0)
    return makeError("--rounds must be at least 1");
  auto cases = getCases(options);
  if (!cases)
    return cases.takeError();
  if (options.list) {
    for (const Case &subject : *cases)
      llvm::outs() << subject.name << "\n";
    return llvm::Error::success();
  }
  // What cannot work is found before minutes have passed.
  auto python = findPython(options.python);
  if (!python)
    return python.takeError();
  std::optional<llvm::ToolOutputFile> json;
  if (!options.json.empty()) {
    std::error_code code;
    json.emplace(options.json, code, llvm::sys::fs::OF_Text);
    if (code)
      return makeError("cannot write {0}: {1}", options.json.getValue(),
                       code.message());
  }

  Session session(options, context, self, *python);
  if (llvm::Error error = session.run(*cases))
    return error;
  if (json) {
    session.writeJSON(json->os());
    json->keep();
  }
  if (unsigned missed = session.getNumMissed(); missed && options.check)
    return makeError("{0} of {1} rows miss their bars", missed, cases->size());
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  rememberCPUs();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  CommandLine options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(
      argc, argv, "Measure fp4 workloads beside what the machine can do\n");

  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerDialect(registry);
  registerAllGPUToLLVMIRTranslations(registry);
  registerOpenMPDialectTranslation(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);

  std::string self = llvm::sys::fs::getMainExecutable(
      argv[0], reinterpret_cast<void *>(&main));
  bool failed = false;
  llvm::handleAllErrors(run(options, &context, self),
                        [&](const llvm::ErrorInfoBase &error) {
                          failed = true;
                          llvm::WithColor::error(llvm::errs(), "fp4-bench")
                              << error.message() << "\n";
                        });
  return failed;
}
