//===- FP4Enums.td - Enums of the fp4 dialect --------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4ENUMS_TD
#define FP4_DIALECT_FP4_IR_FP4ENUMS_TD

include "fp4/Dialect/FP4/IR/FP4Dialect.td"
include "mlir/IR/EnumAttr.td"

def FP4_Rounding : I32EnumAttr<"Rounding",
    "where a value halfway between two e2m1 codes goes", [
      I32EnumAttrCase<"Even", 0, "even">,
      I32EnumAttrCase<"Zero", 1, "zero">,
      I32EnumAttrCase<"Down", 2, "down">,
      I32EnumAttrCase<"Up", 3, "up">
    ]> {
  let cppNamespace = "::mlir::fp4";
  let genSpecializedAttr = 0;
}

def FP4_RoundingAttr : EnumAttr<FP4_Dialect, FP4_Rounding, "rounding"> {
  let summary = "rounding of ties to e2m1";
  let description = [{
    Every value is rounded to the nearest e2m1 code; this says where a value
    exactly halfway between two codes goes:

    | case | tie goes to |
    | --- | --- |
    | `even` | the code whose magnitude index is even (the default) |
    | `zero` | the code nearer to zero |
    | `down` | the code nearer to minus infinity |
    | `up` | the code nearer to plus infinity |
  }];
}

#endif // FP4_DIALECT_FP4_IR_FP4ENUMS_TD
