//===- Decoder.cpp - How an instruction is described and decoded ----------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

using ptx::Operand;

NameResolver::~NameResolver() = default;

//===----------------------------------------------------------------------===//
// Modifiers
//===----------------------------------------------------------------------===//

/// Whether `word` is one of `a|b|c`.
static bool isOneOf(StringRef alternatives, StringRef word) {
  while (!alternatives.empty()) {
    auto [first, rest] = alternatives.split('|');
    if (first == word)
      return true;
    alternatives = rest;
  }
  return false;
}

/// Types keep their order: cvt.f32.f16 is not cvt.f16.f32.
static bool isTypeName(StringRef name) {
  if (parseType(name))
    return true;
  name.consume_front("u");
  return name.size() >= 4 && name.front() == 'e' && isDigit(name[1]) &&
         name[2] == 'm' && isDigit(name[3]);
}

bool Decoder::match(StringRef pattern) {
  SmallVector<StringRef, 8> wanted;
  SmallVector<bool, 8> optional;
  auto [root, rest] = pattern.split(' ');
  if (root != in.root)
    return false;
  while (!rest.empty()) {
    auto [group, next] = rest.split(' ');
    optional.push_back(group.consume_front("["));
    group.consume_back("]");
    wanted.push_back(group);
    rest = next;
  }
  groups.assign(wanted.size(), StringRef());
  size_t afterType = 0;
  for (StringRef modifier : in.modifiers) {
    bool taken = false;
    bool isType = isTypeName(modifier);
    for (size_t i = isType ? afterType : 0; i < wanted.size() && !taken; ++i)
      if (groups[i].empty() && isOneOf(wanted[i], modifier)) {
        groups[i] = modifier;
        taken = true;
        afterType = isType ? i + 1 : afterType;
      }
    if (!taken)
      return false;
  }
  for (size_t i = 0; i < wanted.size(); ++i)
    if (groups[i].empty() && !optional[i])
      return false;
  return true;
}

