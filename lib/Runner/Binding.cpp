//===- Binding.cpp - Files to arguments -----------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Binding.h"
#include "fp4/Support/Error.h"
#include "llvm/Support/Alignment.h"

using namespace mlir;
using namespace mlir::fp4;

static std::string listNames(llvm::iterator_range<const EntryValue *> values) {
  std::string names;
  for (const EntryValue &value : values)
    if (!value.isParameter)
      names += (names.empty() ? "'" : ", '") + value.name + "'";
  return names.empty() ? "none" : names;
}

static llvm::Error checkInputs(const EntrySignature &signature,
                               const SafeTensors *inputs) {
  if (!inputs)
    return llvm::Error::success();
  for (const TensorView &tensor : inputs->tensors()) {
    bool isBound =
        llvm::any_of(signature.arguments, [&](const EntryValue &argument) {
          return !argument.isParameter && argument.name == tensor.name;
        });
    if (!isBound)
      return makeError(
          "{0}: '{1}' is no input of @{2}; its inputs are: {3}", inputs->path(),
          tensor.name, signature.entry,
          listNames({signature.arguments.begin(), signature.arguments.end()}));
  }
  return llvm::Error::success();
}

namespace {
struct Found {
  const TensorView *tensor = nullptr;
  const SafeTensors *file = nullptr;
};
} // namespace

static llvm::Expected<Found> findInput(const EntryValue &argument,
                                       const SafeTensors *inputs) {
  if (!inputs)
    return makeError("argument '{0}' needs a file of inputs: --input",
                     argument.name);
  if (const TensorView *tensor = inputs->find(argument.name))
    return Found{tensor, inputs};
  return makeError("{0}: no tensor '{1}', which is an argument: {2}",
                   inputs->path(), argument.name, argument.describe());
}

static llvm::Expected<Found> findParameter(const EntryValue &argument,
                                           ArrayRef<SafeTensors> parameters) {
  Found found;
  for (const SafeTensors &file : parameters) {
    const TensorView *tensor = file.find(argument.name);
    if (tensor && found.tensor)
      return makeError("parameter '{0}' is in both {1} and {2}", argument.name,
                       found.file->path(), file.path());
    if (tensor)
      found = {tensor, &file};
  }
  if (found.tensor)
    return found;
  if (parameters.empty())
    return makeError("parameter '{0}' needs a file of parameters: --params",
                     argument.name);
  return makeError("{0}{1}: no tensor '{2}', which is a parameter: {3}",
                   parameters.front().path(),
                   parameters.size() > 1 ? " and the other parameter files"
                                         : "",
                   argument.name, argument.describe());
}

llvm::Expected<Binding> Binding::bind(const EntrySignature &signature,
                                      const SafeTensors *inputs,
                                      ArrayRef<SafeTensors> parameters) {
  if (llvm::Error error = checkInputs(signature, inputs))
    return error;
  Binding binding;
  for (const EntryValue &argument : signature.arguments) {
    llvm::Expected<Found> found = argument.isParameter
                                      ? findParameter(argument, parameters)
                                      : findInput(argument, inputs);
    if (!found)
      return found.takeError();
    if (llvm::Error error = argument.check(*found->tensor, found->file->path()))
      return error;
    TensorView view = *found->tensor;
    // A byte beyond 1 is no value of i1: what comes of it is undefined.
    if (view.dtype == DType::BOOL &&
        llvm::any_of(view.data, [](char byte) { return byte & ~1; }))
      return makeError("{0}: '{1}' is BOOL and holds a byte that is neither 0 "
                       "nor 1",
                       found->file->path(), argument.name);
    llvm::Align alignment(std::max(1u, bitWidth(view.dtype) / 8));
    if (!llvm::isAddrAligned(alignment, view.data.data())) {
      auto copy = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
          view.data.size(), "", alignment);
      if (!copy)
        return makeError("out of memory for a copy of '{0}'", argument.name);
      llvm::copy(view.data, copy->getBufferStart());
      view.data = ArrayRef(copy->getBufferStart(), view.data.size());
      binding.copies.push_back(std::move(copy));
    }
    binding.views.push_back(std::move(view));
  }
  return std::move(binding);
}
