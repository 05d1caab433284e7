"""`linux.seccomp` of config.json as a profile that our compiler takes. Pure.

Engines write lists that contradict themselves: podman allows `setns` and refuses it further down.
The stricter of two answers counts. System calls that this machine's libseccomp does not know are
left to the default action, as other runtimes do.

Source: runtime-spec config-linux.md, "Seccomp".
"""

from __future__ import annotations

from secure.errors import DocumentError
from secure.oci.json_text import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Strictest first.
ACTIONS = (
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
    "SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_ALLOW",
)  # fmt: skip
# What each promises the loader of the filter: nothing that a filter of ours lacks.
FLAGS = ("SECCOMP_FILTER_FLAG_TSYNC",)
_NOT_APPLIED = {
    "SECCOMP_FILTER_FLAG_LOG": "logging refused calls is for the administrator to turn on",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": "it would take a mitigation of processor flaws away",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": "there is no listener here",
}


def to_profile(seccomp: dict[str, Any]) -> bytes:
    """The profile as JSON.

    Raises:
        DocumentError: an action or flag that is refused, by the field's name.
    """
    for flag in seccomp.get("flags") or ():
        if flag in _NOT_APPLIED:
            raise DocumentError(f'linux.seccomp.flags: "{flag}" is refused: {_NOT_APPLIED[flag]}')
        if flag not in FLAGS:
            raise DocumentError(f'linux.seccomp.flags: unknown "{flag}"')
    default = seccomp.get("defaultAction") or ""
    _known(default, "linux.seccomp.defaultAction")
    rules: list[dict[str, Any]] = []
    whole: dict[str, dict[str, Any]] = {}
    for number, rule in enumerate(seccomp.get("syscalls") or ()):
        where = f"linux.seccomp.syscalls[{number}]"
        _known(rule.get("action") or "", f"{where}.action")
        plain = {key: rule[key] for key in ("names", "action", "errnoRet", "args") if rule.get(key)}
        if not plain.get("names"):
            raise DocumentError(f"{where}.names: at least one expected")
        if plain.get("args"):
            rules.append(plain)
            continue
        for name in plain["names"]:
            kept = whole.get(name)
            if kept is None or _strictness(plain) < _strictness(kept):
                whole[name] = plain
    rules += _gathered(whole)
    profile: dict[str, Any] = {
        "defaultAction": default,
        "architectures": seccomp.get("architectures") or ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": [{**rule, "optional": True} for rule in rules],
    }
    if seccomp.get("defaultErrnoRet") is not None:
        profile["defaultErrnoRet"] = seccomp["defaultErrnoRet"]
    return encode(profile).encode()


def _gathered(whole: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules without arguments, one for each answer."""
    groups: dict[tuple[str, int | None], list[str]] = {}
    for name, rule in whole.items():
        groups.setdefault((rule["action"], rule.get("errnoRet")), []).append(name)
    return [
        {"names": names, "action": action, **({"errnoRet": errno} if errno else {})}
        for (action, errno), names in groups.items()
    ]


def _strictness(rule: dict[str, Any]) -> int:
    return ACTIONS.index(rule["action"])


def _known(action: str, where: str) -> None:
    if action in {"SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"}:
        raise DocumentError(f"{where}: {action} is refused: this runtime hands no listener out")
    if action not in ACTIONS:
        raise DocumentError(f'{where}: unknown action "{action}"')
