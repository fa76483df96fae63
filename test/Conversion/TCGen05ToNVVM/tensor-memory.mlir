// Tensor memory, barriers and the epilogue. Addresses of tensor memory are i32, lane << 16 | column, and become pointers
// to space 6 at the instruction.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_100a},cse))' | FileCheck %s

// CHECK-LABEL: llvm.func @tensor_memory(
gpu.module @tensor_memory {
  gpu.func @tensor_memory(%slot: memref<1xi32, #gpu.address_space<workgroup>>) kernel {
    // CHECK:      %[[P:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i32
    // CHECK-NEXT: %[[SIZE:.*]] = llvm.mlir.constant(256 : i32) : i32
    // CHECK-NEXT: nvvm.tcgen05.alloc %[[P]], %[[SIZE]] : !llvm.ptr<3>, i32
    tcgen05.alloc columns(256) into %slot : memref<1xi32, #gpu.address_space<workgroup>>
    // CHECK-NEXT: nvvm.tcgen05.relinquish_alloc_permit
    tcgen05.relinquish
    // CHECK-NEXT: %[[T:.*]] = llvm.load %[[P]] : !llvm.ptr<3> -> i32
    %t = tcgen05.get_allocation %slot : memref<1xi32, #gpu.address_space<workgroup>> -> !tcgen05.allocation<256>
    // CHECK-NEXT: nvvm.tcgen05.fence <before>
    tcgen05.fence before
    // CHECK-NEXT: nvvm.tcgen05.fence <after>
    tcgen05.fence after
    // CHECK-NEXT: nvvm.fence.mbarrier.init
    tcgen05.fence barrier_init
    // CHECK-NEXT: %[[TP:.*]] = llvm.inttoptr %[[T]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: nvvm.tcgen05.dealloc %[[TP]], %[[SIZE]] : !llvm.ptr<6>, i32
    tcgen05.dealloc %t : !tcgen05.allocation<256>
    gpu.return
  }
}

// The barrier is an i64 of the group's array.
// CHECK-LABEL: llvm.func @commit(
gpu.module @commit {
  gpu.func @commit(%b: !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>, %i: index) {
    // CHECK:      %[[B:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i64
    // CHECK-NEXT: nvvm.tcgen05.commit %[[B]] : !llvm.ptr<3>
    tcgen05.commit %b[%i] : !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
    gpu.return
  }
}

// Warp w of the block reaches lanes 32 (w % 4) to 32 (w % 4) + 31, and the lane is in bits 31..16 of the address:
// (t / 32 % 4) * 32 << 16 = (t >> 5 & 3) << 21.
// CHECK-LABEL: llvm.func @load(
// CHECK-SAME:    %[[T:[^:]*]]: i32, %[[C:[^:]*]]: i64,
gpu.module @load {
  gpu.func @load(%t: !tcgen05.allocation<512>, %c: index, %out: memref<32xf32, 1>) kernel {
    %c0 = arith.constant 0 : index
    // CHECK-DAG:  %[[C21:.*]] = llvm.mlir.constant(21 : i32) : i32
    // CHECK-DAG:  %[[C3:.*]] = llvm.mlir.constant(3 : i32) : i32
    // CHECK-DAG:  %[[C5:.*]] = llvm.mlir.constant(5 : i32) : i32
    // CHECK-DAG:  %[[C32:.*]] = llvm.trunc %[[C]] : i64 to i32
    // CHECK-DAG:  %[[ACC:.*]] = llvm.add %[[T]], %[[C32]] : i32
    %acc = tcgen05.view %t[%c] : !tcgen05.allocation<512> to !tcgen05.accumulator<256>
    // CHECK-DAG:  %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x : i32
    // CHECK-DAG:  %[[WARP:.*]] = llvm.lshr %[[TID]], %[[C5]] : i32
    // CHECK-DAG:  %[[QUARTER:.*]] = llvm.and %[[WARP]], %[[C3]] : i32
    // CHECK-DAG:  %[[LANES:.*]] = llvm.shl %[[QUARTER]], %[[C21]] : i32
    // CHECK-DAG:  %[[COLUMN:.*]] = llvm.add %[[ACC]], %[[C32]] : i32
    // CHECK:      %[[A:.*]] = llvm.add %[[COLUMN]], %[[LANES]] : i32
    // CHECK-NEXT: %[[P:.*]] = llvm.inttoptr %[[A]] : i32 to !llvm.ptr<6>
    // CHECK-NEXT: %[[BITS:.*]] = nvvm.tcgen05.ld %[[P]] {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<32xi32>
    // CHECK-NEXT: %[[LOADED:.*]] = llvm.bitcast %[[BITS]] : vector<32xi32> to vector<32xf32>
    %loaded = tcgen05.load %acc[%c] : !tcgen05.accumulator<256> -> vector<32xf32>
    // Each register goes through what stays behind the wait, and back to its place.
    // CHECK-NEXT: %[[WORDS:.*]] = llvm.bitcast %[[LOADED]] : vector<32xf32> to vector<32xi32>
    // CHECK-NEXT: nvvm.tcgen05.wait <load>
    // CHECK:      %[[FIRST:.*]] = llvm.extractelement %[[WORDS]][%{{.*}} : i32]
    // CHECK:      %[[SECOND:.*]] = llvm.extractelement %[[WORDS]][%{{.*}} : i32]
    // CHECK-COUNT-30: llvm.extractelement %[[WORDS]][%{{.*}} : i32]
    // CHECK-NEXT: %[[WAITED:.*]] = llvm.inline_asm has_side_effects "", "=r,{{.*}}=r,0,1,{{.*}},31" %[[FIRST]], %[[SECOND]], {{.*}} :
    // CHECK:      llvm.extractvalue %[[WAITED]][0]
    // CHECK:      %[[V:.*]] = llvm.extractvalue %[[WAITED]][31]
    // CHECK-NEXT: %[[ALL:.*]] = llvm.insertelement %[[V]], %{{.*}} : vector<32xi32>
    // CHECK-NEXT: llvm.bitcast %[[ALL]] : vector<32xi32> to vector<32xf32>
    %row = tcgen05.wait_loads %loaded : vector<32xf32>
    vector.store %row, %out[%c0] : memref<32xf32, 1>, vector<32xf32>
    gpu.return
  }
}
