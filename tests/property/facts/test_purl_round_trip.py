"""Law: a package URL that we write is read back as the same parts, and written the same again."""

from __future__ import annotations

from urllib.parse import unquote as urllib_unquote

from hypothesis import given
from hypothesis import strategies as st

from secure.errors import DocumentError
from secure.facts.purl import Purl, fault, parse_purl, purl, unquote

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
KEYS = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True)
PARTS = st.builds(
    Purl,
    type=st.sampled_from(["generic", "maven", "npm", "conda", "deb", "pypi", "rpm", "golang"]),
    name=TEXT.filter(lambda name: "/" not in name),
    version=st.just("") | TEXT,
    namespace=st.sampled_from(["", "a", "a/b"]),
    qualifiers=st.dictionaries(KEYS, TEXT, max_size=3),
    subpath=st.sampled_from(["", "x", "x/y z"]),
).filter(lambda parts: not fault(parts))


def written(parts: Purl) -> str:
    return purl(
        parts.type,
        parts.name,
        parts.version,
        namespace=parts.namespace,
        qualifiers=parts.qualifiers,
        subpath=parts.subpath,
    )


@given(PARTS)
def test_writing_reading_and_writing_again_changes_nothing(parts: Purl) -> None:
    text = written(parts)
    again = parse_purl(text)
    assert written(again) == text
    if parts.type == "generic":
        assert again == parts


@given(st.text(max_size=80) | st.text(max_size=80).map("pkg:generic/".__add__))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_purl(text)
    except DocumentError:
        return
    assert fault(found) == ""


@given(st.lists(st.sampled_from(["%41", "%c3", "%A9", "%ff", "%", "%4", "%zz", "a", "é", "/"])))
def test_escapes_are_decoded_as_urllib_does(parts: list[str]) -> None:
    text = "".join(parts)
    assert unquote(text) == urllib_unquote(text)
