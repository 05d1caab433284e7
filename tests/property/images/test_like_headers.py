"""A header that resembles earlier ones is read the shorter way, and to the same end."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from tars import END, header, listed, member

from secure.errors import SecureError

_names = st.sampled_from([b"x", b"./", b"/", b"a/../b", b"n" * 100]) | st.binary(max_size=100)
_sizes = st.sampled_from([
    b"00000000017\0", b"00000000017 ", b"00000000018\0", b"17\0\0\0\0\0\0\0\0\0\0", b"000000000177",
    b"77777777777\0", b"00000_00017\0", b"\x80" + bytes(10) + b"\x11",
])  # fmt: skip
_prefixes = st.sampled_from([b"", b"p", b"..", b"\xff"])
_flips = st.lists(st.tuples(st.integers(0, 511), st.integers(0, 255)), max_size=1)


def _outcome(tar: bytes, skipped: int) -> object:
    try:
        found = listed(tar)
    except SecureError as refusal:
        return type(refusal)
    return [
        (one.name, one.kind, one.mode, one.uid, one.gid, one.size, one.mtime, one.link, one.xattrs)
        for one in found[skipped:]
    ]


@example(b"x", b"000000000177", b"", b"0", [])
@example(b"x", b"00000_00017\0", b"", b"0", [])
@example(b"x", b"00000000018\0", b"", b"0", [])
@given(_names, _sizes, _prefixes, st.sampled_from([b"0", b"\0", b"5"]), _flips)
def test_an_earlier_file_changes_nothing_for_a_later_one(
    name: bytes, size: bytes, prefix: bytes, flag: bytes, flips: list[tuple[int, int]]
) -> None:
    made = bytearray(header(name, flag, size=size, prefix=prefix))
    for place, byte in flips:
        made[place] = byte
    rest = bytes(made) + bytes(1024) + END
    alone, after = _outcome(rest, 0), _outcome(member(b"first") + rest, 1)
    assert alone == after
