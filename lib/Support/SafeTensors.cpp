//===- SafeTensors.cpp - Reader and writer of safetensors files -----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reader compares each entry of the header with the format, then all of
// them with the data that follow. The writer holds its tensors to the same
// rules, so that what it writes can be read.
//
//===----------------------------------------------------------------------===//

#include "fp4/Support/SafeTensors.h"
#include "SafeTensorsHeader.h"
#include "fp4/Support/WriteFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <tuple>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::detail;

//===----------------------------------------------------------------------===//
// Dtypes
//===----------------------------------------------------------------------===//

namespace {
struct DTypeInfo {
  StringLiteral name;
  unsigned bits;
};
} // namespace

/// In the order of DType.
static constexpr DTypeInfo dtypes[] = {
    {"BOOL", 8},    {"F4", 4},          {"F6_E2M3", 6},     {"F6_E3M2", 6},
    {"U8", 8},      {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8},
    {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},        {"BF16", 16},       {"I32", 32},
    {"U32", 32},    {"F32", 32},        {"C64", 64},        {"F64", 64},
    {"I64", 64},    {"U64", 64},
};
static_assert(std::size(dtypes) == size_t(DType::U64) + 1);

StringRef mlir::fp4::stringify(DType dtype) {
  return dtypes[size_t(dtype)].name;
}

std::optional<DType> mlir::fp4::parseDType(StringRef name) {
  for (size_t i = 0; i < std::size(dtypes); ++i)
    if (dtypes[i].name == name)
      return DType(i);
  return std::nullopt;
}

unsigned mlir::fp4::bitWidth(DType dtype) { return dtypes[size_t(dtype)].bits; }

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

std::string mlir::fp4::describe(DType dtype, ArrayRef<int64_t> shape) {
  std::string text = (stringify(dtype) + " (").str();
  constexpr size_t maxDims = 16; // a hostile file has millions
  for (auto [i, size] : llvm::enumerate(shape.take_front(maxDims)))
    text += (i == 0 ? "" : ", ") + std::to_string(size);
  return text + (shape.size() > maxDims ? ", ...)" : ")");
}

static std::string describeOffsets(uint64_t begin, uint64_t end) {
  return ("data_offsets [" + Twine(begin) + ", " + Twine(end) + "]").str();
}

/// The number of bytes that a tensor occupies.
static Expected<uint64_t> getByteSize(ArrayRef<int64_t> shape, DType dtype,
                                      const Location &location) {
  std::optional<uint64_t> bits = bitWidth(dtype);
  for (int64_t dim : shape) {
    if (dim < 0)
      return location.error(describe(dtype, shape) +
                            " has a negative dimension");
    if (bits)
      bits = checkedMulUnsigned<uint64_t>(*bits, dim);
  }
  if (!bits)
    return location.error(describe(dtype, shape) + " overflows 64 bits");
  if (*bits % 8 != 0)
    return location.error(describe(dtype, shape) + " needs " + Twine(*bits) +
                          " bits, which are not whole bytes");
  return *bits / 8;
}

//===----------------------------------------------------------------------===//
// Reader
//===----------------------------------------------------------------------===//

static Error checkMetadata(const json::Value &value, const Location &location) {
  const json::Object *object = value.getAsObject();
  auto isString = [](const json::Object::value_type &member) {
    return member.second.getAsString().has_value();
  };
  if (!object || !all_of(*object, isString))
    return location.error("expects an object of strings, but got " +
                          printableJSON(value));
  return Error::success();
}

/// The members of a tensor's entry, if they are those that it must have.
static Expected<const json::Object *> getFields(const json::Value &value,
                                                const Location &location) {
  static constexpr StringLiteral fields[] = {"dtype", "shape", "data_offsets"};
  const json::Object *object = value.getAsObject();
  if (!object)
    return location.error("expects an object, but got " + printableJSON(value));
  for (StringRef field : fields)
    if (!object->get(field))
      return location.error("missing field '" + field + "'");
  for (const json::Object::value_type &member : *object)
    if (StringRef name = member.first; !is_contained(fields, name))
      return location.error("unknown field '" + printable(name) + "'");
  return object;
}

