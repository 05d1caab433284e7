"""`linux.resources` as files of a cgroup (config-linux.md, "Control groups"). Pure.

Source: Linux admin-guide/cgroup-v1 (memory, cpusets, pids, blkio, devices), cgroup-v2; the weight
formula: runtime-spec's reference, shares 2..262144 onto 1..10000.
"""

from __future__ import annotations

from secure.errors import DocumentError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

V1, V2 = "v1", "v2"
_PERIOD_US = 100_000
_PAGE = 4096
# The default devices, the console and pseudo-terminals: engines deny all and expect these.
_ALWAYS_THERE = ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "136:*")


@value
class Setting:
    """One write.

    Args:
        field: below linux.resources, for messages.
        exact: the kernel reads back what was written, so the gate can compare.
        instead: (file, content) where the kernel has no such file.
    """

    field: str
    controller: str
    file: str
    content: str
    exact: bool = True
    instead: tuple[str, str] | None = None


def settings(resources: dict[str, Any], version: str) -> tuple[Setting, ...]:
    """What to write, in order.

    Args:
        version: `V1` or `V2`.

    Raises:
        DocumentError: a field that this version of cgroups does not have.
    """
    parts = (_memory, _cpu, _cpuset, _pids, _weight, _throttles, _devices, _unified)
    return tuple(setting for part in parts for setting in part(resources, version))


