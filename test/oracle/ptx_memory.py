"""Loads, stores and atomic operations of PTX in each state space, against the manual.

ld [PTX 9.7.9.8], st [PTX 9.7.9.11], atom [PTX 9.7.13.5], red [PTX 9.7.13.7]. Each thread has a place of its own;
that atomic operations of many threads on one place add up is in test/Simulator/atomics.ptx.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from ptx_floats import FORMATS, choose, compute, halves
from ptx_harness import Case, check, signed, unsigned

VARIABLES: Final = """
.shared .align 16 .b8 m_shared[4096];
.global .align 32 .b8 m_global[8192];
"""

# Puts the address of 16 bytes of the thread's own into p, in the given space.
PLACES: Final = {
    "shared": "mov.u32 i, %tid.x; mul.wide.u32 p, i, 16; mov.u64 q, m_shared; add.s64 p, p, q;",
    "local": ".local .align 16 .b8 m[16]; mov.u64 p, m;",
    "global": "mov.u32 i, %tid.x; mul.wide.u32 p, i, 16; mov.u64 q, m_global; add.s64 p, p, q;",
}
DECLARE: Final = ".reg .b64 p, q; .reg .b32 i; "


def place(space: str, text: str) -> str:
    """The text with the thread's address in p; `.SPACE` is the space, or none for a generic address."""
    if space == "generic shared":
        setup, suffix = PLACES["shared"] + " cvta.shared.u64 p, p;", ""
    elif space == "generic local":
        setup, suffix = PLACES["local"] + " cvta.local.u64 p, p;", ""
    elif space == "generic global":
        setup, suffix = PLACES["global"] + " cvta.global.u64 p, p; cvta.to.global.u64 p, p;", ""
    else:
        setup, suffix = PLACES[space], f".{space}"
    return "{{{{ " + DECLARE + setup + text.replace(".SPACE", suffix) + " }}}}"


def extend(bits: int, t: str, register: int) -> int:
    n = int(t[1:])
    return unsigned(signed(bits, n), register) if t[0] == "s" else unsigned(bits, n)


SPACES: Final = ("shared", "local", "global", "generic shared", "generic local", "generic global")


