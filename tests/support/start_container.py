"""Starts one container through `secure.runtime`, as a process of its own, for kernel tests.

    python3 -I -S start_container.py PACKAGES SPECIFICATION -- COMMAND...

PACKAGES is the folder that holds `secure`: the checkout, or a copy with a protection taken out.
SPECIFICATION is JSON; see `Specification` below. Prints what the program prints; the evidence and
the differences go to the file that the specification names.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main(packages: str, specification: dict[str, Any], argv: list[str]) -> int:
    sys.path.insert(0, packages)
    from secure.errors import SecureError
    from secure.kernel.capabilities import last_capability
    from secure.policy.settings import Settings
    from secure.runtime import idmaps
    from secure.runtime.enforcement import enforcements
    from secure.runtime.plan import MASKED, READ_ONLY, Machine, make_plan
    from secure.runtime.request import Payload
    from secure.runtime.supervisor import Start, supervise

    uid = specification.get("uid", 10001)
    settings = Settings(
        uid=uid,
        gid=specification.get("gid", uid),
        read_only_rootfs=specification.get("read_only", True),
        no_new_privileges=True,
        capabilities=tuple(specification.get("capabilities", ())),
        seccomp="default",
        memory_bytes=256 << 20,
        pids=64,
        millicpus=1000,
        nofile=256,
        tmpfs=(("/tmp", 8 << 20), ("/run", 1 << 20)),
        shm_bytes=1 << 20,
        network=specification.get("network", "none"),
        binds=tuple(_bind(*bind) for bind in specification.get("binds", ())),
        landlock=specification.get("landlock", True),
        limits="best-effort",
        origins=(),
    )
    payload = Payload(
        argv=tuple(argv),
        env=(("PATH", "/bin"), ("HOME", "/")),
        cwd=specification.get("cwd", "/"),
        hostname="inside",
        terminal=specification.get("terminal", False),
        resolv_conf="",
        origins=(),
    )
    present = tuple(path for path in (*MASKED, *READ_ONLY) if os.path.lexists(path))
    maps = idmaps.choose(specification.get("map", ""), settings.uid, settings.gid)
    plan = make_plan(
        os.urandom(8).hex(),
        payload,
        settings,
        maps,
        tuple(specification["layers"]),
        Machine((), (), present),
    )
    with open(specification["filter"], "rb") as file:
        bpf = file.read()
    with open(specification["plain"], "rb") as file:
        plain = file.read()
    seen: dict[str, Any] = {"differences": [], "enforcement": [], "evidence": ""}

    def record(evidence: Any, differences: Any) -> None:
        seen["evidence"] = repr(evidence)
        seen["differences"] = [[d.number, d.what, d.planned, d.found] for d in differences]
        seen["enforcement"] = [[e.protection, e.state, e.by] for e in enforcements(plan, evidence)]
        seen["pid"] = evidence.pid
        with open(specification["out"], "w", encoding="utf-8") as out:
            json.dump(seen, out)

    start = Start(
        plan,
        bpf,
        last_capability(),
        None,
        specification.get("interactive", False),
        lambda: plain,
    )
    try:
        return supervise(start, lambda: record).exit_code
    except SecureError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code


def _bind(source: str, target: str, read_only: bool) -> Any:
    from secure.runtime.binds import look_at

    return look_at(source, target, read_only=read_only)


if __name__ == "__main__":
    divider = sys.argv.index("--")
    with open(sys.argv[2], encoding="utf-8") as text:
        wanted = json.load(text)
    sys.exit(main(sys.argv[1], wanted, sys.argv[divider + 1 :]))
