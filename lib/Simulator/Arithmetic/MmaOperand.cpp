//===- MmaOperand.cpp - Rows of A and B, taken apart ----------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dots.h"
#include "fp4/Simulator/Arithmetic/Convert.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include <array>
#include <cassert>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

/// The floating-point format of a type of elements.
static FloatFormat getFormat(MmaType type) {
  switch (type) {
  case MmaType::E2M1:
    return FloatFormat::E2M1;
  case MmaType::E2M3:
    return FloatFormat::E2M3;
  case MmaType::E3M2:
    return FloatFormat::E3M2;
  case MmaType::E4M3:
    return FloatFormat::E4M3;
  case MmaType::E5M2:
    return FloatFormat::E5M2;
  case MmaType::F16:
    return FloatFormat::F16;
  case MmaType::BF16:
    return FloatFormat::BF16;
  case MmaType::TF32:
    return FloatFormat::TF32;
  case MmaType::F32:
  case MmaType::U8:
  case MmaType::S8:
  case MmaType::S32:
    break;
  }
  return FloatFormat::F32;
}

MmaOperand::MmaOperand(const MmaModel &model, MmaType type, unsigned rows,
                       bool negate)
    : model(model), type(type), numRows(rows), negate(negate) {
  size_t size = size_t(rows) * model.k;
  if (model.isPackedFP4())
    packedRows.resize(rows);
  else if (!model.isInteger())
    windowRows.resize(rows);
  if (model.isPackedFP4() || model.isInteger()) {
    integers.resize(size);
  } else {
    values.resize(size);
    exponents.resize(size, kZeroExponent);
  }
}

void MmaOperand::setRow(unsigned row, ArrayRef<uint8_t> bytes) {
  assert(bytes.size() == model.getRowBytes(type) && "not a row");
  if (model.isPackedFP4())
    setPackedRow(row, bytes);
  else if (model.isInteger())
    setIntegerRow(row, bytes);
  else
    setWindowRow(row, bytes);
}

void MmaOperand::setPackedRow(unsigned row, ArrayRef<uint8_t> bytes) {
  static constexpr int16_t halves[] = {0, 1,  2,  3,  4,  6,  8,  12,
                                       0, -1, -2, -3, -4, -6, -8, -12};
  int16_t *out = &integers[size_t(row) * model.k];
  PackedRow &packed = packedRows[row];
  packed.nonZero = packed.exponent1 = packed.exponent2 = 0;
  for (unsigned i = 0; i < model.k; ++i) {
    unsigned code = (bytes[i / 2] >> (i % 2 * 4)) & 15;
    out[i] = negate ? -halves[code] : halves[code];
    // Codes of magnitude 0, 1 to 3 (0.5, 1, 1.5), 4 and 5 (2, 3), 6 and 7.
    unsigned magnitude = code & 7;
    packed.nonZero |= uint64_t(magnitude != 0) << i;
    packed.exponent1 |= uint64_t(magnitude >= 4) << i;
    packed.exponent2 |= uint64_t(magnitude >= 6) << i;
  }
}

void MmaOperand::setIntegerRow(unsigned row, ArrayRef<uint8_t> bytes) {
  int16_t *out = &integers[size_t(row) * model.k];
  for (unsigned i = 0; i < model.k; ++i)
    out[i] = type == MmaType::S8 ? int16_t(int8_t(bytes[i])) : bytes[i];
}

/// Where an element goes that the instruction has at `i` along K: the two
/// instructions that stand for one on fp8 take turns with pairs of elements.
static unsigned permute(const MmaModel &model, unsigned i) {
  if (!model.isF16Emulation)
    return i;
  return i % 4 / 2 * model.step + i / 4 * 2 + i % 2;
}

namespace {
/// What a floating-point element is to the dot product.
struct Element {
  double value;
  int16_t exponent; ///< raw, kZeroExponent for what is not a finite number
  bool isSpecial;   ///< infinite or NaN
};
} // namespace

static Element takeApart(FloatFormat format, uint32_t bits) {
  UnpackedFloat element = decode(format, bits);
  return {toDouble(format, bits),
          element.kind == FloatClass::Finite ? int16_t(element.rawExponent)
                                             : kZeroExponent,
          element.isNaN() || element.kind == FloatClass::Infinity};
}

