//===- fp4-sim.cpp - Executes PTX on the host -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads a PTX file on a simulated chip, launches one of its kernels, and prints
// what rules it broke. The exit status is 0 if it broke none, 2 if it did, and
// 1 if nothing was run.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "fp4/Simulator/Parser.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
enum class StatsFormat { None, Text, JSON };
} // namespace

static cl::OptionCategory category("fp4-sim options");
static cl::opt<std::string> inputFile(cl::Positional, cl::init("-"),
                                      cl::desc("<kernel.ptx>"),
                                      cl::cat(category));
static cl::opt<std::string> chipName("chip", cl::init("sm_100a"),
                                     cl::desc("The chip: sm_80, sm_100a, ..."),
                                     cl::cat(category));
static cl::opt<std::string>
    kernelName("kernel",
               cl::desc("The kernel; may be left out if there is only one"),
               cl::cat(category));
static cl::opt<std::string> gridText("grid", cl::init("1"),
                                     cl::desc("CTAs, as X[,Y[,Z]]"),
                                     cl::cat(category));
static cl::opt<std::string> blockText("block", cl::init("1"),
                                      cl::desc("Threads of a CTA, as "
                                               "X[,Y[,Z]]"),
                                      cl::cat(category));
static cl::opt<std::string>
    clusterText("cluster",
                cl::desc("CTAs of a cluster, as X[,Y[,Z]]; what the kernel "
                         "requires if it is left out"),
                cl::cat(category));
static cl::opt<uint32_t> dynamicShared("shared", cl::init(0),
                                       cl::desc("Bytes of dynamic shared "
                                                "memory"),
                                       cl::cat(category));
static cl::list<std::string> argumentTexts(
    "arg",
    cl::desc("An argument: a number, in:FILE, inout:FILE, "
             "out:FILE:BYTES, zero:BYTES, buffer:BYTES or value:FILE"),
    cl::cat(category));
static cl::list<std::string>
    printTexts("print",
               cl::desc("Print the buffer of an argument after the run, as "
                        "NUMBER:TYPE"),
               cl::cat(category));
static cl::opt<std::string> orderText("order", cl::init("late"),
                                      cl::desc("When queued operations run: "
                                               "late, early or random:SEED"),
                                      cl::cat(category));
static cl::opt<bool> pedantic("pedantic",
                              cl::desc("Enforce what shipping kernels break, "
                                       "too"),
                              cl::cat(category));
static cl::opt<int> traceWarp("trace", cl::init(-1),
                              cl::desc("Print the instructions of that warp of "
                                       "the first CTA"),
                              cl::cat(category));
static cl::opt<uint64_t>
    maxSteps("max-steps", cl::init(Launch().maxSteps),
             cl::desc("A warp with more instructions is taken to hang"),
             cl::cat(category));
static cl::opt<unsigned> hostThreads("host-threads", cl::init(0),
                                     cl::desc("Threads of the host; 0 for all"),
                                     cl::cat(category));

static cl::opt<bool>
    listInstructions("instructions",
                     cl::desc("Print the instructions of the chip, and run "
                              "nothing"),
                     cl::cat(category));

