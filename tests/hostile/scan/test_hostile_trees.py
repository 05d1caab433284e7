"""JSON, YAML and TOML that attack their reader: refused in bounded time, by name."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import InputError
from secure.scan.formats.tree import json_tree, listed, mapping, mappings, toml_tree, word
from secure.scan.formats.yaml_tree import yaml_tree

READERS: tuple[Callable[[bytes], object], ...] = (json_tree, toml_tree, yaml_tree)
TEN = b",".join([b"*a"] * 10)
LAUGHS = b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 10))
    for letter in range(ord("b"), ord("k"))
)


@pytest.mark.parametrize(
    ("read", "content", "why"),
    [
        (yaml_tree, LAUGHS, "yaml values"),
        (yaml_tree, b"a: *a", "unknown alias"),
        (yaml_tree, b"a: &a [*a]", "unknown alias"),
        (yaml_tree, b"[" * 100_000, "nested deeper"),
        (yaml_tree, b"a: 1\n---\nb: 2\n", "more than one"),
        (yaml_tree, b"x" * (5 << 20), "yaml bytes"),
        (yaml_tree, b"a: \xff\xfe\x00", "no YAML"),
        (yaml_tree, b"- a\n" * 450_000, "yaml values"),
        (json_tree, b"[" * 1_000_000, "nested too deep"),
        (json_tree, b'{"a": 1', "no JSON"),
        (json_tree, b" " * (17 << 20), "document bytes"),
        (toml_tree, b"a = " + b"[" * 100_000, "nested too deep"),
        (toml_tree, b"a = \xff", "no TOML"),
        (toml_tree, b"a." * 1_000_000 + b"a = 1", "more than 64 parts"),
        (toml_tree, b"[" + b'"a" . ' * 500_000, "more than 64 parts"),
    ],
)
def test_an_attack_is_refused_by_name(
    read: Callable[[bytes], object], content: bytes, why: str
) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=why):
        read(content)
    assert time.monotonic() - start < 10


def test_yaml_scalars_stay_text_and_aliases_repeat() -> None:
    assert yaml_tree(b"a: 1.10\nb: &x [yes, {c: ~}]\nd: *x") == {
        "a": "1.10", "b": ["yes", {"c": "~"}], "d": ["yes", {"c": "~"}],
    }  # fmt: skip


def test_other_shapes_than_expected_are_empty() -> None:
    assert (mapping([1]), listed({"a": 1}), word(3)) == ({}, [], "")
    assert list(mappings([1, {"a": 2}, None])) == [{"a": 2}]


@given(st.sampled_from(READERS), st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_tree_or_refused(read: Callable[[bytes], object], content: bytes) -> None:
    assert refusal(read, content).isprintable()


def refusal(read: Callable[[bytes], object], content: bytes) -> str:
    try:
        read(content)
    except InputError as cause:
        return cause.what
    return ""
