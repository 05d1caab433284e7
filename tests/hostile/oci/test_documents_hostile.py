"""JSON of strangers: bombs, and documents that two readers understand differently."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.errors import (
    DocumentError,
    InputError,
    LimitExceededError,
    SecureError,
    UnsupportedError,
)
from secure.oci.image_config import ImageConfig, decode_image_config
from secure.oci.limits import DEFAULT_LIMITS as LIMITS
from secure.oci.manifest import OCI_CONFIG, OCI_LAYER, decode_index, decode_manifest, is_index

DIFF_ID = "sha256:" + "1" * 64
CONFIG = {"digest": DIFF_ID, "size": 2, "mediaType": OCI_CONFIG}
LAYER = {"digest": DIFF_ID, "size": 2, "mediaType": OCI_LAYER}


def config(**changes: object) -> bytes:
    made = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}
    return json.dumps(made | changes).encode()


def read_config(raw: bytes) -> ImageConfig:
    return decode_image_config(raw, "config", LIMITS)


def manifest(**changes: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "config": CONFIG, "layers": [LAYER]} | changes).encode()


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_a_depth_bomb_exceeds_a_limit_before_it_is_decoded(bracket: bytes) -> None:
    with pytest.raises(LimitExceededError) as caught:
        read_config(bracket * 1_000_000)
    assert caught.value.limit == "json_depth"


def test_brackets_in_strings_are_no_depth() -> None:
    assert read_config(config(author="[{" * 500 + '"\\')).author == "[{" * 500 + '"\\'


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 2_000_000, b'"\\' * 2_000_000, b'"a' * 2_000_000])
def test_unfinished_strings_do_not_take_quadratic_time(body: bytes) -> None:
    start = time.monotonic()
    with pytest.raises(InputError):
        read_config(body)
    assert time.monotonic() - start < 5


def test_too_many_bytes_are_refused_before_anything_else() -> None:
    with pytest.raises(LimitExceededError, match="config_bytes"):
        read_config(b" " * (LIMITS.config_bytes + 1))


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"history": [{"empty_layer": True}] * (LIMITS.history + 1)}, "history"),
        ({"config": {"Env": ["A=b"] * (LIMITS.env + 1)}}, "env"),
        ({"rootfs": {"type": "layers", "diff_ids": [DIFF_ID] * (LIMITS.layers + 1)}}, "layers"),
    ],
)
def test_too_many_items_exceed_a_limit_by_name(changes: dict[str, object], limit: str) -> None:
    with pytest.raises(LimitExceededError) as caught:
        read_config(config(**changes))
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}", b"\xff", b"\0", b"NaN",
        config(os=1), config(os=None), config(config=[]), config(config={"User": 0}),
        config(config={"Env": "A=b"}), config(config={"Env": [1]}), config(config={"Env": [None]}),
        config(config={"Env": ["=x"]}), config(config={"Env": ["NAME"]}),
        config(config={"Labels": {"a": 1}}), config(history={}), config(rootfs=None),
        config(rootfs={"type": "layers", "diff_ids": ["sha256:short"]}),
        config(rootfs={"type": "layers", "diff_ids": [DIFF_ID + "\n"]}),
        config(rootfs={"type": "other", "diff_ids": []}),
        config(author="nul \0 inside"), config(config={"Cmd": ["a\0b"]}),
        b'{"rootfs":{"type":"layers","diff_ids":[]},"author":"\\ud800"}',
        config(author=float("nan")), config() + b"{}", config() + b"x",
    ],
)  # fmt: skip
def test_a_config_of_wrong_types_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        read_config(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"rootfs":{"type":"layers","diff_ids":[]},"config":{"User":"1000"},"config":{}}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"config":{"User":"1000","User":"0"}}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"config":{"User":"1000","user":"0"}}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"Config":{"User":"0"}}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"RootFS":{}}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"history":[{"Created_By":"x"}]}',
        b'{"rootfs":{"type":"layers","diff_ids":[]},"config":{"U\xc5\xbfer":"0"}}',  # long s
    ],
)
def test_a_config_that_go_reads_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        read_config(raw)


def test_one_key_of_many_that_is_there_twice_is_found_at_once() -> None:
    keys = [f'"k{number}":0' for number in range(100_000)]
    raw = (
        b'{"rootfs":{"type":"layers","diff_ids":[]},' + ",".join([*keys, keys[-1]]).encode() + b"}"
    )
    with pytest.raises(DocumentError, match="'k99999' appears twice"):
        read_config(raw)


def test_labels_may_differ_in_letter_case_alone() -> None:
    labels = {"maintainer": "a", "Maintainer": "b", "user": "c"}
    assert read_config(config(config={"Labels": labels})).execution.labels == labels


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read_config(config(author="printf \\u0000")).author == "printf \\u0000"


@pytest.mark.parametrize("told", [1, 3])
def test_a_history_of_another_length_than_the_layers_is_refused(told: int) -> None:
    layers = {"type": "layers", "diff_ids": [DIFF_ID] * 2}
    with pytest.raises(DocumentError, match="history"):
        read_config(config(rootfs=layers, history=[{"created_by": "x"}] * told))


def test_unknown_fields_are_ignored_and_null_is_absence() -> None:
    found = read_config(
        config(config={"Cmd": None, "New": {"a": [1]}}, container="x", history=None)
    )
    assert found.execution.cmd is None


@pytest.mark.parametrize("size", [-1, -(2**70), 1.5, "1", None])
def test_a_size_that_is_none_is_refused(size: object) -> None:
    with pytest.raises(InputError):
        decode_manifest(manifest(layers=[LAYER | {"size": size}]), "m", LIMITS)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/octet-stream",
        "",
    ],
)
def test_a_layer_that_is_not_in_the_image_is_refused_by_name(media_type: str) -> None:
    with pytest.raises(UnsupportedError, match="layer 0"):
        decode_manifest(manifest(layers=[LAYER | {"mediaType": media_type}]), "m", LIMITS)


@pytest.mark.parametrize("version", [0, 1, 3, -2])
def test_another_schema_version_is_refused(version: int) -> None:
    with pytest.raises(UnsupportedError):
        decode_manifest(manifest(schemaVersion=version), "m", LIMITS)
    with pytest.raises(UnsupportedError):
        decode_index(json.dumps({"schemaVersion": version, "manifests": []}).encode(), "i", LIMITS)


def test_an_artifact_is_no_image() -> None:
    with pytest.raises(UnsupportedError, match="not an image"):
        decode_manifest(manifest(config=CONFIG | {"mediaType": "application/x"}), "m", LIMITS)


@pytest.mark.parametrize(
    "raw",
    [
        manifest(manifests=[]),
        b'{"schemaVersion":2}',
        b'{"schemaVersion":2,"manifests":null,"layers":null}',
        manifest(mediaType="application/vnd.oci.image.index.v1+json"),
    ],
)
def test_what_could_be_index_and_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        is_index(raw, "", "m", LIMITS)


@pytest.mark.parametrize("path", ["../../etc/passwd", "sha256:..", "sha256:" + "/" * 64])
def test_a_digest_is_never_a_path(path: str) -> None:
    with pytest.raises(DocumentError):
        decode_manifest(manifest(config=CONFIG | {"digest": path}), "m", LIMITS)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text('{}[]":,\\u0ne truefalsnl', max_size=80).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["rootfs", "config", "history", "Env", "diff_ids", "type", "os"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_document_raises_anything_but_our_errors(raw: bytes) -> None:
    for read in (decode_image_config, decode_manifest, decode_index):
        with suppress(SecureError):
            read(raw, "document", LIMITS)
