"""CVE-2020-15257: an abstract socket of the host's is reached from the host's network namespace.

Two walls: a network namespace of its own (the default), and, where the policy let a launch share
the host's, Landlock's scope for abstract sockets (ABI 6). secure itself listens on none.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from attack import Arena, said
from containers import Caller

from secure.kernel.landlock import abi

pytestmark = pytest.mark.kernel

# nc of busybox knows no abstract names: a small program does.
CONNECT = r"""
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
int main(int n, char **word) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(to.sun_path + 1, word[n - 1], sizeof to.sun_path - 2);
    int bad = connect(fd, (void *)&to, sizeof(sa_family_t) + 1 + strlen(word[n - 1]));
    printf("connect=%s\n", bad ? strerrorname_np(errno) : "ok");
    return 0;
}
"""


@pytest.fixture(scope="module")
def layer(arena: Arena) -> Path:
    """A layer with the small program."""
    return arena.compiled("connect", CONNECT)


@pytest.fixture
def server() -> Iterator[str]:
    """The name of an abstract socket that this machine listens on."""
    name = f"secure-test-{os.urandom(4).hex()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        yield name


def test_the_socket_is_not_in_the_containers_network(
    arena: Arena, who: Caller, layer: Path, server: str
) -> None:
    found = said(arena.try_on(who, f"/bin/connect {server}", layers=(layer,)))
    assert found == {"connect": "ECONNREFUSED"}


def test_in_the_hosts_network_landlock_refuses(
    arena: Arena, who: Caller, layer: Path, server: str
) -> None:
    if abi() < 6:
        pytest.skip("this kernel's Landlock has no scope for abstract sockets (ABI 6, Linux 6.12)")
    found = said(arena.try_on(who, f"/bin/connect {server}", layers=(layer,), network="host"))
    assert found == {"connect": "EPERM"}


def test_control_without_landlock_the_host_answers(
    arena: Arena, who: Caller, layer: Path, server: str
) -> None:
    found = arena.try_on(
        who, f"/bin/connect {server}", layers=(layer,), network="host", without=("landlock",)
    )
    assert said(found) == {"connect": "ok"}


def test_secure_listens_on_no_abstract_socket(arena: Arena, user: Caller) -> None:
    before = set(Path("/proc/net/unix").read_text().split())
    arena.try_on(user, "sleep 0.2")
    assert not [
        word
        for word in set(Path("/proc/net/unix").read_text().split()) - before
        if word.startswith("@") and "secure" in word
    ]
