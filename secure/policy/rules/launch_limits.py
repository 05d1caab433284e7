"""Launch rules on limits: memory, processors, processes, descriptors, temporary storage.

On the launch path. A limit that this machine cannot enforce is named, never passed over.
"""

from __future__ import annotations

from secure.facts.launch import CGROUP, NOT_ENFORCED, PARTLY
from secure.policy.rule import LAUNCH_REQUEST, LaunchCase, Rule, Violation
from secure.policy.rules.launch_case import MACHINE, asks, launch
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from secure.policy.settings import Bound

_FEWEST_SHARES, MOST_SHARES = 2, 1024  # of the kernel: the least, and the default
SHM = "/dev/shm"  # noqa: S108 - a path inside the container


def bytes_text(count: int) -> str:
    """A number of bytes as people write it: the largest binary unit that is exact."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} bytes"


def cpus_text(millicpus: int) -> str:
    """Thousandths of a processor as processors."""
    whole, thousandths = divmod(millicpus, 1000)
    return f"{whole}.{thousandths:03d}".rstrip("0").rstrip(".")


def limits_memory(case: LaunchCase) -> Iterator[Violation]:
    asked, bound = case.ask.memory_bytes, case.bounds.memory_bytes
    yield from _within("--memory", asked, bound, bytes_text)
    swap = case.ask.memory_swap_bytes
    if swap is not None and not 0 < swap <= (asked or bound.default):
        most = bytes_text(asked or bound.default)
        yield Violation(
            at="--memory-swap",
            found=bytes_text(swap) if swap > 0 else f"{swap} (unlimited)",
            wanted=f"at most {most} of memory and swap together",
            fix="Leave --memory-swap out: what is in memory stays there, or is refused.",
            bound=True,
        )
    yield from _enforced(case, "memory limit", case.machine.memory)


def limits_processors(case: LaunchCase) -> Iterator[Violation]:
    yield from _within("--cpus", case.ask.millicpus, case.bounds.millicpus, cpus_text)
    shares = case.ask.cpu_shares
    if shares is not None and not _FEWEST_SHARES <= shares <= MOST_SHARES:
        yield Violation(
            at="--cpu-shares",
            found=str(shares),
            wanted=f"{_FEWEST_SHARES} to {MOST_SHARES}, which is what every program has",
            bound=True,
        )
    yield from _enforced(case, "processor limit", case.machine.cpu)


def limits_processes(case: LaunchCase) -> Iterator[Violation]:
    yield from _within("--pids-limit", case.ask.pids, case.bounds.pids, str)
    yield from _enforced(case, "process limit", case.machine.pids)


def limits_descriptors(case: LaunchCase) -> Iterator[Violation]:
    return _within("--ulimit nofile", case.ask.nofile, case.bounds.nofile, str)


def _within(
    flag: str, asked: int | None, bound: Bound, text: Callable[[int], str]
) -> Iterator[Violation]:
    if asked is None or 0 < asked <= bound.most:
        return
    # 0 and -1 mean "unlimited" to docker, and so they do here.
    found = text(asked) if asked > 0 else f"{asked} (unlimited)"
    yield Violation(
        at=flag,
        found=found,
        wanted=f"at most {text(bound.most)}",
        fix=f"Ask for at most {text(bound.most)}, or leave {flag} out for {text(bound.default)}.",
        bound=True,
    )


def _enforced(case: LaunchCase, limit: str, state: str) -> Iterator[Violation]:
    if state == CGROUP:
        return
    how = "partly enforced" if state == PARTLY else "not enforced"
    yield Violation(
        at=limit,
        found=f"{how} ({case.machine.limits_by})",
        wanted="enforced by a cgroup",
        fix=case.machine.limits_do,
        bound=case.bounds.limits == "cgroup",
    )


def sizes_temporary_storage(case: LaunchCase) -> Iterator[Violation]:
    bound = case.bounds.tmpfs_bytes
    for path, size in case.ask.tmpfs:
        if size < 0:
            yield Violation(
                at=f"--tmpfs {path}", found=f"size {size}", wanted="a size above 0", bound=True
            )
    total = sum(size for _, size in tmpfs_mounts(case))
    if total > bound.most:
        yield Violation(
            at="--tmpfs",
            found=f"{bytes_text(total)} in all",
            wanted=f"at most {bytes_text(bound.most)} in all",
            fix=f"Give the tmpfs mounts smaller sizes: together at most {bytes_text(bound.most)}.",
            bound=True,
        )


def tmpfs_mounts(case: LaunchCase) -> tuple[tuple[str, int], ...]:
    """Every tmpfs the container gets, asked ones over the policy's; a bind mount replaces one."""
    default = case.bounds.tmpfs_bytes.default
    mounts = dict.fromkeys(case.bounds.tmpfs_paths, default)
    for bind in case.ask.binds:
        mounts.pop(bind.target, None)
    mounts.update((path, size or default) for path, size in case.ask.tmpfs if path != SHM)
    return tuple(sorted(mounts.items()))


