"""Abstract sockets need no file, so no mount hides them: only the network namespace does."""

from __future__ import annotations

import pytest
from attack import Arena
from containers import Caller

pytestmark = pytest.mark.kernel


def test_no_socket_of_the_host_is_listed(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, "cat /proc/net/unix | wc -l; cat /proc/net/tcp | wc -l")
    assert found.out.split() == ["1", "1"], "the heading alone"


def test_control_in_the_hosts_network_they_are(arena: Arena, user: Caller) -> None:
    # With `--network host`, which the policy has to allow, the lists of the host can be read.
    found = arena.try_on(user, "cat /proc/net/unix | wc -l", network="host")
    assert int(found.out) > 1
