"""Exchange between the threads of a warp, against the manual's definitions on lists of 32 values.

shfl [PTX 9.7.9.6], vote, match, redux, elect and activemask [PTX 9.7.13].
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from ptx_floats import FORMATS, choose
from ptx_harness import Case, check, signed

FULL: Final = 0xFFFFFFFF
Lanes = list[tuple[int, ...]]


def shuffle(lanes: Lanes, mode: str, predicate: bool) -> list[int | None]:
    """The manual's pseudo-code."""
    results: list[int | None] = []
    for lane, (_, b, c) in enumerate(lanes):
        bval, cval, segmask = b & 31, c & 31, c >> 8 & 31
        max_lane = (lane & segmask) | (cval & ~segmask & 31)
        min_lane = lane & segmask
        if mode == "up":
            j = lane - bval
            p = j >= max_lane
        elif mode == "down":
            j = lane + bval
            p = j <= max_lane
        elif mode == "bfly":
            j = lane ^ bval
            p = j <= max_lane
        else:
            j = min_lane | (bval & ~segmask & 31)
            p = j <= max_lane
        results.append(int(p) if predicate else lanes[j if p else lane][0])
    return results


def shuffle_of(mode: str, predicate: bool) -> Callable[[Lanes], Sequence[int | None]]:
    return lambda lanes: shuffle(lanes, mode, predicate)


def shuffles() -> list[Case]:
    cases = []
    b = list(range(33))
    c = [0, 31, 0x1F, 0x1C1F, 0x1800, 0x181F, 0x101F, 0x1E1F, 0x0707, 0x1003]
    for mode in ("up", "down", "bfly", "idx"):
        cases.append(
            Case(f"shfl.sync.{mode}.b32 {{d}}, {{a}}, {{b}}, {{c}}, -1;", "b32", ["b32"] * 3,
                 values={1: b, 2: c}, collective=shuffle_of(mode, False))
        )  # fmt: skip
        cases.append(
            Case(f"{{{{ .reg .b32 q; shfl.sync.{mode}.b32 q|{{d}}, {{a}}, {{b}}, {{c}}, 0xffffffff; }}}}",
                 "pred", ["b32"] * 3, values={1: b, 2: c}, collective=shuffle_of(mode, True))
        )  # fmt: skip
    return cases


def same(value: Callable[[Lanes], int]) -> Callable[[Lanes], Sequence[int | None]]:
    """All threads get one result."""
    return lambda lanes: [value(lanes)] * 32


def in_halves(value: Callable[[Lanes], int]) -> Callable[[Lanes], Sequence[int | None]]:
    """Two masks of 16 threads, in one instruction."""
    return lambda lanes: [value(lanes[:16])] * 16 + [value(lanes[16:])] * 16


def ballot(lanes: Lanes) -> int:
    return sum((v[0] & 1) << i for i, v in enumerate(lanes))


def votes() -> list[Case]:
    cases = []
    for name, function in (
        ("all", lambda v: int(all(x[0] for x in v))),
        ("any", lambda v: int(any(x[0] for x in v))),
        ("uni", lambda v: int(len({x[0] for x in v}) == 1)),
    ):
        for values in ([0], [1], [0, 1]):
            cases.append(
                Case(f"vote.sync.{name}.pred {{d}}, {{a}}, -1;", "pred", ["pred"], values={0: values},
                     collective=same(function))
            )  # fmt: skip
    cases.append(
        Case("vote.sync.ballot.b32 {d}, {a}, -1;", "b32", ["pred"], collective=same(ballot))
    )
    cases.append(
        Case(
            "vote.sync.ballot.b32 {d}, !{a}, -1;",
            "b32",
            ["pred"],
            collective=same(lambda v: ballot(v) ^ FULL),
        )
    )
    # Each half names itself by its own mask.
    half = "{{ .reg .b32 m, l; mov.u32 l, %laneid; shr.u32 l, l, 4; mov.b32 m, 0xffff; mul.lo.u32 l, l, 16; shl.b32 m, m, l; "
    cases.append(
        Case(half + "vote.sync.ballot.b32 {d}, {a}, m; }}", "b32", ["pred"],
             collective=lambda v: [ballot(v[:16])] * 16 + [ballot(v[16:]) << 16] * 16)
    )  # fmt: skip
    cases.append(
        Case(half + "redux.sync.add.u32 {d}, {a}, m; }}", "b32", ["b32"],
             collective=in_halves(lambda v: sum(x[0] for x in v) & FULL))
    )  # fmt: skip
    # Threads that come one after the other meet at the instruction.
    cases.append(
        Case("{{ .reg .pred p; .reg .b32 i, l, t; mov.u32 l, %laneid; and.b32 l, l, 3; mov.b32 i, 0; "
             "LOOP: add.u32 i, i, 1; setp.le.u32 p, i, l; @p bra LOOP; "
             "vote.sync.ballot.b32 {d}, {a}, -1; }}", "b32", ["pred"], collective=same(ballot))
    )  # fmt: skip
    cases.append(
        Case("{{ .reg .pred p; .reg .b32 l; mov.u32 l, %laneid; setp.lt.u32 p, l, 11; mov.b32 {d}, 0; "
             "@p activemask.b32 {d}; }}", "b32", [], collective=lambda v: [0x7FF] * 11 + [0] * 21)
    )  # fmt: skip
    cases.append(
        Case(
            "{{ .reg .b32 q; elect.sync q|{d}, -1; }}",
            "pred",
            [],
            collective=lambda v: [1] + [0] * 31,
        )
    )
    cases.append(
        Case("{{ .reg .pred p, q; .reg .b32 l; mov.u32 l, %laneid; setp.ge.u32 p, l, 5; mov.b32 {d}, 77; "
             "@p elect.sync {d}|q, 0xffffffe0; }}", "b32", [], collective=lambda v: [77] * 5 + [5] * 27)
    )  # fmt: skip
    return cases


