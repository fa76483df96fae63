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
