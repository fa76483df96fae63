// RUN: fp4-translate --fp4-to-ptx --chip=sm_100a %s | FileCheck %s --implicit-check-not='.entry'

// A weight that a loop multiplies with in each iteration is re-laid once, in front
// of all: its scales, and its rows of 24 bytes, which get a pitch of 32.

// CHECK-DAG: .entry f_prepare_absorb_scale_signs(
// CHECK-DAG: .entry f_prepare_convert_scale_layout(
// CHECK-DAG: .entry f_prepare_copy(
// CHECK-DAG: .entry f_quantize_pack(
// CHECK-DAG: .entry f_scaled_matmul(
func.func @f(%x: tensor<4x48xbf16> {fp4.name = "x"}, %n: index {fp4.name = "n"},
    %w: tensor<48x48xf4E2M1FN> {fp4.param = "e2m1"},
    %s: tensor<48x3xf8E4M3FN> {fp4.param = "scale_quant"},
    %g: f32 {fp4.param = "global_scale"}) -> tensor<4x48xbf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x) -> tensor<4x48xbf16> {
    %z = fp4.quant_linear group_size(16) ins(%h : tensor<4x48xbf16>)
        weight(%w, %s : tensor<48x48xf4E2M1FN>, tensor<48x3xf8E4M3FN>)
        weight_global_scale(%g) activation_global_scale(%g)
        activation_scale_scale(%g) -> tensor<4x48xbf16>
    scf.yield %z : tensor<4x48xbf16>
  }
  return %y : tensor<4x48xbf16>
}
