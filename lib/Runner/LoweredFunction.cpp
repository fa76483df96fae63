//===- LoweredFunction.cpp - The interface of a lowered function ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/LoweredFunction.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Target/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::fp4;

void fp4::nameArguments(ModuleOp module, const EntrySignature &signature) {
  auto entry = module.lookupSymbol<func::FuncOp>(signature.entry);
  Builder builder(entry.getContext());
  for (auto [i, value] : llvm::enumerate(signature.arguments))
    if (!value.isParameter)
      entry.setArgAttr(i, kNameAttrName, builder.getStringAttr(value.name));
}

static llvm::Expected<LoweredFunction>
getLoweredFunction(ModuleOp module, const EntrySignature &signature,
                   StringRef name) {
  auto lowered = getSignature(module, name);
  if (!lowered)
    return lowered.takeError();
  auto function = module.lookupSymbol<func::FuncOp>(name);
  LoweredFunction result;
  result.name = name.str();
  result.arguments = lowered->arguments;
  result.results = lowered->results;
  for (auto [i, value] : llvm::enumerate(lowered->arguments)) {
    if (auto index =
            function.getArgAttrOfType<IntegerAttr>(i, kPreparedAttrName)) {
      result.sources.push_back({true, unsigned(index.getInt())});
      continue;
    }
    // All arguments of the source with this key are bound to one tensor.
    const auto *source = llvm::find_if(
        signature.arguments, [&, &value = value](const EntryValue &other) {
          return other.isParameter == value.isParameter &&
                 other.name == value.name;
        });
    result.sources.push_back(
        {false, unsigned(source - signature.arguments.begin())});
  }
  return result;
}

llvm::Expected<LoweredEntry>
fp4::getLoweredEntry(ModuleOp module, const EntrySignature &signature) {
  LoweredEntry result;
  auto entry = getLoweredFunction(module, signature, signature.entry);
  if (!entry)
    return entry.takeError();
  result.entry = std::move(*entry);
  std::string prepareName = getPrepareName(signature.entry);
  if (!module.lookupSymbol(prepareName))
    return std::move(result);
  auto prepare = getLoweredFunction(module, signature, prepareName);
  if (!prepare)
    return prepare.takeError();
  result.prepare = std::move(*prepare);
  return std::move(result);
}
