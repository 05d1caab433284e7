"""Resource limits: set, read back, lowered to the ceiling and reported."""

from __future__ import annotations

import resource
import subprocess

import pytest

from secure.errors import KernelError
from secure.kernel.rlimits import UNLIMITED, Clamp, Rlimit, clamp, rlimits, set_rlimits


def test_all_limits_are_read_as_the_kernel_has_them() -> None:
    found = {limit.name: (limit.soft, limit.hard) for limit in rlimits()}

    assert found["nofile"] == resource.getrlimit(resource.RLIMIT_NOFILE)
    assert {"as", "core", "data", "nproc", "fsize"} <= set(found)


def test_limits_of_another_process_are_set_and_read_back() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        set_rlimits((Rlimit("nofile", 32, 64), Rlimit("core", 0, 0)), process.pid)
        found = {limit.name: limit for limit in rlimits(process.pid)}
        process.kill()

    assert found["nofile"] == Rlimit("nofile", 32, 64)
    assert found["core"] == Rlimit("core", 0, 0)


@pytest.mark.parametrize(
    ("wanted", "ceiling", "given"),
    [
        ((100, 200), 1000, (100, 200)),
        ((100, 2000), 1000, (100, 1000)),
        ((1500, 2000), 1000, (1000, 1000)),
        ((UNLIMITED, UNLIMITED), 1000, (1000, 1000)),
        ((100, UNLIMITED), 1000, (100, 1000)),
        ((UNLIMITED, UNLIMITED), UNLIMITED, (UNLIMITED, UNLIMITED)),
        ((5, 5), 0, (0, 0)),
    ],
)
def test_a_limit_is_lowered_to_the_hard_limit(
    wanted: tuple[int, int], ceiling: int, given: tuple[int, int]
) -> None:
    lowered, clamps = clamp((Rlimit("nofile", *wanted),), (Rlimit("nofile", 0, ceiling),))

    assert lowered == (Rlimit("nofile", *given),)
    assert bool(clamps) is (wanted != given)


def test_what_was_lowered_is_reported() -> None:
    _, clamps = clamp((Rlimit("nofile", 10, 2000),), (Rlimit("nofile", 10, 1000),))

    assert clamps == (Clamp("nofile", 2000, 1000),)


def test_a_limit_without_a_ceiling_stays() -> None:
    assert clamp((Rlimit("core", 0, 0),), ()) == ((Rlimit("core", 0, 0),), ())


def test_a_process_that_is_gone_is_named() -> None:
    with subprocess.Popen(["true"]) as process:
        pass

    with pytest.raises(KernelError, match=f'prlimit "RLIMIT_NOFILE of {process.pid}" failed'):
        set_rlimits((Rlimit("nofile", 1, 1),), process.pid)


def test_soft_above_hard_is_refused_by_the_kernel() -> None:
    with pytest.raises(KernelError, match="Invalid argument"):
        set_rlimits((Rlimit("core", 2, 1),))
