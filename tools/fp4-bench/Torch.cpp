//===- Torch.cpp - The same layers in PyTorch -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Torch.h"
#include "Subprocess.h"
#include "Threads.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::fp4;
using namespace mlir::fp4::bench;

/// benchmarks/torch_linear.py.
static constexpr const char *kTorchLinear =
#include "TorchLinear.inc"
    ;

/// The name that the script takes and gives back; a dense layer has no format.
static std::string getScriptName(const Case &subject) {
  auto [m, n, k] = subject.shape;
  return llvm::formatv(
      "{0}:{1}x{2}x{3}",
      subject.kind == CaseKind::TorchDense ? "dense" : subject.format->name, m,
      n, k);
}

/// Reads the lines of the script: first what it is, then a time for each name.
static llvm::Expected<TorchTimes> parse(StringRef output,
                                        llvm::ArrayRef<const Case *> cases) {
  TorchTimes times;
  llvm::StringMap<double> byName;
  while (!output.empty()) {
    auto [line, rest] = output.split('\n');
    output = rest;
    auto value = llvm::json::parse(line);
    if (!value)
      return value.takeError();
    const llvm::json::Object *object = value->getAsObject();
    if (!object)
      return makeError("torch_linear.py printed {0}", line);
    times.version = object->getString("torch").value_or(times.version);
    times.missing = object->getString("missing").value_or(times.missing);
    if (auto name = object->getString("name"))
      byName[*name] = object->getNumber("seconds").value_or(0);
  }
  if (!times.missing.empty())
    return times;
  for (const Case *subject : cases) {
    times.seconds.push_back(byName.lookup(getScriptName(*subject)));
    if (times.seconds.back() <= 0)
      return makeError("torch_linear.py gave no time for {0}",
                       getScriptName(*subject));
  }
  return times;
}

llvm::Expected<std::string> bench::findPython(StringRef name) {
  auto program = llvm::sys::findProgramByName(name.empty() ? "python3" : name);
  // A path is given back as it is.
  if (program && llvm::sys::fs::can_execute(*program))
    return *program;
  if (name.empty())
    return "";
  return makeError("there is no program --python={0}", name);
}

llvm::Expected<TorchTimes> bench::timeTorch(llvm::ArrayRef<const Case *> cases,
                                            StringRef python, unsigned rounds,
                                            double seconds) {
  if (python.empty()) {
    TorchTimes none;
    none.missing = "there is no python3";
    return none;
  }
  SmallVector<std::string> arguments = {
      "-c", kTorchLinear, llvm::formatv("--threads={0}", getNumThreads()),
      llvm::formatv("--rounds={0}", rounds),
      llvm::formatv("--seconds={0}", seconds)};
  for (const Case *subject : cases) {
    std::string name = getScriptName(*subject);
    if (!llvm::is_contained(arguments, name))
      arguments.push_back(name);
  }
  auto output = capture(python, arguments);
  if (!output)
    return output.takeError();
  return parse(*output, cases);
}
