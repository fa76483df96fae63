//===- Parser.h - Parser of PTX ------------------------------- -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_SIMULATOR_PARSER_H
#define FP4_SIMULATOR_PARSER_H

#include "fp4/Simulator/Syntax.h"
#include "llvm/Support/Error.h"

namespace mlir::fp4::sim::ptx {

/// Parses a module. An error says where it is, as `name:line:column`, what was
/// expected and what was found. Neither time nor memory grows faster than the
/// text, whatever it holds.
llvm::Expected<Module> parse(llvm::StringRef text, llvm::StringRef name);

} // namespace mlir::fp4::sim::ptx

#endif // FP4_SIMULATOR_PARSER_H
