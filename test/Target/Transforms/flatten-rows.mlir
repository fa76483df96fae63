// Ops on the device get operands of rank 2, whatever the rank that they had.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-flatten-rows,cse))' | FileCheck %s

// A vector is a row. What one op makes and the next one reads is never a vector.
// CHECK-LABEL: func.func @rank_1(
// CHECK:         %[[X:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [1, 64] : tensor<64xf32> into tensor<1x64xf32>
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} ins(%[[X]] : tensor<1x64xf32>) {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x32xi8>, tensor<1x2xf8E8M0FNU>)
// CHECK:         %[[Y:.*]] = fp4.scaled_matmul {{.*}} lhs(%[[Q]]#0, %[[Q]]#1 : tensor<1x32xi8>, tensor<1x2xf8E8M0FNU>) rhs({{.*}} : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>) {{.*}} outs(%{{.*}} : tensor<1x48xf32>)
// CHECK:         %[[V:.*]] = tensor.collapse_shape %[[Y]] {{\[\[}}0, 1]] : tensor<1x48xf32> into tensor<48xf32>
// CHECK:         return %[[V]]
func.func @rank_1(%x: tensor<64xf32>, %g: f32, %w: tensor<48x32xi8>, %ws: tensor<48x2xf8E8M0FNU>) -> tensor<48xf32> {
  %c = tensor.empty() : tensor<32xi8>
  %s = tensor.empty() : tensor<2xf8E8M0FNU>
  %y = tensor.empty() : tensor<48xf32>
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<32xi8>, tensor<2xf8E8M0FNU>) {strategy = "simt"}
  %1 = fp4.scaled_matmul group_size(32) lhs(%0#0, %0#1 : tensor<32xi8>, tensor<2xf8E8M0FNU>)
      rhs(%w, %ws : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>) alpha(%g) outs(%y : tensor<48xf32>) {strategy = "tcgen05"}
  return %1 : tensor<48xf32>
}

// CHECK-LABEL: func.func @rank_3(
// CHECK:         %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x?x64xf32> into tensor<?x64xf32>
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} ins(%[[X]] : tensor<?x64xf32>) {{.*}} : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>)
// CHECK-NOT:     shape
// CHECK:         %[[Y:.*]] = fp4.scaled_matmul {{.*}} lhs(%[[Q]]#0, %[[Q]]#1 : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>) {{.*}} outs(%{{.*}} : tensor<?x48xf32>)
// CHECK:         tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2]] output_shape [%{{.*}}, %{{.*}}, 48] : tensor<?x48xf32> into tensor<?x?x48xf32>
func.func @rank_3(%x: tensor<?x?x64xf32>, %m: index, %n: index, %g: f32, %w: tensor<48x32xi8>, %ws: tensor<48x2xf8E8M0FNU>) -> tensor<?x?x48xf32> {
  %c = tensor.empty(%m, %n) : tensor<?x?x32xi8>
  %s = tensor.empty(%m, %n) : tensor<?x?x2xf8E8M0FNU>
  %y = tensor.empty(%m, %n) : tensor<?x?x48xf32>
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<?x?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x?x32xi8>, tensor<?x?x2xf8E8M0FNU>) {strategy = "simt"}
  %1 = fp4.scaled_matmul group_size(32) lhs(%0#0, %0#1 : tensor<?x?x32xi8>, tensor<?x?x2xf8E8M0FNU>)
      rhs(%w, %ws : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>) alpha(%g) outs(%y : tensor<?x?x48xf32>) {strategy = "tcgen05"}
  return %1 : tensor<?x?x48xf32>
}

// CHECK-LABEL: func.func @rank_4(
// CHECK:         fp4.block_transform ins(%{{.*}} : tensor<24x64xf32>) transform(%{{.*}} : tensor<8x8xf32>) outs(%{{.*}} : tensor<24x64xf32>)
// CHECK:         fp4.quantize_with_scales {{.*}} ins(%{{.*}}, %{{.*}} : tensor<24x64xf32>, tensor<24x2xf8E8M0FNU>) {{.*}} outs(%{{.*}} : tensor<24x32xi8>)
// CHECK:         fp4.dequantize {{.*}} ins(%{{.*}}, %{{.*}} : tensor<24x32xi8>, tensor<24x2xf8E8M0FNU>) {{.*}} outs(%{{.*}} : tensor<24x64xf32>)
// CHECK:         tensor.expand_shape %{{.*}} {{\[\[}}0, 1, 2], [3]] output_shape [2, 3, 4, 64] : tensor<24x64xf32> into tensor<2x3x4x64xf32>
func.func @rank_4(%x: tensor<2x3x4x64xf32>, %t: tensor<8x8xf32>, %s: tensor<2x3x4x2xf8E8M0FNU>, %g: f32) -> tensor<2x3x4x64xf32> {
  %c = tensor.empty() : tensor<2x3x4x32xi8>
  %y = tensor.empty() : tensor<2x3x4x64xf32>
  %0 = fp4.block_transform ins(%x : tensor<2x3x4x64xf32>) transform(%t : tensor<8x8xf32>) outs(%y : tensor<2x3x4x64xf32>) {strategy = "simt"}
  %1 = fp4.quantize_with_scales group_size(32) ins(%0, %s : tensor<2x3x4x64xf32>, tensor<2x3x4x2xf8E8M0FNU>) global_scale(%g)
      outs(%c : tensor<2x3x4x32xi8>) {strategy = "simt"}
  %2 = fp4.dequantize group_size(32) ins(%1, %s : tensor<2x3x4x32xi8>, tensor<2x3x4x2xf8E8M0FNU>) global_scale(%g)
      outs(%y : tensor<2x3x4x64xf32>) {strategy = "simt"}
  return %2 : tensor<2x3x4x64xf32>
}

// On the host any rank will do.
// CHECK-LABEL: func.func @host(
// CHECK:         fp4.dequantize {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x3x32xi8>, tensor<2x3x2xf8E8M0FNU>)
func.func @host(%c: tensor<2x3x32xi8>, %s: tensor<2x3x2xf8E8M0FNU>, %g: f32, %y: tensor<2x3x64xf32>) -> tensor<2x3x64xf32> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x3x32xi8>, tensor<2x3x2xf8E8M0FNU>) global_scale(%g)
      outs(%y : tensor<2x3x64xf32>) {strategy = "reference"}
  return %0 : tensor<2x3x64xf32>
}
