//===- Report.cpp - What a rule has to say about a kernel -----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Report.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static raw_ostream &operator<<(raw_ostream &os, const Dim3 &dim) {
  return os << '(' << dim[0] << ", " << dim[1] << ", " << dim[2] << ')';
}

std::string Report::format() const {
  std::string text;
  raw_string_ostream os(text);
  os << module;
  if (location.line)
    os << ':' << location.line << ':' << location.column;
  os << (isWarning ? ": warning: [" : ": error: [") << rule << "] " << message
     << "\n  in kernel " << kernel;
  if (cta)
    os << ", CTA " << *cta;
  if (warp)
    os << ", warp " << *warp;
  if (thread)
    os << ", thread " << *thread;
  if (sourceLine)
    os << ", from " << sourceFile << ':' << sourceLine;
  return text;
}
