//===- MmaModel.cpp - How tensor cores add up dot products ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The models by instruction, and which types an instruction has.
//
//===----------------------------------------------------------------------===//

#include "fp4/Simulator/Arithmetic/MmaModel.h"
#include "fp4/Support/Error.h"
#include <iterator>

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

StringRef sim::getName(MmaType type) {
  static constexpr StringLiteral names[] = {"e2m1", "e2m3", "e3m2", "e4m3",
                                            "e5m2", "f16",  "bf16", "tf32",
                                            "u8",   "s8",   "f32",  "s32"};
  static_assert(std::size(names) == size_t(MmaType::S32) + 1);
  return names[size_t(type)];
}

StringRef sim::getName(MmaKind kind) {
  static constexpr StringLiteral names[] = {"f16",      "tf32", "f8f6f4",  "i8",
                                            "mxf8f6f4", "mxf4", "mxf4nvf4"};
  static_assert(std::size(names) == size_t(MmaKind::MXF4NVF4) + 1);
  return names[size_t(kind)];
}

static StringRef getScaleName(MmaScale scale) {
  static constexpr StringLiteral names[] = {"no scales", "ue8m0", "ue4m3"};
  return names[size_t(scale)];
}

static StringRef getCoreName(TensorCore core) {
  static constexpr StringLiteral names[] = {"ampere", "ada", "hopper",
                                            "blackwell", "rtx blackwell"};
  static_assert(std::size(names) == size_t(TensorCore::RTXBlackwell) + 1);
  return names[size_t(core)];
}

static bool isF8F6F4(MmaType type) { return type <= MmaType::E5M2; }
static bool isF8(MmaType type) {
  return type == MmaType::E4M3 || type == MmaType::E5M2;
}
static bool isHalf(MmaType type) {
  return type == MmaType::F16 || type == MmaType::BF16;
}
static bool isInt8(MmaType type) {
  return type == MmaType::U8 || type == MmaType::S8;
}

unsigned MmaModel::getRowBytes(MmaType type) const {
  if (isPackedFP4())
    return k / 2;
  return type == MmaType::TF32 ? 4 * k : isHalf(type) ? 2 * k : k;
}

//===----------------------------------------------------------------------===//
// tcgen05.mma
//===----------------------------------------------------------------------===//

/// Whether a kind has these types [PTX 9.7.16.2.1, table 39].
static bool hasTypes(MmaKind kind, MmaType a, MmaType b, MmaType d) {
  switch (kind) {
  case MmaKind::F16:
    // f16 results are for f16 alone.
    return isHalf(a) && isHalf(b) &&
           (d == MmaType::F32 ||
            (d == MmaType::F16 && a == MmaType::F16 && b == MmaType::F16));
  case MmaKind::TF32:
    return a == MmaType::TF32 && b == MmaType::TF32 && d == MmaType::F32;
  case MmaKind::F8F6F4:
    return isF8F6F4(a) && isF8F6F4(b) &&
           (d == MmaType::F32 || d == MmaType::F16);
  case MmaKind::I8:
    return isInt8(a) && isInt8(b) && d == MmaType::S32;
  case MmaKind::MXF8F6F4:
    return isF8F6F4(a) && isF8F6F4(b) && d == MmaType::F32;
  case MmaKind::MXF4:
  case MmaKind::MXF4NVF4:
    return a == MmaType::E2M1 && b == MmaType::E2M1 && d == MmaType::F32;
  }
  return false;
}

/// Whether a kind has these scales [PTX 9.7.16.10.7.1, table 57].
static bool hasScales(MmaKind kind, MmaScale scale, unsigned block) {
  switch (kind) {
  case MmaKind::F16:
  case MmaKind::TF32:
  case MmaKind::F8F6F4:
  case MmaKind::I8:
    return scale == MmaScale::None && block == 0;
  case MmaKind::MXF8F6F4:
  case MmaKind::MXF4:
    return scale == MmaScale::UE8M0 && block == 32;
  case MmaKind::MXF4NVF4:
    return (scale == MmaScale::UE8M0 && (block == 16 || block == 32)) ||
           (scale == MmaScale::UE4M3 && block == 16);
  }
  return false;
}

Expected<MmaModel> sim::getTCGen05Model(MmaKind kind, MmaType a, MmaType b,
                                        MmaType d, MmaScale scale,
                                        unsigned scaleBlock, bool saturate) {
  if (!hasTypes(kind, a, b, d))
    return makeError("MMA of kind {0} does not multiply {1} by {2} to "
                     "{3}",
                     getName(kind), getName(a), getName(b), getName(d));
  if (!hasScales(kind, scale, scaleBlock))
    return makeError("MMA of kind {0} does not take {1} for blocks of "
                     "{2}",
                     getName(kind), getScaleName(scale), scaleBlock);
  if (saturate && kind != MmaKind::I8)
    return makeError("MMA of kind {0} does not saturate", getName(kind));
  MmaModel model;
  model.a = a;
  model.b = b;
  model.d = d;
  model.scale = scale;
  model.scaleBlock = scaleBlock;
  model.saturate = saturate;
  // [HW, SFT]; the FP4 kinds have rules of their own.
  bool isPackedFP4 = kind == MmaKind::MXF4 || kind == MmaKind::MXF4NVF4;
  model.windowBits = isPackedFP4 ? 35 : 25;
  // 32 bytes of a row, but for sub-byte types, which are unpacked to bytes
  // in all kinds but mxf4 and mxf4nvf4.
  model.k = a == MmaType::TF32 ? 8 : isHalf(a) ? 16 : 32;
  if (isPackedFP4)
    model.k = 64;
  model.step = model.k;
  return model;
}

