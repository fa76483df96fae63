// The block transform on vectors: a transposed T in the frame, and tiles of blocks that share its vectors.

// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=znver4" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,BF16 "--implicit-check-not=memref.alloc(" --implicit-check-not=fastmath
// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=haswell" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,FMA --implicit-check-not=call_intrinsic
// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=aarch64-linux-gnu cpu=neoverse-n1" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,FMA --implicit-check-not=call_intrinsic
// RUN: fp4-opt %s --split-input-file --convert-fp4-to-vector="triple=x86_64-linux-gnu cpu=x86-64" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,PORTABLE --implicit-check-not=call_intrinsic --implicit-check-not=vector.fma

// One T for all: transposed once. Dot products of bf16 flush subnormals and are taken only if T allows that, else
// multiply-adds of f32. Eight blocks by two vectors are summed at once, each sum over 16 pairs.
// CHECK-LABEL: func.func private @fp4.block_transform(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x512xbf16>, %[[T:[a-z0-9]+]]: memref<32x32xbf16>, %[[Y:[a-z0-9]+]]: memref<?x512xbf16>)
// BF16:          %[[ODD:.*]] = vector.reduction <or>, {{.*}} : vector<32xi16> into i16
// BF16:          %[[EXACT:.*]] = arith.cmpi eq, %[[ODD]], %c0_i16
// BF16:          scf.if %[[EXACT]] {
// BF16-COUNT-16:   vector.load %[[T]]{{.*}} vector<32xbf16>
// BF16-COUNT-64:   vector.shuffle
// BF16:            scf.for %{{.*}} = %c0 to %c16 step %c1 iter_args
// BF16-COUNT-16:     llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// BF16:          } else {
// BF16-COUNT-8:    vector.fma
// FMA:           scf.for %{{.*}} = %c0 to %c32 step %c1 iter_args
// FMA-COUNT-8:     vector.fma
// PORTABLE:      arith.mulf
// PORTABLE:      arith.addf
// CHECK:         vector.store {{.*}}, %[[Y]]
// CHECK:         return
func.func @shared(%x: memref<?x512xbf16>, %t: memref<32x32xbf16>, %y: memref<?x512xbf16>) {
  fp4.block_transform ins(%x : memref<?x512xbf16>) transform(%t : memref<32x32xbf16>) outs(%y : memref<?x512xbf16>) {strategy = "vector"}
  return
}

// -----

// A T for each block: rows share it instead, and a tile that is not full takes its last row again.
// CHECK-LABEL: func.func private @fp4.block_transform(
// CHECK-SAME:    %{{[a-z0-9]+}}: memref<?x60xf32>, %[[T:[a-z0-9]+]]: memref<3x20x20xf32>
// CHECK:         scf.for %[[BLOCK:.*]] = %c0 to %c3 step %c1 {
// CHECK:           vector.load %[[T]][%[[BLOCK]], {{.*}} vector<4xf32>
// CHECK:           arith.minui
// CHECK:         return
func.func @per_block(%x: memref<?x60xf32>, %t: memref<3x20x20xf32>, %y: memref<?x60xf32>) {
  fp4.block_transform ins(%x : memref<?x60xf32>) transform(%t : memref<3x20x20xf32>) outs(%y : memref<?x60xf32>) {strategy = "vector"}
  return
}
