// Operands, attributes and results of types that an op does not take. Those that the custom assembly
// cannot say are in generic form.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

func.func @no_group_size(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{'fp4.dequantize' op requires attribute 'group_size'}}
  %0 = "fp4.dequantize"(%c, %s, %g, %o)
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f32, tensor<2x32xf32>) -> tensor<2x32xf32>
  return
}

// -----

func.func @no_group_size_layer(%x: tensor<2x32xf32>, %w: tensor<4x32xi8>, %s: tensor<2x1xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op requires attribute 'group_size'}}
  %0 = "fp4.quant_linear"(%x, %w, %s, %g, %g, %g)
      : (tensor<2x32xf32>, tensor<4x32xi8>, tensor<2x1xf8E8M0FNU>, f32, f32, f32) -> tensor<2x4xf32>
  return
}

// -----

func.func @group_size_i32(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{attribute 'group_size' failed to satisfy constraint: 64-bit signless integer attribute}}
  %0 = "fp4.dequantize"(%c, %s, %g, %o) <{group_size = 32 : i32}>
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f32, tensor<2x32xf32>) -> tensor<2x32xf32>
  return
}

// -----

func.func @rounding_string(%x: tensor<32xf32>, %s: tensor<1xf8E8M0FNU>, %g: f32, %c: tensor<32xf4E2M1FN>) {
  // expected-error @below {{Invalid attribute `rounding` in property conversion: "even"}}
  %0 = "fp4.quantize_with_scales"(%x, %s, %g, %c) <{group_size = 32 : i64, rounding = "even"}>
      : (tensor<32xf32>, tensor<1xf8E8M0FNU>, f32, tensor<32xf4E2M1FN>) -> tensor<32xf4E2M1FN>
  return
}

// -----

// A memref of f4 has no layout in memory that all of MLIR agrees on.
func.func @f4_memref(%c: memref<2x32xf4E2M1FN>, %s: memref<2x1xf8E8M0FNU>, %g: f32, %o: memref<2x32xf32>) {
  // expected-error @below {{operand #0 must be ranked tensor of f4E2M1FN codes or of packed i8 codes, or memref of packed i8 codes, but got 'memref<2x32xf4E2M1FN>'}}
  fp4.dequantize group_size(32) ins(%c, %s : memref<2x32xf4E2M1FN>, memref<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : memref<2x32xf32>)
  return
}

// -----

func.func @unranked_codes(%c: tensor<*xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{operand #0 must be ranked tensor of f4E2M1FN codes or of packed i8 codes, or memref of packed i8 codes, but got 'tensor<*xf4E2M1FN>'}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<*xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

// Vectors hold codes only after the op-level ops are gone.
func.func @vector_codes(%c: vector<32xf4E2M1FN>, %s: tensor<1xf8E8M0FNU>, %g: f32, %o: tensor<32xf32>) {
  // expected-error @below {{operand #0 must be ranked tensor of f4E2M1FN codes or of packed i8 codes, or memref of packed i8 codes, but got 'vector<32xf4E2M1FN>'}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : vector<32xf4E2M1FN>, tensor<1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<32xf32>)
  return
}

// -----

// The other type of 8 bits with this many exponents is no scale.
func.func @scales_e4m3fnuz(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x2xf8E4M3FNUZ>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{operand #1 must be ranked tensor or memref of f8E8M0FNU (mx) or f8E4M3FN (nv) scales, but got 'tensor<2x2xf8E4M3FNUZ>'}}
  %0 = fp4.dequantize group_size(16) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x2xf8E4M3FNUZ>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

// Raw scale bytes do not say their format.
func.func @scales_i8(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xi8>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{operand #1 must be ranked tensor or memref of f8E8M0FNU (mx) or f8E4M3FN (nv) scales, but got 'tensor<2x1xi8>'}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xi8>)
      global_scale(%g) outs(%o : tensor<2x32xf32>)
  return
}

// -----

func.func @f64_output(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf64>) {
  // expected-error @below {{operand #3 must be ranked tensor or memref of f32, f16 or bf16, but got 'tensor<2x32xf64>'}}
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x32xf64>)
  return
}

// -----

func.func @f64_global_scale(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f64, %o: tensor<2x32xf32>) {
  // expected-error @below {{operand #2 must be 32-bit float, but got 'f64'}}
  %0 = "fp4.dequantize"(%c, %s, %g, %o) <{group_size = 32 : i64}>
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f64, tensor<2x32xf32>) -> tensor<2x32xf32>
  return
}

// -----

func.func @no_destination(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{'fp4.dequantize' op expected 4 operands, but found 3}}
  %0 = "fp4.dequantize"(%c, %s, %g) <{group_size = 32 : i64}>
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f32) -> tensor<2x32xf32>
  return
}

// -----

func.func @no_result(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{'fp4.dequantize' op expected the number of tensor results (0) to be equal to the number of output tensors (1)}}
  "fp4.dequantize"(%c, %s, %g, %o) <{group_size = 32 : i64}>
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f32, tensor<2x32xf32>) -> ()
  return
}

