"""Each call of the table, made for real: refused under the filter, answered without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyseccomp
import pytest
from confinement import filter_of, needs_root, ordinary_uid, probe, run
from seccomp_calls import ABSENT, AS_ANYONE, AS_ROOT, BAD, CLONE_NEW, SIGCHLD

from secure.policy.settings import SECCOMP_PROFILES

pytestmark = pytest.mark.kernel

LOW_32 = 0xFFFFFFFF
HIGH_BIT = 1 << 32  # CVE-2019-7303: the kernel looks at the low 32 bits only
SIGSYS = "signal 31"
IOCTL, TIOCSTI, TIOCSETD, TIOCLINUX, TIOCGWINSZ = "ioctl", 0x5412, 0x5423, 0x541C, 0x5413
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK = 1, 2, 10, 16, 17, 38, 40
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_DCCP, SOCK_PACKET = 1, 2, 3, 6, 10

Calls = tuple[tuple[str, tuple[Any, ...]], ...]


def _probes(calls: Calls) -> list[tuple[str, int, tuple[Any, ...]]]:
    """With numbers of this machine; calls that it does not have are left out."""
    numbered = [(name, pyseccomp.resolve_syscall(0, name.split()[0]), args) for name, args in calls]
    return [probe for probe in numbered if probe[1] >= 0]


def _with_and_without(
    calls: Calls, uid: int, profile: str = "default"
) -> tuple[dict[str, str], dict[str, str]]:
    probes = _probes(calls)
    return (
        probe(filter_of(profile), probes=probes, uid=uid),
        probe(probes=probes, uid=uid),
    )


@pytest.mark.parametrize("profile", SECCOMP_PROFILES)
def test_what_an_ordinary_user_could_do_is_refused(profile: str) -> None:
    refused, control = _with_and_without(AS_ANYONE, ordinary_uid(), profile)

    assert {name for name, answer in refused.items() if answer != "EPERM"} == set()
    assert {name for name, answer in control.items() if answer == "EPERM"} <= _SWITCHED_OFF


@pytest.mark.parametrize("profile", SECCOMP_PROFILES)
def test_what_root_could_do_is_refused(profile: str) -> None:
    needs_root()

    refused, control = _with_and_without(AS_ROOT + AS_ANYONE, 0, profile)

    assert {name for name, answer in refused.items() if answer != "EPERM"} == set()
    assert {name for name, answer in control.items() if answer == "EPERM"} <= _LOCKED_DOWN


def _sysctl(name: str) -> int:
    file = Path("/proc/sys", name)
    return int(file.read_text()) if file.exists() else -1


# What the administrator took from ordinary users is no control.
_SWITCHED_OFF = {
    call
    for call, name, value in (
        ("unshare", "user/max_user_namespaces", 0),
        ("unshare", "kernel/unprivileged_userns_clone", 0),
        ("io_uring_setup", "kernel/io_uring_disabled", 2),
        ("io_uring_setup", "kernel/io_uring_disabled", 1),
    )
    if _sysctl(name) == value
}
# Kernels that are locked down or lack the part answer so themselves.
_LOCKED_DOWN = {"kexec_load", "kexec_file_load", "iopl", "ioperm", "init_module", "finit_module",
    "delete_module", "bpf", "perf_event_open", "swapon", "swapoff", "acct", "reboot"}  # fmt: skip


def test_the_dangerous_calls_really_work_here_without_the_filter() -> None:
    control = probe(probes=_probes(AS_ANYONE), uid=ordinary_uid())

    works = {name for name, answer in control.items() if answer == "ok"}
    assert {"process_vm_readv", "personality", "get_mempolicy"} <= works
    assert works >= {"unshare", "keyctl", "io_uring_setup", "userfaultfd"} - _SWITCHED_OFF


def test_new_calls_seem_absent_so_that_libc_takes_the_old_way() -> None:
    refused, control = _with_and_without(ABSENT, ordinary_uid())

    assert set(refused.values()) == {"ENOSYS"}
    assert control["clone3"] != "ENOSYS"


def test_a_number_that_no_kernel_knows_seems_absent() -> None:
    assert probe(filter_of("default"), probes=[("unknown", 4000, ())]) == {"unknown": "ENOSYS"}


@pytest.mark.parametrize("name", sorted(CLONE_NEW))
@pytest.mark.parametrize("more", [0, HIGH_BIT])
def test_clone_makes_processes_but_no_namespaces(name: str, more: int) -> None:
    needs_root()
    calls: Calls = (
        (f"clone {name}", (CLONE_NEW[name] | SIGCHLD | more, 0, 0, 0, 0)),
        ("clone", (SIGCHLD | more, 0, 0, 0, 0)),
    )

    refused, control = _with_and_without(calls, 0)

    assert refused == {f"clone {name}": "EPERM", "clone": "ok"}
    assert control == {f"clone {name}": "ok", "clone": "ok"}


@pytest.mark.parametrize("more", [0, HIGH_BIT, 7 << 61])
@pytest.mark.parametrize("request_", [TIOCSTI, TIOCSETD, TIOCLINUX])
def test_terminal_injection_is_refused_whatever_the_upper_bits(request_: int, more: int) -> None:
    calls: Calls = (
        ("ioctl refused", (BAD, request_ | more, 0)),
        ("ioctl other", (BAD, TIOCGWINSZ | more, 0)),
    )

    refused, control = _with_and_without(calls, 0)

    assert refused == {"ioctl refused": "EPERM", "ioctl other": "EBADF"}
    assert control == {"ioctl refused": "EBADF", "ioctl other": "EBADF"}


SOCKETS = (
    # family, type, protocol, under the default profile, under strict
    (AF_UNIX, SOCK_STREAM, 0, "ok", "ok"),
    (AF_INET, SOCK_STREAM, 0, "ok", "EAFNOSUPPORT"),
    (AF_INET, SOCK_DGRAM, 0, "ok", "EAFNOSUPPORT"),
    (AF_INET6, SOCK_STREAM, 0, "ok", "EAFNOSUPPORT"),
    (AF_NETLINK, SOCK_RAW, 0, "ok", "EAFNOSUPPORT"),
    (AF_NETLINK, SOCK_RAW, 9, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_NETLINK, SOCK_RAW, 9 | HIGH_BIT, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_NETLINK, SOCK_RAW, 12, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_PACKET, SOCK_RAW, 0, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_ALG, 5, 0, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_ALG | HIGH_BIT, 5, 0, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_VSOCK, SOCK_STREAM, 0, "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (AF_INET, SOCK_PACKET, 0, "ESOCKTNOSUPPORT", "EAFNOSUPPORT"),
    (AF_INET, SOCK_PACKET | 0o2000000, 0, "ESOCKTNOSUPPORT", "EAFNOSUPPORT"),
    (AF_INET, SOCK_DCCP, 33, "ESOCKTNOSUPPORT", "EAFNOSUPPORT"),
)


@pytest.mark.parametrize(
    ("profile", "column"), [("default", 3), ("web", 3), ("batch", 4), ("strict", 4)]
)
def test_only_the_listed_socket_families_exist(profile: str, column: int) -> None:
    calls = tuple((f"socket {row[:3]}", row[:3]) for row in SOCKETS)

    answers = probe(filter_of(profile), probes=_probes(calls))

    assert answers == {f"socket {row[:3]}": row[column] for row in SOCKETS}


def test_the_refused_families_exist_here_without_the_filter() -> None:
    needs_root()
    control = probe(
        probes=_probes(
            (("socket", (AF_PACKET, SOCK_RAW, 0)), ("socket netlink", (AF_NETLINK, SOCK_RAW, 9)))
        )
    )

    assert control == {"socket": "ok", "socket netlink": "ok"}


def test_a_process_may_ask_for_its_personality_and_not_change_it() -> None:
    calls: Calls = tuple(
        (f"personality {value:#x}", (value,)) for value in (0, LOW_32, 8, 0x20000, 0x400000)
    )

    answers = probe(filter_of("default"), probes=_probes(calls))

    assert list(answers.values()) == ["ok", "ok", "EPERM", "EPERM", "EPERM"]


@pytest.mark.parametrize(
    ("kind", "answer"), [(0x2000, "EPERM"), (0x6000, "EPERM"), (0x1000, "EFAULT")]
)
def test_device_nodes_are_not_made(kind: int, answer: str) -> None:
    needs_root()
    calls: Calls = (("mknod", (BAD, kind | 0o600, 0)), ("mknodat", (BAD, BAD, kind | 0o600, 0)))

    refused, control = _with_and_without(calls, 0)

    assert set(refused.values()) == {answer}
    assert set(control.values()) == {"EFAULT"}


def _x86_64() -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("needs x86_64")


def test_x32_numbers_end_the_process() -> None:
    _x86_64()
    x32_getpid = [("x32 getpid", 0x40000000 | 39, ())]

    assert probe(filter_of("default"), probes=x32_getpid) == {"x32 getpid": SIGSYS}
    assert probe(probes=x32_getpid) != {"x32 getpid": SIGSYS}


def test_32_bit_calls_by_int_0x80_end_the_process() -> None:
    _x86_64()
    # mov eax, 20 (getpid of i386); int 0x80; ret
    code = "b814000000cd80c3"

    assert probe(filter_of("default"), machine_code=code) == {"machine code": SIGSYS}
    assert probe(machine_code=code) in ({"machine code": "ok"}, {"machine code": "signal 11"})


def test_a_filter_stays_in_programs_that_are_started() -> None:
    status = run(filter_of("default"), command=["cat", "/proc/self/status"])

    lines = dict(line.split(":\t", 1) for line in status.stdout.splitlines() if ":\t" in line)
    assert (lines["Seccomp"], lines["NoNewPrivs"]) == ("2", "1")
