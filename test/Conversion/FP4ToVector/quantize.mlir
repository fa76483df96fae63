// Quantization on vectors: scales of many groups at once, and codes by comparing bits with thresholds. What it
// computes is tested where it is executed; here is what the code is made of on each kind of CPU.

// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=znver4" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX512 "--implicit-check-not=memref.alloc(" --implicit-check-not=fastmath
// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=haswell" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,AVX2 --implicit-check-not=call_intrinsic
// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=aarch64-linux-gnu cpu=neoverse-n1" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,NEON --implicit-check-not=call_intrinsic

// A row of 512 groups is a few segments. In each, the scales of all groups come first: of as many at once as an f32
// vector has lanes, by one division and one encoding. Then the codes: no division in that loop. With lookups a vector
// holds two groups of 16, of which each finds its thresholds by its word.
// CHECK-LABEL: func.func private @fp4.quantize_pack(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x8192xbf16, strided<[?, 1]>>, %[[GS:[a-z0-9]+]]: f32, %[[SS:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: memref<?x4096xi8>, %[[S:[a-z0-9]+]]: memref<?x512xf8E4M3FN>)
// CHECK:         arith.mulf %[[SS]], %[[GS]] : f32
// CHECK:         scf.for %{{.*}} = %c0 to %c8 step %c1
// CHECK-COUNT-2:   arith.divf %{{.*}} : vector<8xf32>
// CHECK:         scf.for %[[ROW:[a-z0-9]+]] = %c0 to %{{.*}} step %c1
// AVX512:          vector.load %[[X]]{{.*}} vector<32xbf16>
// AVX512:          arith.divf {{.*}} : vector<16xf32>
// AVX512:          vector.store {{.*}}, %[[S]]{{.*}} vector<16xf8E4M3FN>
// AVX512:          memref.prefetch %[[X]]
// AVX512-NOT:      divf
// AVX512:          %[[WORDS:.*]] = vector.load {{.*}} vector<2xi16>
// AVX512:          vector.shuffle %[[WORDS]], %[[WORDS]] [0, 0, {{.*}}, 1, 1]
// AVX512-COUNT-3:  llvm.call_intrinsic "llvm.x86.avx512.permvar.hi.512"
// AVX512:          vector.store {{.*}}, %[[C]]{{.*}} vector<16xi8>
// AVX2:            vector.store {{.*}}, %[[S]]{{.*}} vector<8xf8E4M3FN>
// AVX2-COUNT-7:    vector.load {{.*}} vector<16xi16>
// AVX2:            vector.store {{.*}}, %[[C]]{{.*}} vector<8xi8>
// NEON:            vector.store {{.*}}, %[[S]]{{.*}} vector<4xf8E4M3FN>
// NEON-COUNT-7:    vector.load {{.*}} vector<8xi16>
// NEON:            vector.store {{.*}}, %[[C]]{{.*}} vector<4xi8>
// What thresholds are not made for is divided, where there is any.
// CHECK:           scf.if
// CHECK:             scf.for
// CHECK:               scf.if
// CHECK:                 arith.divf
// CHECK:         return
func.func @nv(%x: memref<?x8192xbf16, strided<[?, 1]>>, %gs: f32, %ss: f32, %c: memref<?x4096xi8>, %s: memref<?x512xf8E4M3FN>) {
  fp4.quantize_pack group_size(16) ins(%x : memref<?x8192xbf16, strided<[?, 1]>>) global_scale(%gs) scale_scale(%ss) outs(%c, %s : memref<?x4096xi8>, memref<?x512xf8E4M3FN>) {strategy = "vector"}
  return
}

// -----

// 65 groups: the last chunk starts where it is full, not where the one before it ends. Thresholds of mx are the same
// for all groups, and stay in registers where they are not looked up.
// CHECK-LABEL: func.func private @fp4.quantize_pack(
// AVX512:         arith.minui %{{.*}}, %c49 : index
// AVX512:         vector.store {{.*}} vector<16xf8E8M0FNU>
// AVX2:           arith.minui %{{.*}}, %c57 : index
// AVX2:           vector.store {{.*}} vector<8xf8E8M0FNU>
// NEON:           arith.minui %{{.*}}, %c61 : index
// NEON:           vector.store {{.*}} vector<4xf8E8M0FNU>
// CHECK:        return
func.func @tail(%x: memref<?x2080xbf16>, %gs: f32, %ss: f32, %c: memref<?x1040xi8>, %s: memref<?x65xf8E8M0FNU>) {
  fp4.quantize_pack group_size(32) ins(%x : memref<?x2080xbf16>) global_scale(%gs) scale_scale(%ss) outs(%c, %s : memref<?x1040xi8>, memref<?x65xf8E8M0FNU>) {strategy = "vector"}
  return
}

// -----

// Where a tie goes by the sign of the quotient, so does the choice between two sets of thresholds. f32 is compared as
// it is; the threshold is then one of more candidates.
// CHECK-LABEL: func.func private @fp4.quantize_pack(
// CHECK-COUNT-5: arith.divf %{{.*}} : vector<8xf32>
// CHECK:          arith.cmpi slt, {{.*}} : vector<[[N:[0-9]+]]xi32>
// CHECK-COUNT-7:  arith.select {{.*}} : vector<[[N]]xi1>, vector<[[N]]xi32>
// CHECK:        return
func.func @up(%x: memref<?x128xf32>, %gs: f32, %ss: f32, %c: memref<?x64xi8>, %s: memref<?x4xf8E8M0FNU>) {
  fp4.quantize_pack group_size(32) rounding(up) ins(%x : memref<?x128xf32>) global_scale(%gs) scale_scale(%ss) outs(%c, %s : memref<?x64xi8>, memref<?x4xf8E8M0FNU>) {strategy = "vector"}
  return
}
