"""Resource limits of this process, against what Python's own module says."""

from __future__ import annotations

import os
import resource

import pytest

from secure.errors import KernelError
from secure.kernel.rlimits import RLIMITS, UNLIMITED, hard_limit, set_rlimit


@pytest.mark.parametrize("name", sorted(RLIMITS.keys() - {"locks"}))  # the module lacks that one
def test_a_hard_limit_is_the_one_that_the_resource_module_reads(name: str) -> None:
    number = getattr(resource, f"RLIMIT_{name.upper()}")
    assert RLIMITS[name] == number
    assert hard_limit(name) == resource.getrlimit(number)[1]
    assert UNLIMITED == resource.RLIM_INFINITY


def test_a_limit_that_is_set_reads_back() -> None:
    child = os.fork()
    if child == 0:
        set_rlimit("nofile", 64, 128)
        os._exit(0 if resource.getrlimit(resource.RLIMIT_NOFILE) == (64, 128) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_soft_limit_above_the_hard_one_is_refused() -> None:
    with pytest.raises(KernelError, match="prlimit64"):
        set_rlimit("core", 2, 1)
