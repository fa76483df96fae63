//===- FP4Types.td - Operand constraints of the fp4 ops ----*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4TYPES_TD
#define FP4_DIALECT_FP4_IR_FP4TYPES_TD

include "mlir/IR/CommonTypeConstraints.td"

// The texts below end up in error messages: "operand #0 must be <text>".

def FP4_FloatTensor : RankedTensorOf<[F32, F16, BF16]>;

def FP4_Float : AnyTypeOf<[FP4_FloatTensor, MemRefOf<[F32, F16, BF16]>],
    "ranked tensor or memref of f32, f16 or bf16">;

def FP4_Codes : AnyTypeOf<[RankedTensorOf<[F4E2M1FN, I8]>, MemRefOf<[I8]>],
    "ranked tensor of f4E2M1FN codes or of packed i8 codes, "
    "or memref of packed i8 codes">;

def FP4_Scales : AnyTypeOf<[RankedTensorOf<[F8E8M0FNU, F8E4M3FN]>,
                            MemRefOf<[F8E8M0FNU, F8E4M3FN]>],
    "ranked tensor or memref of f8E8M0FNU (mx) or f8E4M3FN (nv) scales">;

class FP4_Shaped<Type element, string name>
    : AnyTypeOf<[RankedTensorOf<[element]>, MemRefOf<[element]>],
                "ranked tensor or memref of " # name>;

#endif // FP4_DIALECT_FP4_IR_FP4TYPES_TD