/// The elements of an array of non-negative integers.
static std::optional<SmallVector<int64_t>>
getIntegers(const json::Value &value) {
  const json::Array *array = value.getAsArray();
  if (!array)
    return std::nullopt;
  SmallVector<int64_t> integers;
  for (const json::Value &element : *array) {
    // Unlike getAsInteger, this does not take 1.0 for an integer.
    std::optional<uint64_t> integer = element.getAsUINT64();
    if (!integer || *integer > uint64_t(INT64_MAX))
      return std::nullopt;
    integers.push_back(*integer);
  }
  return integers;
}

/// The part of `data` between the offsets in `value`.
static Expected<ArrayRef<char>> getBytes(const json::Value &value,
                                         ArrayRef<char> data,
                                         const Location &location) {
  auto offsets = getIntegers(value);
  if (!offsets || offsets->size() != 2)
    return location.error(
        "expects 'data_offsets' to be two non-negative integers, but got " +
        printableJSON(value));
  uint64_t begin = offsets->front(), end = offsets->back();
  if (begin > end)
    return location.error(describeOffsets(begin, end) +
                          " end before they begin");
  if (end > data.size())
    return location.error(describeOffsets(begin, end) + " reach beyond the " +
                          Twine(data.size()) + " bytes of data");
  return data.slice(begin, end - begin);
}

static Expected<TensorView> parseTensor(StringRef name,
                                        const json::Value &value,
                                        ArrayRef<char> data,
                                        const Location &location) {
  Expected<const json::Object *> fields = getFields(value, location);
  if (!fields)
    return fields.takeError();
  const json::Value &dtypeField = *(*fields)->get("dtype");
  const json::Value &shapeField = *(*fields)->get("shape");

  std::optional<StringRef> dtypeName = dtypeField.getAsString();
  if (!dtypeName)
    return location.error("expects 'dtype' to be a string, but got " +
                          printableJSON(dtypeField));
  std::optional<DType> dtype = parseDType(*dtypeName);
  if (!dtype)
    return location.error("unknown dtype '" + printable(*dtypeName) + "'");
  std::optional<SmallVector<int64_t>> shape = getIntegers(shapeField);
  if (!shape)
    return location.error("expects 'shape' to be an array of non-negative "
                          "integers, but got " +
                          printableJSON(shapeField));
  Expected<ArrayRef<char>> bytes =
      getBytes(*(*fields)->get("data_offsets"), data, location);
  if (!bytes)
    return bytes.takeError();
  Expected<uint64_t> size = getByteSize(*shape, *dtype, location);
  if (!size)
    return size.takeError();
  if (*size != bytes->size()) {
    uint64_t begin = bytes->begin() - data.begin();
    return location.error(describeOffsets(begin, begin + bytes->size()) +
                          " hold " + Twine(bytes->size()) + " bytes, but " +
                          describe(*dtype, *shape) + " needs " + Twine(*size));
  }
  return TensorView{name.str(), *dtype, std::move(*shape), *bytes};
}

/// Checks that every byte of `data` belongs to just one of `views`, which are
/// in the order of their data.
static Error checkLayout(ArrayRef<TensorView> views, ArrayRef<char> data,
                         const Location &location) {
  uint64_t covered = 0;
  StringRef previous;
  for (const TensorView &view : views) {
    uint64_t begin = view.data.begin() - data.begin();
    uint64_t end = begin + view.data.size();
    Location where = location.entry(view.name);
    if (begin < covered)
      return where.error(describeOffsets(begin, end) + " overlap tensor '" +
                         printable(previous) + "', which ends at offset " +
                         Twine(covered));
    if (begin > covered)
      return where.error(describeOffsets(begin, end) +
                         " leave a hole after offset " + Twine(covered));
    covered = end;
    previous = view.name;
  }
  if (covered != data.size())
    return location.error("the tensors end at offset " + Twine(covered) +
                          ", but there are " + Twine(data.size()) +
                          " bytes of data");
  return Error::success();
}

Expected<SafeTensors> SafeTensors::parse(MemoryBufferRef buffer) {
  SafeTensors result;
  result.file = buffer.getBufferIdentifier().str();
  Location location(result.file);
  Expected<StringRef> text = findHeader(buffer.getBuffer(), location);
  if (!text)
    return text.takeError();
  Expected<json::Object> header = parseHeader(*text, location);
  if (!header)
    return header.takeError();

  ArrayRef<char> data(text->end(), buffer.getBufferEnd());
  for (const json::Object::value_type &member : *header) {
    StringRef key = member.first;
    if (key == metadataKey) {
      if (Error error = checkMetadata(member.second, location.entry(key)))
        return error;
      continue;
    }
    Expected<TensorView> view =
        parseTensor(key, member.second, data, location.entry(key));
    if (!view)
      return view.takeError();
    result.views.push_back(std::move(*view));
  }

  llvm::sort(result.views, [](const TensorView &a, const TensorView &b) {
    return std::make_tuple(a.data.begin(), a.data.end(), StringRef(a.name)) <
           std::make_tuple(b.data.begin(), b.data.end(), StringRef(b.name));
  });
  if (Error error = checkLayout(result.views, data, location))
    return error;
  for (const auto &[index, view] : enumerate(result.views))
    result.indexOf[view.name] = index;
  return result;
}

