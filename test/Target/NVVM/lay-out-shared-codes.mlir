// RUN: fp4-opt %s --fp4-lay-out-for-tensor-cores | FileCheck %s

// Two products of one quantization, whose rows of 40 bytes are written 48 bytes
// apart. A copy of them would not survive: inserting a tensor and extracting it
// again folds to the tensor.

// CHECK-LABEL: func @two_products
// CHECK-DAG:     %[[BUFFER:.*]] = tensor.empty({{.*}}) : tensor<?x48xi8>
// CHECK-DAG:     %[[SLICE:.*]] = tensor.extract_slice %[[BUFFER]][0, 0] [{{.*}}, 40] [1, 1]
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} outs(%[[SLICE]], %{{.*}} : tensor<?x40xi8>, tensor<?x5xf8E4M3FN>)
// CHECK-NOT:     tensor.insert_slice %[[Q]]#0
// CHECK:         fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %{{.*}} : tensor<?x40xi8>, tensor<?x2x32x4x4xf8E4M3FN>)
// CHECK-NOT:     tensor.insert_slice %[[Q]]#0
// CHECK:         fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %{{.*}} : tensor<?x40xi8>, tensor<?x2x32x4x4xf8E4M3FN>)
func.func @two_products(%x: tensor<?x80xf32>, %w: tensor<8x40xi8>,
    %s: tensor<1x2x32x4x4xf8E4M3FN>, %g: f32, %m: index) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %ec = tensor.empty(%m) : tensor<?x40xi8>
  %es = tensor.empty(%m) : tensor<?x5xf8E4M3FN>
  %ey = tensor.empty(%m) : tensor<?x8xf32>
  %ez = tensor.empty(%m) : tensor<?x8xf32>
  %c, %sc = fp4.quantize_pack group_size(16) ins(%x : tensor<?x80xf32>)
      global_scale(%g) scale_scale(%g)
      outs(%ec, %es : tensor<?x40xi8>, tensor<?x5xf8E4M3FN>) {strategy = "simt"}
  %y = fp4.scaled_matmul group_size(16)
      lhs(%c, %sc : tensor<?x40xi8>, tensor<?x5xf8E4M3FN>)
      rhs(%w, %s : tensor<8x40xi8>, tensor<1x2x32x4x4xf8E4M3FN>)
      alpha(%g) outs(%ey : tensor<?x8xf32>) {strategy = "tcgen05"}
  %z = fp4.scaled_matmul group_size(16)
      lhs(%c, %sc : tensor<?x40xi8>, tensor<?x5xf8E4M3FN>)
      rhs(%w, %s : tensor<8x40xi8>, tensor<1x2x32x4x4xf8E4M3FN>)
      alpha(%g) outs(%ez : tensor<?x8xf32>) {strategy = "tcgen05"}
  return %y, %z : tensor<?x8xf32>, tensor<?x8xf32>
}

// Codes that are to be written to a part of something that is not aligned are
// written to rows that are, and then copied.

// CHECK-LABEL: func @part
// CHECK:         %[[BUFFER:.*]] = tensor.empty() : tensor<4x32xi8>
// CHECK:         %[[SLICE:.*]] = tensor.extract_slice %[[BUFFER]][0, 0] [4, 24] [1, 1]
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} outs(%[[SLICE]], %
// CHECK:         fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %
// CHECK:         tensor.insert_slice %[[Q]]#0
func.func @part(%x: tensor<4x48xf32>, %c: tensor<4x100xi8>, %w: tensor<8x24xi8>,
    %s: tensor<1x1x32x4x4xf8E4M3FN>, %g: f32) -> (tensor<4x8xf32>, tensor<4x100xi8>) {
  %ec = tensor.extract_slice %c[0, 3] [4, 24] [1, 1] : tensor<4x100xi8> to tensor<4x24xi8>
  %es = tensor.empty() : tensor<4x3xf8E4M3FN>
  %ey = tensor.empty() : tensor<4x8xf32>
  %q, %sq = fp4.quantize_pack group_size(16) ins(%x : tensor<4x48xf32>)
      global_scale(%g) scale_scale(%g)
      outs(%ec, %es : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) {strategy = "simt"}
  %y = fp4.scaled_matmul group_size(16)
      lhs(%q, %sq : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>)
      rhs(%w, %s : tensor<8x24xi8>, tensor<1x1x32x4x4xf8E4M3FN>)
      alpha(%g) outs(%ey : tensor<4x8xf32>) {strategy = "tcgen05"}
  %r = tensor.insert_slice %q into %c[0, 3] [4, 24] [1, 1] : tensor<4x24xi8> into tensor<4x100xi8>
  return %y, %r : tensor<4x8xf32>, tensor<4x100xi8>
}
