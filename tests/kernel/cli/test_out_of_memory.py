"""A container that used up its memory limit is reported as such."""

from __future__ import annotations

import pytest
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

HUNGRY = "dd if=/dev/zero of=/dev/null bs=200M count=1"


def counted(account: Account) -> bool:
    """A cgroup holds this user's memory."""
    lines = account.secure("info").out.splitlines()
    return any(line.startswith("memory limit") and "cgroup" in line for line in lines)


@pytest.fixture
def limited(account: Account) -> Account:
    """One whose memory a cgroup limits."""
    if not counted(account):
        pytest.skip("this user has no cgroup for memory: secure setup delegate")
    return account


def test_the_program_itself_ends_with_137(limited: Account, images: Images) -> None:
    ended = limited.secure("run", "--memory", "32m", images.good, *HUNGRY.split())

    assert ended.code == 137
    assert (
        "the program was killed with code 137; the container used up its memory limit of 32 MiB"
        in (ended.err)
    )
    assert limited.records()[-1][1]["oom_kills"] == 1
    assert "code 137; the memory limit was used up" in limited.secure("inspect").out


def test_a_child_that_was_killed_is_told_where_the_program_goes_on(
    limited: Account, images: Images
) -> None:
    ended = limited.secure("run", "-m", "32m", images.good, "sh", "-c", f"{HUNGRY}; exit 0")

    assert ended.code == 0
    assert "the program ended with code 0; the container used up its memory limit" in ended.err


def test_nothing_is_claimed_where_no_cgroup_counts(account: Account, images: Images) -> None:
    account.secure("run", images.good, "true")

    assert account.records()[-1][1]["oom_kills"] == (0 if counted(account) else None)
