// Modules of kernels that are given to --fp4-to-ptx as they are: LLVM would end the process at what the chip lacks.

// RUN: fp4-translate %s --fp4-to-ptx --split-input-file --verify-diagnostics -o /dev/null

// expected-error @below {{expects one target to make code for, but has 0; --convert-kernels-to-nvvm gives it one}}
gpu.module @no_target {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{expects one target to make code for, but has 2; --convert-kernels-to-nvvm gives it one}}
gpu.module @two_targets [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>, #nvvm.target<chip = "sm_89", features = "+ptx81", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{unknown chip 'sm_75', expects one of sm_80, sm_89, sm_90a, sm_100a, sm_103a, sm_120a}}
gpu.module @chip [#nvvm.target<chip = "sm_75", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{unknown chip 'sm_999z', expects one of}}
gpu.module @no_chip [#nvvm.target<chip = "sm_999z", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{expects a target #nvvm.target, but got #rocdl.target}}
gpu.module @rocdl [#rocdl.target] {
  llvm.func @k() attributes {rocdl.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{expects the triple 'nvptx64-nvidia-cuda', but got 'x86_64-linux-gnu'}}
gpu.module @triple [#nvvm.target<triple = "x86_64-linux-gnu", chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// What the attribute has by itself.
// expected-error @below {{expects the features to be the version of PTX, '+ptx70' to '+ptx90' for chip sm_80, but got ''}}
gpu.module @old_ptx [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @below {{'+ptx88' to '+ptx90' for chip sm_100a, but got '+ptx88,+nothing'}}
gpu.module @features [#nvvm.target<chip = "sm_100a", features = "+ptx88,+nothing", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

// A version that LLVM does not know is its default, 6.0 or so, with no more than a word on stderr.
// expected-error @below {{'+ptx88' to '+ptx90' for chip sm_100a, but got '+ptx99'}}
gpu.module @new_ptx [#nvvm.target<chip = "sm_100a", features = "+ptx99", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}

// -----

gpu.module @tensor_memory [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.tcgen05.relinquish_alloc_permit' op needs tensor memory (tcgen05), which chip sm_90a does not have}}
    nvvm.tcgen05.relinquish_alloc_permit
    llvm.return
  }
}

// -----

gpu.module @tensor_memory_rtx [#nvvm.target<chip = "sm_120a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<6>) attributes {nvvm.kernel} {
    // expected-error @below {{needs tensor memory (tcgen05), which chip sm_120a does not have}}
    %0 = nvvm.tcgen05.ld %p {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<2xi32>
    llvm.return
  }
}

// -----

gpu.module @by_name [#nvvm.target<chip = "sm_120a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.call_intrinsic' op needs tensor memory (tcgen05), which chip sm_120a does not have}}
    llvm.call_intrinsic "llvm.nvvm.tcgen05.wait.ld"() : () -> ()
    llvm.return
  }
}

// -----

gpu.module @cluster [#nvvm.target<chip = "sm_89", features = "+ptx81", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.cluster.arrive' op needs clusters, which chip sm_89 does not have}}
    nvvm.cluster.arrive
    llvm.return
  }
}

// -----

gpu.module @mapa [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<3>, %r: i32) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.mapa' op needs clusters, which chip sm_80 does not have}}
    %0 = nvvm.mapa %p, %r : !llvm.ptr<3> -> !llvm.ptr<7>
    llvm.return
  }
}

// -----

gpu.module @tx [#nvvm.target<chip = "sm_89", features = "+ptx81", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<3>, %n: i32) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.mbarrier.expect_tx' op needs barriers that count bytes (mbarrier tx), which chip sm_89 does not have}}
    nvvm.mbarrier.expect_tx %p, %n : !llvm.ptr<3>, i32
    llvm.return
  }
}

// -----

gpu.module @dependent [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.griddepcontrol' op needs programmatic launch (griddepcontrol), which chip sm_80 does not have}}
    nvvm.griddepcontrol wait
    llvm.return
  }
}

// -----

// Becomes inline PTX, which LLVM would pass on: the check sees the op.
gpu.module @wgmma [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.wgmma.fence.aligned' op needs warpgroup products (wgmma), which chip sm_100a does not have}}
    nvvm.wgmma.fence.aligned
    llvm.return
  }
}

