// Sizes that are known at run time only are checked then: one assertion for each relation that the verifier could
// not decide, in front of the op, with a message that says what the relation is and where the op stands.

// RUN: fp4-opt %s --generate-runtime-verification="verbose-level=0" | FileCheck %s

// Nothing is dynamic, nothing is asserted.
// CHECK-LABEL: func.func @static(
// CHECK-NOT:     cf.assert
// CHECK:         return
func.func @static(%x: tensor<4x64xf32>, %g: f32, %c: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>) {
  %0:2 = fp4.quantize_pack group_size(32) ins(%x : tensor<4x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : tensor<4x32xi8>, tensor<4x2xf8E8M0FNU>)
  return
}

// Only M is dynamic: K has been verified. The layer's own result says nothing about what comes in.
// CHECK-LABEL: func.func @layer(
// CHECK-NOT:     cf.assert
// CHECK:         fp4.quant_linear
func.func @layer(%x: tensor<?x64xbf16>, %w: tensor<48x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<?x48xbf16> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xbf16>)
      weight(%w, %s : tensor<48x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}

// Everything is dynamic: each relation once.
// CHECK-LABEL: func.func @dynamic_layer(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?xbf16>, %[[W:[a-z0-9]+]]: tensor<?x?xi8>, %[[S:[a-z0-9]+]]: tensor<?x?xf8E8M0FNU>, %[[T:[a-z0-9]+]]: tensor<?x16x16xf32>
// CHECK:         %[[WK:.*]] = tensor.dim %[[W]], %{{.*}}
// CHECK:         %[[TWICE:.*]] = arith.constant 2 : index
// CHECK-NEXT:    %[[CODES:.*]] = arith.muli %[[WK]], %[[TWICE]]
// CHECK:         %[[GROUP:.*]] = arith.constant 32 : index
// CHECK-NEXT:    %[[REST:.*]] = arith.remui %[[CODES]], %[[GROUP]]
// CHECK:         %[[HOLDS:.*]] = arith.cmpi eq, %[[REST]], %{{.*}} : index
// CHECK-NEXT:    cf.assert %[[HOLDS]], "{{.*}}expects dimension 1 of 'weight_codes' * 2 to be a multiple of group_size 32\0ALocation: loc(\22{{.*}}runtime-verification.mlir\22:
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'weight_scales' to be dimension 0 of 'weight_codes'\0A
// CHECK:         %[[SK:.*]] = tensor.dim %[[S]], %{{.*}}
// CHECK:         %[[GROUPS:.*]] = arith.ceildivui
// CHECK-NEXT:    %[[HOLDS:.*]] = arith.cmpi eq, %[[SK]], %[[GROUPS]] : index
// CHECK-NEXT:    cf.assert %[[HOLDS]], "{{.*}}expects dimension 1 of 'weight_scales' to be dimension 1 of 'weight_codes' * 2 / 32\0A
// CHECK:         %[[XK:.*]] = tensor.dim %[[X]], %{{.*}}
// CHECK:         %[[K:.*]] = arith.muli
// CHECK-NEXT:    %[[HOLDS:.*]] = arith.cmpi eq, %[[XK]], %[[K]] : index
// CHECK-NEXT:    cf.assert %[[HOLDS]], "{{.*}}expects dimension 1 of 'input' to be dimension 1 of 'weight_codes' * 2\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 1 of 'input' to be a multiple of the block size of 'transform', 16\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'transform' to be dimension 1 of 'input' / 16\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.quant_linear
func.func @dynamic_layer(%x: tensor<?x?xbf16>, %w: tensor<?x?xi8>, %s: tensor<?x?xf8E8M0FNU>, %t: tensor<?x16x16xf32>, %g: f32) -> tensor<?x?xbf16> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x?xbf16>)
      weight(%w, %s : tensor<?x?xi8>, tensor<?x?xf8E8M0FNU>) transform(%t : tensor<?x16x16xf32>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<?x?xbf16>
  return %y : tensor<?x?xbf16>
}

// A result that promises more than its operands is held to it.
// CHECK-LABEL: func.func @static_result(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[W:[a-z0-9]+]]: tensor<?x64xf4E2M1FN>
// CHECK-DAG:     %[[C5:.*]] = arith.constant 5 : index
// CHECK-DAG:     %[[M:.*]] = tensor.dim %[[X]],
// CHECK:         %[[HOLDS:.*]] = arith.cmpi eq, %[[C5]], %[[M]] : index
// CHECK-NEXT:    cf.assert %[[HOLDS]], "{{.*}}expects dimension 0 of 'result' to be dimension 0 of 'input'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 1 of 'result' to be dimension 0 of 'weight_codes'\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.quant_linear
func.func @static_result(%x: tensor<?x64xf32>, %w: tensor<?x64xf4E2M1FN>, %s: tensor<48x2xf8E8M0FNU>, %g: f32) -> tensor<5x48xf32> {
  %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x64xf32>)
      weight(%w, %s : tensor<?x64xf4E2M1FN>, tensor<48x2xf8E8M0FNU>)
      weight_global_scale(%g) activation_global_scale(%g) activation_scale_scale(%g) -> tensor<5x48xf32>
  return %y : tensor<5x48xf32>
}

