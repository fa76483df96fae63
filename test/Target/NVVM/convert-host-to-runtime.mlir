// The host's side becomes calls of the runtime.

// RUN: fp4-opt %s --convert-host-to-runtime | FileCheck %s

// CHECK-DAG: llvm.func @fp4rtAlloc(i64) -> !llvm.ptr
// CHECK-DAG: llvm.func @fp4rtFree(!llvm.ptr)
// CHECK-DAG: llvm.func @fp4rtCopyToDevice(!llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @fp4rtCopyOnDevice(!llvm.ptr, !llvm.ptr, i64)
// CHECK-DAG: llvm.func @fp4rtCopyToHost(!llvm.ptr, !llvm.ptr, i64)

// The image with its size, which does not count the NUL; its name; and no handle yet.
// CHECK:     llvm.mlir.global internal constant @fp4rt.image.k("ptx text\00")
// CHECK:     llvm.mlir.global external @fp4rt.module.k()
// CHECK:       llvm.mlir.addressof @fp4rt.image.k
// CHECK:       llvm.mlir.constant(8 : i64)
// CHECK:       llvm.mlir.addressof @fp4rt.image.k.name
// The kernel with the most dynamic shared memory that a launch of it asks for.
// CHECK:     llvm.mlir.global internal @fp4rt.kernel.k.run()
// CHECK:       llvm.mlir.addressof @fp4rt.module.k
// CHECK:       llvm.mlir.addressof @fp4rt.kernel.k.run.name
// CHECK:       llvm.mlir.constant(8192 : i32)
// CHECK-NOT: gpu.binary
module attributes {gpu.container_module} {
  gpu.binary @k [#gpu.object<#nvvm.target<chip = "sm_100a">, assembly = "ptx text">]

  // CHECK-LABEL: func.func @f(
  // CHECK:         %[[D:.*]] = llvm.call @fp4rtAlloc(%{{.*}}) : (i64) -> !llvm.ptr
  // 4 bytes for each element.
  // CHECK:         llvm.mlir.constant(4 : i64)
  // CHECK:         llvm.call @fp4rtCopyToDevice(
  // CHECK:         %[[K:.*]] = llvm.mlir.addressof @fp4rt.kernel.k.run : !llvm.ptr
  // CHECK:         llvm.call @fp4rtLaunch(%[[K]],
  // CHECK:         llvm.call @fp4rtLaunch(%{{.*}},
  // CHECK:         llvm.call @fp4rtCopyOnDevice(
  // CHECK:         llvm.call @fp4rtCopyToHost(
  // CHECK:         llvm.call @fp4rtFree(
  func.func @f(%n: index, %h: memref<?xf32>) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %less = arith.constant 4096 : i32
    %more = arith.constant 8192 : i32
    %d = gpu.alloc (%n) : memref<?xf32, 1>
    gpu.memcpy %d, %h : memref<?xf32, 1>, memref<?xf32>
    gpu.launch_func @k::@run blocks in (%n, %c1, %c1) threads in (%c128, %c1, %c1) dynamic_shared_memory_size %more args(%d : memref<?xf32, 1>)
    gpu.launch_func @k::@run blocks in (%n, %c1, %c1) threads in (%c128, %c1, %c1) dynamic_shared_memory_size %less args(%d : memref<?xf32, 1>)
    gpu.memcpy %d, %d : memref<?xf32, 1>, memref<?xf32, 1>
    gpu.memcpy %h, %d : memref<?xf32>, memref<?xf32, 1>
    gpu.dealloc %d : memref<?xf32, 1>
    return
  }

  // Sizes and strides innermost first, strides in bytes and without the innermost; the map is 128 bytes at a multiple of
  // 64, made once however often the loop runs.
  // CHECK-LABEL: func.func @map(
  // CHECK:         llvm.alloca %{{.*}} x i8 {alignment = 64 : i64} : (i64) -> !llvm.ptr
  // CHECK:         scf.for
  // CHECK-NOT:     llvm.alloca
  // CHECK:         llvm.call @fp4rtEncodeTensorMap(
  func.func @map(%m: memref<?x160xi8, 1>, %n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    scf.for %i = %c0 to %n step %c1 {
      %u = memref.cast %m : memref<?x160xi8, 1> to memref<*xi8, 1>
      %t = nvgpu.tma.create.descriptor %u box[%c128, %c128] : memref<*xi8, 1> -> !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>
    }
    return
  }

  // Sizes of 32 bits are those of the runtime, and a cluster is handed on.
  // CHECK-LABEL: func.func @sizes(
  // CHECK-SAME:    %[[N:.*]]: i32)
  // CHECK:         %[[X:.*]] = llvm.sext %[[N]] : i32 to i64
  // CHECK:         llvm.call @fp4rtLaunch(%{{.*}}, %[[X]], %{{.*}}) : (!llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i32, i32, !llvm.ptr) -> ()
  func.func @sizes(%n: i32) {
    gpu.launch_func @k::@run clusters in (%n, %n, %n) blocks in (%n, %n, %n) threads in (%n, %n, %n) : i32
    return
  }
}