using ByteTable = std::array<Element, 256>;
static constexpr unsigned kNumByteFormats = unsigned(FloatFormat::E5M2) + 1;

/// All elements of a type of a byte or less: as they are, or as the f16 that
/// mma.sync makes of them.
static const ByteTable &getByteTable(FloatFormat format, bool asF16) {
  static const auto tables = [] {
    std::array<std::array<ByteTable, 2>, kNumByteFormats> tables;
    for (unsigned i = 0; i < kNumByteFormats; ++i)
      for (uint32_t bits = 0; bits < 256; ++bits) {
        auto format = FloatFormat(i);
        tables[i][0][bits] = takeApart(format, bits);
        tables[i][1][bits] = takeApart(FloatFormat::F16,
                                       convert(FloatFormat::F16, format, bits));
      }
    return tables;
  }();
  return tables[size_t(format)][asF16];
}

/// The same as takeApart() for f16, bf16 and tf32, of which a program has too
/// many for a walk through the general case: normal numbers are doubles with
/// another bias.
static Element takeApartWide(const FloatFormatInfo &info, FloatFormat format,
                             uint32_t bits) {
  uint32_t encoding = bits >> info.ignoredBits;
  uint32_t maxField = (1u << info.exponentBits) - 1;
  uint32_t field = (encoding >> info.fractionBits) & maxField;
  if (field == 0 || field == maxField)
    return takeApart(format, bits);
  uint64_t sign = encoding >> (info.exponentBits + info.fractionBits) & 1;
  uint64_t fraction = encoding & ((1u << info.fractionBits) - 1);
  int exponent = int(field) - info.bias;
  return {llvm::bit_cast<double>(sign << 63 | uint64_t(exponent + 1023) << 52 |
                                 fraction << (52 - info.fractionBits)),
          int16_t(exponent), false};
}

void MmaOperand::setWindowRow(unsigned row, ArrayRef<uint8_t> bytes) {
  double *rowValues = &values[size_t(row) * model.k];
  int16_t *rowExponents = &exponents[size_t(row) * model.k];
  WindowRow &info = windowRows[row];
  info.hasSpecial = false;
  auto set = [&](unsigned i, const Element &element) {
    unsigned k = permute(model, i);
    info.hasSpecial |= element.isSpecial;
    rowValues[k] = negate ? -element.value : element.value;
    rowExponents[k] = element.exponent;
  };

  FloatFormat format = getFormat(type);
  const FloatFormatInfo &formatInfo = getInfo(format);
  size_t stride = bytes.size() / model.k;
  if (stride == 1) {
    const ByteTable &table = getByteTable(format, model.isF16Emulation);
    for (unsigned i = 0; i < model.k; ++i)
      set(i, table[bytes[i]]);
    return;
  }
  for (unsigned i = 0; i < model.k; ++i) {
    uint32_t bits = stride == 2 ? support::endian::read16le(&bytes[i * 2])
                                : support::endian::read32le(&bytes[i * 4]);
    set(i, takeApartWide(formatInfo, format, bits));
  }
}

void MmaOperand::setScales(unsigned row, ArrayRef<uint8_t> scales) {
  assert(scales.size() == model.getNumScales() && "not the scales of a row");
  FloatFormat format =
      model.scale == MmaScale::UE4M3 ? FloatFormat::UE4M3 : FloatFormat::UE8M0;
  if (!model.isPackedFP4()) {
    UnpackedFloat scale = decode(format, scales[0]);
    windowRows[row].isScaleNaN = scale.isNaN();
    windowRows[row].scaleExponent = scale.rawExponent;
    return;
  }
  PackedRow &packed = packedRows[row];
  packed.isScaleNaN = false;
  for (unsigned group = 0; group < 4; ++group) {
    UnpackedFloat scale = decode(format, scales[group * 16 / model.scaleBlock]);
    packed.isScaleNaN |= scale.isNaN();
    packed.scaleSignificand[group] = int32_t(scale.significand);
    packed.scaleExponent[group] = scale.rawExponent;
  }
}