/// --stats, in the place of LLVM's option of that name, which is there for the
/// passes of a compiler.
static cl::opt<StatsFormat> &statsOption() {
  if (cl::Option *other = cl::getRegisteredOptions().lookup("stats");
      other && !is_contained(other->Categories, &category))
    other->removeArgument();
  static cl::opt<StatsFormat> stats(
      "stats", cl::ValueOptional, cl::init(StatsFormat::None),
      cl::desc("Print what was executed"),
      cl::values(clEnumValN(StatsFormat::Text, "", ""),
                 clEnumValN(StatsFormat::Text, "text", "as text"),
                 clEnumValN(StatsFormat::JSON, "json", "as JSON")),
      cl::cat(category));
  return stats;
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

static Expected<Dim3> parseDim(StringRef option, StringRef text) {
  Dim3 dim = {1, 1, 1};
  SmallVector<StringRef, 3> parts;
  text.split(parts, ',');
  if (parts.size() > 3)
    return makeError("--{0}: expects at most three numbers, but got '{1}'",
                     option, text);
  for (auto [i, part] : enumerate(parts))
    if (part.trim().getAsInteger(10, dim[i]))
      return makeError("--{0}: expects numbers, but got '{1}'", option, text);
  return dim;
}

static Expected<const Kernel *> chooseKernel(const Program &program) {
  std::string names =
      join(map_range(program.kernels(),
                     [](const Kernel &kernel) { return kernel.name.str(); }),
           ", ");
  if (names.empty())
    return makeError("there is no kernel in '{0}'", inputFile);
  if (kernelName.empty() && program.kernels().size() == 1)
    return &program.kernels().front();
  if (kernelName.empty())
    return makeError("--kernel is needed: the kernels of '{0}' are {1}",
                     inputFile, names);
  if (const Kernel *kernel = program.findKernel(kernelName))
    return kernel;
  return makeError("unknown kernel '{0}', those of '{1}' are {2}", kernelName,
                   inputFile, names);
}

static Error setOrder(Launch &launch) {
  StringRef text = orderText;
  if (text == "late")
    launch.order = Order::Late;
  else if (text == "early")
    launch.order = Order::Early;
  else if (text.consume_front("random:") && !text.getAsInteger(0, launch.seed))
    launch.order = Order::Random;
  else
    return makeError("--order: expects late, early or random:SEED, but got "
                     "'{0}'",
                     orderText);
  return Error::success();
}

static Error setDimensions(Launch &launch) {
  for (auto [option, text, dim] :
       {std::tuple("grid", &gridText, &launch.grid),
        std::tuple("block", &blockText, &launch.block),
        std::tuple("cluster", &clusterText, &launch.cluster)}) {
    if (text->empty())
      continue;
    Expected<Dim3> parsed = parseDim(option, *text);
    if (!parsed)
      return parsed.takeError();
    *dim = *parsed;
  }
  const uint32_t (&required)[3] = launch.kernel->limits.clusterSize;
  if (clusterText.empty() && required[0])
    launch.cluster = {required[0], required[1], required[2]};
  return Error::success();
}

static Expected<std::vector<Argument>> makeArguments(Launch &launch,
                                                     DeviceMemory &memory) {
  const Kernel &kernel = *launch.kernel;
  if (argumentTexts.size() != kernel.parameters.size()) {
    std::string parameters;
    for (const Parameter &parameter : kernel.parameters)
      parameters += formatv("\n  {0}: .{1}, {2} bytes", parameter.name,
                            stringify(parameter.type), parameter.size)
                        .str();
    return makeError("kernel '{0}' has {1} parameters, but got {2} "
                     "arguments{3}",
                     kernel.name, kernel.parameters.size(),
                     argumentTexts.size(), parameters);
  }
  launch.parameters.assign(kernel.parameterBytes, 0);
  std::vector<Argument> arguments;
  for (auto [i, text] : enumerate(argumentTexts)) {
    Expected<Argument> argument = Argument::make(
        text, unsigned(i), kernel.parameters[i], memory, launch.parameters);
    if (!argument)
      return argument.takeError();
    arguments.push_back(std::move(*argument));
  }
  return arguments;
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

static Error printBuffers(ArrayRef<Argument> arguments) {
  for (StringRef text : printTexts) {
    auto [number, name] = text.split(':');
    unsigned index;
    std::optional<Type> type = parseType(name);
    if (number.getAsInteger(10, index) || index >= arguments.size() ||
        !arguments[index].buffer() || !type || *type == Type::Pred)
      return makeError("--print: expects the number of an argument that is a "
                       "buffer, and a type, but got '{0}'",
                       text);
    printBuffer(outs(), *arguments[index].buffer(), *type);
  }
  return Error::success();
}

static void printStatistics(const Statistics &s) {
  auto each = [&](auto print) {
    for (auto [i, name] : enumerate(Statistics::classNames()))
      print((name + "_instructions").str(), s.instructions[i]);
    print("thread_instructions", s.threadInstructions);
    print("global_bytes_read", s.globalBytesRead);
    print("global_bytes_written", s.globalBytesWritten);
    print("shared_bytes_read", s.sharedBytesRead);
    print("shared_bytes_written", s.sharedBytesWritten);
    print("copied_bytes", s.copiedBytes);
    print("tensor_flop", s.tensorFlop);
    print("shared_accesses", s.sharedAccesses);
    print("bank_conflicts", s.bankConflicts);
    print("waits", s.barrierWaits);
  };
  if (statsOption() == StatsFormat::Text) {
    each([](StringRef name, uint64_t value) {
      outs() << formatv("{0,-30} {1,14}\n", name, value);
    });
  } else if (statsOption() == StatsFormat::JSON) {
    json::Object object;
    each([&](StringRef name, uint64_t value) { object[name.str()] = value; });
    outs() << json::Value(std::move(object)) << '\n';
  }
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

static Expected<std::unique_ptr<Program>> load(DeviceMemory &memory) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFileOrSTDIN(inputFile);
  if (!file)
    return makeError("cannot read '{0}': {1}", inputFile,
                     file.getError().message());
  Expected<const Chip *> chip = Chip::find(chipName);
  if (!chip)
    return chip.takeError();
  Expected<ptx::Module> module = ptx::parse((*file)->getBuffer(), inputFile);
  if (!module)
    return module.takeError();
  return Program::load(std::move(*module), **chip, memory);
}

/// 0 if no rule was broken, 2 otherwise.
static Expected<int> run() {
  if (listInstructions) {
    Expected<const Chip *> chip = Chip::find(chipName);
    if (!chip)
      return chip.takeError();
    for (const std::string &form : instructionForms(**chip))
      outs() << form << '\n';
    return 0;
  }
  DeviceMemory memory;
  Expected<std::unique_ptr<Program>> program = load(memory);
  if (!program)
    return program.takeError();
  Expected<const Kernel *> kernel = chooseKernel(**program);
  if (!kernel)
    return kernel.takeError();

  Launch launch;
  launch.program = program->get();
  launch.kernel = *kernel;
  launch.dynamicShared = dynamicShared;
  launch.pedantic = pedantic;
  launch.maxSteps = maxSteps;
  launch.hostThreads = hostThreads;
  launch.traceWarp = traceWarp;
  launch.trace = &outs();
  launch.output = &outs();
  if (Error error = setDimensions(launch))
    return std::move(error);
  if (Error error = setOrder(launch))
    return std::move(error);
  Expected<std::vector<Argument>> arguments = makeArguments(launch, memory);
  if (!arguments)
    return arguments.takeError();

  Expected<LaunchResult> result = sim::launch(launch, memory);
  if (!result)
    return result.takeError();
  if (Error error = printBuffers(*arguments))
    return std::move(error);
  for (const Argument &argument : *arguments)
    if (Error error = argument.finish(memory))
      return std::move(error);
  printStatistics(result->statistics);
  outs().flush();
  for (const Report &warning : result->warnings)
    errs() << warning.format() << '\n';
  for (const Report &report : result->reports)
    errs() << report.format() << '\n';
  return result->reports.empty() ? 0 : 2;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  statsOption();
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "Executes PTX on the host\n");
  Expected<int> status = run();
  if (status)
    return *status;
  errs() << "fp4-sim: error: " << toString(status.takeError()) << '\n';
  return 1;
}
