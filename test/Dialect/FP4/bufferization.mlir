// Ops on tensors become the same ops on memrefs, in place: nothing is allocated or copied as long as the
// destination may be overwritten, and its old contents are never copied.

// RUN: fp4-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse \
// RUN:   | FileCheck %s --implicit-check-not=memref.copy --implicit-check-not=bufferization.

// CHECK-LABEL: func.func @block_transform(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[T:.*]]: memref<2x32x32xbf16>, %[[O:.*]]: memref<?x64xf32>)
// CHECK-NEXT:    fp4.block_transform ins(%[[X]] : memref<?x64xf32>) transform(%[[T]] : memref<2x32x32xbf16>) outs(%[[O]] : memref<?x64xf32>)
// CHECK-NEXT:    return %[[O]] : memref<?x64xf32>
func.func @block_transform(%x: tensor<?x64xf32>, %t: tensor<2x32x32xbf16>, %o: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = fp4.block_transform ins(%x : tensor<?x64xf32>) transform(%t : tensor<2x32x32xbf16>) outs(%o : tensor<?x64xf32>)
  return %0 : tensor<?x64xf32>
}

// Two destinations, and attributes that have to come along.
// CHECK-LABEL: func.func @quantize_pack(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xbf16>, %[[G:.*]]: f32, %[[C:.*]]: memref<?x32xi8>, %[[S:.*]]: memref<?x?x32x4x4xf8E4M3FN>)
// CHECK-NEXT:    fp4.quantize_pack group_size(16) rounding(up) ins(%[[X]] : memref<?x64xbf16>) global_scale(%[[G]]) scale_scale(%[[G]])
// CHECK-SAME:      outs(%[[C]], %[[S]] : memref<?x32xi8>, memref<?x?x32x4x4xf8E4M3FN>)
// CHECK-NEXT:    return %[[C]], %[[S]]
func.func @quantize_pack(%x: tensor<?x64xbf16>, %g: f32, %c: tensor<?x32xi8>, %s: tensor<?x?x32x4x4xf8E4M3FN>)
    -> (tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>) {
  %0:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%x : tensor<?x64xbf16>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>)
  return %0#0, %0#1 : tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>
}

// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK-SAME:    %[[X:.*]]: memref<64xf32>, %[[S:.*]]: memref<2xf8E8M0FNU>, %[[G:.*]]: f32, %[[C:.*]]: memref<32xi8>)
// CHECK-NEXT:    fp4.quantize_with_scales group_size(32) rounding(zero) ins(%[[X]], %[[S]] : {{.*}}) global_scale(%[[G]]) outs(%[[C]] : memref<32xi8>)
// CHECK-NEXT:    return %[[C]]
func.func @quantize_with_scales(%x: tensor<64xf32>, %s: tensor<2xf8E8M0FNU>, %g: f32, %c: tensor<32xi8>) -> tensor<32xi8> {
  %0 = fp4.quantize_with_scales group_size(32) rounding(zero) ins(%x, %s : tensor<64xf32>, tensor<2xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<32xi8>)
  return %0 : tensor<32xi8>
}

// CHECK-LABEL: func.func @dequantize(
// CHECK-NEXT:    fp4.dequantize group_size(32) ins(%{{.*}}, %{{.*}} : memref<2x3x32xi8>, memref<2x3x2xf8E8M0FNU>) global_scale(%{{.*}}) outs(%[[O:.*]] : memref<2x3x64xf16>)
// CHECK-NEXT:    return %[[O]]
func.func @dequantize(%c: tensor<2x3x32xi8>, %s: tensor<2x3x2xf8E8M0FNU>, %g: f32, %o: tensor<2x3x64xf16>) -> tensor<2x3x64xf16> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<2x3x32xi8>, tensor<2x3x2xf8E8M0FNU>)
      global_scale(%g) outs(%o : tensor<2x3x64xf16>)
  return %0 : tensor<2x3x64xf16>
}

// CHECK-LABEL: func.func @scaled_matmul(
// CHECK-NEXT:    fp4.scaled_matmul group_size(32) lhs(%[[A:.*]], %[[S:.*]] : memref<?x32xi8>, memref<?x2xf8E8M0FNU>) rhs(%[[A]], %[[S]] : {{.*}}) alpha(%{{.*}}) outs(%[[O:.*]] : memref<?x?xf32>)
// CHECK-NEXT:    return %[[O]]
func.func @scaled_matmul(%a: tensor<?x32xi8>, %s: tensor<?x2xf8E8M0FNU>, %g: f32, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>)
      rhs(%a, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<?x?xf32>)
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @convert_scale_layout(
// CHECK-NEXT:    fp4.convert_scale_layout ins(%{{.*}} : memref<130x4xf8E8M0FNU>) outs(%[[O:.*]] : memref<2x1x32x4x4xf8E8M0FNU>)
// CHECK-NEXT:    return %[[O]]
func.func @convert_scale_layout(%s: tensor<130x4xf8E8M0FNU>, %o: tensor<2x1x32x4x4xf8E8M0FNU>) -> tensor<2x1x32x4x4xf8E8M0FNU> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<130x4xf8E8M0FNU>) outs(%o : tensor<2x1x32x4x4xf8E8M0FNU>)
  return %0 : tensor<2x1x32x4x4xf8E8M0FNU>
}

