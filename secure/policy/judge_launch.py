"""The launch gate's decision: what a launch gets, and whether it may run at all. Pure.

On the launch path. What is asked for and looser than the policy's bounds is denied, never clamped
in silence; what is tighter is taken.
"""

from __future__ import annotations

from secure.facts.verdict import LAUNCH
from secure.policy.capabilities import CAPABILITIES
from secure.policy.decide import Checked, decide
from secure.policy.rule import LaunchCase, parameters_of
from secure.policy.rules.launch import LAUNCH_RULES
from secure.policy.rules.launch_limits import MOST_SHARES, SHM, tmpfs_mounts
from secure.policy.settings import SECCOMP_PROFILES, Settings
from secure.policy.waive import WaiverSubject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from secure.facts.launch import LaunchAsk, MachineFacts
    from secure.facts.verdict import Verdict
    from secure.policy.settings import Bound, LaunchBounds, Policy

# The field of Settings -> the fields of LaunchAsk that it may come from.
_ASKED_BY = {
    "uid": ("uid",),
    "gid": ("gid",),
    "read_only_rootfs": ("read_only_rootfs",),
    "no_new_privileges": ("no_new_privileges",),
    "capabilities": ("cap_add", "cap_drop"),
    "seccomp": ("seccomp",),
    "memory_bytes": ("memory_bytes",),
    "pids": ("pids",),
    "millicpus": ("millicpus",),
    "nofile": ("nofile",),
    "tmpfs": ("tmpfs",),
    "network": ("network",),
    "binds": ("binds",),
}


def decide_launch(
    policy: Policy,
    ask: LaunchAsk,
    machine: MachineFacts,
    image_verdict: Verdict | None,
    now: str,
) -> tuple[Verdict, Settings]:
    """Judge a launch.

    Args:
        image_verdict: of `judge_image` by the same policy at stage `LAUNCH`, for this digest.
        now: RFC 3339, UTC.

    Returns:
        The verdict, and what the container gets. Use the settings only if the verdict allows:
        then none of them is looser than the policy's bounds.
    """
    verdict = decide(
        policy,
        _checked(policy, ask, machine, image_verdict, now),
        stage=LAUNCH,
        subject=image_verdict.subject if image_verdict is not None else "",
        waivers_for=WaiverSubject(
            (image_verdict.subject,) if image_verdict is not None and image_verdict.subject else ()
        ),
        now=now,
    )
    return verdict, settle(policy, ask, machine)


def _checked(
    policy: Policy,
    ask: LaunchAsk,
    machine: MachineFacts,
    image: Verdict | None,
    now: str,
) -> Iterator[Checked]:
    # Also the rules that are off: a bound of `launch:` holds whatever the rules say.
    for rule in LAUNCH_RULES:
        setting = policy.rule(rule.id)
        case = LaunchCase(
            ask=ask,
            bounds=policy.launch,
            machine=machine,
            image=image,
            policy_digest=policy.digest,
            waivers=policy.waivers,
            parameters=parameters_of(rule, setting.parameters),
            now=now,
        )
        yield Checked(rule, setting, tuple(rule.check(case)))


def settle(policy: Policy, ask: LaunchAsk, machine: MachineFacts) -> Settings:
    """What the launch gets: the ask where it is within the bounds, else the policy's default."""
    bounds = policy.launch
    values: dict[str, Any] = {  # keyword arguments of Settings, each of its own type
        "read_only_rootfs": bounds.read_only_rootfs or ask.read_only_rootfs is True,
        "no_new_privileges": bounds.no_new_privileges or ask.no_new_privileges is True,
        "capabilities": _capabilities(bounds, ask),
        "seccomp": _seccomp(bounds, ask),
        "memory_bytes": _number(ask.memory_bytes, bounds.memory_bytes),
        "pids": _number(ask.pids, bounds.pids),
        "millicpus": _number(ask.millicpus, bounds.millicpus),
        "nofile": _number(ask.nofile, bounds.nofile),
        "network": _choice(ask.network, bounds.network) or "none",
    }
    origins = (*_origins(policy, ask, values), ("limits", f"policy {policy.name}"))
    swap = ask.memory_swap_bytes
    if swap is not None and swap > 0:  # memory that may not be swapped is at most both together
        values["memory_bytes"] = min(values["memory_bytes"], swap)
    case = LaunchCase(ask, bounds, machine, None, policy.digest, (), {}, "")
    shm = [size for path, size in ask.tmpfs if path == SHM and 0 < size <= bounds.shm_bytes]
    return Settings(
        uid=ask.uid,
        gid=ask.gid,
        tmpfs=tmpfs_mounts(case),
        shm_bytes=shm[-1] if shm else bounds.shm_bytes,
        binds=ask.binds,
        landlock=machine.landlock_abi > 0,
        limits=bounds.limits,
        origins=origins,
        cpu_shares=min(ask.cpu_shares or 0, MOST_SHARES),
        cpuset=ask.cpuset,
        io=ask.io,
        **values,
    )


def _capabilities(bounds: LaunchBounds, ask: LaunchAsk) -> tuple[str, ...]:
    base = () if "ALL" in ask.cap_drop else bounds.default_capabilities
    added = CAPABILITIES if "ALL" in ask.cap_add else ask.cap_add
    return tuple(sorted({*base, *added}.intersection(bounds.capabilities).difference(ask.cap_drop)))


def _number(asked: int | None, bound: Bound) -> int:
    return asked if asked is not None and 0 < asked <= bound.most else bound.default


def _seccomp(bounds: LaunchBounds, ask: LaunchAsk) -> str:
    # Where two policies met, the default of one may not be allowed by the other: then the next
    # stricter profile that is.
    start = SECCOMP_PROFILES.index(bounds.default_seccomp)
    stricter = [name for name in SECCOMP_PROFILES[start:] if name in bounds.seccomp]
    return _choice(ask.seccomp or (stricter[0] if stricter else None), bounds.seccomp)


def _choice(asked: str | None, allowed: tuple[str, ...]) -> str:
    """The choice asked for, else the strictest; `allowed` is ordered loosest first."""
    if asked in allowed:
        return asked
    return allowed[-1] if allowed else ""


def _origins(
    policy: Policy, ask: LaunchAsk, values: dict[str, object]
) -> Iterator[tuple[str, str]]:
    said = dict(ask.origins)
    by_policy = f"policy {policy.name}"
    for field, sources in _ASKED_BY.items():
        asked = [name for name in sources if getattr(ask, name) not in (None, ())]
        who = ", ".join(dict.fromkeys(said.get(name, "default") for name in asked))
        if field in ("uid", "gid"):
            yield field, who
        elif not asked:
            yield field, by_policy
        elif _taken(field, ask, values):
            yield field, who
        else:
            yield field, f"{by_policy} ({who} refused)"


def _taken(field: str, ask: LaunchAsk, values: dict[str, object]) -> bool:
    if field == "capabilities":
        kept = values[field]
        return isinstance(kept, tuple) and set(kept).issuperset(set(ask.cap_add) - {"ALL"})
    return field not in values or values[field] == getattr(ask, field)
