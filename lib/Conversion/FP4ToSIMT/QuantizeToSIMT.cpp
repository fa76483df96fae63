//===- QuantizeToSIMT.cpp - Kernels for the quantization ops --------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Numerics/Numerics.h"
#include "ScaleAccess.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp4;

/// The sizes of the domain of groups, (..., K / G), from values (..., K).
static SmallVector<Value> emitGroupSizes(ItemBuilder &b, Value values,
                                         int64_t group) {
  SmallVector<Value> sizes = b.sizes(values);
  sizes.back() = b.div(sizes.back(), group);
  return sizes;
}

/// The scale of a group: steps 1 to 4 of quantize_pack in docs/numerics.md.
static Value emitNewScale(ItemBuilder &b, QuantizePackOp op, ValueRange place) {
  int64_t group = op.getGroupSize();
  Value first = b.mul(place.back(), group);
  // max |x| as bits: their order is that of the magnitudes, and a NaN is the
  // maximum of its group.
  Value amax =
      b.reduce(b.index(group), b.i32(0), [&](Value i, Value amax) -> Value {
        Value x = b.load(op.getInput(), place.drop_back(), b.add(first, i));
        Value bits = emitMagnitudeBits(b, emitWidenToF32(b, x));
        return arith::MaxUIOp::create(b, bits, amax);
      });
  Value divisor =
      arith::MulFOp::create(b, op.getScaleScale(), op.getGlobalScale());
  Value max = arith::BitcastOp::create(b, b.getF32Type(), amax);
  Value scale = arith::DivFOp::create(b, max, divisor);
  return emitEncodeScale(
      b, scale, cast<MemRefType>(op.getScales().getType()).getElementType());
}

/// The codes of a group: steps 5 and 6 of quantize_pack. Each byte is made of
/// its two codes before it is stored.
static void emitGroupCodes(ItemBuilder &b, Value input, Value scale,
                           Value globalScale, Value codes, ValueRange place,
                           int64_t group, Rounding rounding) {
  ValueRange row = place.drop_back();
  int64_t bytes = group / 2;
  Value first = b.mul(place.back(), group);
  Value firstByte = b.mul(place.back(), bytes);
  Value divisor =
      arith::MulFOp::create(b, emitDecodeScale(b, scale), globalScale);
  b.loop(b.index(bytes), [&](Value byte) {
    auto code = [&](Value element) {
      Value x = b.load(input, row, element);
      Value quotient = arith::DivFOp::create(b, emitWidenToF32(b, x), divisor);
      return emitEncodeE2M1(b, quotient, rounding);
    };
    Value element = b.add(first, b.mul(byte, 2));
    Value low = code(element);
    Value high = arith::ShLIOp::create(b, code(b.add(element, 1)), b.i32(4));
    Value both = arith::OrIOp::create(b, low, high);
    b.store(arith::TruncIOp::create(b, b.getI8Type(), both), codes, row,
            b.add(firstByte, byte));
  });
}

static void emitQuantizeGroup(ItemBuilder &b, QuantizePackOp op,
                              ValueRange place, ValueRange scalePlace) {
  Value scale = emitNewScale(b, op, place);
  b.store(scale, op.getScales(), scalePlace);
  emitGroupCodes(b, op.getInput(), scale, op.getGlobalScale(), op.getCodes(),
                 place, op.getGroupSize(), op.getRounding());
}

/// An item is one group, or one slot of blocked scales: one of the padding
/// stores its zero and nothing else.
void fp4::emitKernel(ItemBuilder &b, QuantizePackOp op) {
  auto scalesType = cast<MemRefType>(op.getScales().getType());
  SmallVector<Value> groups =
      emitGroupSizes(b, op.getInput(), op.getGroupSize());
  if (!isBlockedScales(scalesType, groups.size())) {
    b.launch(groups,
             [&](ValueRange place) { emitQuantizeGroup(b, op, place, place); });
    return;
  }
  b.launch(b.sizes(op.getScales()), [&](ValueRange slot) {
    auto [row, column] = emitRowAndColumn(b, slot);
    SmallVector<Value> place = {row, column};
    Value inside = arith::AndIOp::create(b, b.isLess(row, groups[0]),
                                         b.isLess(column, groups[1]));
    b.ifThenElse(
        inside, [&] { emitQuantizeGroup(b, op, place, slot); },
        [&] {
          b.store(emitPadding(b, scalesType.getElementType()), op.getScales(),
                  slot);
        });
  });
}

/// An item is one group.
void fp4::emitKernel(ItemBuilder &b, QuantizeWithScalesOp op) {
  b.launch(emitGroupSizes(b, op.getInput(), op.getGroupSize()),
           [&](ValueRange place) {
             Value scale = emitLoadScale(b, op.getScales(), place);
             emitGroupCodes(b, op.getInput(), scale, op.getGlobalScale(),
                            op.getCodes(), place, op.getGroupSize(),
                            op.getRounding());
           });
}

/// An item is one group.
void fp4::emitKernel(ItemBuilder &b, DequantizeOp op) {
  int64_t group = op.getGroupSize(), bytes = group / 2;
  Type outputType = cast<MemRefType>(op.getOutput().getType()).getElementType();
  b.launch(emitGroupSizes(b, op.getOutput(), group), [&](ValueRange place) {
    ValueRange row = place.drop_back();
    Value first = b.mul(place.back(), group);
    Value firstByte = b.mul(place.back(), bytes);
    Value scale = arith::MulFOp::create(
        b, emitDecodeScale(b, emitLoadScale(b, op.getScales(), place)),
        op.getGlobalScale());
    b.loop(b.index(bytes), [&](Value i) {
      Value byte = b.load(op.getCodes(), row, b.add(firstByte, i));
      byte = arith::ExtUIOp::create(b, b.getI32Type(), byte);
      auto store = [&](Value code, Value element) {
        Value value = arith::MulFOp::create(b, emitDecodeE2M1(b, code), scale);
        b.store(emitNarrow(b, value, outputType), op.getOutput(), row, element);
      };
      Value element = b.add(first, b.mul(i, 2));
      store(arith::AndIOp::create(b, byte, b.i32(15)), element);
      store(arith::ShRUIOp::create(b, byte, b.i32(4)), b.add(element, 1));
    });
  });
}
