"""One sentence of runtime-spec 1.2, and how it is tried on a runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundles import Runtime, base_config, write_config
from stepping import eventually

Config = dict[str, Any]
Change = Callable[[Config], object]
YES, NO, REFUSED = "yes", "no", "refused"
CGROUP = f"secure/conformance-{os.getpid()}"  # another process may be trying the table, too


@dataclass(frozen=True)
class Case:
    """One sentence.

    Args:
        chapter: the specification's file. change: makes the config.
        script: shell inside; it prints "ok" where the sentence holds.
        steps: instead of a script: drives the runtime, True where the sentence holds.
        fails: the sentence demands an error from create; of secure's, what it names.
    """

    chapter: str
    sentence: str
    change: Change | None = None
    script: str = ""
    steps: Callable[[Runtime, Path], bool] | None = None
    fails: str = ""


def try_case(runtime: Runtime, bundle: Path, case: Case) -> str:
    """`YES`, `NO`, or `REFUSED` where the runtime said at create that it does not do this."""
    config = base_config(runtime.who)
    if case.script:
        config["process"]["args"] = ["/bin/sh", "-c", case.script]
    if case.change:
        case.change(config)
    write_config(bundle, config)
    try:
        if case.steps:
            return YES if case.steps(runtime, bundle) else NO
        created = runtime.create("c", bundle)
        if case.fails:
            return NO if created.code == 0 else YES
        if created.code != 0:
            return REFUSED
        if runtime("start", "c").code != 0:
            return NO
        stopped = eventually(lambda: runtime.state("c").get("status") == "stopped")
        return YES if stopped and runtime.printed("c").strip() == "ok" else NO
    finally:
        runtime("delete", "--force", "c")


def process(**fields: Any) -> Change:
    return lambda config: config["process"].update(fields)


def linux(**fields: Any) -> Change:
    return lambda config: config["linux"].update(fields)


def top(**fields: Any) -> Change:
    return lambda config: config.update(fields)


def mounted(target: str, kind: str, *options: str, source: str = "") -> Change:
    entry = {"destination": target, "type": kind, "source": source or kind, "options": [*options]}
    return lambda config: config["mounts"].append(entry)


def set_script(bundle: Path, script: str) -> None:
    """Let the bundle's program be this shell script."""
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["/bin/sh", "-c", script]
    write_config(bundle, config)
