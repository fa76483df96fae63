// Functions without inputs: constants of every kind are printed by name, with
// expected values worked out by hand from docs/numerics.md.

// RUN: fp4-runner %s --entry=scalars | FileCheck %s --check-prefix=SCALARS
// RUN: fp4-runner %s --entry=tensors | FileCheck %s --check-prefix=TENSORS
// RUN: fp4-runner %s --entry=dequantize | FileCheck %s --check-prefix=DEQUANTIZE
// RUN: fp4-runner %s --entry=quantize | FileCheck %s --check-prefix=QUANTIZE
// RUN: fp4-runner %s --entry=matmul | FileCheck %s --check-prefix=MATMUL

// SCALARS: answer : F32 () = 42.5
// SCALARS: result1 : I64 () = -3
// SCALARS: result2 : BOOL () = 1
// SCALARS: result3 : BF16 () = 1.5
func.func @scalars() -> (f32 {fp4.name = "answer"}, index, i1, bf16) {
  %0 = arith.constant 42.5 : f32
  %1 = arith.constant -3 : index
  %2 = arith.constant true
  %3 = arith.constant 1.5 : bf16
  return %0, %1, %2, %3 : f32, index, i1, bf16
}

// An f4 constant is stored two codes a byte, the first in the low bits: codes 1
// and 10 (0.5, -1) are byte 0xa1 = 161.
// TENSORS: result0 : U8 (2, 1) = {{\[\[}}161], [112]]
// TENSORS: result1 : BF16 (1, 2) = {{\[\[}}1, nan]]
// TENSORS: result2 : F8_E8M0 (2) = [0.5, 256]
// TENSORS: result3 : F8_E4M3 (2) = [0.001953125, -448]
// TENSORS: result4 : F32 (0, 3){{$}}
func.func @tensors() -> (tensor<2x2xf4E2M1FN>, tensor<1x2xbf16>,
                         tensor<2xf8E8M0FNU>, tensor<2xf8E4M3FN>, tensor<0x3xf32>) {
  %0 = arith.constant dense<[[0.5, -1.0], [0.0, 6.0]]> : tensor<2x2xf4E2M1FN>
  %1 = arith.constant dense<[[1.0, 0x7FC0]]> : tensor<1x2xbf16>
  %2 = arith.constant dense<[0.5, 256.0]> : tensor<2xf8E8M0FNU>
  %3 = arith.constant dense<[0x01, 0xFE]> : tensor<2xf8E4M3FN>
  %4 = arith.constant dense<> : tensor<0x3xf32>
  return %0, %1, %2, %3, %4 : tensor<2x2xf4E2M1FN>, tensor<1x2xbf16>,
      tensor<2xf8E8M0FNU>, tensor<2xf8E4M3FN>, tensor<0x3xf32>
}

// The 8 magnitudes and their negatives, under scale 2 with global scale 0.25.
// DEQUANTIZE: result0 : F32 (1, 16) = {{\[\[}}0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3,
// DEQUANTIZE-SAME: -0, -0.25, -0.5, -0.75, -1, -1.5, -2, -3]]
func.func @dequantize() -> tensor<1x16xf32> {
  %c = arith.constant dense<[[0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe]]> : tensor<1x8xi8>
  %s = arith.constant dense<2.0> : tensor<1x1xf8E4M3FN>
  %g = arith.constant 0.25 : f32
  %e = tensor.empty() : tensor<1x16xf32>
  %x = fp4.dequantize group_size(16) ins(%c, %s : tensor<1x8xi8>, tensor<1x1xf8E4M3FN>)
      global_scale(%g) outs(%e : tensor<1x16xf32>)
  return %x : tensor<1x16xf32>
}

// Two groups of 4. The first: max 12, ss * gs = 6, 12 / 6 = 2, scale 2; x / 2 =
// 6, -0.25, 1.25, 5: the ties go to even: 7, 8 (-0), 2, 6. The second is zero:
// e8m0 has no zero, its smallest is 2^-127 = 5.87747175e-39.
// QUANTIZE: result0 : U8 (1, 4) = {{\[\[}}135, 98, 0, 128]]
// QUANTIZE: result1 : F8_E8M0 (1, 2) = {{\[\[}}2, 5.87747175e-39]]
func.func @quantize() -> (tensor<1x8xf4E2M1FN>, tensor<1x2xf8E8M0FNU>) {
  %x = arith.constant dense<[[12.0, -0.5, 2.5, 10.0, 0.0, 0.0, 0.0, -0.0]]> : tensor<1x8xf32>
  %gs = arith.constant 1.0 : f32
  %ss = arith.constant 6.0 : f32
  %c = tensor.empty() : tensor<1x8xf4E2M1FN>
  %s = tensor.empty() : tensor<1x2xf8E8M0FNU>
  %codes, %scales = fp4.quantize_pack group_size(4) ins(%x : tensor<1x8xf32>)
      global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : tensor<1x8xf4E2M1FN>, tensor<1x2xf8E8M0FNU>)
  return %codes, %scales : tensor<1x8xf4E2M1FN>, tensor<1x2xf8E8M0FNU>
}

// Row (1, 2, 0.5, -6 | 1, 1, 1, 1) with scales 2 and 8, against (1, 1, 1, 1 |
// 3, 0, 0, -0.5) with scales 0.5 and 4, and alpha 0.5:
// 0.5 * (2 * 0.5 * (1 + 2 + 0.5 - 6) + 8 * 4 * (3 - 0.5)) = 0.5 * (-2.5 + 80).
// MATMUL: result0 : F32 (1, 1) = {{\[\[}}38.75]]
func.func @matmul() -> tensor<1x1xf32> {
  %a = arith.constant dense<[[1.0, 2.0, 0.5, -6.0, 1.0, 1.0, 1.0, 1.0]]> : tensor<1x8xf4E2M1FN>
  %b = arith.constant dense<[[1.0, 1.0, 1.0, 1.0, 3.0, 0.0, 0.0, -0.5]]> : tensor<1x8xf4E2M1FN>
  %sa = arith.constant dense<[[2.0, 8.0]]> : tensor<1x2xf8E8M0FNU>
  %sb = arith.constant dense<[[0.5, 4.0]]> : tensor<1x2xf8E8M0FNU>
  %alpha = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<1x1xf32>
  %y = fp4.scaled_matmul group_size(4)
      lhs(%a, %sa : tensor<1x8xf4E2M1FN>, tensor<1x2xf8E8M0FNU>)
      rhs(%b, %sb : tensor<1x8xf4E2M1FN>, tensor<1x2xf8E8M0FNU>)
      alpha(%alpha) outs(%e : tensor<1x1xf32>)
  return %y : tensor<1x1xf32>
}
