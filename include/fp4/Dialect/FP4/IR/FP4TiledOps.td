//===- FP4TiledOps.td - Operations on tiles ----------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_FP4_IR_FP4TILEDOPS_TD
#define FP4_DIALECT_FP4_IR_FP4TILEDOPS_TD

include "fp4/Dialect/FP4/IR/FP4OpBase.td"

defvar tileRowsDeclaration = [{
    /// The rows of a tile.
    int64_t getTileRows();
    /// How many of them are in one row of the values.
    int64_t getRowsTogether() { return getRowPairs() ? 2 : 1; }
  }];

def FP4_PackLhsOp
    : FP4_DestinationOp<"pack_lhs", 4, tileRowsDeclaration> {
  let summary = "activation codes in the order in which a CPU multiplies them";
  let description = [{
    Expands the codes of the rows of a product to bytes, in tiles of R rows, and
    says what the sums of their groups are to be multiplied with. With G the
    group size, `values` is (M/R up, K/G, R, G):

    ```
    values[t, g, r, i]         = 2 * e2m1(code[t * R + r, g * G + 2 * i])
    values[t, g, r, G / 2 + i] = 2 * e2m1(code[t * R + r, g * G + 2 * i + 1])
    ```

    for i < G/2: the even elements of a group and then the odd ones, as the
    nibbles of packed codes give them. Rows beyond M repeat the last one.

    With `row_pairs`, for instructions that multiply two rows at once, R is even
    and `values` is (M/R up, K/G, R/2, 2 * G). Each 16 bytes are eight elements
    of one row and then of the next, for h < 2, s < G/8 and i < 4:

    ```
    values[t, g, p, 16 * s + 8 * h + i]
        = 2 * e2m1(code[t * R + 2 * p + h, g * G + 8 * s + 2 * i])
    values[t, g, p, 16 * s + 8 * h + 4 + i]
        = 2 * e2m1(code[t * R + 2 * p + h, g * G + 8 * s + 2 * i + 1])
    ```

    `terms` (M/R up, K/G, 2, R) holds bits that depend on the format. With
    `offset` what is added to the values of the other operand:

    | | f8E8M0FNU | f8E4M3FN | with `scale_indices` |
    | --- | --- | --- | --- |
    | `terms[t, g, 0, r]` | max(e - E, -60) << 23 | the scale as f32 | its byte |
    | `terms[t, g, 1, r]` | that - offset * the sum of the row's values | - offset * the sum of the row's values | the same |
    | `factors[t, r]` | 2^(E - 127), NaN if a scale is | 1 | NaN if a scale is, or 1 |

    where e is the byte of the scale, and E the largest of the row that is not
    NaN's. With `scale_indices`, the values of a group whose scale is zero are
    zero. `wide[t]` is not zero if a row of the tile has a scale with e - E <
    -60 in a group that is not zero: such tiles need another way of summing.

    Example:

    ```mlir
    func.func @pack(%c: tensor<10x32xi8>, %s: tensor<10x2xf8E8M0FNU>,
        %v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>, %f: tensor<2x6xf64>,
        %w: tensor<2xi8>) -> tensor<2x2x6x32xi8> {
      %values, %terms, %factors, %wide = fp4.pack_lhs group_size(32) offset(12)
          ins(%c, %s : tensor<10x32xi8>, tensor<10x2xf8E8M0FNU>)
          outs(%v, %t, %f, %w : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>,
                                tensor<2x6xf64>, tensor<2xi8>)
      return %values : tensor<2x2x6x32xi8>
    }
    ```
  }];

  let arguments = (ins
    FP4_Shaped<I8, "packed i8 codes">:$codes, FP4_Scales:$scales,
    FP4_Shaped<I8, "i8">:$values, FP4_Shaped<I32, "i32">:$terms,
    FP4_Shaped<F64, "f64">:$factors, FP4_Shaped<I8, "i8">:$wide,
    I64Attr:$group_size, I64Attr:$offset, UnitAttr:$scale_indices,
    UnitAttr:$row_pairs
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)` `offset` `(` $offset `)`
    (`scale_indices` $scale_indices^)? (`row_pairs` $row_pairs^)?
    `ins` `(` $codes `,` $scales `:` type($codes) `,` type($scales) `)`
    `outs` `(` $values `,` $terms `,` $factors `,` $wide `:` type($values) `,`
               type($terms) `,` type($factors) `,` type($wide) `)`
    attr-dict ``
    custom<ResultsOfInits>(ref(type($values)), ref(type($terms)),
                           ref(type($factors)), ref(type($wide)),
                           type($result_tensors))
  }];
}

def FP4_PackedMatmulOp
    : FP4_DestinationOp<"packed_matmul", 1, tileRowsDeclaration> {
  let summary = "scaled_matmul of operands that are laid out in tiles";
  let description = [{
    `fp4.scaled_matmul` of what `fp4.pack_lhs` gives with a weight in panels of
    P rows, which is how `linalg.pack` re-lays packed codes with inner tiles of
    P x 4 bytes and scales with inner tiles of P. Rows of padding have any codes
    and scales.

    | operand | shape | element type |
    | --- | --- | --- |
    | `values`, `terms`, `factors`, `wide` | as `fp4.pack_lhs` gives them | |
    | `lhs_scales` | (M, K/G) | f8E8M0FNU, f8E4M3FN |
    | `rhs_codes` | (N/P up, K/8, P * 4), packed | i8 |
    | `rhs_scales` | (N/P up, K/G, P) | as `lhs_scales` |
    | `output` | (M, N) | f32, f16, bf16 |

    `offset`, `scale_indices` and `row_pairs` are those of the `fp4.pack_lhs`.
    The op tiles over tiles of rows and panels.

    Example:

    ```mlir
    func.func @matmul(%v: tensor<2x2x6x32xi8>, %t: tensor<2x2x2x6xi32>,
        %f: tensor<2x6xf64>, %w: tensor<2xi8>, %sa: tensor<10x2xf8E8M0FNU>,
        %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %alpha: f32,
        %out: tensor<10x90xf32>) -> tensor<10x90xf32> {
      %c = fp4.packed_matmul group_size(32) offset(12)
          lhs(%v, %t, %f, %w, %sa : tensor<2x2x6x32xi8>, tensor<2x2x2x6xi32>,
              tensor<2x6xf64>, tensor<2xi8>, tensor<10x2xf8E8M0FNU>)
          rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>)
          alpha(%alpha) outs(%out : tensor<10x90xf32>)
      return %c : tensor<10x90xf32>
    }
    ```
  }];

  let arguments = (ins
    FP4_Shaped<I8, "i8">:$values, FP4_Shaped<I32, "i32">:$terms,
    FP4_Shaped<F64, "f64">:$factors, FP4_Shaped<I8, "i8">:$wide,
    FP4_Scales:$lhs_scales, FP4_Shaped<I8, "packed i8 codes">:$rhs_codes,
    FP4_Scales:$rhs_scales, F32:$alpha, FP4_Float:$output,
    I64Attr:$group_size, I64Attr:$offset, UnitAttr:$scale_indices,
    UnitAttr:$row_pairs
  );

  let assemblyFormat = [{
    `group_size` `(` $group_size `)` `offset` `(` $offset `)`
    (`scale_indices` $scale_indices^)? (`row_pairs` $row_pairs^)?
    `lhs` `(` $values `,` $terms `,` $factors `,` $wide `,` $lhs_scales `:`
              type($values) `,` type($terms) `,` type($factors) `,`
              type($wide) `,` type($lhs_scales) `)`
    `rhs` `(` $rhs_codes `,` $rhs_scales `:`
              type($rhs_codes) `,` type($rhs_scales) `)`
    `alpha` `(` $alpha `)`
    `outs` `(` $output `:` type($output) `)` attr-dict ``
    custom<ResultsOfInits>(ref(type($output)), type($result_tensors))
  }];
}

#endif // FP4_DIALECT_FP4_IR_FP4TILEDOPS_TD
