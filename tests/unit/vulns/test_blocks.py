"""Many small things in one blob: each is found again, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory, built, feed
from hypothesis import given
from hypothesis import strategies as st

from secure.vulns import blocks
from secure.vulns.database import open_database
from secure.vulns.schema import Description

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(st.sets(st.tuples(_TEXTS, st.integers(1, (1 << 26) - 1)), max_size=30))
def test_every_identifier_leads_to_its_advisories(told: set[tuple[str, int]]) -> None:
    rows = dict(blocks.buckets(sorted(blocks.hashed(name, number) for name, number in told)))
    for name in {name for name, _ in told}:
        found = blocks.numbers_in(rows[blocks.bucket_of(name)], name)
        assert list(found) == sorted(number for one, number in told if one == name)


def test_a_hundred_thousand_identifiers_are_mistaken_for_no_other() -> None:
    known = sorted(blocks.hashed(f"CVE-2020-{number}", number) for number in range(100_000))
    rows = dict(blocks.buckets(known))
    assert max(map(len, rows.values())) < 30 * 7
    for name in (f"GHSA-{number}" for number in range(2_000)):
        bucket = rows.get(blocks.bucket_of(name), b"")
        assert list(blocks.numbers_in(bucket, name)) == []


@given(
    st.lists(
        st.builds(
            Description, _PLAIN, _PLAIN, st.lists(st.tuples(_PLAIN, _PLAIN), max_size=3).map(tuple)
        ),
        max_size=8,
    )
)
def test_prose_is_what_it_was(block: list[Description]) -> None:
    packed = blocks.packed_prose(block)
    assert [blocks.prose_at(packed, at) for at in range(len(block))] == block
    assert blocks.prose_at(packed, len(block) + 1) == Description()


@given(
    st.lists(
        st.builds(
            Description, _TEXTS, _TEXTS, st.lists(st.tuples(_TEXTS, _TEXTS), max_size=3).map(tuple)
        ),
        min_size=2,
        max_size=4,
    )
)
def test_no_text_moves_its_neighbours(block: list[Description]) -> None:
    """Characters that part texts from each other are taken out of them."""
    packed = blocks.packed_prose([*block, Description("the last", "of all", (("WEB", "url"),))])
    last = blocks.prose_at(packed, len(block))
    assert last == Description("the last", "of all", (("WEB", "url"),))


@pytest.mark.parametrize("block", [b"", b"\xc1", msgspec.msgpack.encode(["a", "b"])])
def test_what_is_no_prose_is_an_error_that_readers_know(block: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        blocks.prose_at(block, 0)


def test_every_package_of_many_is_found_and_none_between_them(tmp_path: Path) -> None:
    names = [f"p{number:04}" for number in range(0, 1000, 2)]
    records = [advisory(f"A-{name}", ("npm", name), ("PyPI", name)) for name in names]
    records += [advisory(f"B-{number}", ("npm", "p0500")) for number in range(100)]
    built(tmp_path / "one.db", feed(*records))
    with open_database(str(tmp_path / "one.db")) as found:
        for ecosystem in ("npm", "PyPI"):
            counts = {name: len(found.affected(ecosystem, name)) for name in names}
            assert counts == {n: 101 if (ecosystem, n) == ("npm", "p0500") else 1 for n in names}
            others = (f"p{number:04}" for number in range(1, 1000, 2))
            absent = ("", "o", "p", "p00000", "q", *others)
            assert not any(found.affected(ecosystem, name) for name in absent)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_a_packed_list_is_one_of_msgpack(count: int) -> None:
    assert msgspec.msgpack.decode(blocks.list_of([b"\x07"] * count)) == [7] * count