// -----

gpu.module @convert [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k(%a: f32) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.convert.f32x2.to.f4x2' op needs conversions to e2m1, which chip sm_90a does not have}}
    %0 = nvvm.convert.f32x2.to.f4x2 %a, %a : i8 (f4E2M1FN)
    llvm.return
  }
}

// -----

// The same op makes e4m3, which the chip has, and e8m0, which it has not.
gpu.module @convert_e8m0 [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k(%a: f32) attributes {nvvm.kernel} {
    %0 = nvvm.convert.f32x2.to.f8x2 %a, %a {rnd = #nvvm.fp_rnd_mode<rn>, sat = #nvvm.sat_mode<satfinite>} : i16 (f8E4M3FN)
    // expected-error @below {{'nvvm.convert.f32x2.to.f8x2' op needs conversions to 4-bit and 6-bit floats and e8m0, which chip sm_90a does not have}}
    %1 = nvvm.convert.f32x2.to.f8x2 %a, %a {rnd = #nvvm.fp_rnd_mode<rp>} : i16 (f8E8M0FNU)
    llvm.return
  }
}

// -----

gpu.module @convert_e4m3 [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k(%a: f32) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.convert.f32x2.to.f8x2' op needs conversions to 8-bit floats, which chip sm_80 does not have}}
    %0 = nvvm.convert.f32x2.to.f8x2 %a, %a {rnd = #nvvm.fp_rnd_mode<rn>, sat = #nvvm.sat_mode<satfinite>} : i16 (f8E4M3FN)
    llvm.return
  }
}

// -----

gpu.module @registers [#nvvm.target<chip = "sm_89", features = "+ptx81", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.setmaxregister' op needs setmaxnreg, which chip sm_89 does not have}}
    nvvm.setmaxregister increase 64
    llvm.return
  }
}

// -----

gpu.module @launch_control [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<3>) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.clusterlaunchcontrol.try.cancel' op needs cluster launch control, which chip sm_90a does not have}}
    nvvm.clusterlaunchcontrol.try.cancel %p, %p
    llvm.return
  }
}

// -----

gpu.module @bulk [#nvvm.target<chip = "sm_89", features = "+ptx81", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.cp.async.bulk.commit.group' op needs bulk copies (TMA), which chip sm_89 does not have}}
    nvvm.cp.async.bulk.commit.group
    llvm.return
  }
}

// -----

gpu.module @tensor_map [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr) attributes {nvvm.kernel} {
    // expected-error @below {{'nvvm.prefetch' op needs prefetches, which chip sm_80 does not have}}
    nvvm.prefetch tensormap, %p : !llvm.ptr
    llvm.return
  }
}

// -----

// The form for pairs of blocks.
gpu.module @pair [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k(%d: !llvm.ptr<7>, %m: !llvm.ptr, %b: !llvm.ptr<3>, %c: i32) attributes {nvvm.kernel} {
    nvvm.cp.async.bulk.tensor.shared.cluster.global %d, %m, %b, box[%c] : !llvm.ptr<7>, !llvm.ptr
    // expected-error @below {{needs copies for pairs of blocks (cta_group), which chip sm_90a does not have}}
    nvvm.cp.async.bulk.tensor.shared.cluster.global %d, %m, %b, box[%c] {group = #nvvm.cta_group<cta_2>} : !llvm.ptr<7>, !llvm.ptr
    llvm.return
  }
}

// -----

// An intrinsic that fits the chip, but not the version of PTX that it is given.
gpu.module @ptx [#nvvm.target<chip = "sm_90a", features = "+ptx80", verifyTarget = false>] {
  llvm.func @k(%a: f32) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.call_intrinsic' op needs 'llvm.nvvm.ff2bf16x2.rn.satfinite', which chip sm_90a does not have}}
    %0 = llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn.satfinite"(%a, %a) : (f32, f32) -> vector<2xbf16>
    llvm.return
  }
}

// -----

