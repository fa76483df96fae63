//===- ResultsToDestinations.cpp - The interface of lowered entries -------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Dialect/FP4/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace mlir::fp4 {
#define GEN_PASS_DEF_FP4RESULTSTODESTINATIONSPASS
#include "fp4/Dialect/FP4/Transforms/Passes.h.inc"
} // namespace mlir::fp4

using namespace mlir;
using namespace mlir::fp4;

std::string fp4::getResultShapesName(StringRef entry) {
  return (entry + ".result_shapes").str();
}

static MemRefType getMemRefType(RankedTensorType tensor, Attribute space) {
  return MemRefType::get(tensor.getShape(), tensor.getElementType(),
                         MemRefLayoutAttrInterface(), space);
}

/// The destination of a result; null if it can have none. Scalars stay in the
/// memory of the host.
static MemRefType getDestinationType(Type result, Attribute space) {
  if (auto tensor = dyn_cast<RankedTensorType>(result))
    return getMemRefType(tensor, space);
  if (result.isIntOrIndexOrFloat())
    return MemRefType::get({}, result);
  return {};
}

static LogicalResult checkTypes(func::FuncOp entry) {
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes()))
    if (!isa<RankedTensorType>(type) && !type.isIntOrIndexOrFloat())
      return entry.emitOpError("argument #")
             << i << " of an entry must be a ranked tensor, an integer, an "
             << "index or a float, but got " << type;
  for (auto [i, type] : llvm::enumerate(entry.getResultTypes()))
    if (!getDestinationType(type, /*space=*/{}))
      return entry.emitOpError("result #")
             << i << " of an entry must be a ranked tensor, an integer, an "
             << "index or a float, but got " << type;
  constexpr StringLiteral layout =
      bufferization::BufferizationDialect::kBufferLayoutAttrName;
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    if (entry.getArgAttr(i, layout))
      return entry.emitOpError("argument #")
             << i << " of an entry has '" << layout
             << "', but buffers of entries are contiguous";
  return success();
}

static LogicalResult checkEntry(func::FuncOp entry, ModuleOp module,
                                const SymbolTable &symbols) {
  if (failed(checkTypes(entry)))
    return failure();
  std::string shapes = getResultShapesName(entry.getName());
  if (symbols.lookup(shapes))
    return entry.emitOpError("needs the name '")
           << shapes
           << "' for the function of its result sizes, but the module "
           << "has it already";
  std::optional<SymbolTable::UseRange> uses =
      SymbolTable::getSymbolUses(entry, module);
  if (!uses)
    return entry.emitOpError("is in a module with unknown symbol tables");
  for (SymbolTable::SymbolUse use : *uses)
    return use.getUser()->emitOpError("refers to the entry '")
           << entry.getName()
           << "' and was not inlined; an entry gives its results in "
              "destinations and cannot be called from the module";
  return success();
}

/// A function of the module with the name of a library function would be called
/// in its place by what LLVM makes of other functions: a loop becomes memset.
static LogicalResult checkName(func::FuncOp function) {
  llvm::Triple triple(llvm::sys::getProcessTriple());
  llvm::TargetLibraryInfoImpl library(triple);
  llvm::LibFunc known;
  if (!function.isDeclaration() &&
      library.getLibFunc(function.getName(), known))
    return function.emitOpError("has the name of a library function, which "
                                "lowered code may call");
  return success();
}

/// Makes `function` take `types` behind its arguments and return nothing; calls
/// `store` at each return.
static void
replaceResults(func::FuncOp function, TypeRange types,
               llvm::function_ref<void(func::ReturnOp, ValueRange)> store) {
  unsigned numInputs = function.getNumArguments();
  for (auto [i, type] : llvm::enumerate(types))
    // Fails only for an index beyond the last argument.
    (void)function.insertArgument(numInputs + i, type, {}, function.getLoc());
  ValueRange destinations = function.getArguments().drop_front(numInputs);
  function.walk([&](func::ReturnOp returnOp) {
    store(returnOp, destinations);
    returnOp.getOperandsMutable().clear();
  });
  (void)function.eraseResults(BitVector(function.getNumResults(), true));
}

