// Products of packed operands: by the dot products of bytes that each kind of CPU has. What they compute is tested
// where it is executed.

// DEFINE: %{cpu} =
// DEFINE: %{convert} = fp4-opt %s --convert-fp4-to-vector="%{cpu}" --canonicalize --cse
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=znver4
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,AVX512 --implicit-check-not=vpdpbusd.256 --implicit-check-not=pmadd
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=znver4 features=-avx512vnni,+avxvnni
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,AVXVNNI --implicit-check-not=vpdpbusd.512 --implicit-check-not=pmadd
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=haswell
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,AVX2 --implicit-check-not=vpdpbusd
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=x86-64
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,PORTABLE --implicit-check-not=call_intrinsic
// REDEFINE: %{cpu} = triple=aarch64-linux-gnu cpu=cortex-a76
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,NEON --implicit-check-not=x86
// REDEFINE: %{cpu} = triple=aarch64-linux-gnu
// RUN: %{convert} | FileCheck %s --check-prefixes=CHECK,PORTABLE --implicit-check-not=call_intrinsic

// f8E8M0FNU: the sum starts at the bits of a float, and what it starts with is subtracted. Rows and columns whose
// exponents spread far are summed again, in f64.
// CHECK-LABEL: func.func private @fp4.packed_matmul_0(
// AVX512:          llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// AVX512-NOT:      sitofp
// AVX512:          arith.subf {{.*}} : vector<16xf32>
// AVX512:          arith.addf {{.*}} : vector<16xf32>
// CHECK:         arith.cmpi ne, {{.*}} : i8
// CHECK:         scf.if
// CHECK:           arith.sitofp {{.*}} : i32 to f64
// CHECK:           arith.addf {{.*}} : f64

// f8E4M3FN: sums of bytes become f32 and are scaled by a multiply-add.
// CHECK-LABEL: func.func private @fp4.packed_matmul(
// CHECK-SAME:    attributes {passthrough = ["noinline"]}
// AVX512:        llvm.call_intrinsic "llvm.x86.avx512.pshuf.b.512"
// AVX512-COUNT-16: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"({{.*}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>)
// AVX512:          vector.fma {{.*}} : vector<16xf32>
// AVXVNNI:       llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// AVXVNNI-COUNT-16: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"({{.*}}) : (vector<8xi32>, vector<32xi8>, vector<32xi8>)
// AVXVNNI:         vector.fma {{.*}} : vector<8xf32>
// AVX2:          llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// AVX2:            llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// AVX2-NEXT:       llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// AVX2-NEXT:       arith.addi {{.*}} : vector<8xi32>
// NEON:          llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// NEON:            vector.load %{{.*}} : memref<?x2x1x32xi8>, vector<16xi8>
// NEON-NOT:        vector<4xi8>
// NEON-COUNT-16:   llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
// NEON-NOT:        sitofp
// NEON:            arith.subf {{.*}} : vector<4xf32>
// NEON:            vector.fma {{.*}} : vector<4xf32>
// PORTABLE-COUNT-64: arith.muli {{.*}} : vector<4xi32>

// Ops that are alike share a function.
// CHECK-LABEL: func.func @nv(
// CHECK:         call @fp4.packed_matmul(
// CHECK:         call @fp4.packed_matmul(
func.func @nv(%v: memref<?x2x1x32xi8>, %t: memref<?x2x2x1xi32>, %f: memref<?x1xf64>, %w: memref<?xi8>, %sa: memref<?x2xf8E4M3FN>, %b: memref<1x8x128xi8>, %sb: memref<1x2x32xf8E4M3FN>, %alpha: f32, %y: memref<?x32xf32>, %z: memref<?x32xf32>) {
  fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : memref<?x2x1x32xi8>, memref<?x2x2x1xi32>, memref<?x1xf64>, memref<?xi8>, memref<?x2xf8E4M3FN>) rhs(%b, %sb : memref<1x8x128xi8>, memref<1x2x32xf8E4M3FN>) alpha(%alpha) outs(%y : memref<?x32xf32>)
  fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : memref<?x2x1x32xi8>, memref<?x2x2x1xi32>, memref<?x1xf64>, memref<?xi8>, memref<?x2xf8E4M3FN>) rhs(%b, %sb : memref<1x8x128xi8>, memref<1x2x32xf8E4M3FN>) alpha(%alpha) outs(%z : memref<?x32xf32>)
  return
}

// CHECK-LABEL: func.func @mx(
// CHECK:         call @fp4.packed_matmul_0(
func.func @mx(%v: memref<?x2x1x32xi8>, %t: memref<?x2x2x1xi32>, %f: memref<?x1xf64>, %w: memref<?xi8>, %sa: memref<?x2xf8E8M0FNU>, %b: memref<1x8x128xi8>, %sb: memref<1x2x32xf8E8M0FNU>, %alpha: f32, %y: memref<?x32xbf16>) {
  fp4.packed_matmul group_size(32) offset(12) lhs(%v, %t, %f, %w, %sa : memref<?x2x1x32xi8>, memref<?x2x2x1xi32>, memref<?x1xf64>, memref<?xi8>, memref<?x2xf8E8M0FNU>) rhs(%b, %sb : memref<1x8x128xi8>, memref<1x2x32xf8E8M0FNU>) alpha(%alpha) outs(%y : memref<?x32xbf16>)
  return
}
