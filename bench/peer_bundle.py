"""OCI bundles of the busybox image: what `runc spec` makes, isolated as far as secure isolates.

`runc spec --rootless` shares the host's network and binds its /sys: with these, runc and crun would
be compared at less work. Its ambient capabilities have no inheritable ones to stand on.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from callers import Caller
from images import Busybox
from where import tool

_SYS = {
    "destination": "/sys", "type": "sysfs", "source": "sysfs",
    "options": ["nosuid", "noexec", "nodev", "ro"],
}  # fmt: skip


def bundle(image: Busybox, who: Caller, name: str, argv: tuple[str, ...]) -> str:
    """A bundle that runs `argv` without a terminal, in a folder of its own below `who`'s home.

    Raises:
        RuntimeError: there is no runc here.
    """
    folder = f"{who.home}/{name}"
    os.mkdir(folder)
    rootless = ["--rootless"] if who.uid else []
    subprocess.run([tool("runc"), "spec", *rootless, "-b", folder], check=True, env=who.env)
    config = Path(folder, "config.json")
    spec = json.loads(config.read_text(encoding="utf-8"))
    spec["process"] |= {"terminal": False, "args": list(argv)}
    spec["process"]["capabilities"].pop("ambient", None)
    spec["root"] = {"path": image.rootfs, "readonly": True}
    spec["mounts"] = [_SYS if m["destination"] == "/sys" else m for m in spec["mounts"]]
    spaces = spec["linux"]["namespaces"]
    if not any(space["type"] == "network" for space in spaces):
        spaces.append({"type": "network"})
    config.write_text(json.dumps(spec), encoding="utf-8")
    return folder
