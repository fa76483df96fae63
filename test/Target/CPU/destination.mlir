// However many rows there are, the product is computed where the result belongs: no branch has memory of its own for it,
// and nothing is copied.

// RUN: fp4-opt %s --fp4-lower-to-cpu="triple=x86_64-linux-gnu cpu=znver4" --mlir-print-ir-after=one-shot-bufferize -o /dev/null 2>&1 | FileCheck %s --check-prefix=BUFFERS
// RUN: fp4-opt %s --fp4-lower-to-cpu="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %s --check-prefix=LLVM

// BUFFERS-LABEL: func.func @forward(
// BUFFERS-NOT:     memref.alloc({{.*}}xbf16>
// BUFFERS:         return

// LLVM-NOT:      llvm.call @memrefCopy
// LLVM:          llvm.func @forward
// LLVM-NOT:      llvm.call @memrefCopy

// And the code does not differ from run to run.
// RUN: fp4-opt %s --fp4-lower-to-cpu="triple=x86_64-linux-gnu cpu=znver4" -o %t.1
// RUN: fp4-opt %s --fp4-lower-to-cpu="triple=x86_64-linux-gnu cpu=znver4" -o %t.2
// RUN: fp4-opt %s --fp4-lower-to-cpu="triple=x86_64-linux-gnu cpu=znver4" -o %t.3
// RUN: cmp %t.1 %t.2
// RUN: cmp %t.1 %t.3
func.func @forward(%x: tensor<?x128xbf16>, %w: tensor<48x128xf4E2M1FN> {fp4.param = "w"}, %s: tensor<48x8xf8E4M3FN> {fp4.param = "s"}, %a: f32, %b: f32, %c: f32) -> tensor<?x48xbf16> {
  %y = fp4.quant_linear group_size(16) ins(%x : tensor<?x128xbf16>) weight(%w, %s : tensor<48x128xf4E2M1FN>, tensor<48x8xf8E4M3FN>) weight_global_scale(%a) activation_global_scale(%b) activation_scale_scale(%c) -> tensor<?x48xbf16>
  return %y : tensor<?x48xbf16>
}
