// The structure of what each op becomes: which loops, what is reduced in which type, what is rounded when. That the
// numbers are right is for the executed tests; no conversion between floats of different width is left to a target,
// but for those between f32 and f64.

// RUN: fp4-opt %s --convert-fp4-to-linalg | FileCheck %s --implicit-check-not="fp4." --implicit-check-not=arith.truncf
// RUN: fp4-opt %s --convert-fp4-to-linalg="magnitudes" | FileCheck %s --check-prefix=MAGNITUDES

// CHECK-DAG: #[[TX:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[TT:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// CHECK-DAG: #[[TO:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[TS:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[LHS:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[RHS:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[GROUP:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-DAG: #[[NIBBLE:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 * 128 + d3 * 32 + d2)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1 * 4 + d4)>

// The sum is taken in f32 over the input element, which is the matrix's last dimension; then it is rounded.
// CHECK-LABEL: func.func @block_transform(
// CHECK:         %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<?x2x32xf32>
// CHECK:         %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[TX]], #[[TT]], #[[TO]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
// CHECK-SAME:      ins(%{{.*}}, %{{.*}} : tensor<?x2x32xbf16>, tensor<2x32x32xf16>) outs(%[[ZERO]] : tensor<?x2x32xf32>)
// CHECK:           %[[NEW:.*]] = arith.addf %{{.*}} : f32
// CHECK-NEXT:      linalg.yield %[[NEW]] : f32
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x2x32xf32>) outs(%{{.*}} : tensor<?x2x32xbf16>)
// CHECK:         tensor.collapse_shape {{.*}} : tensor<?x2x32xbf16> into tensor<?x64xbf16>
func.func @block_transform(%x: tensor<?x64xbf16>, %t: tensor<2x32x32xf16>, %o: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %0 = fp4.block_transform ins(%x : tensor<?x64xbf16>) transform(%t : tensor<2x32x32xf16>) outs(%o : tensor<?x64xbf16>)
  return %0 : tensor<?x64xbf16>
}

// A shared matrix does not follow the loop of the blocks.
// CHECK-LABEL: func.func @shared_transform(
// CHECK:         linalg.generic {indexing_maps = [#[[TX]], #[[TS]], #[[TO]]]
func.func @shared_transform(%x: tensor<4x64xf32>, %t: tensor<32x32xf32>, %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %0 = fp4.block_transform ins(%x : tensor<4x64xf32>) transform(%t : tensor<32x32xf32>) outs(%o : tensor<4x64xf32>)
  return %0 : tensor<4x64xf32>
}

// The greatest magnitude of a group as unsigned bits, its scale by a division, and a code for each nibble. Divisions
// stay divisions.
// CHECK-LABEL: func.func @quantize_pack(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x64xf32>, %[[GS:[a-z0-9]+]]: f32, %[[SS:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: memref<4x32xi8>, %[[S:[a-z0-9]+]]: memref<4x2xf8E8M0FNU>)
// CHECK:         %[[MAX:.*]] = memref.alloc() : memref<4x2xi32>
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%{{.*}} : memref<4x2x32xf32>) outs(%[[MAX]] : memref<4x2xi32>)
// CHECK:           arith.maxui
// CHECK:         %[[DIVISOR:.*]] = arith.mulf %[[SS]], %[[GS]] : f32
// CHECK:         linalg.generic {{.*}} ins(%[[MAX]] : memref<4x2xi32>) outs(%[[S]] : memref<4x2xf8E8M0FNU>)
// CHECK:           arith.divf %{{.*}}, %[[DIVISOR]] : f32
// CHECK:         linalg.generic {indexing_maps = [#[[NIBBLE]], #[[GROUP]], #[[TO]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
// CHECK-SAME:      ins(%{{.*}}, %[[S]] : memref<4x2x16x2xf32>, memref<4x2xf8E8M0FNU>) outs(%{{.*}} : memref<4x2x16xi8>)
// CHECK:           %[[SCALE:.*]] = arith.mulf %{{.*}}, %[[GS]] : f32
// CHECK-NEXT:      arith.divf %{{.*}}, %[[SCALE]] : f32
// CHECK:           %[[I:.*]] = linalg.index 3
// CHECK:           arith.ori %{{.*}}, %{{.*}} : i8
// CHECK-NEXT:      linalg.yield
// CHECK:         return
func.func @quantize_pack(%x: memref<4x64xf32>, %gs: f32, %ss: f32, %c: memref<4x32xi8>, %s: memref<4x2xf8E8M0FNU>) {
  fp4.quantize_pack group_size(32) ins(%x : memref<4x64xf32>) global_scale(%gs) scale_scale(%ss)
      outs(%c, %s : memref<4x32xi8>, memref<4x2xf8E8M0FNU>)
  return
}

