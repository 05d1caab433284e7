"""CVE-2022-0185's class: a new user namespace gives capabilities over kernel code for root only.

Here the flaw was in fsconfig(2). What stops the class: the filter refuses new user namespaces by
flag in unshare and clone, hides clone3 (whose flags it cannot see), and refuses the mount API.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

NEWUSER, NEWNS = 0x10000000, 0x20000
ATTACK = f"/bin/attack call unshare {NEWUSER | NEWNS} -- fsopen =tmpfs 0 -- fsconfig $ 6 0 0 0"


def test_a_container_makes_no_user_namespace_and_opens_no_file_system(
    arena: Arena, who: Caller
) -> None:
    found = said(arena.try_on(who, ATTACK))
    assert found == {"unshare": "EPERM", "fsopen": "EPERM", "fsconfig": "EPERM"}


@pytest.mark.parametrize("flags", [NEWUSER, NEWUSER | 17, 1 << 32 | NEWUSER])
def test_no_spelling_of_the_flag_gets_through_clone(arena: Arena, user: Caller, flags: int) -> None:
    attack = f"/bin/attack call clone {flags} 0 -- clone3 @ 88 -- unshare {flags}"
    found = said(arena.try_on(user, attack))
    assert found == {"clone": "EPERM", "clone3": "ENOSYS", "unshare": "EPERM"}


def test_control_without_the_filter_the_attacker_has_a_file_system_context(
    arena: Arena, who: Caller
) -> None:
    found = said(arena.try_on(who, ATTACK, without=("filter",)))
    assert found["unshare"] == "0"
    assert int(found["fsopen"]) > 2
    assert found["fsconfig"] == "0"
