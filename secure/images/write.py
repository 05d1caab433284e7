"""A small image writer: the same input gives the same bytes.

layer = LayerContent(layer_tar([NewFile(b"bin/true", content, mode=0o755)]), "COPY true /bin")
write_oci_archive("app.tar", [layer], Execution(cmd=("/bin/true",)), tag="app:1.0")
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Literal

import msgspec

from secure.errors import UsageError
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    SYMLINK,
)
from secure.images.tar_header import BLOCK
from secure.oci.digest import Digest
from secure.oci.image_config import Execution, History, ImageConfig, RootFs
from secure.oci.manifest import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    ArchiveImage,
    Descriptor,
    Index,
    LayoutMarker,
    Manifest,
)
from secure.oci.platform import Platform

_FLAGS = {
    FILE: b"0", HARDLINK: b"1", SYMLINK: b"2", CHARACTER: b"3", BLOCK_DEVICE: b"4",
    DIRECTORY: b"5", FIFO: b"6",
}  # fmt: skip
_MOST_OCTAL = 0o7777777
_MOST_SIZE = 0o77777777777
_REF_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"
_USUAL_PLATFORM = Platform("linux", "amd64")
EPOCH = "1970-01-01T00:00:00Z"

Compression = Literal["gzip", "zstd", "plain"]


class NewFile(msgspec.Struct, frozen=True):
    """One entry to write; `kind` and the rest as in `secure.images.entry.Entry`."""

    name: bytes
    content: bytes = b""
    kind: int = FILE
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: dict[bytes, bytes] = {}
    mtime: int = 0


class LayerContent(msgspec.Struct, frozen=True):
    """One layer to write: an uncompressed tar, and the history line that tells of it."""

    tar: bytes
    created_by: str = ""
    compression: Compression = "gzip"

    @property
    def diff_id(self) -> str:
        """The digest of the tar."""
        return str(Digest.of(self.tar))

    @property
    def media_type(self) -> str:
        """By the compression."""
        return OCI_LAYER + ("" if self.compression == "plain" else f"+{self.compression}")

    def blob(self) -> bytes:
        """The layer as it is stored."""
        match self.compression:
            case "gzip":
                return gzip.compress(self.tar, 6, mtime=0)
            case "zstd":
                import zstandard

                return zstandard.ZstdCompressor(level=3).compress(self.tar)
        return self.tar


def layer_tar(files: Iterable[NewFile]) -> bytes:
    """The files as a tar: ustar, with pax headers where ustar cannot hold something."""
    out = io.BytesIO()
    for file in files:
        out.write(_member(file))
    out.write(bytes(2 * BLOCK))
    return out.getvalue()


def image_config(
    layers: Sequence[LayerContent],
    execution: Execution,
    platform: Platform = _USUAL_PLATFORM,
    history: Sequence[History] = (),
) -> ImageConfig:
    """The config of an image of these layers.

    Args:
        history: where there are lines besides those of the layers; else one line a layer.
    """
    told = tuple(history) or tuple(History(EPOCH, layer.created_by) for layer in layers)
    return ImageConfig(
        rootfs=RootFs("layers", tuple(layer.diff_id for layer in layers)),
        os=platform.os,
        architecture=platform.architecture,
        variant=platform.variant or None,
        created=EPOCH,
        config=execution,
        history=told,
    )


def write_oci_archive(
    target: str | BinaryIO,
    layers: Sequence[LayerContent],
    config: Execution | ImageConfig,
    tag: str = "",
) -> str:
    """Write an OCI layout tar; answers the digest of its manifest.

    Args:
        target: a path, or an open binary file.
        config: what to run, or the whole config.
        tag: the name it claims for itself, e.g. "app:1.0".

    Raises:
        UsageError: a file cannot be written in a tar.
    """
    members, manifest = oci_members(layers, config, tag)
    _write(target, members)
    return manifest


def oci_members(
    layers: Sequence[LayerContent], config: Execution | ImageConfig, tag: str = ""
) -> tuple[dict[str, bytes], str]:
    """The files of an OCI layout by name, and the digest of the manifest."""
    made = config if isinstance(config, ImageConfig) else image_config(layers, config)
    files: dict[str, bytes] = {}

    def stored(content: bytes, media_type: str) -> Descriptor:
        digest = Digest.of(content)
        files[f"blobs/{digest.algorithm}/{digest.hex}"] = content
        return Descriptor(str(digest), len(content), media_type)

    config_at = stored(_json(made), OCI_CONFIG)
    layers_at = tuple(stored(layer.blob(), layer.media_type) for layer in layers)
    manifest_at = stored(_json(Manifest(2, config_at, layers_at, OCI_MANIFEST)), OCI_MANIFEST)
    names = {_REF_NAME: tag, _CONTAINERD_NAME: tag} if tag else None
    platform = Platform(made.os, made.architecture, made.variant)
    entry = msgspec.structs.replace(manifest_at, platform=platform, annotations=names)
    files["index.json"] = _json(Index(2, (entry,), OCI_INDEX))
    files["oci-layout"] = _json(LayoutMarker("1.0.0"))
    return files, manifest_at.digest


def write_docker_archive(
    target: str | BinaryIO,
    layers: Sequence[LayerContent],
    config: Execution | ImageConfig,
    tag: str = "",
) -> str:
    """Write what `docker save` wrote before Docker 25; answers the digest of the config.

    Layers are stored uncompressed, as docker does.
    """
    made = config if isinstance(config, ImageConfig) else image_config(layers, config)
    raw = _json(made)
    digest = Digest.of(raw)
    paths = tuple(f"{layer.diff_id.partition(':')[2]}/layer.tar" for layer in layers)
    files = {f"{digest.hex}.json": raw}
    files |= {path: layer.tar for path, layer in zip(paths, layers, strict=True)}
    entry = ArchiveImage(f"{digest.hex}.json", paths, (tag,) if tag else None)
    files["manifest.json"] = _json((entry,))
    _write(target, files)
    return str(digest)


def _write(target: str | BinaryIO, files: dict[str, bytes]) -> None:
    tar = layer_tar(NewFile(name.encode(), content) for name, content in files.items())
    if isinstance(target, str):
        with open(target, "wb") as file:
            file.write(tar)
    else:
        target.write(tar)


def _json(value: object) -> bytes:
    return msgspec.json.encode(_without_none(msgspec.to_builtins(value)), order="sorted")


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item not in (None, "")}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _member(file: NewFile) -> bytes:
    records = _pax_records(file)
    extended = b""
    if records:
        block = b"".join(_pax_record(key, value) for key, value in records)
        extended = _header(NewFile(b"pax", mode=0o644), b"x", len(block)) + _padded(block)
    return extended + _header(file, _FLAGS[file.kind], len(file.content)) + _padded(file.content)


def _pax_records(file: NewFile) -> list[tuple[bytes, bytes]]:
    records = []
    if len(file.name) > 100 or not file.name.isascii():
        records.append((b"path", file.name))
    if len(file.link) > 100 or not file.link.isascii():
        records.append((b"linkpath", file.link))
    for key, number, most in (
        (b"uid", file.uid, _MOST_OCTAL),
        (b"gid", file.gid, _MOST_OCTAL),
        (b"size", len(file.content), _MOST_SIZE),
        (b"mtime", file.mtime, _MOST_SIZE),
    ):
        if not 0 <= number <= most:
            records.append((key, b"%d" % number))
    records += [(b"SCHILY.xattr." + key, file.xattrs[key]) for key in sorted(file.xattrs)]
    return records


def _pax_record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    # The length counts its own digits: one more round settles it.
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d" % length + rest


def _header(file: NewFile, flag: bytes, size: int) -> bytes:
    if b"\0" in file.name + file.link or (size and file.kind != FILE):
        raise UsageError(f"{file.name!r} cannot be written in a tar")

    def octal(number: int, width: int) -> bytes:
        fits = 0 <= number < 8 ** (width - 1)
        return b"%0*o\0" % (width - 1, number if fits else 0)

    fields = b"".join((
        file.name[:100].ljust(100, b"\0"),
        octal(file.mode & 0o7777, 8), octal(file.uid, 8), octal(file.gid, 8),
        octal(size, 12), octal(file.mtime, 12), b" " * 8, flag,
        file.link[:100].ljust(100, b"\0"), b"ustar\x0000", bytes(64),
        octal(file.device[0], 8), octal(file.device[1], 8),
    )).ljust(BLOCK, b"\0")  # fmt: skip
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)
