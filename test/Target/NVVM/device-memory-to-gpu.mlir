// Buffers in memory space 1 are allocated, freed and copied by the gpu dialect; others are left alone.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(fp4-device-memory-to-gpu))' | FileCheck %s

// CHECK-LABEL: func.func @buffers(
// CHECK-SAME:    %[[N:.*]]: index, %[[H:.*]]: memref<?xf32>)
// CHECK-NEXT:    %[[D:.*]] = gpu.alloc {{.*}}(%[[N]]) : memref<?xf32, 1>
// CHECK-NEXT:    %[[E:.*]] = gpu.alloc {{.*}}(%[[N]]) : memref<?xf32, 1>
// CHECK-NEXT:    gpu.memcpy %[[D]], %[[H]] : memref<?xf32, 1>, memref<?xf32>
// CHECK-NEXT:    gpu.memcpy %[[E]], %[[D]] : memref<?xf32, 1>, memref<?xf32, 1>
// CHECK-NEXT:    gpu.memcpy %[[H]], %[[E]] : memref<?xf32>, memref<?xf32, 1>
// CHECK-NEXT:    gpu.dealloc %[[D]] : memref<?xf32, 1>
// CHECK-NEXT:    gpu.dealloc %[[E]] : memref<?xf32, 1>
// CHECK-NEXT:    %[[A:.*]] = memref.alloc(%[[N]]) : memref<?xf32>
// CHECK-NEXT:    memref.copy %[[H]], %[[A]]
// CHECK-NEXT:    memref.dealloc %[[A]]
func.func @buffers(%n: index, %h: memref<?xf32>) {
  %d = memref.alloc(%n) : memref<?xf32, 1>
  %e = memref.alloc(%n) : memref<?xf32, 1>
  memref.copy %h, %d : memref<?xf32> to memref<?xf32, 1>
  memref.copy %d, %e : memref<?xf32, 1> to memref<?xf32, 1>
  memref.copy %e, %h : memref<?xf32, 1> to memref<?xf32>
  memref.dealloc %d : memref<?xf32, 1>
  memref.dealloc %e : memref<?xf32, 1>
  %a = memref.alloc(%n) : memref<?xf32>
  memref.copy %h, %a : memref<?xf32> to memref<?xf32>
  memref.dealloc %a : memref<?xf32>
  return
}

// -----

func.func @strided(%d: memref<4x8xf32, strided<[16, 1]>, 1>, %h: memref<4x8xf32>) {
  // expected-error @below {{'memref.copy' op between host and device, or on the device, expects contiguous buffers, but got 'memref<4x8xf32, strided<[16, 1]>, 1>'}}
  memref.copy %d, %h : memref<4x8xf32, strided<[16, 1]>, 1> to memref<4x8xf32>
  return
}

// -----

func.func @unranked(%d: memref<*xf32, 1>, %h: memref<*xf32>) {
  // expected-error @below {{expects contiguous buffers, but got 'memref<*xf32>'}}
  memref.copy %h, %d : memref<*xf32> to memref<*xf32, 1>
  return
}

// -----

// The host would follow an address of the device.
func.func @load(%d: memref<4xf32, 1>, %i: index) -> f32 {
  // expected-error @below {{'memref.load' op is executed by the host, but on device memory (space 1)}}
  %0 = memref.load %d[%i] : memref<4xf32, 1>
  return %0 : f32
}

// -----

func.func @stack() {
  // expected-error @below {{'memref.alloca' op is executed by the host, but on device memory (space 1)}}
  %0 = memref.alloca() : memref<4xf32, 1>
  return
}

// -----

// Views do not, and kernels may.
// CHECK-LABEL: func.func @kernel(
// CHECK:         gpu.launch
// CHECK:           memref.store
func.func @kernel(%d: memref<4x4xf32, 1>, %v: f32) -> index {
  %c1 = arith.constant 1 : index
  %s = memref.subview %d[1, 0] [2, 4] [1, 1] : memref<4x4xf32, 1> to memref<2x4xf32, strided<[4, 1], offset: 4>, 1>
  %n = memref.dim %s, %c1 : memref<2x4xf32, strided<[4, 1], offset: 4>, 1>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1) threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    memref.store %v, %s[%bx, %tx] : memref<2x4xf32, strided<[4, 1], offset: 4>, 1>
    gpu.terminator
  }
  return %n : index
}
