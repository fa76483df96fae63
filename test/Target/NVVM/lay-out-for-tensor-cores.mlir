// Operands of tensor cores: scales in tiles of 128 rows by 4, rows of codes at multiples of 16 bytes.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-lay-out-for-tensor-cores,cse))' | FileCheck %s

// K = 48: rows of 24 bytes get 32, 3 groups of 16 get 4. The quantization, which nothing else reads, writes both itself;
// the weight, whose scales may have signs that tensor cores ignore, gets both from the op that moves the signs to the codes.
// CHECK-LABEL: func.func @nv_48(
// CHECK-SAME:    %[[X:.*]]: tensor<4x48xf32>, %{{.*}}: f32, %[[W:.*]]: tensor<200x24xi8>, %[[WS:.*]]: tensor<200x3xf8E4M3FN>)
// CHECK-DAG:     %[[QS:.*]] = tensor.empty() : tensor<1x1x32x4x4xf8E4M3FN>
// CHECK-DAG:     %[[QB:.*]] = tensor.empty() : tensor<4x32xi8>
// CHECK-DAG:     %[[QC:.*]] = tensor.extract_slice %[[QB]][0, 0] [4, 24] [1, 1] : tensor<4x32xi8> to tensor<4x24xi8>
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} outs(%[[QC]], %[[QS]] : tensor<4x24xi8>, tensor<1x1x32x4x4xf8E4M3FN>)
// CHECK:         %[[TC:.*]] = tensor.extract_slice %{{.*}}[0, 0] [200, 24] [1, 1] : tensor<200x32xi8> to tensor<200x24xi8>
// CHECK:         %[[T:.*]]:2 = fp4.absorb_scale_signs group_size(16) ins(%[[W]], %[[WS]] : {{.*}} outs(%[[TC]], %{{.*}} : tensor<200x24xi8>, tensor<200x3xf8E4M3FN>)
// CHECK:         %[[TS:.*]] = fp4.convert_scale_layout ins(%[[T]]#1 : tensor<200x3xf8E4M3FN>) outs(%{{.*}} : tensor<2x1x32x4x4xf8E4M3FN>) {strategy = "simt"}
// CHECK:         fp4.scaled_matmul {{.*}} lhs(%[[Q]]#0, %[[Q]]#1 :{{.*}} rhs(%[[T]]#0, %[[TS]] :
func.func @nv_48(%x: tensor<4x48xf32>, %g: f32, %w: tensor<200x24xi8>, %ws: tensor<200x3xf8E4M3FN>) -> tensor<4x200xf32> {
  %c = tensor.empty() : tensor<4x24xi8>
  %s = tensor.empty() : tensor<4x3xf8E4M3FN>
  %y = tensor.empty() : tensor<4x200xf32>
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<4x48xf32>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) {strategy = "simt"}
  %1 = fp4.scaled_matmul group_size(16) lhs(%0#0, %0#1 : tensor<4x24xi8>, tensor<4x3xf8E4M3FN>) rhs(%w, %ws : tensor<200x24xi8>, tensor<200x3xf8E4M3FN>) alpha(%g) outs(%y : tensor<4x200xf32>) {strategy = "tcgen05"}
  return %1 : tensor<4x200xf32>
}

// K = 16: rows of 8 bytes get 16.
// CHECK-LABEL: func.func @nv_16(
// CHECK:         tensor.extract_slice %{{.*}}[0, 0] [4, 8] [1, 1] : tensor<4x16xi8> to tensor<4x8xi8>
// CHECK:         tensor.extract_slice %{{.*}}[0, 0] [48, 8] [1, 1] : tensor<48x16xi8> to tensor<48x8xi8>
func.func @nv_16(%a: tensor<4x8xi8>, %s: tensor<4x1xf8E4M3FN>, %g: f32, %w: tensor<48x8xi8>, %ws: tensor<48x1xf8E4M3FN>, %y: tensor<4x48xf32>) -> tensor<4x48xf32> {
  %1 = fp4.scaled_matmul group_size(16) lhs(%a, %s : tensor<4x8xi8>, tensor<4x1xf8E4M3FN>) rhs(%w, %ws : tensor<48x8xi8>, tensor<48x1xf8E4M3FN>) alpha(%g) outs(%y : tensor<4x48xf32>) {strategy = "tcgen05"}
  return %1 : tensor<4x48xf32>
}

// K = 2080: 1040 bytes are a multiple of 16 as they are, 130 groups get 132. M is only known when it runs. A quantization
// whose scales something else reads too is converted.
// CHECK-LABEL: func.func @nv_2080(
// CHECK-SAME:    %[[X:.*]]: tensor<?x2080xf32>
// CHECK:         %[[Q:.*]]:2 = fp4.quantize_pack {{.*}} : tensor<?x1040xi8>, tensor<?x130xf8E4M3FN>)
// CHECK-NOT:     insert_slice
// CHECK:         fp4.convert_scale_layout ins(%[[Q]]#1 : tensor<?x130xf8E4M3FN>) outs(%{{.*}} : tensor<?x33x32x4x4xf8E4M3FN>)
// CHECK:         fp4.scaled_matmul {{.*}} lhs(%[[Q]]#0, %{{.*}} : tensor<?x1040xi8>, tensor<?x33x32x4x4xf8E4M3FN>) rhs(%{{.*}}, %{{.*}} : tensor<48x1040xi8>, tensor<1x33x32x4x4xf8E4M3FN>)
func.func @nv_2080(%x: tensor<?x2080xf32>, %g: f32, %w: tensor<48x1040xi8>, %ws: tensor<1x33x32x4x4xf8E4M3FN>, %c: tensor<?x1040xi8>, %s: tensor<?x130xf8E4M3FN>, %y: tensor<?x48xf32>) -> (tensor<?x48xf32>, tensor<?x130xf8E4M3FN>) {
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<?x2080xf32>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<?x1040xi8>, tensor<?x130xf8E4M3FN>) {strategy = "simt"}
  %1 = fp4.scaled_matmul group_size(16) lhs(%0#0, %0#1 : tensor<?x1040xi8>, tensor<?x130xf8E4M3FN>) rhs(%w, %ws : tensor<48x1040xi8>, tensor<1x33x32x4x4xf8E4M3FN>) alpha(%g) outs(%y : tensor<?x48xf32>) {strategy = "tcgen05"}
  return %1, %0#1 : tensor<?x48xf32>, tensor<?x130xf8E4M3FN>
}

