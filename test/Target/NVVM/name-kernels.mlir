// Names of kernels are identifiers of PTX, each used once, in one module whose name is free.

// RUN: fp4-opt %s --split-input-file --fp4-name-kernels | FileCheck %s

// What PTX does not take is replaced; a number tells kernels of one name apart.
// CHECK-LABEL: func.func @a.b(
// CHECK:         gpu.launch {{.*}} module(@kernels) function(@a_b_dequantize)
// CHECK:         gpu.launch {{.*}} module(@kernels) function(@a_b_dequantize_1)
// CHECK:         gpu.launch {{.*}} module(@kernels) function(@a_b_kernel)
func.func @a.b(%n: index) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) function(@dequantize) {
    gpu.terminator
  }
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) function(@dequantize) {
    gpu.terminator
  }
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    gpu.terminator
  }
  return
}

// The same once replaced.
// CHECK-LABEL: func.func @a_b(
// CHECK:         gpu.launch {{.*}} function(@a_b_dequantize_2)
func.func @a_b(%n: index) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) function(@dequantize) {
    gpu.terminator
  }
  return
}

// CHECK-LABEL: func.func @"1x"(
// CHECK:         gpu.launch {{.*}} function(@k_1x_kernel)
func.func @"1x"(%n: index) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    gpu.terminator
  }
  return
}

// Each byte of a letter that takes two.
// CHECK-LABEL: func.func @"\C3\A9$ %"(
// CHECK:         gpu.launch {{.*}} function(@______kernel)
func.func @"\C3\A9$ %"(%n: index) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    gpu.terminator
  }
  return
}

// -----

// CHECK-LABEL: func.func @kernels(
// CHECK:         gpu.launch {{.*}} module(@kernels_1) function(@kernels_kernel)
func.func @kernels(%n: index) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    gpu.terminator
  }
  return
}
func.func private @kernels_0()

// -----

// Outside of any function.
// CHECK:         gpu.launch {{.*}} module(@kernels) function(@module_kernel)
%n = arith.constant 1 : index
gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
  gpu.terminator
}
