"""The hyperscan databases of the rules: compiled once, cached, loaded in milliseconds.

Block mode only: the stream mode of the 0.9.1 wheel ended the interpreter in a plain trial.
"""

from __future__ import annotations

import hashlib
import os

import hyperscan

from secure.errors import MachineError
from secure.scan.secrets.rule import SecretRule
from secure.store.atomic import make_private_dir, write_file

_MAGIC_BYTES = 32  # sha256 of what follows


def database(
    rules: tuple[SecretRule, ...], ids: tuple[int, ...], cache_dir: str | None
) -> hyperscan.Database:
    """A database that reports `ids[n]` for `rules[n]`.

    Args:
        cache_dir: where compiled databases are kept; None compiles every time (about 0.1 s).
    """
    expressions = [rule.hyperscan_expression() for rule in rules]
    flags = [_flags(rule) for rule in rules]
    path = _cached_path(expressions, flags, ids, cache_dir)
    if path and (loaded := _load(path)) is not None:
        return loaded
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        made.compile(expressions=expressions, ids=list(ids), elements=len(ids), flags=flags)
    except hyperscan.HyperscanError as cause:
        raise MachineError(
            f"hyperscan cannot compile the secret rules here: {cause}",
            do="Hyperscan needs a processor with SSSE3 (or an arm64 build of it).",
        ) from cause
    if path:
        _save(path, hyperscan.dumpb(made))
    return made


def _flags(rule: SecretRule) -> int:
    return int(hyperscan.HS_FLAG_CASELESS) if rule.caseless else 0


def _cached_path(
    expressions: list[bytes], flags: list[int], ids: tuple[int, ...], cache_dir: str | None
) -> str:
    """Named by all that the compiled form depends on: rules, library build, processor."""
    if cache_dir is None:
        return ""
    library = os.stat(hyperscan.__file__)
    parts = (
        expressions,
        flags,
        ids,
        library.st_size,
        library.st_mtime_ns,
        os.uname().machine,
        _processor(),
    )
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    return os.path.join(cache_dir, "secret-rules", f"{key}.hs")


def _processor() -> bytes:
    """The processor's features: a home directory may be shared by different machines."""
    try:
        with open("/proc/cpuinfo", "rb") as lines:
            head = lines.read(4_096)
    except OSError:
        return b""
    return b"".join(
        line
        for line in head.split(b"\n\n", 1)[0].split(b"\n")
        if line.startswith((b"flags", b"Feat"))
    )


def _load(path: str) -> hyperscan.Database | None:
    """The cached database; None if it is missing, damaged or made for another processor."""
    try:
        with open(path, "rb") as file:
            raw = file.read(64 * 1024 * 1024)
    except OSError:
        return None
    digest, packed = raw[:_MAGIC_BYTES], raw[_MAGIC_BYTES:]
    if hashlib.sha256(packed).digest() != digest:
        return None
    try:
        loaded = hyperscan.loadb(packed, mode=hyperscan.HS_MODE_BLOCK)
        # The wheel allocates no scratch for a loaded database.
        loaded.scratch = hyperscan.Scratch(loaded)
    except hyperscan.HyperscanError:
        return None
    return loaded


def _save(path: str, packed: bytes) -> None:
    try:
        make_private_dir(os.path.dirname(path))
        write_file(path, hashlib.sha256(packed).digest() + packed, durable=False)
    except MachineError:
        # A full or read-only disk costs the compilation each time, nothing else.
        return
