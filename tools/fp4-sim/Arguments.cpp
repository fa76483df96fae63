//===- Arguments.cpp - Arguments from the command line --------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "fp4/Simulator/Arithmetic/FloatFormat.h"
#include "fp4/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

static Expected<std::unique_ptr<MemoryBuffer>> readFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!file)
    return makeError("cannot read '{0}': {1}", path, file.getError().message());
  return std::move(*file);
}

/// The bits of a number of the parameter's type.
static Expected<uint64_t> parseNumber(StringRef text, unsigned number,
                                      const Parameter &parameter) {
  auto bad = [&] {
    return makeError(
        "argument {0}: '{1}' is no value of parameter '{2}', which "
        "is .{3}",
        number, text, parameter.name, stringify(parameter.type));
  };
  unsigned width = 8 * parameter.size;
  bool mustBeReal = isFloat(parameter.type);
  uint64_t bits;
  int64_t negative;
  if (!mustBeReal && !text.getAsInteger(0, bits)) {
    if (width < 64 && bits >> width)
      return bad();
    return bits;
  }
  if (!mustBeReal && !text.getAsInteger(0, negative)) {
    if (width < 64 && negative < -(int64_t(1) << (width - 1)))
      return bad();
    return uint64_t(negative);
  }
  // Compilers declare parameters of floats as .b32 too.
  double real;
  if (text.getAsDouble(real) || (width != 32 && width != 64))
    return bad();
  return width == 32 ? uint64_t(bit_cast<uint32_t>(float(real)))
                     : bit_cast<uint64_t>(real);
}

Error Argument::makeBuffer(StringRef kind, StringRef rest, unsigned number,
                           DeviceMemory &memory) {
  std::unique_ptr<MemoryBuffer> contents;
  uint64_t size = 0;
  if (kind == "in" || kind == "inout") {
    Expected<std::unique_ptr<MemoryBuffer>> file = readFile(rest);
    if (!file)
      return file.takeError();
    contents = std::move(*file);
    size = contents->getBufferSize();
    if (kind == "inout")
      output = rest.str();
  } else {
    StringRef text = rest;
    if (kind == "out") {
      auto [path, last] = rest.rsplit(':');
      output = path.str();
      text = last;
    }
    if (text.getAsInteger(0, size))
      return makeError("argument {0}: expects a number of bytes, but got '{1}'",
                       number, text);
  }
  allocation = memory.allocate(size, ("argument " + Twine(number)).str());
  if (!allocation)
    return makeError("argument {0}: there is no memory for {1} bytes", number,
                     size);
  if (kind == "zero")
    return memory.fill(allocation->base, 0, size);
  if (contents)
    return memory.write(allocation->base,
                        arrayRefFromStringRef(contents->getBuffer()));
  return Error::success();
}

Expected<Argument> Argument::make(StringRef text, unsigned number,
                                  const Parameter &parameter,
                                  DeviceMemory &memory,
                                  std::vector<uint8_t> &parameters) {
  Argument argument;
  uint8_t *place = parameters.data() + parameter.offset;
  auto [kind, rest] = text.split(':');
  if (kind == "value") {
    Expected<std::unique_ptr<MemoryBuffer>> file = readFile(rest);
    if (!file)
      return file.takeError();
    if ((*file)->getBufferSize() != parameter.size)
      return makeError("argument {0}: '{1}' has {2} bytes, but parameter '{3}' "
                       "has {4}",
                       number, rest, (*file)->getBufferSize(), parameter.name,
                       parameter.size);
    std::memcpy(place, (*file)->getBufferStart(), parameter.size);
    return argument;
  }
  if (kind == "in" || kind == "inout" || kind == "out" || kind == "zero" ||
      kind == "buffer") {
    if (parameter.size != 8)
      return makeError("argument {0}: parameter '{1}' of {2} bytes is no "
                       "pointer",
                       number, parameter.name, parameter.size);
    if (Error error = argument.makeBuffer(kind, rest, number, memory))
      return std::move(error);
    std::memcpy(place, &argument.allocation->base, 8);
    return argument;
  }
  if (parameter.size > 8)
    return makeError("argument {0}: parameter '{1}' has {2} bytes, which are "
                     "given as value:FILE",
                     number, parameter.name, parameter.size);
  Expected<uint64_t> value = parseNumber(text, number, parameter);
  if (!value)
    return value.takeError();
  std::memcpy(place, &*value, parameter.size);
  return argument;
}

Error Argument::finish(const DeviceMemory &memory) const {
  if (output.empty())
    return Error::success();
  std::vector<uint8_t> bytes(allocation->size);
  if (Error error = memory.read(allocation->base, bytes))
    return error;
  std::error_code code;
  raw_fd_ostream os(output, code);
  if (!code) {
    os.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '{0}': {1}", output, code.message());
  return Error::success();
}

static void printElement(raw_ostream &os, uint64_t bits, Type type) {
  unsigned size = sizeInBytes(type);
  switch (type) {
  case Type::F16:
    os << format("%g", toDouble(FloatFormat::F16, bits));
    return;
  case Type::BF16:
    os << format("%g", toDouble(FloatFormat::BF16, bits));
    return;
  case Type::F32:
    os << format("%.9g", double(bit_cast<float>(uint32_t(bits))));
    return;
  case Type::F64:
    os << format("%.17g", bit_cast<double>(bits));
    return;
  default:
    break;
  }
  if (isSigned(type))
    os << (int64_t(bits << (64 - 8 * size)) >> (64 - 8 * size));
  else if (stringify(type).starts_with("b"))
    os << format_hex_no_prefix(bits, 2 * size);
  else
    os << bits;
}

void sim::printBuffer(raw_ostream &os, const Allocation &buffer, Type type) {
  unsigned size = std::min(sizeInBytes(type), 8u);
  constexpr unsigned perLine = 8;
  for (uint64_t at = 0, i = 0; at + size <= buffer.size; at += size, ++i) {
    if (i != 0)
      os << (i % perLine == 0 ? '\n' : ' ');
    uint64_t bits = 0;
    std::memcpy(&bits, buffer.data + at, size);
    bool isWritten = true;
    for (unsigned byte = 0; byte < size; ++byte)
      isWritten &= buffer.shadow[at + byte] == 0;
    if (isWritten)
      printElement(os, bits, type);
    else
      os << '?';
  }
  os << '\n';
}
