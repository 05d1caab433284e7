"""A memory bomb must end at the container's limit.

Without a cgroup the limit is RLIMIT_DATA, for each process: evidence says "partly enforced".
Memory that is shared between processes is not counted by any rlimit; only a cgroup holds it.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller
from installation import Account
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel

MOST = 200  # MiB; the guard's own limit is 256
TIGHT = (
    ("runtime/plan.py", 'wanted["data"] = settings.memory_bytes', 'wanted["data"] = 64 << 20'),
)


def test_private_memory_ends_at_the_limit(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood(f"memory {MOST}"), replaced=TIGHT))
    assert int(found["mebibytes"]) <= 64


def test_control_without_limits_it_does_not(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, arena.flood(f"memory {MOST}"), replaced=TIGHT, without=("rlimits",))
    assert int(said(found)["mebibytes"]) == MOST


def test_evidence_does_not_promise_what_an_rlimit_cannot_hold(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, "true")
    states = {protection: state for protection, state, _ in found.seen["enforcement"]}
    assert states["memory limit"] == "partly enforced"


@pytest.mark.parametrize("kind", ["memory", "shared-memory"])
def test_under_a_cgroup_both_kinds_are_held(
    person: Account, images: Images, arena: Arena, kind: str
) -> None:
    if "memory limit" in person.secure("info").out and person.who.name != "root":
        pytest.skip("this user has no cgroup of its own: secure setup delegate")
    path = images.made("bomb", NewFile(b"bin/attack", arena.program.read_bytes(), mode=0o755))
    words = arena.flood(f"{kind} {MOST}").split()
    ended = person.secure("run", "--memory", "32m", path, *words)
    assert ended.code == 137, ended.err
    assert "mebibytes" not in ended.out


def test_shared_memory_without_a_cgroup_is_as_documented(arena: Arena, user: Caller) -> None:
    # docs/threat-model.md, "Limit fully without a cgroup". If this is red, the page is out of date.
    found = arena.try_on(user, arena.flood(f"shared-memory {MOST}"), replaced=TIGHT)
    assert int(said(found)["mebibytes"]) == MOST
