// Tensor cores ignore the signs of scales: those of an activation that is quantized here, all the same, go to alpha,
// those of anything else to codes.

// RUN: fp4-opt %s --split-input-file --fp4-lay-out-for-tensor-cores | FileCheck %s

// CHECK-LABEL: func.func @layer(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x48xf32>, %[[W:[a-z0-9]+]]: tensor<8x24xi8>, %[[S:[a-z0-9]+]]: tensor<8x3xf8E4M3FN>,
// CHECK-SAME:    %[[G:[a-z0-9]+]]: f32, %[[SS:[a-z0-9]+]]: f32, %[[ALPHA:[a-z0-9]+]]: f32
// CHECK-NOT:     fp4.absorb_scale_signs
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x24xi8>, tensor<?x1x32x4x4xf8E4M3FN>)
// CHECK:         %[[DIVISOR:.*]] = arith.mulf %[[SS]], %[[G]] : f32
// CHECK-DAG:     %[[MASK:.*]] = arith.constant -2147483648 : i32
// CHECK-DAG:     %[[BITS:.*]] = arith.bitcast %[[ALPHA]] : f32 to i32
// CHECK-DAG:     %[[OF:.*]] = arith.bitcast %[[DIVISOR]] : f32 to i32
// CHECK:         %[[SIGN:.*]] = arith.andi %[[OF]], %[[MASK]] : i32
// CHECK:         %[[FLIPPED:.*]] = arith.xori %[[BITS]], %[[SIGN]] : i32
// CHECK:         %[[SIGNED:.*]] = arith.bitcast %[[FLIPPED]] : i32 to f32
// CHECK:         %[[B:.*]]:2 = fp4.absorb_scale_signs group_size(16) ins(%[[W]], %[[S]] : {{.*}}) {{.*}}strategy = "simt"
// CHECK-NOT:     fp4.absorb_scale_signs
// CHECK:         %[[SB:.*]] = fp4.convert_scale_layout ins(%[[B]]#1 : {{.*}}strategy = "simt"
// CHECK:         fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %[[Q]]#1 : {{.*}}) rhs(%[[B]]#0, %[[SB]] : {{.*}}) alpha(%[[SIGNED]])
func.func @layer(%x: tensor<?x48xf32>, %w: tensor<8x24xi8>, %s: tensor<8x3xf8E4M3FN>, %g: f32, %ss: f32, %alpha: f32,
    %m: index) -> tensor<?x8xf32> {
  %ec = tensor.empty(%m) : tensor<?x24xi8>
  %es = tensor.empty(%m) : tensor<?x3xf8E4M3FN>
  %ey = tensor.empty(%m) : tensor<?x8xf32>
  %c, %sc = fp4.quantize_pack group_size(16) ins(%x : tensor<?x48xf32>) global_scale(%g) scale_scale(%ss)
      outs(%ec, %es : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>) {strategy = "simt"}
  %y = fp4.scaled_matmul group_size(16) lhs(%c, %sc : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>)
      rhs(%w, %s : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%alpha) outs(%ey : tensor<?x8xf32>) {strategy = "tcgen05"}
  return %y : tensor<?x8xf32>
}

// -----

