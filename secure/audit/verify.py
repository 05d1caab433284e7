"""Is a log as it was written? Read as a stream, in bounded memory; the first fault is named.

A chain without a key shows any change by someone who does not recompute every later hash; against
a `Head` that was noted elsewhere it shows any change at all up to that head.
"""

from __future__ import annotations

from secure.audit.chain import LOOK_BACK
from secure.audit.faults import Fault
from secure.audit.lines import lines_of, open_log
from secure.audit.record import Head
from secure.audit.walk import Walk
from secure.oci.limits import DEFAULT_LIMITS
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.oci.limits import Limits


@value
class VerifyResult:
    """What a log is worth.

    Args:
        records: whole records read, those behind a fault included.
        segments: files read.
        head: the last record up to which the chain holds; number 0 for none.
        first_time, last_time: of the records up to `head`, "" for none.
        broken: the first line that is not as written, None if there is none.
        torn: unfinished lines, which a crash explains; at most 100 are listed.
        notes: clocks that went backwards; at most 100 are listed.
    """

    records: int
    segments: int
    head: Head
    first_time: str
    last_time: str
    broken: Fault | None
    torn: tuple[Fault, ...]
    notes: tuple[str, ...]


def verify(
    path: str, *, expected_head: Head | None = None, limits: Limits = DEFAULT_LIMITS
) -> VerifyResult:
    """Check the whole log at `path`; records that are appended meanwhile are not looked at.

    Args:
        expected_head: a head that was noted elsewhere, earlier.

    Raises:
        NotFoundError: there is no log.
        MachineError: it cannot be read.
    """
    max_bytes = LOOK_BACK * limits.audit_record_bytes
    walk = Walk(expected_head, max_bytes)
    with open_log(path) as view:
        for line in lines_of(view, max_bytes):
            walk.take(line)
    walk.end()
    return VerifyResult(
        records=walk.records,
        segments=len(view.paths),
        head=walk.head,
        first_time=walk.first_time,
        last_time=walk.time,
        broken=walk.broken,
        torn=tuple(walk.torn),
        notes=tuple(walk.notes),
    )
