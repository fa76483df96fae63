//===- TCGen05Enums.td - Enums of the tcgen05 dialect ------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a file of their own: the definitions of enums are generated for all that a
// file includes, and upstream has generated its own.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_TCGEN05_IR_TCGEN05ENUMS_TD
#define FP4_DIALECT_TCGEN05_IR_TCGEN05ENUMS_TD

include "mlir/IR/EnumAttr.td"

def TCGen05_FenceBefore : I32EnumCase<"Before", 0, "before">;
def TCGen05_FenceAfter : I32EnumCase<"After", 1, "after">;
def TCGen05_FenceInit : I32EnumCase<"BarrierInit", 2, "barrier_init">;
def TCGen05_FenceKind : I32Enum<"FenceKind", "what a fence orders", [
    TCGen05_FenceBefore, TCGen05_FenceAfter, TCGen05_FenceInit]> {
  let cppNamespace = "::mlir::fp4::tcgen05";
}

#endif // FP4_DIALECT_TCGEN05_IR_TCGEN05ENUMS_TD
