// A launch for each op of strategy simt on device memory, with the scalar code of one item.

// RUN: fp4-opt %s --convert-fp4-to-simt --canonicalize --cse | FileCheck %s --implicit-check-not=memref.alloc --implicit-check-not=fastmath

// One element of the output each, of which the grid covers all: 256 a block, the last block in part. Input and
// transform are summed in f32, in order, from zero.
// CHECK-LABEL: func.func @block_transform(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x?xbf16, strided<[?, 1]>, 1>, %[[T:.*]]: memref<?x32x32xf32, 1>, %[[O:.*]]: memref<?x?xbf16, 1>)
// CHECK:         %[[M:.*]] = memref.dim %[[O]], %c0
// CHECK:         %[[K:.*]] = memref.dim %[[O]], %c1
// CHECK:         %[[ITEMS:.*]] = arith.muli %[[M]], %[[K]]
// CHECK:         %[[PADDED:.*]] = arith.addi %[[ITEMS]], %c255
// CHECK:         %[[GRID:.*]] = arith.divui %[[PADDED]], %c256
// CHECK:         gpu.launch blocks(%[[BLOCK:[a-z0-9]+]], %{{[a-z0-9]+}}, %{{[a-z0-9]+}}) in (%{{[a-z0-9]+}} = %[[GRID]], %{{[a-z0-9]+}} = %c1, %{{[a-z0-9]+}} = %c1)
// CHECK-SAME:      threads(%[[THREAD:[a-z0-9]+]], %{{[a-z0-9]+}}, %{{[a-z0-9]+}}) in (%{{[a-z0-9]+}} = %c256, %{{[a-z0-9]+}} = %c1, %{{[a-z0-9]+}} = %c1) function(@block_transform) {
// CHECK:           %[[FIRST:.*]] = arith.muli %[[BLOCK]], %c256
// CHECK:           %[[ITEM:.*]] = arith.addi %[[FIRST]], %[[THREAD]]
// CHECK:           %[[INSIDE:.*]] = arith.cmpi ult, %[[ITEM]], %[[ITEMS]]
// CHECK:           scf.if %[[INSIDE]] {
// CHECK:             %[[COLUMN:.*]] = arith.remui %[[ITEM]], %[[K]]
// CHECK:             %[[ROW:.*]] = arith.divui %[[ITEM]], %[[K]]
// CHECK:             %[[B:.*]] = arith.divui %[[COLUMN]], %c32
// CHECK:             %[[START:.*]] = arith.muli %[[B]], %c32
// CHECK:             %[[J:.*]] = arith.remui %[[COLUMN]], %c32
// CHECK:             scf.for %[[I:.*]] = %c0 to %c32 step %c1 iter_args(%[[SUM:.*]] = %[[ZERO:.*]]) -> (f32) {
// CHECK:               %[[TV:.*]] = memref.load %[[T]][%[[B]], %[[J]], %[[I]]]
// CHECK:               %[[BI:.*]] = arith.addi %[[START]], %[[I]]
// CHECK:               memref.load %[[X]][%[[ROW]], %[[BI]]]
// CHECK:               %[[PRODUCT:.*]] = arith.mulf %[[TV]], %{{.*}} : f32
// CHECK:               %[[NEXT:.*]] = arith.addf %[[SUM]], %[[PRODUCT]] : f32
// CHECK:               scf.yield %[[NEXT]] : f32
// CHECK:             memref.store %{{.*}}, %[[O]][%[[ROW]], %[[COLUMN]]]
// CHECK:           gpu.terminator
func.func @block_transform(%x: memref<?x?xbf16, strided<[?, 1]>, 1>, %t: memref<?x32x32xf32, 1>, %o: memref<?x?xbf16, 1>) {
  fp4.block_transform ins(%x : memref<?x?xbf16, strided<[?, 1]>, 1>) transform(%t : memref<?x32x32xf32, 1>) outs(%o : memref<?x?xbf16, 1>) {strategy = "simt"}
  return
}

