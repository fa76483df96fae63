// What the verifiers of the op-level ops refuse: one case for each rule of each op. The layer is in
// invalid-quant-linear.mlir, types that an op does not take at all in invalid-types.mlir, the assembly and
// the attributes of functions in invalid-attributes.mlir.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// block_transform
//===----------------------------------------------------------------------===//

// Tensors and memrefs do not mix: half of such an op would be bufferized.
func.func @transform_mixed(%x: memref<2x64xf32>, %t: tensor<32x32xf32>, %y: memref<2x64xf32>) {
  // expected-error @below {{'fp4.block_transform' op expects only tensors or only memrefs, but operand #1 is a tensor and operand #2 is a memref}}
  fp4.block_transform ins(%x : memref<2x64xf32>) transform(%t : tensor<32x32xf32>) outs(%y : memref<2x64xf32>)
  return
}

// -----

// What an encoding says would be lost on the way to memory.
func.func @transform_encoding(%x: tensor<2x64xf32>, %t: tensor<32x32xf32, "symmetric">) {
  // expected-error @below {{expects tensors without an encoding, but operand #1 is 'tensor<32x32xf32, "symmetric">'}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<32x32xf32, "symmetric">) outs(%x : tensor<2x64xf32>)
  return
}

// -----

func.func @transform_rank_0(%x: tensor<f32>, %t: tensor<32x32xf32>) {
  // expected-error @below {{expects 'input' to have rank 1 or more, but got rank 0}}
  %0 = fp4.block_transform ins(%x : tensor<f32>) transform(%t : tensor<32x32xf32>) outs(%x : tensor<f32>)
  return
}

// -----

func.func @transform_rank(%x: tensor<2x64xf32>, %t: tensor<1x2x32x32xf32>) {
  // expected-error @below {{expects 'transform' to have rank 2 or 3, but got rank 4}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<1x2x32x32xf32>) outs(%x : tensor<2x64xf32>)
  return
}

// -----

func.func @transform_not_square(%x: tensor<2x64xf32>, %t: tensor<16x32xf32>) {
  // expected-error @below {{expects the last two dimensions of 'transform' to be static, equal and not 0, but got 'tensor<16x32xf32>'}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<16x32xf32>) outs(%x : tensor<2x64xf32>)
  return
}

// -----

// The block size shapes the loops, so that it is known.
func.func @transform_dynamic(%x: tensor<2x64xf32>, %t: tensor<?x?xf32>) {
  // expected-error @below {{expects the last two dimensions of 'transform' to be static, equal and not 0, but got 'tensor<?x?xf32>'}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<?x?xf32>) outs(%x : tensor<2x64xf32>)
  return
}

// -----

// Everything would be a multiple of nothing.
func.func @transform_empty(%x: tensor<2x64xf32>, %t: tensor<2x0x0xf32>) {
  // expected-error @below {{expects the last two dimensions of 'transform' to be static, equal and not 0, but got 'tensor<2x0x0xf32>'}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<2x0x0xf32>) outs(%x : tensor<2x64xf32>)
  return
}

// -----

func.func @transform_output_rank(%x: tensor<2x64xf32>, %t: tensor<32x32xf32>, %y: tensor<128xf32>) {
  // expected-error @below {{expects 'output' to have the rank of 'input', 2, but got rank 1}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<32x32xf32>) outs(%y : tensor<128xf32>)
  return
}

// -----

// The result is rounded to the type of the input, and to no other.
func.func @transform_output_type(%x: tensor<2x64xbf16>, %t: tensor<32x32xbf16>, %y: tensor<2x64xf32>) {
  // expected-error @below {{expects 'output' to have the element type of 'input', 'bf16', but got 'f32'}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xbf16>) transform(%t : tensor<32x32xbf16>) outs(%y : tensor<2x64xf32>)
  return
}

// -----

