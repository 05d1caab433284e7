"""A Windows file with a version resource, written by Microsoft's "PE Format"."""

from __future__ import annotations

import struct

_ADDRESS = 0x2000  # of the one section


def pe_file(strings: dict[str, str], *, managed: bool, padding: int = 0) -> bytes:
    """A PE32+ file with these version strings; without a version resource if there are none."""
    resources = _resources(strings) if strings else b""
    directories = [(0, 0)] * 16
    directories[2] = (_ADDRESS, len(resources)) if resources else (0, 0)
    directories[14] = (_ADDRESS, 72) if managed else (0, 0)
    optional = struct.pack("<H106xI", 0x20B, 16)
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x2022) + optional
    at = 512 + padding
    section = struct.pack(
        "<8sIIIIIIHHI", b".rsrc", len(resources), _ADDRESS, len(resources), at, 0, 0, 0, 0, 0
    )
    return (head + section).ljust(at, b"\0") + resources


def _resources(strings: dict[str, str]) -> bytes:
    version = _version(strings)
    levels = b""
    for number, kind in enumerate((16, 1, 0x409)):
        leads_to = 24 * (number + 1) | (0x8000_0000 if number < 2 else 0)
        levels += struct.pack("<12xHHII", 0, 1, kind, leads_to)
    return levels + struct.pack("<IIII", _ADDRESS + 88, len(version), 0, 0) + version


def _version(strings: dict[str, str]) -> bytes:
    # The C# compiler writes VarFileInfo first, others last.
    languages = _block("VarFileInfo", _block("Translation", bytes(4), 4))
    texts = b"".join(_padded(_text(key, value)) for key, value in strings.items())
    table = _block("StringFileInfo", _block("040904b0", texts))
    return _block("VS_VERSION_INFO", bytes(52) + _padded(languages) + table, 52)


def _text(key: str, value: str) -> bytes:
    return _block(key, (value + "\0").encode("utf-16-le"), len(value) + 1, kind=1)


def _block(key: str, content: bytes, value: int = 0, *, kind: int = 0) -> bytes:
    name = _padded(bytes(6) + (key + "\0").encode("utf-16-le"))[6:]
    return struct.pack("<HHH", 6 + len(name) + len(content), value, kind) + name + content


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 4)
