"""`linux.seccomp` of config.json as a profile that our compiler takes. Pure.

Engines write lists that contradict themselves: podman allows `setns` and refuses it further down.
The stricter of two answers counts. System calls that this machine's libseccomp does not know are
left to the default action, as other runtimes do.

Source: runtime-spec config-linux.md, "Seccomp".
"""

from __future__ import annotations

from secure.errors import DocumentError
from secure.oci.json_text import encode
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Strictest first.
ACTIONS = (
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
    "SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY", "SCMP_ACT_LOG", "SCMP_ACT_ALLOW",
)  # fmt: skip
KILLABLE = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
# The first promises the loader of the filter nothing that a filter of ours lacks.
FLAGS = ("SECCOMP_FILTER_FLAG_TSYNC", KILLABLE)
_NOTIFY = "SCMP_ACT_NOTIFY"
_NOT_APPLIED = {
    "SECCOMP_FILTER_FLAG_LOG": "logging refused calls is for the administrator to turn on",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": "it would take a mitigation of processor flaws away",
}


@value
class Listener:
    """Who answers the calls that `SCMP_ACT_NOTIFY` hands over.

    Args:
        path: of the agent's socket, on the host. metadata: for the agent.
        killable: a call that the agent has received is interrupted by nothing but a kill.
    """

    path: str
    metadata: str
    killable: bool


def listener_of(seccomp: dict[str, Any]) -> Listener | None:
    """Who is to answer; None where no call is handed over, as `listenerPath` has no effect then.

    Raises:
        DocumentError: fields that contradict each other, by name.
    """
    path, metadata = seccomp.get("listenerPath") or "", seccomp.get("listenerMetadata") or ""
    killable = KILLABLE in (seccomp.get("flags") or ())
    if metadata and not path:
        raise DocumentError("linux.seccomp.listenerMetadata: it must not be set without a path")
    if not any(rule.get("action") == _NOTIFY for rule in seccomp.get("syscalls") or ()):
        if killable:
            raise DocumentError(f'linux.seccomp.flags: "{KILLABLE}" needs {_NOTIFY}')
        return None
    if not path:
        raise DocumentError(f"linux.seccomp.listenerPath: {_NOTIFY} needs one")
    return Listener(path, metadata, killable)


def to_profile(seccomp: dict[str, Any]) -> bytes:
    """The profile as JSON.

    Raises:
        DocumentError: an action or flag that is refused, by the field's name.
    """
    _check_flags(seccomp.get("flags") or [])
    default = seccomp.get("defaultAction") or ""
    _known(default, "linux.seccomp.defaultAction")
    if default == _NOTIFY:
        raise DocumentError(
            f"linux.seccomp.defaultAction: {_NOTIFY} is refused: the container's init would live "
            "by an agent's answers"
        )
    rules: list[dict[str, Any]] = []
    whole: dict[str, dict[str, Any]] = {}
    for number, rule in enumerate(seccomp.get("syscalls") or ()):
        where = f"linux.seccomp.syscalls[{number}]"
        _known(rule.get("action") or "", f"{where}.action")
        plain = {key: rule[key] for key in ("names", "action", "errnoRet", "args") if rule.get(key)}
        if not plain.get("names"):
            raise DocumentError(f"{where}.names: at least one expected")
        _check_not_inits(plain, where)
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
    if any(rule["action"] == _NOTIFY for rule in rules):
        profile["listener"] = True
    if seccomp.get("defaultErrnoRet") is not None:
        profile["defaultErrnoRet"] = seccomp["defaultErrnoRet"]
    return encode(profile).encode()


def _check_flags(flags: list[str]) -> None:
    for flag in flags:
        if flag in _NOT_APPLIED:
            raise DocumentError(f'linux.seccomp.flags: "{flag}" is refused: {_NOT_APPLIED[flag]}')
        if flag not in FLAGS:
            raise DocumentError(f'linux.seccomp.flags: unknown "{flag}"')


def _check_not_inits(rule: dict[str, Any], where: str) -> None:
    """Init hides its memory by prctl(2) while its filter is on; the answer could be a lie."""
    if rule["action"] == _NOTIFY and "prctl" in rule["names"]:
        raise DocumentError(f'{where}.names: {_NOTIFY} of "prctl" is refused: init needs it')


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
    if action == "SCMP_ACT_TRACE":
        raise DocumentError(f"{where}: {action} is refused: this runtime traces nothing")
    if action not in ACTIONS:
        raise DocumentError(f'{where}: unknown action "{action}"')
