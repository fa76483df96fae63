//===- FP4Interfaces.td - Interfaces of the fp4 ops --------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4INTERFACES_TD
#define FP4_DIALECT_FP4_IR_FP4INTERFACES_TD

include "mlir/IR/OpBase.td"

def FP4_TileDimsOpInterface : OpInterface<"TileDimsOpInterface"> {
  let cppNamespace = "::mlir::fp4";
  let description = [{
    How the operands of an op depend on its iteration domain, all of whose loops
    are parallel. The TilingInterface of the op-level ops is written in terms of
    these two methods.
  }];
  let methods = [
    InterfaceMethod<"The number of loops of the iteration domain.",
      "int64_t", "getNumTileLoops", (ins)>,
    InterfaceMethod<[{
      Says which part of `operand`, a tensor or memref, a tile of the iteration
      domain touches: one entry for each dimension of the operand. Nothing if the
      operand cannot be tiled.
    }], "std::optional<::llvm::SmallVector<::mlir::fp4::TileDim>>",
      "getTileDims", (ins "::mlir::OpOperand &":$operand)>
  ];
}

#endif // FP4_DIALECT_FP4_IR_FP4INTERFACES_TD
