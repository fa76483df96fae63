// What cannot be bufferized: what has no form on memrefs.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --one-shot-bufferize="bufferize-function-boundaries"

// Codes have to be packed first.
func.func @f4(%c: tensor<2x64xf4E2M1FN>, %s: tensor<2x4xf8E4M3FN>, %g: f32, %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  // expected-error @below {{operand #0 must be ranked tensor of f4E2M1FN codes or of packed i8 codes, or memref of packed i8 codes, but got 'memref<2x64xf4E2M1FN,}}
  %0 = fp4.dequantize group_size(16) ins(%c, %s : tensor<2x64xf4E2M1FN>, tensor<2x4xf8E4M3FN>)
      global_scale(%g) outs(%o : tensor<2x64xf32>)
  return %0 : tensor<2x64xf32>
}

// -----

// A layer has to be decomposed first.
func.func @layer(%x: tensor<2x32xf32>, %w: tensor<4x16xi8>, %s: tensor<4x1xf8E8M0FNU>, %g: f32) -> tensor<2x4xf32> {
  // expected-error @below {{op was not bufferized}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x32xf32>) weight(%w, %s : tensor<4x16xi8>, tensor<4x1xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
