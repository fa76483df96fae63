//===- FloatConversion.cpp - Conversions between float formats ------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cvt [PTX 9.7.9.21] where both types are floats, of one element or of two. The
// arithmetic is that of Arithmetic/Convert.h; here is what stands around it:
// .ftz, .sat, and the roundings to integers.
//
//===----------------------------------------------------------------------===//

#include "ConversionTypes.h"
#include "Families.h"
#include "FloatValues.h"
#include "Operations.h"
#include "fp4/Simulator/Arithmetic/Convert.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
enum Flag : uint8_t {
  Ftz = 1,
  Sat = 2,
  ReluFlag = 4,
  ToInteger = 8, ///< .rni and the like: a float that is an integer.
  SatFinite = 16,
};
} // namespace

std::pair<Type, Type> sim::conversionTypes(const Decoder &decoder) {
  std::optional<Type> first, last;
  for (StringRef modifier : decoder.in.modifiers)
    if (std::optional<Type> type = parseType(modifier)) {
      if (!first)
        first = type;
      last = type;
    }
  return {first.value_or(Type::B32), last.value_or(Type::B32)};
}

FloatFormat sim::formatOf(Type type) {
  switch (type) {
  case Type::F16:
  case Type::F16x2:
    return FloatFormat::F16;
  case Type::BF16:
  case Type::BF16x2:
    return FloatFormat::BF16;
  case Type::TF32:
    return FloatFormat::TF32;
  case Type::F32:
  case Type::F32x2:
    return FloatFormat::F32;
  default:
    return FloatFormat::F64;
  }
}

