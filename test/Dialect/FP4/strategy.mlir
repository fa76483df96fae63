// Strategies are attributes of the ops: what is printed is read back, and every pass that takes an op apart or rebuilds
// it hands them on. Nothing here knows which names there are.

// RUN: fp4-opt %s | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: fp4-opt %s --mlir-print-op-generic | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --emit-bytecode | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --fp4-pack-codes | FileCheck %s --implicit-check-not=f4E2M1FN
// RUN: fp4-opt %s --fp4-materialize-scale-layouts | FileCheck %s
// RUN: fp4-opt %s --fp4-decompose-quant-linear | FileCheck %s --check-prefix=PARTS
// RUN: fp4-opt %s --fp4-pack-codes --transform-interpreter | FileCheck %s --check-prefix=TILES
// RUN: fp4-opt %s --fp4-decompose-quant-linear --fp4-materialize-scale-layouts --fp4-pack-codes \
// RUN:   --one-shot-bufferize=bufferize-function-boundaries | FileCheck %s --check-prefix=BUFFERS

module attributes {transform.with_named_sequence} {

// CHECK-LABEL:   func.func @layer(
// CHECK:           fp4.quant_linear {{.*}} activation_scale_scale(%{{.*}}) {matmul_strategy = "m", quantize_strategy = "q"} -> tensor<2x48xf32>
// GENERIC:         "fp4.quant_linear"{{.*}} <{group_size = 32 : i64, matmul_strategy = "m", quantize_strategy = "q"
// PARTS-LABEL:   func.func @layer(
// PARTS:           fp4.block_transform {{.*}} {strategy = "q"}
// PARTS:           fp4.quantize_pack {{.*}} {strategy = "q"}
// PARTS:           fp4.scaled_matmul {{.*}} {strategy = "m"}
// BUFFERS-LABEL: func.func @layer(
// BUFFERS:         fp4.block_transform {{.*}} {strategy = "q"}
// BUFFERS:         fp4.quantize_pack {{.*}} {strategy = "q"}
// BUFFERS:         fp4.scaled_matmul {{.*}} {strategy = "m"}
func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E8M0FNU>,
    %t: tensor<8x8xf32>, %g: f32) -> tensor<2x48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<1x1x32x4x4xf8E8M0FNU>) transform(%t : tensor<8x8xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "m", quantize_strategy = "q"} -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// What nobody asked for stays open.