// None has it any more.
gpu.module @gone [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%a: i32) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.call_intrinsic' op needs 'llvm.nvvm.shfl.down.i32', which chip sm_100a does not have}}
    %0 = llvm.call_intrinsic "llvm.nvvm.shfl.down.i32"(%a, %a, %a) : (i32, i32, i32) -> i32
    llvm.return
  }
}

// -----

gpu.module @foreign [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.call_intrinsic' op is 'llvm.x86.sse2.pause', an instruction of another architecture}}
    llvm.call_intrinsic "llvm.x86.sse2.pause"() : () -> ()
    llvm.return
  }
}

// -----

gpu.module @rocdl_op [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k() attributes {nvvm.kernel} {
    // expected-error @below {{an instruction of another architecture}}
    rocdl.s.barrier
    llvm.return
  }
}

// -----

gpu.module @math [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%a: f32) attributes {nvvm.kernel} {
    %0 = llvm.intr.sin(%a) {fastmathFlags = #llvm.fastmath<afn>} : (f32) -> f32
    // expected-error @below {{'llvm.intr.sin' op has no code on NVIDIA chips, which have no library of math functions; 'llvm.sin.f32' has to be lowered before}}
    %1 = llvm.intr.sin(%a) : (f32) -> f32
    llvm.return
  }
}

// -----

gpu.module @quad [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%a: f128) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.fadd' op uses a type that NVIDIA chips do not have}}
    %0 = llvm.fadd %a, %a : f128
    llvm.return
  }
}

// -----

gpu.module @atomic [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.load' op is atomic on more than 64 bits}}
    %0 = llvm.load %p atomic seq_cst {alignment = 16 : i64} : !llvm.ptr -> i128
    llvm.return
  }
}

// -----

gpu.module @stack [#nvvm.target<chip = "sm_80", features = "+ptx70", verifyTarget = false>] {
  llvm.func @k(%n: i64) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.alloca' op needs a stack whose size is not constant, which chip sm_80 does not have}}
    %0 = llvm.alloca %n x i8 : (i64) -> !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @cast [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<6>) attributes {nvvm.kernel} {
    // expected-error @below {{'llvm.addrspacecast' op casts an address of tensor memory to another space}}
    %0 = llvm.addrspacecast %p : !llvm.ptr<6> to !llvm.ptr
    llvm.return
  }
}

// -----

// sm_103a has no products of integers, which sm_100a has.
gpu.module @integers [#nvvm.target<chip = "sm_103a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%d: !llvm.ptr<6>, %a: i64, %i: i32, %p: i1) attributes {nvvm.kernel} {
    nvvm.tcgen05.mma %d, %a, %a, %i, %p {ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.tcgen05_mma_kind<f8f6f4>} : (!llvm.ptr<6>, i64, i64, i32, i1)
    // expected-error @below {{'nvvm.tcgen05.mma' op needs products of integers (kind::i8), which chip sm_103a does not have}}
    nvvm.tcgen05.mma %d, %a, %a, %i, %p {ctaGroup = #nvvm.cta_group<cta_1>, kind = #nvvm.tcgen05_mma_kind<i8>} : (!llvm.ptr<6>, i64, i64, i32, i1)
    llvm.return
  }
}

// -----

gpu.module @zeros [#nvvm.target<chip = "sm_100a", features = "+ptx88", verifyTarget = false>] {
  llvm.func @k(%p: !llvm.ptr<3>, %n: i64) attributes {nvvm.kernel} {
    %c = llvm.mlir.constant(7 : i64) : i64
    // expected-error @below {{'llvm.call_intrinsic' op stores zeros only}}
    llvm.call_intrinsic "llvm.nvvm.st.bulk.shared.cta"(%p, %n, %c) : (!llvm.ptr<3>, i64, i64) -> ()
    llvm.return
  }
}

// -----

// What LLVM's verifier finds has no place of its own.
// expected-error @below {{has no valid form in LLVM IR}}
gpu.module @scalable [#nvvm.target<chip = "sm_100a", features = "+ptx88">] {
  llvm.mlir.global external @s() {addr_space = 1 : i32} : vector<[4]xf32>
  llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
  }
}
