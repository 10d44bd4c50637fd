"""Forged Solutions by name: what another version, a stranger or a fault could have written; each is to be refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.forging import (
    HUGE,
    array,
    edited,
    header,
    kind_of,
    members_of,
    node,
    resealed,
    sealed,
    structure_of,
    with_array,
    with_structure,
)


def solutions(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Forgeries of a file with a Solution whose curve "test_loss" and level are arrays; each is to be refused."""
    members, structure = members_of(good), structure_of(members_of(good))
    size = _length(good)
    ones = np.ones(size)

    def at(path: tuple, part: Any) -> bytes:
        def edit(whole: Any) -> None:
            inside = node(whole, *path[:-1])
            inside[kind_of(inside)][path[-1]] = part

        return edited(good, edit)

    def without(path: tuple) -> bytes:
        return edited(good, lambda whole: node(whole, *path[:-1])[kind_of(node(whole, *path[:-1]))].pop(path[-1]))

    # Another version: more fields, fewer, renamed ones, other classes.
    for field in ("x", "curves", "numerical_error", "status", "problem", "dynamics", "x_unit", "run"):
        yield f"without {field}", without((field,))
        yield f"{field} under another name", _renamed(good, field)
    yield "a field more", at(("confidence",), {"float": (0.9).hex()})
    yield "a field more in the problem", at(("problem", "extra"), {"float": (0.9).hex()})
    yield "a field less in the status", without(("status", "noted"))
    for name in (
        # A class under another name, a function, a module, a room without records, a program, a class elsewhere.
        "grok_theory.results:Ensemble",
        "grok_theory.results:Nothing",
        "grok_theory.results:load",
        "grok_theory:Solution",
        "grok_theory.cli.__main__:main",
        "grok_theory.cli:app",
        "grok_theory.cli.self_test:main",
        "os:system",
        "grok_theory.comparison:np",
        "grok_theory..results:Solution",
        "grok_theory.results:Solution.save",
        "",
        "results",
        "grok_theory.plot:Path",
        "grok_theory.verify.certificate:Certificate",
        "builtins:dict",
        "grok_theory.sweeps.batch:Batch",
        # The file in which a class is written is no part of its name, and a class has one name.
        "grok_theory.linear.problem:TeacherStudent",
        "grok_theory.li2.groups.group:Group",
        "grok_theory.li2:Group",
        "grok_theory.comparison:Solution",
    ):
        yield f"the class {name!r}", edited(good, lambda whole, name=name: whole["value"].update({"class": name}))
    for name in (3, None, ["grok_theory.results:Solution"], {"plain": "x"}):
        yield f"a class that is {name!r}", edited(good, lambda whole, name=name: whole["value"].update({"class": name}))
    yield "an enum that is none", at(("problem",), {"class": "grok_theory.status:Status", "member": "good"})
    yield "an unknown member", at(("x_unit",), {"class": "grok_theory.li2.companion:Phase", "member": "frozen"})
    yield (
        "too many items",
        at(("method",), {"class": "grok_theory.best_of_k:Gaps", "items": [{"plain": None}]}),
    )

    # What no solver hands back.
    yield (
        "nan with status good",
        with_array(good, array(np.where(np.arange(size) == 1, np.nan, 1.0)), "curves", "test_loss"),
    )
    yield "a loss below zero", with_array(good, array(-ones), "curves", "test_loss")
    yield "falling times", with_array(good, array(ones.cumsum()[::-1]), "x")
    yield "an infinite time", with_array(good, array(np.append(ones[1:], np.inf)), "x")
    yield "a time below zero", with_array(good, array(np.append(-1.0, ones[1:])), "x")
    for kind in ("i8", "u1"):
        yield f"curves of {kind}", with_array(good, array(ones.astype(kind)), "curves", "test_loss")
    yield (
        "nan with status noted",
        edited(
            with_array(good, array(np.where(np.arange(size) == 1, np.nan, 1.0)), "curves", "test_loss"),
            lambda whole: whole["value"]["fields"]["status"]["fields"].update(level={"int": "1"}),
        ),
    )
    for kind in ("f2", "f4", "c16", "U1", "?", "O"):
        values = ones.astype(object if kind == "O" else kind)
        yield f"curves of {kind}", with_array(good, array(values), "curves", "test_loss")
        yield (
            f"x of {kind}" if kind != "f4" else "x of U9",
            with_array(good, array(values if kind != "f4" else ones.astype("U9")), "x"),
        )
    for shape in ((size + 1,), (size - 1,), (), (size, 1), (1, size), (0,)):
        yield f"a curve of shape {shape}", with_array(good, array(np.ones(shape)), "curves", "test_loss")
        if len(shape) == 1 or shape == (size, 1):  # one number may bound a whole curve
            yield (
                f"an error of shape {shape}",
                with_array(good, array(np.ones(shape) / 9), "numerical_error", "test_loss"),
            )
    yield "an empty x", with_array(good, array(np.ones(0)), "x")
    yield "nan in x", with_array(good, array(ones * np.nan), "x")
    yield "a negative error", with_array(good, array(-ones), "numerical_error", "test_loss")
    for level in (3, -1, 127):
        yield f"level {level}", with_array(good, array(np.int8(level)), "status", "level")
    yield "a level of floats", with_array(good, array(0.0), "status", "level")
    yield "levels of a batch that is none", with_array(good, array(np.zeros(3, np.int8)), "status", "level")
    for path, part in (
        (("x_name",), {"int": "3"}),
        (("x_name",), {"plain": ""}),
        (("run",), {"int": "-1"}),
        (("run",), {"plain": "0"}),
        (("curves",), {"list": []}),
        (("curves",), {"plain": None}),
        (("curves", "test_loss"), {"plain": "fast"}),
        (("curves",), {"dict": {}}),
        (("x",), {"plain": "0.1:10:20"}),
        (("status",), {"plain": "good"}),
        (("status", "failed"), {"plain": None}),
        (("problem",), {"plain": "TeacherStudent"}),
        (("dynamics",), {"dict": {}}),
        (("problem", "snr"), {"float": (-5.0).hex()}),
        (("problem", "snr"), {"plain": "5"}),
        (("stats",), {"tuple": []}),
        (("problem", "noise"), {"float": "nan"}),
        (("fields",), {"dict": {"memory": {"plain": None}}}),
        (("run",), {"int": "9" * 400}),
        (("problem", "snr"), {"complex": ["0x1p0", "0x1p0"]}),
        (("problem", "snr"), {"tuple": []}),
        (("dynamics",), _descent({"plain": "fast"})),
        (("dynamics",), _descent({"plain": None})),
        (("dynamics",), _descent({"float": "nan"})),
        (("dynamics",), _descent({"int": "9" * 400})),
        (("conditions", "activation"), {"float": "nan"}),
        (("conditions", "linearised"), {"float": "nan"}),
        (("conditions", "trained"), {"plain": "hidden"}),
        (("stats",), {"dict": {"law": {"class": "grok_theory.named_axes:Field", "fields": {}}}}),
    ):
        yield f"{'.'.join(path)} is {part}", at(path, part)
    yield (
        "an error without its curve",
        at(("numerical_error",), {"dict": {"other": node(structure, "numerical_error", "test_loss")}}),
    )

    # Encodings that mean nothing, or too much.
    for part in (
        {"int": HUGE},
        {"int": "0x10"},
        {"int": "1_0"},
        {"int": " 1"},
        {"int": "01"},
        {"int": 1},
        {"int": "٣"},
        {"float": "0x1p99999"},
        {"float": "x"},
        {"float": 1.0},
        {"float": "1e5"},
        {"complex": ["0x1p0"]},
        {"plain": 3},
        {"plain": [1]},
        {"plain": {}},
        {},
        {"pickle": "x"},
        {"plain": "a", "more": 1},
        {"key": "array0", "impl": "fry"},
        {"key": "array0", "impl": 3},
        {"array": "array99"},
        {"array": 0},
        {"array": None},
        {"scalar": "array0", "array": "array0"},
        {"array": "structure"},
        3,
        None,
        "plain",
        [],
        True,
        {"list": "ab"},
        {"dict": []},
        {"tuple": {"0": {"plain": 1}}},
    ):
        yield f"a part {str(part)[:40]}", at(("x_unit",), part)
    yield "an array used twice", at(("curves", "other"), node(structure, "curves", "test_loss"))
    yield "an array nobody uses", sealed([*members, ("array99.npy", array(ones))])
    yield "a missing array", sealed([(name, part) for name, part in members if name != "array0.npy"])
    yield "two arrays of one name", sealed([*members, members[-1]])
    yield "two structures", sealed([*members, members[0]])
    yield "no structure", sealed([(name, part) for name, part in members if name != "structure.npy"])
    yield "a structure of floats", sealed([("structure.npy", array(ones))])
    deep = 200_000
    for name, text in (
        ("nothing", ""),
        ("no JSON", "{"),
        ("another format", '{"format": "grok_theory 99", "value": null}'),
        ("no object", "[]"),
        ("a number", "3"),
        ("no value", json.dumps({"format": structure["format"]})),
        ("deep lists", "[" * deep + "]" * deep),
        ("half a surrogate", '"\udc80"'),
        ("a huge integer", f'{{"format": {HUGE}}}'),
        ("deep parts", json.dumps({**structure, "value": None}).replace("null", '{"list": [' * 900 + "3" + "]}" * 900)),
        ("a doubled name", json.dumps(structure).replace('"x_name"', '"x_unit"', 1)),
        ("NaN", "NaN"),
        ("a part more", json.dumps({**structure, "more": 1})),
    ):
        yield f"structure: {name}", sealed(with_structure(members, text))

    # Sizes that are only claimed, and archives that are no plain ones.
    for descr, shape in (
        ("'<f8'", "(1000000000000000,)"),
        ("'<f8'", "(-1,)"),
        ("'<f8'", "(0, 1000000000000000000)"),
        ("'<U999999999'", "(5,)"),
        ("'|O'", "(1,)"),
        ("[('a', '<f8')]", "(1,)"),
        ("'<f8'", "(" * 500 + "1" + ")" * 500),
        ("'<f8'", "(2,)*99"),
        ("'<f8'", "(" + "1, " * 60 + ")"),
        ("'<U0'", "(1000000000000000,)"),
        ("'<f8'", "(9" + "9" * 400 + ",)"),
        ("'|V8'", "(1,)"),
    ):
        yield f"an array claims {descr} {shape[:30]}", with_array(good, header(descr, shape, bytes(8)), "x")
    for name, packed in (
        ("empty", b""),
        ("cut", array(ones)[:40]),
        ("no header", b"\x93NUMPY\x01\x00\xff\xff"),
        ("text", b"x" * 99),
    ):
        yield f"an array that is {name}", with_array(good, packed, "x")
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"compressed ({kind})", sealed(members, compression=kind)
    yield (
        "a zip bomb",
        sealed([*members, ("bomb.npy", array(np.zeros(1 << 24, np.uint8)))], compression=zipfile.ZIP_DEFLATED),
    )
    yield "a text among the arrays", sealed([*members, ("readme.txt", b"hello")])
    yield "no archive", resealed(b"nothing" * 40)
    yield "nothing but a seal", resealed(bytes(71))


def _descent(rate: dict[str, Any]) -> dict[str, Any]:
    return {"class": "grok_theory.dynamics:GradientDescent", "fields": {"learning_rate": rate}}


def _renamed(good: bytes, field: str) -> bytes:
    def edit(whole: Any) -> None:
        fields = whole["value"]["fields"]
        fields[f"{field}_of_old"] = fields.pop(field)

    return edited(good, edit)


def _length(good: bytes) -> int:
    members = members_of(good)
    name = node(structure_of(members), "x")["array"]
    return int(np.load(io.BytesIO(dict(members)[f"{name}.npy"])).size)
