"""Law: parse after format is the identity, and nothing but UsageError or InputError comes out."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.errors import InputError, UsageError
from secure.oci.reference import Reference

component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
registry = st.one_of(
    st.just("docker.io"),
    st.just("localhost"),
    st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?\.[a-zA-Z]{2,6}(:[0-9]{1,5})?", fullmatch=True),
    st.from_regex(r"\[[0-9a-f]{0,4}:[0-9a-f:]{1,8}\](:[0-9]{1,5})?", fullmatch=True),
)
tag = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digest = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)


@st.composite
def references(draw: st.DrawFn) -> Reference:
    where = draw(registry)
    parts = draw(st.lists(component, min_size=1, max_size=3))
    if where == "docker.io" and len(parts) == 1:
        parts = ["library", *parts]
    has_tag, has_digest = draw(st.booleans()), draw(st.booleans())
    filled = draw(tag) if has_tag else "" if has_digest else "latest"
    return Reference(
        where, "/".join(parts), filled, draw(digest) if has_digest else "", explicit_tag=has_tag
    )


@given(references())
def test_parsing_what_was_formatted_gives_it_back(reference: Reference) -> None:
    assert Reference.parse(reference.written()) == reference
    again = Reference.parse(str(reference))
    assert msgspec.structs.replace(again, explicit_tag=reference.explicit_tag) == reference
    assert str(again) == str(reference)


@settings(max_examples=500)
@given(st.text(max_size=80) | st.text("ab:/@.-_[]5", max_size=30))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    with suppress(UsageError, InputError):
        assert str(Reference.parse(str(Reference.parse(text)))) == str(Reference.parse(text))
