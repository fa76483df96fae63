//===- ConversionTypes.h - The types of a conversion ------------*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_LIB_SIMULATOR_INSTRUCTIONS_CONVERSIONTYPES_H
#define FP4_LIB_SIMULATOR_INSTRUCTIONS_CONVERSIONTYPES_H

#include "../Decoder.h"
#include "fp4/Simulator/Arithmetic/FloatFormat.h"

namespace mlir::fp4::sim {

/// The types in the order of the opcode: the destination's, then the source's.
std::pair<Type, Type> conversionTypes(const Decoder &decoder);

/// The format of a float type of one element.
FloatFormat formatOf(Type type);

} // namespace mlir::fp4::sim

#endif // FP4_LIB_SIMULATOR_INSTRUCTIONS_CONVERSIONTYPES_H
