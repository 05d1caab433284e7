"""A program that ends at once: init must notice, however late it is itself."""

from __future__ import annotations

import pytest
from containers import Caller, Workshop

pytestmark = pytest.mark.kernel

# Init goes on only when the program is already dead: the order that a busy machine may choose.
_INIT_IS_LATE = (
    "runtime/init.py",
    "    return _reap_until(payload)\n",
    "    os.waitid(os.P_PID, payload, os.WEXITED | os.WNOWAIT)\n    return _reap_until(payload)\n",
)


def test_a_program_that_ends_before_init_waits_is_noticed(shop: Workshop, who: Caller) -> None:
    late = shop.package("late-init", (_INIT_IS_LATE,))
    assert shop.start(who, "/bin/false", package=late).code == 1
