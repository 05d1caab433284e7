"""What can be wrong with a log."""

from __future__ import annotations

from secure.value import value

ALTERED = "altered"  # a line is not as it was sealed
REMOVED = "removed"  # one or more records before this line are gone
INSERTED = "inserted"  # this line does not belong here
REORDERED = "reordered"  # the record that belongs here comes later
FOREIGN = "foreign"  # well sealed, but not the successor of the record before it
TRUNCATED = "truncated"  # the log ends before the head that was noted
TORN = "torn"  # an unfinished line: a crash, a power loss or a full disk


@value
class Fault:
    """One line that is not as it should be.

    Args:
        what: one of the words above.
        file: name of the file of the log.
        line: 1-based.
        seq: number of the record that belongs there.
        detail: a sentence for people.
    """

    what: str
    file: str
    line: int
    seq: int
    detail: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: record {self.seq} is {self.what}: {self.detail}"
