"""CVE-2022-24769: inheritable capabilities were not empty, so that file capabilities came alive.

A program with file-inheritable capabilities then gets them, whoever runs it. Here the inheritable
set is what was asked for and no more, and the bounding set is no larger.
"""

from __future__ import annotations

import pytest
from attack import Arena, Replacement, said
from containers import Caller
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
SHOW = "grep ^Cap /proc/self/status | tr ':' '=' | tr -d '\\t'"
# As engines did: everything that is bounding is inheritable too.
GENEROUS: tuple[Replacement, ...] = (
    (
        "kernel/capabilities.py",
        "    capset(keep, keep, keep)\n",
        "    capset(keep, keep, 0x3fff)\n",
    ),
    ("runtime/init.py", "    capabilities.drop_bounding(keep, last_capability)\n", ""),
)


@pytest.mark.parametrize("uid", [10001, 0])
def test_every_set_is_empty_for_root_inside_as_well(arena: Arena, ranged: Caller, uid: int) -> None:
    found = said(arena.try_on(ranged, SHOW, uid=uid))
    assert found == dict.fromkeys(SETS, "0" * 16)


def test_every_set_is_empty(arena: Arena, who: Caller) -> None:
    assert said(arena.try_on(who, SHOW)) == dict.fromkeys(SETS, "0" * 16)


def test_a_kept_capability_is_the_only_one(arena: Arena, who: Caller) -> None:
    kept = ["CAP_NET_BIND_SERVICE"]
    found = said(arena.try_on(who, SHOW, capabilities=kept))
    assert set(found.values()) == {f"{1 << 10:016x}"}


def test_no_flag_makes_a_set_larger_than_the_policy_allows(person: Account, images: Images) -> None:
    ended = person.secure("run", "--cap-add", "SYS_ADMIN", images.good, "true")
    assert (ended.code, ended.out) == (125, "")


def test_control_a_generous_capset_leaves_inheritable_ones(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, SHOW, replaced=GENEROUS))
    assert int(found["CapInh"], 16) == 0x3FFF
