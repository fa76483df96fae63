//===- InstructionDescriptor.cpp - The 32 bits of tcgen05.mma -------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Descriptors/InstructionDescriptor.h"
#include "fp4/Support/Error.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
/// The fields of one descriptor, checked one after the other.
class Decoder {
public:
  Decoder(uint32_t bits, const MmaQualifiers &qualifiers)
      : bits(bits), qualifiers(qualifiers), kind(qualifiers.kind) {}

  Expected<InstructionDescriptor> run();

private:
  uint32_t getField(unsigned first, unsigned count) const {
    return (bits >> first) & ((1u << count) - 1);
  }
  bool isPackedFP4() const {
    return kind == MmaKind::MXF4 || kind == MmaKind::MXF4NVF4;
  }
  bool hasScales() const { return kind >= MmaKind::MXF8F6F4; }
  /// An error about this descriptor.
  template <typename... Args>
  Error fail(const char *format, Args &&...args) const {
    return makeError("instruction descriptor {0:x} of kind {1} {2}", bits,
                     getName(kind),
                     formatv(format, std::forward<Args>(args)...).str());
  }

  Error checkReserved() const;
  Error decodeTypes();
  Error decodeScales();
  Error decodeMajors();
  Error decodeShape();
  Expected<MmaType> decodeType(StringRef matrix, uint32_t code) const;
  Expected<MmaType> decodeResultType() const;

  uint32_t bits;
  const MmaQualifiers &qualifiers;
  MmaKind kind;
  InstructionDescriptor result;
};
} // namespace

Error Decoder::checkReserved() const {
  uint32_t reserved = hasScales() ? 0x0700004B : 0x20800040;
  if (!hasScales() && kind != MmaKind::I8)
    reserved |= 0x8; // saturation
  if (isPackedFP4())
    reserved |= 0x1000;
  else if (hasScales())
    reserved |= 0x80000000;
  else if (!qualifiers.isWeightStationary)
    reserved |= 0xC0000000; // the largest shift of .ws
  if (bits & 0x4)
    return fail("is for a sparse matrix, which is not modelled");
  if (!hasScales())
    reserved |= 0x3; // of the sparsity selector
  if (bits & reserved)
    return fail("expects its reserved bits to be 0, but got {0:x}",
                bits & reserved);
  if (isPackedFP4() && getField(31, 1))
    return fail("has K = 96, which is not modelled");
  return Error::success();
}

Expected<MmaType> Decoder::decodeType(StringRef matrix, uint32_t code) const {
  auto unknown = [&] { return fail("has no type {0} for {1}", code, matrix); };
  switch (kind) {
  case MmaKind::F16:
    if (code > 1)
      return unknown();
    return code == 0 ? MmaType::F16 : MmaType::BF16;
  case MmaKind::TF32:
    if (code != 2)
      return unknown();
    return MmaType::TF32;
  case MmaKind::I8:
    if (code > 1)
      return unknown();
    return code == 0 ? MmaType::U8 : MmaType::S8;
  case MmaKind::F8F6F4:
  case MmaKind::MXF8F6F4:
    switch (code) {
    case 0:
      return MmaType::E4M3;
    case 1:
      return MmaType::E5M2;
    case 3:
      return MmaType::E2M3;
    case 4:
      return MmaType::E3M2;
    case 5:
      return MmaType::E2M1;
    default:
      return unknown();
    }
  case MmaKind::MXF4:
  case MmaKind::MXF4NVF4:
    if (code != 1)
      return unknown();
    return MmaType::E2M1;
  }
  return unknown();
}

Expected<MmaType> Decoder::decodeResultType() const {
  if (hasScales())
    return MmaType::F32;
  switch (uint32_t code = getField(4, 2)) {
  case 0:
    return MmaType::F16;
  case 1:
    return MmaType::F32;
  case 2:
    return MmaType::S32;
  default:
    return fail("has no type {0} for D", code);
  }
}

