"""Image references: `registry/repository:tag@digest`, by the distribution project's grammar.

    reference  := name [ ":" tag ] [ "@" digest ]
    name       := [ domain "/" ] component ( "/" component )*
    domain     := ( host | "[" IPv6 "]" ) [ ":" port ]
    component  := [a-z0-9]+ ( ( "." | "_" | "__" | "-"+ ) [a-z0-9]+ )*
    tag        := [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}

Source: github.com/distribution/reference, regexp.go and normalize.go.
"""

from __future__ import annotations

import re

import msgspec

from secure.errors import UsageError
from secure.oci.digest import Digest

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"
_OFFICIAL = "library"
_MAX_REPOSITORY = 255  # distribution/reference: RepositoryNameTotalLengthMax

_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_ONLY_HEX = re.compile(r"[a-f0-9]{64}")


class Reference(msgspec.Struct, frozen=True, order=True):
    """A normalised reference.

    Args:
        registry: "docker.io" where none was written.
        repository: "library/alpine" for "alpine".
        tag: "latest" where neither tag nor digest was written; "" where only a digest was.
        digest: "" or a digest.
        explicit_tag: the tag was written, not filled in.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""
    explicit_tag: bool = False

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The reference that `text` writes, normalised like docker does.

        Raises:
            UsageError: `text` is not a reference; the wrong part is named.
            InputError: the digest is malformed or of an unknown algorithm.
        """
        rest, at, digest_text = text.partition("@")
        digest = str(Digest.parse(digest_text)) if at else ""
        name, tag = _split_tag(rest)
        if tag is not None and not _TAG.fullmatch(tag):
            raise _wrong(text, f'the tag "{tag}" is not 1 to 128 of A-Z a-z 0-9 _ . -')
        registry, repository = _split_registry(name)
        if not _DOMAIN.fullmatch(registry):
            raise _wrong(text, f'"{registry}" is not a registry name')
        if _ONLY_HEX.fullmatch(name):
            raise _wrong(text, "64 hex digits alone are an id, not a name")
        if not _REPOSITORY.fullmatch(repository):
            raise _wrong(text, _why_repository(repository))
        if len(repository) > _MAX_REPOSITORY:
            raise _wrong(text, f"the repository is longer than {_MAX_REPOSITORY} characters")
        filled = tag or ("" if digest else DEFAULT_TAG)
        return cls(registry, repository, filled, digest, tag is not None)

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    def written(self) -> str:
        """As it may have been written: without a tag that was only filled in."""
        tag = f":{self.tag}" if self.explicit_tag else ""
        return self.name + tag + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return self.name + tag + (f"@{self.digest}" if self.digest else "")


def _split_tag(text: str) -> tuple[str, str | None]:
    # A colon before the last slash belongs to the port.
    head, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        return text, None
    return head, tag


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_registry = slash and (
        "." in first or ":" in first or first == "localhost" or first.lower() != first
    )
    registry, repository = (first, rest) if is_registry else (DEFAULT_REGISTRY, name)
    if registry == "index.docker.io":
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"{_OFFICIAL}/{repository}"
    return registry, repository


def _why_repository(repository: str) -> str:
    if repository != repository.lower():
        return "a repository name is lower case"
    return f'"{repository[:80]}" is not a repository name'


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(
        f"{text[:300]!r} is not an image reference: {why}",
        do="Write [REGISTRY[:PORT]/]NAME[:TAG][@DIGEST], or the path of an image.",
    )
