//===- Compare.cpp - Results against what they should be ------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Compare.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Runner/Elements.h"
#include "fp4/Support/Error.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::fp4;

/// Compiles a copy of the module and runs the entry once.
static llvm::Expected<std::vector<HostTensor>>
runOnce(ModuleOp module, const EntrySignature &signature,
        ArrayRef<TensorView> arguments, Target target) {
  OwningOpRef<ModuleOp> copy = module.clone();
  auto compiled = CompiledEntry::compile(*copy, signature, target);
  if (!compiled)
    return compiled.takeError();
  auto results = compiled->createResults(arguments);
  if (!results)
    return results.takeError();
  if (llvm::Error error = compiled->run(arguments, *results))
    return error;
  return results;
}

/// The entry's matrix product, if it has just one, calls inlined. Null if there
/// are none or more, or if `module` cannot be inlined.
static Operation *findSingleProduct(ModuleOp module, StringRef entry) {
  PassManager pm(module.getContext());
  pm.addPass(createInlinerPass());
  if (failed(pm.run(module)))
    return nullptr;
  SmallVector<Operation *> products;
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  function.walk([&](Operation *op) {
    if (isa<QuantLinearOp, ScaledMatmulOp>(op))
      products.push_back(op);
  });
  bool hasCalls =
      function.walk([](CallOpInterface) { return WalkResult::interrupt(); })
          .wasInterrupted();
  return products.size() == 1 && !hasCalls ? products.front() : nullptr;
}

/// Whether each of the entry's results is what `product`, which may be null,
/// gives, unchanged.
static SmallVector<bool> findResultsOf(Operation *product, size_t numResults) {
  SmallVector<bool> found(numResults, false);
  if (!product)
    return found;
  auto returnOp =
      dyn_cast<func::ReturnOp>(product->getBlock()->getTerminator());
  if (!returnOp)
    return found;
  for (auto [i, result] : llvm::enumerate(returnOp.getOperands()))
    found[i] = result.getDefiningOp() == product;
  return found;
}

/// Prints how each result compares; fails if one is outside its bound.
static llvm::Error
compareAll(ArrayRef<HostTensor> results, llvm::raw_ostream &os,
           llvm::function_ref<Comparison(unsigned)> compareOne) {
  bool isInside = true;
  for (unsigned i = 0; i < results.size(); ++i) {
    Comparison comparison = compareOne(i);
    os << comparison.report;
    isInside &= comparison.isInside;
  }
  return isInside ? llvm::Error::success()
                  : makeError("the results are outside the bounds");
}

llvm::Error fp4::compareWithReference(ModuleOp module,
                                      const EntrySignature &signature,
                                      ArrayRef<TensorView> arguments,
                                      ArrayRef<HostTensor> results,
                                      llvm::raw_ostream &os) {
  auto expected = runOnce(module, signature, arguments, Target::Reference);
  if (!expected)
    return expected.takeError();
  auto magnitudes =
      runOnce(module, signature, arguments, Target::ReferenceMagnitudes);
  if (!magnitudes)
    return magnitudes.takeError();
  OwningOpRef<ModuleOp> inlined = module.clone();
  SmallVector<bool> isProduct = findResultsOf(
      findSingleProduct(*inlined, signature.entry), results.size());
  return compareAll(results, os, [&](unsigned i) {
    return compare(results[i].view(), (*expected)[i].view(),
                   isProduct[i] ? &(*magnitudes)[i].view() : nullptr);
  });
}

llvm::Error fp4::checkExpected(const SafeTensors &file,
                               const EntrySignature &signature) {
  for (const EntryValue &result : signature.results)
    if (!file.find(result.name))
      return makeError("{0}: no tensor '{1}' to compare the result with",
                       file.path(), result.name);
  return llvm::Error::success();
}

llvm::Error fp4::compareWithFile(const SafeTensors &file,
                                 ArrayRef<HostTensor> results,
                                 llvm::raw_ostream &os) {
  return compareAll(results, os, [&](unsigned i) {
    const TensorView &result = results[i].view();
    return compare(result, *file.find(result.name), nullptr);
  });
}