func.func @transform_block(%x: memref<2x80xf32>, %t: memref<32x32xf32>) {
  // expected-error @below {{expects dimension 1 of 'input' to be a multiple of the block size of 'transform', 32, but got 80}}
  fp4.block_transform ins(%x : memref<2x80xf32>) transform(%t : memref<32x32xf32>) outs(%x : memref<2x80xf32>)
  return
}

// -----

func.func @transform_count(%x: tensor<?x64xf32>, %t: tensor<1x32x32xf32>) {
  // expected-error @below {{expects dimension 0 of 'transform' to be dimension 1 of 'input' / 32 = 2, but got 1}}
  %0 = fp4.block_transform ins(%x : tensor<?x64xf32>) transform(%t : tensor<1x32x32xf32>) outs(%x : tensor<?x64xf32>)
  return
}

// -----

// The last dimension counts too.
func.func @transform_shape(%x: tensor<2x64xf32>, %t: tensor<32x32xf32>, %y: tensor<2x32xf32>) {
  // expected-error @below {{expects dimension 1 of 'output' to be dimension 1 of 'input' = 64, but got 32}}
  %0 = fp4.block_transform ins(%x : tensor<2x64xf32>) transform(%t : tensor<32x32xf32>) outs(%y : tensor<2x32xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// quantize_pack
//===----------------------------------------------------------------------===//

func.func @quantize_group_size(%x: tensor<2x32xf32>, %g: f32, %c: tensor<2x32xf4E2M1FN>, %s: tensor<2x32xf8E4M3FN>) {
  // expected-error @below {{'fp4.quantize_pack' op expects 'group_size' to be a power of two between 2 and 128, but got 1}}
  %0:2 = fp4.quantize_pack group_size(1) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x32xf8E4M3FN>)
  return
}

// -----

func.func @quantize_mixed(%x: tensor<2x32xf32>, %g: f32, %c: tensor<2x32xf4E2M1FN>, %s: memref<2x2xf8E4M3FN>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #3 is a tensor and operand #4 is a memref}}
  %0 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x32xf4E2M1FN>, memref<2x2xf8E4M3FN>)
  return
}

// -----

func.func @quantize_rank_0(%x: tensor<f32>, %g: f32, %c: tensor<f4E2M1FN>, %s: tensor<f8E4M3FN>) {
  // expected-error @below {{expects 'input' to have rank 1 or more, but got rank 0}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<f32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<f4E2M1FN>, tensor<f8E4M3FN>)
  return
}

// -----

func.func @quantize_codes_rank(%x: tensor<2x32xf32>, %g: f32, %c: tensor<64xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects 'codes' to have the rank of 'input', 2, but got rank 1}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<64xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

// Only the scales of a matrix can be blocked.
func.func @quantize_blocked_rank_3(%x: tensor<1x2x32xf32>, %g: f32, %c: tensor<1x2x32xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E4M3FN>) {
  // expected-error @below {{expects 'scales' to have the rank of 'input', 3, but got rank 5}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<1x2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<1x2x32xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
  return
}

// -----

func.func @quantize_tile(%x: memref<2x32xf32>, %g: f32, %c: memref<2x16xi8>, %s: memref<1x1x?x4x4xf8E4M3FN>) {
  // expected-error @below {{expects the last dimensions of blocked 'scales' to be 32x4x4, but got 'memref<1x1x?x4x4xf8E4M3FN>'}}
  fp4.quantize_pack group_size(16) ins(%x : memref<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : memref<2x16xi8>, memref<1x1x?x4x4xf8E4M3FN>)
  return
}

// -----

func.func @quantize_partial_group(%x: tensor<2x40xf32>, %g: f32, %c: tensor<2x40xf4E2M1FN>, %s: tensor<2x3xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'input' to be a multiple of group_size 16, but got 40}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x40xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x40xf4E2M1FN>, tensor<2x3xf8E4M3FN>)
  return
}

// -----

