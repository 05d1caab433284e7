"""Limits that only some containers ask for, as files of both versions of cgroups."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import MachineError, UsageError
from secure.kernel import cgroups_v1, cgroups_v2
from secure.kernel.cgroup_support import CgroupLimits, CgroupSupport
from secure.kernel.cgroups_detect import detect_further
from secure.runtime.further_limits import block_device, processors, ranges

LIMITS = CgroupLimits(
    cpu_shares=512,
    cpuset="0-1",
    io=(("read-bps", "8:0", 1000), ("write-iops", "8:0", 7), ("read-bps", "8:16", 9)),
)


def test_v1_has_a_file_for_each_rate() -> None:
    assert list(cgroups_v1.further_settings(LIMITS)) == [
        ("cpu", "cpu.shares", "512"),
        ("cpuset", "cpuset.cpus", "0-1"),
        ("io", "blkio.throttle.read_bps_device", "8:0 1000\n8:16 9"),
        ("io", "blkio.throttle.write_iops_device", "8:0 7"),
    ]


def test_v2_has_a_line_for_each_device_and_shares_in_proportion() -> None:
    assert list(cgroups_v2.further_settings(LIMITS)) == [
        ("cpu", "cpu.weight", "50"),
        ("cpuset", "cpuset.cpus", "0-1"),
        (
            "io",
            "io.max",
            "8:0 rbps=1000 wbps=max riops=max wiops=7\n8:16 rbps=9 wbps=max riops=max wiops=max",
        ),
    ]


def test_shares_need_the_processor_controller_and_others_their_own() -> None:
    assert CgroupLimits(cpu_shares=2).controllers() == ("cpu",)
    assert LIMITS.controllers() == ("cpu", "cpuset", "io")
    assert CgroupLimits(pids=5).controllers() == ("pids",)


def test_a_controller_that_nobody_has_is_refused_by_name() -> None:
    nothing = CgroupSupport("", "", "", do="Ask root.")
    with pytest.raises(MachineError, match="cannot limit rdma by cgroup") as error:
        detect_further(nothing, ("rdma",))
    assert error.value.do == "Ask root."


@given(st.sets(st.integers(0, 200), min_size=1))
def test_a_set_of_processors_is_written_as_the_kernel_does(numbers: set[int]) -> None:
    text = ranges(numbers)
    parts = [part.split("-") for part in text.split(",")]
    assert {n for part in parts for n in range(int(part[0]), int(part[-1]) + 1)} == numbers
    firsts = [(int(part[0]), int(part[-1])) for part in parts]
    assert all(end + 1 < start for (_, end), (start, _) in pairwise(firsts))


@pytest.mark.parametrize(
    "text", ["", ",", "1-", "-1", "3-1", "a", "99999", "0,0x1", "²", "0-99999"]
)
def test_a_list_that_is_none_or_not_ours_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--cpuset-cpus"):
        processors(text)


def test_our_own_processors_are_a_list() -> None:
    ours = sorted(os.sched_getaffinity(0))
    assert processors(",".join(map(str, reversed(ours)))) == ranges(set(ours))


def test_only_a_block_device_has_rates() -> None:
    for path in ("/dev/null", "/", "/nothing/here"):
        with pytest.raises(UsageError, match="device"):
            block_device(path)
