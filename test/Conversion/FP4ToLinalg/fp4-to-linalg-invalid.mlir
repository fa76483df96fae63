// Forms that the conversion does not know: the error names the pass that makes them what it knows.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --convert-fp4-to-linalg

func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<2x48xf32> {
  // expected-error @below {{'fp4.quant_linear' op is not lowered; run --fp4-decompose-quant-linear first}}
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>) weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// -----

func.func @codes(%c: tensor<2x64xf4E2M1FN>, %s: tensor<2x2xf8E8M0FNU>, %g: f32, %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  // expected-error @below {{'fp4.dequantize' op has codes that are not packed, of type 'tensor<2x64xf4E2M1FN>'; run --fp4-pack-codes first}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x64xf4E2M1FN>, tensor<2x2xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<2x64xf32>)
  return %0 : tensor<2x64xf32>
}

// -----

// Codes that are a destination count as well.
func.func @destination(%x: tensor<2x64xf32>, %s: tensor<2x2xf8E8M0FNU>, %g: f32, %c: tensor<2x64xf4E2M1FN>) -> tensor<2x64xf4E2M1FN> {
  // expected-error @below {{'fp4.quantize_with_scales' op has codes that are not packed, of type 'tensor<2x64xf4E2M1FN>'; run --fp4-pack-codes first}}
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<2x64xf32>, tensor<2x2xf8E8M0FNU>) global_scale(%g) outs(%c : tensor<2x64xf4E2M1FN>)
  return %0 : tensor<2x64xf4E2M1FN>
}

// -----

func.func @blocked(%c: tensor<2x32xi8>, %s: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32, %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  // expected-error @below {{'fp4.dequantize' op has blocked scales, of type 'tensor<1x1x32x4x4xf8E8M0FNU>'; run --fp4-materialize-scale-layouts first}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xi8>, tensor<1x1x32x4x4xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<2x64xf32>)
  return %0 : tensor<2x64xf32>
}

// -----

// The right-hand side of a batched product.
func.func @blocked_weight(%a: tensor<1x2x32xi8>, %sa: tensor<1x2x2xf8E8M0FNU>, %b: tensor<4x32xi8>, %sb: tensor<1x1x32x4x4xf8E8M0FNU>,
    %g: f32, %o: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  // expected-error @below {{'fp4.scaled_matmul' op has blocked scales, of type 'tensor<1x1x32x4x4xf8E8M0FNU>'; run --fp4-materialize-scale-layouts first}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<1x2x32xi8>, tensor<1x2x2xf8E8M0FNU>)
      rhs(%b, %sb : tensor<4x32xi8>, tensor<1x1x32x4x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<1x2x4xf32>)
  return %0 : tensor<1x2x4xf32>
}

// -----

// Blocked scales of the right-hand side have the rank of the left-hand side's codes, and are blocked all the same.
func.func @blocked_weight_rank_5(%a: tensor<1x2x3x4x32xi8>, %sa: tensor<1x2x3x4x2xf8E8M0FNU>, %b: tensor<4x32xi8>, %sb: tensor<1x1x32x4x4xf8E8M0FNU>,
    %g: f32, %o: tensor<1x2x3x4x4xf32>) -> tensor<1x2x3x4x4xf32> {
  // expected-error @below {{'fp4.scaled_matmul' op has blocked scales, of type 'tensor<1x1x32x4x4xf8E8M0FNU>'; run --fp4-materialize-scale-layouts first}}
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<1x2x3x4x32xi8>, tensor<1x2x3x4x2xf8E8M0FNU>)
      rhs(%b, %sb : tensor<4x32xi8>, tensor<1x1x32x4x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<1x2x3x4x4xf32>)
  return %0 : tensor<1x2x3x4x4xf32>
}

// -----

// Without strides there is no view of the groups.
#odd = affine_map<(i, j) -> (i floordiv 2, j, i mod 2)>
func.func @not_strided(%c: memref<4x32xi8, #odd>, %s: memref<4x2xf8E8M0FNU>, %g: f32, %o: memref<4x64xf32>) {
  // expected-error @below {{'fp4.dequantize' op has a memref whose layout is not strided, of type 'memref<4x32xi8}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<4x32xi8, #odd>, memref<4x2xf8E8M0FNU>) global_scale(%g) outs(%o : memref<4x64xf32>)
  return
}
