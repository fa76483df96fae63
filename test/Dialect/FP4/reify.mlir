// Sizes of results without the results: from the destinations of an op, from the input and the weight of a layer.

// RUN: fp4-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s

// A layer's leading sizes are the input's, its last the weight's rows.
// CHECK-LABEL: func.func @layer(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x3x64xf32>, %[[W:[a-z0-9]+]]: tensor<?x32xi8>
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C3:.*]] = arith.constant 3 : index
// CHECK-DAG:     %[[M:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK-DAG:     %[[N:.*]] = tensor.dim %[[W]], %[[C0]]
// CHECK-NEXT:    return %[[M]], %[[C3]], %[[N]]
func.func @layer(%x: tensor<?x3x64xf32>, %w: tensor<?x32xi8>, %s: tensor<?x2xf8E8M0FNU>, %g: f32) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x3x64xf32>)
      weight(%w, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x?x?xf32>
  %d0 = tensor.dim %y, %c0 : tensor<?x?x?xf32>
  %d1 = tensor.dim %y, %c1 : tensor<?x?x?xf32>
  %d2 = tensor.dim %y, %c2 : tensor<?x?x?xf32>
  return %d0, %d1, %d2 : index, index, index
}

// A size that the type of the result gives is that.
// CHECK-LABEL: func.func @layer_static_result(
// CHECK-DAG:     %[[C48:.*]] = arith.constant 48 : index
// CHECK-DAG:     %[[C5:.*]] = arith.constant 5 : index
// CHECK-NEXT:    return %[[C5]], %[[C48]]
func.func @layer_static_result(%x: tensor<?x64xf32>, %w: tensor<?x64xf4E2M1FN>, %s: tensor<?x2xf8E8M0FNU>, %g: f32) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xf32>)
      weight(%w, %s : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<5x48xf32>
  %d0 = tensor.dim %y, %c0 : tensor<5x48xf32>
  %d1 = tensor.dim %y, %c1 : tensor<5x48xf32>
  return %d0, %d1 : index, index
}

// Each result of an op-level op has its own destination.
// CHECK-LABEL: func.func @destinations(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: index, %[[N:[a-z0-9]+]]: index
// CHECK-NEXT:    return %[[M]], %[[N]]
func.func @destinations(%x: tensor<?x64xf32>, %g: f32, %m: index, %n: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
  %s = tensor.empty(%n) : tensor<?x2xf8E8M0FNU>
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
  %d0 = tensor.dim %0#0, %c0 : tensor<?x64xf4E2M1FN>
  %d1 = tensor.dim %0#1, %c0 : tensor<?x2xf8E8M0FNU>
  return %d0, %d1 : index, index
}

// Through a chain of ops nothing of the chain is left.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: index)
// CHECK-NEXT:    return %[[M]]
func.func @chain(%x: tensor<?x64xf32>, %t: tensor<2x2xf32>, %a: tensor<?x64xf4E2M1FN>, %sa: tensor<?x2xf8E8M0FNU>,
    %b: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32, %m: index) -> index {
  %c0 = arith.constant 0 : index
  %0 = tensor.empty(%m) : tensor<?x64xf32>
  %1 = fp4.block_transform ins(%x : tensor<?x64xf32>) transform(%t : tensor<2x2xf32>) outs(%0 : tensor<?x64xf32>)
  %2 = fp4.dequantize group_size(32) ins(%a, %sa : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
      global_scale(%g) outs(%1 : tensor<?x64xf32>)
  %3 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
      rhs(%a, %sa : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>) alpha(%g) outs(%2 : tensor<?x64xf32>)
  %d = tensor.dim %3, %c0 : tensor<?x64xf32>
  return %d : index
}

// Likewise for scales and for codes alone.
// CHECK-LABEL: func.func @codes_and_scales(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: index, %[[N:[a-z0-9]+]]: index)
// CHECK-NEXT:    return %[[M]], %[[N]]
func.func @codes_and_scales(%x: tensor<?x64xf32>, %s: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32, %m: index, %n: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %0 = tensor.empty(%m) : tensor<?x2xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%s : tensor<1x1x32x4x4xf8E8M0FNU>) outs(%0 : tensor<?x2xf8E8M0FNU>)
  %2 = tensor.empty(%n) : tensor<?x32xi8>
  %3 = fp4.quantize_with_scales group_size(32) ins(%x, %1 : tensor<?x64xf32>, tensor<?x2xf8E8M0FNU>)
      global_scale(%g) outs(%2 : tensor<?x32xi8>)
  %d1 = tensor.dim %1, %c0 : tensor<?x2xf8E8M0FNU>
  %d3 = tensor.dim %3, %c0 : tensor<?x32xi8>
  return %d1, %d3 : index, index
}

// CHECK-LABEL: func.func @absorbed(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: index, %[[N:[a-z0-9]+]]: index)
// CHECK-NEXT:    return %[[M]], %[[N]]
func.func @absorbed(%c: tensor<?x32xi8>, %s: tensor<?x4xf8E4M3FN>, %m: index, %n: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %0 = tensor.empty(%m) : tensor<?x32xi8>
  %1 = tensor.empty(%n) : tensor<?x4xf8E4M3FN>
  %2:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
      outs(%0, %1 : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
  %d0 = tensor.dim %2#0, %c0 : tensor<?x32xi8>
  %d1 = tensor.dim %2#1, %c0 : tensor<?x4xf8E4M3FN>
  return %d0, %d1 : index, index
}