// One group each: its scale, from the product of the scales first, then its codes, each byte stored once.
// CHECK-LABEL: func.func @quantize_pack(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x?x64xf32, 1>, %[[G:.*]]: f32, %[[S:.*]]: f32, %[[C:.*]]: memref<2x?x32xi8, 1>, %[[N:.*]]: memref<2x?x4xf8E4M3FN, 1>)
// CHECK:           scf.if
// CHECK:             %[[GROUP:.*]] = arith.remui %{{.*}}, %c4
// CHECK:             %[[MAX:.*]] = scf.for %{{.*}} = %c0 to %c16 step %c1 iter_args(%{{.*}} = %c0_i32) -> (i32) {
// CHECK:               memref.load %[[X]]
// CHECK:               arith.maxui
// CHECK:             %[[SG:.*]] = arith.mulf %[[S]], %[[G]] : f32
// CHECK:             %[[AMAX:.*]] = arith.bitcast %[[MAX]] : i32 to f32
// CHECK:             arith.divf %[[AMAX]], %[[SG]] : f32
// CHECK:             memref.store %{{.*}}, %[[N]][%[[BATCH:.*]], %[[ROW:.*]], %[[GROUP]]]
// CHECK:             %[[DIVISOR:.*]] = arith.mulf %{{.*}}, %[[G]] : f32
// CHECK:             scf.for %{{.*}} = %c0 to %c8 step %c1 {
// CHECK-COUNT-2:       arith.divf %{{.*}}, %[[DIVISOR]] : f32
// CHECK:               memref.store %{{.*}}, %[[C]][%[[BATCH]], %[[ROW]], %{{.*}}]
// CHECK-NOT:         memref.store
func.func @quantize_pack(%x: memref<2x?x64xf32, 1>, %g: f32, %s: f32, %c: memref<2x?x32xi8, 1>, %n: memref<2x?x4xf8E4M3FN, 1>) {
  fp4.quantize_pack group_size(16) ins(%x : memref<2x?x64xf32, 1>) global_scale(%g) scale_scale(%s)
      outs(%c, %n : memref<2x?x32xi8, 1>, memref<2x?x4xf8E4M3FN, 1>) {strategy = "simt"}
  return
}

