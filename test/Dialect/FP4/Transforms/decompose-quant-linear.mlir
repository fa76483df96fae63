// A layer becomes its transform, the quantization of its activation, and its product.

// RUN: fp4-opt %s --fp4-decompose-quant-linear | FileCheck %s

// CHECK-DAG: #[[GROUPS:.*]] = affine_map<()[s0] -> (s0 floordiv 32)>
// CHECK-DAG: #[[BYTES:.*]] = affine_map<()[s0] -> (s0 floordiv 2)>

// The weight's format, group and rounding go to the quantization; alpha is the product of the two global scales.
// CHECK-LABEL: func.func @plain(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3x128xbf16>, %[[W:[a-z0-9]+]]: tensor<48x128xf4E2M1FN>, %[[S:[a-z0-9]+]]: tensor<48x8xf8E4M3FN>, %[[WG:.*]]: f32, %[[AG:.*]]: f32, %[[AS:.*]]: f32)
// CHECK-NOT:     fp4.block_transform
// CHECK-DAG:     %[[C0:.*]] = tensor.empty() : tensor<3x128xf4E2M1FN>
// CHECK-DAG:     %[[S0:.*]] = tensor.empty() : tensor<3x8xf8E4M3FN>
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack group_size(16) rounding(down) ins(%[[X]] : tensor<3x128xbf16>)
// CHECK-SAME:      global_scale(%[[AG]]) scale_scale(%[[AS]]) outs(%[[C0]], %[[S0]] :
// CHECK-NEXT:    %[[ALPHA:.*]] = arith.mulf %[[AG]], %[[WG]] : f32
// CHECK-NEXT:    %[[O:.*]] = tensor.empty() : tensor<3x48xf16>
// CHECK-NEXT:    %[[Y:.*]] = fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %[[Q]]#1 : tensor<3x128xf4E2M1FN>, tensor<3x8xf8E4M3FN>)
// CHECK-SAME:      rhs(%[[W]], %[[S]] : tensor<48x128xf4E2M1FN>, tensor<48x8xf8E4M3FN>) alpha(%[[ALPHA]]) outs(%[[O]] : tensor<3x48xf16>)
// CHECK-NEXT:    return %[[Y]]
func.func @plain(%x: tensor<3x128xbf16>, %w: tensor<48x128xf4E2M1FN>, %s: tensor<48x8xf8E4M3FN>,
    %wg: f32, %ag: f32, %as: f32) -> tensor<3x48xf16> {
  %y = fp4.quant_linear group_size(16) rounding(down) ins(%x : tensor<3x128xbf16>)
      weight(%w, %s : tensor<48x128xf4E2M1FN>, tensor<48x8xf8E4M3FN>)
      weight_global_scale(%wg) activation_global_scale(%ag) activation_scale_scale(%as) -> tensor<3x48xf16>
  return %y : tensor<3x48xf16>
}

// The transform keeps the activation's type; the activation's codes take the weight's form; the weight's scales keep
// their layout.
// CHECK-LABEL: func.func @transform(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<128xf32>, %[[W:[a-z0-9]+]]: tensor<48x64xi8>, %[[S:[a-z0-9]+]]: tensor<1x1x32x4x4xf8E8M0FNU>, %[[T:[a-z0-9]+]]: tensor<4x32x32xbf16>
// CHECK-NEXT:    %[[E:.*]] = tensor.empty() : tensor<128xf32>
// CHECK-NEXT:    %[[TX:.*]] = fp4.block_transform ins(%[[X]] : tensor<128xf32>) transform(%[[T]] : tensor<4x32x32xbf16>) outs(%[[E]] : tensor<128xf32>)
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack group_size(32) ins(%[[TX]] : tensor<128xf32>) {{.*}} outs({{.*}} : tensor<64xi8>, tensor<4xf8E8M0FNU>)
// CHECK:         fp4.scaled_matmul group_size(32) lhs(%[[Q]]#0, %[[Q]]#1 : {{.*}}) rhs(%[[W]], %[[S]] : tensor<48x64xi8>, tensor<1x1x32x4x4xf8E8M0FNU>)
func.func @transform(%x: tensor<128xf32>, %w: tensor<48x64xi8>, %s: tensor<1x1x32x4x4xf8E8M0FNU>,
    %t: tensor<4x32x32xbf16>, %g: f32) -> tensor<48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<128xf32>)
      weight(%w, %s : tensor<48x64xi8>, tensor<1x1x32x4x4xf8E8M0FNU>) transform(%t : tensor<4x32x32xbf16>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<48xf32>
  return %y : tensor<48xf32>
}

// Dynamic sizes: M and K from the input, N from the weight. The result's static type is kept by a cast.
// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x?x?xf16>, %[[W:[a-z0-9]+]]: tensor<?x?xi8>
// CHECK-DAG:     %[[M:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG:     %[[K:.*]] = tensor.dim %[[X]], %c2
// CHECK-DAG:     %[[KG:.*]] = affine.apply #[[GROUPS]]()[%[[K]]]
// CHECK-DAG:     %[[KB:.*]] = affine.apply #[[BYTES]]()[%[[K]]]
// CHECK-DAG:     tensor.empty(%[[M]], %[[KB]]) : tensor<2x?x?xi8>
// CHECK-DAG:     tensor.empty(%[[M]], %[[KG]]) : tensor<2x?x?xf8E8M0FNU>
// CHECK:         %[[N:.*]] = tensor.dim %[[W]], %c0
// CHECK-NEXT:    %[[O:.*]] = tensor.empty(%[[M]], %[[N]]) : tensor<2x?x?xf16>
// CHECK-NEXT:    %[[Y:.*]] = fp4.scaled_matmul {{.*}} outs(%[[O]] : tensor<2x?x?xf16>)
// CHECK-NEXT:    %[[CAST:.*]] = tensor.cast %[[Y]] : tensor<2x?x?xf16> to tensor<?x5x48xf16>
// CHECK-NEXT:    return %[[CAST]]
func.func @dynamic(%x: tensor<2x?x?xf16>, %w: tensor<?x?xi8>, %s: tensor<?x?xf8E8M0FNU>, %g: f32) -> tensor<?x5x48xf16> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x?x?xf16>) weight(%w, %s : tensor<?x?xi8>, tensor<?x?xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x5x48xf16>
  return %y : tensor<?x5x48xf16>
}