/// The format of the elements of a packed type such as `e2m1x2`.
static std::optional<FloatFormat> packedFormat(StringRef name) {
  return StringSwitch<std::optional<FloatFormat>>(name)
      .Case("e2m1x2", FloatFormat::E2M1)
      .Case("e2m3x2", FloatFormat::E2M3)
      .Case("e3m2x2", FloatFormat::E3M2)
      .Case("e4m3x2", FloatFormat::E4M3)
      .Case("e5m2x2", FloatFormat::E5M2)
      .Case("ue8m0x2", FloatFormat::UE8M0)
      .Case("f16x2", FloatFormat::F16)
      .Case("bf16x2", FloatFormat::BF16)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// `type` and `immediate` are the formats of the result and of the source.
static FloatFormat resultFormat(const Instruction &in) {
  return FloatFormat(in.immediate & 255);
}
static FloatFormat sourceFormat(const Instruction &in) {
  return FloatFormat(in.immediate >> 8 & 255);
}

static EncodeOptions optionsOf(const Instruction &in) {
  EncodeOptions options;
  options.rounding = Rounding(in.option);
  options.relu = in.option2 & ReluFlag;
  options.saturateFinite = in.option2 & SatFinite;
  return options;
}

/// A subnormal of f32 as a zero of its sign.
static uint64_t flushedBits(uint64_t bits) {
  return bits & 0x7f800000 ? bits : bits & 0x80000000;
}

static uint64_t convertScalar(const Instruction &in, uint64_t bits) {
  FloatFormat to = resultFormat(in), from = sourceFormat(in);
  EncodeOptions options = optionsOf(in);
  if ((in.option2 & Ftz) && from == FloatFormat::F32)
    bits = flushedBits(bits);
  if (in.option2 & ToInteger) {
    double value = roundToInteger(toDouble(from, bits), options.rounding);
    options.rounding = Rounding::NearestEven;
    bits = roundTo(value, to, options.rounding);
    from = to;
  }
  if (in.option2 & Sat) { // to [0, 1], and NaN becomes +0
    double value = toDouble(from, bits);
    if (!(value > 0))
      bits = 0;
    else if (value > 1)
      bits = roundTo(1, from, Rounding::NearestEven);
  }
  bits = convert(to, from, bits, options);
  if ((in.option2 & Ftz) && to == FloatFormat::F32)
    bits = flushedBits(bits);
  return bits;
}

static Flow executeScalar(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  forActive(warp, [&](unsigned i) {
    d.value[i] = convertScalar(in, a.value[i]);
    d.poison[i] = a.poison[i] ? poisonOfSize(in.size) : 0;
  });
  return Flow::Next;
}

/// The bytes of the elements of a packed type, which for e2m1x2 is one byte.
/// Each element has its own poison: compilers leave the one that they do not
/// need unwritten.
static uint8_t bytesOfLow(FloatFormat format) {
  return poisonedBytes(maskTrailingOnes<uint64_t>(getPackedStride(format)));
}
static uint8_t bytesOfHigh(FloatFormat format) {
  unsigned stride = getPackedStride(format);
  return poisonedBytes(maskTrailingOnes<uint64_t>(stride) << stride);
}

/// cvt.bf16x2.f32 d, a, b: a is the high half.
static Flow executePair(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  const Lanes &b = warp.read(in.operands[2]);
  Lanes &d = warp.write(in.operands[0]);
  FloatFormat to = resultFormat(in);
  forActive(warp, [&](unsigned i) {
    d.value[i] = convertPair(to, FloatFormat::F32, a.value[i], b.value[i],
                             optionsOf(in));
    d.poison[i] = (a.poison[i] ? bytesOfHigh(to) : 0) |
                  (b.poison[i] ? bytesOfLow(to) : 0);
  });
  return Flow::Next;
}

static Flow executePacked(Warp &warp, const Instruction &in) {
  const Lanes &a = warp.read(in.operands[1]);
  Lanes &d = warp.write(in.operands[0]);
  FloatFormat to = resultFormat(in), from = sourceFormat(in);
  uint8_t high = bytesOfHigh(from), low = bytesOfLow(from);
  forActive(warp, [&](unsigned i) {
    d.value[i] = convertPacked(to, from, uint32_t(a.value[i]), optionsOf(in));
    d.poison[i] = (a.poison[i] & high ? bytesOfHigh(to) : 0) |
                  (a.poison[i] & low ? bytesOfLow(to) : 0);
  });
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static void setOptions(Decoder &d, FloatFormat to, FloatFormat from) {
  d.out.immediate = uint64_t(to) | uint64_t(from) << 8;
  for (StringRef modifier : d.in.modifiers) {
    if (Rounding named = roundingOf(modifier); named != Rounding::NearestEven)
      d.out.option = uint8_t(named);
    if (modifier.size() == 3 && modifier.front() == 'r' &&
        modifier.back() == 'i')
      d.out.option2 |= ToInteger;
  }
  d.out.option2 |= (d.has("ftz") ? Ftz : 0) | (d.has("sat") ? Sat : 0) |
                   (d.has("relu") ? ReluFlag : 0) |
                   (d.has("satfinite") ? SatFinite : 0);
}

static void scalar(Decoder &d) {
  if (!d.expectOperands(2))
    return;
  auto [to, from] = conversionTypes(d);
  d.out.size = uint8_t(sizeInBytes(to));
  setOptions(d, formatOf(to), formatOf(from));
  d.destination(0, to == Type::TF32 ? Type::B32 : to);
  d.source(1, from);
  d.out.execute = executeScalar;
}

/// The register of a packed type: 8 bits for e2m1x2 [PTX 9.7.9.21].
static Type registerOf(FloatFormat format) {
  unsigned bits = 2 * getPackedStride(format);
  return bits == 8 ? Type::B8 : bits == 16 ? Type::B16 : Type::B32;
}

static void pair(Decoder &d) {
  std::optional<FloatFormat> to;
  for (StringRef modifier : reverse(d.in.modifiers))
    if (std::optional<FloatFormat> format = packedFormat(modifier))
      to = format;
  if (!to || !d.expectOperands(3))
    return;
  setOptions(d, *to, FloatFormat::F32);
  d.out.size = uint8_t(sizeInBytes(registerOf(*to)));
  d.destination(0, registerOf(*to));
  d.source(1, Type::F32);
  d.source(2, Type::F32);
  d.out.execute = executePair;
}

static void packed(Decoder &d) {
  std::optional<FloatFormat> to, from;
  for (StringRef modifier : d.in.modifiers)
    if (std::optional<FloatFormat> format = packedFormat(modifier))
      (to ? from : to) = format;
  if (!from || !d.expectOperands(2))
    return;
  setOptions(d, *to, *from);
  d.out.size = uint8_t(sizeInBytes(registerOf(*to)));
  d.destination(0, registerOf(*to));
  d.source(1, registerOf(*from));
  d.out.execute = executePacked;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define ONE "rn|rz|rm|rp"
#define TO_INTEGER "rni|rzi|rmi|rpi"
#define BYTES "e4m3x2|e5m2x2"
#define NARROW "e2m1x2|e2m3x2|e3m2x2"

static constexpr InstructionClass kind = InstructionClass::Conversion;

static constexpr Row rows[] = {
    {"cvt [ftz] [sat] f32|f64 f16", scalar, kind},
    {"cvt [ftz] [sat] f64 f32", scalar, kind},
    {"cvt [ftz] [sat] f32 bf16", scalar, kind},
    {"cvt f64 bf16", scalar, kind, Sm90},
    {"cvt " ONE " [ftz] [sat] f16 f32|f64", scalar, kind},
    {"cvt " ONE " [ftz] [sat] f32 f64", scalar, kind},
    {"cvt [" TO_INTEGER "] [ftz] [sat] f32 f32", scalar, kind},
    {"cvt [" TO_INTEGER "] [sat] f16 f16", scalar, kind},
    {"cvt [" TO_INTEGER "] [sat] f64 f64", scalar, kind},
    {"cvt " TO_INTEGER " bf16 bf16", scalar, kind, Sm90},
    {"cvt rn|rz [relu] [satfinite] f16|bf16 f32", scalar, kind},
    {"cvt rm|rp bf16 f32", scalar, kind, Sm90},
    // None is mandatory where the sizes are the same: Triton names none.
    {"cvt [" ONE "] bf16 f16", scalar, kind, Sm90},
    {"cvt " ONE " bf16 f64", scalar, kind, Sm90},
    {"cvt [" ONE "] f16 bf16", scalar, kind, Sm90},
    {"cvt rna [satfinite] tf32 f32", scalar, kind},
    {"cvt rn|rz [relu] [satfinite] tf32 f32", scalar, kind, Sm90},
    {"cvt rn|rz [relu] [satfinite] f16x2|bf16x2 f32", pair, kind},
    {"cvt rn satfinite [relu] " BYTES " f32", pair, kind, Sm90},
    {"cvt rn satfinite [relu] " NARROW " f32", pair, kind, Tcgen05},
    {"cvt rp|rz [satfinite] ue8m0x2 f32", pair, kind, Tcgen05},
    {"cvt rn satfinite [relu] " BYTES " f16x2", packed, kind, Sm90},
    {"cvt rn satfinite [relu] " BYTES " bf16x2", packed, kind, Tcgen05},
    {"cvt rn satfinite [relu] " NARROW " f16x2|bf16x2", packed, kind, Tcgen05},
    {"cvt rn [relu] f16x2 " BYTES, packed, kind, Sm90},
    {"cvt rn [relu] bf16x2 " BYTES, packed, kind, Tcgen05},
    {"cvt rn [relu] f16x2|bf16x2 " NARROW, packed, kind, Tcgen05},
    {"cvt rp|rz [satfinite] ue8m0x2 bf16x2", packed, kind, Tcgen05},
    {"cvt rn bf16x2 ue8m0x2", packed, kind, Tcgen05},
};

Rows sim::floatConversionRows() { return rows; }
