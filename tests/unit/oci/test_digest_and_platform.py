"""Digests are strict; platforms match like containerd matches them."""

from __future__ import annotations

import hashlib

import pytest

from secure.errors import DigestMismatchError, DocumentError, UnsupportedError, UsageError
from secure.oci.digest import Digest, Verifier, verify
from secure.oci.platform import Platform, best_match, machine_platform, parse_platform

ARM64 = Platform("linux", "arm64")
ARM64_V8 = Platform("linux", "arm64", "v8")
ARM_V6, ARM_V7 = Platform("linux", "arm", "v6"), Platform("linux", "arm", "v7")
AMD64 = Platform("linux", "amd64")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_digest_is_read_and_written_the_same(algorithm: str) -> None:
    text = f"{algorithm}:{hashlib.new(algorithm, b'x').hexdigest()}"
    assert str(Digest.parse(text)) == text
    verify(b"x", text, "x")


@pytest.mark.parametrize(
    "text", ["", "sha256", "sha256:", "sha256:xyz", ":abc", "sha256:" + "A" * 64]
)
def test_a_malformed_digest_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        Digest.parse(text)


def test_an_unknown_algorithm_is_refused_as_such() -> None:
    with pytest.raises(UnsupportedError):
        Digest.parse("sha1:" + "a" * 40)


def test_a_mismatch_tells_expected_and_got() -> None:
    verifier = Verifier(str(Digest.of(b"right")), 'layer 3 of "web.tar"', "diff-id")
    verifier.update(b"wr")
    verifier.update(b"ong")
    with pytest.raises(DigestMismatchError) as caught:
        verifier.check()
    for part in (
        'layer 3 of "web.tar"',
        "diff-id",
        str(Digest.of(b"right")),
        str(Digest.of(b"wrong")),
    ):
        assert part in caught.value.what


@pytest.mark.parametrize(
    ("wanted", "offers", "best"),
    [
        (AMD64, [ARM64, AMD64], 1),
        (AMD64, [ARM64], None),
        (AMD64, [None, AMD64, AMD64], 1),
        (ARM64, [ARM64_V8], 0),
        (ARM_V7, [ARM_V6, ARM_V7], 1),
        (ARM_V7, [ARM_V6], 0),
        (ARM_V6, [ARM_V7], None),
        (AMD64, [Platform("windows", "amd64"), Platform("linux", "amd64", None)], 1),
        (AMD64, [], None),
    ],
)
def test_the_nearest_platform_that_runs_is_chosen(
    wanted: Platform, offers: list[Platform | None], best: int | None
) -> None:
    assert best_match(wanted, offers) == best


@pytest.mark.parametrize(
    ("text", "platform"),
    [("linux/arm/v7", ARM_V7), ("amd64", AMD64), ("linux/amd64", AMD64)],
)
def test_a_platform_is_read(text: str, platform: Platform) -> None:
    assert parse_platform(text) == platform


@pytest.mark.parametrize("text", ["", "/", "linux/", "a/b/c/d", "linux/amd64\n", "li nux/x"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_platform(text)


def test_the_machine_is_translated_into_the_words_of_images() -> None:
    assert str(machine_platform("x86_64")) == "linux/amd64"
    assert str(machine_platform("aarch64")) == "linux/arm64/v8"
    assert str(machine_platform("mips")) == "linux/mips"
