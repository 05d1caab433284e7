"""The audit log: append-only, every record bound to the one before it.

    writer          lock ── look at the last line ── one write(2) ── unlock ── fdatasync
    kill -9, power loss, full disk
                    leave at most one unfinished line; the next writer ends it and records so

`append` is part of every launch, so this file imports next to nothing. `secure.audit.verify`
checks a log and `secure.audit.read` shows one.
"""

from __future__ import annotations

from secure import system as os
from secure.audit.record import REPAIR, SEGMENT, Head, Record, seal
from secure.audit.segments import (
    lock_path,
    log_path,
    open_file,
    require_ours,
    segment_numbers,
    segment_path,
)
from secure.audit.tail import Tail, read_tail
from secure.errors import LimitExceededError, MachineError, NotFoundError, SecureError
from secure.oci.limits import DEFAULT_LIMITS
from secure.sha256 import sha256_hex
from secure.store.atomic import make_private_dir, sync_dir
from secure.store.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain
    from secure.oci.limits import Limits

__all__ = ["append", "head", "log_path", "repair_body", "sync"]

LOOK_BACK = 4  # records' worth of bytes to search for the last whole one


def append(
    path: str,
    kind: str,
    body: Plain,
    now: str,
    *,
    sync: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Record:
    """Add one record to the log at `path` (see `log_path`), made with its folder if missing.

    Args:
        kind: "check", "launch", "refusal", "exit", …
        body: dictionaries with str keys, lists, tuples, str, int, bool, None.
        now: RFC 3339, UTC, milliseconds.
        sync: return only when the record is on the disk. With False the record outlives any
            process but not a power loss until `chain.sync` is called: so that the disk works while
            the container already runs.

    Raises:
        MachineError: the disk is full, the log is not ours, or it stays locked. No record counts.
        TamperedError: the log ends in something that is no record.
        LimitExceededError: the record is too large.
        SecureError: kind, time or body is not well formed: our bug.
    """
    if kind in (REPAIR, SEGMENT):
        raise SecureError(f'only the log itself writes records of kind "{kind}"')
    folder = os.path.dirname(path)
    make_private_dir(folder)
    require_ours(folder, os.stat(folder, follow_symlinks=False))
    with Lock(lock_path(path)):
        record = _append_locked(path, kind, body, now, limits)
    if sync:
        _to_disk(path)
    return record


def sync(path: str) -> None:
    """Put every record of the log at `path` on the disk.

    Raises:
        MachineError: the disk reports an error.
        NotFoundError: there is no log.
    """
    _to_disk(path)


def head(path: str, *, limits: Limits = DEFAULT_LIMITS) -> Head:
    """Number and hash of the last whole record, to be noted where the log's owner cannot write.

    Raises:
        NotFoundError: there is no log.
        TamperedError: the log ends in something that is no record.
    """
    fd = _open_existing(path)
    try:
        size = os.fstat(fd).st_size
        tail = read_tail(path, fd, size, LOOK_BACK * limits.audit_record_bytes)
    finally:
        os.close(fd)
    return Head(tail.seq, tail.hash)


def repair_body(lines: bytes, count: int) -> Plain:
    """What a "repair" record says about the `count` damaged lines before it, joined by newlines."""
    return {"bytes": len(lines), "lines": count, "sha256": sha256_hex(lines)}


def _append_locked(path: str, kind: str, body: Plain, now: str, limits: Limits) -> Record:
    fd = open_file(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        found = os.fstat(fd)
        require_ours(path, found)
        tail = read_tail(path, fd, found.st_size, LOOK_BACK * limits.audit_record_bytes)
        whole = tail.ended and tail.damaged is None
        if not whole or 0 < found.st_size < limits.audit_segment_bytes:
            record, lines = _lines(tail, (kind, body), now, limits)
            _write(path, fd, found.st_size, lines if tail.ended else b"\n" + lines)
            return record
        if found.st_size > 0:
            os.fdatasync(fd)
    except OSError as cause:
        raise MachineError(f'cannot write audit log "{path}": {cause.strerror}') from cause
    finally:
        os.close(fd)
    return _append_to_new_file(path, tail, (kind, body), now, limits)


def _append_to_new_file(
    path: str, tail: Tail, entry: tuple[str, Plain], now: str, limits: Limits
) -> Record:
    """Make the log's file a segment, unless it is empty, and start the next one with `entry`."""
    numbers = segment_numbers(path)
    closed = numbers[-1] if numbers else 0
    if os.stat(path).st_size > 0:
        closed += 1
        try:
            os.rename(path, segment_path(path, closed))
        except OSError as cause:
            raise MachineError(f'cannot close segment of "{path}": {cause.strerror}') from cause
    fd = open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        record, lines = _lines(tail, entry, now, limits, closed=closed)
        _write(path, fd, 0, lines)
    finally:
        os.close(fd)
    return record


def _lines(
    tail: Tail, entry: tuple[str, Plain], now: str, limits: Limits, *, closed: int = 0
) -> tuple[Record, bytes]:
    """The record of `entry`, and the lines to write: first what the log says about itself."""
    entries = [entry]
    if closed:
        entries.insert(0, (SEGMENT, {"closed": closed, "hash": tail.hash, "records": tail.seq}))
    if tail.damaged is not None:
        entries.insert(0, (REPAIR, repair_body(tail.damaged, tail.damaged.count(b"\n") + 1)))
    seq, prev, lines = tail.seq, tail.hash, []
    for kind, body in entries:
        seq += 1
        record, line = seal(seq, now, kind, prev, body)
        prev = record.hash
        lines.append(line + b"\n")
    bound = limits.audit_record_bytes
    if len(line) > bound:
        what = f'the audit record of kind "{record.kind}"'
        raise LimitExceededError("audit_record_bytes", what, f"{bound} bytes")
    return record, b"".join(lines)


def _write(path: str, fd: int, size: int, lines: bytes) -> None:
    """Add `lines` in one write(2); on failure the file is again `size` bytes long."""
    try:
        written = os.write(fd, lines)
    except OSError as cause:
        raise MachineError(f'cannot write audit log "{path}": {cause.strerror}') from cause
    if written == len(lines):
        return
    # A short write to a plain file means that the disk (or a quota, or RLIMIT_FSIZE) is full. The
    # lock is held, so what lies behind `size` is ours alone.
    try:
        os.ftruncate(fd, size)
    except OSError as cause:
        raise MachineError(f'audit log "{path}" has an unfinished line') from cause
    raise MachineError(
        f'cannot write audit log "{path}": {written} of {len(lines)} bytes fitted',
        do="Free some space, or raise the quota or the file size limit.",
    )


def _open_existing(path: str) -> int:
    try:
        return open_file(path, os.O_RDONLY)
    except FileNotFoundError as cause:
        raise NotFoundError(f'there is no audit log "{path}"') from cause


def _to_disk(path: str) -> None:
    # Segments that were closed meanwhile were synced before they were renamed.
    fd = _open_existing(path)
    try:
        os.fdatasync(fd)
        sync_dir(os.path.dirname(path))
    except OSError as cause:
        raise MachineError(f'cannot sync audit log "{path}": {cause.strerror}') from cause
    finally:
        os.close(fd)