//===----------------------------------------------------------------------===//
// mma.sync
//===----------------------------------------------------------------------===//

/// An instruction of all tensor cores, and the products that those before
/// Hopper add up at a time; later ones take all of k [MMASIM].
struct MmaSyncShape {
  MmaType type;
  unsigned k;
  unsigned step;
};
static constexpr MmaSyncShape mmaSyncShapes[] = {
    {MmaType::F16, 16, 8}, {MmaType::F16, 8, 8},  {MmaType::BF16, 16, 8},
    {MmaType::BF16, 8, 8}, {MmaType::TF32, 8, 4}, {MmaType::TF32, 4, 4},
};

static bool isNewerThanAda(TensorCore core) {
  return core >= TensorCore::Hopper;
}

/// The fields of a product of types of a byte or less; false if there is none.
static bool setByteModel(MmaModel &model, TensorCore core) {
  if (core == TensorCore::Ampere || (model.k != 16 && model.k != 32))
    return false;
  model.step = model.k;
  model.windowBits = 25;
  bool isF8Only = isF8(model.a) && isF8(model.b);
  switch (core) {
  case TensorCore::Ada:
    model.step = 16;
    model.windowBits = 13; // And so has the result [MMASIM].
    model.resultBits = 13;
    return isF8Only;
  case TensorCore::Hopper:
  case TensorCore::Blackwell:
    model.isF16Emulation = true;
    model.step = model.k / 2;
    return isF8Only;
  case TensorCore::RTXBlackwell:
    // .kind::f8f6f4 has one K.
    return isF8Only || model.k == 32;
  case TensorCore::Ampere:
    break;
  }
  return false;
}

/// The floating-point fields of the model; false if there is none.
static bool setFloatModel(MmaModel &model, TensorCore core) {
  bool isF16Result = model.d == MmaType::F16;
  if (model.d != MmaType::F32 && !isF16Result)
    return false;
  if (isF8F6F4(model.a) && isF8F6F4(model.b))
    return setByteModel(model, core);
  if (model.a != model.b || (isF16Result && model.a != MmaType::F16))
    return false;
  for (const MmaSyncShape &shape : mmaSyncShapes) {
    if (shape.type != model.a || shape.k != model.k)
      continue;
    model.step = isNewerThanAda(core) ? shape.k : shape.step;
    model.windowBits = isNewerThanAda(core) ? 25 : 24;
    return true;
  }
  return false;
}

Expected<MmaModel> sim::getMmaSyncModel(TensorCore core, unsigned k, MmaType a,
                                        MmaType b, MmaType d, bool saturate) {
  MmaModel model;
  model.a = a;
  model.b = b;
  model.d = d;
  model.k = model.step = k;
  model.saturate = saturate;
  bool isKnown;
  if (isInt8(a) && isInt8(b))
    isKnown = d == MmaType::S32 && (k == 16 || k == 32);
  else
    isKnown = !saturate && setFloatModel(model, core);
  if (!isKnown)
    return makeError("mma.sync of {0} by {1} to {2} with k = {3}{4} is not "
                     "modelled for {5} tensor cores",
                     getName(a), getName(b), getName(d), k,
                     saturate ? " and saturation" : "", getCoreName(core));
  return model;
}

Expected<MmaModel> sim::getScaledMmaSyncModel(TensorCore core, MmaKind kind,
                                              MmaType a, MmaType b,
                                              MmaScale scale,
                                              unsigned scaleBlock) {
  if (core != TensorCore::RTXBlackwell || scale == MmaScale::None)
    return makeError("mma.sync of kind {0} with {1} is not modelled for {2} "
                     "tensor cores",
                     getName(kind), getScaleName(scale), getCoreName(core));
  // Types, scales and shapes are those of tcgen05.mma [PTX 9.7.14.3, table 36].
  Expected<MmaModel> model =
      getTCGen05Model(kind, a, b, MmaType::F32, scale, scaleBlock);
  if (model)
    model->isSyncFP4 = model->isPackedFP4();
  return model;
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

Expected<MmaModel> sim::getWgmmaModel(MmaType a, MmaType b, MmaType d,
                                      bool saturate) {
  bool isByte = isF8(a) && isF8(b);
  bool isF16Result = d == MmaType::F16 && (a == MmaType::F16 || isByte);
  bool isKnown =
      isInt8(a) && isInt8(b)
          ? d == MmaType::S32
          : !saturate && (d == MmaType::F32 || isF16Result) &&
                (isByte || (a == b && (isHalf(a) || a == MmaType::TF32)));
  if (!isKnown)
    return makeError("wgmma of {0} by {1} to {2}{3} is not modelled",
                     getName(a), getName(b), getName(d),
                     saturate ? " with saturation" : "");
  MmaModel model;
  model.a = a;
  model.b = b;
  model.d = d;
  model.k = model.step = a == MmaType::TF32 ? 8 : isHalf(a) ? 16 : 32;
  model.saturate = saturate;
  // Sums of fp8 are as narrow as in the tensor cores before [MMASIM].
  model.windowBits = isByte ? 13 : 25;
  model.resultBits = isByte ? 13 : 23;
  return model;
}
