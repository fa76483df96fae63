// Each reason why the tensor cores of a chip that has them cannot be taken, for the op and for a half of a layer, with
// what is taken instead; and the second run, which has nothing left to warn of.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --fp4-choose-strategies="target=nvvm chip=sm_100a" | FileCheck %s
// RUN: fp4-opt %s --split-input-file --fp4-choose-strategies="target=nvvm chip=sm_100a" -o %t 2>/dev/null
// RUN: fp4-opt %t --split-input-file --fp4-choose-strategies="target=nvvm chip=sm_100a" 2>&1 | FileCheck %s --implicit-check-not=warning

// CHECK-LABEL: func.func @e8m0_groups(
// CHECK:         {strategy = "simt"}
func.func @e8m0_groups(%a: tensor<2x64xf4E2M1FN>, %sa: tensor<2x1xf8E8M0FNU>, %b: tensor<48x64xf4E2M1FN>,
    %sb: tensor<48x1xf8E8M0FNU>, %g: f32, %o: tensor<2x48xf32>) -> tensor<2x48xf32> {
  // expected-warning-re @below {{{{^}}fp4.scaled_matmul: strategy 'tcgen05' cannot be taken: groups of 64 with f8E8M0FNU; it takes groups of 32 with f8E8M0FNU and of 16 with f8E4M3FN; taking 'simt'{{$}}}}
  %y = fp4.scaled_matmul group_size(64) lhs(%a, %sa : tensor<2x64xf4E2M1FN>, tensor<2x1xf8E8M0FNU>)
      rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<48x1xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x48xf32>)
  return %y : tensor<2x48xf32>
}

// -----

// The groups of one format are not those of the other.
// CHECK-LABEL: func.func @e8m0_groups_of_16(
// CHECK:         {strategy = "simt"}
func.func @e8m0_groups_of_16(%a: tensor<2x64xf4E2M1FN>, %sa: tensor<2x4xf8E8M0FNU>, %b: tensor<48x64xf4E2M1FN>,
    %sb: tensor<48x4xf8E8M0FNU>, %g: f32, %o: tensor<2x48xf32>) -> tensor<2x48xf32> {
  // expected-warning @below {{'tcgen05' cannot be taken: groups of 16 with f8E8M0FNU; it takes groups of 32}}
  %y = fp4.scaled_matmul group_size(16) lhs(%a, %sa : tensor<2x64xf4E2M1FN>, tensor<2x4xf8E8M0FNU>)
      rhs(%b, %sb : tensor<48x64xf4E2M1FN>, tensor<48x4xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x48xf32>)
  return %y : tensor<2x48xf32>
}

// -----

// CHECK-LABEL: func.func @e4m3_groups(
// CHECK:         matmul_strategy = "simt"
func.func @e4m3_groups(%x: tensor<2x64xf32>, %w: tensor<48x32xi8>, %s: tensor<48x2xf8E4M3FN>, %g: f32)
    -> tensor<2x48xf32> {
  // expected-warning-re @below {{{{^}}fp4.quant_linear: matmul_strategy 'tcgen05' cannot be taken: groups of 32 with f8E4M3FN; it takes groups of 32 with f8E8M0FNU and of 16 with f8E4M3FN; taking 'simt'{{$}}}}
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<48x32xi8>, tensor<48x2xf8E4M3FN>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x48xf32>
  return %y : tensor<2x48xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic_n(
// CHECK:         matmul_strategy = "simt"
func.func @dynamic_n(%x: tensor<2x64xf32>, %w: tensor<?x32xi8>, %s: tensor<?x2xf8E8M0FNU>, %g: f32)
    -> tensor<2x?xf32> {
  // expected-warning @below {{matmul_strategy 'tcgen05' cannot be taken: N is dynamic; taking 'simt'}}
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<2x64xf32>)
      weight(%w, %s : tensor<?x32xi8>, tensor<?x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}

// -----

// CHECK-LABEL: func.func @dynamic_k(
// CHECK:         {strategy = "simt"}
func.func @dynamic_k(%a: memref<2x64xi8>, %sa: memref<2x4xf8E8M0FNU>, %b: memref<48x?xi8>,
    %sb: memref<48x?xf8E8M0FNU>, %g: f32, %o: memref<2x48xf32>) {
  // expected-warning @below {{strategy 'tcgen05' cannot be taken: K is dynamic; taking 'simt'}}
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<2x64xi8>, memref<2x4xf8E8M0FNU>)
      rhs(%b, %sb : memref<48x?xi8>, memref<48x?xf8E8M0FNU>) alpha(%g) outs(%o : memref<2x48xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @no_n(
// CHECK:         {strategy = "simt"}
func.func @no_n(%a: tensor<2x64xf4E2M1FN>, %sa: tensor<2x4xf8E4M3FN>, %b: tensor<0x64xf4E2M1FN>,
    %sb: tensor<0x4xf8E4M3FN>, %g: f32, %o: tensor<2x0xf32>) -> tensor<2x0xf32> {
  // expected-warning @below {{strategy 'tcgen05' cannot be taken: N is 0; taking 'simt'}}
  %y = fp4.scaled_matmul group_size(16) lhs(%a, %sa : tensor<2x64xf4E2M1FN>, tensor<2x4xf8E4M3FN>)
      rhs(%b, %sb : tensor<0x64xf4E2M1FN>, tensor<0x4xf8E4M3FN>) alpha(%g) outs(%o : tensor<2x0xf32>)
  return %y : tensor<2x0xf32>
}

// -----

// A request is answered with "instead".
// CHECK-LABEL: func.func @no_k(
// CHECK:         {strategy = "simt"}
func.func @no_k(%a: tensor<2x0xi8>, %sa: tensor<2x0xf8E8M0FNU>, %b: tensor<48x0xi8>, %sb: tensor<48x0xf8E8M0FNU>,
    %g: f32, %o: tensor<2x48xf32>) -> tensor<2x48xf32> {
  // expected-warning-re @below {{{{^}}fp4.scaled_matmul: strategy 'tcgen05' cannot be taken: K is 0; taking 'simt' instead{{$}}}}
  %y = fp4.scaled_matmul group_size(32) lhs(%a, %sa : tensor<2x0xi8>, tensor<2x0xf8E8M0FNU>)
      rhs(%b, %sb : tensor<48x0xi8>, tensor<48x0xf8E8M0FNU>) alpha(%g) outs(%o : tensor<2x48xf32>) {strategy = "tcgen05"}
  return %y : tensor<2x48xf32>
}
