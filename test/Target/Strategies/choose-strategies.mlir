// What is chosen where nothing stands in the way, and what stays as it was asked for. Nothing is warned of, not even
// when the pass runs on its own output.

// RUN: fp4-opt %s --fp4-choose-strategies | FileCheck %s --check-prefixes=CHECK,HOST
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_100a" | FileCheck %s --check-prefixes=CHECK,NVVM
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_103a" | FileCheck %s --check-prefixes=CHECK,NVVM

// RUN: fp4-opt %s --fp4-choose-strategies -o %t.host
// RUN: fp4-opt %t.host --fp4-choose-strategies 2>&1 | diff %t.host -
// RUN: fp4-opt %s --fp4-choose-strategies="target=nvvm chip=sm_100a" -o %t.nvvm
// RUN: fp4-opt %t.nvvm --fp4-choose-strategies="target=nvvm chip=sm_100a" 2>&1 | diff %t.nvvm -

// What was chosen for one half says nothing about the other, which the decomposition keeps apart.
// RUN: fp4-opt %t.nvvm --fp4-decompose-quant-linear -o %t.parts
// RUN: fp4-opt %t.parts --fp4-choose-strategies="target=nvvm chip=sm_100a" 2>&1 | diff %t.parts -

// CHECK-LABEL: func.func @layer(
// HOST:          fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "reference"}
// NVVM:          fp4.quant_linear {{.*}} {matmul_strategy = "tcgen05", quantize_strategy = "simt"}
func.func @layer(%x: tensor<?x64xbf16>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> tensor<?x48xbf16> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}

// Packed codes, blocked scales, a transform, and a K that the input leaves open.
// CHECK-LABEL: func.func @layer_nv(
// HOST:          fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "reference"}
// NVVM:          fp4.quant_linear {{.*}} {matmul_strategy = "tcgen05", quantize_strategy = "simt"}
func.func @layer_nv(%x: tensor<3x?xf32>, %w: tensor<48x32xi8>, %s: tensor<1x1x32x4x4xf8E4M3FN>,
    %t: tensor<16x16xf32>, %g: f32) -> tensor<3x48xf16> {
  %y = fp4.quant_linear group_size(16) ins(%x : tensor<3x?xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<1x1x32x4x4xf8E4M3FN>) transform(%t : tensor<16x16xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<3x48xf16>
  return %y : tensor<3x48xf16>
}

// CHECK-LABEL: func.func @ops(
// HOST:          fp4.block_transform {{.*}} {strategy = "reference"}
// HOST:          fp4.quantize_pack {{.*}} {strategy = "reference"}
// HOST:          fp4.quantize_with_scales {{.*}} {strategy = "reference"}
// HOST:          fp4.dequantize {{.*}} {strategy = "reference"}
// HOST:          fp4.scaled_matmul {{.*}} {strategy = "reference"}
// HOST:          fp4.convert_scale_layout {{.*}} {strategy = "reference"}
// NVVM:          fp4.block_transform {{.*}} {strategy = "simt"}
// NVVM:          fp4.quantize_pack {{.*}} {strategy = "simt"}
// NVVM:          fp4.quantize_with_scales {{.*}} {strategy = "simt"}
// NVVM:          fp4.dequantize {{.*}} {strategy = "simt"}
// NVVM:          fp4.scaled_matmul {{.*}} {strategy = "tcgen05"}
// NVVM:          fp4.convert_scale_layout {{.*}} {strategy = "simt"}
func.func @ops(%x: memref<4x64xf32>, %t: memref<8x8xf32>, %c: memref<4x32xi8>, %s: memref<4x2xf8E8M0FNU>,
    %b: memref<1x1x32x4x4xf8E8M0FNU>, %w: memref<48x32xi8>, %ws: memref<48x2xf8E8M0FNU>, %y: memref<4x48xf32>,
    %g: f32) {
  fp4.block_transform ins(%x : memref<4x64xf32>) transform(%t : memref<8x8xf32>) outs(%x : memref<4x64xf32>)
  fp4.quantize_pack group_size(32) ins(%x : memref<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : memref<4x32xi8>, memref<4x2xf8E8M0FNU>)
  fp4.quantize_with_scales group_size(32) ins(%x, %s : memref<4x64xf32>, memref<4x2xf8E8M0FNU>) global_scale(%g)
      outs(%c : memref<4x32xi8>)
  fp4.dequantize group_size(32) ins(%c, %s : memref<4x32xi8>, memref<4x2xf8E8M0FNU>) global_scale(%g)
      outs(%x : memref<4x64xf32>)
  fp4.scaled_matmul group_size(32) lhs(%c, %s : memref<4x32xi8>, memref<4x2xf8E8M0FNU>)
      rhs(%w, %ws : memref<48x32xi8>, memref<48x2xf8E8M0FNU>) alpha(%g) outs(%y : memref<4x48xf32>)
  fp4.convert_scale_layout ins(%s : memref<4x2xf8E8M0FNU>) outs(%b : memref<1x1x32x4x4xf8E8M0FNU>)
  return
}

// A slower strategy that is asked for is taken: on the GPU's host too, and for one half only.
// CHECK-LABEL: func.func @mixed(
// HOST:          fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "reference"}
// NVVM:          fp4.quant_linear {{.*}} {matmul_strategy = "tcgen05", quantize_strategy = "reference"}
// HOST:          fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "reference"}
// NVVM:          fp4.quant_linear {{.*}} {matmul_strategy = "reference", quantize_strategy = "simt"}
func.func @mixed(%x: tensor<?x64xbf16>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32)
    -> (tensor<?x48xbf16>, tensor<?x48xbf16>) {
  %0 = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {quantize_strategy = "reference"} -> tensor<?x48xbf16>
  %1 = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g)
      {matmul_strategy = "reference"} -> tensor<?x48xbf16>
  return %0, %1 : tensor<?x48xbf16>, tensor<?x48xbf16>
}
