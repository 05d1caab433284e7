"""One container out of the audit log: what it was, what enforced what, how it ended and why."""

from __future__ import annotations

from secure.audit import read
from secure.audit.record import Record, content
from secure.errors import NotFoundError, UsageError
from secure.facts.plain import plain as printable
from secure.flows import launch_records as records
from secure.flows.audit import log_path
from secure.flows.oci_log import BUNDLE
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_LOOK_BACK = 20_000


@value
class Inspected:
    """A container's records.

    Args:
        started: time of its evidence, RFC 3339. launch: that record's body.
        ended: time of its end, "" where none is recorded. exit: that record's body, or {}.
    """

    started: str
    launch: dict[str, Any]
    ended: str
    exit: dict[str, Any]


def inspect(container: str) -> Inspected:
    """The newest container whose id begins with `container`; "" is the newest of all.

    Raises:
        NotFoundError: there is none among the newest 20,000 records.
        UsageError: the beginning of several ids.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    ends: dict[str, tuple[str, dict[str, Any]]] = {}
    for line in read.read(log_path(), limit=_LOOK_BACK):
        if isinstance(line, Record) and line.kind in {"launch", "exit"}:
            body: dict[str, Any] = content(line)
            kept = found if line.kind == "launch" else ends
            if str(body["id"]).startswith(container):
                kept.pop(body["id"], None)  # an engine may use a name again: the newest counts
                kept[body["id"]] = (line.time, body)
    if not found:
        raise NotFoundError(
            f'no container "{container}" is in the audit log',
            do="List them with: secure audit log",
        )
    if len(found) > 1 and container and container not in found:
        raise UsageError(
            f'"{container}" is the beginning of {len(found)} containers\' ids',
            do="Give more of the id.",
        )
    name = container if container in found else list(found)[-1]
    started, launch = found[name]
    ended, exit_body = ends.get(name, ("", {}))
    if ended < started:  # of an earlier container of that name
        ended, exit_body = "", {}
    return Inspected(started, launch, ended, exit_body)


def lines(found: Inspected) -> Iterator[str]:
    """For people."""
    launch, image = found.launch, found.launch["image"]
    verdict = launch["verdict"]
    yield f"container  {launch['id']}"
    yield f"image      {printable(image['reference'])}  {image['digest']}".rstrip()
    yield f"command    {printable(' '.join(launch['argv']))}"
    yield f"policy     {_policy(verdict)}"
    yield f"started    {found.started}"
    yield f"ended      {_end(found)}"
    yield from _refused(found.exit)
    yield ""
    rows = records.enforcement_from(launch["enforcement"])
    width = max((len(one.protection) for one in rows), default=0)
    states = max((len(one.state) for one in rows), default=0)
    for one in rows:
        yield f"{one.protection.ljust(width)}  {one.state.ljust(states)}  {printable(one.by)}"
    for wrong in records.differences_from(launch["differences"]):
        yield f"difference: {wrong.what} should be {wrong.planned}, the kernel said {wrong.found}"


def as_json(found: Inspected) -> str:
    """For programs: the bodies of both records."""
    import json

    whole = {
        "started": found.started,
        "launch": found.launch,
        "ended": found.ended or None,
        "exit": found.exit or None,
    }
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def _policy(verdict: Any) -> str:
    from secure.flows.plain_records import verdict_from

    told = verdict_from(verdict)
    return f"{told.policy}: {told.outcome}"


def _end(found: Inspected) -> str:
    if not found.exit and found.launch["image"]["reference"].startswith(BUNDLE):
        return "not recorded: the engine that called secure oci watches it"
    if not found.exit:
        return "not recorded: it still runs, or was killed together with its supervisor"
    how = f"{found.ended}, code {found.exit['exit_code']}"
    if kills := found.exit.get("oom_kills"):
        how += f"; the memory limit was used up, so the kernel killed processes inside: {kills}"
    if error := found.exit.get("error"):
        how += f", not started: {printable(error)}"
    return how


def _refused(end: dict[str, Any]) -> Iterator[str]:
    calls = end.get("refused_calls")
    if calls is None:
        if end and "error" not in end:
            yield "refused    unknown: not visible where it ran (see: secure info)"
        return
    title = "refused    "
    for one in calls:
        by = one.get("allowed_by")
        hint = {None: "", "": ", no profile allows it"}.get(by, f", profile {by} allows it")
        yield f"{title}{one['call']}, {one['count']} times, {one['errno']}{hint}"
        title = " " * len(title)
    if not calls:
        yield f"{title}no system call"
    elif end.get("more_refused"):
        yield f"{title}and others, which were no longer counted"
