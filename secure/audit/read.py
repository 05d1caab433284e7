"""The records of a log, for people and programs. It does not verify: `secure.audit.verify` does."""

from __future__ import annotations

from collections import deque

from secure.audit.faults import ALTERED, Fault
from secure.audit.lines import lines_of_file, open_log
from secure.audit.record import Record, parse
from secure.oci.limits import DEFAULT_LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.audit.lines import Line
    from secure.oci.limits import Limits


def read(
    path: str,
    *,
    limit: int | None = None,
    kind: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Record | Fault]:
    """The records of the log at `path`, oldest first; a line that is none is a `Fault`.

    Args:
        limit: only the newest so many.
        kind: only records of this kind (faults are always shown).

    Raises:
        NotFoundError: there is no log.
        MachineError: it cannot be read.
    """
    newest: list[list[Record | Fault]] = []
    with open_log(path) as view:
        max_bytes = limits.audit_record_bytes
        if limit is None:
            for file in view.paths:
                yield from _wanted(lines_of_file(view, file, max_bytes), kind)
            return
        for file in reversed(view.paths):
            found = deque(_wanted(lines_of_file(view, file, max_bytes), kind), maxlen=limit)
            newest.append(list(found))
            limit -= len(found)
            if limit <= 0:
                break
    for group in reversed(newest):
        yield from group


def _wanted(lines: Iterator[Line], kind: str | None) -> Iterator[Record | Fault]:
    for line in lines:
        record = None if line.too_long else parse(line.content)
        if record is None:
            yield Fault(ALTERED, line.file, line.number, 0, "the line is no record")
        elif kind in (None, record.kind):
            yield record
