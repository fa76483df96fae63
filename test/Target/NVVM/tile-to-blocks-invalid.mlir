// RUN: fp4-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(fp4-tile-to-blocks))'

func.func @tensors(%a: tensor<4x32xi8>, %s: tensor<4x4xf8E4M3FN>, %g: f32, %y: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{'fp4.scaled_matmul' op is on tensors; bufferize before tiling to blocks}}
  %0 = fp4.scaled_matmul group_size(16) lhs(%a, %s : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>) rhs(%a, %s : tensor<4x32xi8>, tensor<4x4xf8E4M3FN>) alpha(%g) outs(%y : tensor<4x4xf32>) {strategy = "tcgen05"}
  return %0 : tensor<4x4xf32>
}

// -----

func.func @columns(%a: memref<4x32xi8, 1>, %s: memref<4x4xf8E4M3FN, 1>, %b: memref<?x32xi8, 1>, %t: memref<?x4xf8E4M3FN, 1>, %g: f32, %y: memref<4x?xf32, 1>) {
  // expected-error @below {{'fp4.scaled_matmul' op with strategy 'tcgen05' expects a result of rank 2 with a static number of columns, but got 'memref<4x?xf32, 1>'}}
  fp4.scaled_matmul group_size(16) lhs(%a, %s : memref<4x32xi8, 1>, memref<4x4xf8E4M3FN, 1>) rhs(%b, %t : memref<?x32xi8, 1>, memref<?x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<4x?xf32, 1>) {strategy = "tcgen05"}
  return
}

// -----

func.func @rank(%a: memref<2x4x32xi8, 1>, %s: memref<2x4x4xf8E4M3FN, 1>, %b: memref<8x32xi8, 1>, %t: memref<8x4xf8E4M3FN, 1>, %g: f32, %y: memref<2x4x8xf32, 1>) {
  // expected-error @below {{expects a result of rank 2 with a static number of columns, but got 'memref<2x4x8xf32, 1>'}}
  fp4.scaled_matmul group_size(16) lhs(%a, %s : memref<2x4x32xi8, 1>, memref<2x4x4xf8E4M3FN, 1>) rhs(%b, %t : memref<8x32xi8, 1>, memref<8x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<2x4x8xf32, 1>) {strategy = "tcgen05"}
  return
}
