// What the chip lacks, in the dialects that kernels are written in and in NVVM's: an error at the op, before LLVM sees it.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_80}))'

gpu.module @k {
  gpu.func @tensor_memory() kernel {
    // expected-error @below {{'tcgen05.relinquish' op needs tensor memory (tcgen05), which chip sm_80 does not have}}
    tcgen05.relinquish
    gpu.return
  }
}

// -----

gpu.module @k {
  gpu.func @tma(%map: !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>) kernel {
    // expected-error @below {{'nvgpu.tma.prefetch.descriptor' op needs tile loads (TMA), which chip sm_80 does not have}}
    nvgpu.tma.prefetch.descriptor %map : !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, 3>, swizzle = none, l2promo = none, oob = zero, interleave = none>
    gpu.return
  }
}

// -----

gpu.module @k {
  gpu.func @tx(%b: !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>>, %i: index) kernel {
    // expected-error @below {{'nvgpu.mbarrier.arrive.expect_tx' op needs barriers that count bytes (mbarrier tx), which chip sm_80 does not have}}
    nvgpu.mbarrier.arrive.expect_tx %b[%i], %i : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

gpu.module @k {
  gpu.func @warpgroup() kernel {
    // expected-error @below {{'nvgpu.warpgroup.mma.init.accumulator' op needs warpgroup products (wgmma), which chip sm_80 does not have}}
    %0 = nvgpu.warpgroup.mma.init.accumulator -> !nvgpu.warpgroup.accumulator<fragmented = vector<64x16xf32>>
    gpu.return
  }
}

// -----

gpu.module @k {
  gpu.func @cluster(%o: memref<1xindex, 1>) kernel {
    // expected-error @below {{'gpu.cluster_id' op needs clusters, which chip sm_80 does not have}}
    %0 = gpu.cluster_id x
    gpu.return
  }
}

// -----

gpu.module @k {
  gpu.func @nvvm() kernel {
    // expected-error @below {{'nvvm.cluster.wait' op needs clusters, which chip sm_80 does not have}}
    nvvm.cluster.wait
    gpu.return
  }
}

// -----

gpu.module @k {
  llvm.func @intrinsic() {
    // expected-error @below {{'llvm.call_intrinsic' op needs programmatic launch (griddepcontrol), which chip sm_80 does not have}}
    llvm.call_intrinsic "llvm.nvvm.griddepcontrol.wait"() : () -> ()
    llvm.return
  }
}

// -----

gpu.module @k {
  // expected-error @below {{'llvm.func' op has 65536 bytes of shared memory of fixed size, but there are 49152; more has to be dynamic}}
  gpu.func @shared(%v: f32, %i: index) workgroup(%a: memref<8192xf32, #gpu.address_space<workgroup>>, %b: memref<8192xf32, #gpu.address_space<workgroup>>) kernel {
    memref.store %v, %a[%i] : memref<8192xf32, #gpu.address_space<workgroup>>
    memref.store %v, %b[%i] : memref<8192xf32, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

gpu.module @k {
  // expected-error @below {{failed to legalize operation 'gpu.func'}}
  gpu.func @unknown(%t: tensor<4xf32>) kernel {
    gpu.return
  }
}

// -----

// A size that no layout of data knows.
gpu.module @k {
  // expected-error @below {{'llvm.mlir.global' op in shared memory has no fixed size: '!llvm.array<4 x vector<[4]xf32>>'}}
  gpu.func @scalable(%i: index) workgroup(%w: memref<4xvector<[4]xf32>, #gpu.address_space<workgroup>>) kernel {
    %v = memref.load %w[%i] : memref<4xvector<[4]xf32>, #gpu.address_space<workgroup>>
    memref.store %v, %w[%i] : memref<4xvector<[4]xf32>, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

gpu.module @k {
  // expected-error @below {{'llvm.mlir.global' op in shared memory has no fixed size: '!llvm.struct<(i32, target<"spirv.Image">)>'}}
  llvm.mlir.global external @s() {addr_space = 3 : i32} : !llvm.struct<(i32, target<"spirv.Image">)>
  llvm.func @target() -> !llvm.ptr<3> {
    %0 = llvm.mlir.addressof @s : !llvm.ptr<3>
    llvm.return %0 : !llvm.ptr<3>
  }
}
