"""Layers and images made in a test, and the one engine all tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from secure.facts.image import ImageFacts
from secure.images.entry import DIRECTORY, SYMLINK
from secure.images.source import open_image
from secure.images.write import LayerContent, NewFile, layer_tar, write_oci_archive
from secure.oci.image_config import Execution
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.scan.image import scan_image
from secure.scan.secrets.engine import Engine

NOW = "2026-11-24T00:00:00Z"


@cache
def cache_folder() -> tempfile.TemporaryDirectory[str]:
    """Compiled rules for this test run: compiling takes 0.3 s each time."""
    return tempfile.TemporaryDirectory(prefix="secure-rules-")


@cache
def engine() -> Engine:
    return Engine(cache_folder().name)


def file(name: str, content: bytes | str = b"", mode: int = 0o644) -> NewFile:
    raw = content.encode() if isinstance(content, str) else content
    return NewFile(name.encode(), raw, mode=mode)


def directory(name: str, mode: int = 0o755) -> NewFile:
    return NewFile(name.encode(), kind=DIRECTORY, mode=mode)


def symlink(name: str, target: str) -> NewFile:
    return NewFile(name.encode(), kind=SYMLINK, link=target.encode(), mode=0o777)


def layer(*files: NewFile, by: str = "") -> LayerContent:
    return LayerContent(layer_tar(files), by, "gzip")


def scanned(
    folder: Path,
    layers: Sequence[LayerContent],
    config: Execution | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    cache_dir: str | None = None,
) -> ImageFacts:
    """Write an image and scan it, with real worker processes."""
    path = str(folder / "image.tar")
    write_oci_archive(path, list(layers), config or Execution(), tag="app:1.0")
    with open_image(path) as image:
        return scan_image(image, limits=limits, cache_dir=cache_dir or cache_folder().name, now=NOW)


def apk_record(name: str, version: str, *lines: str) -> str:
    return "\n".join((f"P:{name}", f"V:{version}", "A:x86_64", *lines)) + "\n\n"


def dpkg_record(name: str, version: str, *lines: str, state: str = "install ok installed") -> str:
    head = (f"Package: {name}", f"Status: {state}", "Architecture: amd64", f"Version: {version}")
    return "\n".join((*head, *lines)) + "\n\n"
