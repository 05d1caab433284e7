"""Law: no bytes make a parser of language files raise; it reads or reports."""

from __future__ import annotations

import msgspec
from catalogued import wanting
from hypothesis import given, settings
from hypothesis import strategies as st
from language_files import FILES

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.layer_facts import Record

PLACES = st.sampled_from(sorted(FILES))
PIECES = st.sampled_from(
    [b"", b"\0", b"\xff\xfe", b'"', b"{", b"}", b"[", b"]", b"\n", b":", b"&a *a", b"1e9", b"null",
     b"\xf0\x9f\x92\xa9", b"\\ud800", b"${x}", b"<!DOCTYPE x>", b"-1", b"\x1b[2J"]
)  # fmt: skip


@settings(max_examples=600)
@given(PLACES, st.data())
def test_a_changed_file_is_read_or_reported(place: str, data: st.DataObject) -> None:
    content = FILES[place][0].encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 30)))
        content = content[:start] + data.draw(PIECES | st.binary(max_size=8)) + content[end:]
    for item in wanting(place).parse(FileView(place.encode(), content)):
        msgspec.msgpack.encode(item)
        if isinstance(item, Unreadable):
            assert item.why.isprintable()
        if isinstance(item, Record):
            assert item.package.name
            assert item.package.version


@given(PLACES, st.binary(max_size=300))
def test_any_bytes_are_read_or_reported(place: str, content: bytes) -> None:
    for item in wanting(place).parse(FileView(place.encode(), content)):
        msgspec.msgpack.encode(item)
