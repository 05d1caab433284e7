"""Images that are large in one way only: entries, packages, layers. Made here, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from large_image import write_layout

_IN_A_FOLDER = 1_000
_BLOCK = 512
_STATUS = b"var/lib/dpkg/status"
_RELEASE = b"ID=debian\nVERSION_ID=12\n"


def entries_image(folder: Path, count: int, layers: int = 1) -> Path:
    """`count` empty files in all, in `layers` layers of the same size, no name twice."""
    share = count // layers
    parts = (_files(number * share, share) for number in range(layers))
    return _layout(folder, f"{count}-entries-{layers}", parts)


def packages_image(folder: Path, count: int) -> Path:
    """A Debian with `count` packages, in one layer; each depends on the one before it."""
    records = (
        f"Package: package-{n}\nStatus: install ok installed\nPriority: optional\n"
        f"Section: misc\nInstalled-Size: 100\nMaintainer: Nobody <nobody@example.org>\n"
        f"Architecture: amd64\nSource: source-{n // 3}\nVersion: 1.{n % 50}.{n % 7}-{n % 5}\n"
        f"Depends: package-{max(n - 1, 0)} (>= 1.0), libc6\nDescription: number {n}\n"
        f" Made for a benchmark.\n\n"
        for n in range(count)
    )
    files = ((b"etc/os-release", _RELEASE), (_STATUS, "".join(records).encode()))
    return _layout(folder, f"{count}-packages", ((_entry(*file) for file in files),))


def layers_image(folder: Path, layers: int) -> Path:
    """As many layers, each with 1,000 files and, as real ones do, the package database again."""

    def part(number: int) -> Iterator[bytes]:
        record = (
            "Package: package-{0}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
        )
        yield _entry(_STATUS, "".join(record.format(n) for n in range(number + 100)).encode())
        yield from _files(number * 1_000, 1_000)

    return _layout(folder, f"{layers}-layers", (part(number) for number in range(layers)))


def _layout(folder: Path, name: str, layers: Iterable[Iterable[bytes]]) -> Path:
    target = folder / name
    if not target.exists():
        tars: list[Path] = []
        for number, parts in enumerate(layers):
            tar = folder / f"{name}-{number}.tar"
            with tar.open("wb") as out:
                for piece in _joined(parts):
                    out.write(piece)
                out.write(bytes(2 * _BLOCK))
            tars.append(tar)
        write_layout(target, tars, "gz")
        for tar in tars:
            tar.unlink()
    return target


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    for part in parts:
        waiting.append(part)
        if len(waiting) == _IN_A_FOLDER:
            yield b"".join(waiting)
            waiting.clear()
    yield b"".join(waiting)


def _files(first: int, count: int) -> Iterator[bytes]:
    head, tail, base = _header_around(0)
    for number in range(first, first + count):
        name = b"srv/data/d%05d/file-%07d" % (number // _IN_A_FOLDER, number)
        yield _with_name(name, head, tail, base)


def _entry(name: bytes, content: bytes) -> bytes:
    padding = bytes(-len(content) % _BLOCK)
    return _with_name(name, *_header_around(len(content))) + content + padding


def _header_around(size: int) -> tuple[bytes, bytes, int]:
    """What stands before and after the checksum of a header without its name, and their sum."""
    before = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"%011o\0" % 1_700_000_000
    after = b"0" + bytes(100) + b"ustar\00000"
    after += bytes(_BLOCK - 100 - len(before) - 8 - len(after))
    return before, after, sum(before) + sum(after) + 8 * 0x20


def _with_name(name: bytes, before: bytes, after: bytes, base: int) -> bytes:
    return name.ljust(100, b"\0") + before + b"%06o\0 " % (base + sum(name)) + after
