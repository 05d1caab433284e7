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
from secure.vulns.schema import Description, StoredHead

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_URLS = st.lists(st.sampled_from(["https://", "CVE-1", "2", "A-1", "E", "?x=1"])).map("".join)
_PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(
    st.lists(
        st.tuples(
            st.builds(
                Description,
                _PLAIN,
                _PLAIN,
                st.lists(st.tuples(_PLAIN, _URLS), max_size=3).map(tuple),
            ),
            st.lists(st.sampled_from(["", "CVE-1", "CVE-12", "E", "x\n", "x" * 65]), max_size=9),
        ),
        max_size=8,
    )
)
def test_prose_is_what_it_was(told: list[tuple[Description, list[str]]]) -> None:
    """Whatever names an advisory has, one in another or not."""
    block = [
        (one, blocks.short_names(StoredHead("A-1", 1, aliases=tuple(names)))) for one, names in told
    ]
    packed = blocks.packed_prose(block)
    assert [blocks.prose_at(packed, at, names) for at, (_, names) in enumerate(block)] == [
        one for one, _ in block
    ]
    assert blocks.prose_at(packed, len(block) + 1) == Description()


def test_a_name_takes_one_letter_in_a_reference() -> None:
    head = StoredHead("GHSA-1", 1, aliases=("CVE-1",))
    url = "https://example.org/CVE-1?also=GHSA-1"
    packed = blocks.packed_prose([(Description("", "", (("WEB", url),)), blocks.short_names(head))])
    assert b"https://example.org/\2?also=\1" in packed
    assert blocks.prose_at(packed, 0, blocks.short_names(head)).references == (("WEB", url),)


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
    last = Description("the last", "of all", (("WEB", "url"),))
    packed = blocks.packed_prose([(one, ()) for one in (*block, last)])
    assert blocks.prose_at(packed, len(block)) == last


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
