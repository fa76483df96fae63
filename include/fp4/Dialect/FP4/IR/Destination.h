//===- Destination.h - Destination-passing style of the fp4 ops -*- C++ -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the op-level ops share as ops in destination-passing style.
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_DESTINATION_H
#define FP4_DIALECT_FP4_IR_DESTINATION_H

#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::fp4 {

/// The shape of each result is the shape of its destination.
LogicalResult reifyDestinationShapes(DestinationStyleOpInterface op,
                                     OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &shapes);

/// On memrefs: reads the inputs, writes the destinations. On tensors: nothing.
void getDestinationEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects);

} // namespace mlir::fp4

#endif // FP4_DIALECT_FP4_IR_DESTINATION_H
