//===- FP4Ops.td - Operations of the fp4 dialect -----------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4OPS_TD
#define FP4_DIALECT_FP4_IR_FP4OPS_TD

include "fp4/Dialect/FP4/IR/FP4OpBase.td"

//===----------------------------------------------------------------------===//
// Graph level
//===----------------------------------------------------------------------===//

def FP4_QuantLinearOp : FP4_Op<"quant_linear", [Pure]> {
  let summary = "linear layer on activations quantized on the fly";
  let description = [{
    Transforms the activation, quantizes it in the format of the weight, and
    multiplies it with the quantized weight, over the last dimension of `input`:

    ```
    t        = block_transform(input, transform)            (if there is one)
    codes, s = quantize_pack(t; activation_global_scale, activation_scale_scale)
    result   = scaled_matmul(codes, s, weight_codes, weight_scales;
                             activation_global_scale * weight_global_scale)
    ```

    `--fp4-decompose-quant-linear` replaces the op with exactly these three.

    | operand | shape | element type |
    | --- | --- | --- |
    | `input` | (..., K), any rank from 1 | f32, f16, bf16 |
    | `weight_codes` | (N, K), packed (N, K/2) | f4E2M1FN, packed i8 |
    | `weight_scales` | (N, K/G) or blocked | f8E8M0FNU (mx), f8E4M3FN (nv) |
    | `transform` | (B, B) or (K/B, B, B), optional | f32, f16, bf16 |
    | the three scalars | | f32, known at run time |
    | result | (..., N) | f32, f16, bf16 |

    The weight is stored in the transformed space; the transform applies to the
    activation only. B need not equal G. A row of the input that holds a NaN
    gives a row of NaN where the scale format or the saturation does not hide
    it; other rows are not affected. A leading dimension of size 0 gives an
    empty result.

    `quantize_strategy` names the strategy that lowers the transform and the
    quantization, `matmul_strategy` the one that lowers the product; each choice
    is free of the other. An absent one leaves it to the fastest that can on the
    target. `--fp4-choose-strategies` writes both, and checks the names.

    Example:

    ```mlir
    func.func @forward(
        %x: tensor<?x128xbf16> {fp4.name = "x"},
        %w: tensor<48x128xf4E2M1FN> {fp4.param = "up_proj.e2m1"},
        %ws: tensor<48x4xf8E8M0FNU> {fp4.param = "up_proj.scale_quant"},
        %t: tensor<4x32x32xbf16> {fp4.param = "up_proj.transform"},
        %wg: f32 {fp4.param = "up_proj.weight_global_scale"},
        %ag: f32 {fp4.param = "up_proj.activation_global_scale"},
        %as: f32 {fp4.param = "up_proj.activation_scale_scale"})
        -> (tensor<?x48xbf16> {fp4.name = "y"}) {
      %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x128xbf16>)
          weight(%w, %ws : tensor<48x128xf4E2M1FN>, tensor<48x4xf8E8M0FNU>)
          transform(%t : tensor<4x32x32xbf16>)
          weight_global_scale(%wg) activation_global_scale(%ag)
          activation_scale_scale(%as) -> tensor<?x48xbf16>
      return %y : tensor<?x48xbf16>
    }
    ```
  }];

  let arguments = (ins
    FP4_FloatTensor:$input,
    RankedTensorOf<[F4E2M1FN, I8]>:$weight_codes,
    RankedTensorOf<[F8E8M0FNU, F8E4M3FN]>:$weight_scales,
    Optional<FP4_FloatTensor>:$transform,
    F32:$weight_global_scale,
    F32:$activation_global_scale,
    F32:$activation_scale_scale,
    I64Attr:$group_size,
    DefaultValuedAttr<FP4_RoundingAttr, "::mlir::fp4::Rounding::Even">:$rounding,
    FP4_StrategyAttr:$quantize_strategy,
    FP4_StrategyAttr:$matmul_strategy
  );
  let results = (outs FP4_FloatTensor:$result);

  let assemblyFormat = [{
    `group_size` `(` $group_size `)` `` custom<TieRounding>($rounding)
    `ins` `(` $input `:` type($input) `)`
    `weight` `(` $weight_codes `,` $weight_scales `:`
                 type($weight_codes) `,` type($weight_scales) `)`
    (`transform` `(` $transform^ `:` type($transform) `)`)?
    `weight_global_scale` `(` $weight_global_scale `)`
    `activation_global_scale` `(` $activation_global_scale `)`
    `activation_scale_scale` `(` $activation_scale_scale `)`
    attr-dict `->` type($result)
  }];
}

