"""A bundle before the policy: what it asks for, what it gets, which filters it runs under."""

from __future__ import annotations

import os

from secure.errors import PolicyRefusedError
from secure.facts.launch import BindAsk, LaunchAsk
from secure.facts.verdict import ALLOW, LAUNCH, NOT_CHECKED, Verdict
from secure.flows import machine
from secure.flows.launch_decision import decision
from secure.flows.policies import effective
from secure.kernel.seccomp_profile import load_filter
from secure.oci.seccomp_config import listener_of, to_profile
from secure.store.builtin import read_builtin
from secure.store.paths import cache_dir
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from secure.oci.runtime_config import RuntimeConfig
    from secure.oci.seccomp_config import Listener
    from secure.policy.settings import Settings

FLOOR = "oci"
_HOST_SPACES = ("pid", "ipc", "uts")
_KERNEL_PLACES = ("/dev", "/proc", "/sys")
_HEX = frozenset("0123456789abcdef")
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@value
class Granted:
    """What the policy grants.

    Args:
        listener: whose agent answers for the last of the filters, or None.
        seccomp: names of the filters, for people.
    """

    verdict: Verdict
    settings: Settings
    filters: tuple[bytes, ...]
    listener: Listener | None
    seccomp: tuple[str, ...]
    resources: dict[str, Any]


def judge(container_id: str, bundle: str, config: RuntimeConfig) -> Granted:
    """Let the policy that counts for everyone judge a bundle.

    Raises:
        PolicyRefusedError: it says no; every reason is in the message.
    """
    policy = effective("", floor=FLOOR)
    ask = ask_of(container_id, bundle, config)
    support = machine.look()
    # Nobody has seen the image of a bundle: a rule that wants it judged cannot be answered.
    unseen = Verdict(NOT_CHECKED, LAUNCH, "", "", "", (), (), "")
    verdict, settings = decision(policy, ask, support.facts, unseen)
    if verdict.outcome != ALLOW:
        from secure.flows.oci_log import refused
        from secure.report.launch_lines import refusal_lines

        refused(container_id, bundle, verdict)
        raise PolicyRefusedError(
            f'policy "{verdict.policy}" refuses container "{container_id}":\n'
            + "\n".join(refusal_lines(verdict)),
            do="Explain a rule with: secure policy explain RULE",
        )
    place = f"{cache_dir()}/seccomp"
    names = [f"profile {settings.seccomp}"]
    filters = [load_filter(read_builtin(f"seccomp/{settings.seccomp}.json"), place)]
    listener = listener_of(config.seccomp) if config.seccomp else None
    if config.seccomp is not None:
        # Both count: the stricter answer to a call is the kernel's.
        filters.append(load_filter(to_profile(config.seccomp), place))
        agent = f", answered by the agent at {listener.path}" if listener else ""
        names.append(f"linux.seccomp{agent}")
    return Granted(
        verdict, settings, tuple(filters), listener, tuple(names),
        _resources(config, settings, policy.plain),
    )  # fmt: skip


def ask_of(container_id: str, bundle: str, config: RuntimeConfig) -> LaunchAsk:
    """What a config asks for, in the words of the launch rules."""
    process = config.process
    held = {name for _, names in process.capabilities for name in names} if process else set()
    memory = _positive((config.resources.get("memory") or {}).get("limit"))
    cpu = config.resources.get("cpu") or {}
    quota, period = _positive(cpu.get("quota")), cpu.get("period") or 100_000
    open_files = [hard for name, _, hard in process.rlimits if name == "nofile"] if process else []
    binds = tuple(_binds(container_id, bundle, config))
    fields = ("uid", "read_only_rootfs", "cap_add", "memory_bytes", "pids", "millicpus", "nofile")
    return LaunchAsk(
        uid=process.uid if process else 0,
        gid=process.gid if process else 0,
        user_named=True,
        read_only_rootfs=config.readonly,
        cap_add=tuple(sorted(held)),
        cap_drop=(),
        memory_bytes=memory,
        pids=_positive((config.resources.get("pids") or {}).get("limit")),
        millicpus=quota * 1000 // period if quota else None,
        nofile=open_files[0] if open_files and open_files[0] > 0 else None,
        network="host" if _is_host(config, "net") else "none",
        tmpfs=tuple(_tmpfs(config)),
        binds=binds,
        devices=tuple(device.path for device in config.devices),
        host_namespaces=tuple(name for name in _HOST_SPACES if _is_host(config, name)),
        origins=tuple((field, "config.json") for field in (*fields, "binds", "network")),
    )


