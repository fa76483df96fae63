// What a layer's weight is laid out to, in its own function: panels of 32 rows of four bytes of codes, and of scales. A
// layer whose weight is no parameter lays it out in each call.

// RUN: fp4-opt %s --pass-pipeline="builtin.module(fp4-choose-strategies{target=cpu},fp4-decompose-quant-linear,fp4-pack-codes,func.func(fp4-pack-weights{triple=x86_64-linux-gnu cpu=znver4}),cse,fp4-outline-prepare,canonicalize)" | FileCheck %s

// CHECK-LABEL: func.func @forward.prepare(
// CHECK-SAME:    %[[W:.*]]: tensor<40x32xi8> {fp4.param = "e2m1"}, %[[S:.*]]: tensor<40x2xf8E8M0FNU> {fp4.param = "scale_quant"}) -> (tensor<2x8x32x4xi8>, tensor<2x2x32xf8E8M0FNU>)
// CHECK:         linalg.pack %[[W]]
// CHECK:         linalg.pack %[[S]]
// CHECK-LABEL: func.func @forward(
// CHECK-SAME:    tensor<2x8x32x4xi8> {fp4.prepared = 0 : i64}, %{{.*}}: tensor<2x2x32xf8E8M0FNU> {fp4.prepared = 1 : i64})
// CHECK-NOT:     linalg.pack
// CHECK:         fp4.scaled_matmul
func.func @forward(%x: tensor<?x64xbf16> {fp4.name = "x"}, %w: tensor<40x64xf4E2M1FN> {fp4.param = "e2m1"}, %s: tensor<40x2xf8E8M0FNU> {fp4.param = "scale_quant"}, %g: f32 {fp4.param = "g"}) -> (tensor<?x40xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>) weight(%w, %s : tensor<40x64xf4E2M1FN>, tensor<40x2xf8E8M0FNU>) weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x40xbf16>
  return %y : tensor<?x40xbf16>
}

// CHECK-NOT:   @dynamic.prepare
// CHECK-LABEL: func.func @dynamic(
// CHECK-COUNT-2: linalg.pack
func.func @dynamic(%x: tensor<?x64xbf16> {fp4.name = "x"}, %w: tensor<40x64xf4E2M1FN> {fp4.name = "e2m1"}, %s: tensor<40x2xf8E8M0FNU> {fp4.name = "scale_quant"}, %g: f32 {fp4.name = "g"}) -> (tensor<?x40xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>) weight(%w, %s : tensor<40x64xf4E2M1FN>, tensor<40x2xf8E8M0FNU>) weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x40xbf16>
  return %y : tensor<?x40xbf16>
}
