// Producers are fused into the tiles of their consumers where a tile of the consumer is a tile of the producer.

// RUN: fp4-opt %s --split-input-file --transform-interpreter --canonicalize --cse | FileCheck %s

// Over the rows all of a layer becomes one loop: transform, quantization and product, one copy of each.
// CHECK-LABEL: func.func @layer(
// CHECK-NOT:     fp4.
// CHECK:         scf.for %[[ROW:.*]] = %c0 to %[[M:.*]] step %c8
// CHECK-NEXT:      %[[HEIGHT:.*]] = affine.min
// CHECK:           %[[T:.*]] = fp4.block_transform ins(
// CHECK:           %[[Q:.*]]:2 = fp4.quantize_pack group_size(32) ins(%[[T]] :
// CHECK-NEXT:      tensor.extract_slice
// CHECK-NEXT:      fp4.scaled_matmul group_size(32) lhs(%[[Q]]#0, %[[Q]]#1 :
// CHECK-NOT:     fp4.
// CHECK:         return
module attributes {transform.with_named_sequence} {
  func.func @layer(%x: tensor<?x64xf32>, %t: tensor<2x32x32xf32>, %b: tensor<48x64xf4E2M1FN>,
      %sb: tensor<48x2xf8E8M0FNU>, %g: f32, %m: index) -> tensor<?x48xf32> {
    %e = tensor.empty(%m) : tensor<?x64xf32>
    %tx = fp4.block_transform ins(%x : tensor<?x64xf32>) transform(%t : tensor<2x32x32xf32>) outs(%e : tensor<?x64xf32>)
    %c = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
    %s = tensor.empty(%m) : tensor<?x2xf8E8M0FNU>
    %q:2 = fp4.quantize_pack group_size(32) ins(%tx : tensor<?x64xf32>) global_scale(%g) scale_scale(%g)
        outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
    %o = tensor.empty(%m) : tensor<?x48xf32>
    %0 = fp4.scaled_matmul group_size(32) lhs(%q#0, %q#1 : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
        rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<?x48xf32>)
    return %0 : tensor<?x48xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.scaled_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.fuse %op tile_sizes [8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Threads take rows each, and quantize what they multiply.
// CHECK-LABEL: func.func @threads(
// CHECK-NOT:     fp4.
// CHECK:         scf.forall (%{{.*}}) in (4) shared_outs(%[[O:.*]] = %{{.*}})
// CHECK:           %[[Q:.*]]:2 = fp4.quantize_pack
// CHECK:           %[[Y:.*]] = fp4.scaled_matmul group_size(16) lhs(%[[Q]]#0, %[[Q]]#1 :
// CHECK:           scf.forall.in_parallel
// CHECK-NEXT:        tensor.parallel_insert_slice %[[Y]] into %[[O]][
module attributes {transform.with_named_sequence} {
  func.func @threads(%x: tensor<64x64xf32>, %b: tensor<48x32xi8>, %sb: tensor<48x4xf8E4M3FN>, %g: f32) -> tensor<64x48xf32> {
    %c = tensor.empty() : tensor<64x32xi8>
    %s = tensor.empty() : tensor<64x4xf8E4M3FN>
    %q:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<64x64xf32>) global_scale(%g) scale_scale(%g)
        outs(%c, %s : tensor<64x32xi8>, tensor<64x4xf8E4M3FN>)
    %o = tensor.empty() : tensor<64x48xf32>
    %0 = fp4.scaled_matmul group_size(16) lhs(%q#0, %q#1 : tensor<64x32xi8>, tensor<64x4xf8E4M3FN>)
        rhs(%b, %sb : tensor<48x32xi8>, tensor<48x4xf8E4M3FN>) alpha(%g) outs(%o : tensor<64x48xf32>)
    return %0 : tensor<64x48xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.scaled_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_forall %op num_threads [4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %producer = transform.structured.match ops{["fp4.quantize_pack"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %new = transform.structured.fuse_into_containing_op %producer into %loop
        : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Two groups of 32 are four blocks of 16: the transform of a tile is a tile of the transform.
// CHECK-LABEL: func.func @whole_blocks(
// CHECK-NOT:     fp4.
// CHECK:         scf.for
// CHECK:           fp4.block_transform ins(%{{.*}} : tensor<4x64xf32>) transform(%{{.*}} : tensor<4x16x16xf32>)
// CHECK:           fp4.quantize_pack group_size(32) ins(%{{.*}} : tensor<4x64xf32>)
module attributes {transform.with_named_sequence} {
  func.func @whole_blocks(%x: tensor<4x128xf32>, %t: tensor<8x16x16xf32>, %g: f32, %c: tensor<4x64xi8>, %s: tensor<4x4xf8E8M0FNU>)
      -> (tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>) {
    %e = tensor.empty() : tensor<4x128xf32>
    %tx = fp4.block_transform ins(%x : tensor<4x128xf32>) transform(%t : tensor<8x16x16xf32>) outs(%e : tensor<4x128xf32>)
    %q:2 = fp4.quantize_pack group_size(32) ins(%tx : tensor<4x128xf32>) global_scale(%g) scale_scale(%g)
        outs(%c, %s : tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>)
    return %q#0, %q#1 : tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.quantize_pack"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.fuse %op tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// One group is half a block: the transform stays outside, whole.
// CHECK-LABEL: func.func @half_blocks(
// CHECK:         fp4.block_transform ins(%{{.*}} : tensor<4x128xf32>)
// CHECK:         scf.for
// CHECK:           fp4.quantize_pack group_size(32) ins(%{{.*}} : tensor<4x32xf32>)
module attributes {transform.with_named_sequence} {
  func.func @half_blocks(%x: tensor<4x128xf32>, %t: tensor<2x64x64xf32>, %g: f32, %c: tensor<4x64xi8>, %s: tensor<4x4xf8E8M0FNU>)
      -> (tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>) {
    %e = tensor.empty() : tensor<4x128xf32>
    %tx = fp4.block_transform ins(%x : tensor<4x128xf32>) transform(%t : tensor<2x64x64xf32>) outs(%e : tensor<4x128xf32>)
    %q:2 = fp4.quantize_pack group_size(32) ins(%tx : tensor<4x128xf32>) global_scale(%g) scale_scale(%g)
        outs(%c, %s : tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>)
    return %q#0, %q#1 : tensor<4x64xi8>, tensor<4x4xf8E8M0FNU>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.quantize_pack"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.fuse %op tile_sizes [0, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A slice may have the size of a block and not be one: the whole goes into the loop.
// CHECK-LABEL: func.func @across_blocks(
// CHECK:         scf.forall
// CHECK:           %[[WHOLE:.*]] = fp4.block_transform ins(%{{.*}} : tensor<4x128xf32>)
// CHECK-NEXT:      tensor.extract_slice %[[WHOLE]][0, 32] [4, 64] [1, 1]
module attributes {transform.with_named_sequence} {
  func.func @across_blocks(%x: tensor<4x128xf32>, %t: tensor<2x64x64xf32>, %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
    %e = tensor.empty() : tensor<4x128xf32>
    %tx = fp4.block_transform ins(%x : tensor<4x128xf32>) transform(%t : tensor<2x64x64xf32>) outs(%e : tensor<4x128xf32>)
    %0 = scf.forall (%i) in (2) shared_outs(%out = %o) -> (tensor<4x64xf32>) {
      %slice = tensor.extract_slice %tx[0, 32] [4, 64] [1, 1] : tensor<4x128xf32> to tensor<4x64xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %slice into %out[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x64xf32>
      }
    }
    return %0 : tensor<4x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %producer = transform.structured.match ops{["fp4.block_transform"]} in %root : (!transform.any_op) -> !transform.any_op
    %loop = transform.structured.match ops{["scf.forall"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %new = transform.structured.fuse_into_containing_op %producer into %loop
        : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Nor is it known to be one where it starts at a multiple of 32.
// CHECK-LABEL: func.func @perhaps_across_blocks(
// CHECK:         scf.forall
// CHECK:           %[[WHOLE:.*]] = fp4.block_transform ins(%{{.*}} : tensor<4x128xf32>)
// CHECK-NEXT:      tensor.extract_slice %[[WHOLE]][0, %{{.*}}] [4, 64] [1, 1]
module attributes {transform.with_named_sequence} {
  func.func @perhaps_across_blocks(%x: tensor<4x128xf32>, %t: tensor<2x64x64xf32>, %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
    %e = tensor.empty() : tensor<4x128xf32>
    %tx = fp4.block_transform ins(%x : tensor<4x128xf32>) transform(%t : tensor<2x64x64xf32>) outs(%e : tensor<4x128xf32>)
    %0 = scf.forall (%i) in (2) shared_outs(%out = %o) -> (tensor<4x64xf32>) {
      %off = affine.apply affine_map<(d0) -> (d0 * 32)>(%i)
      %slice = tensor.extract_slice %tx[0, %off] [4, 64] [1, 1] : tensor<4x128xf32> to tensor<4x64xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %slice into %out[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x64xf32>
      }
    }
    return %0 : tensor<4x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %producer = transform.structured.match ops{["fp4.block_transform"]} in %root : (!transform.any_op) -> !transform.any_op
    %loop = transform.structured.match ops{["scf.forall"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %new = transform.structured.fuse_into_containing_op %producer into %loop
        : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
