// A tile of a product becomes loads, products and an epilogue in tensor memory.

// RUN: fp4-opt %s --pass-pipeline='builtin.module(func.func(fp4-tile-to-blocks,fp4-blocks-to-launch),canonicalize,cse,func.func(convert-fp4-to-tcgen05),canonicalize,cse)' | FileCheck %s

// Codes of a K tile of 256: 128 x 128 bytes of lhs, 48 x 128 of rhs = 16384 + 6144; scales: 4 tiles of 512 bytes each
// = 2048 + 2048. Together 26624. Accumulator in columns 0..47, lhs scales from 48 on (4 x 4 columns), rhs from 64 on
// (4 x 4): 80 columns, so 128 are allocated. K = 320 is 2 K tiles.
// CHECK-LABEL: func.func @nv(
// CHECK-SAME:    %[[A:.*]]: memref<?x160xi8, 1>, %[[SA:.*]]: memref<?x5x32x4x4xf8E4M3FN, 1>, %[[B:.*]]: memref<48x160xi8, 1>, %[[SB:.*]]: memref<1x5x32x4x4xf8E4M3FN, 1>, %[[G:.*]]: f32, %[[Y:.*]]: memref<?x48xbf16, 1>)
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 26624 : i32
// CHECK-DAG:     %[[TX:.*]] = arith.constant 26624 : index
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG:     %[[C16:.*]] = arith.constant 16 : index
// CHECK-DAG:     %[[C32:.*]] = arith.constant 32 : index
// CHECK-DAG:     %[[C48:.*]] = arith.constant 48 : index
// CHECK-DAG:     %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG:     %[[C128:.*]] = arith.constant 128 : index
// CHECK-DAG:     %[[C256:.*]] = arith.constant 256 : index
// CHECK-DAG:     %[[SB_AT:.*]] = arith.constant 24576 : index
// CHECK-DAG:     %[[SA_AT:.*]] = arith.constant 22528 : index
// CHECK-DAG:     %[[B_AT:.*]] = arith.constant 16384 : index
//
// Tensor maps on the host, whose boxes are what a tile load brings.
// CHECK:         %[[AMAP:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%[[C128]], %[[C128]]] : memref<*xi8, 1> -> <tensor = memref<128x128xi8, #gpu.address_space<workgroup>>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>
// CHECK:         %[[BMAP:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%[[C48]], %[[C128]]]
// CHECK:         %[[SAMAP:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%[[C1]], %[[C4]], %[[C2]], %[[C256]]] : memref<*xf8E4M3FN, 1> -> <tensor = memref<1x4x2x256xf8E4M3FN, #gpu.address_space<workgroup>>, swizzle = none,
// CHECK:         %[[SBMAP:.*]] = nvgpu.tma.create.descriptor %{{.*}} box[%[[C1]], %[[C4]], %[[C2]], %[[C256]]]
//
// CHECK:         gpu.launch blocks(%[[BX:.*]], %{{.*}}, %{{.*}}) in {{.*}} threads(%[[T:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[C128]], %{{.*}} = %[[C1]], %{{.*}} = %[[C1]]) dynamic_shared_memory_size %[[BYTES]] function(@scaled_matmul) workgroup(%[[SLOT:.*]] : memref<1xi32, #gpu.address_space<workgroup>>)
// CHECK:           %[[AS:.*]] = memref.view %[[SMEM:.*]][%[[C0]]][] : {{.*}} to memref<128x128xi8,
// CHECK:           %[[BS:.*]] = memref.view %[[SMEM]][%[[B_AT]]][] : {{.*}} to memref<48x128xi8,
// CHECK:           %[[SABOX:.*]] = memref.view %[[SMEM]][%[[SA_AT]]][] : {{.*}} to memref<1x4x2x256xf8E4M3FN,
// CHECK:           %[[SAS:.*]] = memref.view %[[SMEM]][%[[SA_AT]]][] : {{.*}} to memref<1x4x32x4x4xf8E4M3FN,
// CHECK:           %[[SBBOX:.*]] = memref.view %[[SMEM]][%[[SB_AT]]][]
// CHECK:           %[[SBS:.*]] = memref.view %[[SMEM]][%[[SB_AT]]][]
//
// One thread makes the barriers, one warp allocates.
// CHECK:           %[[BAR:.*]] = nvgpu.mbarrier.create
// CHECK:           %[[LEADER:.*]] = arith.cmpi eq, %[[T]], %[[C0]]
// CHECK:           scf.if %[[LEADER]] {
// CHECK-NEXT:        nvgpu.mbarrier.init %[[BAR]][%[[C0]]], %[[C1]]
// CHECK-NEXT:        nvgpu.mbarrier.init %[[BAR]][%[[C1]]], %[[C1]]
// CHECK-NEXT:        tcgen05.fence barrier_init
// CHECK:           %[[WARP:.*]] = arith.cmpi ult, %[[T]], %[[C32]]
// CHECK:           scf.if %[[WARP]] {
// CHECK-NEXT:        tcgen05.alloc columns(128) into %[[SLOT]]
// CHECK-NEXT:        tcgen05.relinquish
// CHECK:           tcgen05.fence before
// CHECK-NEXT:      gpu.barrier
// CHECK-NEXT:      tcgen05.fence after
// CHECK-NEXT:      %[[TM:.*]] = tcgen05.get_allocation %[[SLOT]]
// CHECK-NEXT:      %[[ACC:.*]] = tcgen05.view %[[TM]][%[[C0]]] : <128> to !tcgen05.accumulator<48>
// CHECK-NEXT:      %[[SAT:.*]] = tcgen05.view %[[TM]][%[[C48]]] : <128> to !tcgen05.scales<1x4xf8E4M3FN>
// CHECK-NEXT:      %[[SBT:.*]] = tcgen05.view %[[TM]][%[[C64]]] : <128> to !tcgen05.scales<1x4xf8E4M3FN>
//
// CHECK:           scf.for %[[K:.*]] = %[[C0]] to %[[C2]] step %[[C1]] {
// CHECK:             %[[ODD:.*]] = arith.remui %[[K]], %[[C2]]
// CHECK:             %[[PARITY:.*]] = arith.cmpi ne, %[[ODD]], %[[C0]]
// CHECK:             scf.if %[[LEADER]] {
// CHECK:               nvgpu.mbarrier.arrive.expect_tx %[[BAR]][%[[C0]]], %[[TX]]
// CHECK:               %[[BYTE:.*]] = arith.muli %[[K]], %[[C128]]
// CHECK:               nvgpu.tma.async.load %[[AMAP]][%[[BYTE]], %{{.*}}], %[[BAR]][%[[C0]]] to %[[AS]]
// CHECK:               %[[GROUP:.*]] = arith.muli %[[K]], %[[C4]]
// CHECK:               nvgpu.tma.async.load %[[SAMAP]][%[[C0]], %[[C0]], %[[GROUP]], %[[BX]]], %[[BAR]][%[[C0]]] to %[[SABOX]]
// CHECK:               nvgpu.tma.async.load %[[BMAP]][%[[BYTE]], %[[C0]]], %[[BAR]][%[[C0]]] to %[[BS]]
// CHECK:               nvgpu.tma.async.load %[[SBMAP]][%[[C0]], %[[C0]], %[[GROUP]], %[[C0]]], %[[BAR]][%[[C0]]] to %[[SBBOX]]
// CHECK:             nvgpu.mbarrier.try_wait.parity %[[BAR]][%[[C0]]], %[[PARITY]],
// CHECK:             scf.if %[[LEADER]] {
// CHECK-NEXT:          tcgen05.copy_scales %[[SAS]] to %[[SAT]]
// CHECK-NEXT:          tcgen05.copy_scales %[[SBS]] to %[[SBT]]
// CHECK-NEXT:          %[[P:.*]] = arith.cmpi ne, %[[K]], %[[C0]]
// CHECK-NEXT:          tcgen05.block_scaled_mma %[[ACC]], %[[AS]], %[[BS]] scales(%[[SAT]], %[[SBT]]) accumulate(%[[P]])
// CHECK-NEXT:          tcgen05.commit %[[BAR]][%[[C1]]]
// CHECK:             nvgpu.mbarrier.try_wait.parity %[[BAR]][%[[C1]]], %[[PARITY]],
//
// The epilogue: 16 columns at a time, since 48 is no multiple of 32. All threads load, those with a row store.
// CHECK:           tcgen05.fence after
// CHECK:           %[[INSIDE:.*]] = arith.cmpi slt, %[[T]], %{{.*}}
// CHECK:           scf.for %[[N:.*]] = %[[C0]] to %[[C48]] step %[[C16]] {
// CHECK:             %[[LOADED:.*]] = tcgen05.load %[[ACC]][%[[N]]] : <48> -> vector<16xf32>
// CHECK-NEXT:        %[[ROW:.*]] = tcgen05.wait_loads %[[LOADED]]
// CHECK-NOT:         nvvm.vote
// CHECK:             arith.mulf %[[ROW]],
// CHECK:             %[[OUT:.*]] = arith.truncf %{{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK:             scf.if %[[INSIDE]] {
// CHECK:               vector.store %[[OUT]], %{{.*}}[%[[T]], %[[N]]] {alignment = 16 : i64}
// CHECK:               vector.maskedstore %{{.*}}[%[[T]], %[[N]]], %{{.*}}, %[[OUT]]
// CHECK:           tcgen05.fence before
// CHECK-NEXT:      gpu.barrier
// CHECK-NEXT:      scf.if %[[WARP]] {
// CHECK-NEXT:        tcgen05.dealloc %[[TM]] : <128>
func.func @nv(%a: memref<?x160xi8, 1>, %sa: memref<?x5x32x4x4xf8E4M3FN, 1>, %b: memref<48x160xi8, 1>, %sb: memref<1x5x32x4x4xf8E4M3FN, 1>, %g: f32, %y: memref<?x48xbf16, 1>) {
  fp4.scaled_matmul group_size(16) lhs(%a, %sa : memref<?x160xi8, 1>, memref<?x5x32x4x4xf8E4M3FN, 1>) rhs(%b, %sb : memref<48x160xi8, 1>, memref<1x5x32x4x4xf8E4M3FN, 1>) alpha(%g) outs(%y : memref<?x48xbf16, 1>) {strategy = "tcgen05"}
  return
}