def sizes_shared_memory(case: LaunchCase) -> Iterator[Violation]:
    for path, size in case.ask.tmpfs:
        if path == SHM and size > case.bounds.shm_bytes:
            most = bytes_text(case.bounds.shm_bytes)
            yield Violation(at=SHM, found=bytes_text(size), wanted=f"at most {most}", bound=True)


RUN007 = Rule(
    id="RUN007",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="Writable paths are temporary and sized",
    why="Temporary storage is memory: without a size it can exhaust the host's.",
    fix="Give every --tmpfs a size.",
    maps={"cis-docker-1.6.0": ("5.13",), "nist-800-190": ("4.4.3",)},
    check=sizes_temporary_storage,
    passes=asks(tmpfs=(("/cache", 0),)),
    fails=asks(tmpfs=(("/cache", 1 << 40),)),
)
RUN008 = Rule(
    id="RUN008",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="Memory is limited",
    why="One container without a limit can starve every other program of the host.",
    fix="Leave out --memory for the policy's default.",
    maps={"cis-docker-1.6.0": ("5.11",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0018",)},
    check=limits_memory,
    passes=asks(memory_bytes=256 << 20),
    fails=launch(machine=replace(MACHINE, memory=PARTLY, limits_by="rlimits")),
)
RUN009 = Rule(
    id="RUN009",
    subject=LAUNCH_REQUEST,
    severity="low",
    title="Processor time is limited",
    why="A busy loop must not take the machine from the others.",
    fix="Leave out --cpus for the policy's default.",
    maps={"cis-docker-1.6.0": ("5.12",), "nist-800-190": ("4.4.3",), "trivy": ("KSV-0011",)},
    check=limits_processors,
    passes=asks(millicpus=500),
    fails=launch(machine=replace(MACHINE, cpu=NOT_ENFORCED, limits_by="rlimits")),
)
RUN010 = Rule(
    id="RUN010",
    subject=LAUNCH_REQUEST,
    severity="medium",
    title="The number of processes is limited",
    why="A fork bomb fills the process table of the host.",
    fix="Leave out --pids-limit for the policy's default.",
    maps={"cis-docker-1.6.0": ("5.29",), "nist-800-190": ("4.4.3",)},
    check=limits_processes,
    passes=asks(pids=50),
    fails=asks(pids=-1),
)
RUN011 = Rule(
    id="RUN011",
    subject=LAUNCH_REQUEST,
    severity="low",
    title="Open files are limited",
    why="Descriptors are kernel memory.",
    fix="Leave out --ulimit nofile for the policy's default.",
    maps={"cis-docker-1.6.0": ("5.19", "2.8"), "nist-800-190": ("4.4.3",)},
    check=limits_descriptors,
    passes=asks(nofile=512),
    fails=asks(nofile=1 << 20),
)
RUN039 = Rule(
    id="RUN039",
    subject=LAUNCH_REQUEST,
    severity="low",
    title="Shared memory is sized",
    why="Shared memory is memory like any tmpfs.",
    fix="Ask for less, or have the policy raise launch.shm.",
    maps={"cis-docker-1.6.0": ("5.17",), "nist-800-190": ("4.4.3",)},
    check=sizes_shared_memory,
    passes=asks(tmpfs=((SHM, 1 << 20),)),
    fails=asks(tmpfs=((SHM, 1 << 40),)),
)

LIMIT_RULES = (RUN007, RUN008, RUN009, RUN010, RUN011, RUN039)