// On memrefs too, and for destinations: one too small would be written out of bounds.
// CHECK-LABEL: func.func @destinations(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x64xf32>
// CHECK-DAG:     memref.dim %[[X]]
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'scales' to be dimension 0 of 'input'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'codes' to be dimension 0 of 'input'\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.quantize_pack
func.func @destinations(%x: memref<?x64xf32>, %g: f32, %c: memref<?x32xi8>, %s: memref<4x2xf8E8M0FNU>) {
  fp4.quantize_pack group_size(32) ins(%x : memref<?x64xf32>) global_scale(%g) scale_scale(%g)
      outs(%c, %s : memref<?x32xi8>, memref<4x2xf8E8M0FNU>)
  return
}

// Blocked scales cover the rows: 128 a tile.
// CHECK-LABEL: func.func @blocked(
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'scales' to be dimension 0 of 'input' / 128\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'codes' to be dimension 0 of 'input'\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.quantize_with_scales
func.func @blocked(%x: tensor<?x64xf32>, %g: f32, %c: tensor<?x32xi8>, %s: tensor<?x1x32x4x4xf8E8M0FNU>) -> tensor<?x32xi8> {
  %0 = fp4.quantize_with_scales group_size(32) ins(%x, %s : tensor<?x64xf32>, tensor<?x1x32x4x4xf8E8M0FNU>)
      global_scale(%g) outs(%c : tensor<?x32xi8>)
  return %0 : tensor<?x32xi8>
}

// CHECK-LABEL: func.func @matmul(
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'lhs_scales' to be dimension 0 of 'lhs_codes'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'rhs_scales' to be dimension 0 of 'rhs_codes'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'output' to be dimension 0 of 'lhs_codes'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 1 of 'output' to be dimension 0 of 'rhs_codes'\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.scaled_matmul
func.func @matmul(%a: tensor<?x64xf4E2M1FN>, %s: tensor<?x2xf8E8M0FNU>, %g: f32, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = fp4.scaled_matmul group_size(32) lhs(%a, %s : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
      rhs(%a, %s : tensor<?x64xf4E2M1FN>, tensor<?x2xf8E8M0FNU>) alpha(%g) outs(%o : tensor<?x?xf32>)
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @rest(
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'output' to be dimension 0 of 'input'\0A
// CHECK:         fp4.block_transform
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'output' to be dimension 0 of 'codes'\0A
// CHECK:         fp4.dequantize
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'output' to be dimension 0 of 'input' / 128\0A
// CHECK:         fp4.convert_scale_layout
func.func @rest(%x: tensor<?x64xf32>, %t: tensor<2x2xf32>, %y: tensor<?x64xf32>, %c: tensor<?x32xi8>, %s: tensor<4x2xf8E8M0FNU>,
    %g: f32, %r: tensor<?x4xf8E8M0FNU>, %b: tensor<?x1x32x4x4xf8E8M0FNU>) {
  %0 = fp4.block_transform ins(%x : tensor<?x64xf32>) transform(%t : tensor<2x2xf32>) outs(%y : tensor<?x64xf32>)
  %1 = fp4.dequantize group_size(32) ins(%c, %s : tensor<?x32xi8>, tensor<4x2xf8E8M0FNU>) global_scale(%g) outs(%0 : tensor<?x64xf32>)
  %2 = fp4.convert_scale_layout ins(%r : tensor<?x4xf8E8M0FNU>) outs(%b : tensor<?x1x32x4x4xf8E8M0FNU>)
  return
}

// CHECK-LABEL: func.func @absorb(
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'scales' to be dimension 0 of 'codes'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'codes_output' to be dimension 0 of 'codes'\0A
// CHECK:         cf.assert %{{.*}}, "{{.*}}expects dimension 0 of 'scales_output' to be dimension 0 of 'scales'\0A
// CHECK-NOT:     cf.assert
// CHECK:         fp4.absorb_scale_signs
func.func @absorb(%c: memref<?x32xi8>, %s: memref<4x4xf8E4M3FN>, %co: memref<4x32xi8>, %so: memref<?x4xf8E4M3FN>) {
  fp4.absorb_scale_signs group_size(16) ins(%c, %s : memref<?x32xi8>, memref<4x4xf8E4M3FN>)
      outs(%co, %so : memref<4x32xi8>, memref<?x4xf8E4M3FN>)
  return
}