bool Decoder::has(StringRef modifier) const {
  return is_contained(in.modifiers, modifier);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

void Decoder::fail(const Twine &text) {
  if (message.empty())
    message = text.str();
}

void Decoder::require(uint32_t features, const Twine &what) {
  if (uint32_t missing = features & ~names.chip().features)
    fail(what + " needs " + describeFeatures(missing));
}

bool Decoder::expectOperands(unsigned min, unsigned max) {
  if (numOperands() >= min && numOperands() <= max)
    return true;
  fail("expects " + Twine(min) +
       (min == max ? Twine("") : " to " + Twine(max)) + " operands, but got " +
       Twine(numOperands()));
  return false;
}

static std::string describe(const Operand &operand) {
  switch (operand.kind) {
  case Operand::Kind::Name:
    return ("'" + operand.name + "'").str();
  case Operand::Kind::Integer:
    return std::to_string(operand.value);
  case Operand::Kind::Float32:
  case Operand::Kind::Float64:
    return "a float";
  case Operand::Kind::Sink:
    return "'_'";
  case Operand::Kind::Vector:
    return "a vector";
  case Operand::Kind::Address:
    return "an address";
  case Operand::Kind::Pair:
    return "a pair";
  case Operand::Kind::List:
    return "a list";
  }
  return "an operand";
}

/// Widths agree, or the register is wider where that is allowed. Predicates
/// are apart from everything else.
static bool fits(Type reg, Type type, bool mayBeWider) {
  if (reg == Type::Pred || type == Type::Pred)
    return reg == type;
  // A byte lives in a register of 16 bits or more [PTX 5.2.2]; .b8 registers
  // exist all the same.
  if (sizeInBytes(type) == 1)
    return mayBeWider || sizeInBytes(reg) <= 2;
  return mayBeWider ? sizeInBytes(reg) >= sizeInBytes(type)
                    : sizeInBytes(reg) == sizeInBytes(type);
}

unsigned Decoder::destination(const Operand &operand, Type type,
                              bool mayBeWider) {
  if (operand.kind == Operand::Kind::Sink) {
    append(names.temporary(type));
    return sizeInBytes(type);
  }
  std::optional<RegisterRef> reg;
  if (operand.kind == Operand::Kind::Name && operand.value == 0)
    reg = names.findRegister(operand.name);
  if (!reg) {
    fail("expects a register as destination, but got " + describe(operand));
    append(0);
    return 0;
  }
  if (!fits(reg->type, type, mayBeWider))
    fail("register '" + operand.name + "' is ." + stringify(reg->type) +
         ", which does not hold ." + stringify(type));
  append(reg->slot);
  return sizeInBytes(reg->type);
}

std::optional<uint64_t> Decoder::immediate(const Operand &operand, Type type) {
  uint64_t bits = uint64_t(operand.value);
  bool wantsDouble = sizeInBytes(type) == 8;
  switch (operand.kind) {
  case Operand::Kind::Integer:
    if (isFloat(type) && sizeInBytes(type) > 2 && bits != 0 &&
        type != Type::F16x2 && type != Type::BF16x2) {
      fail("expects a float, but got " + Twine(operand.value));
      return std::nullopt;
    }
    return type == Type::Pred ? uint64_t(bits != 0)
                              : bits & maskOfSize(sizeInBytes(type));
  case Operand::Kind::Float32:
    if (type == Type::F64)
      return bit_cast<uint64_t>(double(bit_cast<float>(uint32_t(bits))));
    break;
  case Operand::Kind::Float64:
    // A literal is a double; as an operand of 32 bits it is rounded
    // [PTX 4.5.2].
    if (!wantsDouble)
      bits = bit_cast<uint32_t>(float(bit_cast<double>(bits)));
    break;
  default:
    return std::nullopt;
  }
  if (sizeInBytes(type) < 4 || type == Type::Pred) {
    fail("a float is no operand of type ." + stringify(type));
    return std::nullopt;
  }
  return bits;
}

unsigned Decoder::source(const Operand &operand, Type type, bool mayBeWider) {
  if (operand.kind == Operand::Kind::Name) {
    std::optional<RegisterRef> reg;
    if (operand.value == 0) {
      reg = names.findRegister(operand.name);
      if (!reg)
        if ((reg = names.findSpecial(operand.name)))
          mayBeWider = true; // mov.u32 of %clock64 takes its low half
    }
    if (reg) {
      if (operand.negated)
        fail("'!' is not allowed on this operand");
      if (!fits(reg->type, type, mayBeWider))
        fail("register '" + operand.name + "' is ." + stringify(reg->type) +
             ", but the operand is ." + stringify(type));
      append(reg->slot);
      return sizeInBytes(reg->type);
    }
    if (operand.name == "WARP_SZ") {
      append(names.constant(warpSize));
      return sizeInBytes(type);
    }
    if (std::optional<NameResolver::Symbol> symbol =
            names.findSymbol(operand.name)) {
      if (sizeInBytes(type) < 4)
        fail("an address is no operand of type ." + stringify(type));
      if (operand.value != 0 && in.root != "mov")
        fail("expects '" + operand.name + "' without an offset");
      append(symbol->slot);
      out.offset = operand.value;
      return sizeInBytes(type);
    }
    fail("unknown register or symbol '" + operand.name + "'");
    append(0);
    return 0;
  }
  std::optional<uint64_t> value = immediate(operand, type);
  if (!value)
    fail("expects a register or a constant, but got " + describe(operand));
  append(names.constant(
      value.value_or(0),
      operand.value < 0 && operand.kind == Operand::Kind::Integer ? ~0ull : 0));
  return sizeInBytes(type);
}

void Decoder::predicate(const Operand &operand, bool &negated) {
  negated = operand.negated;
  Operand plain = operand;
  plain.negated = false;
  source(plain, Type::Pred);
}

void Decoder::address(const Operand &operand, StateSpace space) {
  out.space = space;
  if (operand.kind != Operand::Kind::Address || operand.elements.size() != 1) {
    fail("expects an address, but got " + describe(operand));
    append(0);
    return;
  }
  const Operand &base = operand.elements[0];
  if (base.kind == Operand::Kind::Integer) {
    append(names.constant(0));
    out.offset = base.value;
    return;
  }
  out.offset = base.value;
  if (std::optional<RegisterRef> reg = names.findRegister(base.name)) {
    if (sizeInBytes(reg->type) < 4)
      fail("register '" + base.name + "' is too narrow for an address");
    append(reg->slot);
    return;
  }
  std::optional<NameResolver::Symbol> symbol = names.findSymbol(base.name);
  if (!symbol) {
    fail("unknown register or symbol '" + base.name + "'");
    append(0);
    return;
  }
  append(symbol->slot);
  // A parameter of a call is in the frame, as locals are.
  if (space == StateSpace::Param && symbol->space == StateSpace::Local)
    out.space = StateSpace::Local;
  else if (space == StateSpace::Generic &&
           symbol->space != StateSpace::Global &&
           symbol->space != StateSpace::Const)
    out.space = symbol->space; // ld [symbol]: the symbol says where it is
  else if (space != StateSpace::Generic && symbol->space != space)
    fail("'" + base.name + "' is in ." + stringify(symbol->space) +
         ", not in ." + stringify(space));
}

std::optional<int64_t> Decoder::integer(const Operand &operand) const {
  if (operand.kind != Operand::Kind::Integer)
    return std::nullopt;
  return operand.value;
}
