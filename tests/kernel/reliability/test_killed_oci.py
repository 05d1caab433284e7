"""kill -9 of the client or of init before each of their system calls, in create, start and delete.

After each: the state is true, `delete --force` works, nothing is left, and the id is free.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import Runtime
from installation import Account, children, leaves_nothing
from stepping import eventually, points, reap, says_why, step

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel

TRUE: dict[str, set[str | None]] = {
    "create": {None, "created", "stopped"},
    "start": {"created", "running", "stopped"},
    "delete": {None, "created", "running", "stopped"},
}


def ready(runtime: Runtime, bundle: Path, verb: str) -> list[str]:
    """Bring "c" to where the verb begins; the command line."""
    words = {"create": ["--bundle", str(bundle)], "delete": ["--force"]}
    if verb != "create":
        assert runtime.create("c", bundle).code == 0, runtime.printed("c")
    if verb == "delete":
        assert runtime("start", "c").code == 0
    root = str(runtime.folder / f"state-{runtime.name}")
    return [*runtime.command, "--root", root, verb, *words.get(verb, []), "c"]


def faults(runtime: Runtime, verb: str) -> list[object]:
    """What is wrong: the state does not settle to a true one, it cannot be deleted, or is left."""
    settled = eventually(lambda: runtime.state("c").get("status") in TRUE[verb], 3)
    found: list[object] = [] if settled else [runtime.state("c")]
    deleted = runtime("delete", "--force", "c")
    found += [deleted] if deleted.code else []
    reap()
    found += [path.name for path in runtime.folder.glob("state-secure/*")]
    return found + ([] if eventually(lambda: not children(), 3) else [children()])


@pytest.mark.parametrize("verb", ["create", "start", "delete"])
def test_a_kill_before_any_system_call_leaves_nothing_and_a_true_state(
    engine: Account, runtime: Runtime, bundle: Path, verb: str, most: int
) -> None:
    runtime.create("c", bundle)  # warm: caches are made
    runtime("delete", "--force", "c")
    reap()
    with leaves_nothing(engine):
        counts = step(engine, ready(runtime, bundle, verb)).counts
        found = faults(runtime, verb)
        for process, call in points(counts, most):
            command = ready(runtime, bundle, verb)
            stepped = step(engine, command, process=process, call=call)
            unclear = process and stepped.ended.code and not says_why(stepped.ended)
            if wrong := faults(runtime, verb) + ([stepped.ended] if unclear else []):
                found.append((process, call, stepped.hit, wrong))
        assert not found
    assert runtime.create("c", bundle).code == 0, runtime.printed("c")
    assert runtime("delete", "--force", "c").code == 0
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())
