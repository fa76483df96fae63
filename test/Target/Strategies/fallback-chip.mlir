// Chips without tensor memory: what would be faster elsewhere is not taken, and a warning says so, asked for or not.
// Nothing is faster for the quantization, and nothing is warned of where the slower strategy is what was asked for.

// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_80" 2>&1 | FileCheck %s -DCHIP=sm_80
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_89" 2>&1 | FileCheck %s -DCHIP=sm_89
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_90a" 2>&1 | FileCheck %s -DCHIP=sm_90a
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_120a" 2>&1 | FileCheck %s -DCHIP=sm_120a

// CHECK:     :[[#FIRST:]]:8: warning: fp4.quant_linear: matmul_strategy 'tcgen05' cannot be taken: chip [[CHIP]] has no tensor memory (tcgen05); taking 'simt'{{$}}
// CHECK:     :[[#FIRST + 3]]:8: warning: fp4.quant_linear: matmul_strategy 'tcgen05' cannot be taken: chip [[CHIP]] has no tensor memory (tcgen05); taking 'simt' instead{{$}}
// CHECK-NOT: warning

// CHECK-LABEL: func.func @layers(
// CHECK:         fp4.quant_linear {{.*}} {matmul_strategy = "simt", quantize_strategy = "simt"}
// CHECK:         fp4.quant_linear {{.*}} {matmul_strategy = "simt", quantize_strategy = "simt"}
// CHECK:         fp4.quant_linear {{.*}} {matmul_strategy = "simt", quantize_strategy = "reference"}
func.func @layers(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> (tensor<2x48xf32>, tensor<2x48xf32>, tensor<2x48xf32>) {
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x48xf32>
  %1 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) {matmul_strategy = "tcgen05"}
      -> tensor<2x48xf32>
  %2 = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "simt", quantize_strategy = "reference"} -> tensor<2x48xf32>
  return %0, %1, %2 : tensor<2x48xf32>, tensor<2x48xf32>, tensor<2x48xf32>
}
