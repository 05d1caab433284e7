"""A kernel that lacks what containers need: refused with what it lacks, and nothing is left."""

from __future__ import annotations

import os

import pytest
from containers import caller
from installation import Installed, leaves_nothing
from v2_containers import bundle, runtime

pytestmark = pytest.mark.kernel


def test_a_container_is_refused_with_the_version_it_needs(installed: Installed) -> None:
    if tuple(map(int, os.uname().release.split(".")[:2])) >= (5, 12):
        pytest.skip("this kernel has what containers need: VM_KERNEL=bullseye has not")
    with installed.account(caller("user" if os.geteuid() else "root")) as account:
        folder = bundle(account, "echo ran", {})
        with leaves_nothing(account):
            ended = runtime(account)("run", "--bundle", str(folder), "c")
    assert (ended.code, ended.out) == (1, "")
    assert "need Linux 5.12 or newer" in ended.err
