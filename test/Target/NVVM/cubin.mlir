// REQUIRES: ptxas

// Where ptxas is there, the module can hold machine code: an ELF file.

// RUN: fp4-opt %s --fp4-lower-to-nvvm='chip=sm_100a format=cubin' | FileCheck %s
// RUN: fp4-opt %s --fp4-lower-to-nvvm='chip=sm_100a format=ptx' | FileCheck %s --check-prefix=PTX
// RUN: not fp4-opt %s --fp4-lower-to-nvvm='chip=sm_100a format=sass' 2>&1 | FileCheck %s --check-prefix=ERROR

// CHECK: llvm.mlir.global internal constant @fp4rt.image.kernels("\7FELF
// PTX: llvm.mlir.global internal constant @fp4rt.image.kernels("//{{.*}}.target sm_100a
// ERROR: Cannot find option named 'sass'
func.func @f(%x: tensor<?x64xbf16>, %gs: f32) -> (tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>) {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x64xbf16>
  %c = tensor.empty(%m) : tensor<?x64xf4E2M1FN>
  %s = tensor.empty(%m) : tensor<?x4xf8E4M3FN>
  %codes, %scales = fp4.quantize_pack group_size(16) ins(%x : tensor<?x64xbf16>)
      global_scale(%gs) scale_scale(%gs)
      outs(%c, %s : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>)
  return %codes, %scales : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>
}
