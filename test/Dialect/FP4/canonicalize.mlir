// Folds, and what common subexpression and dead code elimination may do with the ops.

// RUN: fp4-opt %s --canonicalize --cse | FileCheck %s

// Row-major scales come back as they were, padding or not.
// CHECK-LABEL: func.func @to_blocked_and_back(
// CHECK-SAME:    %[[S:.*]]: tensor<200x9xf8E8M0FNU>
// CHECK-NEXT:    return %[[S]]
func.func @to_blocked_and_back(%s: tensor<200x9xf8E8M0FNU>) -> tensor<200x9xf8E8M0FNU> {
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %0 = fp4.convert_scale_layout ins(%s : tensor<200x9xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  %r = tensor.empty() : tensor<200x9xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<200x9xf8E8M0FNU>)
  return %1 : tensor<200x9xf8E8M0FNU>
}

// The blocked form of 200 and of 201 rows has one shape: this drops a row.
// CHECK-LABEL: func.func @to_blocked_and_back_smaller(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @to_blocked_and_back_smaller(%s: tensor<201x9xf8E8M0FNU>) -> tensor<200x9xf8E8M0FNU> {
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %0 = fp4.convert_scale_layout ins(%s : tensor<201x9xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  %r = tensor.empty() : tensor<200x9xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<200x9xf8E8M0FNU>)
  return %1 : tensor<200x9xf8E8M0FNU>
}

// Dynamic sizes that are provably the same.
// CHECK-LABEL: func.func @dynamic_equal(
// CHECK-SAME:    %[[S:.*]]: tensor<?x9xf8E4M3FN>
// CHECK-NEXT:    return %[[S]]
func.func @dynamic_equal(%s: tensor<?x9xf8E4M3FN>, %b: tensor<?x3x32x4x4xf8E4M3FN>) -> tensor<?x9xf8E4M3FN> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %s, %c0 : tensor<?x9xf8E4M3FN>
  %0 = fp4.convert_scale_layout ins(%s : tensor<?x9xf8E4M3FN>) outs(%b : tensor<?x3x32x4x4xf8E4M3FN>)
  %r = tensor.empty(%rows) : tensor<?x9xf8E4M3FN>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<?x3x32x4x4xf8E4M3FN>) outs(%r : tensor<?x9xf8E4M3FN>)
  return %1 : tensor<?x9xf8E4M3FN>
}

// Sizes that only look the same: types are equal, shapes need not be.
// CHECK-LABEL: func.func @dynamic_unknown(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @dynamic_unknown(%s: tensor<?x9xf8E4M3FN>, %b: tensor<?x3x32x4x4xf8E4M3FN>, %rows: index) -> tensor<?x9xf8E4M3FN> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<?x9xf8E4M3FN>) outs(%b : tensor<?x3x32x4x4xf8E4M3FN>)
  %r = tensor.empty(%rows) : tensor<?x9xf8E4M3FN>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<?x3x32x4x4xf8E4M3FN>) outs(%r : tensor<?x9xf8E4M3FN>)
  return %1 : tensor<?x9xf8E4M3FN>
}

// CHECK-LABEL: func.func @dynamic_unequal(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @dynamic_unequal(%s: tensor<?x9xf8E4M3FN>, %b: tensor<?x3x32x4x4xf8E4M3FN>) -> tensor<?x9xf8E4M3FN> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %s, %c0 : tensor<?x9xf8E4M3FN>
  %fewer = arith.subi %rows, %c1 : index
  %0 = fp4.convert_scale_layout ins(%s : tensor<?x9xf8E4M3FN>) outs(%b : tensor<?x3x32x4x4xf8E4M3FN>)
  %r = tensor.empty(%fewer) : tensor<?x9xf8E4M3FN>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<?x3x32x4x4xf8E4M3FN>) outs(%r : tensor<?x9xf8E4M3FN>)
  return %1 : tensor<?x9xf8E4M3FN>
}

