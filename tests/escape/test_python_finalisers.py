"""Finalisers: an object that dies in the clone child may close a descriptor used for another thing.

The child is a copy of the supervisor, garbage included. Init switches the collector off first, and
leaves by `os._exit`, so that neither atexit nor destructors run twice.
"""

from __future__ import annotations

import pytest
from attack import INIT, Arena, Replacement
from containers import Caller

pytestmark = pytest.mark.kernel

SUPERVISOR = "runtime/supervisor.py"
# Garbage in a cycle, as a library of the supervisor's might leave it, and work that lets the
# collector run in the child.
GARBAGE: tuple[Replacement, ...] = (
    (
        SUPERVISOR,
        "        pid = clone(",
        (
            "        import gc\n        gc.disable()\n        _Garbage()\n        gc.enable()\n"
            "        pid = clone("
        ),
    ),
    (
        SUPERVISOR,
        "class Container:\n",
        (
            "class _Garbage:\n"
            "    def __init__(self):\n        self.me = self\n"
            "    def __del__(self):\n"
            "        os.write(2, b'finaliser ran as %d\\n' % os.getpid())\n\n\n"
            "class Container:\n"
        ),
    ),
    (
        INIT,
        "    _sethostname(plan.hostname)\n",
        "    kept = [[] for _ in range(100_000)]\n    _sethostname(plan.hostname)\n",
    ),
)
COLLECTOR_ON: Replacement = (INIT, "        gc.disable()  #", "        #")
LEAVES_NORMALLY: tuple[Replacement, ...] = (
    (SUPERVISOR, "import select\n", "import atexit\nimport select\n"),
    (
        SUPERVISOR,
        "        pid = clone(",
        "        atexit.register(os.write, 2, b'atexit ran\\n')\n        pid = clone(",
    ),
)


def test_no_finaliser_runs_in_init(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, "true", replaced=GARBAGE)
    assert found.code == 0
    assert "finaliser ran as 1\n" not in found.err


def test_what_the_supervisor_registered_runs_once(arena: Arena, user: Caller) -> None:
    found = arena.try_on(user, "true", replaced=LEAVES_NORMALLY)
    assert found.err.count("atexit ran") == 1


def test_control_with_the_collector_on_it_does(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, "true", replaced=(*GARBAGE, COLLECTOR_ON))
    assert "finaliser ran as 1\n" in found.err