//===----------------------------------------------------------------------===//
// Op level
//===----------------------------------------------------------------------===//

def FP4_BlockTransformOp : FP4_DestinationOp<"block_transform", 1> {
  let summary = "product of each block of the last dimension with a matrix";
  let description = [{
    Cuts the last dimension of `input` into blocks of B elements and multiplies
    each with a matrix, one for all blocks (B, B) or one for each (K/B, B, B):

    ```
    output[..., b*B + j] = sum_i transform[b, j, i] * input[..., b*B + i]
    ```

    which is `input_block @ transform_b^T`. The operands are widened to f32, the
    sum is taken in f32 in any order, and rounded once to the element type of
    `output`, which is the input's. The transform is any linear map: not
    necessarily orthogonal or symmetric, and its B is independent of the group
    of a later quantization.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @transform(%x: tensor<?x128xf32>, %t: tensor<2x64x64xbf16>)
        -> tensor<?x128xf32> {
      %c0 = arith.constant 0 : index
      %m = tensor.dim %x, %c0 : tensor<?x128xf32>
      %empty = tensor.empty(%m) : tensor<?x128xf32>
      %y = fp4.block_transform
          ins(%x : tensor<?x128xf32>) transform(%t : tensor<2x64x64xbf16>)
          outs(%empty : tensor<?x128xf32>)
      return %y : tensor<?x128xf32>
    }
    ```
  }];

  let arguments = (ins
    FP4_Float:$input, FP4_Float:$transform, FP4_Float:$output,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    `transform` `(` $transform `:` type($transform) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($output)), type($result_tensors))
  }];
}

def FP4_QuantizePackOp : FP4_DestinationOp<"quantize_pack", 2> {
  let summary = "quantization to e2m1 codes with a new scale for each group";
  let description = [{
    For each group of `group_size` consecutive elements x of the last dimension,
    in f32:

    ```
    scale  = round_to_scale_type(clamp(max |x| / (scale_scale * global_scale)))
    code_i = round_to_e2m1(x_i / (scale * global_scale))
    ```

    | | f8E8M0FNU (mx) | f8E4M3FN (nv) |
    | --- | --- | --- |
    | clamped to | [2^-127, 2^127] | [-448, 448] |
    | scale rounding | nearest power of two, ties up | nearest, ties to even |
    | NaN in the group | scale byte 255 | scale byte 0x7f |
    | group of zeros | scale byte 0, codes 0 or 8 | scale byte 0, codes 7 (0/0): they dequantize to 0 |

    Codes saturate at +-6; a quotient that is NaN gives code 7; a quotient that
    rounds to zero keeps its sign. `rounding` says where ties go. Divisions are
    true divisions; nothing is flushed to zero.

    | operand | shape | element type |
    | --- | --- | --- |
    | `input` | (..., K) | f32, f16, bf16 |
    | `codes` | (..., K), packed (..., K/2) | f4E2M1FN, packed i8 |
    | `scales` | (..., K/G); blocked if `input` has rank 2 | f8E8M0FNU, f8E4M3FN |

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @quantize(%x: tensor<?x64xbf16>, %gs: f32, %ss: f32)
        -> (tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) {
      %c0 = arith.constant 0 : index
      %m = tensor.dim %x, %c0 : tensor<?x64xbf16>
      %c = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
      %s = tensor.empty(%m) : tensor<?x4xf8E4M3FN>
      %codes, %scales = fp4.quantize_pack group_size(16) rounding(zero)
          ins(%x : tensor<?x64xbf16>) global_scale(%gs) scale_scale(%ss)
          outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
      return %codes, %scales : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>
    }
    ```
  }];

  let arguments = (ins
    FP4_Float:$input, F32:$global_scale, F32:$scale_scale,
    FP4_Codes:$codes, FP4_Scales:$scales,
    I64Attr:$group_size,
    DefaultValuedAttr<FP4_RoundingAttr, "::mlir::fp4::Rounding::Even">:$rounding,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)` `` custom<TieRounding>($rounding)
    `ins` `(` $input `:` type($input) `)`
    `global_scale` `(` $global_scale `)` `scale_scale` `(` $scale_scale `)`
    `outs` `(` $codes `,` $scales `:` type($codes) `,` type($scales) `)`
    attr-dict ``
    custom<ResultsOfInits>(ref(type($codes)), ref(type($scales)),
                           type($result_tensors))
  }];
}

def FP4_QuantizeWithScalesOp : FP4_DestinationOp<"quantize_with_scales", 1> {
  let summary = "quantization to e2m1 codes against given scales";
  let description = [{
    As `fp4.quantize_pack`, but with the scale of each group given:

    ```
    code_i = round_to_e2m1(x_i / (scale * global_scale))
    ```

    For weights that were scaled by other rules (the floor of the OCP MX
    specification, a search for the least error), and for requantization with
    scales that several layers share.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @requantize(%x: tensor<8x64xf32>, %s: tensor<8x2xf8E8M0FNU>,
                          %gs: f32) -> tensor<8x64xf4E2M1FN> {
      %c = tensor.empty() : tensor<8x64xf4E2M1FN>
      %codes = fp4.quantize_with_scales group_size(32)
          ins(%x, %s : tensor<8x64xf32>, tensor<8x2xf8E8M0FNU>)
          global_scale(%gs) outs(%c : tensor<8x64xf4E2M1FN>)
      return %codes : tensor<8x64xf4E2M1FN>
    }
    ```
  }];

  let arguments = (ins
    FP4_Float:$input, FP4_Scales:$scales, F32:$global_scale, FP4_Codes:$codes,
    I64Attr:$group_size,
    DefaultValuedAttr<FP4_RoundingAttr, "::mlir::fp4::Rounding::Even">:$rounding,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)` `` custom<TieRounding>($rounding)
    `ins` `(` $input `,` $scales `:` type($input) `,` type($scales) `)`
    `global_scale` `(` $global_scale `)`
    `outs` `(` $codes `:` type($codes) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($codes)), type($result_tensors))
  }];
}

def FP4_DequantizeOp : FP4_DestinationOp<"dequantize", 1> {
  let summary = "values of e2m1 codes and their scales";
  let description = [{
    ```
    output[..., k] = e2m1(codes[..., k]) * (scales[..., k / G] * global_scale)
    ```

    The inner product first, in f32, then one f32 product, then one rounding to
    the element type of `output`. A NaN scale gives a group of NaN.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @dequantize(%c: tensor<8x64xf4E2M1FN>, %s: tensor<8x4xf8E4M3FN>,
                          %gs: f32) -> tensor<8x64xbf16> {
      %empty = tensor.empty() : tensor<8x64xbf16>
      %x = fp4.dequantize group_size(16)
          ins(%c, %s : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>)
          global_scale(%gs) outs(%empty : tensor<8x64xbf16>)
      return %x : tensor<8x64xbf16>
    }
    ```
  }];

  let arguments = (ins
    FP4_Codes:$codes, FP4_Scales:$scales, F32:$global_scale, FP4_Float:$output,
    I64Attr:$group_size,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)`
    `ins` `(` $codes `,` $scales `:` type($codes) `,` type($scales) `)`
    `global_scale` `(` $global_scale `)`
    `outs` `(` $output `:` type($output) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($output)), type($result_tensors))
  }];
}

def FP4_ScaledMatmulOp : FP4_DestinationOp<"scaled_matmul", 1> {
  let summary = "matrix product of two block-scaled operands";
  let description = [{
    Both operands hold K in their last dimension ("TN"):

    ```
    output[..., n] = alpha * sum_g lhs_scales[..., g] * rhs_scales[n, g]
                     * (sum_{k in g} e2m1(lhs_codes[..., k]) * e2m1(rhs_codes[n, k]))
    ```

    The inner sum is exact. The sum over groups is taken in f32 or wider, with
    one rounding to the element type of `output` at the end. `output` is
    overwritten, not added to. A NaN scale makes just its row or column NaN. No
    intermediate overflows or underflows where the formula, taken in f64, does
    not.

    | operand | shape | element type |
    | --- | --- | --- |
    | `lhs_codes` | (..., K), packed (..., K/2) | f4E2M1FN, packed i8 |
    | `lhs_scales` | (..., K/G); blocked if `lhs_codes` has rank 2 | f8E8M0FNU, f8E4M3FN |
    | `rhs_codes` | (N, K), packed (N, K/2) | as `lhs_codes` |
    | `rhs_scales` | (N, K/G) or blocked | as `lhs_scales` |
    | `output` | (..., N) | f32, f16, bf16 |

    The op tiles over the leading dimensions and N. K is not a loop of its
    iteration domain: partial results would round more than once.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @matmul(%a: tensor<?x64xf4E2M1FN>, %sa: tensor<?x4xf8E4M3FN>,
                      %b: tensor<48x64xf4E2M1FN>, %sb: tensor<48x4xf8E4M3FN>,
                      %alpha: f32) -> tensor<?x48xf32> {
      %c0 = arith.constant 0 : index
      %m = tensor.dim %a, %c0 : tensor<?x64xf4E2M1FN>
      %empty = tensor.empty(%m) : tensor<?x48xf32>
      %c = fp4.scaled_matmul group_size(16)
          lhs(%a, %sa : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
          rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<48x4xf8E4M3FN>)
          alpha(%alpha) outs(%empty : tensor<?x48xf32>)
      return %c : tensor<?x48xf32>
    }
    ```
  }];

  let arguments = (ins
    FP4_Codes:$lhs_codes, FP4_Scales:$lhs_scales,
    FP4_Codes:$rhs_codes, FP4_Scales:$rhs_scales,
    F32:$alpha, FP4_Float:$output, I64Attr:$group_size,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)`
    `lhs` `(` $lhs_codes `,` $lhs_scales `:`
              type($lhs_codes) `,` type($lhs_scales) `)`
    `rhs` `(` $rhs_codes `,` $rhs_scales `:`
              type($rhs_codes) `,` type($rhs_scales) `)`
    `alpha` `(` $alpha `)`
    `outs` `(` $output `:` type($output) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($output)), type($result_tensors))
  }];
}

def FP4_AbsorbScaleSignsOp : FP4_DestinationOp<"absorb_scale_signs", 2> {
  let summary = "codes and scales of the same values, the scales not negative";
  let description = [{
    Where the sign bit of a scale is set, clears it and flips the sign bits of
    the codes of its group:

    ```
    scales_output[..., g] = |scales[..., g]|
    codes_output[..., k]  = codes[..., k] ^ (scales[..., k / G] < 0 ? 8 : 0)
    ```

    The values stay what they were, but for the sign of a NaN. Tensor cores
    ignore the sign of a scale. Scales are row-major, of type f8E4M3FN:
    f8E8M0FNU has no sign.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @absorb(%c: tensor<8x64xf4E2M1FN>, %s: tensor<8x4xf8E4M3FN>)
        -> (tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>) {
      %ce = tensor.empty() : tensor<8x64xf4E2M1FN>
      %se = tensor.empty() : tensor<8x4xf8E4M3FN>
      %codes, %scales = fp4.absorb_scale_signs group_size(16)
          ins(%c, %s : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>)
          outs(%ce, %se : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>)
      return %codes, %scales : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>
    }
    ```
  }];

  let arguments = (ins
    FP4_Codes:$codes, FP4_Scales:$scales,
    FP4_Codes:$codes_output, FP4_Scales:$scales_output,
    I64Attr:$group_size,
    FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)`
    `ins` `(` $codes `,` $scales `:` type($codes) `,` type($scales) `)`
    `outs` `(` $codes_output `,` $scales_output `:`
               type($codes_output) `,` type($scales_output) `)`
    attr-dict ``
    custom<ResultsOfInits>(ref(type($codes_output)), ref(type($scales_output)),
                           type($result_tensors))
  }];
}

def FP4_ConvertScaleLayoutOp : FP4_DestinationOp<"convert_scale_layout", 1> {
  let summary = "change between row-major and blocked scales";
  let description = [{
    Row-major scales have rank 2: (R, C), one row for each row of codes, one
    column for each group. Blocked scales have rank 5 and are what tensor cores
    read: rows are padded to 128 and columns to 4, and cut into tiles of 128 x 4
    that are contiguous in memory. The scale of row r and column c is at

    ```
    blocked[r / 128, c / 4, r % 32, (r % 128) / 32, c % 4]
    ```

    Padding bytes are zero. To row-major, the padding is dropped; how many rows
    and columns there are is said by the shape of `output`. The direction is
    said by the ranks. A conversion to blocked and back folds away.

    `strategy` names the strategy that lowers the op; without it, the fastest
    that can on the target does (`--fp4-choose-strategies`).

    Example:

    ```mlir
    func.func @block_scales(%s: tensor<200x9xf8E8M0FNU>)
        -> tensor<2x3x32x4x4xf8E8M0FNU> {
      %empty = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
      %blocked = fp4.convert_scale_layout ins(%s : tensor<200x9xf8E8M0FNU>)
          outs(%empty : tensor<2x3x32x4x4xf8E8M0FNU>)
      return %blocked : tensor<2x3x32x4x4xf8E8M0FNU>
    }
    ```
  }];

  let arguments = (ins
    FP4_Scales:$input, FP4_Scales:$output, FP4_StrategyAttr:$strategy
  );

  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($output)), type($result_tensors))
  }];
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Data-tiled level
//===----------------------------------------------------------------------===//

include "fp4/Dialect/FP4/IR/FP4TiledOps.td"

#endif // FP4_DIALECT_FP4_IR_FP4OPS_TD
