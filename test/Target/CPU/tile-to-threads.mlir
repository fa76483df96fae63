// Loops whose iterations are the work of threads.

// RUN: fp4-opt %s --split-input-file --fp4-tile-to-threads --canonicalize --cse | FileCheck %s

// A transform that only a quantization reads goes with it: four rows at a time.
// CHECK-LABEL: func.func @fused(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x256xbf16>
// CHECK:         scf.forall (%[[ROW:.*]]) = (0) to (%{{.*}}) step (4)
// CHECK:           %[[SLICE:.*]] = tensor.extract_slice %[[X]][%[[ROW]], 0]
// CHECK:           %[[T:.*]] = fp4.block_transform ins(%[[SLICE]] :
// CHECK:           fp4.quantize_pack group_size(32) ins(%[[T]] :
// CHECK:           scf.forall.in_parallel
// CHECK-COUNT-2:     tensor.parallel_insert_slice
// CHECK-NOT:     fp4.
// CHECK:         return
func.func @fused(%x: tensor<?x256xbf16>, %t: tensor<32x32xbf16>, %g: f32, %c: tensor<?x128xi8>, %s: tensor<?x8xf8E8M0FNU>, %e: tensor<?x256xbf16>) -> (tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>) {
  %0 = fp4.block_transform ins(%x : tensor<?x256xbf16>) transform(%t : tensor<32x32xbf16>) outs(%e : tensor<?x256xbf16>) {strategy = "vector"}
  %1:2 = fp4.quantize_pack group_size(32) ins(%0 : tensor<?x256xbf16>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>) {strategy = "vector"}
  return %1#0, %1#1 : tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>
}

// -----

// One that something else reads stays outside, in a loop of its own.
// CHECK-LABEL: func.func @shared(
// CHECK:         %[[T:.*]] = scf.forall
// CHECK:           fp4.block_transform
// CHECK:         scf.forall
// CHECK-NOT:       fp4.block_transform
// CHECK:           tensor.extract_slice %[[T]]
// CHECK:           fp4.quantize_pack
func.func @shared(%x: tensor<?x256xbf16>, %t: tensor<32x32xbf16>, %g: f32, %c: tensor<?x128xi8>, %s: tensor<?x8xf8E8M0FNU>, %e: tensor<?x256xbf16>) -> (tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>, tensor<?x256xbf16>) {
  %0 = fp4.block_transform ins(%x : tensor<?x256xbf16>) transform(%t : tensor<32x32xbf16>) outs(%e : tensor<?x256xbf16>) {strategy = "vector"}
  %1:2 = fp4.quantize_pack group_size(32) ins(%0 : tensor<?x256xbf16>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>) {strategy = "vector"}
  return %1#0, %1#1, %0 : tensor<?x128xi8>, tensor<?x8xf8E8M0FNU>, tensor<?x256xbf16>
}

// -----

// Tiles of activations are packed one at a time. Products go by panels, and by blocks of tiles of about one size.
// CHECK-LABEL: func.func @product(
// CHECK-SAME:    %[[C:[a-z0-9]+]]: tensor<?x32xi8>
// CHECK:         %[[P:.*]]:4 = scf.forall (%[[TILE:.*]]) in (
// CHECK:           tensor.extract_slice %[[C]]
// CHECK:           fp4.pack_lhs
// CHECK:         arith.ceildivui %{{.*}}, %c96
// CHECK:         scf.forall (%[[FIRST:.*]], %[[PANEL:.*]]) = (0, 0) to (%{{.*}}, 3) step (%{{.*}}, 1)
// CHECK:           tensor.extract_slice %[[P]]#0[%[[FIRST]], 0, 0, 0]
// CHECK:           tensor.extract_slice %{{.*}}[%[[PANEL]], 0, 0] [1, 8, 128]
// CHECK:           fp4.packed_matmul
func.func @product(%c: tensor<?x32xi8>, %v: tensor<?x2x6x32xi8>, %t: tensor<?x2x2x6xi32>, %f: tensor<?x6xf64>, %w: tensor<?xi8>, %sa: tensor<?x2xf8E8M0FNU>, %b: tensor<3x8x128xi8>, %sb: tensor<3x2x32xf8E8M0FNU>, %alpha: f32, %out: tensor<?x90xf32>) -> tensor<?x90xf32> {
  %p:4 = fp4.pack_lhs group_size(32) offset(12) ins(%c, %sa : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>) outs(%v, %t, %f, %w : tensor<?x2x6x32xi8>, tensor<?x2x2x6xi32>, tensor<?x6xf64>, tensor<?xi8>)
  %y = fp4.packed_matmul group_size(32) offset(12) lhs(%p#0, %p#1, %p#2, %p#3, %sa : tensor<?x2x6x32xi8>, tensor<?x2x2x6xi32>, tensor<?x6xf64>, tensor<?xi8>, tensor<?x2xf8E8M0FNU>) rhs(%b, %sb : tensor<3x8x128xi8>, tensor<3x2x32xf8E8M0FNU>) alpha(%alpha) outs(%out : tensor<?x90xf32>)
  return %y : tensor<?x90xf32>
}

// -----

// Where there are no rows there is nothing to compute, and other strategies are not cut.
// CHECK-LABEL: func.func @empty(
// CHECK-SAME:    %{{.*}}: tensor<0x256xbf16>, %{{.*}}: f32, %[[C:.*]]: tensor<0x128xi8>, %[[S:.*]]: tensor<0x8xf8E8M0FNU>
// CHECK-NEXT:    return %[[C]], %[[S]]
func.func @empty(%x: tensor<0x256xbf16>, %g: f32, %c: tensor<0x128xi8>, %s: tensor<0x8xf8E8M0FNU>) -> (tensor<0x128xi8>, tensor<0x8xf8E8M0FNU>) {
  %1:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<0x256xbf16>) global_scale(%g) scale_scale(%g) outs(%c, %s : tensor<0x128xi8>, tensor<0x8xf8E8M0FNU>) {strategy = "vector"}
  return %1#0, %1#1 : tensor<0x128xi8>, tensor<0x8xf8E8M0FNU>
}

// CHECK-LABEL: func.func @reference(
// CHECK-NOT:     scf.forall
func.func @reference(%x: tensor<?x256xbf16>, %t: tensor<32x32xbf16>, %e: tensor<?x256xbf16>) -> tensor<?x256xbf16> {
  %0 = fp4.block_transform ins(%x : tensor<?x256xbf16>) transform(%t : tensor<32x32xbf16>) outs(%e : tensor<?x256xbf16>) {strategy = "reference"}
  return %0 : tensor<?x256xbf16>
}
