"""References are read like docker reads them."""

from __future__ import annotations

import pytest

from secure.errors import DocumentError, UnsupportedError, UsageError
from secure.oci.reference import Reference

HEX = "a" * 64


@pytest.mark.parametrize(
    ("text", "canonical", "explicit"),
    [
        ("alpine", "docker.io/library/alpine:latest", False),
        ("alpine:3.20", "docker.io/library/alpine:3.20", True),
        ("library/alpine", "docker.io/library/alpine:latest", False),
        ("docker.io/alpine", "docker.io/library/alpine:latest", False),
        ("index.docker.io/alpine", "docker.io/library/alpine:latest", False),
        ("user/app", "docker.io/user/app:latest", False),
        ("localhost/app", "localhost/app:latest", False),
        ("localhost:5000/app:v1", "localhost:5000/app:v1", True),
        ("registry.test/a/b/c", "registry.test/a/b/c:latest", False),
        ("Registry/app", "Registry/app:latest", False),
        ("[::1]:5000/app", "[::1]:5000/app:latest", False),
        ("10.0.0.1:80/app", "10.0.0.1:80/app:latest", False),
        (f"alpine@sha256:{HEX}", f"docker.io/library/alpine@sha256:{HEX}", False),
        (f"alpine:3@sha256:{HEX}", f"docker.io/library/alpine:3@sha256:{HEX}", True),
        ("a__b/c-d--e.f_g", "docker.io/a__b/c-d--e.f_g:latest", False),
        ("app:_x-1.Y", "docker.io/library/app:_x-1.Y", True),
    ],
)
def test_a_reference_is_normalised(text: str, canonical: str, explicit: bool) -> None:
    found = Reference.parse(text)
    assert str(found) == canonical
    assert found.explicit_tag is explicit


@pytest.mark.parametrize(
    "text",
    [
        "", ":", ":tag", "@", "app:", "APP", "a/B", "app:-x", "app:" + "t" * 129, "a//b", "/a",
        "a/", "-a", "a-", "a..b", "a___b", "app:tag:tag", "app tag", "app\n", "app:1\n", "áb",
        "reg:port/app", "re_g.test/app", "http://reg.test/app", HEX, "a" * 256,
        "reg.test/" + "a" * 256,
        "app:\0", "[::1/app", "a@b@c",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises((UsageError, DocumentError)):
        Reference.parse(text)


@pytest.mark.parametrize("digest", ["sha256:abc", f"sha256:{HEX.upper()}", "sha256:", HEX, ""])
def test_a_malformed_digest_is_refused(digest: str) -> None:
    with pytest.raises(DocumentError):
        Reference.parse(f"app@{digest}")


def test_a_digest_of_an_unknown_algorithm_is_refused_as_such() -> None:
    with pytest.raises(UnsupportedError, match="md5"):
        Reference.parse("app@md5:" + "a" * 32)


def test_the_written_form_leaves_out_the_tag_that_was_filled_in() -> None:
    assert Reference.parse("alpine").written() == "docker.io/library/alpine"
