// Tiles of every op-level op, two iterations of each of two loops: the loops count rows, groups, blocks, output
// features or tiles of scales, and each operand gets the slice that belongs to them.

// RUN: fp4-opt %s --transform-interpreter --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0)[s0] -> (-d0 + s0, 2)>
// CHECK-DAG: #[[BY8:.*]] = affine_map<(d0) -> (d0 * 8)>
// CHECK-DAG: #[[BY16:.*]] = affine_map<(d0) -> (d0 * 16)>
// CHECK-DAG: #[[BY32:.*]] = affine_map<(d0) -> (d0 * 32)>
// CHECK-DAG: #[[OF3:.*]] = affine_map<(d0) -> (-d0 + 3, 2)>
// CHECK-DAG: #[[OF5:.*]] = affine_map<(d0) -> (-d0 + 5, 2)>
// CHECK-DAG: #[[GROUPS:.*]] = affine_map<()[s0] -> (s0 ceildiv 32)>
// CHECK-DAG: #[[LAYOUT:.*]] = affine_map<(d0, d1) -> (d1 * -4 + 9, d0 * 4)>

module attributes {transform.with_named_sequence} {

// Two groups of 16 are 32 elements, 16 bytes of codes and 2 scales.
// CHECK-LABEL: func.func @quantize_pack(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[G:[a-z0-9]+]]: f32
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : index
// CHECK:         %[[M:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK:         scf.for %[[ROW:.*]] = %[[C0]] to %[[M]] step %[[C2]]
// CHECK:           scf.for %[[GROUP:.*]] = %[[C0]] to %[[C4]] step %[[C2]]
// CHECK-DAG:         %[[HEIGHT:.*]] = affine.min #[[ROWS]](%[[ROW]])[%[[M]]]
// CHECK-DAG:         %[[ELEMENT:.*]] = affine.apply #[[BY16]](%[[GROUP]])
// CHECK-DAG:         %[[BYTE:.*]] = affine.apply #[[BY8]](%[[GROUP]])
// CHECK-DAG:         %[[XT:.*]] = tensor.extract_slice %[[X]][%[[ROW]], %[[ELEMENT]]] [%[[HEIGHT]], 32] [1, 1]
// CHECK-DAG:         %[[CT:.*]] = tensor.extract_slice %[[C:.*]][%[[ROW]], %[[BYTE]]] [%[[HEIGHT]], 16] [1, 1] : tensor<?x32xi8>
// CHECK-DAG:         %[[ST:.*]] = tensor.extract_slice %[[S:.*]][%[[ROW]], %[[GROUP]]] [%[[HEIGHT]], 2] [1, 1] : tensor<?x4xf8E4M3FN>
// CHECK:             %[[R:.*]]:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%[[XT]] : tensor<?x32xf32>)
// CHECK-SAME:          global_scale(%[[G]]) scale_scale(%[[G]]) outs(%[[CT]], %[[ST]] : tensor<?x16xi8>, tensor<?x2xf8E4M3FN>)
// CHECK:             tensor.insert_slice %[[R]]#0 into %[[C]][%[[ROW]], %[[BYTE]]] [%[[HEIGHT]], 16] [1, 1]
// CHECK:             tensor.insert_slice %[[R]]#1 into %[[S]][%[[ROW]], %[[GROUP]]] [%[[HEIGHT]], 2] [1, 1]
func.func @quantize_pack(%x: tensor<?x64xf32>, %g: f32, %c: tensor<?x32xi8>, %s: tensor<?x4xf8E4M3FN>)
    -> (tensor<?x32xi8>, tensor<?x4xf8E4M3FN>) {
  %0:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%x : tensor<?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
  return %0#0, %0#1 : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>
}

// On memrefs the slices are views. K is dynamic: the last tile of the groups may be a single one.
// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x?xf32>, %[[S:[a-z0-9]+]]: memref<?x?xf8E8M0FNU>
// CHECK:         %[[K:.*]] = memref.dim %[[X]], %c1
// CHECK:         %[[COUNT:.*]] = affine.apply #[[GROUPS]]()[%[[K]]]
// CHECK:           scf.for %[[GROUP:.*]] = %c0 to %[[COUNT]] step %c2
// CHECK-DAG:         %[[WIDTH:.*]] = affine.min #{{.*}}(%[[GROUP]])[%[[K]]]
// CHECK-DAG:         %[[ELEMENT:.*]] = affine.apply #[[BY32]](%[[GROUP]])
// CHECK-DAG:         %[[ELEMENTS:.*]] = affine.apply #[[BY32]](%[[WIDTH]])
// CHECK-DAG:         memref.subview %[[X]][%{{.*}}, %[[ELEMENT]]] [%{{.*}}, %[[ELEMENTS]]] [1, 1]
// CHECK-DAG:         memref.subview %[[S]][%{{.*}}, %[[GROUP]]] [%{{.*}}, %[[WIDTH]]] [1, 1]
// CHECK-DAG:         %[[BYTE:.*]] = affine.apply #[[BY16]](%[[GROUP]])
// CHECK-DAG:         %[[BYTES:.*]] = affine.apply #[[BY16]](%[[WIDTH]])
// CHECK-DAG:         memref.subview %{{.*}}[%{{.*}}, %[[BYTE]]] [%{{.*}}, %[[BYTES]]] [1, 1] : memref<?x?xi8>
// CHECK:             fp4.quantize_with_scales group_size(32) ins({{.*}} : memref<?x?xf32, strided<[?, 1], offset: ?>>
func.func @quantize_with_scales(%x: memref<?x?xf32>, %s: memref<?x?xf8E8M0FNU>, %g: f32, %c: memref<?x?xi8>) {
  fp4.quantize_with_scales group_size(32) ins(%x, %s : memref<?x?xf32>, memref<?x?xf8E8M0FNU>)
      global_scale(%g) outs(%c : memref<?x?xi8>)
  return
}

// Of three matrices the second tile has one; what is no loop is whole.
// CHECK-LABEL: func.func @block_transform(
// CHECK:           scf.for %[[BLOCK:.*]] = %c0 to %c3 step %c2
// CHECK-DAG:         %[[WIDTH:.*]] = affine.min #[[OF3]](%[[BLOCK]])
// CHECK-DAG:         %[[ELEMENT:.*]] = affine.apply #[[BY32]](%[[BLOCK]])
// CHECK-DAG:         %[[ELEMENTS:.*]] = affine.apply #[[BY32]](%[[WIDTH]])
// CHECK-DAG:         tensor.extract_slice %{{.*}}[%{{.*}}, %[[ELEMENT]]] [2, %[[ELEMENTS]]] [1, 1] : tensor<6x96xbf16>
// CHECK-DAG:         tensor.extract_slice %{{.*}}[%[[BLOCK]], 0, 0] [%[[WIDTH]], 32, 32] [1, 1, 1] : tensor<3x32x32xbf16>
// CHECK:             fp4.block_transform ins(%{{.*}} : tensor<2x?xbf16>) transform(%{{.*}} : tensor<?x32x32xbf16>)
func.func @block_transform(%x: tensor<6x96xbf16>, %t: tensor<3x32x32xbf16>, %o: tensor<6x96xbf16>) -> tensor<6x96xbf16> {
  %0 = fp4.block_transform ins(%x : tensor<6x96xbf16>) transform(%t : tensor<3x32x32xbf16>) outs(%o : tensor<6x96xbf16>)
  return %0 : tensor<6x96xbf16>
}

// A shared matrix goes to every tile.
// CHECK-LABEL: func.func @shared_transform(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<32x32xbf16>
// CHECK:         fp4.block_transform ins(%{{.*}} : tensor<2x64xbf16>) transform(%[[T]] : tensor<32x32xbf16>)
func.func @shared_transform(%t: tensor<32x32xbf16>, %x: tensor<6x128xbf16>, %o: tensor<6x128xbf16>) -> tensor<6x128xbf16> {
  %0 = fp4.block_transform ins(%x : tensor<6x128xbf16>) transform(%t : tensor<32x32xbf16>) outs(%o : tensor<6x128xbf16>)
  return %0 : tensor<6x128xbf16>
}

// With three loops the groups are the third, which is not tiled here.
// CHECK-LABEL: func.func @dequantize(
// CHECK-NOT:     scf.for
// CHECK:         scf.for %[[ROW:.*]] = %c0 to %c5 step %c2
// CHECK:           %[[HEIGHT:.*]] = affine.min #[[OF5]](%[[ROW]])
// CHECK-NOT:       scf.for
// CHECK:           tensor.extract_slice %{{.*}}[0, %[[ROW]], 0] [2, %[[HEIGHT]], 48] [1, 1, 1] : tensor<2x5x48xf4E2M1FN>
// CHECK:           tensor.extract_slice %{{.*}}[0, %[[ROW]], 0] [2, %[[HEIGHT]], 3] [1, 1, 1] : tensor<2x5x3xf8E4M3FN>
func.func @dequantize(%c: tensor<2x5x48xf4E2M1FN>, %s: tensor<2x5x3xf8E4M3FN>, %g: f32, %o: tensor<2x5x48xf32>) -> tensor<2x5x48xf32> {
  %0 = fp4.dequantize group_size(16) ins(%c, %s : tensor<2x5x48xf4E2M1FN>, tensor<2x5x3xf8E4M3FN>)
      global_scale(%g) outs(%o : tensor<2x5x48xf32>)
  return %0 : tensor<2x5x48xf32>
}

// Rows of the left-hand side and of the right-hand side; all of K.
// CHECK-LABEL: func.func @scaled_matmul(
// CHECK:         scf.for %[[ROW:.*]] = %c0 to %[[M:.*]] step %c2
// CHECK:           scf.for %[[N:.*]] = %c0 to %c50 step %c2
// CHECK-DAG:         %[[HEIGHT:.*]] = affine.min #[[ROWS]](%[[ROW]])[%[[M]]]
// CHECK-DAG:         %[[A:.*]] = tensor.extract_slice %{{.*}}[%[[ROW]], 0] [%[[HEIGHT]], 64] [1, 1] : tensor<?x64xi8>
// CHECK-DAG:         %[[SA:.*]] = tensor.extract_slice %{{.*}}[%[[ROW]], 0] [%[[HEIGHT]], 4] [1, 1] : tensor<?x4xf8E8M0FNU>
// CHECK-DAG:         %[[B:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [2, 64] [1, 1] : tensor<50x64xi8>
// CHECK-DAG:         %[[SB:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [2, 4] [1, 1] : tensor<50x4xf8E8M0FNU>
// CHECK-DAG:         %[[O:.*]] = tensor.extract_slice %{{.*}}[%[[ROW]], %[[N]]] [%[[HEIGHT]], 2] [1, 1] : tensor<?x50xf32>
// CHECK:             fp4.scaled_matmul group_size(32) lhs(%[[A]], %[[SA]] : {{.*}}) rhs(%[[B]], %[[SB]] : {{.*}}) alpha(%{{.*}}) outs(%[[O]] : tensor<?x2xf32>)
func.func @scaled_matmul(%a: tensor<?x64xi8>, %s: tensor<?x4xf8E8M0FNU>, %b: tensor<50x64xi8>,
    %sb: tensor<50x4xf8E8M0FNU>, %g: f32, %o: tensor<?x50xf32>) -> tensor<?x50xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<?x64xi8>, tensor<?x4xf8E8M0FNU>)
      rhs(%b, %sb : tensor<50x64xi8>, tensor<50x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<?x50xf32>)
  return %0 : tensor<?x50xf32>
}