// -----

func.func @result_of_memref(%c: memref<2x16xi8>, %s: memref<2x1xf8E8M0FNU>, %g: f32, %o: memref<2x32xf32>) {
  // expected-error @below {{'fp4.dequantize' op expected the number of tensor results (1) to be equal to the number of output tensors (0)}}
  %0 = "fp4.dequantize"(%c, %s, %g, %o) <{group_size = 32 : i64}>
      : (memref<2x16xi8>, memref<2x1xf8E8M0FNU>, f32, memref<2x32xf32>) -> tensor<2x32xf32>
  return
}

// -----

func.func @result_of_other_type(%c: tensor<2x32xf4E2M1FN>, %s: tensor<2x1xf8E8M0FNU>, %g: f32, %o: tensor<2x32xf32>) {
  // expected-error @below {{'fp4.dequantize' op expected type of operand #3 ('tensor<2x32xf32>') to match type of corresponding result ('tensor<?x32xf32>')}}
  %0 = "fp4.dequantize"(%c, %s, %g, %o) <{group_size = 32 : i64}>
      : (tensor<2x32xf4E2M1FN>, tensor<2x1xf8E8M0FNU>, f32, tensor<2x32xf32>) -> tensor<?x32xf32>
  return
}

// -----

// A layer is in value form: buffers belong to the op level.
func.func @layer_on_memrefs(%x: memref<2x32xf32>, %w: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{custom op 'fp4.quant_linear' invalid kind of type specified: expected builtin.tensor, but found 'memref<2x32xf32>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : memref<2x32xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_weight_f32(%x: tensor<2x64xf32>, %w: tensor<4x64xf32>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op operand #1 must be ranked tensor of f4E2M1FN type or 8-bit signless integer values, but got 'tensor<4x64xf32>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x64xf32>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_scales_f32(%x: tensor<2x64xf32>, %w: tensor<4x32xi8>, %s: tensor<4x2xf32>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op operand #2 must be ranked tensor of f8E8M0FNU type or f8E4M3FN type values, but got 'tensor<4x2xf32>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x2xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_transform_i8(%x: tensor<2x64xf32>, %w: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %t: tensor<32x32xi8>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op operand #3 must be ranked tensor of 32-bit float or 16-bit float or bfloat16 type values, but got 'tensor<32x32xi8>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) transform(%t : tensor<32x32xi8>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf32>
  return
}

// -----

func.func @layer_result_f8(%x: tensor<2x64xf32>, %w: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32) {
  // expected-error @below {{'fp4.quant_linear' op result #0 must be ranked tensor of 32-bit float or 16-bit float or bfloat16 type values, but got 'tensor<2x4xf8E4M3FN>'}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x4xf8E4M3FN>
  return
}