Error Decoder::decodeTypes() {
  Expected<MmaType> a = decodeType("A", getField(7, 3));
  if (!a)
    return a.takeError();
  Expected<MmaType> b = decodeType("B", getField(10, isPackedFP4() ? 2 : 3));
  if (!b)
    return b.takeError();
  Expected<MmaType> d = decodeResultType();
  if (!d)
    return d.takeError();
  MmaScale scale = MmaScale::None;
  if (hasScales())
    scale = getField(23, 1) ? MmaScale::UE8M0 : MmaScale::UE4M3;
  Expected<MmaModel> model =
      getTCGen05Model(kind, *a, *b, *d, scale, qualifiers.scaleBlock,
                      kind == MmaKind::I8 && getField(3, 1));
  if (!model)
    return model.takeError();
  result.model = *model;
  return Error::success();
}

Error Decoder::decodeScales() {
  if (!hasScales())
    return Error::success();
  result.sfbId = getField(4, 2);
  result.sfaId = getField(29, 2);
  unsigned numScales = result.model.getNumScales();
  for (auto [name, id] :
       {std::pair("SFA", result.sfaId), {"SFB", result.sfbId}})
    if (id % numScales != 0 || id + numScales > 4)
      return fail("with {0} scales per row expects an {1} id {2}, but got {3}",
                  numScales, name, numScales == 4 ? "of 0" : "of 0 or 2", id);
  return Error::success();
}

/// Whether a matrix of this type can be MN-major [PTX 9.7.16.10.3, table 54].
static bool canTranspose(MmaType type) {
  return type != MmaType::E2M1 && type != MmaType::E2M3 &&
         type != MmaType::E3M2;
}

Error Decoder::decodeMajors() {
  result.negateA = getField(13, 1);
  result.negateB = getField(14, 1);
  result.transposeA = getField(15, 1);
  result.transposeB = getField(16, 1);
  if (kind == MmaKind::I8 && (result.negateA || result.negateB))
    return fail("cannot negate A or B");
  for (auto [name, isTransposed, type] :
       {std::tuple("A", result.transposeA, result.model.a),
        {"B", result.transposeB, result.model.b}})
    if (isTransposed && !canTranspose(type))
      return fail("cannot transpose {0} of {1}", name, getName(type));
  return Error::success();
}

Error Decoder::decodeShape() {
  bool isPair = qualifiers.ctaGroup == 2;
  bool isWs = qualifiers.isWeightStationary;
  result.n = getField(17, 6) << 3;
  result.m = hasScales() ? getField(27, 2) << 7 : getField(24, 5) << 4;
  if (isWs && (hasScales() || isPair))
    return fail("cannot be weight-stationary{0}",
                isPair ? " with cta_group 2" : "");
  unsigned m = result.m, n = result.n;
  bool isLegalM = isPair        ? m == 128 || m == 256
                  : hasScales() ? m == 128
                                : m == 64 || m == 128 || (isWs && m == 32);
  if (!isLegalM)
    return fail("does not have M = {0} with cta_group {1}", m,
                qualifiers.ctaGroup);
  unsigned step = isPair ? 16 : 8;
  if (kind == MmaKind::I8)
    step = isPair ? 32 : n > 32 ? 16 : 8;
  // B of 8-bit elements, transposed [PTX 9.7.16.10.1, table 52].
  if (result.transposeB &&
      result.model.getRowBytes(result.model.b) == result.model.k)
    step = isPair ? 32 : 16;
  bool isLegalN = isWs ? n == 64 || n == 128 || n == 256
                       : n != 0 && n <= 256 && n % step == 0;
  if (!isLegalN)
    return fail("does not have N = {0} with cta_group {1}", n,
                qualifiers.ctaGroup);
  return Error::success();
}

Expected<InstructionDescriptor> Decoder::run() {
  if (Error error = checkReserved())
    return error;
  for (auto step : {&Decoder::decodeTypes, &Decoder::decodeScales,
                    &Decoder::decodeMajors, &Decoder::decodeShape})
    if (Error error = (this->*step)())
      return error;
  return result;
}

Expected<InstructionDescriptor>
sim::decodeInstructionDescriptor(uint32_t bits,
                                 const MmaQualifiers &qualifiers) {
  return Decoder(bits, qualifiers).run();
}
