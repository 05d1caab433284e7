"""Each protection, its probe, and its control: a build with just that protection taken out.

For every protection three things hold:
1. in the product the probe is green;
2. in a build without it, and with the gate switched off, exactly its probe is red;
3. in a build without it, but with the gate on, the gate kills the container (where the kernel shows
   the loss from outside at all).

The builds are copies of the package with one text replaced; they run nowhere but in a container.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from containers import Caller, Result, Workshop, caller

pytestmark = pytest.mark.kernel

Replacement = tuple[str, str, str]
INIT = "runtime/init.py"
ROOTFS = "runtime/rootfs.py"
GATE_OFF: Replacement = (
    "runtime/supervisor.py",
    "differences = compare(",
    "differences = () and compare(",
)
NO_FILTER: tuple[Replacement, ...] = (
    (INIT, "    _filter_calls(bpf, channel)\n", ""),
    # Without a filter there is no listener to wait for.
    ("runtime/supervisor.py", "        self._take_listener()\n", ""),
)
NO_LANDLOCK: Replacement = (
    INIT,
    "    landlocked = _confine(plan)\n",
    '    landlocked = ""\n',
)


@dataclass(frozen=True)
class Protection:
    """One protection.

    Args:
        probe: shell commands; they print "ok" and nothing else where it holds.
        out: replacements that take it out.
        gate: numbers of the gate's comparisons that notice; empty: it cannot be seen from outside.
        also: names of other protections that go with it, because the kernel couples them.
        modes: callers for which the control bites.
    """

    name: str
    probe: str
    out: tuple[Replacement, ...]
    gate: frozenset[int] = frozenset()
    also: frozenset[str] = frozenset()
    modes: tuple[str, ...] = ("user", "range", "root")


def status(field: str, wanted: str) -> str:
    return (
        f'[ "$(grep ^{field}: /proc/self/status | tr -d " \\t")" = "{field}:{wanted}" ] && echo ok'
    )


ZERO = "0" * 16
PROTECTIONS = (
    Protection(
        "read-only root",
        "touch /new 2>&1 | grep -q Read-only && echo ok",
        (
            (ROOTFS, "if plan.writable_bytes:\n        os.mk", "if True:\n        os.mk"),
            (ROOTFS, "inodes_for(plan.writable_bytes)", "99"),
            (ROOTFS, "% (plan.writable_bytes, inodes)", "% (65536, inodes)"),
            NO_LANDLOCK,  # would refuse it as well
        ),
        frozenset({9}),
    ),
    Protection(
        "bounding set",
        status("CapBnd", ZERO),
        ((INIT, "    capabilities.drop_bounding(keep, last_capability)\n", ""),),
        frozenset({4}),
    ),
    Protection(
        "system call filter",
        "unshare -U true 2>/dev/null || echo ok",
        NO_FILTER,
        frozenset({6}),
    ),
    Protection(
        "no new privileges",
        status("NoNewPrivs", "1"),
        (
            (INIT, "    prctl(PR_SET_NO_NEW_PRIVS, 1)\n", ""),
            # Without it the kernel lets an unprivileged process use neither of these two.
            *NO_FILTER,
            NO_LANDLOCK,
        ),
        frozenset({5, 6}),
        frozenset({"system call filter"}),
    ),
    Protection(
        "hidden kernel files",
        '[ -z "$(cat /proc/keys /proc/interrupts)" ] && [ -z "$(ls /sys/kernel)" ] && echo ok',
        ((ROOTFS, "    for path in plan.masked:\n", "    for path in ():\n"),),
        frozenset({10}),
    ),
    Protection(
        "read-only kernel files",
        "grep -q ' /proc/sys ro,' /proc/self/mountinfo && echo ok",
        ((ROOTFS, "    for path in plan.read_only:\n", "    for path in ():\n"),),
        frozenset({10}),
    ),
    Protection(
        "no programs on tmpfs",
        "cp /bin/busybox /tmp/busybox; /tmp/busybox true 2>/dev/null || echo ok",
        (
            (
                ROOTFS,
                "place, item.kind.encode(), item.flags, item.options",
                "place, item.kind.encode(), item.flags & ~MS_NOEXEC, item.options",
            ),
        ),
        frozenset({10}),
    ),
    Protection(
        "read-only /dev",
        "touch /dev/new 2>&1 | grep -q Read-only && echo ok",
        (
            (
                ROOTFS,
                'mount_setattr(dev, b"", _attributes(_flags_of(plan, "/dev")), AT_EMPTY_PATH)',
                "pass",
            ),
            NO_LANDLOCK,  # would refuse it as well
        ),
        frozenset({10}),
        modes=("user",),
    ),
    Protection(
        "no inherited descriptor",
        "[ ! -e /proc/self/fd/251 ] && echo ok",
        ((INIT, "_LAST_DESCRIPTOR = 0xFFFFFFFF", "_LAST_DESCRIPTOR = 250"),),
        frozenset({7}),
    ),
    Protection(
        "resource limits",
        '[ "$(ulimit -n)" = 256 ] && [ "$(ulimit -c)" = 0 ] && echo ok',
        ((INIT, "    _limit(plan)\n", ""),),
        frozenset({13}),
    ),
    Protection(
        "own host name",
        '[ "$(hostname)" = inside ] && echo ok',
        (
            (INIT, "    _sethostname(plan.hostname)\n", ""),
            ("kernel/namespaces.py", '    ("uts", CLONE_NEWUTS),\n', '    ("uts", 0),\n'),
        ),
        frozenset({8}),
    ),
    Protection(
        "own ipc namespace",
        "[ $(readlink /proc/self/ns/ipc) != $HOST_IPC ] && echo ok",
        (("kernel/namespaces.py", '    ("ipc", CLONE_NEWIPC),\n', '    ("ipc", 0),\n'),),
        frozenset({8}),
    ),
    Protection(
        "own cgroup namespace",
        "[ $(readlink /proc/self/ns/cgroup) != $HOST_CGROUP ] && echo ok",
        ((INIT, "    unshare(CLONE_NEWCGROUP)\n", ""),),
        frozenset({8}),
    ),
    Protection(
        "old root gone",
        "[ $(wc -l < /proc/self/mountinfo) -lt 40 ] && echo ok",
        (
            (ROOTFS, '    pivot_root(b".", b".")\n', '    os.chroot(".")\n'),
            (ROOTFS, '    umount2(b".", MNT_DETACH)\n', ""),
        ),
        frozenset({12}),
        modes=(),  # a chroot without CAP_SYS_CHROOT inside keeps looking like a root
    ),
    Protection(
        "init cannot be read",
        "cat /proc/1/environ >/dev/null 2>&1 || echo ok",
        ((INIT, "    prctl(PR_SET_DUMPABLE, 0)\n", ""),),
    ),
    Protection(
        "command line of the host hidden",
        '[ -z "$(tr -d "\\0" < /proc/1/cmdline)" ] && echo ok',
        ((INIT, "    wipe(*channel.arguments)\n", ""),),
    ),
)  # fmt: skip
BY_NAME = {protection.name: protection for protection in PROTECTIONS}


def probe_all(shop: Workshop, who: Caller, build: str, out: tuple[Replacement, ...]) -> Result:
    """Run every probe in one container; prints "NAME=ok" for those that are green."""
    import os

    host = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("ipc", "cgroup")}
    script = f"HOST_IPC={host['ipc']}; HOST_CGROUP={host['cgroup']}\n" + "\n".join(
        f'echo "{p.name}=$({p.probe})"' for p in PROTECTIONS
    )
    # The kind of leak that CVE-2024-21626 was: a directory of the host, open and inheritable.
    package = shop.package(build, out)
    return shop.start(who, "/bin/sh", "-c", script, package=package, planted=(251,))


def red(found: Result) -> set[str]:
    lines = dict(line.split("=", 1) for line in found.out.splitlines())
    assert set(lines) == set(BY_NAME), f"not every probe ran: {found.out} {found.err}"
    return {name for name, said in lines.items() if said != "ok"}


def test_every_protection_holds(shop: Workshop, who: Caller) -> None:
    found = probe_all(shop, who, "whole", ())
    assert red(found) == set(), found.err
    assert found.seen["differences"] == []


CONTROLS = [(p.name, mode) for p in PROTECTIONS for mode in p.modes]


@pytest.mark.parametrize(("name", "mode"), CONTROLS)
def test_without_a_protection_exactly_its_probe_is_red(
    shop: Workshop, name: str, mode: str
) -> None:
    protection = BY_NAME[name]
    build = f"ungated-{PROTECTIONS.index(protection)}"
    found = probe_all(shop, caller(mode), build, (*protection.out, GATE_OFF))
    assert red(found) == {name} | protection.also


SEEN = [p.name for p in PROTECTIONS if p.gate]


@pytest.mark.parametrize("name", SEEN)
def test_the_gate_kills_a_container_that_lost_a_protection(
    shop: Workshop, who: Caller, name: str
) -> None:
    protection = BY_NAME[name]
    found = probe_all(shop, who, f"gated-{PROTECTIONS.index(protection)}", protection.out)
    assert found.code == 125
    assert found.out == "", "an instruction of the image ran"
    assert "killed at the gate" in found.err
    assert protection.gate <= found.numbers


# Capabilities end at execve of a program without any, so this loss shows only before it.
@pytest.mark.parametrize("mode", ["user", "range", "root"])
def test_the_gate_kills_a_container_that_kept_its_capabilities(shop: Workshop, mode: str) -> None:
    out = ((INIT, "    capabilities.set_sets(keep)\n", ""),)
    found = shop.start(caller(mode), "/bin/true", package=shop.package("capset", out))
    assert (found.code, found.numbers) == (125, {4})


@pytest.mark.parametrize("namespace", ["user", "mnt", "pid", "net"])
def test_the_kernel_itself_refuses_a_start_without_these_namespaces(
    shop: Workshop, user: Caller, namespace: str
) -> None:
    flag = {"user": "CLONE_NEWUSER", "mnt": "CLONE_NEWNS", "pid": "CLONE_NEWPID"}
    name = flag.get(namespace, "CLONE_NEWNET")
    line = f'    ("{namespace}", {name}),\n'
    out = (("kernel/namespaces.py", line, f'    ("{namespace}", 0),\n'), GATE_OFF)
    found = shop.start(user, "/bin/true", package=shop.package(f"ns-{namespace}", out))
    assert found.code in {4, 125}