// PARTS-LABEL: func.func @half(
// PARTS:         fp4.quantize_pack
// PARTS-NOT:     strategy
// PARTS:         fp4.scaled_matmul {{.*}} {strategy = "m"}
func.func @half(%x: tensor<2x64xf32>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> tensor<2x48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "m"} -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// CHECK-LABEL:   func.func @ops(
// CHECK:           fp4.block_transform {{.*}} {strategy = "a"}
// CHECK:           fp4.quantize_pack {{.*}} {strategy = "b"}
// CHECK:           fp4.quantize_with_scales {{.*}} {strategy = "c"}
// CHECK:           fp4.dequantize {{.*}} {strategy = "d"}
// CHECK:           fp4.scaled_matmul {{.*}} {strategy = "e"}
// CHECK:           fp4.convert_scale_layout {{.*}} {strategy = "f"}
// GENERIC:         "fp4.block_transform"{{.*}} <{strategy = "a"}>
// GENERIC:         "fp4.quantize_pack"{{.*}} strategy = "b"}>
// GENERIC:         "fp4.quantize_with_scales"{{.*}} strategy = "c"}>
// GENERIC:         "fp4.dequantize"{{.*}} strategy = "d"}>
// GENERIC:         "fp4.scaled_matmul"{{.*}} strategy = "e"}>
// GENERIC:         "fp4.convert_scale_layout"{{.*}} <{strategy = "f"}>
// TILES-LABEL:   func.func @ops(
// TILES:           scf.for
// TILES:             fp4.block_transform {{.*}} {strategy = "a"}
// TILES:           scf.for
// TILES:             fp4.quantize_pack {{.*}} {strategy = "b"}
// TILES:           scf.for
// TILES:             fp4.quantize_with_scales {{.*}} {strategy = "c"}
// TILES:           scf.for
// TILES:             fp4.dequantize {{.*}} {strategy = "d"}
// TILES:           scf.for
// TILES:             fp4.scaled_matmul {{.*}} {strategy = "e"}
// TILES:           scf.for
// TILES:             fp4.convert_scale_layout {{.*}} {strategy = "f"}
func.func @ops(%x: tensor<4x64xf32>, %t: tensor<8x8xf32>, %c: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>,
    %w: tensor<48x64xf4E2M1FN>, %ws: tensor<48x2xf8E8M0FNU>, %o: tensor<4x48xf32>,
    %b: tensor<1x1x32x4x4xf8E8M0FNU>, %g: f32)
    -> (tensor<4x64xf4E2M1FN>, tensor<4x64xf32>, tensor<4x48xf32>, tensor<1x1x32x4x4xf8E8M0FNU>) {
  %0 = fp4.block_transform ins(%x : tensor<4x64xf32>) transform(%t : tensor<8x8xf32>) outs(%x : tensor<4x64xf32>)
      {strategy = "a"}
  %1:2 = fp4.quantize_pack group_size(32) ins(%0 : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) {strategy = "b"}
  %2 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<4x64xf32>, tensor<4x2xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<4x64xf4E2M1FN>) {strategy = "c"}
  %3 = fp4.dequantize group_size(32) ins(%1#0, %1#1 : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      global_scale(%g) outs(%x : tensor<4x64xf32>) {strategy = "d"}
  %4 = fp4.scaled_matmul group_size(32) lhs(%1#0, %1#1 : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      rhs(%w, %ws : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<4x48xf32>)
      {strategy = "e"}
  %5 = fp4.convert_scale_layout ins(%s : tensor<4x2xf8E8M0FNU>) outs(%b : tensor<1x1x32x4x4xf8E8M0FNU>)
      {strategy = "f"}
  return %2, %3, %4, %5 : tensor<4x64xf4E2M1FN>, tensor<4x64xf32>, tensor<4x48xf32>, tensor<1x1x32x4x4xf8E8M0FNU>
}

// CHECK-LABEL:   func.func @signs(
// CHECK:           fp4.absorb_scale_signs {{.*}} {strategy = "g"}
// GENERIC-LABEL:   sym_name = "signs"
// GENERIC:         "fp4.absorb_scale_signs"{{.*}} strategy = "g"}>
// TILES-LABEL:   func.func @signs(
// TILES:           scf.for
// TILES:             fp4.absorb_scale_signs {{.*}} {strategy = "g"}
// BUFFERS-LABEL: func.func @signs(
// BUFFERS:         fp4.absorb_scale_signs {{.*}} {strategy = "g"}
func.func @signs(%c: tensor<4x64xf4E2M1FN>, %s: tensor<4x4xf8E4M3FN>) -> (tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>) {
  %0:2 = fp4.absorb_scale_signs group_size(16) ins(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>)
      outs(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>) {strategy = "g"}
  return %0#0, %0#1 : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>
}

transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
  %ops = transform.structured.match ops{["fp4.quantize_pack", "fp4.quantize_with_scales", "fp4.block_transform",
      "fp4.dequantize", "fp4.scaled_matmul", "fp4.convert_scale_layout",
      "fp4.absorb_scale_signs"]} in %root : (!transform.any_op) -> !transform.any_op
  transform.foreach %ops : !transform.any_op {
  ^bb0(%op: !transform.any_op):
    %tile, %loops:2 = transform.structured.tile_using_for %op tile_sizes [2, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
  }
  transform.yield
}
}
