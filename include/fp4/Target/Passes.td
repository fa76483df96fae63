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
          clEnumValN(::mlir::fp4::TargetKind::CPU, "cpu",
                     "A CPU, by vectors"),
          clEnumValN(::mlir::fp4::TargetKind::NVVM, "nvvm",
                     "An NVIDIA GPU, and the CPU of the host"))}]>,
    Option<"chip", "chip", "std::string", /*default=*/"\"\"",
      "With target=nvvm, the GPU, such as sm_100a">
  ];
}

def FP4FlattenRowsPass : Pass<"fp4-flatten-rows", "::mlir::func::FuncOp"> {
  let summary = "Give ops operands of rank 2";
  let description = [{
    An op-level op on tensors with a strategy other than `reference`, and whose
    operands have more or fewer than one leading dimension, gets all of them as
    one: `tensor.collapse_shape` in front (`tensor.expand_shape` for a vector),
    the inverse behind. What one op expands and the next collapses is folded.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::tensor::TensorDialect"
  ];
}

def FP4OutlinePreparePass
    : Pass<"fp4-outline-prepare", "::mlir::ModuleOp"> {
  let summary = "Move layout changes of parameters to a function that runs once";
  let description = [{
    Where an entry changes the layout of what depends on `fp4.param` arguments
    only (`fp4.convert_scale_layout`, `fp4.absorb_scale_signs`,
    `tensor.insert_slice`, `linalg.pack`), the change moves to
    `@<entry>.prepare`, which takes the parameters and gives them re-laid. The
    entry takes those as arguments with `fp4.prepared`, the number of the result,
    behind its others, and no longer takes the parameters that nothing else
    reads.

    ```mlir
    func.func @f(%x: tensor<?x64xbf16>,
                 %s: tensor<48x4xf8E4M3FN> {fp4.param = "scales"})
    ```

    becomes

    ```mlir
    func.func @f(%x: tensor<?x64xbf16>,
                 %s: tensor<1x1x32x4x4xf8E4M3FN> {fp4.prepared = 0 : i64})
    func.func @f.prepare(%s: tensor<48x4xf8E4M3FN> {fp4.param = "scales"})
        -> tensor<1x1x32x4x4xf8E4M3FN>
    ```

    What has to stay, in a branch for example, is executed each time. Signs that
    are absorbed there are absorbed into the destination of the
    `tensor.insert_slice` that would have been outlined with them.
  }];
}

#endif // FP4_TARGET_PASSES_TD