// Other strategies read rows.
// CHECK-LABEL: func.func @simt(
// CHECK-NEXT:    fp4.scaled_matmul
func.func @simt(%a: tensor<4x8xi8>, %s: tensor<4x1xf8E4M3FN>, %g: f32, %y: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %1 = fp4.scaled_matmul group_size(16) lhs(%a, %s : tensor<4x8xi8>, tensor<4x1xf8E4M3FN>) rhs(%a, %s : tensor<4x8xi8>, tensor<4x1xf8E4M3FN>) alpha(%g) outs(%y : tensor<4x4xf32>) {strategy = "simt"}
  return %1 : tensor<4x4xf32>
}

// Values of parameters that have very many ways to them: each is looked at once.
// CHECK-LABEL: func.func @many_ways(
// CHECK:         tensor.insert_slice
func.func @many_ways(%w: tensor<8x48xf32> {fp4.param = "w"}, %x: tensor<?x24xi8>, %s: tensor<?x3xf8E4M3FN>, %g: f32, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w0 = arith.addf %w, %w : tensor<8x48xf32>
  %w1 = arith.addf %w0, %w0 : tensor<8x48xf32>
  %w2 = arith.addf %w1, %w1 : tensor<8x48xf32>
  %w3 = arith.addf %w2, %w2 : tensor<8x48xf32>
  %w4 = arith.addf %w3, %w3 : tensor<8x48xf32>
  %w5 = arith.addf %w4, %w4 : tensor<8x48xf32>
  %w6 = arith.addf %w5, %w5 : tensor<8x48xf32>
  %w7 = arith.addf %w6, %w6 : tensor<8x48xf32>
  %w8 = arith.addf %w7, %w7 : tensor<8x48xf32>
  %w9 = arith.addf %w8, %w8 : tensor<8x48xf32>
  %w10 = arith.addf %w9, %w9 : tensor<8x48xf32>
  %w11 = arith.addf %w10, %w10 : tensor<8x48xf32>
  %w12 = arith.addf %w11, %w11 : tensor<8x48xf32>
  %w13 = arith.addf %w12, %w12 : tensor<8x48xf32>
  %w14 = arith.addf %w13, %w13 : tensor<8x48xf32>
  %w15 = arith.addf %w14, %w14 : tensor<8x48xf32>
  %w16 = arith.addf %w15, %w15 : tensor<8x48xf32>
  %w17 = arith.addf %w16, %w16 : tensor<8x48xf32>
  %w18 = arith.addf %w17, %w17 : tensor<8x48xf32>
  %w19 = arith.addf %w18, %w18 : tensor<8x48xf32>
  %w20 = arith.addf %w19, %w19 : tensor<8x48xf32>
  %w21 = arith.addf %w20, %w20 : tensor<8x48xf32>
  %w22 = arith.addf %w21, %w21 : tensor<8x48xf32>
  %w23 = arith.addf %w22, %w22 : tensor<8x48xf32>
  %w24 = arith.addf %w23, %w23 : tensor<8x48xf32>
  %w25 = arith.addf %w24, %w24 : tensor<8x48xf32>
  %w26 = arith.addf %w25, %w25 : tensor<8x48xf32>
  %w27 = arith.addf %w26, %w26 : tensor<8x48xf32>
  %w28 = arith.addf %w27, %w27 : tensor<8x48xf32>
  %w29 = arith.addf %w28, %w28 : tensor<8x48xf32>
  %w30 = arith.addf %w29, %w29 : tensor<8x48xf32>
  %w31 = arith.addf %w30, %w30 : tensor<8x48xf32>
  %w32 = arith.addf %w31, %w31 : tensor<8x48xf32>
  %w33 = arith.addf %w32, %w32 : tensor<8x48xf32>
  %w34 = arith.addf %w33, %w33 : tensor<8x48xf32>
  %w35 = arith.addf %w34, %w34 : tensor<8x48xf32>
  %w36 = arith.addf %w35, %w35 : tensor<8x48xf32>
  %w37 = arith.addf %w36, %w36 : tensor<8x48xf32>
  %w38 = arith.addf %w37, %w37 : tensor<8x48xf32>
  %w39 = arith.addf %w38, %w38 : tensor<8x48xf32>
  %ec = tensor.empty() : tensor<8x24xi8>
  %es = tensor.empty() : tensor<8x3xf8E4M3FN>
  %one = arith.constant 1.0 : f32
  %c, %sc = fp4.quantize_pack group_size(16) ins(%w39 : tensor<8x48xf32>) global_scale(%one) scale_scale(%one)
      outs(%ec, %es : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) {strategy = "simt"}
  %r = fp4.scaled_matmul group_size(16) lhs(%x, %s : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>)
      rhs(%c, %sc : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%g) outs(%y : tensor<?x8xf32>) {strategy = "tcgen05"}
  return %r : tensor<?x8xf32>
}
