"""config.json as an attacker would write it: refused with a sentence, never a crash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import DocumentError, InputError
from secure.oci.json_text import MAX_BYTES, decode, encode
from secure.oci.runtime_config import read_config

PLAIN = {
    "ociVersion": "1.2.0",
    "root": {"path": "rootfs"},
    "process": {"args": ["sh"], "cwd": "/"},
    "linux": {"namespaces": [{"type": "mount"}]},
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b'{"a":',
        b'{"a": 1} x',
        b'{"ociVersion": "1.0", "ociVersion": "1.1"}',
        b'{"a": NaN}',
        b"\xff\xfe",
        b"[" * 200_000,
        b" " * (MAX_BYTES + 1),
        b"null",
        b"3",
    ],
    ids=str,
)
def test_what_is_no_config_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_config(content)


def test_a_number_that_would_be_read_as_infinity_is_refused() -> None:
    with pytest.raises(DocumentError, match="-1e999 is too large"):
        decode(b'{"a": -1e999}', "config.json")


def test_70000_id_rows_are_refused() -> None:
    # CVE-2021-43784: the length of a netlink message overflowed in runc.
    rows = [{"containerID": n, "hostID": n, "size": 1} for n in range(70_000)]
    config = PLAIN | {"linux": {"uidMappings": rows}}
    with pytest.raises(InputError, match="uidMappings"):
        read_config(json.dumps(config).encode())


@pytest.mark.parametrize("path", ["/a\0b", "x" * 200_000, 7, ["a"]])
def test_a_path_that_the_kernel_would_cut_short_is_refused(path: object) -> None:
    config = PLAIN | {"process": {"args": ["sh"], "cwd": path}}
    with pytest.raises(InputError, match="cwd"):
        read_config(json.dumps(config).encode())


@pytest.mark.parametrize("uid", [-1, 2**32, 2**63, "0", 1.5, True])
def test_ids_out_of_range_are_refused(uid: object) -> None:
    # CVE-2024-40635: an id beyond the range wrapped around to 0.
    process = {"args": ["sh"], "cwd": "/", "user": {"uid": uid, "gid": 0}}
    with pytest.raises(InputError, match="uid"):
        read_config(json.dumps(PLAIN | {"process": process}).encode())


def said(content: bytes) -> str:
    """What is wrong with a config; "" if nothing is. Any other exception is a failure."""
    try:
        read_config(content)
    except InputError as error:
        return str(error)
    return ""


@given(JSON)
def test_any_json_is_refused_with_a_sentence(found: object) -> None:
    assert "config.json" in said(json.dumps(found).encode())


@given(st.sampled_from(sorted(PLAIN)), JSON)
def test_any_value_of_any_field_is_taken_or_refused(name: str, found: object) -> None:
    sentence = said(json.dumps(PLAIN | {name: found}).encode())
    assert sentence == "" or "config.json" in sentence


@given(JSON)
def test_what_is_written_is_read_back(found: object) -> None:
    assert decode(encode(found).encode(), "text") == found
    assert json.loads(encode(found)) == found
