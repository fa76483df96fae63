//===- Passes.td - Passes that know the targets ------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_TARGET_PASSES_TD
#define FP4_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def FP4ChooseStrategiesPass
    : Pass<"fp4-choose-strategies", "::mlir::ModuleOp"> {
  let summary = "Say at each fp4 op which strategy lowers it";
  let description = [{
    Writes the name of a strategy into the attribute `strategy` of each op-level
    op, and into `quantize_strategy` and `matmul_strategy` of each
    `fp4.quant_linear`, whose halves are chosen independently. The strategies
    and what they require are printed by `fp4-opt --fp4-print-strategies`.

    - An attribute that is there already is a request. It is taken if the
      strategy can lower the op on the target. If it cannot, a warning says why,
      and what was taken instead.
    - A request for a name that is not known, or for a strategy that never
      lowers this kind of op, is an error.
    - Without a request, the fastest strategy that can lower the op is taken. If
      the target has a faster one, a warning says why that could not be.

    So nothing falls back in silence. What the pass has written, it takes as
    requests that can be met: it changes nothing when it runs again, and warns
    of nothing.

    ```mlir
    %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x128xbf16>)
        weight(%w, %ws : tensor<48x128xf4E2M1FN>, tensor<48x4xf8E8M0FNU>)
        weight_global_scale(%wg) activation_global_scale(%ag)
        activation_scale_scale(%as) -> tensor<?x48xbf16>
    ```

    becomes, with `target=nvvm chip=sm_100a`,

    ```mlir
    %y = fp4.quant_linear group_size(32) ins(%x : tensor<?x128xbf16>)
        weight(%w, %ws : tensor<48x128xf4E2M1FN>, tensor<48x4xf8E8M0FNU>)
        weight_global_scale(%wg) activation_global_scale(%ag)
        activation_scale_scale(%as)
        {matmul_strategy = "tcgen05", quantize_strategy = "simt"}
        -> tensor<?x48xbf16>
    ```
  }];
  let options = [
    Option<"target", "target", "::mlir::fp4::TargetKind",
      /*default=*/"::mlir::fp4::TargetKind::Host", "What to lower for",
      [{::llvm::cl::values(
          clEnumValN(::mlir::fp4::TargetKind::Host, "reference",
                     "The CPU of the host"),
          clEnumValN(::mlir::fp4::TargetKind::NVVM, "nvvm",
                     "An NVIDIA GPU, and the CPU of the host"))}]>,
    Option<"chip", "chip", "std::string", /*default=*/"\"\"",
      "With target=nvvm, the GPU, such as sm_100a">
  ];
}

#endif // FP4_TARGET_PASSES_TD