// Blocked scales: one of their slots each, 1024 of them; a slot of padding gets zero.
// CHECK-LABEL: func.func @quantize_pack_blocked(
// CHECK:         gpu.launch blocks({{.*}}) in (%{{.*}} = %c4, %{{.*}} = %c1, %{{.*}} = %c1)
// CHECK:           arith.cmpi ult, %{{.*}}, %c1024
// CHECK:             %[[INROWS:.*]] = arith.cmpi ult, %[[ROW:.*]], %c130
// CHECK:             %[[INCOLUMNS:.*]] = arith.cmpi ult, %[[COLUMN:.*]], %c3
// CHECK:             %[[BOTH:.*]] = arith.andi %[[INROWS]], %[[INCOLUMNS]]
// CHECK:             scf.if %[[BOTH]] {
// CHECK:               memref.store %{{.*}}, %arg4[%[[TILE:.*]], %c0, %[[R:.*]], %[[Q:.*]], %[[COLUMN]]]
// CHECK:               memref.store %{{.*}}, %arg3[%[[ROW]], %{{.*}}]
// CHECK:             } else {
// CHECK-NEXT:          memref.store %{{.*}}, %arg4[%[[TILE]], %c0, %[[R]], %[[Q]], %[[COLUMN]]]
// CHECK-NEXT:        }
func.func @quantize_pack_blocked(%x: memref<130x96xf32, 1>, %g: f32, %s: f32, %c: memref<130x48xi8, 1>, %n: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  fp4.quantize_pack group_size(32) ins(%x : memref<130x96xf32, 1>) global_scale(%g) scale_scale(%s)
      outs(%c, %n : memref<130x48xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}

// One row: no index but the group's.
// CHECK-LABEL: func.func @quantize_with_scales(
// CHECK:           %[[INSIDE:.*]] = arith.cmpi ult, %[[ITEM:.*]], %c2
// CHECK:           scf.if %[[INSIDE]] {
// CHECK:             memref.load %arg1[%[[ITEM]]]
// CHECK:             scf.for %{{.*}} = %c0 to %c16 step %c1 {
// CHECK:               memref.store %{{.*}}, %arg3[%{{.*}}] : memref<32xi8, 1>
func.func @quantize_with_scales(%x: memref<64xf32, 1>, %s: memref<2xf8E8M0FNU, 1>, %g: f32, %c: memref<32xi8, 1>) {
  fp4.quantize_with_scales group_size(32) rounding(zero) ins(%x, %s : memref<64xf32, 1>, memref<2xf8E8M0FNU, 1>)
      global_scale(%g) outs(%c : memref<32xi8, 1>) {strategy = "simt"}
  return
}

// The place of a blocked scale, from the row and the group.
// CHECK-LABEL: func.func @dequantize(
// CHECK:             %[[GROUP:.*]] = arith.remui %[[ITEM:.*]], %c3
// CHECK:             %[[ROW:.*]] = arith.divui %[[ITEM]], %c3
// CHECK-DAG:         %[[TR:.*]] = arith.divui %[[ROW]], %c128
// CHECK-DAG:         %[[TC:.*]] = arith.divui %[[GROUP]], %c4
// CHECK-DAG:         %[[R:.*]] = arith.remui %[[ROW]], %c32
// CHECK-DAG:         %[[INTILE:.*]] = arith.remui %[[ROW]], %c128
// CHECK-DAG:         %[[Q:.*]] = arith.divui %[[INTILE]], %c32
// CHECK-DAG:         %[[C:.*]] = arith.remui %[[GROUP]], %c4
// CHECK:             memref.load %arg1[%[[TR]], %[[TC]], %[[R]], %[[Q]], %[[C]]]
// CHECK:             %[[SCALE:.*]] = arith.mulf %{{.*}}, %arg2 : f32
// CHECK:             scf.for %{{.*}} = %c0 to %c16 step %c1 {
// CHECK:               memref.load %arg0
// CHECK:               arith.mulf %{{.*}}, %[[SCALE]] : f32
// CHECK:               memref.store %{{.*}}, %arg3[%[[ROW]], %{{.*}}]
// CHECK:               arith.mulf %{{.*}}, %[[SCALE]] : f32
// CHECK:               memref.store %{{.*}}, %arg3[%[[ROW]], %{{.*}}]
func.func @dequantize(%c: memref<130x48xi8, 1>, %s: memref<2x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %o: memref<130x96xf16, 1>) {
  fp4.dequantize group_size(32) ins(%c, %s : memref<130x48xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>)
      global_scale(%g) outs(%o : memref<130x96xf16, 1>) {strategy = "simt"}
  return
}

// Groups in order, in f64; the sides' scales in layouts of their own.
// CHECK-LABEL: func.func @scaled_matmul(
// CHECK:             %[[COLUMN:.*]] = arith.remui %{{.*}}, %c48
// CHECK:             %[[BYTES:.*]] = memref.dim %arg2, %c1
// CHECK:             %[[GROUPS:.*]] = arith.divui %[[BYTES]], %c8
// CHECK:             %[[TOTAL:.*]] = scf.for %[[GROUP:.*]] = %c0 to %[[GROUPS]] step %c1 iter_args(%[[SUM:.*]] = %{{.*}}) -> (f64) {
// CHECK:               %[[DOT:.*]] = scf.for %{{.*}} = %c0 to %c8 step %c1 iter_args(%{{.*}} = %c0_i32) -> (i32) {
// CHECK-DAG:             memref.load %arg0[%{{.*}}, %{{.*}}, %{{.*}}] : memref<2x?x?xi8, 1>
// CHECK-DAG:             memref.load %arg2[%[[COLUMN]], %{{.*}}] : memref<48x?xi8, 1>
// CHECK-DAG:           memref.load %arg1[%{{.*}}, %{{.*}}, %[[GROUP]]] : memref<2x?x?xf8E4M3FN, 1>
// CHECK-DAG:           memref.load %arg3[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] : memref<1x?x32x4x4xf8E4M3FN, 1>
// CHECK:               %[[SCALES:.*]] = arith.mulf %{{.*}}, %{{.*}} : f64
// CHECK:               %[[DOTF:.*]] = arith.sitofp %[[DOT]] : i32 to f64
// CHECK:               %[[TERM:.*]] = arith.mulf %[[SCALES]], %[[DOTF]] : f64
// CHECK:               arith.addf %[[SUM]], %[[TERM]] : f64
// CHECK:             %[[ALPHA:.*]] = arith.extf %arg4 : f32 to f64
// CHECK:             %[[FACTOR:.*]] = arith.mulf %[[ALPHA]], %{{.*}} : f64
// CHECK:             %[[Y:.*]] = arith.mulf %[[FACTOR]], %[[TOTAL]] : f64
// CHECK:             arith.truncf %[[Y]] : f64 to f32
// CHECK:             memref.store %{{.*}}, %arg5[%{{.*}}, %{{.*}}, %[[COLUMN]]]
func.func @scaled_matmul(%a: memref<2x?x?xi8, 1>, %sa: memref<2x?x?xf8E4M3FN, 1>, %b: memref<48x?xi8, 1>, %sb: memref<1x?x32x4x4xf8E4M3FN, 1>, %alpha: f32, %o: memref<2x?x48xf32, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<2x?x?xi8, 1>, memref<2x?x?xf8E4M3FN, 1>)
      rhs(%b, %sb : memref<48x?xi8, 1>, memref<1x?x32x4x4xf8E4M3FN, 1>) alpha(%alpha) outs(%o : memref<2x?x48xf32, 1>) {strategy = "simt"}
  return
}