Expected<SafeTensors> SafeTensors::open(StringRef path) {
  Location location(path);
  // Opening a pipe would wait for its writer, and it cannot be mapped.
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return location.error("cannot open: " + error.message());
  if (!sys::fs::is_regular_file(status))
    return location.error(sys::fs::is_directory(status)
                              ? "cannot open: is a directory"
                              : "cannot open: not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return location.error("cannot open: " + buffer.getError().message());
  Expected<SafeTensors> result = parse((*buffer)->getMemBufferRef());
  if (result)
    result->mapping = std::move(*buffer);
  return result;
}

const TensorView *SafeTensors::find(StringRef name) const {
  auto it = indexOf.find(name);
  return it == indexOf.end() ? nullptr : &views[it->second];
}

//===----------------------------------------------------------------------===//
// Writer
//===----------------------------------------------------------------------===//

static Error checkTensors(ArrayRef<TensorView> tensors,
                          const Location &location) {
  StringSet<> names;
  for (const TensorView &tensor : tensors) {
    Location where = location.entry(tensor.name);
    if (tensor.name == metadataKey || !json::isUTF8(tensor.name))
      return where.error("is not a name that a tensor can have");
    if (!names.insert(tensor.name).second)
      return where.error("duplicate name");
    Expected<uint64_t> size = getByteSize(tensor.shape, tensor.dtype, where);
    if (!size)
      return size.takeError();
    if (*size != tensor.data.size())
      return where.error(
          "has " + Twine(tensor.data.size()) + " bytes of data, but " +
          describe(tensor.dtype, tensor.shape) + " needs " + Twine(*size));
  }
  return Error::success();
}

static std::string makeHeader(ArrayRef<const TensorView *> tensors) {
  std::string header;
  raw_string_ostream stream(header);
  json::OStream json(stream);
  uint64_t offset = 0;
  auto writeFields = [&](const TensorView &tensor) {
    json.attribute("dtype", stringify(tensor.dtype));
    json.attribute("shape", json::Array(tensor.shape));
    json.attribute("data_offsets",
                   json::Array({offset, offset + tensor.data.size()}));
    offset += tensor.data.size();
  };
  json.object([&] {
    for (const TensorView *tensor : tensors)
      json.attributeObject(tensor->name, [&] { writeFields(*tensor); });
  });
  header.append(offsetToAlignment(header.size(), Align(8)), ' ');
  return header;
}

Error mlir::fp4::writeSafeTensors(StringRef path,
                                  ArrayRef<TensorView> tensors) {
  Location location(path);
  if (Error error = checkTensors(tensors, location))
    return error;
  // Each size is a multiple of its alignment, so that falling alignments need
  // no padding, for which the format has no room.
  SmallVector<const TensorView *> sorted(make_pointer_range(tensors));
  llvm::sort(sorted, [](const TensorView *a, const TensorView *b) {
    if (bitWidth(a->dtype) != bitWidth(b->dtype))
      return bitWidth(a->dtype) > bitWidth(b->dtype);
    return a->name < b->name;
  });
  std::string header = makeHeader(sorted);
  if (header.size() > maxHeaderSize)
    return location.error("needs a header of " + Twine(header.size()) +
                          " bytes, but the format's limit is " +
                          Twine(maxHeaderSize));

  // Renaming would put a file in the place of a device or pipe.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) && !sys::fs::is_regular_file(status))
    return location.error("cannot write: not a regular file");
  if (Error error = writeFile(path, [&](raw_ostream &stream) {
        support::endian::write<uint64_t>(stream, header.size(),
                                         endianness::little);
        stream << header;
        for (const TensorView *tensor : sorted)
          stream.write(tensor->data.data(), tensor->data.size());
      }))
    return location.error("cannot write: " + toString(std::move(error)));
  return Error::success();
}
