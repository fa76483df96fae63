//===- Types.cpp - Types of PTX -------------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Types.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum class Class : uint8_t { Bits, Unsigned, Signed, Float };

struct TypeInfo {
  StringLiteral name;
  uint8_t size;
  Class kind;
};
} // namespace

/// In the order of Type.
static constexpr TypeInfo types[] = {
    {"pred", 1, Class::Bits},      {"b8", 1, Class::Bits},
    {"b16", 2, Class::Bits},       {"b32", 4, Class::Bits},
    {"b64", 8, Class::Bits},       {"b128", 16, Class::Bits},
    {"u8", 1, Class::Unsigned},    {"u16", 2, Class::Unsigned},
    {"u32", 4, Class::Unsigned},   {"u64", 8, Class::Unsigned},
    {"s8", 1, Class::Signed},      {"s16", 2, Class::Signed},
    {"s32", 4, Class::Signed},     {"s64", 8, Class::Signed},
    {"f16", 2, Class::Float},      {"f16x2", 4, Class::Float},
    {"bf16", 2, Class::Float},     {"bf16x2", 4, Class::Float},
    {"tf32", 4, Class::Float},     {"f32", 4, Class::Float},
    {"f32x2", 8, Class::Float},    {"f64", 8, Class::Float},
    {"u16x2", 4, Class::Unsigned}, {"s16x2", 4, Class::Signed},
};
static_assert(std::size(types) == size_t(Type::S16x2) + 1);

std::optional<Type> sim::parseType(StringRef name) {
  for (size_t i = 0; i < std::size(types); ++i)
    if (types[i].name == name)
      return Type(i);
  return std::nullopt;
}

StringRef sim::stringify(Type type) { return types[size_t(type)].name; }
unsigned sim::sizeInBytes(Type type) { return types[size_t(type)].size; }

bool sim::isSigned(Type type) {
  return types[size_t(type)].kind == Class::Signed;
}

bool sim::isFloat(Type type) {
  return types[size_t(type)].kind == Class::Float;
}

StringRef sim::stringify(StateSpace space) {
  static constexpr StringLiteral names[] = {
      "generic", "reg", "const", "global", "local", "param", "shared"};
  return names[size_t(space)];
}
