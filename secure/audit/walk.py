"""The state of one verification: the chain so far, then what explains its first break.

in order ──┬── line is no record ──> damaged run ──┬── "repair" fits, all cut short ──> torn
           │                                       └── else ──> fault
           └── record out of place ──> gap: the rest of the log tells removed from reordered
"""

from __future__ import annotations

import re

from secure.audit.canonical import encode
from secure.audit.chain import repair_body
from secure.audit.faults import (
    ALTERED,
    FOREIGN,
    INSERTED,
    REMOVED,
    REORDERED,
    TORN,
    TRUNCATED,
    Fault,
)
from secure.audit.record import GENESIS, REPAIR, Head, Record, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.lines import Line

_MAX_LISTED = 100  # torn lines, notes
# A JSON string, or what is left of one: every quote is passed once, so never quadratic.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


class Walk:
    """Takes every line of a log in order.

    Args:
        expected: a head that was noted elsewhere.
        max_damaged_bytes: a longer run of damaged lines cannot have been repaired.
    """

    def __init__(self, expected: Head | None, max_damaged_bytes: int) -> None:
        self.records = 0
        self.head = Head(0, GENESIS)
        self.first_time = self.time = ""
        self.torn: list[Fault] = []
        self.notes: list[str] = []
        self._expected = expected
        self._max_damaged_bytes = max_damaged_bytes
        self._last: Line | None = None
        self._damaged: _Damaged | None = None
        self._fault: Fault | None = None
        self._gap: _Gap | None = None

    @property
    def broken(self) -> Fault | None:
        """The first line that is not as written, after the last one was taken."""
        return self._gap.fault() if self._gap else self._fault

    def take(self, line: Line) -> None:
        """The next line."""
        record = None if line.too_long else parse(line.content)
        self.records += record is not None
        if self._gap is not None:
            self._gap.look(record)
        elif self._fault is None:
            self._last = line
            self._place(line, record)

    def end(self) -> None:
        """There are no more lines."""
        last = self._last
        if self._damaged:
            self._settle(self._damaged, repaired=self._damaged.cut_short)
        elif last and not last.ended and self._fault is None and self._gap is None:
            self._note_torn(last, self.head.seq, "it is whole, only its newline is missing")
        wanted = self._expected
        if self.broken is None and wanted and wanted.seq > self.head.seq:
            self._fault = Fault(
                TRUNCATED,
                last.file if last else "",
                last.number if last else 0,
                self.head.seq + 1,
                f"the log ends with record {self.head.seq}, but record {wanted.seq} was its head",
            )

    def _place(self, line: Line, record: Record | None) -> None:
        if record is None:
            if self._damaged is None:
                self._damaged = _Damaged(line, self._max_damaged_bytes)
            self._damaged.add(line)
            return
        follows = record.prev == self.head.hash and record.seq == self.head.seq + 1
        if self._damaged is not None:
            fits = follows and record.kind == REPAIR and record.body == self._damaged.repair()
            self._settle(self._damaged, repaired=fits, inserted=follows)
        elif follows and record.kind == REPAIR:
            self._blame(REMOVED, line, "the unfinished line it speaks of is not there")
        if self._fault is not None:
            return
        if follows:
            self._advance(line, record)
        else:
            self._gap = _Gap(line, record, self.head)

    def _advance(self, line: Line, record: Record) -> None:
        noted = self._expected
        if noted and noted.seq == record.seq and noted.hash != record.hash:
            self._blame(FOREIGN, line, "another record was noted as the head: rewritten")
            return
        if record.time < self.time and len(self.notes) < _MAX_LISTED:
            self.notes.append(
                f"the clock went backwards before record {record.seq}: {self.time}, {record.time}"
            )
        self.head = Head(record.seq, record.hash)
        self.first_time = self.first_time or record.time
        self.time = record.time

    def _settle(self, damaged: _Damaged, *, repaired: bool, inserted: bool = False) -> None:
        self._damaged = None
        if repaired and damaged.cut_short:
            size = f"{damaged.size} bytes"
            self._note_torn(damaged.first, self.head.seq + 1, f"{size} that are no whole record")
        elif inserted and not repaired:
            self._blame(INSERTED, damaged.first, "the line is no record, the chain closes round it")
        else:
            self._blame(ALTERED, damaged.first, "the line is not as it was sealed")

    def _note_torn(self, line: Line, seq: int, detail: str) -> None:
        if len(self.torn) < _MAX_LISTED:
            self.torn.append(Fault(TORN, line.file, line.number, seq, detail))

    def _blame(self, what: str, line: Line, detail: str) -> None:
        self._fault = Fault(what, line.file, line.number, self.head.seq + 1, detail)


class _Damaged:
    """Neighbouring lines that are no records."""

    def __init__(self, first: Line, max_bytes: int) -> None:
        self.first = first
        self.size = 0
        self.cut_short = True  # a crash explains every one of them
        self._max_bytes = max_bytes
        self._content: list[bytes] = []

    def add(self, line: Line) -> None:
        """One more line."""
        self.size += len(line.content) + (1 if self._content else 0)
        self.cut_short = self.cut_short and not line.too_long and _is_cut_short(line.content)
        if self.size <= self._max_bytes:
            self._content.append(line.content)

    def repair(self) -> bytes | None:
        """The body of the record that repaired this run."""
        if self.size > self._max_bytes:
            return None
        return encode(repair_body(b"\n".join(self._content), len(self._content)))


def _is_cut_short(content: bytes) -> bool:
    """A crash explains the line: it has no end, or blocks of zeros, which no sealed line has."""
    if b"\0" in content or content[-75:-66] != b',"hash":"' or content[-2:] != b'"}':
        return True
    # An object inside the body may end like that too: then the outer braces are still open.
    bare = _STRING.sub(b"", content)
    return bare.count(b"{") > bare.count(b"}")


class _Gap:
    """A whole record in the wrong place, and what the lines after it say about why."""

    def __init__(self, line: Line, record: Record, head: Head) -> None:
        self._line, self._record, self._head = line, record, head
        self._missing_found = self._again = False

    def look(self, record: Record | None) -> None:
        """A later line of the log."""
        if record is None:
            return
        wanted = record.seq == self._head.seq + 1 and record.prev == self._head.hash
        self._missing_found = self._missing_found or wanted
        self._again = self._again or record.hash == self._record.hash

    def fault(self) -> Fault:
        """The break, named."""
        what, detail = self._explain()
        return Fault(what, self._line.file, self._line.number, self._head.seq + 1, detail)

    def _explain(self) -> tuple[str, str]:
        found, wanted = self._record.seq, self._head.seq + 1
        if self._record.prev == self._head.hash:
            return ALTERED, f"it calls itself record {found}"
        if found < wanted:
            return INSERTED, f"record {found} is there a second time"
        if self._missing_found and (self._again or found == wanted):
            return INSERTED, f"a record {found} stands before the one that belongs there"
        if self._missing_found:
            return REORDERED, f"record {found} stands in its place, and it comes later"
        if found == wanted:
            return FOREIGN, "it does not follow the record before it: one of the two was replaced"
        gone = f"records {wanted} to {found - 1} are" if found - 1 > wanted else "it is"
        return REMOVED, f"{gone} missing before record {found}"
