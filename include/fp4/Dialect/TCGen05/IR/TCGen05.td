//===- TCGen05.td - The tcgen05 dialect --------------------*- tablegen -*-===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP4_DIALECT_TCGEN05_IR_TCGEN05_TD
#define FP4_DIALECT_TCGEN05_IR_TCGEN05_TD

include "fp4/Dialect/TCGen05/IR/TCGen05Enums.td"
include "mlir/Dialect/NVGPU/IR/NVGPUTypes.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Dialect
//===----------------------------------------------------------------------===//

def TCGen05_Dialect : Dialect {
  let name = "tcgen05";
  let cppNamespace = "::mlir::fp4::tcgen05";
  let summary = "Tiles of a block-scaled matrix product on Blackwell";
  let description = [{
    The `tcgen05` dialect stands between a tile of `fp4.scaled_matmul` and the
    instructions of the fifth generation tensor cores (sm_100a, sm_103a). Its
    values are pieces of *tensor memory*: 128 lanes by 512 columns of 32 bits
    for each block of threads, which only these instructions read and write.
    Shared memory, barriers and tile loads are upstream's: `memref` in
    `#gpu.address_space<workgroup>`, `nvgpu.mbarrier.*`, `nvgpu.tma.*`.

    An op is one step of a tile's way: copying the scales of a K tile, the
    products of a K tile, a commit that arrives on a barrier. Who executes it
    (one thread, one warp, all threads of a block) and what it waits for are
    part of its meaning and stand in its description; the ops neither elect
    threads nor wait by themselves. So a transformation can move the loads, the
    products and the epilogue to different warps, or give buffers more stages,
    by rewriting control flow around the same ops.

    `--convert-fp4-to-tcgen05` makes them, `--convert-kernels-to-nvvm` lowers
    them. How a tile flows is drawn in `docs/blackwell.md`.

    #### Operands in shared memory

    | operand | type | layout |
    | --- | --- | --- |
    | codes of a K tile | `memref<Rx128xi8, #gpu.address_space<workgroup>>` | R rows of 256 codes, K-major, 128-byte swizzle: byte b of row r is at `a ^ (((a >> 7) & 7) << 4)` with a = base + 128 r + b, what a tile load with `swizzle_128b` writes; base is a multiple of 1024 |
    | scales of a K tile | `memref<RTxCTx32x4x4xT, #gpu.address_space<workgroup>>` | RT x CT tiles of 128 rows by 4 scales, each 512 contiguous bytes (the blocked layout of `fp4.convert_scale_layout`) |
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class TCGen05_Op<string mnemonic, list<Trait> traits = []>
    : Op<TCGen05_Dialect, mnemonic, traits>;

class TCGen05_Type<string name, string typeMnemonic>
    : TypeDef<TCGen05_Dialect, name> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def TCGen05_Allocation : TCGen05_Type<"Allocation", "allocation"> {
  let summary = "allocated columns of tensor memory";
  let description = [{
    All 128 lanes of `columns` columns: 32, 64, 128, 256 or 512.
    Example: `!tcgen05.allocation<512>`.
  }];
  let parameters = (ins "int64_t":$columns);
  let assemblyFormat = "`<` $columns `>`";
}

def TCGen05_Accumulator : TCGen05_Type<"Accumulator", "accumulator"> {
  let summary = "an accumulator in tensor memory";
  let description = [{
    128 rows of `columns` f32, element (m, n) in lane m of column n (layout D of
    the PTX ISA). Columns are a multiple of 8 from 8 to 256. Example:
    `!tcgen05.accumulator<256>`.
  }];
  let parameters = (ins "int64_t":$columns);
  let assemblyFormat = "`<` $columns `>`";
}

def TCGen05_Scales : TCGen05_Type<"Scales", "scales"> {
  let summary = "scales of one operand in tensor memory";
  let description = [{
    The scales of `rowTiles` x 128 rows and `columnTiles` x 4 groups. The word of
    row tile r and column tile c of row x is in column
    4 (c `rowTiles` + r) + x / 32 of lanes x % 32, x % 32 + 32, x % 32 + 64 and
    x % 32 + 96; its byte s is the scale of group 4 c + s. Example:
    `!tcgen05.scales<2x4xf8E4M3FN>` takes 32 columns.
  }];
  let parameters = (ins "int64_t":$rowTiles, "int64_t":$columnTiles,
                        "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// How many columns of tensor memory the scales take.
    int64_t getNumColumns() const { return 4 * getRowTiles() * getColumnTiles(); }
  }];
}

class TCGen05_SharedMemRef<list<Type> elements, int rank>
    : ConfinedType<StaticShapeMemRefOf<elements>, [
        CPred<"::llvm::cast<::mlir::MemRefType>($_self).getRank() == " # rank>,
        CPred<"::llvm::cast<::mlir::MemRefType>($_self).getLayout().isIdentity()">,
        CPred<"::mlir::nvgpu::NVGPUDialect::hasSharedMemoryAddressSpace("
              "::llvm::cast<::mlir::MemRefType>($_self))">
      ], "contiguous memref of rank " # rank # " in shared memory",
      "::mlir::MemRefType">;

/// Where an allocation's address is passed on.
def TCGen05_Slot
    : ConfinedType<TCGen05_SharedMemRef<[I32], 1>, [
        CPred<"::llvm::cast<::mlir::MemRefType>($_self).getDimSize(0) > 0">
      ], "contiguous memref of at least one i32 in shared memory",
      "::mlir::MemRefType">;

//===----------------------------------------------------------------------===//
// Tensor memory
//===----------------------------------------------------------------------===//

def TCGen05_AllocOp : TCGen05_Op<"alloc"> {
  let summary = "allocate columns of tensor memory";
  let description = [{
    Executed by all threads of one warp. Blocks until `columns` columns are free
    on the multiprocessor and writes their address to `slot`; the other threads
    read it with `tcgen05.get_allocation` behind a barrier. Every allocation has
    to be given back with `tcgen05.dealloc` before the kernel ends; a second
    allocation of a kernel must not be larger than the first.

    Example:

    ```mlir
    tcgen05.alloc columns(512) into %slot
        : memref<1xi32, #gpu.address_space<workgroup>>
    ```
  }];
  let arguments = (ins
    ConfinedAttr<I64Attr, [IntMinValue<32>, IntMaxValue<512>]>:$columns,
    Arg<TCGen05_Slot, "", [MemWrite]>:$slot);
  let assemblyFormat = [{
    `columns` `(` $columns `)` `into` $slot attr-dict `:` type($slot)
  }];
  let hasVerifier = 1;
}

def TCGen05_GetAllocationOp : TCGen05_Op<"get_allocation"> {
  let summary = "the columns that a warp allocated";
  let description = [{
    Reads what `tcgen05.alloc` wrote. Executed by any thread, behind a barrier
    that the allocating warp has passed and a `tcgen05.fence after`.

    Example:

    ```mlir
    %t = tcgen05.get_allocation %slot
        : memref<1xi32, #gpu.address_space<workgroup>> -> !tcgen05.allocation<512>
    ```
  }];
  let arguments = (ins Arg<TCGen05_Slot, "", [MemRead]>:$slot);
  let results = (outs TCGen05_Allocation:$allocation);
  let assemblyFormat = [{
    $slot attr-dict `:` type($slot) `->` type($allocation)
  }];
}

def TCGen05_RelinquishOp : TCGen05_Op<"relinquish"> {
  let summary = "promise to allocate no more";
  let description = [{
    Executed by all threads of the warp that allocated. Lets the next block on the
    multiprocessor allocate; this block must not any more.
  }];
  let assemblyFormat = "attr-dict";
}

def TCGen05_DeallocOp : TCGen05_Op<"dealloc"> {
  let summary = "give tensor memory back";
  let description = [{
    Executed by all threads of the warp that allocated, behind a barrier that all
    readers and writers of the columns have passed.

    Example:

    ```mlir
    tcgen05.dealloc %t : !tcgen05.allocation<512>
    ```
  }];
  let arguments = (ins Arg<TCGen05_Allocation, "", [MemFree]>:$allocation);
  let assemblyFormat = "$allocation attr-dict `:` type($allocation)";
}

def TCGen05_ViewOp : TCGen05_Op<"view", [Pure]> {
  let summary = "columns of an allocation as accumulator or scales";
  let description = [{
    The columns from `column` on, typed. Views may not overlap if both are in
    use. A constant `column` is held to the size of the allocation. Scales start
    at a multiple of 4 columns, the width of what one copy writes.

    Example:

    ```mlir
    %acc = tcgen05.view %t[%c0]
        : !tcgen05.allocation<512> to !tcgen05.accumulator<256>
    %sf = tcgen05.view %t[%c256]
        : !tcgen05.allocation<512> to !tcgen05.scales<1x4xf8E4M3FN>
    ```
  }];
  let arguments = (ins TCGen05_Allocation:$allocation, Index:$column);
  let results = (outs AnyTypeOf<[TCGen05_Accumulator, TCGen05_Scales]>:$view);
  let assemblyFormat = [{
    $allocation `[` $column `]` attr-dict `:` type($allocation) `to` type($view)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def TCGen05_CopyScalesOp : TCGen05_Op<"copy_scales"> {
  let summary = "copy the scales of a K tile from shared to tensor memory";
  let description = [{
    Executed by one thread; asynchronous. Later products of the same thread read
    the copied scales without a wait between. What the source holds must have
    been written by tile loads whose barrier this thread has waited for, or been
    fenced towards the async proxy. The source may be overwritten when a later
    `tcgen05.commit` has arrived.

    Each tile of 128 rows by 4 scales is one `tcgen05.cp.32x128b.warpx4`.

    Example:

    ```mlir
    tcgen05.copy_scales %smem to %sf
        : memref<1x4x32x4x4xf8E4M3FN, #gpu.address_space<workgroup>>
        to !tcgen05.scales<1x4xf8E4M3FN>
    ```
  }];
  let arguments = (ins
    Arg<TCGen05_SharedMemRef<[F8E4M3FN, F8E8M0FNU], 5>, "", [MemRead]>:$source,
    Arg<TCGen05_Scales, "", [MemWrite]>:$destination);
  let assemblyFormat = [{
    $source `to` $destination attr-dict
    `:` type($source) `to` type($destination)
  }];
  let hasVerifier = 1;
}

def TCGen05_BlockScaledMMAOp : TCGen05_Op<"block_scaled_mma"> {
  let summary = "block-scaled product of a K tile, into an accumulator";
  let description = [{
    For the 256 codes k of the K tile:

    ```
    acc[m, n] = (accumulate ? acc[m, n] : 0)
        + sum_k e2m1(lhs[m, k]) * e2m1(rhs[n, k]) * lhs_scales[m, k / G]
                                                  * rhs_scales[n, k / G]
    ```

    as four instructions of K = 64, each of which truncates the f32 sum toward
    zero. The element type of the scales says the kind: f8E4M3FN is mxf4nvf4 with
    groups of 16 (its sign bit is ignored), f8E8M0FNU is mxf4 with groups of 32.
    M is 128; N, the columns of the accumulator, is a multiple of 8 up to 256. The
    rows of `rhs` beyond a multiple of 128 need no scales of their own tile: the
    scales are padded to whole tiles.

    Executed by one thread; asynchronous. `lhs` and `rhs` must be visible to the
    async proxy, as the source of `tcgen05.copy_scales`. Products of one thread
    into one accumulator are done in order; they are complete when a later
    `tcgen05.commit` has arrived.

    Example:

    ```mlir
    tcgen05.block_scaled_mma %acc, %a, %b scales(%sa, %sb) accumulate(%p)
        : !tcgen05.accumulator<256>,
          memref<128x128xi8, #gpu.address_space<workgroup>>,
          memref<256x128xi8, #gpu.address_space<workgroup>>,
          !tcgen05.scales<1x4xf8E4M3FN>, !tcgen05.scales<2x4xf8E4M3FN>
    ```
  }];
  let arguments = (ins
    Arg<TCGen05_Accumulator, "", [MemRead, MemWrite]>:$accumulator,
    Arg<TCGen05_SharedMemRef<[I8], 2>, "", [MemRead]>:$lhs,
    Arg<TCGen05_SharedMemRef<[I8], 2>, "", [MemRead]>:$rhs,
    Arg<TCGen05_Scales, "", [MemRead]>:$lhs_scales,
    Arg<TCGen05_Scales, "", [MemRead]>:$rhs_scales,
    I1:$accumulate);
  let assemblyFormat = [{
    $accumulator `,` $lhs `,` $rhs `scales` `(` $lhs_scales `,` $rhs_scales `)`
    `accumulate` `(` $accumulate `)` attr-dict `:` type($accumulator) `,`
    type($lhs) `,` type($rhs) `,` type($lhs_scales) `,` type($rhs_scales)
  }];
  let hasVerifier = 1;
}

def TCGen05_CommitOp : TCGen05_Op<"commit"> {
  let summary = "arrive on a barrier when all earlier work is done";
  let description = [{
    Executed by the thread that issued copies and products. When all of them are
    complete, arrives once on barrier `index` of the group. Threads that wait for
    it may then overwrite the operands, and, after `tcgen05.fence after`, read
    the accumulator. The barriers are in shared memory.

    Example:

    ```mlir
    tcgen05.commit %barriers[%c1] : !nvgpu.mbarrier.group<
        memorySpace = #gpu.address_space<workgroup>, num_barriers = 2>
    ```
  }];
  let arguments = (ins NVGPU_MBarrierGroup:$barriers, Index:$index);
  let assemblyFormat = "$barriers `[` $index `]` attr-dict `:` type($barriers)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Epilogue and order
//===----------------------------------------------------------------------===//

def TCGen05_LoadOp : TCGen05_Op<"load"> {
  let summary = "load columns of the accumulator's row of this thread";
  let description = [{
    Executed by all threads of a warp. Thread t of the block (t = thread id x of a
    block with one dimension) gets the elements of row t % 128, columns `column`
    to `column` plus the size of the vector: 2, 4, ..., 128. Asynchronous: the
    elements are there behind `tcgen05.wait_loads`, which has to come before a
    barrier behind which the accumulator is overwritten or given back.

    Example:

    ```mlir
    %loaded = tcgen05.load %acc[%c32] : !tcgen05.accumulator<256> -> vector<32xf32>
    ```
  }];
  let arguments = (ins Arg<TCGen05_Accumulator, "", [MemRead]>:$accumulator,
                       Index:$column);
  let results = (outs FixedVectorOfRankAndType<[1], [F32]>:$row);
  let assemblyFormat = [{
    $accumulator `[` $column `]` attr-dict `:` type($accumulator) `->` type($row)
  }];
  let hasVerifier = 1;
}

def TCGen05_WaitLoadsOp
    : TCGen05_Op<"wait_loads", [AllTypesMatch<["loaded", "row"]>]> {
  let summary = "wait for this thread's loads from tensor memory";
  let description = [{
    Executed by all threads of a warp. Gives what was loaded, which may be used
    only from here on: it is a value of its own, so that no pass moves a use of it
    in front of the wait.

    Example:

    ```mlir
    %row = tcgen05.wait_loads %loaded : vector<32xf32>
    ```
  }];
  let arguments = (ins FixedVectorOfRankAndType<[1], [F32]>:$loaded);
  let results = (outs FixedVectorOfRankAndType<[1], [F32]>:$row);
  let assemblyFormat = "$loaded attr-dict `:` type($loaded)";
}

def TCGen05_FenceKindAttr : EnumAttr<TCGen05_Dialect, TCGen05_FenceKind,
                                     "fence_kind">;

def TCGen05_FenceOp : TCGen05_Op<"fence"> {
  let summary = "order tensor memory or barriers around a synchronization";
  let description = [{
    | kind | meaning |
    | --- | --- |
    | `before` | this thread's tcgen05 ops stay before the synchronization that follows |
    | `after` | this thread's tcgen05 ops stay behind the synchronization that precedes |
    | `barrier_init` | barriers that this thread initialized are visible to the async proxy; a barrier of the block comes next |

    Example:

    ```mlir
    tcgen05.fence after
    ```
  }];
  let arguments = (ins TCGen05_FenceKindAttr:$kind);
  let assemblyFormat = "$kind attr-dict";
}

#endif // FP4_DIALECT_TCGEN05_IR_TCGEN05_TD
