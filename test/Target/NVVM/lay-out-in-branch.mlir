// What stays in the entry, because a branch may not need it, is written 32 bytes a row at once: a copy to such rows
// would be folded away.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-lay-out-for-tensor-cores),fp4-outline-prepare,canonicalize)' \
// RUN:   | FileCheck %s --implicit-check-not=@f.prepare
// RUN: fp4-opt %s --fp4-lower-to-kernels=chip=sm_100a -o /dev/null

// CHECK-LABEL: func.func @f(
// CHECK:         scf.if
// CHECK:           %[[PART:.*]] = tensor.extract_slice %{{.*}}[0, 0] [8, 24] [1, 1] : tensor<8x32xi8> to tensor<8x24xi8>
// CHECK:           %[[R:.*]]:2 = fp4.absorb_scale_signs {{.*}} outs(%[[PART]], %
// CHECK:           fp4.scaled_matmul {{.*}} rhs(%[[R]]#0, %
func.func @f(%w: tensor<8x24xi8> {fp4.param = "w"},
    %s: tensor<8x3xf8E4M3FN> {fp4.param = "s"}, %x: tensor<?x48xf32>, %g: f32, %p: i1, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x48xf32>
  %r = scf.if %p -> tensor<?x8xf32> {
    %ec = tensor.empty(%m) : tensor<?x24xi8>
    %es = tensor.empty(%m) : tensor<?x3xf8E4M3FN>
    %ey = tensor.empty(%m) : tensor<?x8xf32>
    %c, %sc = fp4.quantize_pack group_size(16) ins(%x : tensor<?x48xf32>) global_scale(%g) scale_scale(%g)
        outs(%ec, %es : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>) {strategy = "simt"}
    %y = fp4.scaled_matmul group_size(16) lhs(%c, %sc : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>)
        rhs(%w, %s : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%g) outs(%ey : tensor<?x8xf32>) {strategy = "tcgen05"}
    scf.yield %y : tensor<?x8xf32>
  } else {
    scf.yield %z : tensor<?x8xf32>
  }
  return %r : tensor<?x8xf32>
}

// What --fp4-outline-prepare does not move, because it has a region or is in a branch, is not copied either.
// CHECK-LABEL: func.func @computed(
// CHECK:         linalg.generic
// CHECK:         %[[PART:.*]] = tensor.extract_slice %{{.*}}[0, 0] [8, 24] [1, 1] : tensor<8x32xi8> to tensor<8x24xi8>
// CHECK:         fp4.quantize_pack {{.*}} outs(%[[PART]], %
// CHECK-NOT:     tensor.insert_slice
func.func @computed(%w: tensor<8x48xf32> {fp4.param = "w"}, %x: tensor<?x24xi8>, %s: tensor<?x3xf8E4M3FN>, %g: f32, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %e = tensor.empty() : tensor<8x48xf32>
  %v = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%w : tensor<8x48xf32>) outs(%e : tensor<8x48xf32>) {
  ^bb0(%a: f32, %b: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<8x48xf32>
  %ec = tensor.empty() : tensor<8x24xi8>
  %es = tensor.empty() : tensor<8x3xf8E4M3FN>
  %one = arith.constant 1.0 : f32
  %c, %sc = fp4.quantize_pack group_size(16) ins(%v : tensor<8x48xf32>) global_scale(%one) scale_scale(%one)
      outs(%ec, %es : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) {strategy = "simt"}
  %r = fp4.scaled_matmul group_size(16) lhs(%x, %s : tensor<?x24xi8>, tensor<?x3xf8E4M3FN>)
      rhs(%c, %sc : tensor<8x24xi8>, tensor<8x3xf8E4M3FN>) alpha(%g) outs(%y : tensor<?x8xf32>) {strategy = "tcgen05"}
  return %r : tensor<?x8xf32>
}
