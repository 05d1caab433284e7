"""dockerd and containerd for tests: daemons of our own, in namespaces that end with them.

They are found on PATH; `scripts/engine-check` unpacks Debian's where they are not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from containers import APPLETS
from installation import Account, Ended

_PATIENCE_S = 60
_CGROUPS = Path("/sys/fs/cgroup")
# Of everything the daemon does, only its folder and what it makes of cgroups is left. The map of
# "nobody" is what --userns-remap asks for; no file of this machine is changed.
_SET_UP = """
mount --make-rprivate / && mount -t tmpfs none /run && mount -t proc proc /proc
echo nobody:1900000000:65536 >/run/subordinate
for file in subuid subgid; do
    [ -e /etc/$file ] && mount --bind /run/subordinate /etc/$file
done
"$@" & wait
"""


@dataclass
class Daemon:
    """A daemon that runs, and the command that speaks to it.

    Args:
        client: its first words.
        parent: the directory of cgroups that it was told to use.
    """

    account: Account
    folder: Path
    client: list[str]
    parent: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str) -> Ended:
        done = subprocess.run(
            [*self.client, *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=self.environment,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def cgroups(self) -> list[str]:
        """What containers have left below the parent."""
        return [str(path) for path in _CGROUPS.glob(f"*{self.parent}/*") if path.is_dir()]


def needed(*tools: str) -> None:
    """Skip, with the reason, unless root finds every tool."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found (scripts/engine-check brings them)")


def root_file_system(folder: Path) -> Path:
    """busybox, and the directories that an image has."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed (apt-get install busybox-static)")
    for name in ("bin", "etc", "tmp", "proc", "dev", "sys"):
        (folder / name).mkdir(parents=True)
    shutil.copy(busybox, folder / "bin/busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    return folder


def archive(rootfs: Path, to: Path) -> Path:
    """The same as a tar for `docker import`, owned by root."""
    with tarfile.open(to, "w") as tar:
        tar.add(rootfs, arcname=".", filter=_of_root)
    return to


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


@contextmanager
def running(daemon: Daemon, command: list[str], probe: tuple[str, ...]) -> Iterator[Daemon]:
    """Start it, wait until `probe` works, and end it and all it started afterwards.

    Skips:
        it does not start on this machine; the end of what it said is the reason.
    """
    daemon.folder.mkdir(exist_ok=True)
    daemon.environment = daemon.account.environment | {"PATH": os.environ["PATH"]}
    log = daemon.folder / "daemon.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                "unshare", "--mount", "--pid", "--fork", "--kill-child",
                "sh", "-eu", "-c", _SET_UP, "sh", *command,
            ],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            cwd=daemon.folder, env=daemon.environment,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while daemon(*probe).code != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"{command[0]} does not start here: {log.read_text()[-300:]}")
            time.sleep(0.1)
        yield daemon
    finally:
        process.kill()  # unshare ignores softer signals; its child dies with it, and all below
        process.wait()
        for path in _CGROUPS.glob(f"*{daemon.parent}") if daemon.parent else ():
            _remove_cgroup(path)


def _remove_cgroup(top: Path) -> None:
    deadline = time.monotonic() + 10
    below = [path for path in sorted(top.rglob("*"), reverse=True) if path.is_dir()]
    for path in (*below, top):
        while path.is_dir() and time.monotonic() < deadline:
            try:
                path.rmdir()
            except OSError:
                time.sleep(0.05)