// An output element needs a whole block of inputs: the op cannot work in place on its own input.
// CHECK-LABEL: func.func @own_input(
// CHECK-SAME:    %[[X:.*]]: memref<4x64xf32>
// CHECK-NEXT:    %[[A:.*]] = memref.alloc() {{.*}} : memref<4x64xf32>
// CHECK-NEXT:    fp4.block_transform ins(%[[X]] : memref<4x64xf32>) transform(%{{.*}}) outs(%[[A]] : memref<4x64xf32>)
// CHECK-NEXT:    return %[[A]]
func.func @own_input(%x: tensor<4x64xf32>, %t: tensor<2x2xf32>) -> tensor<4x64xf32> {
  %0 = fp4.block_transform ins(%x : tensor<4x64xf32>) transform(%t : tensor<2x2xf32>) outs(%x : tensor<4x64xf32>)
  return %0 : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @absorb_scale_signs(
// CHECK-SAME:    %[[C:.*]]: memref<?x32xi8>, %[[S:.*]]: memref<?x4xf8E4M3FN>, %[[CO:.*]]: memref<?x32xi8>, %[[SO:.*]]: memref<?x4xf8E4M3FN>)
// CHECK-NEXT:    fp4.absorb_scale_signs group_size(16) ins(%[[C]], %[[S]] : {{.*}}) outs(%[[CO]], %[[SO]] : memref<?x32xi8>, memref<?x4xf8E4M3FN>) {strategy = "s"}
// CHECK-NEXT:    return %[[CO]], %[[SO]]
func.func @absorb_scale_signs(%c: tensor<?x32xi8>, %s: tensor<?x4xf8E4M3FN>, %co: tensor<?x32xi8>, %so: tensor<?x4xf8E4M3FN>)
    -> (tensor<?x32xi8>, tensor<?x4xf8E4M3FN>) {
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
      outs(%co, %so : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>) {strategy = "s"}
  return %0#0, %0#1 : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>
}

// A sign is read before it is overwritten: in place of codes, of scales, and of both.
// CHECK-LABEL: func.func @absorb_in_place(
// CHECK-SAME:    %[[C:[a-z0-9]+]]: memref<4x32xi8>, %[[S:[a-z0-9]+]]: memref<4x4xf8E4M3FN>
// CHECK-NOT:     memref.alloc
// CHECK:         fp4.absorb_scale_signs group_size(16) ins(%[[C]], %[[S]] : {{.*}}) outs(%[[C]], %[[S]] : memref<4x32xi8>, memref<4x4xf8E4M3FN>)
// CHECK-NEXT:    return %[[C]], %[[S]]
func.func @absorb_in_place(%c: tensor<4x32xi8>, %s: tensor<4x4xf8E4M3FN>) -> (tensor<4x32xi8>, tensor<4x4xf8E4M3FN>) {
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>)
      outs(%c, %s : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>)
  return %0#0, %0#1 : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>
}

// Not in place of another part of its own codes: bytes would be overwritten that are still to be read.
// CHECK-LABEL: func.func @absorb_shifted(
// CHECK:         memref.copy %{{.*}}, %[[FROM:.*]] : {{.*}} to memref<4x32xi8>
// CHECK:         fp4.absorb_scale_signs group_size(16) ins(%[[FROM]], %
// CHECK:         memref.copy %{{.*}}, %[[R:.*]] : {{.*}} to memref<4x32xi8>
// CHECK-NEXT:    return %[[R]]
func.func @absorb_shifted(%c: tensor<5x32xi8>, %s: tensor<4x4xf8E4M3FN>, %so: tensor<4x4xf8E4M3FN>) -> tensor<4x32xi8> {
  %from = tensor.extract_slice %c[0, 0] [4, 32] [1, 1] : tensor<5x32xi8> to tensor<4x32xi8>
  %to = tensor.extract_slice %c[1, 0] [4, 32] [1, 1] : tensor<5x32xi8> to tensor<4x32xi8>
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%from, %s : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>)
      outs(%to, %so : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>)
  return %0#0 : tensor<4x32xi8>
}

// A destination that is still read as it was is not overwritten; nor is one that the caller keeps.
// CHECK-LABEL: func.func @still_read(
// CHECK-SAME:    %[[O:[a-z0-9]+]]: memref<4x64xf32>)
// CHECK:         %[[A:.*]] = memref.alloc()
// CHECK:         fp4.block_transform {{.*}} outs(%[[A]] : memref<4x64xf32>)
// CHECK-NEXT:    return %[[A]], %[[O]]
func.func @still_read(%x: tensor<4x64xf32>, %t: tensor<2x2xf32>, %o: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {
  %0 = fp4.block_transform ins(%x : tensor<4x64xf32>) transform(%t : tensor<2x2xf32>) outs(%o : tensor<4x64xf32>)
  return %0, %o : tensor<4x64xf32>, tensor<4x64xf32>
}

// CHECK-LABEL: func.func @not_writable(
// CHECK:         %[[A:.*]] = memref.alloc()
// CHECK:         fp4.block_transform {{.*}} outs(%[[A]] : memref<4x64xf32>)
func.func @not_writable(%x: tensor<4x64xf32>, %t: tensor<2x2xf32>, %o: tensor<4x64xf32> {bufferization.writable = false}) -> tensor<4x64xf32> {
  %0 = fp4.block_transform ins(%x : tensor<4x64xf32>) transform(%t : tensor<2x2xf32>) outs(%o : tensor<4x64xf32>)
  return %0 : tensor<4x64xf32>
}

// Ops that are on memrefs already stay.
// CHECK-LABEL: func.func @memrefs(
// CHECK-NEXT:    fp4.dequantize group_size(32)
// CHECK-NEXT:    return
func.func @memrefs(%c: memref<32xi8>, %s: memref<2xf8E8M0FNU>, %g: f32, %o: memref<64xf32>) {
  fp4.dequantize group_size(32) ins(%c, %s : memref<32xi8>, memref<2xf8E8M0FNU>) global_scale(%g) outs(%o : memref<64xf32>)
  return
}
