// Every op in every form that it has: what is printed is read back as the same IR, from the custom, the
// generic and the bytecode form.

// RUN: fp4-opt %s | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --mlir-print-op-generic | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --emit-bytecode | fp4-opt | FileCheck %s
// RUN: fp4-opt %s --verify-roundtrip -o /dev/null

// The defaults are not printed: no transform, rounding to even.
// CHECK-LABEL: func.func @quant_linear(
// CHECK-NEXT:    fp4.quant_linear group_size(32) ins(%{{.*}} : tensor<?x64xbf16>)
// CHECK-SAME:      weight(%{{.*}}, %{{.*}} : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
// CHECK-SAME:      weight_global_scale(%[[WG:.*]]) activation_global_scale(%[[AG:.*]]) activation_scale_scale(%[[AS:.*]]) -> tensor<?x48xbf16>
func.func @quant_linear(
    %x: tensor<?x64xbf16> {fp4.name = "x"},
    %w: tensor<48x64xf4E2M1FN> {fp4.param = "up.e2m1"},
    %ws: tensor<48x2xf8E8M0FNU> {fp4.param = "up.scale_quant"},
    %wg: f32, %ag: f32, %as: f32) -> (tensor<?x48xbf16> {fp4.name = "y"}) {
  %y = fp4.quant_linear group_size(32) rounding(even) ins(%x : tensor<?x64xbf16>)
      weight(%w, %ws : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%wg) activation_global_scale(%ag)
      activation_scale_scale(%as) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}

// The transform may be of another type and block than the rest; the result's type is free too.
// CHECK-LABEL: func.func @quant_linear_shared_transform(
// CHECK-NEXT:    fp4.quant_linear group_size(16) rounding(zero) ins(%{{.*}} : tensor<64xf16>)
// CHECK-SAME:      weight(%{{.*}}, %{{.*}} : tensor<48x32xi8>, tensor<48x4xf8E4M3FN>)
// CHECK-SAME:      transform(%{{.*}} : tensor<8x8xf32>)
// CHECK-SAME:      -> tensor<48xf32>
func.func @quant_linear_shared_transform(%x: tensor<64xf16>, %w: tensor<48x32xi8>,
    %ws: tensor<48x4xf8E4M3FN>, %t: tensor<8x8xf32>, %s: f32) -> tensor<48xf32> {
  %y = fp4.quant_linear group_size(16) rounding(zero) ins(%x : tensor<64xf16>)
      weight(%w, %ws : tensor<48x32xi8>, tensor<48x4xf8E4M3FN>)
      transform(%t : tensor<8x8xf32>)
      weight_global_scale(%s) activation_global_scale(%s)
      activation_scale_scale(%s) -> tensor<48xf32>
  return %y : tensor<48xf32>
}

// One matrix a block, blocked weight scales, four dimensions, an attribute of the user.
// CHECK-LABEL: func.func @quant_linear_block_transform(
// CHECK-NEXT:    fp4.quant_linear group_size(2) rounding(down) ins(%{{.*}} : tensor<2x?x0x256xf32>)
// CHECK-SAME:      tensor<129x256xf4E2M1FN>, tensor<2x32x32x4x4xf8E8M0FNU>)
// CHECK-SAME:      transform(%{{.*}} : tensor<2x128x128xbf16>)
// CHECK-SAME:      {user.note} -> tensor<2x?x0x129xf16>
func.func @quant_linear_block_transform(%x: tensor<2x?x0x256xf32>, %w: tensor<129x256xf4E2M1FN>,
    %ws: tensor<2x32x32x4x4xf8E8M0FNU>, %t: tensor<2x128x128xbf16>, %s: f32) -> tensor<2x?x0x129xf16> {
  %y = fp4.quant_linear group_size(2) rounding(down) ins(%x : tensor<2x?x0x256xf32>)
      weight(%w, %ws : tensor<129x256xf4E2M1FN>, tensor<2x32x32x4x4xf8E8M0FNU>)
      transform(%t : tensor<2x128x128xbf16>)
      weight_global_scale(%s) activation_global_scale(%s)
      activation_scale_scale(%s) {user.note} -> tensor<2x?x0x129xf16>
  return %y : tensor<2x?x0x129xf16>
}

