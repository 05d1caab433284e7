"""The peers of this machine: where they are, and that a command of theirs works."""

from __future__ import annotations

import shutil
import subprocess

from callers import Caller
from images import BUSYBOX_TAG, Busybox
from runner import Command


def tool(name: str) -> str:
    """Its path.

    Raises:
        RuntimeError: it is not installed.
    """
    found = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


def proved(command: Command) -> Command:
    """The command, once it has worked.

    Raises:
        RuntimeError: it failed; with its last words.
    """
    done = subprocess.run(
        command.argv, capture_output=True, text=True, check=False, env=command.env,
        cwd=command.folder, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{command.name}: {done.stderr.strip()[-300:]}")
    return command


def podman_run(name: str, runtime: str, image: Busybox, who: Caller) -> Command:
    """`podman run --rm --network none` of /bin/true by `runtime`, the image loaded before.

    Raises:
        RuntimeError: there is no podman, or it cannot load the image.
    """
    # Its own choice of folders: with XDG_RUNTIME_DIR elsewhere podman 4.3 waits 20 s for an exit.
    env = {name: text for name, text in who.env.items() if not name.startswith("XDG_")}
    base = (tool("podman"), "--runtime", runtime, "--cgroup-manager=cgroupfs")
    done = subprocess.run(
        [*base, "load", "-q", "-i", image.archive],
        capture_output=True, text=True, check=False, env=env, cwd="/",
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"podman load: {done.stderr.strip()[-300:]}")
    limits = () if who.uid else ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
    argv = (*base, "run", "--rm", "--pull=never", "--network", "none", *limits,
            f"localhost/{BUSYBOX_TAG}", "/bin/true")  # fmt: skip
    return Command(name, argv, env)
