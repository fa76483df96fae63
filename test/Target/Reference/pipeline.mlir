// The reference pipeline leaves the LLVM dialect and nothing else, for layers on f16 and bf16 and for arithmetic
// around them, which no target may round in its own way.

// RUN: fp4-opt %s --fp4-lower-to-reference -o %t
// RUN: FileCheck %s --implicit-check-not="f32 to bf16" --implicit-check-not="f64 to bf16" \
// RUN:   --implicit-check-not="bf16 to f32" < %t

// Every line is an op of the LLVM dialect, a label, or the end of a region.
// RUN: not grep -v -E '^ *(%%[0-9a-z_:]+ = )?"?(llvm\.|\}|\^bb|module)|^$' %t

// An entry takes a destination for its result, and has a C interface; so has the function of its shapes.
// CHECK-LABEL: llvm.func @layer_bf16(
// CHECK-LABEL: llvm.func @_mlir_ciface_layer_bf16(
// CHECK-SAME:    %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: f32, %{{[a-z0-9]+}}: !llvm.ptr)
// CHECK-LABEL: llvm.func @layer_bf16.result_shapes(
// CHECK-LABEL: llvm.func @_mlir_ciface_layer_bf16.result_shapes(
func.func @layer_bf16(%x: tensor<?x64xbf16>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %t: tensor<2x32x32xbf16>, %g: f32) -> tensor<?x48xbf16> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>) weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      transform(%t : tensor<2x32x32xbf16>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}

// CHECK-LABEL: llvm.func @layer_f16(
func.func @layer_f16(%x: tensor<2x?x64xf16>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<1x1x32x4x4xf8E4M3FN>, %g: f32) -> tensor<2x?x48xf16> {
  %y = fp4.quant_linear group_size(16) rounding(up) ins(%x : tensor<2x?x64xf16>) weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<1x1x32x4x4xf8E4M3FN>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x?x48xf16>
  return %y : tensor<2x?x48xf16>
}

// Codes and scales as results, and sizes that only the runtime knows.
// CHECK-LABEL: llvm.func @quantize(
// CHECK:         llvm.call @abort
func.func @quantize(%x: tensor<?x?xf32>, %g: f32) -> (tensor<?x?xf4E2M1FN>, tensor<?x?xf8E8M0FNU>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %k = tensor.dim %x, %c1 : tensor<?x?xf32>
  %groups = arith.divui %k, %c32 : index
  %c = tensor.empty(%m, %k) : tensor<?x?xf4E2M1FN>
  %s = tensor.empty(%m, %groups) : tensor<?x?xf8E8M0FNU>
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<?x?xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<?x?xf4E2M1FN>, tensor<?x?xf8E8M0FNU>)
  return %0#0, %0#1 : tensor<?x?xf4E2M1FN>, tensor<?x?xf8E8M0FNU>
}

// A private function is inlined and gone, or gone if no one calls it, whatever it does.
// CHECK-NOT: @unused
func.func private @unused(%x: memref<4xf32>) -> memref<4xf32> { return %x : memref<4xf32> }

// CHECK-NOT: @double
func.func private @double(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %0 = arith.addf %x, %x : tensor<4xbf16>
  return %0 : tensor<4xbf16>
}

// The user's own arithmetic is done in f32; only the i16 that it is rounded to becomes a bf16 again.
// CHECK-LABEL: llvm.func @arithmetic(
// CHECK:         llvm.fadd %{{.*}}, %{{.*}} : f32
// CHECK:         llvm.bitcast %{{.*}} : i16 to bf16
// CHECK:         llvm.fmul %{{.*}}, %{{.*}} : f32
func.func @arithmetic(%x: tensor<4xbf16>, %y: tensor<?xf16>) -> (tensor<4xbf16>, tensor<?xf16>) {
  %0 = func.call @double(%x) : (tensor<4xbf16>) -> tensor<4xbf16>
  %1 = math.exp %0 : tensor<4xbf16>
  %2 = arith.mulf %y, %y : tensor<?xf16>
  return %1, %2 : tensor<4xbf16>, tensor<?xf16>
}
