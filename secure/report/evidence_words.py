"""What the kernel said about a process, in sentences for people, each with the raw value."""

from __future__ import annotations

from secure.policy.capabilities import CAPABILITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.evidence import Evidence

    Rows = tuple[tuple[int, int, int], ...]


def sentences(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """(sentence, raw value) pairs, the most important first."""
    return (
        *_identity(evidence),
        *_privileges(evidence),
        *_separation(evidence),
        *_files(evidence),
        *_limits(evidence),
    )


def capability_names(bits: int) -> tuple[str, ...]:
    """The names of a capability set; a bit without a name shows by its number."""
    numbers = [number for number in range(bits.bit_length()) if bits >> number & 1]
    return tuple(
        CAPABILITIES[number] if number < len(CAPABILITIES) else f"capability {number}"
        for number in numbers
    )


def _identity(evidence: Evidence) -> Iterator[tuple[str, str]]:
    outside = evidence.uids[1] if len(evidence.uids) > 1 else -1
    inside = _inside(outside, evidence.uid_map)
    yield (
        f"It runs as user {inside} inside, which is user {outside} of the machine.",
        f"Uid: {_join(evidence.uids)}; Gid: {_join(evidence.gids)}",
    )
    rows = "; ".join(_join(row) for row in evidence.uid_map)
    root = next((host - first for first, host, _ in evidence.uid_map if first == 0), None)
    if root is None:
        yield "User 0 (root) does not exist inside.", f"uid_map: {rows}"
    elif root == 0:
        yield "User 0 inside is root of the machine.", f"uid_map: {rows}"
    else:
        yield f"User 0 inside is only user {root} of the machine.", f"uid_map: {rows}"
    groups = _join(evidence.groups)
    yield (
        f"It is in these further groups of the machine: {groups}."
        if groups
        else "It is in no further group of the machine.",
        f"Groups: {groups}",
    )


def _privileges(evidence: Evidence) -> Iterator[tuple[str, str]]:
    held = {name for _, bits in evidence.capabilities for name in capability_names(bits)}
    raw = "; ".join(f"{name} {bits:016x}" for name, bits in evidence.capabilities)
    yield (
        f"It holds these capabilities: {', '.join(sorted(held))}."
        if held
        else "It holds no capability in any of the five sets.",
        raw,
    )
    yield (
        "No program it starts can gain privileges (setuid files have no effect)."
        if evidence.no_new_privileges
        else "Programs it starts can gain privileges (setuid files work).",
        f"NoNewPrivs: {int(evidence.no_new_privileges)}",
    )
    yield (
        "A filter decides which system calls it may make."
        if evidence.seccomp_mode == 2
        else "No filter restricts its system calls.",
        f"Seccomp: {evidence.seccomp_mode}; Seccomp_filters: {evidence.seccomp_filters}",
    )
    yield (
        "Landlock restricts it, as init reported; the kernel has no way to read this back."
        if evidence.landlock
        else "Landlock does not restrict it.",
        evidence.landlock or "none",
    )


def _separation(evidence: Evidence) -> Iterator[tuple[str, str]]:
    own = [name for name, _ in evidence.namespaces if name in evidence.own_namespaces]
    shared = [name for name, _ in evidence.namespaces if name not in evidence.own_namespaces]
    raw = ", ".join(f"{name}:[{inode}]" for name, inode in evidence.namespaces)
    yield f"It has its own namespaces: {', '.join(own) or 'none'}.", raw
    if shared:
        yield f"It shares these namespaces with the machine: {', '.join(shared)}.", raw
    numbers = [number for number, _ in evidence.open_files]
    yield (
        "Only standard input, output and error are open."
        if numbers == [0, 1, 2]
        else f"These descriptors are open: {_join(numbers)}.",
        "; ".join(f"{number} -> {target}" for number, target in evidence.open_files),
    )


def _files(evidence: Evidence) -> Iterator[tuple[str, str]]:
    last = {mount.target: mount for mount in evidence.mounts}
    root = last.get("/")
    if root is not None:
        yield (
            "Its root file system is read-only."
            if "ro" in root.options
            else "Its root file system can be written.",
            f"{root.fstype} / {','.join(root.options)}",
        )
    writable = [mount for mount in last.values() if "ro" not in mount.options and mount is not root]
    names = ", ".join(mount.target for mount in writable) or "nothing"
    raw = "; ".join(f"{m.target} {m.fstype} {','.join(m.options)}" for m in writable)
    yield f"Mounted so that it may be written: {names}.", raw
    yield (
        f"It starts in {evidence.cwd}, seen from its own root.",
        f"root {evidence.root}; cwd {evidence.cwd}",
    )


def _limits(evidence: Evidence) -> Iterator[tuple[str, str]]:
    groups = "; ".join(f"{name} = {content}" for name, content in evidence.cgroup_limits)
    yield (
        "A cgroup limits it and everything it starts." if groups else "No cgroup limits it.",
        groups or "none",
    )
    raw = "; ".join(
        f"{name} {_limit(soft)} (at most {_limit(hard)})" for name, soft, hard in evidence.limits
    )
    yield "These limits hold for each of its processes.", raw


def _inside(outside: int, rows: Rows) -> str:
    for first, host, count in rows:
        if host <= outside < host + count:
            return str(first + outside - host)
    return "(not mapped)"


def _limit(number: int) -> str:
    return "unlimited" if number == -1 else str(number)


def _join(numbers: tuple[int, ...] | list[int]) -> str:
    return " ".join(str(number) for number in numbers)