// mx, 256 columns: two tiles of scales a K tile, two row tiles of rhs; 256 + 8 + 16 = 280 columns take 512. Rows of 4100
// f32 start at multiples of 16 bytes; nothing is rounded.
// Bytes: 128 * 128 + 256 * 128 + (1 + 2) * 2 * 512 = 52224 are loaded, and 256 limits and 128 + 256 spreads follow: 54784.
// CHECK-LABEL: func.func @mx(
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 54784 : i32
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
// CHECK-DAG:     %[[INF:.*]] = arith.constant dense<0x7F800000> : vector<16xf32>
// CHECK:         dynamic_shared_memory_size %[[BYTES]] function(@scaled_matmul)
// CHECK:           tcgen05.alloc columns(512)
// CHECK:           tcgen05.view {{.*}} to !tcgen05.accumulator<256>
// CHECK:           tcgen05.view {{.*}} to !tcgen05.scales<1x2xf8E8M0FNU>
// CHECK:           tcgen05.view {{.*}} to !tcgen05.scales<2x2xf8E8M0FNU>
// The ends of the scales of a row and of two columns, of 8 groups each, read before the next tile would be loaded.
// CHECK:           nvgpu.mbarrier.arrive.expect_tx %{{.*}}, %c52224
// CHECK-COUNT-6:   memref.load {{.*}} #gpu.address_space<workgroup>>
// CHECK:           gpu.barrier
// CHECK-NEXT:      nvgpu.mbarrier.try_wait.parity
// CHECK:           vector.reduction <maxui>
// CHECK:           %[[ROW_LIMIT:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK:           memref.store %{{.*}}, %[[ROW_SPREADS:.*]][%{{.*}}] : memref<128xi32,
// CHECK:           vector.reduction <maxui>
// CHECK:           memref.store %{{.*}}, %[[LIMITS:.*]][%{{.*}}] : memref<256xf32,
// CHECK:           vector.reduction <maxui>
// CHECK:           memref.store %{{.*}}, %[[LIMITS]][%{{.*}}] : memref<256xf32,
// CHECK:           memref.store %{{.*}}, %[[SPREADS:.*]][%{{.*}}] : memref<256xi32,
// CHECK-NEXT:      gpu.barrier
// CHECK:           %[[LOADED:.*]] = tcgen05.load %{{.*}} -> vector<16xf32>
// CHECK-NEXT:      %[[ROW:.*]] = tcgen05.wait_loads %[[LOADED]]
// CHECK:           %[[COLUMN_LIMITS:.*]] = vector.load %[[LIMITS]]
// CHECK:           %[[BELOW:.*]] = arith.negf %[[ROW_LIMIT]]
// CHECK:           %[[ROW_LIMITS:.*]] = vector.broadcast %[[BELOW]]
// CHECK:           %[[SIZE:.*]] = math.absf %[[ROW]]
// CHECK:           %[[DISTANCES:.*]] = math.fma %[[COLUMN_LIMITS]], %[[ROW_LIMITS]], %[[SIZE]]
// CHECK:           %[[LEAST:.*]] = vector.reduction <minimumf>, %[[DISTANCES]]
// CHECK:           %[[SMALL:.*]] = arith.cmpf ult, %[[LEAST]], %{{.*}}
// CHECK:           %[[LARGEST:.*]] = vector.reduction <maxnumf>, %[[DISTANCES]]
// CHECK:           %[[INFINITE:.*]] = arith.cmpf oeq, %[[LARGEST]], %{{.*}}
// CHECK:           %[[LOST:.*]] = arith.ori %[[SMALL]], %[[INFINITE]] : i1
// CHECK-NOT:       arith.truncf
// CHECK:           vector.store {{.*}} {alignment = 16 : i64}
//
// What is lost, again: in f64, by all threads of the warp, in the order of the groups; here there are two. One rounding.
// CHECK:           %[[COUNTED:.*]] = arith.andi %{{.*}}, %[[LOST]] : i1
// CHECK:           %[[AGAIN:.*]] = nvvm.vote.sync any %{{.*}}, %[[COUNTED]]
// CHECK:           scf.if %[[AGAIN]] {
// CHECK:             arith.cmpf ult, {{.*}} : vector<16xf32>
// CHECK:             arith.cmpf oeq, %{{.*}}, %[[INF]] : vector<16xf32>
// CHECK:             %[[FLAGS:.*]] = vector.reduction <or>
// CHECK:             arith.select %[[COUNTED]], %[[FLAGS]], %{{.*}} : i32
// CHECK:             nvvm.vote.sync ballot
// CHECK:             tcgen05.load %{{.*}} -> vector<2xf32>
// CHECK:             memref.load %[[ROW_SPREADS]]
// CHECK:             memref.load %[[SPREADS]]
// CHECK:             %[[GROUPS:.*]] = nvvm.vote.sync ballot
// CHECK:             %[[COUNT:.*]] = math.ctpop %[[GROUPS]]
// CHECK:             %[[TIMES:.*]] = arith.index_cast %[[COUNT]] : i32 to index
// CHECK:             scf.for %{{.*}} to %[[TIMES]] step %{{.*}} iter_args(%[[SUM:.*]] = %{{.*}}) -> (f64)
// CHECK-COUNT-2:       nvvm.shfl.sync idx
// CHECK:               arith.addf %[[SUM]], %{{.*}} : f64
// CHECK:             arith.truncf %{{.*}} : f64 to f32
// CHECK:             memref.store
// CHECK:             nvvm.bar.warp.sync
func.func @mx(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<4100x32xi8, 1>, %sb: memref<33x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x4100xf32, 1>) {
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<4100x32xi8, 1>, memref<33x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x4100xf32, 1>) {strategy = "tcgen05"}
  return
}

