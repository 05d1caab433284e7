"""XML that attacks its reader: refused by name, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import DocumentError, InputError, LimitExceededError
from secure.xml_tree import Element, xml_records, xml_tree

_MIB = 1024 * 1024
_LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><updates>&c;</updates>"""
_FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><updates>&a;</updates>'


def _read(raw: bytes) -> Element:
    return xml_tree(raw, 4 * _MIB)


def _in_pieces(raw: bytes) -> list[Element]:
    return list(xml_records(iter(raw[at : at + 7] for at in range(0, len(raw), 7))))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (_LAUGHS, "document type"),
        (_FILE, "document type"),
        (b'<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a/>', "document type"),
        (b"<a>" * 65, "nested deeper"),
        (b"<a>&undefined;</a>", "no whole XML"),
        (b'<?xml version="1.0" encoding="hex"?><a/>', "no whole XML"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "no whole XML"),
        (b"", "no whole XML"),
        (b"<a>", "no whole XML"),
        (b"<a></a><b/>", "no whole XML"),
        (b"\xff\xfe<", "no whole XML"),
    ],
)
def test_what_is_no_whole_plain_xml_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why):
        _read(raw)
    with pytest.raises(DocumentError, match=why):
        _in_pieces(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<a>" + b"<b/>" * 210_000 + b"</a>", "xml elements"),
        (b"<a>" + b"<b c='d'/>" * 110_000 + b"</a>", "xml elements"),
        (b"<a>" + b"x" * 4 * _MIB + b"</a>", "xml bytes"),
        (b"<a><!-- " + b"x" * 2 * _MIB + b" --></a>", "xml token"),
    ],
)
def test_what_is_too_large_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(LimitExceededError, match=why):
        _read(raw)


def _endless(begin: bytes, more: bytes) -> Iterator[bytes]:
    """1 GiB, if anybody would read so much."""
    yield begin
    for _ in range(1024):
        yield more * (_MIB // len(more))


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"<updates ", b"a"),
        (b"<updates><!-- ", b"x"),
        (b'<updates a="', b"x"),
        (b"<updates><?a ", b"x"),
        (b"<updates><update>", b"<a/>"),
        (b"<updates><update>", b"<a b='c'/>"),
    ],
)
def test_what_does_not_end_is_given_up(begin: bytes, more: bytes) -> None:
    with pytest.raises(LimitExceededError, match="xml"):
        list(xml_records(_endless(begin, more), frozenset({"update"})))


def test_of_a_long_text_the_beginning_is_kept() -> None:
    pieces = [b"<r><a>", *[b"x" * 50_000] * 40, b"</a></r>"]
    (found,) = xml_records(iter(pieces))
    assert found.child("a").text == "x" * 65_536


def test_text_between_many_elements_costs_no_square() -> None:
    start = time.monotonic()
    root = _read(b"<a>" + b"0123456789012345678901234567<b/>" * 90_000 + b"</a>")
    assert len(root.text) == 65_536
    assert time.monotonic() - start < 5


def test_text_in_many_small_parts_at_every_depth_stays_small() -> None:
    raw = b"".join(b"<a>" + "é<!---->".encode() * 65_536 for _ in range(60))
    tracemalloc.start()
    try:
        with pytest.raises(DocumentError):
            list(xml_records(iter([raw])))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * _MIB


def test_records_come_one_by_one_whatever_the_pieces() -> None:
    raw = b'<u xmlns:p="x"><n>1</n><p:r a="1">x<b>y</b>z<r/></p:r><r/></u>'
    whole = list(xml_records(iter([raw]), frozenset({"r"})))
    pieces = list(xml_records((raw[at : at + 1] for at in range(len(raw))), frozenset({"r"})))
    assert whole == pieces
    first, second = whole
    assert (first.attributes, first.text, first.child("b").text) == ({"a": "1"}, "xz", "y")
    assert [one.name for one in first.children] == ["b", "r"]
    assert second == Element("r")


def test_names_lose_their_prefix_and_text_is_decoded() -> None:
    raw = "<?xml version='1.0' encoding='ISO-8859-1'?><p:a xmlns:p='x'><b>é</b></p:a>"
    root = _read(raw.encode("latin-1"))
    assert (root.name, root.child("b").text, root.child("c", "d").text) == ("a", "é", "")


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_tree_or_refused_in_plain_words(content: bytes) -> None:
    assert _refusal(content).isprintable()


def _refusal(content: bytes) -> str:
    try:
        _read(content)
    except InputError as cause:
        return cause.what
    return ""
