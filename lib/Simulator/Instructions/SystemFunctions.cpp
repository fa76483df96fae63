//===- SystemFunctions.cpp - Functions that the system defines ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// vprintf and __assertfail, as CUDA's compilers call them [CUDA C++ Programming
// Guide, "Formatted Output", "Assertion"].
//
//===----------------------------------------------------------------------===//

#include "Operations.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// A value that the call hands over; its poison in `poisoned`.
static uint64_t argumentOf(Warp &warp, unsigned lane, const Slot &slot,
                           bool &poisoned) {
  if (slot.inRegister) {
    const Lanes &value = warp.read(int32_t(slot.offset));
    poisoned |= value.poison[lane] != 0;
    return value.value[lane];
  }
  Warp::Stack &stack = warp.stacks[lane];
  size_t at = stack.frame + slot.offset;
  uint64_t value = 0;
  std::memcpy(&value, stack.data.data() + at, std::min(slot.size, 8u));
  for (unsigned i = 0; i < std::min(slot.size, 8u); ++i)
    poisoned |= stack.shadow[at + i] != 0;
  return value;
}

/// The string at a generic address; nullopt after a fault.
static std::optional<std::string> readString(Warp &warp, unsigned lane,
                                             uint64_t address) {
  // What a message can need; a string without an end ends in a fault before.
  constexpr size_t longest = 1 << 16;
  std::string text;
  while (text.size() < longest) {
    Bytes bytes =
        warp.access(lane, StateSpace::Generic, address + text.size(), 1, false);
    if (!bytes.data)
      return std::nullopt;
    if (*bytes.data == 0)
      break;
    text += char(*bytes.data);
  }
  return text;
}

//===----------------------------------------------------------------------===//
// vprintf
//===----------------------------------------------------------------------===//

namespace {
/// The values of vprintf's buffer, each aligned to its size.
class Values {
public:
  Values(Warp &warp, unsigned lane, uint64_t address)
      : warp(warp), lane(lane), address(address) {}

  std::optional<uint64_t> next(unsigned size) {
    address = (address + size - 1) / size * size;
    Bytes bytes = warp.access(lane, StateSpace::Generic, address, size, false);
    if (!bytes.data)
      return std::nullopt;
    uint64_t value = 0;
    std::memcpy(&value, bytes.data, size);
    uint64_t shadow = 0;
    std::memcpy(&shadow, bytes.shadow, size);
    if (shadow) {
      warp.fault(lane, "poison", "prints uninitialised data");
      return std::nullopt;
    }
    address += size;
    return value;
  }

private:
  Warp &warp;
  unsigned lane;
  uint64_t address;
};
} // namespace

/// Prints one conversion, whose text from % on is `spec`; false after a fault.
static bool printOne(Warp &warp, unsigned lane, raw_ostream &os, StringRef spec,
                     Values &values) {
  char conversion = spec.back();
  // A width beyond what is printed at all is none.
  if (spec.size() > 12)
    conversion = 0;
  bool isLong = spec.contains('l') || spec.contains('j') ||
                spec.contains('z') || spec.contains('t');
  // Flags, width and precision as they are; the length is the host's.
  std::string format = "%";
  for (char c : spec.drop_front().drop_back())
    if (!StringRef("hljztL").contains(c))
      format += c;
  char buffer[512];
  auto print = [&](const char *length, auto value) {
    std::string whole = format + length + conversion;
    int count = std::snprintf(buffer, sizeof(buffer), whole.c_str(), value);
    os << StringRef(buffer, std::clamp<int>(count, 0, sizeof(buffer) - 1));
  };
  switch (conversion) {
  case 'd':
  case 'i': {
    std::optional<uint64_t> value = values.next(isLong ? 8 : 4);
    if (value)
      print("ll", isLong ? (long long)*value : (long long)int32_t(*value));
    return value.has_value();
  }
  case 'u':
  case 'o':
  case 'x':
  case 'X': {
    std::optional<uint64_t> value = values.next(isLong ? 8 : 4);
    if (value)
      print("ll", (unsigned long long)*value);
    return value.has_value();
  }
  case 'c': {
    std::optional<uint64_t> value = values.next(4);
    if (value)
      os << char(*value);
    return value.has_value();
  }
  case 'p': {
    std::optional<uint64_t> value = values.next(8);
    if (value)
      os << format_hex(*value, 0);
    return value.has_value();
  }
  case 's': {
    std::optional<uint64_t> value = values.next(8);
    std::optional<std::string> text;
    if (value)
      text = readString(warp, lane, *value);
    if (text)
      print("", text->c_str());
    return text.has_value();
  }
  case 'a':
  case 'A':
  case 'e':
  case 'E':
  case 'f':
  case 'F':
  case 'g':
  case 'G': {
    std::optional<uint64_t> value = values.next(8);
    if (value)
      print("", fromBits<double>(*value));
    return value.has_value();
  }
  default: // not a conversion: printed as it is
    os << spec;
    return true;
  }
}

