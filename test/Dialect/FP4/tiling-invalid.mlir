// What does not tile: the op says why, and which operand it is.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --transform-interpreter

// Rows that follow each other are not contiguous in blocked scales.
module attributes {transform.with_named_sequence} {
  func.func @blocked_result(%x: tensor<256x64xf32>, %g: f32, %c: tensor<256x32xi8>, %s: tensor<2x1x32x4x4xf8E4M3FN>)
      -> tensor<256x32xi8> {
    // expected-error @+3 {{'fp4.quantize_pack' op has an operand that cannot be tiled: operand #4 holds blocked scales and the tile does not start at a multiple of 128 rows, or not provably so; convert them to row-major first}}
    // expected-error @+2 {{tile operation}}
    // expected-error @+1 {{failed to generate tiling loops}}
    %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<256x64xf32>) global_scale(%g) scale_scale(%g)
        outs(%c, %s : tensor<256x32xi8>, tensor<2x1x32x4x4xf8E4M3FN>)
    return %0#0 : tensor<256x32xi8>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.quantize_pack"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [128] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The same for an operand that is read, on memrefs.
module attributes {transform.with_named_sequence} {
  func.func @blocked_operand(%a: memref<4x32xi8>, %sa: memref<4x2xf8E8M0FNU>, %b: memref<256x32xi8>,
      %sb: memref<2x1x32x4x4xf8E8M0FNU>, %g: f32, %o: memref<4x256xf32>) {
    // expected-error @+3 {{'fp4.scaled_matmul' op has an operand that cannot be tiled: operand #3 holds blocked scales and the tile does not start at a multiple of 128 rows, or not provably so; convert them to row-major first}}
    // expected-error @+2 {{tile operation}}
    // expected-error @+1 {{failed to generate tiling loops}}
    fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8>, memref<4x2xf8E8M0FNU>)
        rhs(%b, %sb : memref<256x32xi8>, memref<2x1x32x4x4xf8E8M0FNU>) alpha(%g) outs(%o : memref<4x256xf32>)
    return
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.scaled_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [0, 64] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// K is no loop of a product: partial sums would be rounded.
module attributes {transform.with_named_sequence} {
  func.func @reduction(%a: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>, %g: f32, %o: tensor<4x4xf32>) -> tensor<4x4xf32> {
    // expected-note @below {{target op}}
    %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
        rhs(%a, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<4x4xf32>)
    return %0 : tensor<4x4xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["fp4.scaled_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{too many tiles provided, expected at most 2 found 3}}
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
