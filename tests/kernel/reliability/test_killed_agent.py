"""kill -9 while the listener of a container's filter is handed to its agent.

Of the client, of init, or of the process that passes the listener on, before each of the system
calls that those make at that time; in create and in exec.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from installation import Account, Installed, children, leaves_nothing
from seccomp_agent import Agent, agent, notifying
from stepping import eventually, reap, says_why, step

pytestmark = pytest.mark.kernel

# What init would wait for, if nobody answered: all that it does after its filter is on.
CALLS = ("read", "write", "close", "wait4", "getpid")
_AROUND = 60  # the last calls of client and init before the gate, and those of the gate


@pytest.fixture(scope="module")
def runtime(engine: Account, installed: Installed) -> Runtime:
    """One that waits for two seconds where nobody answers, instead of ten."""
    change = ("runtime/oci/agent.py", "PATIENCE_S * 1_000)", "PATIENCE_S * 200)")
    words = (str(installed.altered(engine.folder / "hasty", *change)), "oci")
    return Runtime("secure", words, engine.folder, engine.who, engine.environment)


@pytest.fixture(scope="module")
def heard(engine: Account) -> Iterator[Agent]:
    with agent(engine.folder, {}, **engine.who.credentials) as running:
        yield running


@pytest.fixture(scope="module")
def watched(engine: Account, heard: Agent) -> Path:
    """A container that sleeps, and whose calls the agent is asked about."""
    config = base_config(engine.who)
    config["process"]["args"] = ["/bin/sleep", "100"]
    config["linux"]["seccomp"] = notifying(heard.socket, *CALLS)
    return make_bundle(engine.folder / "watched", engine.who, config)


def near(counts: list[int], most: int) -> list[tuple[int, int]]:
    """(process, call) at which the listener is under way; at most `most` of them, 0 is all."""
    every = [(index, call) for index, last in enumerate(counts) for call in range(1, last + 1)]
    late = [(index, call) for index, call in every if counts[index] - call < _AROUND]
    return late[:: max(1, len(late) // most)] if most else late


def command(runtime: Runtime, *words: str) -> list[str]:
    return [*runtime.command, "--root", str(runtime.folder / "state-secure"), *words]


def test_a_killed_create_leaves_nothing(
    engine: Account, runtime: Runtime, watched: Path, heard: Agent, most: int
) -> None:
    words = command(runtime, "create", "--bundle", str(watched), "c")
    runtime.create("c", watched)  # warm: caches are made
    runtime("delete", "--force", "c")
    reap()
    found: list[object] = []
    with leaves_nothing(engine):
        counts = step(engine, words).counts
        assert len(counts) > 2  # client, init, and who passes the listener on
        runtime("delete", "--force", "c")
        for process, call in near(counts, most):
            stepped = step(engine, words, process=process, call=call)
            settled = eventually(
                lambda: runtime.state("c").get("status") in {None, "created", "stopped"}, 3
            )
            deleted = runtime("delete", "--force", "c")
            reap()
            alone = eventually(lambda: not children() - {heard.process.pid}, 3)
            if not (settled and deleted.code == 0 and alone) or stepped.hung:
                found.append((process, call, stepped, settled, deleted, alone))
        assert not found
    assert eventually(lambda: len(heard.heard("gone")) == len(heard.heard("state")))


def test_a_killed_exec_leaves_the_container_as_it_was(
    engine: Account, runtime: Runtime, watched: Path, heard: Agent, most: int
) -> None:
    words = command(runtime, "exec", "c", "/bin/true")
    assert runtime.create("c", watched).code == 0, runtime.printed("c")
    found: list[object] = []
    try:
        assert runtime("start", "c").code == 0
        assert runtime("exec", "c", "/bin/true").code == 0
        kept = {runtime.state("c")["pid"], heard.process.pid}
        with leaves_nothing(engine):
            for process, call in near(step(engine, words).counts, most):
                stepped = step(engine, words, process=process, call=call)
                reap()
                alone = eventually(lambda: children() == kept, 3)
                told = stepped.ended.code in {0, -9, 137} or says_why(stepped.ended)
                if not (alone and told) or stepped.hung:
                    found.append((process, call, stepped, alone))
            assert not found
        assert runtime("exec", "c", "/bin/true").code == 0
    finally:
        runtime("delete", "--force", "c")