// Scales that come blocked go through row-major ones; codes get rows of 32 bytes, of which 24 are theirs.
// CHECK-LABEL: func.func @arguments(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<?x24xi8>, %[[SA:[a-z0-9]+]]: tensor<?x1x32x4x4xf8E4M3FN>
// CHECK-NOT:     arith.xori
// CHECK:         %[[ROWS:.*]] = fp4.convert_scale_layout ins(%[[SA]] : {{.*}}) outs(%{{.*}} : tensor<?x3xf8E4M3FN>)
// CHECK-DAG:     %[[BUFFER:.*]] = tensor.empty(%{{.*}}) : tensor<?x32xi8>
// CHECK-DAG:     %[[PART:.*]] = tensor.extract_slice %[[BUFFER]][0, 0] [%{{.*}}, 24] [1, 1] : tensor<?x32xi8> to tensor<?x24xi8>
// CHECK:         %[[L:.*]]:2 = fp4.absorb_scale_signs group_size(16) ins(%[[A]], %[[ROWS]] : {{.*}}) outs(%[[PART]], %{{.*}} : {{.*}})
// CHECK:         fp4.absorb_scale_signs
// CHECK-DAG:     %[[SL:.*]] = fp4.convert_scale_layout ins(%[[L]]#1 : {{.*}}) outs(%{{.*}} : tensor<?x1x32x4x4xf8E4M3FN>)
// CHECK:         fp4.scaled_matmul group_size(16) lhs(%[[L]]#0, %[[SL]] : {{.*}}) {{.*}} alpha(%{{.*}})
// CHECK-NOT:     arith.xori
func.func @arguments(%a: tensor<?x24xi8>, %sa: tensor<?x1x32x4x4xf8E4M3FN>, %w: tensor<8x24xi8>, %s: tensor<8x3xf8E4M3FN>,
    %alpha: f32, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = fp4.scaled_matmul group_size(16) lhs(%a, %sa : tensor<?x24xi8>, tensor<?x1x32x4x4xf8E4M3FN>)
      rhs(%w, %s : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<?x8xf32>) {strategy = "tcgen05"}
  return %0 : tensor<?x8xf32>
}

// -----

// Scales of f8E8M0FNU have no sign.
// CHECK-LABEL: func.func @mx(
// CHECK-NOT:     fp4.absorb_scale_signs
// CHECK-NOT:     arith.xori
// CHECK:         fp4.scaled_matmul
func.func @mx(%a: tensor<4x32xi8>, %sa: tensor<4x2xf8E8M0FNU>, %w: tensor<8x32xi8>, %s: tensor<8x2xf8E8M0FNU>,
    %alpha: f32, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
      rhs(%w, %s : tensor<8x32xi8>, tensor<8x2xf8E8M0FNU>) alpha(%alpha) outs(%y : tensor<4x8xf32>) {strategy = "tcgen05"}
  return %0 : tensor<4x8xf32>
}

// -----

// Neither have those of a product that other hardware computes lost theirs.
// CHECK-LABEL: func.func @simt(
// CHECK-NEXT:    fp4.scaled_matmul
func.func @simt(%a: tensor<4x24xi8>, %sa: tensor<4x3xf8E4M3FN>, %alpha: f32, %y: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = fp4.scaled_matmul group_size(16) lhs(%a, %sa : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>)
      rhs(%a, %sa : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) alpha(%alpha) outs(%y : tensor<4x4xf32>) {strategy = "simt"}
  return %0 : tensor<4x4xf32>
}

// -----

// Scales that were quantized with other codes: the codes, which nothing writes here, need padded rows.
// CHECK-LABEL: func.func @other_codes(
// CHECK:         fp4.absorb_scale_signs group_size(16) ins(%{{.*}}, %{{.*}} : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) outs(%[[PART:.*]], %
// CHECK:         fp4.scaled_matmul
func.func @other_codes(%x: tensor<4x48xf32>, %a: tensor<4x24xi8>, %w: tensor<8x24xi8>, %s: tensor<8x3xf8E4M3FN>,
    %g: f32, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %ec = tensor.empty() : tensor<4x24xi8>
  %es = tensor.empty() : tensor<4x3xf8E4M3FN>
  %c, %sc = fp4.quantize_pack group_size(16) ins(%x : tensor<4x48xf32>) global_scale(%g) scale_scale(%g)
      outs(%ec, %es : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) {strategy = "simt"}
  %0 = fp4.scaled_matmul group_size(16) lhs(%a, %sc : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>)
      rhs(%w, %s : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%g) outs(%y : tensor<4x8xf32>) {strategy = "tcgen05"}
  return %0 : tensor<4x8xf32>
}
