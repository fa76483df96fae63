//===- Tcgen05Mma.cpp - tcgen05.mma ---------------------------------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding of tcgen05.mma [PTX 9.7.16.10.9], and what can be checked when it is
// issued. .sp, .ws and .ashift are not modelled: no row takes them.
//
//===----------------------------------------------------------------------===//

#include "Tcgen05Mma.h"
#include "Families.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::sim;

namespace {
/// What the text of an instruction says, in its `immediate`.
struct MmaForm {
  MmaKind kind;
  uint8_t ctaGroup;
  uint8_t scaleBlock;
  CollectorUse collector;
  bool isAInTensorMemory;
  bool isPredicateNegated;
  uint8_t numMasks; ///< Words of the lanes that are disabled.
  uint8_t scaleInput;

  uint64_t pack() const {
    uint64_t bits;
    std::memcpy(&bits, this, sizeof(bits));
    return bits;
  }
  static MmaForm unpack(uint64_t bits) {
    MmaForm form;
    std::memcpy(&form, &bits, sizeof(bits));
    return form;
  }
  bool hasScales() const { return scaleBlock != 0; }
};
static_assert(sizeof(MmaForm) == sizeof(uint64_t));

/// The slots of an instruction's operands; addresses are a base and an offset.
enum OperandSlot : unsigned {
  SlotD = 0,
  SlotA = 2,
  SlotB = 4,
  SlotInstruction,
  SlotSFA,
  SlotSFB = SlotSFA + 2,
  SlotPredicate = SlotSFB + 2,
  SlotMasks,
};
} // namespace

//===----------------------------------------------------------------------===//
// Issue
//===----------------------------------------------------------------------===//

/// An address in tensor memory from its two slots.
static std::optional<TensorAddress> readAddress(const Issuer &issuer,
                                                const Instruction &in,
                                                unsigned slot, StringRef name,
                                                uint32_t mask = ~0u) {
  std::optional<uint64_t> base =
      readOperand(issuer, in.operands[slot], "the address of " + name);
  if (!base)
    return std::nullopt;
  uint64_t offset = issuer.warp->read(in.operands[slot + 1]).value[0];
  return splitAddress(issuer, uint32_t(*base + offset) & mask, name);
}

static bool readMatrix(const Issuer &issuer, uint64_t descriptor,
                       bool isTransposed, MmaType type, StringRef name,
                       SharedMatrix &matrix) {
  auto fail = [&](Error error) {
    return issuer.fault("matrix-descriptor",
                        name + ": " + toString(std::move(error)));
  };
  Expected<SharedMatrix> decoded = decodeSharedMatrix(descriptor);
  if (!decoded)
    return fail(decoded.takeError());
  matrix = *decoded;
  if (Error error = checkOperand(
          matrix, isTransposed ? MatrixMajor::MN : MatrixMajor::K, type))
    return fail(std::move(error));
  return true;
}

static bool checkLane(const Issuer &issuer, const MatrixProduct &product,
                      TensorAddress address, StringRef name) {
  bool isHalf = product.layout == AccumulatorLayout::F && name[0] != 'S';
  if (address.lane == 0 || (isHalf && address.lane == 16))
    return true;
  return issuer.fault("tensor-memory-bounds",
                      name + " begins at lane " + Twine(address.lane) +
                          ", but expects lane 0" + (isHalf ? " or 16" : ""));
}

static bool readD(const Issuer &issuer, const Instruction &in,
                  const MmaForm &form, MatrixProduct &product) {
  std::optional<TensorAddress> d = readAddress(issuer, in, SlotD, "D");
  if (!d || !checkLane(issuer, product, *d, "D"))
    return false;
  product.d = *d;
  std::optional<uint64_t> predicate =
      readOperand(issuer, in.operands[SlotPredicate], "enable-input-d");
  if (!predicate)
    return false;
  product.readsD = (*predicate & 1) != form.isPredicateNegated;
  product.scaleInput = form.scaleInput;
  for (unsigned i = 0; i < form.numMasks; ++i) {
    std::optional<uint64_t> mask =
        readOperand(issuer, in.operands[SlotMasks + i], "disable-output-lane");
    if (!mask)
      return false;
    product.disabled[i] = uint32_t(*mask);
  }
  return true;
}

static bool readA(const Issuer &issuer, const Instruction &in,
                  const MmaForm &form, MatrixProduct &product) {
  const InstructionDescriptor &instruction = product.instruction;
  product.isAInTensorMemory = form.isAInTensorMemory;
  if (!form.isAInTensorMemory) {
    std::optional<uint64_t> bits =
        readOperand(issuer, in.operands[SlotA], "the descriptor of A");
    if (!bits)
      return false;
    product.aBits = *bits;
    return readMatrix(issuer, *bits, instruction.transposeA,
                      instruction.model.a, "A", product.a);
  }
  std::optional<TensorAddress> a = readAddress(issuer, in, SlotA, "A");
  if (!a || !checkLane(issuer, product, *a, "A"))
    return false;
  if (instruction.transposeA)
    return issuer.fault("instruction-descriptor",
                        "the instruction descriptor transposes A, which is in "
                        "tensor memory");
  product.aAddress = *a;
  product.aBits = a->lane << 16 | a->column;
  return true;
}