// Against given scales no maximum is taken.
// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK-NOT:     arith.maxui
// CHECK:         linalg.generic {indexing_maps = [#[[NIBBLE]], #[[GROUP]], #[[TO]]]
// CHECK-NOT:     arith.maxui
// CHECK:         return
func.func @quantize_with_scales(%x: tensor<4x64xf16>, %s: tensor<4x4xf8E4M3FN>, %gs: f32, %c: tensor<4x32xi8>) -> tensor<4x32xi8> {
  %0 = fp4.quantize_with_scales group_size(16) ins(%x, %s : tensor<4x64xf16>, tensor<4x4xf8E4M3FN>) global_scale(%gs) outs(%c : tensor<4x32xi8>)
  return %0 : tensor<4x32xi8>
}

// The inner product is scale by global scale, and a code is multiplied with that.
// CHECK-LABEL: func.func @dequantize(
// CHECK-SAME:    %[[GS:[a-z0-9]+]]: f32
// CHECK:         linalg.generic {indexing_maps = [#[[TO]], #[[GROUP]], #[[NIBBLE]]], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
// CHECK:           %[[SCALE:.*]] = arith.mulf %{{.*}}, %[[GS]] : f32
// CHECK:           arith.mulf %{{.*}}, %[[SCALE]] : f32
// CHECK:         tensor.collapse_shape {{.*}} : tensor<?x2x16x2xbf16> into tensor<?x64xbf16>
func.func @dequantize(%gs: f32, %c: tensor<?x32xi8>, %s: tensor<?x2xf8E8M0FNU>, %o: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %0 = fp4.dequantize group_size(32) ins(%c, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>) global_scale(%gs) outs(%o : tensor<?x64xbf16>)
  return %0 : tensor<?x64xbf16>
}

// Within a group the sum is of integers, over the groups it is in f64, and it is rounded once.
// CHECK-LABEL: func.func @scaled_matmul(
// CHECK-SAME:    %[[ALPHA:[a-z0-9]+]]: f32
// CHECK:         %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<?x48xf64>
// CHECK:         %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[LHS]], #[[RHS]], #[[OUT]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME:      ins(%{{.*}}, %{{.*}} : tensor<?x4xf8E4M3FN>, tensor<48x4xf8E4M3FN>) outs(%[[ZERO]] : tensor<?x48xf64>)
// CHECK:           %[[DOT:.*]] = scf.for {{.*}} -> (i32)
// CHECK:           %[[VALUE:.*]] = arith.sitofp %[[DOT]] : i32 to f64
// CHECK:           %[[SCALES:.*]] = arith.mulf {{.*}} : f64
// CHECK-NEXT:      %[[TERM:.*]] = arith.mulf %[[SCALES]], %[[VALUE]] : f64
// CHECK-NEXT:      %[[NEW:.*]] = arith.addf %{{.*}}, %[[TERM]] : f64
// CHECK-NEXT:      linalg.yield %[[NEW]]
// CHECK:         arith.extf %[[ALPHA]] : f32 to f64
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x48xf64>) outs(%{{.*}} : tensor<?x48xf16>)

