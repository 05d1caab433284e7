"""System calls that a container's filter refused, for people and for the audit log."""

from __future__ import annotations

import errno

from secure.errors import SecureError
from secure.kernel import seccomp_profile
from secure.kernel.bpf import RET_ALLOW, answer
from secure.kernel.signals import FORWARDED
from secure.kernel.syscall_names import system_call_name
from secure.policy.settings import SECCOMP_PROFILES
from secure.store.builtin import read_builtin
from secure.store.paths import cache_dir
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain
    from secure.runtime.supervisor import Outcome

_MOST_SHOWN, _MOST_RECORDED = 6, 64
# 128 + SIGSYS: the filter ends a program that makes calls of another architecture.
_ENDED_BY_FILTER = 159
_ENDED_BY_CALLER = tuple(128 + number for number in FORWARDED)


@value
class RefusedCall:
    """One system call, by name.

    Args:
        errno: the answer, e.g. "EPERM".
        allowed_by: the tightest built-in profile that allows the call as it was made, "" if none
            does; None where nobody looked, as the program ended well.
    """

    name: str
    errno: str
    count: int
    allowed_by: str | None


def refused_calls(outcome: Outcome) -> tuple[RefusedCall, ...]:
    """What was refused, in the order of the first attempts."""
    failed = outcome.exit_code != 0
    return tuple(
        RefusedCall(
            system_call_name(int.from_bytes(one.call[:4], "little")),
            errno.errorcode.get(one.errno, str(one.errno)),
            one.count,
            allowed_by(one.call) if failed else None,
        )
        for one in (outcome.refused or ())[:_MOST_RECORDED]
    )


def allowed_by(call: bytes) -> str:
    """The tightest built-in profile that allows `call` (struct seccomp_data); "" if none does."""
    for name in reversed(SECCOMP_PROFILES):
        profile = read_builtin(f"seccomp/{name}.json")
        try:
            program = seccomp_profile.load_filter(profile, f"{cache_dir()}/seccomp")
            if answer(program, call) == RET_ALLOW:
                return name
        except SecureError:  # a hint is not worth an error
            continue
    return ""


def body(outcome: Outcome, calls: tuple[RefusedCall, ...]) -> dict[str, Plain]:
    """The part of the exit record; empty where refused calls cannot be seen."""
    if outcome.refused is None:
        return {}
    rows: list[Plain] = []
    for one in calls:
        row: dict[str, Plain] = {"call": one.name, "errno": one.errno, "count": one.count}
        if one.allowed_by is not None:
            row["allowed_by"] = one.allowed_by
        rows.append(row)
    more = outcome.more_refused or len(outcome.refused) > _MOST_RECORDED
    return {"refused_calls": rows, "more_refused": more}


def line(outcome: Outcome, calls: tuple[RefusedCall, ...], profile: str, container: str) -> str:
    """Why a program that failed may have failed; "" where nothing was refused."""
    if outcome.exit_code == _ENDED_BY_FILTER:
        return (
            f'code 159 is that of SIGSYS: seccomp profile "{profile}" ends a program that makes '
            "system calls of another architecture (32-bit or x32)"
        )
    if not calls or outcome.exit_code in _ENDED_BY_CALLER:
        return ""
    told = [_words(one) for one in calls[:_MOST_SHOWN]]
    if len(calls) > _MOST_SHOWN or outcome.more_refused:
        told.append("and others")
    others = [one.allowed_by for one in calls if one.allowed_by]
    hint = ""
    if others:  # the one that allows all of them
        loosest = min(others, key=SECCOMP_PROFILES.index)
        hint = f"; if launch.seccomp.allow of the policy has it: --security-opt seccomp={loosest}"
    return (
        f'the program ended with code {outcome.exit_code}; seccomp profile "{profile}" had refused '
        f"{', '.join(told)}{hint}; see: secure inspect {container}"
    )


def _words(one: RefusedCall) -> str:
    times = "once" if one.count == 1 else f"{one.count} times"
    by = f"profile {one.allowed_by} allows it" if one.allowed_by else "no profile allows it"
    return f"{one.name} {times} with {one.errno} ({by})"
