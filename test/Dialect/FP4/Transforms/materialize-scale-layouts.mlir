// Blocked operands and results become row-major ones with a layout change in front or behind; what is row-major
// stays as it is.

// RUN: fp4-opt %s --fp4-materialize-scale-layouts | FileCheck %s

// CHECK-DAG: #[[GROUPS:.*]] = affine_map<()[s0] -> (s0 floordiv 32)>

// The row-major shape comes from the codes: 200 rows, 64 bytes / 16 a group.
// CHECK-LABEL: func.func @layer(
// CHECK-SAME:    %[[S:[a-z0-9]+]]: tensor<2x1x32x4x4xf8E8M0FNU>
// CHECK-NEXT:    %[[E:.*]] = tensor.empty() : tensor<200x4xf8E8M0FNU>
// CHECK-NEXT:    %[[R:.*]] = fp4.convert_scale_layout ins(%[[S]] : tensor<2x1x32x4x4xf8E8M0FNU>) outs(%[[E]] : tensor<200x4xf8E8M0FNU>)
// CHECK-NEXT:    fp4.quant_linear {{.*}} weight(%{{.*}}, %[[R]] : tensor<200x64xi8>, tensor<200x4xf8E8M0FNU>)
func.func @layer(%x: tensor<2x128xf32>, %w: tensor<200x64xi8>, %s: tensor<2x1x32x4x4xf8E8M0FNU>, %g: f32) -> tensor<2x200xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x128xf32>)
      weight(%w, %s : tensor<200x64xi8>, tensor<2x1x32x4x4xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x200xf32>
  return %y : tensor<2x200xf32>
}

// A blocked result is quantized row-major, and blocked into the destination that it had.
// CHECK-LABEL: func.func @quantize_pack(
// CHECK-SAME:    %[[B:[a-z0-9]+]]: tensor<?x2x32x4x4xf8E4M3FN>)
// CHECK:         %[[M:.*]] = tensor.dim %[[X:.*]], %c0
// CHECK-NEXT:    %[[E:.*]] = tensor.empty(%[[M]]) : tensor<?x5xf8E4M3FN>
// CHECK-NEXT:    %[[Q:.*]]:2 = fp4.quantize_pack group_size(16) rounding(zero) ins(%[[X]] : tensor<?x80xf32>) {{.*}} outs(%{{.*}}, %[[E]] : tensor<?x80xf4E2M1FN>, tensor<?x5xf8E4M3FN>)
// CHECK-NEXT:    %[[R:.*]] = fp4.convert_scale_layout ins(%[[Q]]#1 : tensor<?x5xf8E4M3FN>) outs(%[[B]] : tensor<?x2x32x4x4xf8E4M3FN>)
// CHECK-NEXT:    return %[[Q]]#0, %[[R]]
func.func @quantize_pack(%x: tensor<?x80xf32>, %g: f32, %c: tensor<?x80xf4E2M1FN>, %s: tensor<?x2x32x4x4xf8E4M3FN>)
    -> (tensor<?x80xf4E2M1FN>, tensor<?x2x32x4x4xf8E4M3FN>) {
  %0:2 = fp4.quantize_pack group_size(16) rounding(zero) ins(%x : tensor<?x80xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x80xf4E2M1FN>, tensor<?x2x32x4x4xf8E4M3FN>)
  return %0#0, %0#1 : tensor<?x80xf4E2M1FN>, tensor<?x2x32x4x4xf8E4M3FN>
}

// Here the shape comes from the values: 128 elements / 32 a group.
// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK:         %[[R:.*]] = fp4.convert_scale_layout {{.*}} outs(%{{.*}} : tensor<4x4xf8E8M0FNU>)
// CHECK-NEXT:    fp4.quantize_with_scales group_size(32) ins(%{{.*}}, %[[R]] : tensor<4x128xbf16>, tensor<4x4xf8E8M0FNU>)
func.func @quantize_with_scales(%x: tensor<4x128xbf16>, %s: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32, %c: tensor<4x64xi8>) -> tensor<4x64xi8> {
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<4x128xbf16>, tensor<1x1x32x4x4xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<4x64xi8>)
  return %0 : tensor<4x64xi8>
}

// CHECK-LABEL: func.func @dequantize(
// CHECK:         %[[R:.*]] = fp4.convert_scale_layout {{.*}} outs(%{{.*}} : tensor<4x8xf8E4M3FN>)
// CHECK-NEXT:    fp4.dequantize group_size(16) ins(%{{.*}}, %[[R]] : tensor<4x64xi8>, tensor<4x8xf8E4M3FN>)
func.func @dequantize(%c: tensor<4x64xi8>, %s: tensor<1x2x32x4x4xf8E4M3FN>, %g: f32, %o: tensor<4x128xf32>) -> tensor<4x128xf32> {
  %0 = fp4.dequantize group_size(16) ins(%c, %s : tensor<4x64xi8>, tensor<1x2x32x4x4xf8E4M3FN>)
      global_scale(%g) outs(%o : tensor<4x128xf32>)
  return %0 : tensor<4x128xf32>
}

// Both sides; K is dynamic.
// CHECK-LABEL: func.func @scaled_matmul(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<?x?xf4E2M1FN>
// CHECK:         %[[K:.*]] = tensor.dim %[[A]], %c1
// CHECK:         affine.apply #[[GROUPS]]()[%[[K]]]
// CHECK:         %[[L:.*]] = fp4.convert_scale_layout {{.*}} : tensor<?x?xf8E8M0FNU>)
// CHECK:         %[[R:.*]] = fp4.convert_scale_layout {{.*}} : tensor<6x?xf8E8M0FNU>)
// CHECK:         fp4.scaled_matmul group_size(32) lhs(%[[A]], %[[L]] : {{.*}}) rhs(%{{.*}}, %[[R]] :
func.func @scaled_matmul(%a: tensor<?x?xf4E2M1FN>, %sa: tensor<?x?x32x4x4xf8E8M0FNU>, %b: tensor<6x?xf4E2M1FN>,
    %sb: tensor<1x?x32x4x4xf8E8M0FNU>, %g: f32, %o: tensor<?x6xf32>) -> tensor<?x6xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<?x?xf4E2M1FN>, tensor<?x?x32x4x4xf8E8M0FNU>)
      rhs(%b, %sb : tensor<6x?xf4E2M1FN>, tensor<1x?x32x4x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<?x6xf32>)
  return %0 : tensor<?x6xf32>
}

// Scales of rank 5 of codes of rank 5 are row-major.
// CHECK-LABEL: func.func @rank_5(
// CHECK-NEXT:    fp4.dequantize
func.func @rank_5(%c: tensor<1x1x32x4x64xi8>, %s: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32, %o: tensor<1x1x32x4x128xf32>) -> tensor<1x1x32x4x128xf32> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<1x1x32x4x64xi8>, tensor<1x1x32x4x4xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<1x1x32x4x128xf32>)
  return %0 : tensor<1x1x32x4x128xf32>
}

// Nothing is blocked, nothing changes.
// CHECK-LABEL: func.func @row_major(
// CHECK-NOT:     fp4.convert_scale_layout
// CHECK:         return
func.func @row_major(%c: tensor<4x64xi8>, %s: tensor<4x4xf8E8M0FNU>, %g: f32, %o: tensor<4x128xf32>) -> tensor<4x128xf32> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>) global_scale(%g) outs(%o : tensor<4x128xf32>)
  return %0 : tensor<4x128xf32>
}
