// Requests that make no sense on any target. All of them are reported.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-choose-strategies
// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-choose-strategies="target=nvvm chip=sm_100a"

func.func @unknown(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> tensor<2x48xf32> {
  // expected-error @below {{fp4.quant_linear: quantize_strategy 'triton' is not known; the strategies are tcgen05, simt, vector, reference}}
  // expected-error @below {{fp4.quant_linear: matmul_strategy '' is not known; the strategies are tcgen05, simt, vector, reference}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "", quantize_strategy = "triton"} -> tensor<2x48xf32>
  return %0 : tensor<2x48xf32>
}

// -----

func.func @other_op(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %t: tensor<8x8xf32>,
    %g: f32) -> tensor<2x48xf32> {
  // expected-error @below {{fp4.quant_linear: quantize_strategy 'tcgen05' does not lower fp4.quantize_pack and fp4.block_transform; these do: simt, vector, reference}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>) transform(%t : tensor<8x8xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {quantize_strategy = "tcgen05"} -> tensor<2x48xf32>
  // expected-error @below {{fp4.quant_linear: quantize_strategy 'tcgen05' does not lower fp4.quantize_pack; these do: simt, vector, reference}}
  %1 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {quantize_strategy = "tcgen05"} -> tensor<2x48xf32>
  return %0 : tensor<2x48xf32>
}

// -----

func.func @ops(%s: tensor<4x2xf8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E8M0FNU>)
    -> (tensor<1x1x32x4x4xf8E8M0FNU>, tensor<1x1x32x4x4xf8E8M0FNU>) {
  // expected-error @below {{fp4.convert_scale_layout: strategy 'tcgen05' does not lower fp4.convert_scale_layout; these do: simt, reference}}
  %0 = fp4.convert_scale_layout ins(%s : tensor<4x2xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
      {strategy = "tcgen05"}
  // expected-error @below {{fp4.convert_scale_layout: strategy 'Simt' is not known; the strategies are tcgen05, simt, vector, reference}}
  %1 = fp4.convert_scale_layout ins(%s : tensor<4x2xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
      {strategy = "Simt"}
  return %0, %1 : tensor<1x1x32x4x4xf8E8M0FNU>, tensor<1x1x32x4x4xf8E8M0FNU>
}
