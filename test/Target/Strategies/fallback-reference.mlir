// Strategies of a GPU that are asked for where there is none, in the pass alone and in the reference pipeline.

// RUN: fp4-opt %s --verify-diagnostics --fp4-choose-strategies | FileCheck %s
// RUN: fp4-opt %s --verify-diagnostics --fp4-lower-to-reference | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func.func @layer(
// CHECK:         fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "reference"}
// LLVM-LABEL:  llvm.func @layer(
func.func @layer(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> tensor<2x48xf32> {
  // expected-warning-re @below {{{{^}}fp4.quant_linear: matmul_strategy 'tcgen05' cannot be taken: it runs on target nvvm; taking 'reference' instead{{$}}}}
  // expected-warning-re @below {{{{^}}fp4.quant_linear: quantize_strategy 'simt' cannot be taken: it runs on target nvvm; taking 'reference' instead{{$}}}}
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "tcgen05", quantize_strategy = "simt"} -> tensor<2x48xf32>
  return %0 : tensor<2x48xf32>
}
