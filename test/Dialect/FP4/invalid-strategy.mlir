// A strategy is a string.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

func.func @op(%s: tensor<4x2xf8E8M0FNU>, %o: tensor<1x1x32x4x4xf8E8M0FNU>) -> tensor<1x1x32x4x4xf8E8M0FNU> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<4x2xf8E8M0FNU>) outs(%o : tensor<1x1x32x4x4xf8E8M0FNU>)
      // expected-error @below {{'fp4.convert_scale_layout' op attribute 'strategy' failed to satisfy constraint: string attribute}}
      {strategy = 1}
  return %0 : tensor<1x1x32x4x4xf8E8M0FNU>
}

// -----

func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<2x48xf32> {
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      // expected-error @below {{'fp4.quant_linear' op attribute 'matmul_strategy' failed to satisfy constraint: string attribute}}
      {matmul_strategy} -> tensor<2x48xf32>
  return %0 : tensor<2x48xf32>
}
