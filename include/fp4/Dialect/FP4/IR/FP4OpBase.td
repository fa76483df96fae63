//===- FP4OpBase.td - Bases of fp4 operations --------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4OPBASE_TD
#define FP4_DIALECT_FP4_IR_FP4OPBASE_TD

include "fp4/Dialect/FP4/IR/FP4Dialect.td"
include "fp4/Dialect/FP4/IR/FP4Enums.td"
include "fp4/Dialect/FP4/IR/FP4Interfaces.td"
include "fp4/Dialect/FP4/IR/FP4Types.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/RuntimeVerifiableOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

class FP4_Op<string mnemonic, list<Trait> traits = []>
    : Op<FP4_Dialect, mnemonic, !listconcat(traits, [
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>,
        DeclareOpInterfaceMethods<RuntimeVerifiableOpInterface>
      ])> {
  let hasVerifier = 1;

  code shapeDeclaration = [{
    /// Collects the relations that hold between the dimensions of the
    /// operands: the verifier checks the static ones, runtime verification the
    /// rest. Ranks have been checked before.
    void getShapeConstraints(::mlir::fp4::ShapeConstraints &constraints);
  }];
  let extraClassDeclaration = shapeDeclaration;

  code runtimeVerification = [{
    void $cppClass::generateRuntimeVerification(
        ::mlir::OpBuilder &builder, ::mlir::Location loc,
        ::llvm::function_ref<std::string(::mlir::Operation *,
                                         ::llvm::StringRef)>
            generateErrorMessage) {
      ::mlir::fp4::ShapeConstraints constraints(getOperation());
      getShapeConstraints(constraints);
      constraints.emitRuntimeChecks(builder, loc, generateErrorMessage);
    }
  }];
  let extraClassDefinition = runtimeVerification;
}

/// An op in destination-passing style whose last `numInits` operands are the
/// destinations. On tensors it has a result for each of them, on memrefs none.
class FP4_DestinationOp<string mnemonic, int numInits, string methods = "">
    : FP4_Op<mnemonic, [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<FP4_TileDimsOpInterface>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ConditionallySpeculatable>,
        DeclareOpInterfaceMethods<TilingInterface, [
          "getLoopIteratorTypes", "getIterationDomain",
          "getTiledImplementation", "getResultTilePosition",
          "generateResultTileValue", "getIterationDomainTileFromResultTile"
        ]>
      ]> {
  let results = (outs Variadic<AnyRankedTensor>:$result_tensors);

  let extraClassDeclaration = shapeDeclaration # [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(getOperation(), getNumOperands() - }]
      # numInits # ", " # numInits # [{);
    }
  }] # methods;

  let extraClassDefinition = runtimeVerification # [{
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return ::mlir::fp4::reifyDestinationShapes(*this, builder, shapes);
    }
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<
            ::mlir::MemoryEffects::Effect>> &effects) {
      ::mlir::fp4::getDestinationEffects(*this, effects);
    }
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return hasPureTensorSemantics() ? ::mlir::Speculation::Speculatable
                                      : ::mlir::Speculation::NotSpeculatable;
    }
    ::llvm::SmallVector<::mlir::utils::IteratorType>
    $cppClass::getLoopIteratorTypes() {
      return ::llvm::SmallVector<::mlir::utils::IteratorType>(
          getNumTileLoops(), ::mlir::utils::IteratorType::parallel);
    }
    ::llvm::SmallVector<::mlir::Range>
    $cppClass::getIterationDomain(::mlir::OpBuilder &builder) {
      return ::mlir::fp4::getTileDomain(*this, builder);
    }
    ::mlir::FailureOr<::mlir::TilingResult> $cppClass::getTiledImplementation(
        ::mlir::OpBuilder &builder,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets,
        ::llvm::ArrayRef<::mlir::OpFoldResult> sizes) {
      return ::mlir::fp4::getTile(*this, builder, offsets, sizes);
    }
    ::llvm::LogicalResult $cppClass::getResultTilePosition(
        ::mlir::OpBuilder &builder, unsigned resultNumber,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets,
        ::llvm::ArrayRef<::mlir::OpFoldResult> sizes,
        ::llvm::SmallVector<::mlir::OpFoldResult> &resultOffsets,
        ::llvm::SmallVector<::mlir::OpFoldResult> &resultSizes) {
      return ::mlir::fp4::getResultTile(*this, builder, resultNumber, offsets,
                                        sizes, resultOffsets, resultSizes);
    }
    ::llvm::LogicalResult $cppClass::getIterationDomainTileFromResultTile(
        ::mlir::OpBuilder &builder, unsigned resultNumber,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets,
        ::llvm::ArrayRef<::mlir::OpFoldResult> sizes,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainOffsets,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainSizes) {
      return ::mlir::fp4::getDomainTile(*this, builder, resultNumber, offsets,
                                        sizes, domainOffsets, domainSizes);
    }
    ::mlir::FailureOr<::mlir::TilingResult> $cppClass::generateResultTileValue(
        ::mlir::OpBuilder &builder, unsigned resultNumber,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets,
        ::llvm::ArrayRef<::mlir::OpFoldResult> sizes) {
      return ::mlir::fp4::getTileOfResult(*this, builder, resultNumber, offsets,
                                          sizes);
    }
  }];
}

/// Each op that a strategy lowers has one of these, a layer one for each half.
def FP4_StrategyAttr : OptionalAttr<StrAttr>;

#endif // FP4_DIALECT_FP4_IR_FP4OPBASE_TD