func.func @quantize_scale_rows(%x: tensor<2x3x32xf32>, %g: f32, %c: tensor<2x3x32xf4E2M1FN>, %s: tensor<2x4x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'input' = 3, but got 4}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x3x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x3x32xf4E2M1FN>, tensor<2x4x2xf8E4M3FN>)
  return
}

// -----

func.func @quantize_scale_columns(%x: tensor<2x32xf32>, %g: f32, %c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'input' / 16 = 2, but got 1}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E4M3FN>)
  return
}

// -----

func.func @quantize_blocked_columns(%x: tensor<2x80xf32>, %g: f32, %c: tensor<2x80xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'input' / 64 = 2, but got 1}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x80xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x80xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
  return
}

// -----

func.func @quantize_code_rows(%x: tensor<2x32xf32>, %g: f32, %c: tensor<3x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 0 of 'codes' to be dimension 0 of 'input' = 2, but got 3}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<3x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

// Two packed codes are a byte.
func.func @quantize_packed_codes(%x: tensor<2x32xf32>, %g: f32, %c: tensor<2x32xi8>, %s: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'codes' to be dimension 1 of 'input' / 2 = 16, but got 32}}
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<2x32xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<2x32xi8>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// quantize_with_scales
//===----------------------------------------------------------------------===//

func.func @requantize_group_size(%x: tensor<2x32xf32>, %s: tensor<2x0xf8E8M0FNU>, %g: f32, %c: tensor<2x32xf4E2M1FN>) {
  // expected-error @below {{'fp4.quantize_with_scales' op expects 'group_size' to be a power of two between 2 and 128, but got 0}}
  %0 = fp4.quantize_with_scales group_size(0) ins(%x, %s : tensor<2x32xf32>, tensor<2x0xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<2x32xf4E2M1FN>)
  return
}

// -----

func.func @requantize_mixed(%x: memref<2x32xf32>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %c: memref<2x16xi8>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #1 is a tensor and operand #3 is a memref}}
  fp4.quantize_with_scales group_size(32) ins(%x, %s : memref<2x32xf32>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%c : memref<2x16xi8>)
  return
}

// -----

func.func @requantize_rank_0(%x: memref<f32>, %s: memref<f8E8M0FNU>, %g: f32, %c: memref<i8>) {
  // expected-error @below {{expects 'input' to have rank 1 or more, but got rank 0}}
  fp4.quantize_with_scales group_size(32) ins(%x, %s : memref<f32>, memref<f8E8M0FNU>)
      global_scale(%g) outs(%c : memref<i8>)
  return
}

// -----

func.func @requantize_scales_rank(%x: tensor<2x32xf32>, %s: tensor<2xf8E8M0FNU>, %g: f32, %c: tensor<2x32xf4E2M1FN>) {
  // expected-error @below {{expects 'scales' to have the rank of 'input', 2, but got rank 1}}
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<2x32xf32>, tensor<2xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<2x32xf4E2M1FN>)
  return
}

// -----

func.func @requantize_codes_rank(%x: tensor<2x32xf32>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %c: tensor<2x1x32xf4E2M1FN>) {
  // expected-error @below {{expects 'codes' to have the rank of 'input', 2, but got rank 3}}
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<2x32xf32>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<2x1x32xf4E2M1FN>)
  return
}

// -----

func.func @requantize_scale_columns(%x: tensor<2x32xf32>, %s: tensor<2x2xf8E8M0FNU>, %g: f32, %c: tensor<2x32xf4E2M1FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'input' / 32 = 1, but got 2}}
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<2x32xf32>, tensor<2x2xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<2x32xf4E2M1FN>)
  return
}

// -----