// A column, computed as 8. Its rows do not start at multiples of 16 bytes.
// CHECK-LABEL: func.func @column(
// CHECK:           tcgen05.view {{.*}} to !tcgen05.accumulator<8>
// CHECK:           tcgen05.load %{{.*}} -> vector<8xf32>
// CHECK:           vector.maskedstore
func.func @column(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<1x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32, %y: memref<4x1xf32, 1>) {
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<1x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x1xf32, 1>) {strategy = "tcgen05"}
  return
}

// Parts of a wider result, as a concatenation has them: whole vectors go where all rows start at multiples of 16 bytes,
// which they do from column 24 on and not from 20 on. So do blocks of 128 columns from there.
// CHECK-LABEL: func.func @parts(
// CHECK:           vector.store {{.*}} {alignment = 16 : i64}
// CHECK:           vector.store {{.*}} {alignment = 2 : i64}
// CHECK:           vector.store {{.*}} {alignment = 2 : i64}
func.func @parts(%a: memref<?x32xi8, 1>, %sa: memref<?x1x32x4x4xf8E8M0FNU, 1>, %b: memref<16x32xi8, 1>, %sb: memref<1x1x32x4x4xf8E8M0FNU, 1>, %g: f32,
    %y: memref<?x16xbf16, strided<[40, 1], offset: 24>, 1>, %z: memref<?x16xbf16, strided<[40, 1], offset: 20>, 1>, %w: memref<?x16xbf16, strided<[40, 1], offset: ?>, 1>) {
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<16x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<?x16xbf16, strided<[40, 1], offset: 24>, 1>) {strategy = "tcgen05"}
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<16x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%z : memref<?x16xbf16, strided<[40, 1], offset: 20>, 1>) {strategy = "tcgen05"}
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<?x32xi8, 1>, memref<?x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<16x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%w : memref<?x16xbf16, strided<[40, 1], offset: ?>, 1>) {strategy = "tcgen05"}
  return
}

// CHECK-LABEL: func.func @blocks_of_parts(
// CHECK:           vector.store {{.*}} {alignment = 16 : i64}
// CHECK:           vector.store {{.*}} {alignment = 4 : i64}
func.func @blocks_of_parts(%a: memref<4x32xi8, 1>, %sa: memref<1x1x32x4x4xf8E8M0FNU, 1>, %b: memref<136x32xi8, 1>, %sb: memref<2x1x32x4x4xf8E8M0FNU, 1>, %g: f32,
    %y: memref<4x136xf32, strided<[280, 1], offset: 140>, 1>, %z: memref<4x136xf32, strided<[280, 1], offset: 142>, 1>) {
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<136x32xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%y : memref<4x136xf32, strided<[280, 1], offset: 140>, 1>) {strategy = "tcgen05"}
  fp4.scaled_matmul group_size(32) lhs(%a, %sa : memref<4x32xi8, 1>, memref<1x1x32x4x4xf8E8M0FNU, 1>) rhs(%b, %sb : memref<136x32xi8, 1>, memref<2x1x32x4x4xf8E8M0FNU, 1>) alpha(%g) outs(%z : memref<4x136xf32, strided<[280, 1], offset: 142>, 1>) {strategy = "tcgen05"}
  return
}