// Blocked scales come back as they were only if all of them are scales, and none padding.
// CHECK-LABEL: func.func @to_row_major_and_back(
// CHECK-SAME:    %[[S:.*]]: tensor<2x3x32x4x4xf8E8M0FNU>
// CHECK-NEXT:    return %[[S]]
func.func @to_row_major_and_back(%s: tensor<2x3x32x4x4xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %r = tensor.empty() : tensor<256x12xf8E8M0FNU>
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<256x12xf8E8M0FNU>)
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<256x12xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %1 : tensor<2x3x32x4x4xf8E8M0FNU>
}

// Padding becomes zero, in rows or in columns.
// CHECK-LABEL: func.func @to_row_major_and_back_rows(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @to_row_major_and_back_rows(%s: tensor<2x3x32x4x4xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %r = tensor.empty() : tensor<255x12xf8E8M0FNU>
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<255x12xf8E8M0FNU>)
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<255x12xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %1 : tensor<2x3x32x4x4xf8E8M0FNU>
}

// CHECK-LABEL: func.func @to_row_major_and_back_columns(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @to_row_major_and_back_columns(%s: tensor<2x3x32x4x4xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %r = tensor.empty() : tensor<256x11xf8E8M0FNU>
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<256x11xf8E8M0FNU>)
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<256x11xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %1 : tensor<2x3x32x4x4xf8E8M0FNU>
}

// A number of rows that is not known may be no multiple of 128.
// CHECK-LABEL: func.func @to_row_major_and_back_dynamic(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @to_row_major_and_back_dynamic(%s: tensor<2x3x32x4x4xf8E8M0FNU>, %r: tensor<?x12xf8E8M0FNU>) -> tensor<2x3x32x4x4xf8E8M0FNU> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<2x3x32x4x4xf8E8M0FNU>) outs(%r : tensor<?x12xf8E8M0FNU>)
  %b = tensor.empty() : tensor<2x3x32x4x4xf8E8M0FNU>
  %1 = fp4.convert_scale_layout ins(%0 : tensor<?x12xf8E8M0FNU>) outs(%b : tensor<2x3x32x4x4xf8E8M0FNU>)
  return %1 : tensor<2x3x32x4x4xf8E8M0FNU>
}

// On memrefs the ops write: nothing folds.
// CHECK-LABEL: func.func @memref_layouts(
// CHECK-COUNT-2: fp4.convert_scale_layout
func.func @memref_layouts(%s: memref<128x4xf8E8M0FNU>, %b: memref<1x1x32x4x4xf8E8M0FNU>, %r: memref<128x4xf8E8M0FNU>) {
  fp4.convert_scale_layout ins(%s : memref<128x4xf8E8M0FNU>) outs(%b : memref<1x1x32x4x4xf8E8M0FNU>)
  fp4.convert_scale_layout ins(%b : memref<1x1x32x4x4xf8E8M0FNU>) outs(%r : memref<128x4xf8E8M0FNU>)
  return
}

// Two equal quantizations of a tensor are one; two that round differently are two.
// CHECK-LABEL: func.func @cse(
// CHECK:         %[[A:.*]]:2 = fp4.quantize_pack group_size(16) ins
// CHECK-NEXT:    %[[B:.*]]:2 = fp4.quantize_pack group_size(16) rounding(zero) ins
// CHECK-NEXT:    return %[[A]]#0, %[[A]]#1, %[[B]]#0
func.func @cse(%x: tensor<4x64xf32>, %g: f32, %c: tensor<4x64xf4E2M1FN>, %s: tensor<4x4xf8E4M3FN>)
    -> (tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>, tensor<4x64xf4E2M1FN>) {
  %0:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>)
  %1:2 = fp4.quantize_pack group_size(16) ins(%x : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>)
  %2:2 = fp4.quantize_pack group_size(16) rounding(zero) ins(%x : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>)
  return %0#0, %1#1, %2#0 : tensor<4x64xf4E2M1FN>, tensor<4x4xf8E4M3FN>, tensor<4x64xf4E2M1FN>
}

