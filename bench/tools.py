"""The commands that more than one figure compares, proved to work."""

from __future__ import annotations

import subprocess

from callers import Caller
from images import BUSYBOX_TAG, Busybox
from peer_bundle import bundle
from runner import Command
from where import tool


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


def secure_run(path: str, image: Busybox, who: Caller, *words: str) -> Command:
    """`secure run --rm` of `words` as the image's user."""
    argv = (path, "run", "--rm", "--user", "10001:10001", image.archive, *words)
    return Command("secure run", argv, who.env)


def crun_run(image: Busybox, who: Caller) -> Command:
    """`crun run` of /bin/true in the bundle that runc describes: its own leaves out the id maps.

    Raises:
        RuntimeError: there is no crun.
    """
    folder = bundle(image, who, "crun", ("/bin/true",))
    options = ("--root", f"{folder}/state", "--cgroup-manager=disabled")
    return Command("crun run", (tool("crun"), *options, "run", "-b", folder, "bench"), who.env)


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
