"""kill -9 of the supervisor, of init or of the program before each of their system calls, in `run`.

Everything of the container dies with its supervisor. What the kernel cannot clear by itself, an
empty control group, the next launch removes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from containers import caller
from installation import Account, Installed, children, leaves_nothing
from made_images import Images
from stepping import eventually, points, reap, says_why, step

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=["user", "range", "root"])
def engine(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    with installed.account(caller(request.param)) as account:
        yield account


def test_a_kill_before_any_system_call_leaves_nothing_and_a_whole_log(
    engine: Account, images: Images, most: int
) -> None:
    command = engine.arguments("run", images.good, "true")
    for _ in range(2):  # the second still packs what the first had to load
        assert engine.secure("run", images.good, "true").code == 0
    with leaves_nothing(engine):
        found: list[object] = []
        reached = []
        for process, call in points(step(engine, command).counts, most):
            stepped = step(engine, command, process=process, call=call)
            reached.append(stepped.hit >= 0)
            reap()
            gone = eventually(lambda: not children(), 3)
            told = stepped.ended.code in {0, -9, 137} or says_why(stepped.ended)
            if not (gone and told and not engine.half_written()):
                found.append((process, call, stepped, gone))
        assert not found
        assert 2 * sum(reached) > len(reached)  # else they were counted on another path
        assert engine.secure("run", images.good, "true").code == 0
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())
