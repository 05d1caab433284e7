"""kill -9 of the client, of who joins or of the program before each of their system calls, in exec.

After each: the container runs on, alone, and takes the next process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import Runtime
from installation import Account, children, leaves_nothing
from stepping import eventually, points, reap, says_why, step

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel


@pytest.fixture
def running(runtime: Runtime, bundle: Path) -> Iterator[int]:
    """The container "c"; its pid."""
    assert runtime.create("c", bundle).code == 0, runtime.printed("c")
    assert runtime("start", "c").code == 0
    yield runtime.state("c")["pid"]
    assert runtime("delete", "--force", "c").code == 0


def command(runtime: Runtime) -> list[str]:
    root = str(runtime.folder / f"state-{runtime.name}")
    return [*runtime.command, "--root", root, "exec", "c", "/bin/true"]


def test_a_kill_before_any_system_call_leaves_the_container_as_it_was(
    engine: Account, runtime: Runtime, running: int, most: int
) -> None:
    assert runtime("exec", "c", "/bin/true").code == 0  # warm: caches are made
    with leaves_nothing(engine):
        found: list[object] = []
        reached = []
        for process, call in points(step(engine, command(runtime)).counts, most):
            stepped = step(engine, command(runtime), process=process, call=call)
            reached.append(stepped.hit >= 0)
            reap()
            alone = eventually(lambda: children() == {running}, 3)
            told = stepped.ended.code in {0, -9, 137} or says_why(stepped.ended)
            if not (alone and told and not stepped.hung and not engine.half_written()):
                found.append((process, call, stepped, alone))
        assert not found
        assert 2 * sum(reached) > len(reached)  # else they were counted on another path
        assert runtime.state("c")["status"] == "running"
        assert runtime("exec", "c", "/bin/true").code == 0
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())