// The unit of a layout change is a tile of 128 x 4 scales; the last may be cut off.
// CHECK-LABEL: func.func @convert_scale_layout(
// CHECK:         scf.for %[[TILE:.*]] = %c0 to %c3 step %c2
// CHECK-DAG:       %[[WIDTH:.*]] = affine.min #[[OF3]](%[[TILE]])
// CHECK-DAG:       %[[COLUMN:.*]] = affine.apply #{{.*}}(%[[TILE]])
// CHECK-DAG:       %[[COLUMNS:.*]] = affine.min #[[LAYOUT]](%[[WIDTH]], %[[TILE]])
// CHECK:           tensor.extract_slice %{{.*}}[0, %[[COLUMN]]] [200, %[[COLUMNS]]] [1, 1] : tensor<200x9xf8E8M0FNU>
// CHECK:           tensor.extract_slice %{{.*}}[0, %[[TILE]], 0, 0, 0] [2, %[[WIDTH]], 32, 4, 4] [1, 1, 1, 1, 1]
func.func @convert_scale_layout(%s: tensor<200x9xf8E8M0FNU>, %o: tensor<2x3x32x4x4xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<200x9xf8E8M0FNU>) outs(%o : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %0 : tensor<2x3x32x4x4xf8E8M0FNU>
}