def matches() -> list[Case]:
    cases = []
    for t in ("b32", "b64"):
        few = [3, 1 << 31, 0xFFFFFFFF]
        cases.append(
            Case(f"match.any.sync.{t} {{d}}, {{a}}, -1;", "b32", [t], values={0: few},
                 collective=lambda v: [sum(1 << i for i, x in enumerate(v) if x == y) for y in v])
        )  # fmt: skip
        for values in ([7], few):
            cases.append(
                Case(f"{{{{ .reg .pred p; match.all.sync.{t} {{d}}|p, {{a}}, -1; }}}}", "b32", [t],
                     values={0: values}, collective=same(lambda v: FULL if len(set(v)) == 1 else 0))
            )  # fmt: skip
            cases.append(
                Case(f"{{{{ .reg .b32 q; match.all.sync.{t} q|{{d}}, {{a}}, -1; }}}}", "pred", [t],
                     values={0: values}, collective=same(lambda v: int(len(set(v)) == 1)))
            )  # fmt: skip
    return cases


def fold(function: Callable[[int, int], int]) -> Callable[[Lanes], int]:
    def run(lanes: Lanes) -> int:
        result = lanes[0][0]
        for (x,) in lanes[1:]:
            result = function(result, x)
        return result

    return run


def choice_of(name: str, flags: str) -> Callable[[int, int], int]:
    return lambda x, y: choose(FORMATS["f32"], flags, name == "max", x, y)


def reductions() -> list[Case]:
    cases = []
    for name, t, function in (
        ("add", "u32", lambda x, y: x + y & FULL), ("add", "s32", lambda x, y: x + y & FULL),
        ("min", "u32", min), ("max", "u32", max),
        ("min", "s32", lambda x, y: min(x, y, key=lambda v: signed(v, 32))),
        ("max", "s32", lambda x, y: max(x, y, key=lambda v: signed(v, 32))),
        ("and", "b32", lambda x, y: x & y), ("or", "b32", lambda x, y: x | y), ("xor", "b32", lambda x, y: x ^ y),
    ):  # fmt: skip
        cases.append(
            Case(
                f"redux.sync.{name}.{t} {{d}}, {{a}}, -1;",
                "b32",
                [t],
                collective=same(fold(function)),
            )
        )
    for name in ("min", "max"):
        for flags in ("", ".abs", ".NaN", ".abs.NaN"):
            cases.append(
                Case(f"redux.sync.{name}{flags}.f32 {{d}}, {{a}}, -1;", "b32", ["f32"],
                     collective=same(fold(choice_of(name, flags))))
            )  # fmt: skip
    return cases


def barriers() -> list[Case]:
    """bar.red over the whole CTA: what a warp's threads get depends on all of them."""
    return [
        Case("bar.warp.sync -1; mov.b32 {d}, {a};", "b32", ["b32"], lambda a: a),
        Case("bar.red.popc.u32 {d}, 0, {a};", "b32", ["pred"], lambda a: 256, {0: [1]}),
        Case("bar.red.popc.u32 {d}, 1, 256, !{a};", "b32", ["pred"], lambda a: 256, {0: [0]}),
        Case("barrier.red.popc.aligned.u32 {d}, 15, {a};", "b32", ["pred"], lambda a: 0, {0: [0]}),
        Case("bar.red.and.pred {d}, 0, {a};", "pred", ["pred"], lambda a: 1, {0: [1]}),
        Case("bar.red.and.pred {d}, 0, {a};", "pred", ["pred"], lambda a: 0),
        Case("bar.red.or.pred {d}, 0, {a};", "pred", ["pred"], lambda a: 0, {0: [0]}),
        Case("bar.red.or.pred {d}, 0, !{a};", "pred", ["pred"], lambda a: 1),
        Case(
            "{{ .reg .pred p; .reg .b32 l; mov.u32 l, %tid.x; setp.eq.u32 p, l, 255; "
            "barrier.red.popc.u32 {d}, 2, p; }}", "b32", [], lambda: 1,
        ),
    ]  # fmt: skip


def main() -> None:
    for name, cases in (
        ("shuffles", shuffles()), ("votes and elections", votes()), ("matches", matches()),
        ("reductions", reductions()), ("barriers", barriers()),
    ):  # fmt: skip
        print(f"{name}: {len(cases)} instructions, {check(sys.argv[1], cases)} results agree")


if __name__ == "__main__":
    main()
