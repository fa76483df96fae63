// Kernels in the NVVM dialect, with the target that they were made for.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_100a}))' | FileCheck %s
// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_90a}))' | FileCheck %s --check-prefix=SM90
// RUN: not fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_75}))' 2>&1 | FileCheck %s --check-prefix=OLD
// NONE: error: unknown chip '', expects one of sm_80, sm_89, sm_90a, sm_100a, sm_103a, sm_120a
// OLD: error: unknown chip 'sm_75', expects one of

// The version of PTX is the least that has what the chip has. Another target is replaced.
// CHECK: gpu.module @k [#nvvm.target<O = 3, chip = "sm_100a", features = "+ptx88", verifyTarget = false>]
// SM90:  gpu.module @k [#nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80", verifyTarget = false>]
gpu.module @k [#nvvm.target<chip = "sm_50">] {
  // The launch says how large the dynamic shared memory is; the swizzle wants it at a multiple of 1024.
  // CHECK-DAG: llvm.mlir.global external @[[SMEM:.*]]() {addr_space = 3 : i32, alignment = 1024 : i64{{.*}}} : !llvm.array<0 x i8>

  // A tensor map is a parameter by value behind a memref of rank 1, whose descriptor takes five.
  // CHECK-LABEL: llvm.func @load(
  // CHECK-SAME:    %arg5: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}
  // CHECK-SAME:    attributes {gpu.kernel, nvvm.kernel}
  gpu.func @load(%out: memref<?xi8, 1>, %map: !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, #gpu.address_space<workgroup>>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>, %i: index)
      workgroup(%slot: memref<1xi32, #gpu.address_space<workgroup>>) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %bytes = arith.constant 16384 : index
    // CHECK: llvm.mlir.addressof @[[SMEM]]
    %smem = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %tile = memref.view %smem[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<128x128xi8, #gpu.address_space<workgroup>>
    %bars = nvgpu.mbarrier.create -> !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 1>
    // CHECK: nvvm.mbarrier.init
    nvgpu.mbarrier.init %bars[%c0], %c1 : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 1>
    // CHECK: nvvm.mbarrier.arrive.expect_tx
    nvgpu.mbarrier.arrive.expect_tx %bars[%c0], %bytes : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 1>
    // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %arg5,
    nvgpu.tma.async.load %map[%i, %c0], %bars[%c0] to %tile : !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, #gpu.address_space<workgroup>>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>, !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 1> -> memref<128x128xi8, #gpu.address_space<workgroup>>
    // CHECK: llvm.return
    gpu.return
  }

  // Several dynamic dimensions of one.
  // CHECK-LABEL: llvm.func @expand(
  // CHECK-NOT:     memref
  gpu.func @expand(%m: memref<?x64xf32, 1>, %i: index, %v: f32) kernel {
    %e = memref.expand_shape %m [[0, 1], [2]] output_shape [%i, %i, 64] : memref<?x64xf32, 1> into memref<?x?x64xf32, 1>
    memref.store %v, %e[%i, %i, %i] : memref<?x?x64xf32, 1>
    gpu.return
  }
}

// A tensor map is marked where it is behind the conversion, whatever is in front of it.
// CHECK-LABEL: llvm.func @map_behind(
// CHECK-SAME:    %{{.*}}: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant})
gpu.module @map_behind {
  gpu.func @map_behind(%u: memref<*xf32, 1>, %m: memref<4xf32, 1>, %t: !nvgpu.tensormap.descriptor<tensor = memref<64x128xi8, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>) kernel {
    gpu.return
  }
}