static bool printAll(Warp &warp, unsigned lane, uint64_t format,
                     uint64_t buffer, uint32_t &count) {
  std::optional<std::string> text = readString(warp, lane, format);
  if (!text)
    return false;
  std::string output;
  raw_string_ostream os(output);
  Values values(warp, lane, buffer);
  StringRef rest = *text;
  count = 0;
  while (!rest.empty()) {
    auto [plain, after] = rest.split('%');
    os << plain;
    if (plain.size() == rest.size())
      break;
    if (after.consume_front("%")) {
      os << '%';
      rest = after;
      continue;
    }
    size_t length = after.find_first_not_of("-+ #0123456789.hljztL");
    if (length == StringRef::npos) {
      os << '%' << after;
      break;
    }
    if (!printOne(warp, lane, os, rest.substr(plain.size(), length + 2),
                  values))
      return false;
    ++count;
    rest = after.drop_front(length + 1);
  }
  const Launch &launch = warp.cta.grid.launch;
  if (launch.output) {
    std::lock_guard<std::mutex> lock(warp.cta.cluster.grid.mutex);
    *launch.output << output;
  }
  return true;
}

/// Operands: none; the call site says where everything is.
static Flow executePrint(Warp &warp, const Instruction &in) {
  const CallSite &site = warp.cta.grid.code.calls[in.target];
  for (LaneMask left = warp.active; left; left &= left - 1) {
    unsigned lane = countr_zero(left);
    bool poisoned = false;
    uint64_t format = argumentOf(warp, lane, site.arguments[0], poisoned);
    uint64_t buffer = argumentOf(warp, lane, site.arguments[1], poisoned);
    if (poisoned)
      return warp.fault(lane, "poison",
                        "an argument of vprintf is uninitialised");
    uint32_t count;
    if (!printAll(warp, lane, format, buffer, count))
      return Flow::Fault;
    const Slot &result = site.results[0];
    if (result.inRegister) {
      set<uint32_t>(warp.write(int32_t(result.offset)), lane, count, false);
    } else {
      Warp::Stack &stack = warp.stacks[lane];
      std::memcpy(stack.data.data() + stack.frame + result.offset, &count, 4);
      std::memset(stack.shadow.data() + stack.frame + result.offset, 0, 4);
    }
  }
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// __assertfail
//===----------------------------------------------------------------------===//

/// Arguments: message, file, line, function, the size of a character.
static Flow executeAssert(Warp &warp, const Instruction &in) {
  const CallSite &site = warp.cta.grid.code.calls[in.target];
  unsigned lane = countr_zero(warp.active);
  bool poisoned = false;
  std::string texts[4];
  uint64_t line = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint64_t value = argumentOf(warp, lane, site.arguments[i], poisoned);
    if (poisoned)
      return warp.fault(lane, "assertion",
                        "an assertion failed, and its text "
                        "is uninitialised");
    if (i == 2) {
      line = uint32_t(value);
      continue;
    }
    std::optional<std::string> text = readString(warp, lane, value);
    if (!text)
      return Flow::Fault;
    texts[i] = *text;
  }
  return warp.fault(lane, "assertion",
                    Twine(texts[1]) + ":" + Twine(line) + ": " + texts[3] +
                        ": assertion '" + texts[0] + "' failed");
}

static constexpr SystemFunction functions[] = {
    {"vprintf", 2, 1, executePrint},
    {"__assertfail", 5, 0, executeAssert},
};

ArrayRef<SystemFunction> sim::systemFunctions() { return functions; }
