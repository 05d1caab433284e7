"""Image names in the one form in which waivers compare them.

Prefixes of text can be tricked ("ghcr.io" is a prefix of "ghcr.io.evil.example"), so names are
taken apart first, and only whole parts are compared.
"""

from __future__ import annotations

import re

from secure.value import value

# Source: distribution-spec 1.1, "Pull", and distribution/reference (Docker's short names).
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_REGISTRY = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
    r"(?::[0-9]{1,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LONGEST = 1_024


@value
class ImageName:
    """The parts of a name; `tag` and `digest` are "" where they are not given."""

    registry: str
    repository: str
    tag: str
    digest: str

    def forms(self) -> tuple[str, ...]:
        """Every way to name this image, from the widest to the narrowest."""
        base = f"{self.registry}/{self.repository}"
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return tuple(dict.fromkeys((base, base + tag, base + digest, base + tag + digest)))


def image_name(text: str) -> ImageName | None:
    """The parts of a name, short names completed as Docker does; None if it is no image name."""
    if len(text) > _LONGEST:
        return None
    rest, _, digest = text.partition("@")
    if "@" in text and not _DIGEST.fullmatch(digest):
        return None
    path, tag = rest, ""
    head, colon, last = rest.rpartition(":")
    if colon and "/" not in last:
        path, tag = head, last
        if not _TAG.fullmatch(tag):
            return None
    registry, slash, repository = path.partition("/")
    if not (slash and ("." in registry or ":" in registry or registry == "localhost")):
        registry, repository = "docker.io", path
    if registry in ("docker.io", "index.docker.io"):
        registry = "docker.io"
        repository = repository if "/" in repository else f"library/{repository}"
    if not (_REGISTRY.fullmatch(registry) and _REPOSITORY.fullmatch(repository)):
        return None
    return ImageName(registry.lower(), repository, tag, digest)


def forms(text: str) -> tuple[str, ...]:
    """Every way to name an image; () for a path or anything else that is no image name."""
    name = image_name(text)
    return name.forms() if name else ()