static void storeResults(func::ReturnOp returnOp, ValueRange destinations) {
  OpBuilder builder(returnOp);
  Location loc = returnOp.getLoc();
  for (auto [result, destination] :
       llvm::zip_equal(returnOp.getOperands(), destinations)) {
    if (!isa<RankedTensorType>(result.getType())) {
      memref::StoreOp::create(builder, loc, result, destination);
      continue;
    }
    auto store = bufferization::MaterializeInDestinationOp::create(
        builder, loc, /*result=*/Type(), result, destination);
    store.setRestrict(true);
    store.setWritable(true);
  }
}

static void storeSizes(func::ReturnOp returnOp, Value sizes) {
  OpBuilder builder(returnOp);
  Location loc = returnOp.getLoc();
  int64_t next = 0;
  for (Value result : returnOp.getOperands()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    for (int64_t i = 0, rank = type ? type.getRank() : 0; i < rank; ++i) {
      Value place = arith::ConstantIndexOp::create(builder, loc, next++);
      Value size = tensor::DimOp::create(builder, loc, result, i);
      memref::StoreOp::create(builder, loc, size, sizes, place);
    }
  }
}

/// Adds the function that computes the sizes of the entry's results.
static void addResultShapes(func::FuncOp entry, SymbolTable &symbols) {
  int64_t numSizes = 0;
  for (Type type : entry.getResultTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      numSizes += tensor.getRank();
  func::FuncOp shapes = entry.clone();
  shapes.setName(getResultShapesName(entry.getName()));
  symbols.insert(shapes, std::next(Block::iterator(entry)));
  Type sizes = MemRefType::get({numSizes}, IndexType::get(entry.getContext()));
  replaceResults(shapes, sizes,
                 [](func::ReturnOp returnOp, ValueRange destinations) {
                   storeSizes(returnOp, destinations.front());
                 });
}

/// Makes a tensor argument a buffer in `space`, which is read and not written.
static void placeArgument(func::FuncOp entry, unsigned index, Attribute space) {
  BlockArgument argument = entry.getArgument(index);
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type)
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&entry.getBody().front());
  argument.setType(getMemRefType(type, space));
  auto tensor = bufferization::ToTensorOp::create(builder, entry.getLoc(), type,
                                                  argument, /*restrict=*/true);
  argument.replaceAllUsesExcept(tensor, tensor);
  entry.setType(FunctionType::get(entry.getContext(),
                                  entry.getBody().getArgumentTypes(),
                                  entry.getResultTypes()));
}

static void convertEntry(func::FuncOp entry, SymbolTable &symbols,
                         Attribute space) {
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    entry.removeArgAttr(i, kParamAttrName);
    entry.removeArgAttr(i, kNameAttrName);
    entry.removeArgAttr(i, kPreparedAttrName);
    if (space)
      placeArgument(entry, i, space);
    else if (isa<RankedTensorType>(entry.getArgument(i).getType()))
      entry.setArgAttr(i,
                       bufferization::BufferizationDialect::kWritableAttrName,
                       BoolAttr::get(entry.getContext(), false));
  }
  addResultShapes(entry, symbols);
  SmallVector<Type> types =
      llvm::map_to_vector(entry.getResultTypes(), [&](Type type) -> Type {
        return getDestinationType(type, space);
      });
  replaceResults(entry, types, storeResults);
}

namespace {
struct FP4ResultsToDestinationsPass
    : fp4::impl::FP4ResultsToDestinationsPassBase<
          FP4ResultsToDestinationsPass> {
  using FP4ResultsToDestinationsPassBase::FP4ResultsToDestinationsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    Attribute space;
    if (memorySpace != 0)
      space = Builder(&getContext()).getI64IntegerAttr(memorySpace);
    SymbolTable symbols(module);
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (failed(checkName(function)))
        return signalPassFailure();
      if (function.isPublic() && !function.isDeclaration())
        entries.push_back(function);
    }
    for (func::FuncOp entry : entries)
      if (failed(checkEntry(entry, module, symbols)))
        return signalPassFailure();
    for (func::FuncOp entry : entries)
      convertEntry(entry, symbols, space);
  }
};
} // namespace