static bool readScaleAddresses(const Issuer &issuer, const Instruction &in,
                               MatrixProduct &product) {
  // CUTLASS leaves the byte of a word in the upper two bits, for itself.
  constexpr uint32_t mask = 0x3fffffff;
  for (auto [slot, name, address] :
       {std::tuple(SlotSFA, "SFA", &product.sfa),
        std::tuple(SlotSFB, "SFB", &product.sfb)}) {
    std::optional<TensorAddress> read =
        readAddress(issuer, in, slot, name, mask);
    if (!read || !checkLane(issuer, product, *read, name))
      return false;
    *address = *read;
  }
  return true;
}

/// What the columns are has to be allocated when it is issued, too.
static bool checkColumns(const Issuer &issuer, ArrayRef<Cta *> ctas,
                         const MatrixProduct &product) {
  for (Cta *cta : ctas) {
    auto &unit = cta->unit<TensorMemoryUnit>();
    if (!unit.checkColumns(issuer, product.d.column, product.numColumns(), "D"))
      return false;
    if (product.isAInTensorMemory &&
        !unit.checkColumns(issuer, product.aAddress.column,
                           MatrixProduct::numAColumns, "A"))
      return false;
    if (!product.hasScales())
      continue;
    unsigned rows = product.instruction.m / unsigned(ctas.size());
    if (!unit.checkColumns(issuer, product.sfa.column, getNumScaleColumns(rows),
                           "SFA") ||
        !unit.checkColumns(issuer, product.sfb.column,
                           product.numScaleBColumns(), "SFB"))
      return false;
  }
  return true;
}

static bool issue(const Issuer &issuer, const Instruction &in) {
  MmaForm form = MmaForm::unpack(in.immediate);
  SmallVector<Cta *, 2> ctas;
  if (!getGroup(issuer, form.ctaGroup, ctas))
    return false;
  MatrixProduct product;
  product.collector = form.collector;
  std::optional<uint64_t> bits = readOperand(
      issuer, in.operands[SlotInstruction], "the instruction descriptor");
  if (!bits)
    return false;
  product.instructionBits = uint32_t(*bits);
  Expected<InstructionDescriptor> instruction = decodeInstructionDescriptor(
      product.instructionBits, {form.kind, form.ctaGroup, form.scaleBlock,
                                /*isWeightStationary=*/false});
  if (!instruction)
    return issuer.fault("instruction-descriptor",
                        toString(instruction.takeError()));
  product.instruction = *instruction;
  Expected<AccumulatorLayout> layout =
      getAccumulatorLayout(instruction->m, form.ctaGroup, false);
  if (!layout)
    return issuer.fault("instruction-descriptor", toString(layout.takeError()));
  product.layout = *layout;

  if (!readD(issuer, in, form, product) || !readA(issuer, in, form, product))
    return false;
  std::optional<uint64_t> b =
      readOperand(issuer, in.operands[SlotB], "the descriptor of B");
  if (!b || !readMatrix(issuer, *b, instruction->transposeB,
                        instruction->model.b, "B", product.b))
    return false;
  if (form.hasScales() && !readScaleAddresses(issuer, in, product))
    return false;
  if (!checkColumns(issuer, ctas, product))
    return false;
  pushTensorOperation(issuer,
                      std::make_unique<MmaOperation>(issuer, ctas, product));
  return true;
}

