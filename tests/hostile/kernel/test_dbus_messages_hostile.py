"""Messages of a bus that means no good: an answer or a named error, whatever the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import MachineError
from secure.kernel.dbus_messages import HEADER_BYTES, MOST_BYTES, answer, hello, length, start_scope

heads = st.sampled_from((b"l\x02\0\x01", b"B\x03\0\x01", b"l\x03\0\x01", b""))


@given(heads, st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_a_named_error(head: bytes, rest: bytes) -> None:
    message = head + rest
    try:
        found = answer(message)
    except MachineError:
        return
    assert message[:1] in b"lB"
    assert found.reply_to < 2**32


@given(heads, st.binary(min_size=HEADER_BYTES, max_size=HEADER_BYTES))
def test_no_header_asks_for_more_than_the_bound(head: bytes, rest: bytes) -> None:
    try:
        assert length((head + rest)[:HEADER_BYTES]) <= MOST_BYTES
    except MachineError:
        return


@given(st.integers(0, 200))
def test_a_message_cut_short_is_refused(kept: int) -> None:
    message = start_scope(7, "a.scope", "text")
    try:
        answer(message[: min(kept, HEADER_BYTES + 100)])
    except MachineError:
        return
    raise AssertionError("a cut header was taken")


def test_an_error_without_its_name_is_no_success() -> None:
    reply = b"\5\1u\0" + (7).to_bytes(4, "little")
    lengths = b"".join(n.to_bytes(4, "little") for n in (0, 1, len(reply)))
    assert answer(b"l\2\0\1" + lengths + reply).reply_to == 7
    with pytest.raises(MachineError):
        answer(b"l\3\0\1" + lengths + reply)


def test_our_own_messages_have_the_length_they_say() -> None:
    for message in (hello(1), start_scope(2, "secure-1-ab.scope", "a container")):
        assert length(message[:HEADER_BYTES]) == len(message)
        assert answer(message).kind == 1
