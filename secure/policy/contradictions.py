"""Values of a policy that cannot hold together."""

from __future__ import annotations

from secure.policy.keys import LAUNCH_KEYS, key, written
from secure.policy.settings import DENY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secure.policy.settings import ParameterValue

_BOUNDED = ("launch.memory", "launch.pids", "launch.cpus", "launch.nofile", "launch.tmpfs")


def contradictions(values: Mapping[str, ParameterValue]) -> Iterator[tuple[str, str]]:
    """Every (key, what is wrong with it); keys that are not there contradict nothing."""
    for section in _BOUNDED:
        yield from _default_above_max(values, section)
    for section in ("launch.capabilities", "launch.seccomp"):
        yield from _default_not_allowed(values, section)
    for name in ("launch.seccomp.allow", "launch.network.allow"):
        if values.get(name) == ():
            yield name, f"{name} allows nothing: every launch would be refused"
    yield from _too_much_tmpfs(values)
    yield from _allowed_and_denied(values)


def _default_above_max(
    values: Mapping[str, ParameterValue], section: str
) -> Iterator[tuple[str, str]]:
    name = f"{section}.default"
    default, most = values.get(name), values.get(f"{section}.max")
    if isinstance(default, int) and isinstance(most, int) and default > most:
        shown, limit = written(LAUNCH_KEYS[name], default), written(LAUNCH_KEYS[name], most)
        yield (
            name,
            f"{name} {shown} contradicts {section}.max {limit}: the default is above the most",
        )


def _default_not_allowed(
    values: Mapping[str, ParameterValue], section: str
) -> Iterator[tuple[str, str]]:
    default, allowed = values.get(f"{section}.default"), values.get(f"{section}.allow")
    if default is None or not isinstance(allowed, tuple):
        return
    wanted = default if isinstance(default, tuple) else (str(default),)
    for entry in wanted:
        if entry not in allowed:
            yield (
                f"{section}.default",
                f"{section}.default {entry} contradicts {section}.allow, which does not have it",
            )


def _too_much_tmpfs(values: Mapping[str, ParameterValue]) -> Iterator[tuple[str, str]]:
    paths = values.get("launch.tmpfs.paths")
    default, most = values.get("launch.tmpfs.default"), values.get("launch.tmpfs.max")
    if not (isinstance(paths, tuple) and isinstance(default, int) and isinstance(most, int)):
        return
    needed = default * len(paths)
    if default <= most < needed:
        size = key("launch.tmpfs.max")
        what = (
            f"launch.tmpfs.max {written(size, most)} contradicts launch.tmpfs.default"
            f" {written(size, default)}: {len(paths)} paths need {written(size, needed)}"
        )
        yield "launch.tmpfs.max", what


def _allowed_and_denied(values: Mapping[str, ParameterValue]) -> Iterator[tuple[str, str]]:
    allowed = values.get("launch.capabilities.allow")
    denied = values.get("rules.RUN003.parameters.deny")
    if values.get("rules.RUN003.launch") != DENY:
        return
    if isinstance(allowed, tuple) and isinstance(denied, tuple):
        for entry in allowed:
            if entry in denied:
                yield (
                    "launch.capabilities.allow",
                    f"launch.capabilities.allow has {entry}, which rule RUN003 denies",
                )
