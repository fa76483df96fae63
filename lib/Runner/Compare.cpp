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
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

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

static bool isProduct(Operation *op) {
  return isa<QuantLinearOp, ScaledMatmulOp>(op);
}

/// Whether result `index` of the entry is that of a matrix product which no
/// other product feeds.
static bool isSingleProduct(func::FuncOp entry, unsigned index) {
  if (!entry.getBody().hasOneBlock())
    return false;
  Operation *terminator = entry.getBody().front().getTerminator();
  Operation *product = terminator->getOperand(index).getDefiningOp();
  if (!product || !isProduct(product))
    return false;
  SetVector<Operation *> slice;
  return succeeded(getBackwardSlice(product, &slice)) &&
         llvm::none_of(slice, isProduct);
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
  auto entry = module.lookupSymbol<func::FuncOp>(signature.entry);
  return compareAll(results, os, [&](unsigned i) {
    return compare(results[i].view(), (*expected)[i].view(),
                   isSingleProduct(entry, i) ? &(*magnitudes)[i].view()
                                             : nullptr);
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
