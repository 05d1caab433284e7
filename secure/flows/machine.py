"""What this machine can enforce for this user, as the policy and the plan want to know it."""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError
from secure.facts.launch import CGROUP, PARTLY, MachineFacts
from secure.kernel.cgroup_support import RUNS_SYSTEMD, CgroupLimits, CgroupSupport
from secure.kernel.features import Features, features
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.kernel.cgroups import Cgroup
    from secure.runtime.plan import Limits

_SUBSTITUTES = "rlimits, processor affinity and tmpfs sizes"


@value
class Support:
    """The machine's features, and the facts that a policy judges."""

    facts: MachineFacts
    features: Features
    cgroups: CgroupSupport

    @property
    def by_cgroup(self) -> tuple[str, ...]:
        """Which of "memory", "cpu", "pids" a cgroup can limit."""
        return self.cgroups.usable()

    def make_cgroup(self, name: str, limits: Limits) -> Cgroup | None:
        """A cgroup with what can be limited here; None where nothing can."""
        can = self.by_cgroup
        wanted = CgroupLimits(
            memory_bytes=limits.memory_bytes if "memory" in can else None,
            millicpus=limits.millicpus if "cpu" in can else None,
            pids=limits.pids if "pids" in can else None,
            cpu_shares=limits.cpu_shares,
            cpuset=limits.cpuset,
            io=limits.io,
        )
        if not wanted.controllers():
            return None
        support = self.cgroups
        if wanted.further():
            from secure.kernel.cgroups_detect import detect_further

            support = detect_further(support, wanted.further())
        from secure.kernel.cgroups import Cgroup

        _sweep(support)
        return Cgroup.create(support, f"{name}-{os.getpid()}-{_pid_namespace()}", wanted)


def _sweep(support: CgroupSupport) -> None:
    """Remove what supervisors of this pid namespace left that were killed with SIGKILL."""
    here = _pid_namespace()
    for base in {base for _, base in support.bases}:
        for name in _listed(base):
            _, _, mark = name.partition("-")
            pid, _, namespace = mark.partition("-")
            # Who lives in another namespace, of a container with the same cgroups, is not seen.
            if namespace == here and pid.isdecimal() and not os.path.exists(f"/proc/{pid}"):
                _remove_empty(f"{base}/{name}")


def _pid_namespace() -> str:
    return str(os.stat("/proc/self/ns/pid").st_ino)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove_empty(cgroup: str) -> None:
    try:
        os.rmdir(cgroup)
    except OSError:  # EBUSY: somebody lives there after all
        return


def _in_a_scope(found: Features) -> Features:
    """The machine as it looks from a scope of our own; as it was where none is to be had."""
    from secure.kernel import systemd_scope

    here = found.cgroups
    if set(systemd_scope.manager_controllers()) <= set(here.usable()):
        return found
    try:
        systemd_scope.enter()
    except MachineError as error:
        return replace(found, cgroups=replace(here, reason=f"{here.reason}; {error}"))
    return features()


def look(*, enter: bool = False) -> Support:
    """Look at this machine as the calling user.

    Args:
        enter: move this process into a scope of the user's systemd, where that gives it cgroups.
    """
    found = features()
    groups = found.cgroups
    lacking = "" in (groups.memory, groups.cpu, groups.pids)
    if enter and lacking and os.path.isdir(RUNS_SYSTEMD):
        found = _in_a_scope(found)
        groups = found.cgroups

    def state(controller: str) -> str:
        return CGROUP if controller in groups.usable() else PARTLY

    spaces = found.user_namespaces
    facts = MachineFacts(
        memory=state("memory"),
        cpu=state("cpu"),
        pids=state("pids"),
        limits_by=groups.by or _SUBSTITUTES,
        limits_do=groups.do,
        landlock_abi=found.landlock_abi,
        seccomp=bool(found.seccomp_actions),
        user_namespaces="" if spaces.works else f"{spaces.reason}. {spaces.do}".strip(),
    )
    return Support(facts, found, groups)
