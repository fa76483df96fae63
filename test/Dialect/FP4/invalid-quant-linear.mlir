// What the verifier of a layer refuses: one case for each rule.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

// The group size is a power of two.
func.func @layer_group_size(%x: tensor<2x48xf32>, %w: tensor<4x48xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op expects 'group_size' to be a power of two between 2 and 128, but got 24}}
  %0 = fp4.quant_linear group_size(24) ins(%x : tensor<2x48xf32>)
      weight(%w, %s : tensor<4x48xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_rank_0(%x: tensor<f32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects 'input' to have rank 1 or more, but got rank 0}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<f32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<f32>
  return
}

// -----

// A weight is a matrix.
func.func @layer_weight_rank(%x: tensor<2x64xf32>, %w: tensor<1x4x64xf4E2M1FN>, %s: tensor<1x4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects 'weight_codes' to have rank 2, but got rank 3}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// Scales of rank 2 or 5 are the two layouts; there is no third.
func.func @layer_scales_rank(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<1x4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects 'weight_scales' to have the rank of 'weight_codes', 2, but got rank 3}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// The tile of blocked scales is fixed, in this order.
func.func @layer_scales_tile(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<1x1x4x32x4xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects the last dimensions of blocked 'weight_scales' to be 32x4x4, but got 'tensor<1x1x4x32x4xf8E8M0FNU>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<1x1x4x32x4xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_result_rank(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects 'result' to have the rank of 'input', 2, but got rank 1}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<8xf32>
  return
}

// -----

func.func @layer_transform_rank(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %t: tensor<32xf32>, %g: f32) {
  // expected-error @below {{expects 'transform' to have rank 2 or 3, but got rank 1}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) transform(%t : tensor<32xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// K is a multiple of the group size, counted in codes: here 2 * 24.
func.func @layer_partial_group(%x: tensor<2x48xf32>, %w: tensor<4x24xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'weight_codes' * 2 to be a multiple of group_size 32, but got 24}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x48xf32>)
      weight(%w, %s : tensor<4x24xi8>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_scale_rows(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<5x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 0 of 'weight_scales' to be dimension 0 of 'weight_codes' = 4, but got 5}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<5x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_scale_columns(%x: tensor<2x64xf32>, %w: tensor<4x32xi8>, %s: tensor<4x1xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'weight_scales' to be dimension 1 of 'weight_codes' * 2 / 32 = 2, but got 1}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x1xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// Blocked scales have as many tiles as cover the rows and the groups, and no more.
func.func @layer_blocked_rows(%x: tensor<2x64xf32>, %w: tensor<129x64xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 0 of 'weight_scales' to be dimension 0 of 'weight_codes' / 128 = 2, but got 1}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<129x64xf4E2M1FN>, tensor<1x1x32x4x4xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x129xf32>
  return
}

// -----

func.func @layer_blocked_columns(%x: tensor<2x128xf32>, %w: tensor<4x64xi8>, %s: tensor<1x2x32x4x4xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'weight_scales' to be dimension 1 of 'weight_codes' * 2 / 128 = 1, but got 2}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x128xf32>)
      weight(%w, %s : tensor<4x64xi8>, tensor<1x2x32x4x4xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_k(%x: tensor<2x32xf32>, %w: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'input' to be dimension 1 of 'weight_codes' * 2 = 64, but got 32}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x32xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// The block of a transform divides K, whatever the group is.
func.func @layer_transform_block(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %t: tensor<24x24xf32>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'input' to be a multiple of the block size of 'transform', 24, but got 64}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) transform(%t : tensor<24x24xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_transform_count(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %t: tensor<3x32x32xf32>, %g: f32) {
  // expected-error @below {{expects dimension 0 of 'transform' to be dimension 1 of 'input' / 32 = 2, but got 3}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) transform(%t : tensor<3x32x32xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_m(%x: tensor<2x3x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'result' to be dimension 1 of 'input' = 3, but got 4}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x3x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4x4xf32>
  return
}

// -----

func.func @layer_n(%x: tensor<2x64xf32>, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects dimension 1 of 'result' to be dimension 0 of 'weight_codes' = 4, but got 64}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x64xf32>
  return
}

// -----

// Twice this many bytes of codes is no 64-bit number.
func.func @layer_huge(%x: tensor<2x?xf32>, %w: tensor<4x9223372036854775807xi8>, %s: tensor<4x?xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{dimension 1 of 'weight_codes' is too large}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x?xf32>)
      weight(%w, %s : tensor<4x9223372036854775807xi8>, tensor<4x?xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

// What an encoding says would be lost on the way to memory.
func.func @layer_encoding(%x: tensor<2x64xf32, "sparse">, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{expects tensors without an encoding, but operand #0 is 'tensor<2x64xf32, "sparse">'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32, "sparse">)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}
