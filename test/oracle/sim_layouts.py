"""The simulator's layouts of shared memory, tensor memory and registers.

The expected ones are what the PTX ISA 9.1 and CUTLASS (cute/atom/*_traits_sm*.hpp) write as CuTe layouts,
evaluated by cute.py, and the manual's tables where it has tables.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator

import numpy as np
from cute import Layout, swizzle
from sim_describe import Array, Describer, require, require_equal

# ---- matrices in shared memory [PTX 9.7.16.4.1, 9.7.16.3.3; CUTLASS mma_sm100_desc.hpp] --------------

# Of the descriptor's swizzle: bits, base, shift, and the canonical layouts.
K_MAJOR = {
    0: ((0, 4, 3), "((8,m),(T,2k)):((1T,SBO),(1,LBO))"),
    6: ((1, 4, 3), "((8,m),(T,2k)):((2T,SBO),(1,T))"),
    4: ((2, 4, 3), "((8,m),(T,2k)):((4T,SBO),(1,T))"),
    2: ((3, 4, 3), "((8,m),(T,2k)):((8T,SBO),(1,T))"),
}
MN_MAJOR = {
    0: ((0, 4, 3), "((T,1,m),(8,k)):((1,T,SBO),(1T,LBO))"),
    6: ((1, 4, 3), "((T,2,m),(8,k)):((1,T,LBO),(2T,SBO))"),
    4: ((2, 4, 3), "((T,4,m),(8,k)):((1,T,LBO),(4T,SBO))"),
    2: ((3, 4, 3), "((T,8,m),(8,k)):((1,T,LBO),(8T,SBO))"),
    1: ((2, 5, 2), "((T,8,m),(4,k)):((1,T,LBO),(8T,SBO))"),
}


def shared_descriptor(start: int, leading: int, stride: int, mode: int) -> int:
    return start >> 4 | leading >> 4 << 16 | stride >> 4 << 32 | 1 << 46 | mode << 61


def check_shared_matrices(describe: Describer) -> int:
    rng = random.Random(1)
    count = 0
    for bits in (4, 8, 16, 32):
        t = 128 // bits
        for mode, (how, text) in K_MAJOR.items():
            leading, stride = (rng.randrange(1, 0x3FF) * 16 for _ in range(2))
            # A step along K moves the start within a row of the pattern.
            start = rng.randrange(16) * 1024 + (rng.randrange(4) * 32 if mode == 2 else 0)
            descriptor = shared_descriptor(start, leading, stride, mode)
            fields = describe(f"matrix {descriptor}")
            require(list(fields) == [start, leading, stride, mode], f"fields of {descriptor:#x}")
            rows, k = 128, 2 * t
            size = bits / 8
            layout = Layout(
                text, T=t, m=16, k=1, SBO=int(stride / size), LBO=int(leading / size)
            )  # in elements
            got = describe(f"addresses {descriptor} K {rows} 32").reshape(rows, 32)
            # Of each element's first byte, for 4 bits of each second element's.
            step = 2 if bits == 4 else 1
            expected = [
                [swizzle(*how, start + int(layout(row, i) * size)) for i in range(0, k, step)]
                for row in range(rows)
            ]
            require_equal(
                got[:, :: 32 // (k // step)], np.array(expected), f"K-major, swizzle {mode}"
            )
            require(
                not describe.refuses(f"operand {descriptor} K e2m1"), f"K-major, swizzle {mode}"
            )
            count += rows * k
        for mode, (how, text) in MN_MAJOR.items() if bits > 4 else ():
            leading, stride = (rng.randrange(1, 0x3FF) * 16 for _ in range(2))
            start = rng.randrange(16) * 1024
            descriptor = shared_descriptor(start, leading, stride, mode)
            mn, k, size = 512 * 8 // bits, 32, bits // 8
            layout = Layout(text, T=t, m=32, k=8, SBO=stride // size, LBO=leading // size)
            got = describe(f"addresses {descriptor} MN {k} 512").reshape(k, 512)
            expected = [
                [swizzle(*how, start + layout(i, j) * size) for i in range(mn)] for j in range(k)
            ]
            require_equal(got[:, ::size], np.array(expected), f"MN-major, swizzle {mode}")
            count += mn * k
    return count


def check_unpacking(describe: Describer) -> int:
    """Elements behind one another, then padding up to 16 bytes [PTX 9.7.16.10.4.4]."""
    rng = random.Random(2)
    for kind, bits in (("e2m1", 4), ("e2m3", 6), ("e3m2", 6), ("e4m3", 8), ("e5m2", 8)):
        elements = [rng.randrange(1 << bits) for _ in range(64)]
        padded = b""
        for first in range(0, 64, 16):
            chunk = sum(e << (bits * i) for i, e in enumerate(elements[first : first + 16]))
            padding = rng.getrandbits(128) >> (16 * bits) << (16 * bits)
            padded += (chunk | padding).to_bytes(16, "little")
        got = describe(f"unpack {kind} {len(padded)}", padded)
        require_equal(got, np.array(elements), f"unpacked {kind}")
    return 5 * 64


# ---- tensor memory [CUTLASS mma_traits_sm100_frag.hpp]: 128 lanes first, then columns -------------------

# D, per block, by M of the instruction, block group and .ws; and how many parts its rows have.
ACCUMULATORS = {
    (128, 1, 0): ("(128,N):(1,128)", 1),
    (64, 1, 0): ("((16,4),N):((1,32),128)", 1),
    (256, 2, 0): ("(128,N):(1,128)", 1),
    (128, 2, 0): ("(64,(N/2,2)):(1,(128,64))", 2),
    (128, 1, 1): ("(128,N):(1,128)", 1),
    (64, 1, 1): ("(64,(N/2,2)):(1,(128,64))", 2),
    (32, 1, 1): ("(32,(N/4,4)):(1,(128,32))", 4),
}


def check_accumulators(describe: Describer) -> int:
    count = 0
    for (m, group, ws), (text, parts) in ACCUMULATORS.items():
        for n in (64, 128, 256) if ws else (16, 48, 64, 256):
            rows_per_block = m // group
            layout = Layout(text, N=n)
            for first_lane in (0, 16) if (m, group, ws) == (64, 1, 0) else (0,):
                request = f"accumulator {m} {group} {ws} {n} {first_lane}"
                spans = describe(request).reshape(m, parts, 5)
                got = np.full((m, n, 3), -1)
                for row, part in itertools.product(range(m), range(parts)):
                    block, lane, first, num, a_lane = spans[row, part]
                    for i in range(num):
                        got[row, first + i] = block, lane, i
                    # A lies where D does, in layout B twice; it is not known for .ws.
                    known = parts == 1 or not ws
                    require(a_lane == (lane if known else 0xFFFFFFFF), f"A's lane, {request}")
                expected = np.empty((m, n, 3), np.int64)
                for row, column in itertools.product(range(m), range(n)):
                    at = layout(row % rows_per_block, column)
                    expected[row, column] = (
                        row // rows_per_block,
                        at % 128 + first_lane,
                        at // 128,
                    )
                require_equal(got, expected, request)
                count += m * n
    for m, group, ws in ((32, 1, 0), (96, 1, 0), (64, 2, 0), (256, 1, 0), (128, 2, 1)):
        require(describe.refuses(f"accumulator {m} {group} {ws} 64 0"), f"M = {m}, {group}, {ws}")
    return count


def scale_words(layout: Layout, rows: int, copies: int, count: int, first: int) -> set:
    """All (row, scale, lane, column, byte), the scales being bytes behind one another."""
    found = set()
    for row, copy, scale in itertools.product(range(rows), range(copies), range(count)):
        at = layout(row + rows * copy, first + scale)
        lane, byte = at % 128, at // 128
        found.add((row, scale, lane, byte // 4, byte % 4))
    return found


def check_scales(describe: Describer) -> int:
    """Each scale in all partitions of the lanes; SFB 2 by 2 where halves of N are in halves of them."""
    total = 0
    for count, ids in ((1, (0, 1, 2, 3)), (2, (0, 2)), (4, (0,))):
        for ident in ids:
            cases = [("A", 128, 1, 64, 128), ("A", 256, 2, 64, 128), ("A", 128, 2, 64, 64)]
            cases += [("B", 128, 1, n, n) for n in (32, 64, 192, 256)]
            cases += [("B", 256, 2, n, n) for n in (64, 256)]
            cases += [("B", 128, 2, n, n) for n in (64, 256)]
            for matrix, m, group, n, rows in cases:
                request = f"scales {matrix} {m} {group} {n} {rows} {count} {ident}"
                got = describe(request).reshape(rows, count, 5)
                found = set()
                for row, scale in itertools.product(range(rows), range(count)):
                    first, partitions, lane, column, byte = (int(x) for x in got[row, scale])
                    for partition in range(first, first + partitions):
                        found.add((row, scale, lane + 32 * partition, column, byte))
                if (matrix, m, group) == ("B", 128, 2):
                    text = "((32,MN/64,2,2),NSF):((1,512,64,32),128)"
                    layout, copies = Layout(text, MN=rows, NSF=4), 2
                else:
                    text = "((32,MN/32,4),NSF):((1,512,32),128)"
                    layout, copies = Layout(text, MN=rows, NSF=4), 4
                expected = scale_words(layout, rows, copies, count, ident)
                require(found == expected, request)
                total += rows * count
    return total


# Of tcgen05.cp: rows, their bits, copies, and the bits that they go to, of a lane's 2^16 each
# [CUTLASS copy_traits_sm100.hpp, SM100_UTCCP_*].
COPIES = {
    "128x256b -": "(128,256,1):(DP,1,0)",
    "128x128b -": "(128,128,1):(DP,1,0)",
    "4x256b -": "(4,256,1):(32DP,1,0)",
    "32x128b warpx4": "(32,128,4):(DP,1,32DP)",
    "64x128b warpx2::02_13": "(64,128,2):(DP,1,64DP)",
    "64x128b warpx2::01_23": "((32,2),128,2):((DP,64DP),1,32DP)",
}
LANE_BITS = 1 << 16


def check_copies(describe: Describer) -> int:
    for request, text in COPIES.items():
        layout = Layout(text, DP=LANE_BITS)
        rows, bits, copies = (int(np.prod(shape)) for shape, _ in layout.modes)
        answer = describe(f"copy {request}")
        require(8 * int(answer[0]) == bits, f"bytes of a row, {request}")
        lanes = answer[1:].reshape(rows, 4)
        for row in range(rows):
            expected = {layout(row, 0, copy) // LANE_BITS for copy in range(copies)}
            got = {int(lane) for lane in lanes[row] if lane != 0xFFFFFFFF}
            require(got == expected, f"lanes of row {row}, {request}")
    for request in ("64x128b -", "32x128b -", "64x128b warpx4", "128x256b warpx4", "64x256b -"):
        require(describe.refuses(f"copy {request}"), request)
    return len(COPIES)


# Of tcgen05.ld and st with .xN: lanes, bits of a lane, and (thread, bit) to lane-major bits
# [CUTLASS copy_traits_sm100.hpp, SM100_TMEM_LOAD_*].
ACCESSES = {
    "32x32b": (32, 32, 128, "(32,32N):(32N,1)"),
    "16x64b": (16, 64, 128, "((2,2,8),(32,N)):((512N,32,64N),(1,64))"),
    "16x128b": (16, 128, 64, "((4,8),(32,2,N)):((32,128N),(1,1024N,128))"),
    "16x256b": (16, 256, 32, "((4,8),(64,2,N)):((64,256N),(1,2048N,256))"),
    "16x32bx2": (16, 64, 128, "((16,2),32N):((64N,32N),1)"),
}


def check_accesses(describe: Describer) -> int:
    count = 0
    for shape, (lanes, bits, most, text) in ACCESSES.items():
        num = 1
        while num <= most:
            layout = Layout(text, N=num)
            registers = layout.modes[1][0]
            words = int(np.prod(registers)) // 32
            for packed in (0, 1):
                # CUTLASS puts the second half behind the first: half of a lane's columns.
                split = num * (1 + packed) if shape == "16x32bx2" else 0
                request = f"access {shape} {num} {packed} {split}"
                got = describe(request).reshape(32, words, 2)
                expected = np.empty_like(got)
                for thread, word in itertools.product(range(32), range(words)):
                    lane, bit = divmod(layout(thread, 32 * word), bits * num)
                    # Packed, a lane's bits are 16 of each column.
                    expected[thread, word] = lane, bit // (16 if packed else 32)
                require(int(expected[:, :, 0].max()) == lanes - 1, request)
                require_equal(got, expected, request)
                count += words * 32
            num *= 2
        require(describe.refuses(f"access {shape} {num} 0 0"), f"{shape}.x{num}")
        require(describe.refuses(f"access {shape} 3 0 0"), f"{shape}.x3")
    return count


# ---- registers of a warp ------------------------------------------------------------------------------

# Of mma.sync: matrix, bits, k, and (thread, element) to row + rows * column of A or D, and column +
# columns * row of B [CUTLASS mma_traits_sm80.hpp].
FRAGMENTS = {
    ("A", 32, 4): "((4,8),2):((16,1),8)",
    ("B", 32, 4): "((4,8),1):((8,1),0)",
    ("A", 32, 8): "((4,8),(2,2)):((16,1),(8,64))",
    ("B", 32, 8): "((4,8),2):((8,1),32)",
    ("A", 16, 8): "((4,8),(2,2)):((32,1),(16,8))",
    ("B", 16, 8): "((4,8),2):((16,1),8)",
    ("A", 16, 16): "((4,8),(2,2,2)):((32,1),(16,8,128))",
    ("B", 16, 16): "((4,8),(2,2)):((16,1),(8,64))",
    ("A", 8, 16): "((4,8),(4,2)):((64,1),(16,8))",
    ("B", 8, 16): "((4,8),4):((32,1),8)",
    ("A", 8, 32): "((4,8),(4,2,2)):((64,1),(16,8,256))",
    ("B", 8, 32): "((4,8),(4,2)):((32,1),(8,128))",
    ("A", 4, 64): "((4,8),(8,2,2)):((128,1),(16,8,512))",
    ("B", 4, 64): "((4,8),(8,2)):((64,1),(8,256))",
    ("D", 32, 8): "((4,8),(2,2)):((32,1),(16,8))",
    ("D", 16, 8): "((4,8),(2,2)):((32,1),(16,8))",
}


def check_fragments(describe: Describer) -> int:
    count = 0
    for (matrix, bits, k), text in FRAGMENTS.items():
        layout = Layout(text)
        elements = int(np.prod(layout.modes[1][0]))
        got = describe(f"fragment {matrix} {bits} {k}").reshape(32, elements, 2)
        expected = np.empty_like(got)
        for thread, element in itertools.product(range(32), range(elements)):
            at = layout(thread, element)
            expected[thread, element] = divmod(at, 8) if matrix == "B" else divmod(at, 16)[::-1]
        require_equal(got, expected, f"fragment {matrix} of {bits} bits, k = {k}")
        count += 32 * elements
    # Scales of mma.sync [CUTLASS mma_traits_sm120.hpp]: which row, or column, a thread's are of.
    rows = Layout("((2,2,8),1):((8,0,1),0)")
    threads = describe("scale-threads A 2").reshape(16, 2)
    for row, ident in itertools.product(range(16), range(2)):
        thread = int(threads[row, ident])
        require(rows(thread, 0) == row and thread // 2 % 2 == ident, f"scales of row {row}")
    columns = Layout("((4,8),1):((0,1),0)")
    threads = describe("scale-threads B 4").reshape(8, 4)
    for column, ident in itertools.product(range(8), range(4)):
        thread = int(threads[column, ident])
        require(columns(thread, 0) == column and thread % 4 == ident, f"scales of column {column}")
    return count


def moved_bytes() -> Iterator[tuple[str, int, bool, Array]]:
    """Shape, .xN, .trans, and of [thread][register][byte] the thread with the address, and the byte.

    Matrices are 1024 bits, or 2048, in rows of 128; the layouts have (thread, bit) of one matrix
    [CUTLASS copy_traits_sm75.hpp, copy_traits_sm100.hpp].
    """
    straight, transposed = Layout("(32,32):(32,1)"), Layout("((4,8),(16,2)):((256,16),(1,128))")
    wide = Layout("((4,8),(8,2,2,2)):((256,8),(1,128,64,1024))")
    wide_rows = Layout("((2,2,4),1):((128,1024,256),0)")
    stored = Layout("((4,8),(8,2,2)):((256,8),(1,128,64))")
    narrow = (("m8n8", False, straight), ("m8n8", True, transposed), ("m8n16", False, straight))
    for num in (1, 2, 4):
        for shape, is_transposed, layout in (*narrow, ("m16n8", True, stored)):
            expected = np.empty((32, num, 4, 2), np.int64)
            for thread, i, byte in itertools.product(range(32), range(num), range(4)):
                row, bit = divmod(layout(thread, 8 * byte), 128)
                expected[thread, i, byte] = row + 8 * i, bit // 8
            yield shape, num, is_transposed, expected
    # CUTLASS exchanges bytes of what m16n16 loads, and its layout is of the result: the first two bytes
    # of both registers are in the first one, and the others in the second one.
    thread_of_row = {wide_rows(thread, 0) // 128: thread for thread in range(16)}
    for num in (1, 2):
        expected = np.empty((32, 2 * num, 4, 2), np.int64)
        for thread, i, reg, byte in itertools.product(range(32), range(num), range(2), range(4)):
            row, bit = divmod(wide(thread, 8 * (byte + 4 * reg)), 128)
            loaded_reg, loaded_byte = byte // 2, byte % 2 + 2 * reg
            expected[thread, 2 * i + loaded_reg, loaded_byte] = (
                thread_of_row[row] + 16 * i,
                bit // 8,
            )
        yield "m16n16", num, True, expected


def check_moves(describe: Describer) -> int:
    count = 0
    for shape, num, is_transposed, expected in moved_bytes():
        request = f"move {shape} {num} {is_transposed:d}"
        require_equal(describe(request).reshape(expected.shape), expected, request)
        count += expected.size // 2
    for request in ("move m8n8 8 0", "move m16n16 4 1", "move m8n16 3 0"):
        require(describe.refuses(request), request)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("describe")
    describe = Describer(parser.parse_args().describe)
    print(f"{check_shared_matrices(describe)} elements of matrices in shared memory agree")
    print(f"{check_unpacking(describe)} padded elements agree")
    print(f"{check_accumulators(describe)} elements of D agree")
    print(f"{check_scales(describe)} scales agree")
    print(f"{check_copies(describe)} shapes of tcgen05.cp agree")
    print(f"{check_accesses(describe)} registers of tcgen05.ld agree")
    print(f"{check_fragments(describe)} elements of fragments agree")
    print(f"{check_moves(describe)} bytes of ldmatrix and stmatrix agree")


if __name__ == "__main__":
    main()
