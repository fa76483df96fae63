//===- MatmulToVector.cpp - Matmul on vectors -----------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emit.h"

using namespace mlir;
using namespace mlir::fp4;

void fp4::emitVectors(VectorBuilder &b, PackedMatmulOp op) {}
