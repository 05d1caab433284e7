"""What a launch removes of the cgroups that killed launches left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from confinement import needs_root

from secure.flows import machine
from secure.runtime.plan import Limits

_NOBODY = 2**22 + 1  # pid_max is at most 2^22


def test_only_those_of_this_pid_namespace_whose_supervisor_is_gone() -> None:
    needs_root()
    support = machine.look()
    if not support.by_cgroup:
        pytest.skip("no cgroup can be made here")
    base = Path(support.cgroups.bases[0][1])
    here = os.stat("/proc/self/ns/pid").st_ino
    names = [f"sweep-{_NOBODY}-{here}", f"sweep-{_NOBODY}-1", f"sweep-{os.getppid()}-{here}"]
    left = [base / name for name in names]
    for one in left:
        one.mkdir(parents=True)
    try:
        made = support.make_cgroup("sweeper", Limits(64 << 20, 10, 1000, support.by_cgroup))
        assert made is not None
        made.remove()
        assert [one.exists() for one in left] == [False, True, True]
    finally:
        for one in left:
            if one.exists():
                one.rmdir()