// With magnitudes each term counts positive, and so does alpha.
// MAGNITUDES-LABEL: func.func @scaled_matmul(
// MAGNITUDES:         %[[ABS:.*]] = math.absf %{{.*}} : f64
// MAGNITUDES-NEXT:    arith.addf %{{.*}}, %[[ABS]] : f64
// MAGNITUDES:         math.absf %{{.*}} : f64
func.func @scaled_matmul(%alpha: f32, %a: tensor<?x32xi8>, %sa: tensor<?x4xf8E4M3FN>, %b: tensor<48x32xi8>,
    %sb: tensor<48x4xf8E4M3FN>, %o: tensor<?x48xf16>) -> tensor<?x48xf16> {
  %0 = fp4.scaled_matmul group_size(16) lhs(%a, %sa : tensor<?x32xi8>, tensor<?x4xf8E4M3FN>)
      rhs(%b, %sb : tensor<48x32xi8>, tensor<48x4xf8E4M3FN>) alpha(%alpha) outs(%o : tensor<?x48xf16>)
  return %0 : tensor<?x48xf16>
}

// Padding is the byte 0, also where that is no zero of the type.
// CHECK-LABEL: func.func @to_blocked(
// CHECK-SAME:    %[[S:[a-z0-9]+]]: tensor<?x9xf8E8M0FNU>
// CHECK:         %[[R:.*]] = affine.apply #[[ROW]](
// CHECK-NEXT:    %[[C:.*]] = affine.apply #[[COLUMN]](
// CHECK-NEXT:    arith.cmpi ult, %[[R]], %{{.*}} : index
// CHECK-NEXT:    arith.cmpi ult, %[[C]], %{{.*}} : index
// CHECK:         scf.if
// CHECK-NEXT:      tensor.extract %[[S]][%[[R]], %[[C]]]
// CHECK:         } else {
// CHECK-NEXT:      %[[BYTE:.*]] = arith.constant 0 : i8
// CHECK-NEXT:      arith.bitcast %[[BYTE]] : i8 to f8E8M0FNU
func.func @to_blocked(%s: tensor<?x9xf8E8M0FNU>, %o: tensor<?x3x32x4x4xf8E8M0FNU>) -> tensor<?x3x32x4x4xf8E8M0FNU> {
  %0 = fp4.convert_scale_layout ins(%s : tensor<?x9xf8E8M0FNU>) outs(%o : tensor<?x3x32x4x4xf8E8M0FNU>)
  return %0 : tensor<?x3x32x4x4xf8E8M0FNU>
}

// Back, the padding is not read.
// CHECK-LABEL: func.func @to_row_major(
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} outs(%{{.*}} : memref<200x9xf8E8M0FNU>)
// CHECK:           memref.load %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] : memref<2x3x32x4x4xf8E8M0FNU>
// CHECK-NEXT:      linalg.yield
func.func @to_row_major(%s: memref<2x3x32x4x4xf8E8M0FNU>, %o: memref<200x9xf8E8M0FNU>) {
  fp4.convert_scale_layout ins(%s : memref<2x3x32x4x4xf8E8M0FNU>) outs(%o : memref<200x9xf8E8M0FNU>)
  return
}

// A view with strides splits like any other memref.
// CHECK-LABEL: func.func @strided(
// CHECK:         memref.expand_shape %{{.*}} {{\[\[}}0], [1, 2]] output_shape [4, 2, 16] : memref<4x32xi8, strided<[64, 2]>> into memref<4x2x16xi8, strided<[64, 32, 2]>>
func.func @strided(%c: memref<4x32xi8, strided<[64, 2]>>, %s: memref<4x2xf8E8M0FNU>, %gs: f32, %o: memref<4x64xf32>) {
  fp4.dequantize group_size(32) ins(%c, %s : memref<4x32xi8, strided<[64, 2]>>, memref<4x2xf8E8M0FNU>) global_scale(%gs) outs(%o : memref<4x64xf32>)
  return
}