// CHECK-LABEL: func.func @to_blocked(
// CHECK:         %[[ROWS:.*]] = memref.dim %arg0, %c0
// CHECK:             arith.cmpi ult, %[[ROW:.*]], %[[ROWS]]
// CHECK:             arith.cmpi ult, %[[COLUMN:.*]], %c9
// CHECK:             scf.if
// CHECK-NEXT:          %[[SCALE:.*]] = memref.load %arg0[%[[ROW]], %[[COLUMN]]]
// CHECK-NEXT:          memref.store %[[SCALE]], %arg1[[SLOT:.*]] : memref
// CHECK-NEXT:        } else {
// CHECK-NEXT:          memref.store %{{.*}}, %arg1[[SLOT]] : memref
func.func @to_blocked(%s: memref<?x9xf8E8M0FNU, 1>, %o: memref<?x3x32x4x4xf8E8M0FNU, 1>) {
  fp4.convert_scale_layout ins(%s : memref<?x9xf8E8M0FNU, 1>) outs(%o : memref<?x3x32x4x4xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}

// CHECK-LABEL: func.func @to_row_major(
// CHECK:             %[[COLUMN:.*]] = arith.remui %[[ITEM:.*]], %c9
// CHECK:             %[[ROW:.*]] = arith.divui %[[ITEM]], %c9
// CHECK:             %[[SCALE:.*]] = memref.load %arg0[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}]
// CHECK-NEXT:        memref.store %[[SCALE]], %arg1[%[[ROW]], %[[COLUMN]]]
func.func @to_row_major(%s: memref<2x3x32x4x4xf8E8M0FNU, 1>, %o: memref<200x9xf8E8M0FNU, 1>) {
  fp4.convert_scale_layout ins(%s : memref<2x3x32x4x4xf8E8M0FNU, 1>) outs(%o : memref<200x9xf8E8M0FNU, 1>) {strategy = "simt"}
  return
}

// Rows with gaps on either side are copied element by element; one block of bytes is left to the driver, and so is what
// is not in device memory on both sides.
// CHECK-LABEL: func.func @copy(
// CHECK-COUNT-2: gpu.launch
// CHECK-NOT:     gpu.launch
// CHECK:         memref.copy %arg1, %arg2
// CHECK-NEXT:    memref.copy %arg3, %arg0
// CHECK-NEXT:    return
func.func @copy(%a: memref<?x48xf16, strided<[?, 1]>, 1>, %b: memref<?x48xf16, 1>, %c: memref<?x48xf16, 1>, %host: memref<?x48xf16>) {
  memref.copy %a, %b : memref<?x48xf16, strided<[?, 1]>, 1> to memref<?x48xf16, 1>
  memref.copy %b, %a : memref<?x48xf16, 1> to memref<?x48xf16, strided<[?, 1]>, 1>
  memref.copy %b, %c : memref<?x48xf16, 1> to memref<?x48xf16, 1>
  memref.copy %host, %a : memref<?x48xf16> to memref<?x48xf16, strided<[?, 1]>, 1>
  return
}

// Where a contiguous part starts does not matter, how far apart its rows are does.
// CHECK-LABEL: func.func @copy_of_rows(
// CHECK-NOT:     gpu.launch
// CHECK:         memref.copy
// CHECK:         gpu.launch
// CHECK:           %[[V:.*]] = memref.load %arg1[%[[R:[0-9a-z]+]], %[[C:[0-9a-z]+]]]
// CHECK-NEXT:      memref.store %[[V]], %arg2[%[[R]], %[[C]]]
func.func @copy_of_rows(%a: memref<3x48xi8, strided<[48, 1], offset: ?>, 1>, %b: memref<3x48xi8, strided<[64, 1]>, 1>, %c: memref<3x48xi8, 1>) {
  memref.copy %a, %c : memref<3x48xi8, strided<[48, 1], offset: ?>, 1> to memref<3x48xi8, 1>
  memref.copy %b, %c : memref<3x48xi8, strided<[64, 1]>, 1> to memref<3x48xi8, 1>
  return
}

// Ops of other strategies, and of none.
// CHECK-LABEL: func.func @others(
// CHECK-COUNT-2: fp4.convert_scale_layout
// CHECK-NOT:     gpu.launch
func.func @others(%s: memref<130x4xf8E8M0FNU, 1>, %o: memref<2x1x32x4x4xf8E8M0FNU, 1>) {
  fp4.convert_scale_layout ins(%s : memref<130x4xf8E8M0FNU, 1>) outs(%o : memref<2x1x32x4x4xf8E8M0FNU, 1>) {strategy = "other"}
  fp4.convert_scale_layout ins(%s : memref<130x4xf8E8M0FNU, 1>) outs(%o : memref<2x1x32x4x4xf8E8M0FNU, 1>)
  return
}