/// Each active thread issues a product of its own.
static Flow executeMma(Warp &warp, const Instruction &in) {
  for (LaneMask left = warp.active; left; left &= left - 1)
    if (!issue(Issuer(warp, countr_zero(left)), in))
      return Flow::Fault;
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static MmaKind parseKind(StringRef name) {
  return StringSwitch<MmaKind>(name)
      .Case("kind::tf32", MmaKind::TF32)
      .Case("kind::f8f6f4", MmaKind::F8F6F4)
      .Case("kind::i8", MmaKind::I8)
      .Case("kind::mxf8f6f4", MmaKind::MXF8F6F4)
      .Case("kind::mxf4", MmaKind::MXF4)
      .Case("kind::mxf4nvf4", MmaKind::MXF4NVF4)
      .Default(MmaKind::F16);
}

static CollectorUse parseCollector(StringRef name) {
  return StringSwitch<CollectorUse>(name)
      .Case("collector::a::fill", CollectorUse::Fill)
      .Case("collector::a::use", CollectorUse::Use)
      .Case("collector::a::lastuse", CollectorUse::LastUse)
      .Default(CollectorUse::Discard);
}

/// Elements of one scale; 0 if the kind does not have that size, or has to be
/// told one [PTX 9.7.16.10.7.1, table 57].
static unsigned getScaleBlock(MmaKind kind, StringRef size) {
  switch (kind) {
  case MmaKind::MXF8F6F4:
    return size.empty() || size == "scale_vec::1X" || size == "block32" ? 32
                                                                        : 0;
  case MmaKind::MXF4:
    return size.empty() || size == "scale_vec::2X" || size == "block32" ? 32
                                                                        : 0;
  case MmaKind::MXF4NVF4:
    return size == "scale_vec::4X" || size == "block16"   ? 16
           : size == "scale_vec::2X" || size == "block32" ? 32
                                                          : 0;
  default:
    return 0;
  }
}

/// Appends the base and the offset of an address in tensor memory.
static void address(Decoder &d, unsigned i) {
  d.address(d.in.operands[i], StateSpace::Generic);
  d.append(d.names.constant(uint64_t(d.out.offset)));
}

static void sourceA(Decoder &d, MmaForm &form) {
  form.isAInTensorMemory = d.in.operands[1].kind == ptx::Operand::Kind::Address;
  if (form.isAInTensorMemory)
    return address(d, 1);
  d.source(1, Type::B64);
  d.append(d.names.constant(0));
}

static void start(Decoder &d, MmaForm &form, StringRef collector) {
  form.kind = parseKind(d.group(2));
  form.ctaGroup = uint8_t(getCtaGroup(d));
  form.collector = parseCollector(collector);
  address(d, 0);
  sourceA(d, form);
  d.source(2, Type::B64);
  d.source(3, Type::U32);
}

/// Groups: the cta_group, the kind, the collector's use. Operands: D, A, B, the
/// instruction descriptor, perhaps a vector of masks, the predicate, perhaps
/// the power of scale-input-d.
static void multiply(Decoder &d) {
  if (!d.expectOperands(5, 7))
    return;
  MmaForm form = {};
  start(d, form, d.group(3));
  if (form.kind == MmaKind::I8 && d.names.chip().number == 103)
    return d.fail("sm_103a does not have kind::i8");
  for (unsigned i = 0; i < 4; ++i)
    d.append(d.names.constant(0)); // no scales
  unsigned next = 4;
  ArrayRef<ptx::Operand> masks;
  if (d.in.operands[next].kind == ptx::Operand::Kind::Vector) {
    masks = d.in.operands[next++].elements;
    if (masks.size() != 4u * form.ctaGroup)
      return d.fail("expects " + Twine(4 * form.ctaGroup) +
                    " masks of lanes, but got " + Twine(masks.size()));
    form.numMasks = uint8_t(masks.size());
  }
  if (next >= d.numOperands())
    return d.fail("expects a predicate behind the masks of lanes");
  bool negated = false;
  d.predicate(d.in.operands[next++], negated);
  form.isPredicateNegated = negated;
  for (const ptx::Operand &mask : masks)
    d.source(mask, Type::B32);
  if (next < d.numOperands()) {
    std::optional<int64_t> power = d.integer(d.in.operands[next++]);
    if (!power || *power < 0 || *power > 15)
      return d.fail("expects a scale-input-d from 0 to 15");
    if (form.kind != MmaKind::F16 && form.kind != MmaKind::TF32)
      return d.fail("only kind::f16 and kind::tf32 have scale-input-d");
    form.scaleInput = uint8_t(*power);
  }
  if (next != d.numOperands())
    return d.fail("expects no operand behind scale-input-d");
  d.out.immediate = form.pack();
  d.out.execute = executeMma;
}

/// Groups: the cta_group, the kind, block_scale, its size, the collector's use.
/// Operands: D, A, B, the instruction descriptor, SFA, SFB, the predicate.
static void multiplyScaled(Decoder &d) {
  if (!d.expectOperands(7))
    return;
  MmaForm form = {};
  start(d, form, d.group(5));
  form.scaleBlock = uint8_t(getScaleBlock(form.kind, d.group(4)));
  if (!form.hasScales())
    return d.fail(d.group(4).empty()
                      ? d.group(2) + " has to say how large its blocks are"
                      : d.group(2) + " does not have ." + d.group(4));
  address(d, 4);
  address(d, 5);
  bool negated = false;
  d.predicate(d.in.operands[6], negated);
  form.isPredicateNegated = negated;
  d.out.immediate = form.pack();
  d.out.execute = executeMma;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

#define GROUP "cta_group::1|cta_group::2 "
#define COLLECTOR                                                              \
  "[collector::a::fill|collector::a::use|collector::a::lastuse|"               \
  "collector::a::discard]"

static constexpr InstructionClass kind = InstructionClass::Tensor;

static constexpr Row rows[] = {
    {"tcgen05 mma " GROUP
     "kind::f16|kind::tf32|kind::f8f6f4|kind::i8 " COLLECTOR,
     multiply, kind, Tcgen05},
    {"tcgen05 mma " GROUP
     "kind::mxf8f6f4|kind::mxf4|kind::mxf4nvf4 block_scale "
     "[scale_vec::1X|scale_vec::2X|scale_vec::4X|block16|block32] " COLLECTOR,
     multiplyScaled, kind, Tcgen05},
};

Rows sim::tcgen05MmaRows() { return rows; }
