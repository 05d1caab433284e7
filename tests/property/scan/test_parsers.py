"""Law: no bytes make a parser raise; what it can't read it says."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from scanning import engine

from secure.scan.accounts import parse_passwd, parse_shadow
from secure.scan.cataloger import FileView
from secure.scan.catalogers import CATALOGERS
from secure.scan.file_capabilities import ATTRIBUTE, capability_names
from secure.scan.layer_facts import Record
from secure.scan.os_release import parse_os_release
from secure.scan.secrets.files import FileSearch

LINES = st.lists(
    st.sampled_from(
        [b"P:x", b"V:1", b"Package: a", b"Version: 1", b"Status: install ok installed", b"Name: n",
         b"Depends: a (>= 1) | b, c:any [x]", b" continued", b"", b"D:so:a=1 !b", b"\xff\xfe\0:"]
    )
    | st.binary(max_size=20),
    max_size=20,
).map(b"\n".join)  # fmt: skip


@given(st.sampled_from(CATALOGERS), LINES)
def test_a_cataloger_reads_or_reports(cataloger: object, content: bytes) -> None:
    for one in CATALOGERS:
        if one is cataloger:
            for item in one.parse(FileView(b"x", content)):
                if isinstance(item, Record):
                    assert item.package.name
                    assert item.package.version
                msgspec.json.encode(item)


@given(st.binary(max_size=200))
def test_system_files_are_read_or_reported(content: bytes) -> None:
    view = FileView(b"etc/passwd", content)
    msgspec.json.encode([*parse_passwd(view), *parse_shadow(view), parse_os_release(content)])


@given(st.binary(max_size=40))
def test_capabilities_are_always_named(raw: bytes) -> None:
    assert capability_names({ATTRIBUTE: raw})


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_can_be_searched(first: bytes, second: bytes) -> None:
    search = FileSearch(engine())
    search.offer(b"a", first)
    search.offer(b".netrc", second)
    search.finish()
    msgspec.msgpack.encode(search.results)