def accesses() -> list[Case]:
    cases = []
    for space in SPACES:
        for t in ("b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "b64", "u64", "s64"):
            n = int(t[1:])
            for register in (16, 32, 64):
                if register < n:
                    continue
                cases.append(
                    Case(place(space, f"st.SPACE.{t} [p], {{a}}; ld.SPACE.{t} {{d}}, [p];"), f"b{register}",
                         [f"b{register}"], lambda a, t=t, r=register: extend(a, t, r))
                )  # fmt: skip
        for count, t in ((2, "b16"), (2, "b32"), (4, "b32"), (2, "b64"), (4, "b16"), (4, "b8")):
            n = max(16, int(t[1:]))
            names = ["{a}", "{b}", "{c}", "{e}"][:count]
            for k in range(count):
                targets = ["_"] * count
                targets[k] = "{d}"
                cases.append(
                    Case(place(space, f"st.SPACE.v{count}.{t} [p], {{{{{', '.join(names)}}}}};"
                                      f"ld.SPACE.v{count}.{t} {{{{{', '.join(targets)}}}}}, [p];")
                         .replace("{{{{{{{{", "{{{{").replace("}}}}}}}}", "}}}}"),
                         f"b{n}", [f"b{n}"] * count,
                         lambda *v, k=k, t=t: v[k] & ((1 << int(t[1:])) - 1))
                )  # fmt: skip
        # Bytes are little-endian; an offset is added to the address.
        cases.append(
            Case(place(space, "st.SPACE.b64 [p+8], {a}; ld.SPACE.u16 {d}, [p+12];"), "b16", ["b64"],
                 lambda a: a >> 32 & 0xFFFF)
        )  # fmt: skip
        cases.append(
            Case(place(space, ".reg .b128 w; mov.b128 w, {{{a}, {b}}}; st.SPACE.b128 [p], w; ld.SPACE.b64 {d}, [p+8];"),
                 "b64", ["b64", "b64"], lambda a, b: b)
        )  # fmt: skip
    for modifiers in (
        "volatile.shared", "relaxed.cta.shared::cta", "acquire.gpu.global", "relaxed.sys.global", "global.ca",
        "global.cg", "global.cs", "global.lu", "global.cv", "weak.global", "global.nc", "global.L1::no_allocate",
        "global.L1::evict_first.L2::128B", "global.nc.L1::evict_last.L2::256B", "volatile.global", "acquire.cluster.shared::cluster",
    ):  # fmt: skip
        space = "shared" if "shared" in modifiers else "global"
        cases.append(
            Case(
                place(space, f"st.{space}.b32 [p], {{a}}; ld.{modifiers}.b32 {{d}}, [p];"),
                "b32",
                ["b32"],
                lambda a: a,
            )
        )
    for modifiers in (
        "volatile.shared", "relaxed.cta.shared", "release.gpu.global", "global.wb", "global.cg", "global.cs", "global.wt",
        "weak.global", "volatile.global", "release.cluster.shared::cluster", "global.L1::evict_last",
    ):  # fmt: skip
        space = "shared" if "shared" in modifiers else "global"
        cases.append(
            Case(
                place(space, f"st.{modifiers}.b32 [p], {{a}}; ld.{space}.b32 {{d}}, [p];"),
                "b32",
                ["b32"],
                lambda a: a,
            )
        )
    wide = "mov.u32 i, %tid.x; mul.wide.u32 p, i, 32; mov.u64 q, m_global; add.s64 p, p, q;"
    cases.append(
        Case("{{{{ " + DECLARE + wide + "st.global.v4.b64 [p], {{{{{a}, {b}, {c}, {e}}}}}; ld.global.v8.b32"
             " {{{{_, _, _, _, _, {d}, _, _}}}}, [p]; }}}}", "b32", ["b64"] * 4, lambda a, b, c, e: c >> 32)
    )  # fmt: skip
    return cases


def unescape(cases: list[Case]) -> list[Case]:
    """Texts that `place` made went through one more level of braces."""
    for case in cases:
        case.text = case.text.replace("{{{{", "{{").replace("}}}}", "}}")
    return cases


def modular_add(bits: int) -> Callable[[int, int], int]:
    return lambda x, y: x + y & ((1 << bits) - 1)


def signed_choice(pick: Callable[..., int], bits: int) -> Callable[[int, int], int]:
    return lambda x, y: pick(x, y, key=lambda v: signed(v, bits))


def float_add(name: str, flags: str) -> Callable[..., int]:
    return lambda x, y: compute("add", FORMATS[name], "rn", flags, (x, y))


def half_choice(is_max: bool) -> Callable[..., int]:
    return lambda x, y: choose(FORMATS["f16"], "", is_max, x, y)


def atomic_table(flags: str) -> dict[tuple[str, str], Callable[..., int]]:
    """What each operation makes of the old value and the operand."""
    table: dict[tuple[str, str], Callable[..., int]] = {
        ("add", "s32"): modular_add(32),
        ("inc", "u32"): lambda x, y: 0 if x >= y else x + 1,
        ("dec", "u32"): lambda x, y: y if x == 0 or x > y else x - 1,
        ("add", "f32"): float_add("f32", flags),
        ("add", "f64"): float_add("f64", ""),
        ("add.noftz", "f16"): float_add("f16", ""),
        ("add.noftz", "bf16"): float_add("bf16", ""),
        ("add.noftz", "f16x2"): halves(float_add("f16", "")),
        ("add.noftz", "bf16x2"): halves(float_add("bf16", "")),
    }
    for n in (32, 64):
        table |= {
            ("and", f"b{n}"): lambda x, y: x & y,
            ("or", f"b{n}"): lambda x, y: x | y,
            ("xor", f"b{n}"): lambda x, y: x ^ y,
            ("exch", f"b{n}"): lambda x, y: y,
            ("add", f"u{n}"): modular_add(n),
            ("min", f"u{n}"): min,
            ("max", f"u{n}"): max,
            ("min", f"s{n}"): signed_choice(min, n),
            ("max", f"s{n}"): signed_choice(max, n),
        }
    return table


def size(t: str) -> int:
    return {"f16": 16, "bf16": 16, "f16x2": 32, "bf16x2": 32}.get(t) or int(t[1:])


def atomics() -> list[Case]:
    cases = []
    for space in ("shared", "global", "generic shared", "generic global"):
        # In global memory subnormals are flushed, in shared memory they are not.
        table = atomic_table("ftz" if "global" in space else "")
        for (op, t), function in table.items():
            n = size(t)
            cases.append(
                Case(place(space, f"st.SPACE.b{n} [p], {{a}}; atom.SPACE.{op}.{t} {{d}}, [p], {{b}};"), t, [t, t],
                     lambda a, b: a)
            )  # fmt: skip
            cases.append(
                Case(place(space, f"st.SPACE.b{n} [p], {{a}}; .reg .b{n} o; atom.relaxed.gpu.SPACE.{op}.{t} o, [p], {{b}};"
                                  f"ld.SPACE.b{n} {{d}}, [p];".replace("gpu..", "gpu.")), t, [t, t], function)
            )  # fmt: skip
            if op != "exch":
                cases.append(
                    Case(place(space, f"st.SPACE.b{n} [p], {{a}}; red.SPACE.{op}.{t} [p], {{b}}; ld.SPACE.b{n} {{d}}, [p];"),
                         t, [t, t], function)
                )  # fmt: skip
        for n in (16, 32, 64):
            few = [0, 1, 2, (1 << n) - 1]
            cases.append(
                Case(place(space, f"st.SPACE.b{n} [p], {{a}}; .reg .b{n} o; atom.acq_rel.cta.SPACE.cas.b{n} o, [p], {{b}}, {{c}};"
                                  f"ld.SPACE.b{n} {{d}}, [p];"), f"b{n}", [f"b{n}"] * 3,
                     lambda a, b, c: c if a == b else a, {0: few, 1: few})
            )  # fmt: skip
    f32 = FORMATS["f32"]
    for k in range(2):
        targets = ["_", "_"]
        targets[k] = "{d}"
        cases.append(
            Case(place("global", "st.global.v2.b32 [p], {{{{{a}, {b}}}}}; atom.global.add.v2.f32 {{{{_, _}}}}, [p], {{{{{c}, {e}}}}};"
                       f"ld.global.v2.b32 {{{{{{{{{', '.join(targets)}}}}}}}}}, [p];"), "b32", ["f32"] * 4,
                 lambda a, b, c, e, k=k: compute("add", f32, "rn", "ftz", ((a, c), (b, e))[k]))
        )  # fmt: skip
    for op, function in (
        ("add", float_add("f16", "")),
        ("min", half_choice(False)),
        ("max", half_choice(True)),
    ):
        both = halves(function)
        for root in ("atom", "red"):
            # atom gives the old values, which nobody wants here.
            old = "{{{{_, _}}}}, " if root == "atom" else ""
            cases.append(
                Case(place("global", "st.global.v2.b16 [p], {{{{{a}, {b}}}}};"
                           f"{root}.global.{op}.noftz.v2.f16 {old}[p], " "{{{{{c}, {e}}}}};"
                           "ld.global.b16 {d}, [p+2];"),
                     "b16", ["f16"] * 4, lambda a, b, c, e, f=function: f(b, e))
            )  # fmt: skip
            cases.append(
                Case(place("global", "st.global.v2.b32 [p], {{{{{a}, {b}}}}};"
                           f"{root}.global.{op}.noftz.v2.f16x2 {old}[p], " "{{{{{c}, {e}}}}};"
                           "ld.global.b32 {d}, [p+4];"),
                     "b32", ["f16x2"] * 4, lambda a, b, c, e, f=both: f(b, e))
            )  # fmt: skip
    cases.append(
        Case(place("global", "st.global.b32 [p+12], {a}; st.global.v2.b32 [p], {{{{0, 0}}}}; st.global.b32 [p+8], 0;"
                   "red.global.add.v4.f32 [p], {{{{0f00000000, 0f00000000, 0f00000000, {b}}}}}; ld.global.b32 {d}, [p+12];"),
             "b32", ["f32", "f32"], lambda a, b: compute("add", f32, "rn", "ftz", (a, b)))
    )  # fmt: skip
    return cases


def addresses() -> list[Case]:
    cases = []
    for space in ("shared", "local", "global"):
        for asked in ("shared", "local", "global", "const", "shared::cta", "param"):
            right = asked.split("::")[0] == space
            cases.append(
                Case(place(f"generic {space}", f".reg .pred r; isspacep.{asked} r, p; selp.b32 {{d}}, 1, 0, r;"), "b32", [],
                     lambda right=right: int(right))
            )  # fmt: skip
    cases.append(
        Case(place("shared", "st.shared.b32 [p], {a}; cvta.shared.u64 q, p; cvta.to.shared.u64 q, q; ld.shared.b32 {d}, [q];"),
             "b32", ["b32"], lambda a: a)
    )  # fmt: skip
    cases.append(
        Case(place("shared", "st.shared.b32 [p], {a}; mapa.shared::cluster.u64 q, p, 0; ld.shared::cluster.b32 {d}, [q];"),
             "b32", ["b32"], lambda a: a)
    )  # fmt: skip
    cases.append(
        Case(place("generic shared", "st.b32 [p], {a}; mapa.u64 q, p, 0; getctarank.u64 i, q; ld.b32 {d}, [q]; add.u32 {d}, {d}, i;"),
             "b32", ["b32"], lambda a: a)
    )  # fmt: skip
    return cases


def main() -> None:
    for name, cases in (
        ("accesses", accesses()), ("atomics", atomics()), ("addresses", addresses()),
    ):  # fmt: skip
        cases = unescape(cases)
        print(
            f"{name}: {len(cases)} instructions, {check(sys.argv[1], cases, VARIABLES)} results agree"
        )


if __name__ == "__main__":
    main()
