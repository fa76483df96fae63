// RUN: fp4-translate --fp4-to-ptx --chip=sm_100a %s | FileCheck %s

// The two products of a gated layer have one quantized activation, of a K that is
// no multiple of 32, which the entry gives back too: one quantization, one change
// of the layout of its scales, and kernels whose names and memory are their own.

// CHECK:     .visible .entry gated_quantize_pack(
// CHECK-NOT: .visible .entry gated_quantize_pack_1
// CHECK:     .visible .entry gated_scaled_matmul(
// CHECK:     .shared .align 8 .b8 [[BARRIERS:__mbarrier[_0-9]*]][16];
// CHECK:     mbarrier.init.shared.b64 {{.*}}[[[BARRIERS]]]
// CHECK:     .visible .entry gated_scaled_matmul_1(
// CHECK-NOT: [[BARRIERS]]]
// CHECK:     tcgen05.dealloc
func.func @gated(%x: tensor<2x?x80xbf16> {fp4.name = "x"},
    %w: tensor<40x80xf4E2M1FN> {fp4.param = "up.e2m1"},
    %s: tensor<40x5xf8E4M3FN> {fp4.param = "up.scale_quant"},
    %v: tensor<300x80xf4E2M1FN> {fp4.param = "gate.e2m1"},
    %t: tensor<300x5xf8E4M3FN> {fp4.param = "gate.scale_quant"},
    %g: f32 {fp4.param = "global_scale"})
    -> (tensor<2x?x40xf32>, tensor<2x?x300xf16>, tensor<2x?x80xf4E2M1FN>) {
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c1 : tensor<2x?x80xbf16>
  %ec = tensor.empty(%m) : tensor<2x?x80xf4E2M1FN>
  %es = tensor.empty(%m) : tensor<2x?x5xf8E4M3FN>
  %ey = tensor.empty(%m) : tensor<2x?x40xf32>
  %ez = tensor.empty(%m) : tensor<2x?x300xf16>
  %c, %sc = fp4.quantize_pack group_size(16) ins(%x : tensor<2x?x80xbf16>)
      global_scale(%g) scale_scale(%g)
      outs(%ec, %es : tensor<2x?x80xf4E2M1FN>, tensor<2x?x5xf8E4M3FN>)
  %y = fp4.scaled_matmul group_size(16)
      lhs(%c, %sc : tensor<2x?x80xf4E2M1FN>, tensor<2x?x5xf8E4M3FN>)
      rhs(%w, %s : tensor<40x80xf4E2M1FN>, tensor<40x5xf8E4M3FN>)
      alpha(%g) outs(%ey : tensor<2x?x40xf32>)
  %z = fp4.scaled_matmul group_size(16)
      lhs(%c, %sc : tensor<2x?x80xf4E2M1FN>, tensor<2x?x5xf8E4M3FN>)
      rhs(%v, %t : tensor<300x80xf4E2M1FN>, tensor<300x5xf8E4M3FN>)
      alpha(%g) outs(%ez : tensor<2x?x300xf16>)
  return %y, %z, %c : tensor<2x?x40xf32>, tensor<2x?x300xf16>, tensor<2x?x80xf4E2M1FN>
}