// What no one uses goes, with the layer as with its parts.
// CHECK-LABEL: func.func @dead(
// CHECK-NEXT:    return
func.func @dead(%x: tensor<4x64xf32>, %g: f32, %w: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>) {
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
  %1 = fp4.quant_linear group_size(32) ins(%x : tensor<4x64xf32>)
      weight(%w, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<4x4xf32>
  return
}

// On memrefs each is a write, and the second reads what is then in %x.
// CHECK-LABEL: func.func @memref_effects(
// CHECK-COUNT-2: fp4.quantize_pack
func.func @memref_effects(%x: memref<4x64xf32>, %g: f32, %c: memref<4x32xi8>, %s: memref<4x4xf8E4M3FN>) {
  fp4.quantize_pack group_size(16) ins(%x : memref<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : memref<4x32xi8>, memref<4x4xf8E4M3FN>)
  fp4.quantize_pack group_size(16) ins(%x : memref<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : memref<4x32xi8>, memref<4x4xf8E4M3FN>)
  return
}

// What an op writes is not what was there before.
// CHECK-LABEL: func.func @memref_loads(
// CHECK:         %[[BEFORE:.*]] = memref.load %[[OUT:.*]][
// CHECK-NEXT:    fp4.dequantize
// CHECK-NEXT:    %[[AFTER:.*]] = memref.load %[[OUT]][
// CHECK-NEXT:    return %[[BEFORE]], %[[AFTER]]
func.func @memref_loads(%c: memref<32xi8>, %s: memref<2xf8E8M0FNU>, %g: f32, %o: memref<64xf32>) -> (f32, f32) {
  %c0 = arith.constant 0 : index
  %before = memref.load %o[%c0] : memref<64xf32>
  fp4.dequantize group_size(32) ins(%c, %s : memref<32xi8>, memref<2xf8E8M0FNU>) global_scale(%g) outs(%o : memref<64xf32>)
  %after = memref.load %o[%c0] : memref<64xf32>
  return %before, %after : f32, f32
}

// An op takes the static sizes that a cast hid; its result is cast in turn.
// CHECK-LABEL: func.func @cast(
// CHECK-SAME:    %[[X:.*]]: tensor<4x64xf32>, %{{.*}}: f32, %[[C:.*]]: tensor<4x32xi8>, %[[S:.*]]: tensor<1x1x32x4x4xf8E4M3FN>)
// CHECK-NEXT:    %[[R:.*]]:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%[[X]] : tensor<4x64xf32>)
// CHECK-SAME:      outs(%[[C]], %[[S]] : tensor<4x32xi8>, tensor<1x1x32x4x4xf8E4M3FN>)
// CHECK-NEXT:    %[[CODES:.*]] = tensor.cast %[[R]]#0 : tensor<4x32xi8> to tensor<?x32xi8>
// CHECK-NEXT:    %[[SCALES:.*]] = tensor.cast %[[R]]#1
// CHECK-NEXT:    return %[[CODES]], %[[SCALES]]
func.func @cast(%x: tensor<4x64xf32>, %g: f32, %c: tensor<4x32xi8>, %s: tensor<1x1x32x4x4xf8E4M3FN>)
    -> (tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>) {
  %dx = tensor.cast %x : tensor<4x64xf32> to tensor<?x64xf32>
  %dc = tensor.cast %c : tensor<4x32xi8> to tensor<?x32xi8>
  %ds = tensor.cast %s : tensor<1x1x32x4x4xf8E4M3FN> to tensor<?x?x32x4x4xf8E4M3FN>
  %0:2 = fp4.quantize_pack group_size(16) rounding(up) ins(%dx : tensor<?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%dc, %ds : tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>)
  return %0#0, %0#1 : tensor<?x32xi8>, tensor<?x?x32x4x4xf8E4M3FN>
}

// An identity would turn a row with an infinity into NaN: no transform folds.
// CHECK-LABEL: func.func @identity_transform(
// CHECK:         fp4.block_transform
func.func @identity_transform(%x: tensor<4xf32>) -> tensor<4xf32> {
  %t = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %0 = fp4.block_transform ins(%x : tensor<4xf32>) transform(%t : tensor<2x2xf32>) outs(%x : tensor<4xf32>)
  return %0 : tensor<4xf32>
}
