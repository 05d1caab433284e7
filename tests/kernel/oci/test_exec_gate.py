"""The gate of `exec`: a process that is not what was planned dies before its program runs.

Each control is the real command with one text of it changed, so that the process that enters lacks
one protection and the container itself has all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Account, Ended, Installed

pytestmark = pytest.mark.kernel

# Init is process 1 of the container's pid namespace; who enters is not.
_INIT = "os.getpid() == 1"
CONTROLS = {
    "seccomp mode": (
        "join.py",
        "listener.install(joining.filters,",
        "listener.install((),",
    ),
    "effective capabilities": (
        "inside.py",
        "capabilities.mask(held) for name, held",
        f'capabilities.mask(held if {_INIT} else ("CAP_CHOWN",)) for name, held',
    ),
    "user ids": (
        "inside.py",
        "    os.setresuid(privileges.uid, privileges.uid, privileges.uid)",
        f"    {_INIT} and os.setresuid(privileges.uid, privileges.uid, privileges.uid)",
    ),
    "supplementary groups": (
        "inside.py",
        "os.setgroups(list(privileges.groups))",
        f"os.setgroups(list(privileges.groups) if {_INIT} else [7])",
    ),
    "uts namespace": (
        "join.py",
        "if os.fstat(fd).st_ino ==",
        'if name == "uts" or os.fstat(fd).st_ino ==',
    ),
    "mnt namespace": (
        "join.py",
        "if os.fstat(fd).st_ino ==",
        'if name == "mnt" or os.fstat(fd).st_ino ==',
    ),
    "limit nofile": (
        "inside.py",
        "    for name, soft, hard in process.rlimits:",
        f"    for name, soft, hard in process.rlimits if {_INIT} else ():",
    ),
    "cgroups": (
        "join.py",
        'cgroup.join(Place("", tuple((d, d) for d in state.cgroups)), pid)',
        "cgroup",
    ),
}


def altered(installed: Installed, account: Account, what: str) -> Path:
    """The command without one protection."""
    file, old, new = CONTROLS[what]
    return installed.altered(account.folder / "altered", f"runtime/oci/{file}", old, new)


def entered(account: Account) -> Ended:
    """What `exec` in a container of this account's command says."""
    secure = Runtime(
        "secure", (str(account.command), "oci"), account.folder, account.who, account.environment
    )
    config = base_config(account.who)
    limit = {"type": "RLIMIT_NOFILE", "soft": 64, "hard": 64}
    config["process"] |= {"args": ["/bin/sleep", "60"], "rlimits": [limit]}
    folder = account.folder / "bundle"
    folder.mkdir()
    assert secure.create("c", make_bundle(folder, account.who, config)).code == 0
    try:
        assert secure("start", "c").code == 0
        user = ("--user", "5:5") if account.who.uid == 0 else ()
        return secure("exec", *user, "c", "/bin/sh", "-c", "echo ran")
    finally:
        secure("delete", "--force", "c")


@pytest.fixture
def root(installed: Installed) -> Iterator[Account]:
    with installed.account(caller("root")) as account:
        yield account


@pytest.mark.parametrize("who", ["user", "root"])
def test_what_is_as_planned_runs_and_is_in_the_audit_log(installed: Installed, who: str) -> None:
    with installed.account(caller(who)) as account:
        ended = entered(account)
        assert (ended.code, ended.out) == (0, "ran\n"), ended.err
        kind, record = account.records()[-1]
        assert (kind, record["argv"][-1], record["differences"]) == ("exec", "echo ran", [])
        assert " exec " in account.secure("audit", "log").out


@pytest.mark.parametrize("what", CONTROLS)
def test_a_process_that_lacks_a_protection_runs_nothing(
    installed: Installed, root: Account, what: str
) -> None:
    if what == "cgroups" and not any(
        os.access(f"/sys/fs/cgroup/{name}cgroup.procs", os.W_OK) for name in ("", "pids/")
    ):
        pytest.skip("no control group can be made here")
    command = altered(installed, root, what)
    ended = entered(replace(root, command=command))
    assert ended.code != 0
    assert ended.out == ""
    kind, record = root.records()[-1]
    assert kind == "exec"
    assert what in [difference[1] for difference in record["differences"]], record["differences"]
    assert "killed at the gate" in ended.err


def test_an_ordinary_users_exec_has_the_gate_as_well(installed: Installed) -> None:
    with installed.account(caller("user")) as account:
        command = altered(installed, account, "uts namespace")
        ended = entered(replace(account, command=command))
    assert (ended.out, "uts namespace should be" in ended.err) == ("", True), ended.err