func.func @requantize_codes(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<64xf4E2M1FN>) {
  // expected-error @below {{expects dimension 0 of 'codes' to be dimension 0 of 'input' = 32, but got 64}}
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<32xf32>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<64xf4E2M1FN>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// dequantize
//===----------------------------------------------------------------------===//

func.func @dequantize_group_size(%c: tensor<2x256xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x256xf32>) {
  // expected-error @below {{'fp4.dequantize' op expects 'group_size' to be a power of two between 2 and 128, but got 256}}
  %0 = fp4.dequantize group_size(256) ins(%c, %s : tensor<2x256xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x256xf32>)
  return
}

// -----

func.func @dequantize_negative_group_size(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{expects 'group_size' to be a power of two between 2 and 128, but got -32}}
  %0 = fp4.dequantize group_size(-32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

func.func @dequantize_mixed(%c: memref<2x16xi8>, %s: memref<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #3 is a tensor and operand #1 is a memref}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : memref<2x16xi8>, memref<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

func.func @dequantize_rank_0(%c: tensor<i8>, %s: tensor<f8E8M0FNU>, %g: f32, %o: tensor<f32>) {
  // expected-error @below {{expects 'codes' to have rank 1 or more, but got rank 0}}
  %0 = fp4.dequantize group_size(2) ins(%c, %s : tensor<i8>, tensor<f8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<f32>)
  return
}

// -----

func.func @dequantize_scales_rank(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{expects 'scales' to have the rank of 'codes', 2, but got rank 3}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

func.func @dequantize_output_rank(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<64xf32>) {
  // expected-error @below {{expects 'output' to have the rank of 'codes', 2, but got rank 1}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<64xf32>)
  return
}

// -----

func.func @dequantize_output_rows(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<3x32xf32>) {
  // expected-error @below {{expects dimension 0 of 'output' to be dimension 0 of 'codes' = 2, but got 3}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<3x32xf32>)
  return
}

// -----

func.func @dequantize_output_columns(%c: memref<?x16xi8>, %s: memref<?x1xf8E8M0FNU>, %g: f32, %o: memref<?x16xf32>) {
  // expected-error @below {{expects dimension 1 of 'output' to be dimension 1 of 'codes' * 2 = 32, but got 16}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<?x16xi8>, memref<?x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : memref<?x16xf32>)
  return
}

// -----

// The largest multiple of 8 that is a size: the arithmetic on it is exact.
func.func @dequantize_large(%c: tensor<9223372036854775800xf4E2M1FN>, %s: tensor<1xf8E8M0FNU>, %g: f32, %o: tensor<9223372036854775800xf32>) {
  // expected-error @below {{expects dimension 0 of 'scales' to be dimension 0 of 'codes' / 8 = 1152921504606846975, but got 1}}
  %0 = fp4.dequantize group_size(8) ins(%c, %s : tensor<9223372036854775800xf4E2M1FN>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<9223372036854775800xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// scaled_matmul
//===----------------------------------------------------------------------===//

func.func @matmul_group_size(%a: tensor<2x64xf4E2M1FN>, %s: tensor<2x4xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{'fp4.scaled_matmul' op expects 'group_size' to be a power of two between 2 and 128, but got 20}}
  %0 = fp4.scaled_matmul group_size(20) lhs(%a, %s : tensor<2x64xf4E2M1FN>, tensor<2x4xf8E8M0FNU>)
      rhs(%a, %s : tensor<2x64xf4E2M1FN>, tensor<2x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_mixed(%a: memref<2x16xi8>, %s: memref<2x1xf8E8M0FNU>, %b: tensor<2x16xi8>, %sb: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #5 is a tensor and operand #1 is a memref}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : memref<2x16xi8>, memref<2x1xf8E8M0FNU>)
      rhs(%b, %sb : tensor<2x16xi8>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_rank_0(%a: tensor<i8>, %s: tensor<f8E8M0FNU>, %b: tensor<2x16xi8>, %sb: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<f32>) {
  // expected-error @below {{expects 'lhs_codes' to have rank 1 or more, but got rank 0}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<i8>, tensor<f8E8M0FNU>)
      rhs(%b, %sb : tensor<2x16xi8>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<f32>)
  return
}

// -----

// The right-hand side has no batch dimensions.
func.func @matmul_rhs_rank(%a: tensor<2x3x32xf4E2M1FN>, %s: tensor<2x3x1xf8E8M0FNU>, %g: f32, %o: tensor<2x3x3xf32>) {
  // expected-error @below {{expects 'rhs_codes' to have rank 2, but got rank 3}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x3x32xf4E2M1FN>, tensor<2x3x1xf8E8M0FNU>)
      rhs(%a, %s : tensor<2x3x32xf4E2M1FN>, tensor<2x3x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x3x3xf32>)
  return
}

// -----

func.func @matmul_one_side_packed(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %b: tensor<2x16xi8>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects 'rhs_codes' to have the element type of 'lhs_codes', 'f4E2M1FN', but got 'i8'}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%b, %s : tensor<2x16xi8>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_lhs_scales_rank(%a: tensor<1x2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %b: tensor<2x32xf4E2M1FN>, %g: f32, %o: tensor<1x2x2xf32>) {
  // expected-error @below {{expects 'lhs_scales' to have the rank of 'lhs_codes', 3, but got rank 2}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<1x2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%b, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<1x2x2xf32>)
  return
}

// -----

func.func @matmul_rhs_tile(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %sb: tensor<1x1x128x4x1xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects the last dimensions of blocked 'rhs_scales' to be 32x4x4, but got 'tensor<1x1x128x4x1xf8E8M0FNU>'}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%a, %sb : tensor<2x32xf4E2M1FN>, tensor<1x1x128x4x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

// Both sides are of one format.
func.func @matmul_formats(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %sb: tensor<2x1xf8E4M3FN>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects 'rhs_scales' to have the element type of 'lhs_scales', 'f8E8M0FNU', but got 'f8E4M3FN'}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%a, %sb : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E4M3FN>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_output_rank(%a: tensor<32xf4E2M1FN>, %s: tensor<1xf8E8M0FNU>, %b: tensor<2x32xf4E2M1FN>, %sb: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<1x2xf32>) {
  // expected-error @below {{expects 'output' to have the rank of 'lhs_codes', 1, but got rank 2}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<32xf4E2M1FN>, tensor<1xf8E8M0FNU>)
      rhs(%b, %sb : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<1x2xf32>)
  return
}

// -----

func.func @matmul_k(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %b: tensor<2x64xf4E2M1FN>, %sb: tensor<2x2xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects dimension 1 of 'rhs_codes' to be dimension 1 of 'lhs_codes' = 32, but got 64}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%b, %sb : tensor<2x64xf4E2M1FN>, tensor<2x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_lhs_scale_columns(%a: tensor<2x16xi8>, %s: tensor<2x2xf8E8M0FNU>, %sb: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects dimension 1 of 'lhs_scales' to be dimension 1 of 'lhs_codes' * 2 / 32 = 1, but got 2}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x16xi8>, tensor<2x2xf8E8M0FNU>)
      rhs(%a, %sb : tensor<2x16xi8>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_rhs_scale_rows(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %sb: tensor<3x1xf8E8M0FNU>, %g: f32, %o: tensor<2x2xf32>) {
  // expected-error @below {{expects dimension 0 of 'rhs_scales' to be dimension 0 of 'rhs_codes' = 2, but got 3}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%a, %sb : tensor<2x32xf4E2M1FN>, tensor<3x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x2xf32>)
  return
}

// -----

func.func @matmul_m(%a: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<3x2xf32>) {
  // expected-error @below {{expects dimension 0 of 'output' to be dimension 0 of 'lhs_codes' = 2, but got 3}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%a, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<3x2xf32>)
  return
}

// -----

func.func @matmul_n(%a: memref<2x16xi8>, %s: memref<2x1xf8E8M0FNU>, %g: f32, %o: memref<2x3xf32>) {
  // expected-error @below {{expects dimension 1 of 'output' to be dimension 0 of 'rhs_codes' = 2, but got 3}}
  fp4.scaled_matmul group_size(32) lhs(%a, %s : memref<2x16xi8>, memref<2x1xf8E8M0FNU>)
      rhs(%a, %s : memref<2x16xi8>, memref<2x1xf8E8M0FNU>) alpha(%g) outs(%o : memref<2x3xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// absorb_scale_signs
//===----------------------------------------------------------------------===//

func.func @absorb_group_size(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{'fp4.absorb_scale_signs' op expects 'group_size' to be a power of two between 2 and 128, but got 24}}
  %0:2 = fp4.absorb_scale_signs group_size(24) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_mixed(%c: memref<2x16xi8>, %s: tensor<2x2xf8E4M3FN>, %so: memref<2x2xf8E4M3FN>) {
  // expected-error @below {{expects only tensors or only memrefs, but operand #1 is a tensor and operand #3 is a memref}}
  fp4.absorb_scale_signs group_size(16) ins(%c, %s : memref<2x16xi8>, tensor<2x2xf8E4M3FN>)
      outs(%c, %so : memref<2x16xi8>, memref<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_rank_0(%c: memref<i8>, %s: memref<f8E4M3FN>, %co: memref<i8>, %so: memref<f8E4M3FN>) {
  // expected-error @below {{expects 'codes' to have rank 1 or more, but got rank 0}}
  fp4.absorb_scale_signs group_size(16) ins(%c, %s : memref<i8>, memref<f8E4M3FN>)
      outs(%co, %so : memref<i8>, memref<f8E4M3FN>)
  return
}

// -----

// Signs are absorbed before scales are blocked.
func.func @absorb_blocked(%c: tensor<2x32xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<1x1x32x4x4xf8E4M3FN>) {
  // expected-error @below {{expects 'scales' to have the rank of 'codes', 2, but got rank 5}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
  return
}

// -----

func.func @absorb_codes_rank(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<32xf4E2M1FN>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects 'codes_output' to have the rank of 'codes', 2, but got rank 1}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_scales_rank(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<1x1x32x4x4xf8E4M3FN>) {
  // expected-error @below {{expects 'scales_output' to have the rank of 'codes', 2, but got rank 5}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
  return
}

// -----

// The op packs nothing.
func.func @absorb_packs(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x16xi8>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects 'codes_output' to have the element type of 'codes', 'f4E2M1FN', but got 'i8'}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x16xi8>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_formats(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x2xf8E8M0FNU>) {
  // expected-error @below {{expects 'scales_output' to have the element type of 'scales', 'f8E4M3FN', but got 'f8E8M0FNU'}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E8M0FNU>)
  return
}

// -----

func.func @absorb_no_sign(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E8M0FNU>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x2xf8E8M0FNU>) {
  // expected-error @below {{expects scales with a sign, of f8E4M3FN, but got 'tensor<2x2xf8E8M0FNU>'}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E8M0FNU>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E8M0FNU>)
  return
}

// -----

func.func @absorb_scale_rows(%c: tensor<2x32xf4E2M1FN>, %s: tensor<3x2xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 0 of 'scales' to be dimension 0 of 'codes' = 2, but got 3}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<3x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_scale_columns(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x3xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x3xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'codes' / 16 = 2, but got 3}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x3xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x3xf8E4M3FN>)
  return
}

// -----

func.func @absorb_ragged(%c: tensor<2x24xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x24xf4E2M1FN>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'codes' to be a multiple of group_size 16, but got 24}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x24xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x24xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_packed_columns(%c: memref<2x16xi8>, %s: memref<2x4xf8E4M3FN>, %co: memref<2x16xi8>, %so: memref<2x4xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales' to be dimension 1 of 'codes' * 2 / 16 = 2, but got 4}}
  fp4.absorb_scale_signs group_size(16) ins(%c, %s : memref<2x16xi8>, memref<2x4xf8E4M3FN>)
      outs(%co, %so : memref<2x16xi8>, memref<2x4xf8E4M3FN>)
  return
}

// -----

func.func @absorb_codes_output(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x64xf4E2M1FN>, %so: tensor<2x2xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'codes_output' to be dimension 1 of 'codes' = 32, but got 64}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x64xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
  return
}

// -----

func.func @absorb_scales_output(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FN>, %co: tensor<2x32xf4E2M1FN>, %so: tensor<2x1xf8E4M3FN>) {
  // expected-error @below {{expects dimension 1 of 'scales_output' to be dimension 1 of 'scales' = 2, but got 1}}
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FN>)
      outs(%co, %so : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E4M3FN>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// convert_scale_layout
//===----------------------------------------------------------------------===//

func.func @layout_mixed(%s: memref<2x1xf8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E8M0FNU>) {
  // expected-error @below {{'fp4.convert_scale_layout' op expects only tensors or only memrefs, but operand #1 is a tensor and operand #0 is a memref}}
  %0 = fp4.convert_scale_layout ins(%s : memref<2x1xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
  return
}

// -----

// The layout changes, the format does not.
func.func @layout_formats(%s: tensor<2x1xf8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E4M3FN>) {
  // expected-error @below {{expects 'output' to have the element type of 'input', 'f8E8M0FNU', but got 'f8E4M3FN'}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x1xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E4M3FN>)
  return
}

// -----

// A conversion from a layout to the same one has no direction.
func.func @layout_same_rank(%s: tensor<2x1xf8E8M0FNU>) {
  // expected-error @below {{expects one of 'input' and 'output' to have rank 2 (row-major) and the other rank 5 (blocked), but got ranks 2 and 2}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x1xf8E8M0FNU>) outs(%s : tensor<2x1xf8E8M0FNU>)
  return
}

// -----

func.func @layout_rank_0(%s: tensor<f8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E8M0FNU>) {
  // expected-error @below {{but got ranks 0 and 5}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<f8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
  return
}

// -----

func.func @layout_tile(%s: tensor<1x1x32x4x8xf8E8M0FNU>, %o: tensor<2x1xf8E8M0FNU>) {
  // expected-error @below {{expects the last dimensions of blocked 'input' to be 32x4x4, but got 'tensor<1x1x32x4x8xf8E8M0FNU>'}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<1x1x32x4x8xf8E8M0FNU>) outs(%o : tensor<2x1xf8E8M0FNU>)
  return
}

// -----

func.func @layout_rows(%s: tensor<256x4xf8E8M0FNU>, %o: tensor<3x1x32x4x4xf8E8M0FNU>) {
  // expected-error @below {{expects dimension 0 of 'output' to be dimension 0 of 'input' / 128 = 2, but got 3}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<256x4xf8E8M0FNU>) outs(%o : tensor<3x1x32x4x4xf8E8M0FNU>)
  return
}

// -----

func.func @layout_columns(%s: memref<2x1x32x4x4xf8E8M0FNU>, %o: memref<256x5xf8E8M0FNU>) {
  // expected-error @below {{expects dimension 1 of 'input' to be dimension 1 of 'output' / 4 = 2, but got 1}}
  fp4.convert_scale_layout ins(%s : memref<2x1x32x4x4xf8E8M0FNU>) outs(%o : memref<256x5xf8E8M0FNU>)
  return
}

// -----

// The greatest size there is, divided exactly.
func.func @layout_large(%s: tensor<9223372036854775807x4xf8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E8M0FNU>) {
  // expected-error @below {{expects dimension 0 of 'output' to be dimension 0 of 'input' / 128 = 72057594037927936, but got 1}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<9223372036854775807x4xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
  return
}
