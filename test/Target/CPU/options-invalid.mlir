// A CPU that LLVM does not know is an error at what was to be lowered, of each pass that asks for one.

// DEFINE: %{options} =
// DEFINE: %{pass} =
// DEFINE: %{check} =
// DEFINE: %{run} = not fp4-opt %s --%{pass}="%{options}" -o /dev/null 2>&1 | FileCheck %s --check-prefix=%{check}

// REDEFINE: %{check} = TRIPLE
// REDEFINE: %{options} = triple=nowhere
// REDEFINE: %{pass} = fp4-pack-weights
// RUN: %{run}
// REDEFINE: %{pass} = fp4-data-tile
// RUN: %{run}
// REDEFINE: %{pass} = convert-fp4-to-vector
// RUN: %{run}
// REDEFINE: %{pass} = fp4-attach-cpu
// RUN: %{run}
// REDEFINE: %{pass} = fp4-lower-to-cpu
// RUN: %{run}

// REDEFINE: %{check} = GPU
// REDEFINE: %{options} = triple=nvptx64-nvidia-cuda cpu=sm_90
// RUN: %{run}
// REDEFINE: %{check} = CPU
// REDEFINE: %{options} = triple=aarch64-linux-gnu cpu=znver4
// RUN: %{run}
// REDEFINE: %{check} = FEATURE
// REDEFINE: %{options} = triple=x86_64-linux-gnu features=+avx2,-avx3
// RUN: %{run}
// REDEFINE: %{check} = OTHER
// REDEFINE: %{options} = triple=aarch64-linux-gnu features=+avx2
// RUN: %{run}

// The runner says it without a location: its options are of the command line.
// RUN: not fp4-runner %s --entry=f --target=cpu --cpu=pentium5 2>&1 | FileCheck %s --check-prefix=RUNNER-CPU
// RUN: not fp4-runner %s --entry=f --target=cpu --features=-avx3 2>&1 | FileCheck %s --check-prefix=RUNNER-FEATURE
// RUN: not fp4-runner %s --entry=f --cpu=native 2>&1 | FileCheck %s --check-prefix=RUNNER-TARGET
// RUN: not fp4-runner %s --entry=f --target=reference --features=+avx2 2>&1 | FileCheck %s --check-prefix=RUNNER-FEATURES-TARGET

// TRIPLE:  options-invalid.mlir:{{[0-9]+:[0-9]+}}: error: triple 'nowhere' is not known: No available targets are compatible with triple "nowhere"
// GPU:     options-invalid.mlir:{{[0-9]+:[0-9]+}}: error: triple 'nvptx64-nvidia-cuda' is of no CPU that code is generated for: aarch64, loongarch64, powerpc64le, riscv64 and x86_64 are
// CPU:     options-invalid.mlir:{{[0-9]+:[0-9]+}}: error: 'znver4' is not a CPU of aarch64
// FEATURE: options-invalid.mlir:{{[0-9]+:[0-9]+}}: error: '-avx3' is not a feature of x86_64
// OTHER:   options-invalid.mlir:{{[0-9]+:[0-9]+}}: error: '+avx2' is not a feature of aarch64
// RUNNER-CPU: fp4-runner: error: 'pentium5' is not a CPU of
// RUNNER-FEATURE: fp4-runner: error: '-avx3' is not a feature of
// RUNNER-TARGET: fp4-runner: error: --cpu goes with --target=cpu
// RUNNER-FEATURES-TARGET: fp4-runner: error: --features goes with --target=cpu
func.func @f() -> f32 {
  %0 = arith.constant 1.0 : f32
  return %0 : f32
}
