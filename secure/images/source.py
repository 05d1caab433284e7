"""Opens an image from wherever it lies: the explicit list of places this version reads.

PATH                        a docker archive, an OCI layout (directory or tar), a root directory
PATH#NAME:TAG               one of several images in it; also PATH:TAG and PATH@sha256:DIGEST
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

import msgspec

from secure.errors import DigestMismatchError, MachineError, NotFoundError, UnsupportedError
from secure.images.blob_file import BlobFile, BlobReader
from secure.images.decompress import PLAIN, compression_of, decompressed
from secure.images.docker_archive import is_docker_archive, read_docker_archive
from secure.images.image import Image
from secure.images.oci_layout import is_oci_layout, read_oci_layout
from secure.images.rootfs_dir import read_rootfs
from secure.images.tree import ArchiveTree, Ask, DirectoryTree, Tree, open_path
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.oci.platform import machine_platform, parse_platform

_ALIKE = 0.8  # the ending alone makes names half alike
_MOST_COMPARED = 1_000  # names beside one that is not there: 10 us each


class Source(msgspec.Struct, frozen=True):
    """One form in which images are stored; `fits` looks at names only."""

    name: str
    fits: Callable[[Tree], bool]
    read: Callable[[Tree, Ask], Image]


def _is_directory(tree: Tree) -> bool:
    return isinstance(tree, DirectoryTree)


def _read_rootfs(tree: Tree, ask: Ask) -> Image:
    if not isinstance(tree, DirectoryTree):
        raise UnsupportedError(f'"{ask.reference}" is not a directory')
    return read_rootfs(tree, ask)


# The first that fits reads: a modern docker archive is an OCI layout too, so it comes first.
SOURCES = (
    Source("docker archive", is_docker_archive, read_docker_archive),
    Source("OCI layout", is_oci_layout, read_oci_layout),
    Source("root file system directory", _is_directory, _read_rootfs),
)


def open_image(
    reference: str, limits: Limits = DEFAULT_LIMITS, platform: str | None = None
) -> Image:
    """Open the image at `reference`; close it with `with` or `close()`.

    Args:
        platform: "os/architecture[/variant]", for images that are there for several.

    Raises:
        NotFoundError: nothing is there, or nothing fits the selector or platform.
        DigestMismatchError: the file is called FILE@DIGEST and is something else.
        UsageError: there are several images and none was selected, or `platform` is no platform.
        InputError: what is there is malformed, hostile, or of a form this version does not read.
        MachineError: it cannot be opened.
    """
    wanted = parse_platform(platform) if platform else None
    fd, selector = _locate(reference)
    machine = machine_platform(os.uname().machine)
    ask = Ask(reference, selector, wanted, machine, limits)
    tree = _tree(fd, ask)
    try:
        return _as_named(_of_platform(_source_of(tree, ask).read(tree, ask), ask), ask)
    except BaseException:
        tree.close()
        raise


def _source_of(tree: Tree, ask: Ask) -> Source:
    for source in SOURCES:
        if source.fits(tree):
            return source
    raise UnsupportedError(
        f'"{ask.reference}" is neither a docker archive nor an OCI layout',
        do="Give `docker save` output, an OCI layout, or the directory of a root file system.",
    )


def _locate(reference: str) -> tuple[int, str]:
    """A descriptor of the longest part of `reference` that is a path, and what follows it."""
    for end in _ends(reference):
        if (fd := open_path(reference[:end])) is not None:
            return fd, reference[end + 1 :]
    raise NotFoundError(f'there is no image at "{reference}"', do=_instead(reference))


def _instead(reference: str) -> str:
    """What somebody may have meant who named something that is not there."""
    from difflib import get_close_matches

    folder, _, name = reference.rpartition("/")
    try:
        names = sorted(os.listdir(folder or ("/" if reference.startswith("/") else ".")))
    except OSError:
        names = []
    if near := get_close_matches(name, names[:_MOST_COMPARED], 1, _ALIKE):
        return f'Did you mean "{reference.removesuffix(name)}{near[0]}"?'
    if reference.startswith(("/", "./", "../")) or name.endswith((".tar", ".gz", ".tgz", ".zst")):
        return "Give the path of an archive, an OCI layout or a root file system directory."
    return (
        "Images are read from files, not from registries:"
        f" docker save {reference} -o image.tar, then image.tar."
    )


def _ends(reference: str) -> Iterator[int]:
    yield len(reference)
    for end in range(len(reference) - 1, 0, -1):
        if reference[end] in "#@:":
            yield end


def _tree(fd: int, ask: Ask) -> Tree:
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        return DirectoryTree(fd, ask)
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise UnsupportedError(f'"{ask.reference}" is neither a file nor a directory')
    try:
        plain = _plain_archive(fd, ask)
    except BaseException:
        os.close(fd)
        raise
    try:
        return ArchiveTree(plain, ask)
    except BaseException:
        os.close(plain)
        raise


def _plain_archive(fd: int, ask: Ask) -> int:
    """`fd`, or where the archive is compressed, a nameless temporary file with its content."""
    blob = BlobFile(fd, 0, os.fstat(fd).st_size)
    if compression_of(blob.read_at(0, 8)) == PLAIN:
        return fd
    import tempfile  # 4 ms, for compressed archives only

    folder = os.environ.get("TMPDIR") or "/var/tmp"  # noqa: S108 - nameless, and /tmp may be memory
    try:
        # Without a name from the start: nothing is left behind, whatever ends this process.
        with tempfile.TemporaryFile(dir=folder) as file:
            reader = BlobReader(blob)
            for piece in decompressed(reader.read, ask.limits, f'"{ask.reference}"', outer=True):
                file.write(piece)
            file.flush()
            plain = os.dup(file.fileno())
    except OSError as cause:
        raise MachineError(
            f'cannot decompress "{ask.reference}" in "{folder}": {cause.strerror}',
            do="Set TMPDIR to a directory with room for the uncompressed image.",
        ) from cause
    os.close(fd)
    return plain


def _of_platform(image: Image, ask: Ask) -> Image:
    wanted, config = ask.platform, image.config
    if wanted is not None and (config.os, config.architecture) != (wanted.os, wanted.architecture):
        raise NotFoundError(
            f'"{ask.reference}" is an image for {config.os}/{config.architecture}, not for {wanted}'
        )
    return image


def _as_named(image: Image, ask: Ask) -> Image:
    """A file may be called as if a digest had been asked for; rules go by that name."""
    file_name = ask.reference.removesuffix(ask.selector).rpartition("/")[2]
    _, at, promised = file_name.rstrip("#@:").partition("@sha256:")
    if at and f"sha256:{promised}" not in (image.digest, image.config_digest):
        raise DigestMismatchError(
            f'"{ask.reference}" is {image.digest or "a directory without a digest"}',
            do="Give the file another name: this one promises something else.",
        )
    return image
