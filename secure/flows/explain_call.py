"""A system call: what each built-in seccomp profile says of it and why, and who was refused it."""

from __future__ import annotations

import errno
import json

from secure.audit import read
from secure.audit.record import Record, content
from secure.errors import NotFoundError
from secure.flows.audit import log_path
from secure.policy.settings import SECCOMP_PROFILES
from secure.store.builtin import read_builtin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from secure.policy.settings import Policy

_LOOK_BACK = 5_000
_MOST_SHOWN = 5
_EPERM = 1


def explain_call(name: str, policy: Policy) -> list[str]:
    """Lines for people; empty if `name` is no system call that anything here knows."""
    profiles = {one: json.loads(read_builtin(f"seccomp/{one}.json")) for one in SECCOMP_PROFILES}
    seen = list(_seen(name))
    known = any(name in rule["names"] for found in profiles.values() for rule in found["syscalls"])
    if not known and not seen:
        return []
    alike: dict[tuple[str, ...], list[str]] = {}
    for title, found in profiles.items():
        alike.setdefault(tuple(_answers(name, found)), []).append(title)
    lines = [f"{name}  a system call"]
    for answers, titles in alike.items():
        lines += ["", f"profile {', '.join(titles)}", *(f"    {words}" for words in answers)]
    bounds = policy.launch
    lines += [
        "",
        f"policy {policy.name}",
        f"    launch.seccomp.allow = [{', '.join(bounds.seccomp)}]",
        f"    launch.seccomp.default = {bounds.default_seccomp}",
        "    ask for one of them with --security-opt seccomp=PROFILE",
        *(["", "refused lately"] if seen else []),
        *seen[-_MOST_SHOWN:],
    ]
    return lines


def _answers(name: str, profile: dict[str, Any]) -> Iterator[str]:
    """In the order in which a profile is judged; see `kernel.seccomp_compile`."""
    rules = [rule for rule in profile["syscalls"] if name in rule["names"]]
    allows = [rule for rule in rules if rule["action"] == "SCMP_ACT_ALLOW"]
    refuses = [rule for rule in rules if rule not in allows]
    for rule in sorted(refuses, key=lambda rule: "args" not in rule):
        if "args" in rule:
            yield f"{_refusal(rule)} for some arguments: {rule.get('comment', '')}"
    for rule in allows:
        some = " for some arguments" if "args" in rule else ""
        yield f"allowed{some}: {rule.get('comment', '')}"
    if any("args" not in rule for rule in allows):
        return
    rest = [rule for rule in refuses if "args" not in rule]
    for rule in rest:
        yield f"{_refusal(rule)}: {rule.get('comment', '')}"
    if not rest:
        number = profile.get("defaultErrnoRet", _EPERM)
        yield f"refused with {errno.errorcode[number]}: the profile does not name it"


def _refusal(rule: dict[str, Any]) -> str:
    return f"refused with {errno.errorcode[rule.get('errnoRet', _EPERM)]}"


def _seen(name: str) -> Iterator[str]:
    """Containers whose program made the call and was refused, oldest first."""
    try:
        for line in read.read(log_path(), limit=_LOOK_BACK, kind="exit"):
            if not isinstance(line, Record):
                continue
            body: dict[str, Any] = content(line)
            for one in body.get("refused_calls", ()):
                if one["call"] == name:
                    yield (
                        f"    {line.time}  container {body['id']}, {one['count']} times, "
                        f"{one['errno']}; it ended with code {body['exit_code']}"
                    )
    except NotFoundError:  # nothing was launched yet
        return