// Rows and groups; codes are packed, 8 bytes a group.
// CHECK-LABEL: func.func @absorb_scale_signs(
// CHECK:         scf.for %[[ROW:.*]] = %c0 to %c5 step %c2
// CHECK:           scf.for %[[GROUP:.*]] = %c0 to %c3 step %c2
// CHECK-DAG:         %[[HEIGHT:.*]] = affine.min #[[OF5]](%[[ROW]])
// CHECK-DAG:         %[[WIDTH:.*]] = affine.min #[[OF3]](%[[GROUP]])
// CHECK-DAG:         %[[BYTE:.*]] = affine.apply #[[BY8]](%[[GROUP]])
// CHECK-DAG:         %[[BYTES:.*]] = affine.apply #[[BY8]](%[[WIDTH]])
// CHECK-DAG:         tensor.extract_slice %{{.*}}[%[[ROW]], %[[BYTE]]] [%[[HEIGHT]], %[[BYTES]]] [1, 1] : tensor<5x24xi8>
// CHECK-DAG:         tensor.extract_slice %{{.*}}[%[[ROW]], %[[GROUP]]] [%[[HEIGHT]], %[[WIDTH]]] [1, 1] : tensor<5x3xf8E4M3FN>
// CHECK:             %[[R:.*]]:2 = fp4.absorb_scale_signs group_size(16) ins(%{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?x?xf8E4M3FN>)
// CHECK:             tensor.insert_slice %[[R]]#0 into %{{.*}}[%[[ROW]], %[[BYTE]]] [%[[HEIGHT]], %[[BYTES]]] [1, 1]
// CHECK:             tensor.insert_slice %[[R]]#1 into %{{.*}}[%[[ROW]], %[[GROUP]]] [%[[HEIGHT]], %[[WIDTH]]] [1, 1]
func.func @absorb_scale_signs(%c: tensor<5x24xi8>, %s: tensor<5x3xf8E4M3FN>, %co: tensor<5x24xi8>, %so: tensor<5x3xf8E4M3FN>)
    -> (tensor<5x24xi8>, tensor<5x3xf8E4M3FN>) {
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<5x24xi8>, tensor<5x3xf8E4M3FN>)
      outs(%co, %so : tensor<5x24xi8>, tensor<5x3xf8E4M3FN>)
  return %0#0, %0#1 : tensor<5x24xi8>, tensor<5x3xf8E4M3FN>
}

transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
  %ops = transform.structured.match ops{["fp4.quantize_pack", "fp4.quantize_with_scales", "fp4.block_transform",
      "fp4.dequantize", "fp4.scaled_matmul", "fp4.convert_scale_layout",
      "fp4.absorb_scale_signs"]} in %root : (!transform.any_op) -> !transform.any_op
  transform.foreach %ops : !transform.any_op {
  ^bb0(%op: !transform.any_op):
    %tile, %loops:2 = transform.structured.tile_using_for %op tile_sizes [2, 2]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
  }
  transform.yield
}
}
