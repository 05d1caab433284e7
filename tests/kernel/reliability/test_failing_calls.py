"""System calls that fail as they do on a full or broken disk, or where the machine runs short.

Whatever fails: a message of ours with a documented code, a state that is whole, a log that can be
verified, and nothing left. Where the command says that it worked, it did.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from bundles import Runtime
from installation import Account, children, leaves_nothing
from made_images import Images
from stepping import eventually, points, reap, says_why, step

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel

# Numbers of x86-64.
WRITE, RENAME, LINK, MKDIR, FSYNC = (1, 18), (82, 264, 316), (265,), (83, 258), (74, 75)
TRUNCATE, MKFIFO = (77,), (259,)
OPEN, PIPE, CLONE, MAP, FORK = (257,), (293,), (56, 435), (9,), (57, 58)
WAITS = (7, 61, 73, 230, 271)  # poll wait4 flock clock_nanosleep ppoll
FAULTS = {
    "the disk is full": (errno.ENOSPC, (*WRITE, *RENAME, *LINK, *MKDIR, *MKFIFO)),
    "the disk is broken": (errno.EIO, (*WRITE, *FSYNC, *RENAME, *TRUNCATE)),
    "no descriptor is free": (errno.EMFILE, (*OPEN, *PIPE)),
    "no memory is free": (errno.ENOMEM, (*CLONE, *MAP, *FORK, *OPEN)),
    "a signal comes": (errno.EINTR, WAITS),
}
"""What happens -> the error, and the calls that fail with it."""
OURS = "/__pycache__/start."  # before it was opened, only the interpreter itself could tell


def created(runtime: Runtime, bundle: Path, verb: str) -> list[str]:
    words = {"create": ["--bundle", str(bundle)], "delete": ["--force"]}
    if verb != "create":
        assert runtime.create("c", bundle).code == 0, runtime.printed("c")
    root = str(runtime.folder / f"state-{runtime.name}")
    return [*runtime.command, "--root", root, verb, *words.get(verb, []), "c"]


AFTER = {"create": "created", "start": "running", "delete": None}


@pytest.mark.parametrize("verb", ["create", "start", "delete"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_fails_is_told_and_leaves_a_whole_state(
    engine: Account, runtime: Runtime, bundle: Path, verb: str, fault: str, few: int
) -> None:
    error, calls = FAULTS[fault]
    runtime.create("c", bundle)
    runtime("delete", "--force", "c")
    reap()
    with leaves_nothing(engine):
        wrong: list[object] = []
        counts = step(engine, created(runtime, bundle, verb), calls=calls, after=OURS).counts
        runtime("delete", "--force", "c")
        for process, call in points(counts, few):
            command = created(runtime, bundle, verb)
            stepped = step(
                engine, command, process=process, call=call, calls=calls, error=error, after=OURS
            )
            code, status = stepped.ended.code, runtime.state("c").get("status")
            fine = says_why(stepped.ended) if code else status == AFTER[verb]
            deleted = runtime("delete", "--force", "c")
            reap()
            left = [path.name for path in engine.folder.glob("state-secure/*")]
            if left or deleted.code or not fine:
                wrong.append((process, call, stepped, status, left, deleted))
        assert not wrong
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_fails_in_run_is_told_and_leaves_nothing(
    engine: Account, images: Images, fault: str, few: int
) -> None:
    error, calls = FAULTS[fault]
    command = engine.arguments("run", images.good, "true")
    assert engine.secure("run", images.good, "true").code == 0
    with leaves_nothing(engine):
        wrong: list[object] = []
        for process, call in points(step(engine, command, calls=calls, after=OURS).counts, few):
            stepped = step(
                engine, command, process=process, call=call, calls=calls, error=error, after=OURS
            )
            reap()
            fine = stepped.ended.code == 0 or says_why(stepped.ended)
            if not (fine and eventually(lambda: not children(), 3)):
                wrong.append((process, call, stepped))
        assert not wrong
        assert engine.secure("run", images.good, "true").code == 0
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())
