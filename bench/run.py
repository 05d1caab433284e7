"""A whole container, `/bin/true` in busybox: `secure run` against runc, podman, crun and bwrap.

secure judges the launch, compares what the kernel enforces with its plan and writes two audit
records; runc, crun and bwrap are given a finished bundle and do nothing of this kind.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from callers import Caller, as_caller, caller, in_child, ordinary
from images import BUSYBOX_TAG, Busybox, busybox
from installed import Installed, installed
from runner import Command, Figure, Goal, adopt_orphans, arguments, interleave, ratio, table

_SECURE = "secure run"
_RUNC = "runc run"
_PODMAN = "podman run"


def measure(product: Installed, runs: int, user: pwd.struct_passwd) -> Figure:
    """The figure, as `user`; its goals count for an ordinary user only."""
    with caller(user) as who:
        adopt_orphans()
        image = in_child(lambda: busybox(who.home))
        return as_caller(who, lambda: _measure(product, image, runs, who))


def _measure(product: Installed, image: Busybox, runs: int, who: Caller) -> Figure:
    commands = [_secure(product, image, who)]
    notes = []
    for make in (_runc, _podman, _crun, _bwrap):
        try:
            commands.append(_proved(make(image, who)))
        except (RuntimeError, OSError) as why:
            notes.append(f"{make.__name__.strip('_')} is left out: {why}")
    found = interleave(commands, runs)
    base = _RUNC if _RUNC in found else _SECURE
    goals = []
    if who.uid != 0:
        for peer, most in ((_RUNC, 1.0), (_PODMAN, 0.15)):
            if peer in found:
                what = f"{_SECURE} against {peer}, ordinary user"
                goals.append(Goal(what, most, ratio(found[_SECURE], found[peer])))
    kind = "root" if who.uid == 0 else "an ordinary user, no subordinate ids"
    return Figure(f"run as {kind}", (*table(found, base), *notes), tuple(goals))


def _secure(product: Installed, image: Busybox, who: Caller) -> Command:
    argv = (product.secure, "run", "--rm", "--user", "10001:10001", image.archive, "/bin/true")
    # The first run verifies, scans and unpacks; what is compared is a launch.
    return _proved(Command(_SECURE, argv, who.env))


def _runc(image: Busybox, who: Caller) -> Command:
    path = _tool("runc")
    bundle = _bundle(path, image, who, "runc")
    return Command(
        _RUNC, (path, "--root", f"{bundle}/state", "run", "-b", bundle, "bench"), who.env
    )


def _crun(image: Busybox, who: Caller) -> Command:
    path = _tool("crun")
    # The bundle that runc described: crun's own leaves out the id maps.
    bundle = _bundle(_tool("runc"), image, who, "crun")
    options = ("--root", f"{bundle}/state", "--cgroup-manager=disabled")
    return Command("crun run", (path, *options, "run", "-b", bundle, "bench"), who.env)


def _bundle(runc: str, image: Busybox, who: Caller, name: str) -> str:
    """An OCI bundle of the root file system: no terminal, otherwise as `runc spec` makes it."""
    bundle = f"{who.home}/{name}"
    os.mkdir(bundle)
    rootless = ["--rootless"] if who.uid else []
    subprocess.run([runc, "spec", *rootless, "-b", bundle], check=True, env=who.env)
    config = Path(bundle, "config.json")
    spec = json.loads(config.read_text(encoding="utf-8"))
    spec["process"] |= {"terminal": False, "args": ["/bin/true"]}
    spec["root"] = {"path": image.rootfs, "readonly": True}
    config.write_text(json.dumps(spec), encoding="utf-8")
    return bundle


def _podman(image: Busybox, who: Caller) -> Command:
    path = _tool("podman")
    # Its own choice of folders: with XDG_RUNTIME_DIR elsewhere podman 4.3 waits 20 s for an exit.
    env = {name: text for name, text in who.env.items() if not name.startswith("XDG_")}
    base = (path, "--runtime", _tool("runc"), "--cgroup-manager=cgroupfs")
    done = subprocess.run(
        [*base, "load", "-q", "-i", image.archive],
        capture_output=True, text=True, check=False, env=env, cwd="/",
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"podman load: {done.stderr.strip()[-300:]}")
    limits = () if who.uid else ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")
    argv = (*base, "run", "--rm", "--pull=never", "--network", "none", *limits,
            f"localhost/{BUSYBOX_TAG}", "/bin/true")  # fmt: skip
    return Command(_PODMAN, argv, env)


def _bwrap(image: Busybox, who: Caller) -> Command:
    argv = (_tool("bwrap"), "--unshare-all", "--ro-bind", image.rootfs, "/", "--proc", "/proc",
            "--dev", "/dev", "/bin/true")  # fmt: skip
    return Command("bwrap (no policy, no filter)", argv, who.env)


def _tool(name: str) -> str:
    found = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise RuntimeError("it is not installed")
    return found


def _proved(command: Command) -> Command:
    """The command, once it has worked."""
    done = subprocess.run(
        command.argv, capture_output=True, text=True, check=False, env=command.env,
        cwd=command.folder, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{command.name}: {done.stderr.strip()[-300:]}")
    return command


def figures(product: Installed, runs: int) -> tuple[Figure, ...]:
    """As an ordinary user, and, where we are root, as root for information."""
    # The owner of the installation first: his first launch packs its modules (decision 6).
    owner = (measure(product, runs, pwd.getpwuid(0)),) if os.geteuid() == 0 else ()
    return (measure(product, runs, ordinary()), *owner)


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    with installed() as product_here:
        for figure in figures(product_here, given.runs):
            print(figure.text())
