// The tile loads that --convert-fp4-to-tcgen05 makes, as a kernel that stores
// what they left in shared memory. FP4TileLoadTest launches it and compares.
// These exist since sm_90, so that a Hopper can show that maps, swizzle, scale
// boxes and zero fill are what the tensor cores of a Blackwell will be told.

// REQUIRES: cuda
// RUN: fp4-opt %s --pass-pipeline='builtin.module(gpu.module(convert-kernels-to-nvvm{chip=sm_90a},convert-nvvm-to-llvm))' \
// RUN:   | fp4-translate --fp4-to-ptx -o %t.ptx
// RUN: %bindir/FP4TileLoadTest %t.ptx

#ws = #gpu.address_space<workgroup>
!codes = !nvgpu.tensormap.descriptor<tensor = memref<128x128xi8, #gpu.address_space<workgroup>>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>
!scales = !nvgpu.tensormap.descriptor<tensor = memref<2x4x2x256xf8E4M3FN, #gpu.address_space<workgroup>>, swizzle = none, l2promo = l2promo_128b, oob = zero, interleave = none>
!bars = !nvgpu.mbarrier.group<memorySpace = #gpu.address_space<workgroup>, num_barriers = 1>

gpu.module @kernels {
  gpu.func @tile_load(%xmap: !codes, %smap: !scales, %out: memref<128x128xi8, 1>,
                      %outs: memref<2x4x512xf8E4M3FN, 1>) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c128 = arith.constant 128 : index
    %c512 = arith.constant 512 : index
    %c896 = arith.constant 896 : index
    %c16384 = arith.constant 16384 : index
    %bytes = arith.constant 20480 : index
    %ticks = arith.constant 10000000 : index
    %false = arith.constant false
    %tx = gpu.thread_id x
    %smem = gpu.dynamic_shared_memory : memref<?xi8, #ws>
    %tile = memref.view %smem[%c0][] : memref<?xi8, #ws> to memref<128x128xi8, #ws>
    %stile = memref.view %smem[%c16384][] : memref<?xi8, #ws> to memref<2x4x2x256xf8E4M3FN, #ws>
    %sflat = memref.view %smem[%c16384][] : memref<?xi8, #ws> to memref<2x4x512xf8E4M3FN, #ws>
    %bars = nvgpu.mbarrier.create -> !bars
    %leader = arith.cmpi eq, %tx, %c0 : index
    scf.if %leader {
      nvgpu.mbarrier.init %bars[%c0], %c1 : !bars
      nvvm.fence.mbarrier.init
    }
    gpu.barrier
    scf.if %leader {
      nvgpu.mbarrier.arrive.expect_tx %bars[%c0], %bytes : !bars
      // Rows 128 to 255 of 200, bytes 896 to 1023 of 1000 in rows of 1008.
      nvgpu.tma.async.load %xmap[%c896, %c128], %bars[%c0] to %tile : !codes, !bars -> memref<128x128xi8, #ws>
      // Row tiles 2 and 3 of 3, column tiles 3 to 6 of 5.
      nvgpu.tma.async.load %smap[%c0, %c0, %c3, %c2], %bars[%c0] to %stile : !scales, !bars -> memref<2x4x2x256xf8E4M3FN, #ws>
    }
    nvgpu.mbarrier.try_wait.parity %bars[%c0], %false, %ticks : !bars
    scf.for %j = %c0 to %c128 step %c1 {
      %v = memref.load %tile[%tx, %j] : memref<128x128xi8, #ws>
      memref.store %v, %out[%tx, %j] : memref<128x128xi8, 1>
    }
    scf.for %a = %c0 to %c2 step %c1 {
      scf.for %b = %c0 to %c4 step %c1 {
        scf.for %j = %tx to %c512 step %c128 {
          %v = memref.load %sflat[%a, %b, %j] : memref<2x4x512xf8E4M3FN, #ws>
          memref.store %v, %outs[%a, %b, %j] : memref<2x4x512xf8E4M3FN, 1>
        }
      }
    }
    gpu.return
  }
}
