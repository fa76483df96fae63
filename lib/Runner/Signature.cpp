//===- Signature.cpp - What an entry takes and gives ----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Runner/Signature.h"
#include "fp4/Dialect/FP4/IR/FP4.h"
#include "fp4/Support/Error.h"
#include "fp4/Target/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::fp4;

/// The dtype that holds elements of `type` in files; nothing if none does.
static std::optional<DType> getDType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return DType::BOOL;
    case 8: // Signless bytes are packed codes more often than numbers.
      return integer.isSigned() ? DType::I8 : DType::U8;
    case 16:
      return isUnsigned ? DType::U16 : DType::I16;
    case 32:
      return isUnsigned ? DType::U32 : DType::I32;
    case 64:
      return isUnsigned ? DType::U64 : DType::I64;
    default:
      return std::nullopt;
    }
  }
  return llvm::TypeSwitch<Type, std::optional<DType>>(type)
      .Case([](Float4E2M1FNType) { return DType::U8; })
      .Case([](Float8E4M3FNType) { return DType::F8_E4M3; })
      .Case([](Float8E8M0FNUType) { return DType::F8_E8M0; })
      .Case([](Float8E5M2Type) { return DType::F8_E5M2; })
      .Case([](Float16Type) { return DType::F16; })
      .Case([](BFloat16Type) { return DType::BF16; })
      .Case([](Float32Type) { return DType::F32; })
      .Case([](Float64Type) { return DType::F64; })
      .Case([](IndexType) { return DType::I64; })
      .Default([](Type) { return std::nullopt; });
}

static bool isCodes(Type type) {
  return isa<Float4E2M1FNType>(getElementTypeOrSelf(type));
}

DType EntryValue::dtype() const {
  return *getDType(getElementTypeOrSelf(type));
}

SmallVector<int64_t> EntryValue::shape() const {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return {};
  if (isCodes(type))
    tensor = getPackedCodesType(tensor);
  return SmallVector<int64_t>(tensor.getShape());
}

std::string EntryValue::describe() const {
  auto size = [](int64_t value) {
    return ShapedType::isDynamic(value) ? std::string("?")
                                        : std::to_string(value);
  };
  return (stringify(dtype()) + " (" +
          llvm::join(llvm::map_range(shape(), size), ", ") + ")")
      .str();
}

/// A file may hold a signless integer in the signed or the unsigned dtype.
static bool isAccepted(DType dtype, const EntryValue &value) {
  Type element = getElementTypeOrSelf(value.type);
  if (dtype == value.dtype())
    return true;
  if (!element.isSignlessInteger() && !element.isIndex())
    return false;
  switch (value.dtype()) {
  case DType::U8:
    return dtype == DType::I8;
  case DType::I16:
    return dtype == DType::U16;
  case DType::I32:
    return dtype == DType::U32;
  case DType::I64:
    return dtype == DType::U64;
  default:
    return false;
  }
}

llvm::Error EntryValue::check(const TensorView &tensor, StringRef file) const {
  SmallVector<int64_t> expected = shape();
  ArrayRef<int64_t> found = tensor.shape;
  bool fits = isAccepted(tensor.dtype, *this);
  // A scalar is stored with shape () or (1).
  bool isScalar = expected.empty() && found == ArrayRef<int64_t>{1};
  if (!isScalar) {
    fits &= expected.size() == found.size();
    for (auto [size, other] : llvm::zip(expected, found))
      fits &= ShapedType::isDynamic(size) || size == other;
  }
  if (fits)
    return llvm::Error::success();
  return makeError("{0} '{1}' expects {2}, but {3} holds {4}",
                   isParameter ? "parameter" : "argument", name, describe(),
                   file, fp4::describe(tensor.dtype, tensor.shape));
}

/// Why a value of this type cannot be bound; empty if it can.
static std::string checkType(Type type) {
  if (!getDType(getElementTypeOrSelf(type)))
    return "its element type has no form in files";
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type.isIntOrIndexOrFloat() && !isCodes(type)
               ? ""
               : "only ranked tensors and scalars can be bound";
  if (isCodes(type) && !getPackedCodesType(tensor))
    return "codes are stored two a byte: the last dimension must be even";
  return "";
}

static llvm::Expected<EntryValue> getValue(StringRef entry, const char *kind,
                                           unsigned index, Type type,
                                           StringAttr key, StringAttr name,
                                           IntegerAttr prepared = {}) {
  EntryValue value;
  value.type = type;
  value.isParameter = key || prepared;
  if (prepared)
    value.name =
        llvm::formatv("{0}#{1}", getPrepareName(entry), prepared.getInt());
  else if (key || name)
    value.name = (key ? key : name).str();
  else
    value.name = llvm::formatv("{0}{1}", kind, index);
  if (value.name == "__metadata__" || !llvm::json::isUTF8(value.name))
    return makeError("'{0}' of @{1} has a name that no file can hold",
                     llvm::json::fixUTF8(value.name), entry);
  std::string problem = checkType(type);
  if (!problem.empty())
    return makeError("'{0}' of @{1} has the type {2}: {3}", value.name, entry,
                     type, problem);
  return value;
}

/// Refuses two values of one name.
static llvm::Error checkUnique(StringRef entry, ArrayRef<EntryValue> values,
                               const char *what) {
  llvm::StringSet<> names;
  for (const EntryValue &value : values)
    if (!value.isParameter && !names.insert(value.name).second)
      return makeError("two {0} of @{1} have the name '{2}'", what, entry,
                       value.name);
  return llvm::Error::success();
}

static llvm::Expected<func::FuncOp> findEntry(ModuleOp module,
                                              StringRef entry) {
  std::string entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.getName() == entry) {
      if (function.isDeclaration() || !function.isPublic())
        return makeError("@{0} is no entry: it {1}", entry,
                         function.isDeclaration() ? "has no body"
                                                  : "is not public");
      return function;
    }
    if (!function.isDeclaration() && function.isPublic())
      entries += (entries.empty() ? "@" : ", @") + function.getName().str();
  }
  return makeError("no function @{0}; the entries of the module are: {1}",
                   entry, entries.empty() ? "none" : entries);
}

llvm::Expected<EntrySignature> fp4::getSignature(ModuleOp module,
                                                 StringRef entry) {
  llvm::Expected<func::FuncOp> function = findEntry(module, entry);
  if (!function)
    return function.takeError();
  EntrySignature signature;
  signature.entry = entry.str();
  for (auto [i, type] : llvm::enumerate(function->getArgumentTypes())) {
    llvm::Expected<EntryValue> value =
        getValue(entry, "arg", i, type,
                 function->getArgAttrOfType<StringAttr>(i, kParamAttrName),
                 function->getArgAttrOfType<StringAttr>(i, kNameAttrName),
                 function->getArgAttrOfType<IntegerAttr>(i, kPreparedAttrName));
    if (!value)
      return value.takeError();
    signature.arguments.push_back(std::move(*value));
  }
  for (auto [i, type] : llvm::enumerate(function->getResultTypes())) {
    llvm::Expected<EntryValue> value =
        getValue(entry, "result", i, type, StringAttr(),
                 function->getResultAttrOfType<StringAttr>(i, kNameAttrName));
    if (!value)
      return value.takeError();
    signature.results.push_back(std::move(*value));
  }
  if (llvm::Error error = checkUnique(entry, signature.arguments, "arguments"))
    return error;
  if (llvm::Error error = checkUnique(entry, signature.results, "results"))
    return error;
  return signature;
}
