"""Names and digests of owned files, packed and taken apart again."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from secure.scan.owned_files import OwnedFiles, owned_files

_NAMES = st.binary(min_size=1, max_size=20).filter(lambda n: n.strip(b"/") == n and b"\0" not in n)


def test_nothing_owned_lists_nothing() -> None:
    assert OwnedFiles().listed() == []
    assert list(owned_files([]).with_digests()) == []


@given(st.lists(st.tuples(_NAMES, st.booleans())))
def test_what_is_packed_comes_out_again(files: list[tuple[bytes, bool]]) -> None:
    pairs = [(name, hashlib.sha256(name).digest() if known else b"") for name, known in files]
    assert list(owned_files(pairs, "sha256").with_digests()) == pairs


def test_slashes_and_nul_bytes_are_no_part_of_a_name() -> None:
    assert owned_files([(b"/usr/bin/x", b""), (b"/", b""), (b"a\0b", b"")]).listed() == [
        b"usr/bin/x",
        b"ab",
    ]


def test_a_digest_of_the_wrong_length_counts_as_none() -> None:
    packed = owned_files([(b"a", b"short"), (b"b", b"x" * 32)], "sha256")
    assert list(packed.with_digests()) == [(b"a", b""), (b"b", b"x" * 32)]
