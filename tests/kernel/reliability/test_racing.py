"""Clients that do different things to one container at the same time: each waits for its turn.

Whatever the order comes out as: every answer is ours, nothing of a deleted container is left, and
the state is one that the specification knows.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Account, Ended, Installed, children, leaves_nothing
from stepping import eventually, reap

from secure.audit.verify import verify

pytestmark = pytest.mark.kernel

STATUS = {"creating", "created", "running", "paused", "stopped"}
_CLIENTS = 6


def verbs() -> list[tuple[str, ...]]:
    """One round: the verbs that change a container, some twice."""
    return [
        ("create",),
        ("create",),
        ("start",),
        ("start",),
        ("exec", "/bin/true"),
        ("state",),
        ("pause",),
        ("resume",),
        ("update", "--pids-limit", "30"),
        ("kill", "KILL"),
        ("delete",),
        ("delete", "--force"),
    ]


def asked(runtime: Runtime, number: int, words: tuple[str, ...], bundle: Path) -> Ended:
    """One client's verb; flags stand before the id, and what is executed behind it."""
    verb, *rest = words
    if verb == "create":
        # A container holds the file that its client's output went to: one for each client.
        return replace(runtime, folder=runtime.folder / f"client-{number}").create("c", bundle)
    behind = rest if verb in {"exec", "kill"} else []
    return runtime(verb, *(word for word in rest if word not in behind), "c", *behind)


def told(ended: Ended) -> bool:
    """It worked, or says why it did not, in our words."""
    ours = "Traceback" not in ended.err and "our bug" not in ended.err
    killed = ended.code == 137  # the program's code, of `exec`
    return ended.code == 0 or killed or (ours and "secure oci: " in ended.err)


def test_verbs_that_race_for_one_container_leave_a_true_state(
    engine: Account, runtime: Runtime, bundle: Path
) -> None:
    order = random.Random(4)
    # Each client has a folder of its own, and all have one place of state.
    shared = runtime.folder / "state-secure"
    shared.mkdir(mode=0o700, exist_ok=True)
    engine.own(shared)
    for number in range(len(verbs())):
        (runtime.folder / f"client-{number}").mkdir()
        (runtime.folder / f"client-{number}/state-secure").symlink_to(shared)
    with leaves_nothing(engine), ThreadPoolExecutor(_CLIENTS) as pool:
        for _ in range(4):
            words = verbs()
            order.shuffle(words)
            clients = [pool.submit(asked, runtime, n, one, bundle) for n, one in enumerate(words)]
            wait(clients, timeout=3)
            # Who entered a container that was paused just then waits for its end.
            assert runtime("delete", "--force", "c").code == 0
            answers = [(one, got.result()) for one, got in zip(words, clients, strict=True)]
            assert [one for one in answers if not told(one[1])] == []
            shown = runtime("state", "c")
            assert shown.code or json.loads(shown.out)["status"] in STATUS
            assert runtime("delete", "--force", "c").code == 0
            reap()
            assert list(runtime.folder.glob("state-secure/*")) == []
            assert eventually(lambda: not children(), 5)
    log = verify(str(engine.log))
    assert (log.broken, log.torn) == (None, ())


def test_a_container_that_is_paused_before_its_start_is_not_started(
    installed: Installed,
) -> None:
    with installed.account(caller("root")) as engine:
        words = (str(engine.command), "oci")
        runtime = Runtime("secure", words, engine.folder, engine.who, engine.environment)
        config = base_config(engine.who)
        config["linux"]["resources"] = {"pids": {"limit": 20}}
        made = runtime.create("c", make_bundle(engine.folder / "bundle", engine.who, config))
        if "cannot be applied" in made.err:
            pytest.skip(made.err)
        with leaves_nothing(engine):
            assert runtime("pause", "c").code == 0
            assert runtime.state("c")["status"] == "paused"
            assert "it is paused" in runtime("start", "c").err
            assert runtime("resume", "c").code == 0
            assert runtime.state("c")["status"] == "created"
            assert runtime("pause", "c").code == 0
            assert runtime("delete", "--force", "c").code == 0


def test_a_start_that_waits_for_a_stopped_init_does_not_keep_delete_waiting(
    engine: Account, runtime: Runtime, bundle: Path
) -> None:
    with leaves_nothing(engine):
        assert runtime.create("c", bundle).code == 0
        assert runtime("kill", "c", "STOP").code == 0
        with ThreadPoolExecutor(1) as pool:
            start = pool.submit(runtime, "start", "c")
            # It has the container for itself from when it has read the state on.
            assert eventually(lambda: holds(runtime))
            assert runtime("delete", "--force", "c").code == 0
            assert told(start.result())


def holds(runtime: Runtime) -> bool:
    """Some command works on the container."""
    fd = os.open(runtime.folder / "state-secure/c", os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