def _memory(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    found = resources.get("memory") or {}
    limit, swap = found.get("limit"), found.get("swap")
    if limit and swap and 0 < swap < limit:
        raise DocumentError("linux.resources.memory.swap: it counts memory and swap together")
    if version == V1:
        yield from _memory_v1(found)
        return
    if limit:
        yield Setting("memory.limit", "memory", "memory.max", _bytes(limit))
    if swap and limit and limit > 0:
        most = "max" if swap < 0 else _bytes(swap - limit)
        yield Setting("memory.swap", "memory", "memory.swap.max", most)
    if found.get("reservation"):
        low = _bytes(found["reservation"])
        yield Setting("memory.reservation", "memory", "memory.low", low)
    for field in ("swappiness", "disableOOMKiller"):
        if found.get(field):
            raise DocumentError(
                f"linux.resources.memory.{field} is refused: cgroup v2 has no such setting"
            )


def _memory_v1(found: dict[str, Any]) -> Iterator[Setting]:
    files = (
        ("limit", "memory.limit_in_bytes"),
        # Memory and swap together must not be below memory alone, so it comes second.
        ("swap", "memory.memsw.limit_in_bytes"),
        ("reservation", "memory.soft_limit_in_bytes"),
    )
    for field, file in files:
        size = found.get(field)
        if size:
            content = "-1" if size < 0 else str(size // _PAGE * _PAGE)
            yield Setting(f"memory.{field}", "memory", file, content, exact=size > 0)
    if found.get("swappiness") is not None:
        text = str(found["swappiness"])
        yield Setting("memory.swappiness", "memory", "memory.swappiness", text)
    if found.get("disableOOMKiller"):
        yield Setting("memory.disableOOMKiller", "memory", "memory.oom_control", "1", exact=False)


def _cpu(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    found = resources.get("cpu") or {}
    quota, period, shares = found.get("quota"), found.get("period"), found.get("shares")
    if version == V1:
        for field, number, file in (
            ("shares", shares, "cpu.shares"),
            ("period", period, "cpu.cfs_period_us"),
            ("quota", quota, "cpu.cfs_quota_us"),
        ):
            if number:
                yield Setting(f"cpu.{field}", "cpu", file, str(number), exact=field != "shares")
    else:
        if shares:
            weight = 1 + (max(shares, 2) - 2) * 9_999 // 262_142
            yield Setting("cpu.shares", "cpu", "cpu.weight", str(min(weight, 10_000)))
        if quota or period:
            most = "max" if not quota or quota < 0 else str(quota)
            yield Setting("cpu.quota", "cpu", "cpu.max", f"{most} {period or _PERIOD_US}")
    for field, file in (
        ("burst", "cpu.cfs_burst_us" if version == V1 else "cpu.max.burst"),
        ("idle", "cpu.idle"),
    ):
        if found.get(field):
            yield Setting(f"cpu.{field}", "cpu", file, str(found[field]))


def _cpuset(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    found = resources.get("cpu") or {}
    for field in ("cpus", "mems"):
        if found.get(field):
            yield Setting(
                f"cpu.{field}", "cpuset", f"cpuset.{field}", found[field], exact=version == V2
            )


def _pids(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    del version
    limit = (resources.get("pids") or {}).get("limit")
    if limit is not None and limit != 0:
        yield Setting("pids.limit", "pids", "pids.max", str(limit) if limit > 0 else "max")


def _weight(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    weight = (resources.get("blockIO") or {}).get("weight")
    if not weight:
        return
    if version == V1:
        yield Setting("blockIO.weight", "blkio", "blkio.bfq.weight", str(weight), exact=False)
        return
    # Weights of bfq, 10..1000, onto those of every other scheduler, 1..10000.
    every = f"default {1 + (max(weight, 10) - 10) * 9_999 // 990}"
    yield Setting(
        "blockIO.weight", "io", "io.bfq.weight", str(weight), exact=False,
        instead=("io.weight", every),
    )  # fmt: skip


def _throttles(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    for field, (v1_file, word) in _THROTTLES.items():
        for item in (resources.get("blockIO") or {}).get(field) or ():
            device = f"{_number(item.get('major'))}:{_number(item.get('minor'))}"
            rate = item.get("rate") or 0
            if version == V1:
                file, text = v1_file, f"{device} {rate}"  # 0 lifts the limit
            else:
                file, text = "io.max", f"{device} {word}={rate or 'max'}"
            controller = "blkio" if version == V1 else "io"
            # The kernel reads back all devices, and all of the words.
            yield Setting(f"blockIO.{field}", controller, file, text, exact=False)


_THROTTLES = {
    "throttleReadBpsDevice": ("blkio.throttle.read_bps_device", "rbps"),
    "throttleWriteBpsDevice": ("blkio.throttle.write_bps_device", "wbps"),
    "throttleReadIOPSDevice": ("blkio.throttle.read_iops_device", "riops"),
    "throttleWriteIOPSDevice": ("blkio.throttle.write_iops_device", "wiops"),
}


def _devices(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    """v1 only. On v2 nothing is needed: no container here can make a device node (`plan.identity`
    never is the first user namespace), so those that were bound are all it can reach.
    """
    if version == V2 or not resources.get("devices"):
        return
    for number, rule in enumerate(resources.get("devices") or ()):
        kind = rule.get("type") or "a"
        major, minor = (_number(rule.get(name)) for name in ("major", "minor"))
        access = rule.get("access") or "rwm"
        if kind not in {"a", "b", "c"} or not set(access) <= set("rwm"):
            raise DocumentError(f"linux.resources.devices[{number}]: unknown type or access")
        verb = "allow" if rule.get("allow") else "deny"
        text = "a" if kind == "a" else f"{kind} {major}:{minor} {access}"
        yield Setting(f"devices[{number}]", "devices", f"devices.{verb}", text, exact=False)
    for text in _ALWAYS_THERE:
        yield Setting("devices", "devices", "devices.allow", f"c {text} rwm", exact=False)


def _unified(resources: dict[str, Any], version: str) -> Iterator[Setting]:
    for file, content in (resources.get("unified") or {}).items():
        controller = file.partition(".")[0]
        if version == V1:
            raise DocumentError(
                f'linux.resources.unified."{file}" is refused: this machine uses cgroup v1'
            )
        if "/" in file or controller == "cgroup" or not isinstance(content, str):
            raise DocumentError(f'linux.resources.unified."{file}" is refused: no limit of v2')
        yield Setting(f"unified.{file}", controller, file, content, exact=False)


def _bytes(size: int) -> str:
    return "max" if size < 0 else str(size // _PAGE * _PAGE)


def _number(found: int | None) -> str:
    return "*" if found is None or found < 0 else str(found)