// Any dimension may be dynamic, but for the matrix of a transform.
// CHECK-LABEL: func.func @quant_linear_dynamic(
// CHECK-NEXT:    fp4.quant_linear group_size(128) rounding(up) ins(%{{.*}} : tensor<?x?x?xf32>)
// CHECK-SAME:      tensor<?x?xi8>, tensor<?x?xf8E4M3FN>)
// CHECK-SAME:      transform(%{{.*}} : tensor<?x16x16xf16>)
// CHECK-SAME:      -> tensor<?x?x?xf32>
func.func @quant_linear_dynamic(%x: tensor<?x?x?xf32>, %w: tensor<?x?xi8>,
    %ws: tensor<?x?xf8E4M3FN>, %t: tensor<?x16x16xf16>, %s: f32) -> tensor<?x?x?xf32> {
  %y = fp4.quant_linear group_size(128) rounding(up) ins(%x : tensor<?x?x?xf32>)
      weight(%w, %ws : tensor<?x?xi8>, tensor<?x?xf8E4M3FN>)
      transform(%t : tensor<?x16x16xf16>)
      weight_global_scale(%s) activation_global_scale(%s)
      activation_scale_scale(%s) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// On tensors an op has a result for each destination, on memrefs none.
// CHECK-LABEL: func.func @block_transform(
// CHECK-NEXT:    %[[Y:.*]] = fp4.block_transform ins(%{{.*}} : tensor<?x128xf32>) transform(%{{.*}} : tensor<2x64x64xbf16>) outs(%{{.*}} : tensor<?x128xf32>)
// CHECK-NEXT:    return %[[Y]] : tensor<?x128xf32>
func.func @block_transform(%x: tensor<?x128xf32>, %t: tensor<2x64x64xbf16>,
    %out: tensor<?x128xf32>) -> tensor<?x128xf32> {
  %y = fp4.block_transform ins(%x : tensor<?x128xf32>)
      transform(%t : tensor<2x64x64xbf16>) outs(%out : tensor<?x128xf32>)
  return %y : tensor<?x128xf32>
}

// CHECK-LABEL: func.func @block_transform_memref(
// CHECK-NEXT:    fp4.block_transform ins(%{{.*}} : memref<1x1x1x6xbf16>) transform(%{{.*}} : memref<3x3xf16>) outs(%{{.*}} : memref<1x1x1x6xbf16>)
func.func @block_transform_memref(%x: memref<1x1x1x6xbf16>, %t: memref<3x3xf16>,
    %out: memref<1x1x1x6xbf16>) {
  fp4.block_transform ins(%x : memref<1x1x1x6xbf16>)
      transform(%t : memref<3x3xf16>) outs(%out : memref<1x1x1x6xbf16>)
  return
}

// CHECK-LABEL: func.func @quantize_pack(
// CHECK-NEXT:    %[[R:.*]]:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%{{.*}} : tensor<?x64xbf16>) global_scale(%[[GS:.*]]) scale_scale(%[[SS:.*]]) outs(%{{.*}}, %{{.*}} : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
// CHECK-NEXT:    return %[[R]]#0, %[[R]]#1
func.func @quantize_pack(%x: tensor<?x64xbf16>, %gs: f32, %ss: f32,
    %c: tensor<?x64xf4E2M1FN>, %s: tensor<?x4xf8E4M3FN>)
    -> (tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) {
  %codes, %scales = fp4.quantize_pack group_size(16) rounding(up)
      ins(%x : tensor<?x64xbf16>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
  return %codes, %scales : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>
}

// CHECK-LABEL: func.func @quantize_pack_blocked(
// CHECK-NEXT:    fp4.quantize_pack group_size(32) ins(%{{.*}} : tensor<?x?xf32>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?x?x32x4x4xf8E8M0FNU>)
func.func @quantize_pack_blocked(%x: tensor<?x?xf32>, %gs: f32, %ss: f32,
    %c: tensor<?x?xi8>, %s: tensor<?x?x32x4x4xf8E8M0FNU>)
    -> (tensor<?x?xi8>, tensor<?x?x32x4x4xf8E8M0FNU>) {
  %codes, %scales = fp4.quantize_pack group_size(32)
      ins(%x : tensor<?x?xf32>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : tensor<?x?xi8>, tensor<?x?x32x4x4xf8E8M0FNU>)
  return %codes, %scales : tensor<?x?xi8>, tensor<?x?x32x4x4xf8E8M0FNU>
}

// A memref may be strided and in any memory space.
// CHECK-LABEL: func.func @quantize_pack_memref(
// CHECK-NEXT:    fp4.quantize_pack group_size(32) rounding(down) ins(%{{.*}} : memref<4x32xf16, strided<[?, 1], offset: ?>>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : memref<4x16xi8, 3>, memref<4x1xf8E8M0FNU>)
func.func @quantize_pack_memref(%x: memref<4x32xf16, strided<[?, 1], offset: ?>>, %gs: f32, %ss: f32,
    %c: memref<4x16xi8, 3>, %s: memref<4x1xf8E8M0FNU>) {
  fp4.quantize_pack group_size(32) rounding(down)
      ins(%x : memref<4x32xf16, strided<[?, 1], offset: ?>>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : memref<4x16xi8, 3>, memref<4x1xf8E8M0FNU>)
  return
}

// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK-NEXT:    %[[C:.*]] = fp4.quantize_with_scales group_size(32) ins(%{{.*}}, %{{.*}} : tensor<64xf32>, tensor<2xf8E8M0FNU>) global_scale(%{{.*}}) outs(%{{.*}} : tensor<64xf4E2M1FN>)
// CHECK-NEXT:    return %[[C]]
func.func @quantize_with_scales(%x: tensor<64xf32>, %s: tensor<2xf8E8M0FNU>, %gs: f32,
    %c: tensor<64xf4E2M1FN>) -> tensor<64xf4E2M1FN> {
  %codes = fp4.quantize_with_scales group_size(32)
      ins(%x, %s : tensor<64xf32>, tensor<2xf8E8M0FNU>)
      global_scale(%gs) outs(%c : tensor<64xf4E2M1FN>)
  return %codes : tensor<64xf4E2M1FN>
}

// CHECK-LABEL: func.func @quantize_with_scales_memref(
// CHECK-NEXT:    fp4.quantize_with_scales group_size(16) rounding(zero) ins(%{{.*}}, %{{.*}} : memref<8x64xbf16>, memref<1x1x32x4x4xf8E4M3FN>) global_scale(%{{.*}}) outs(%{{.*}} : memref<8x32xi8>)
func.func @quantize_with_scales_memref(%x: memref<8x64xbf16>, %s: memref<1x1x32x4x4xf8E4M3FN>,
    %gs: f32, %c: memref<8x32xi8>) {
  fp4.quantize_with_scales group_size(16) rounding(zero)
      ins(%x, %s : memref<8x64xbf16>, memref<1x1x32x4x4xf8E4M3FN>)
      global_scale(%gs) outs(%c : memref<8x32xi8>)
  return
}

// CHECK-LABEL: func.func @dequantize(
// CHECK-NEXT:    %[[X:.*]] = fp4.dequantize group_size(16) ins(%{{.*}}, %{{.*}} : tensor<2x3x8x32xi8>, tensor<2x3x8x4xf8E4M3FN>) global_scale(%{{.*}}) outs(%{{.*}} : tensor<2x3x8x64xbf16>)
// CHECK-NEXT:    return %[[X]]
func.func @dequantize(%c: tensor<2x3x8x32xi8>, %s: tensor<2x3x8x4xf8E4M3FN>, %gs: f32,
    %out: tensor<2x3x8x64xbf16>) -> tensor<2x3x8x64xbf16> {
  %x = fp4.dequantize group_size(16)
      ins(%c, %s : tensor<2x3x8x32xi8>, tensor<2x3x8x4xf8E4M3FN>)
      global_scale(%gs) outs(%out : tensor<2x3x8x64xbf16>)
  return %x : tensor<2x3x8x64xbf16>
}

// CHECK-LABEL: func.func @dequantize_memref(
// CHECK-NEXT:    fp4.dequantize group_size(32) ins(%{{.*}}, %{{.*}} : memref<?x16xi8>, memref<?x1xf8E8M0FNU>) global_scale(%{{.*}}) outs(%{{.*}} : memref<?x32xf16>)
func.func @dequantize_memref(%c: memref<?x16xi8>, %s: memref<?x1xf8E8M0FNU>, %gs: f32,
    %out: memref<?x32xf16>) {
  fp4.dequantize group_size(32) ins(%c, %s : memref<?x16xi8>, memref<?x1xf8E8M0FNU>)
      global_scale(%gs) outs(%out : memref<?x32xf16>)
  return
}

// CHECK-LABEL: func.func @scaled_matmul(
// CHECK-NEXT:    %[[Y:.*]] = fp4.scaled_matmul group_size(16) lhs(%{{.*}}, %{{.*}} : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) rhs(%{{.*}}, %{{.*}} : tensor<48x64xf4E2M1FN>, tensor<48x4xf8E4M3FN>) alpha(%{{.*}}) outs(%{{.*}} : tensor<?x48xf32>)
// CHECK-NEXT:    return %[[Y]]
func.func @scaled_matmul(%a: tensor<?x64xf4E2M1FN>, %sa: tensor<?x4xf8E4M3FN>,
    %b: tensor<48x64xf4E2M1FN>, %sb: tensor<48x4xf8E4M3FN>, %alpha: f32,
    %out: tensor<?x48xf32>) -> tensor<?x48xf32> {
  %y = fp4.scaled_matmul group_size(16)
      lhs(%a, %sa : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
      rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<48x4xf8E4M3FN>)
      alpha(%alpha) outs(%out : tensor<?x48xf32>)
  return %y : tensor<?x48xf32>
}

// The layouts of the two sides are independent, where the codes have rank 2.
// CHECK-LABEL: func.func @scaled_matmul_blocked(
// CHECK-NEXT:    fp4.scaled_matmul group_size(32) lhs(%{{.*}}, %{{.*}} : tensor<130x64xi8>, tensor<2x1x32x4x4xf8E8M0FNU>) rhs(%{{.*}}, %{{.*}} : tensor<48x64xi8>, tensor<48x4xf8E8M0FNU>)
func.func @scaled_matmul_blocked(%a: tensor<130x64xi8>, %sa: tensor<2x1x32x4x4xf8E8M0FNU>,
    %b: tensor<48x64xi8>, %sb: tensor<48x4xf8E8M0FNU>, %alpha: f32,
    %out: tensor<130x48xbf16>) -> tensor<130x48xbf16> {
  %y = fp4.scaled_matmul group_size(32)
      lhs(%a, %sa : tensor<130x64xi8>, tensor<2x1x32x4x4xf8E8M0FNU>)
      rhs(%b, %sb : tensor<48x64xi8>, tensor<48x4xf8E8M0FNU>)
      alpha(%alpha) outs(%out : tensor<130x48xbf16>)
  return %y : tensor<130x48xbf16>
}

// A left-hand side of rank 5 has scales of rank 5 that are not blocked.
// CHECK-LABEL: func.func @scaled_matmul_rank_5(
// CHECK-NEXT:    fp4.scaled_matmul group_size(32) lhs(%{{.*}}, %{{.*}} : tensor<1x2x3x4x64xf4E2M1FN>, tensor<1x2x3x4x2xf8E8M0FNU>)
func.func @scaled_matmul_rank_5(%a: tensor<1x2x3x4x64xf4E2M1FN>, %sa: tensor<1x2x3x4x2xf8E8M0FNU>,
    %b: tensor<48x64xf4E2M1FN>, %sb: tensor<1x1x32x4x4xf8E8M0FNU>, %alpha: f32,
    %out: tensor<1x2x3x4x48xf16>) -> tensor<1x2x3x4x48xf16> {
  %y = fp4.scaled_matmul group_size(32)
      lhs(%a, %sa : tensor<1x2x3x4x64xf4E2M1FN>, tensor<1x2x3x4x2xf8E8M0FNU>)
      rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<1x1x32x4x4xf8E8M0FNU>)
      alpha(%alpha) outs(%out : tensor<1x2x3x4x48xf16>)
  return %y : tensor<1x2x3x4x48xf16>
}

// CHECK-LABEL: func.func @scaled_matmul_memref(
// CHECK-NEXT:    fp4.scaled_matmul group_size(128) lhs(%{{.*}}, %{{.*}} : memref<64xi8>, memref<1xf8E8M0FNU>) rhs(%{{.*}}, %{{.*}} : memref<?x64xi8>, memref<?x1xf8E8M0FNU>) alpha(%{{.*}}) outs(%{{.*}} : memref<?xf32>)
func.func @scaled_matmul_memref(%a: memref<64xi8>, %sa: memref<1xf8E8M0FNU>,
    %b: memref<?x64xi8>, %sb: memref<?x1xf8E8M0FNU>, %alpha: f32, %out: memref<?xf32>) {
  fp4.scaled_matmul group_size(128) lhs(%a, %sa : memref<64xi8>, memref<1xf8E8M0FNU>)
      rhs(%b, %sb : memref<?x64xi8>, memref<?x1xf8E8M0FNU>)
      alpha(%alpha) outs(%out : memref<?xf32>)
  return
}

// CHECK-LABEL: func.func @convert_scale_layout(
// CHECK-NEXT:    %[[B:.*]] = fp4.convert_scale_layout ins(%{{.*}} : tensor<200x9xf8E8M0FNU>) outs(%{{.*}} : tensor<2x3x32x4x4xf8E8M0FNU>)
// CHECK-NEXT:    return %[[B]]
func.func @convert_scale_layout(%s: tensor<200x9xf8E8M0FNU>,
    %out: tensor<2x3x32x4x4xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %blocked = fp4.convert_scale_layout ins(%s : tensor<200x9xf8E8M0FNU>)
      outs(%out : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %blocked : tensor<2x3x32x4x4xf8E8M0FNU>
}

// CHECK-LABEL: func.func @convert_scale_layout_memref(
// CHECK-NEXT:    fp4.convert_scale_layout ins(%{{.*}} : memref<?x?x32x4x4xf8E4M3FN>) outs(%{{.*}} : memref<?x?xf8E4M3FN>)
func.func @convert_scale_layout_memref(%s: memref<?x?x32x4x4xf8E4M3FN>, %out: memref<?x?xf8E4M3FN>) {
  fp4.convert_scale_layout ins(%s : memref<?x?x32x4x4xf8E4M3FN>)
      outs(%out : memref<?x?xf8E4M3FN>)
  return
}

// CHECK-LABEL: func.func @absorb_scale_signs(
// CHECK-NEXT:    %[[R:[a-z0-9]+]]:2 = fp4.absorb_scale_signs group_size(16) ins(%{{[a-z0-9]+}}, %{{[a-z0-9]+}} : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>) {strategy = "simt", user.note}
// CHECK-NEXT:    return %[[R]]#0, %[[R]]#1
func.func @absorb_scale_signs(%c: tensor<8x64xf4E2M1FN>, %s: tensor<8x4xf8E4M3FN>,
    %co: tensor<8x64xf4E2M1FN>, %so: tensor<8x4xf8E4M3FN>) -> (tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>) {
  %codes, %scales = fp4.absorb_scale_signs group_size(16)
      ins(%c, %s : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>)
      outs(%co, %so : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>) {strategy = "simt", user.note}
  return %codes, %scales : tensor<8x64xf4E2M1FN>, tensor<8x4xf8E4M3FN>
}

// Packed codes, of three dimensions, each of which may be dynamic.
// CHECK-LABEL: func.func @absorb_scale_signs_dynamic(
// CHECK-NEXT:    fp4.absorb_scale_signs group_size(2) ins(%[[C:[a-z0-9]+]], %[[S:[a-z0-9]+]] : tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>)
// CHECK-SAME:      outs(%[[C]], %[[S]] : tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>){{$}}
func.func @absorb_scale_signs_dynamic(%c: tensor<?x?x?xi8>, %s: tensor<?x2x?xf8E4M3FN>)
    -> (tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>) {
  %codes, %scales = fp4.absorb_scale_signs group_size(2)
      ins(%c, %s : tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>)
      outs(%c, %s : tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>)
  return %codes, %scales : tensor<?x?x?xi8>, tensor<?x2x?xf8E4M3FN>
}

// CHECK-LABEL: func.func @absorb_scale_signs_memref(
// CHECK-NEXT:    fp4.absorb_scale_signs group_size(128) ins(%{{[a-z0-9]+}}, %{{[a-z0-9]+}} : memref<64xi8>, memref<?xf8E4M3FN>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : memref<?xi8, strided<[?], offset: ?>>, memref<1xf8E4M3FN>){{$}}
func.func @absorb_scale_signs_memref(%c: memref<64xi8>, %s: memref<?xf8E4M3FN>,
    %co: memref<?xi8, strided<[?], offset: ?>>, %so: memref<1xf8E4M3FN>) {
  fp4.absorb_scale_signs group_size(128) ins(%c, %s : memref<64xi8>, memref<?xf8E4M3FN>)
      outs(%co, %so : memref<?xi8, strided<[?], offset: ?>>, memref<1xf8E4M3FN>)
  return
}