def _positive(found: int | None) -> int | None:
    return found if found is not None and found > 0 else None


def _is_host(config: RuntimeConfig, name: str) -> bool:
    """The namespace is the caller's: not named at all, or named by a path that leads there."""
    path = dict(config.namespaces).get(name)
    if path is None:
        return True
    try:
        return bool(path) and os.stat(path).st_ino == os.stat(f"/proc/self/ns/{name}").st_ino
    except OSError:
        return False  # `create` will say what is wrong with the path


def _binds(container_id: str, bundle: str, config: RuntimeConfig) -> Iterator[BindAsk]:
    from secure.runtime.binds import look_at

    for entry in config.mounts:
        bind = entry.type == "bind" or {"bind", "rbind"}.intersection(entry.options)
        if bind and not _is_engines(container_id, bundle, entry.source):
            read_only = bool({"ro", "rro"}.intersection(entry.options))
            # Whether the target may be covered is for the policy's rules to say (RUN025).
            found = look_at(entry.source, "/bind", read_only=read_only)
            yield replace(found, target=entry.destination)


def _is_engines(container_id: str, bundle: str, source: str) -> bool:
    """The engine made it for this container: hosts, hostname, resolv.conf, shm, secrets.

    It lies in the bundle, or below a directory that the engine named by the container's random id.
    """
    real = os.path.realpath(source)
    if real.startswith(os.path.realpath(bundle) + "/"):
        return True
    random = len(container_id) == 64 and _HEX.issuperset(container_id)
    return random and container_id in real.split("/")[:-1]


def _tmpfs(config: RuntimeConfig) -> Iterator[tuple[str, int]]:
    for entry in config.mounts:
        if entry.type == "tmpfs" and not entry.destination.startswith(_KERNEL_PLACES):
            sizes = [o[5:].lower() for o in entry.options if o.startswith("size=")]
            yield entry.destination, _size(sizes[-1]) if sizes else 0


def _size(text: str) -> int:
    digits = text.rstrip("kmg")
    return int(digits) * _UNITS.get(text[len(digits) :], 1) if digits.isdecimal() else 0


def _resources(config: RuntimeConfig, settings: Settings, policy: dict[str, Any]) -> dict[str, Any]:
    """The config's limits, and the policy's defaults where it has none and means one."""
    found = {name: item for name, item in config.resources.items() if item}
    launch = dict(zip(_BOUNDS, policy["launch"], strict=True))

    def default(name: str, granted: int) -> int:
        usual, most = launch[name]
        return granted if usual < most else 0

    memory = default("memory_bytes", settings.memory_bytes)
    if memory and not (found.get("memory") or {}).get("limit"):
        found["memory"] = {**(found.get("memory") or {}), "limit": memory}
    pids = default("pids", settings.pids)
    if pids and not (found.get("pids") or {}).get("limit"):
        found["pids"] = {"limit": pids}
    cpus = default("millicpus", settings.millicpus)
    if cpus and not (found.get("cpu") or {}).get("quota"):
        period = 100_000
        found["cpu"] = {
            **(found.get("cpu") or {}),
            "period": period,
            "quota": cpus * period // 1000,
        }
    return found


def _bounds() -> tuple[str, ...]:
    from secure.policy.settings import LaunchBounds

    names: tuple[str, ...] = LaunchBounds.__match_args__
    return names


_BOUNDS = _bounds()
