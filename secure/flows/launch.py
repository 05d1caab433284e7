"""`secure run`: image + flags + policy -> plan -> container -> evidence -> audit log.

On the launch path. The slow half (read, verify, scan, unpack) is `flows.prepare`, and is imported
only when an image has not been prepared yet.
"""

from __future__ import annotations

import time

from secure import system as os
from secure.errors import PolicyRefusedError, SecureError, shortage
from secure.facts.launch import LaunchAsk
from secure.facts.verdict import ALLOW
from secure.flows import machine, prepared
from secure.flows.launch_decision import decision
from secure.flows.policies import effective
from secure.kernel import capabilities, seccomp, seccomp_profile
from secure.kernel.rlimits import UNLIMITED, hard_limit
from secure.runtime import idmaps, supervisor
from secure.runtime.plan import MASKED, READ_ONLY, Machine, make_plan
from secure.runtime.request import payload
from secure.runtime.supervisor import Outcome, Start
from secure.store.builtin import read_builtin
from secure.store.paths import cache_dir
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.facts.launch import BindAsk
    from secure.facts.verdict import Verdict
    from secure.policy.settings import Settings
    from secure.runtime.plan import Plan
    from secure.runtime.record import LaunchRecord
    from secure.runtime.request import RunRequest
    from secure.runtime.supervisor import Record

_LONG_S = 1.0
_RESOLV_CONF = "/etc/resolv.conf"
# Fixed prefixes that vendors give their tokens so that they can be recognised.
_SECRET_FORMS = (
    "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "xoxb-", "xoxp-",
    "sk_live_", "rk_live_", "sk-ant-", "npm_", "pypi-", "SG.", "AIza", "-----BEGIN ", "eyJhbGciOi",
    "hvs.", "dckr_pat_", "hf_",
)  # fmt: skip
_SHORTEST_SECRET = 20
_RLIMITS = ("nofile", "nproc", "data")


@value
class Allowed:
    """A request that the policy lets pass, with what it decided."""

    request: RunRequest
    image: LaunchRecord
    support: machine.Support
    verdict: Verdict
    settings: Settings

    @property
    def argv(self) -> tuple[str, ...]:
        """What a container of it executes."""
        return payload(self.request, self.image, "").argv

    def plan(self) -> Plan:
        """The plan of a new container."""
        name = os.urandom(8).hex()
        return _plan(name, self.request, self.settings, self.image, self.support)


@value
class Standing:
    """A container that waits at its gate, and what it was started from."""

    start: Start
    container: supervisor.Container


def launch(request: RunRequest, say: Callable[[str], object], show: Callable[[str], object]) -> int:
    """Run one container in the foreground; returns the program's code.

    Args:
        say: writes warnings for people.
        show: writes the plan, where only that is asked for.

    Raises:
        PolicyRefusedError: the policy says no.
        LaunchError: it was not started, or was killed at the gate.
    """
    ready = decide(request, say)
    if request.dry_run:
        from secure.report.plan_json import plan_json
        from secure.runtime.bundle import to_config

        show(plan_json(to_config(ready.plan())))
        return 0
    return carry_out(ready, ready.plan(), say).exit_code


def decide(request: RunRequest, say: Callable[[str], object]) -> Allowed:
    """Find the image, look at the machine, and ask the policy.

    Raises:
        PolicyRefusedError: the policy says no.
    """
    policy = effective(request.policy)
    kind = idmaps.kind_for(request.id_map)
    image = prepared.find_or_prepare(request.image, policy, kind, say)
    support = machine.look(enter=True)
    ask = ask_of(request, image.record)
    verdict, settings = decision(policy, ask, support.facts, image.verdict)
    if verdict.outcome != ALLOW:
        _refuse(request, image.record, verdict)
    return Allowed(request, image.record, support, verdict, settings)


def carry_out(
    ready: Allowed,
    plan: Plan,
    say: Callable[[str], object],
    standing: Standing | None = None,
) -> Outcome:
    """Run one container of an allowed request, and keep the records of it.

    Args:
        plan: of `ready`; where a container stands by, that one's, with the command to run.
        standing: is used up.

    Raises:
        LaunchError: it was not started, or was killed at the gate.
    """
    image, verdict = ready.image, ready.verdict

    def prepare() -> Record:
        from secure.flows.launch_log import LaunchLog

        _warn(verdict, say)
        return LaunchLog(plan, image, verdict).at_gate

    started = time.monotonic()
    try:
        start = replace(standing.start, plan=plan) if standing else _start(plan, ready)
        container = standing.container if standing else None
        try:
            outcome = supervisor.supervise(start, prepare, container)
        finally:
            _give_back(start)
    except (SecureError, OSError, MemoryError) as cause:
        error = cause if isinstance(cause, SecureError) else shortage(cause)
        if error is None:
            raise
        from secure.flows.launch_log import LaunchLog

        LaunchLog(plan, image, verdict).failed(error)
        if error is cause:
            raise
        raise error from cause
    from secure.flows.launch_log import LaunchLog

    # An appended record outlives any kill. Forcing it through a power failure as well costs as much
    # as a whole short container, so that is done for those that ran for a while.
    ran_long = time.monotonic() - started > _LONG_S
    for line in LaunchLog(plan, image, verdict).ended(outcome, sync=ran_long):
        say(f"secure: {line}\n")
    return outcome


def stand_by(ready: Allowed) -> Standing:
    """Start a container of an allowed request that waits at its gate for `carry_out`.

    Raises:
        OSError, MemoryError, SecureError: it could not be started; nothing is left.
    """
    start = _start(ready.plan(), ready)
    try:
        return Standing(start, supervisor.stand_by(start))
    except BaseException:
        _give_back(start)
        raise


def dismiss(standing: Standing) -> None:
    """End a container that nobody wants any more."""
    try:
        standing.container.clean_up()
    finally:
        _give_back(standing.start)


def ask_of(request: RunRequest, record: LaunchRecord) -> LaunchAsk:
    """What flags and image ask for, before the policy has its say."""
    user = request.user or record.user
    uid, gid = record.ids_of(user)
    seccomp, privileges, others = _security(request.security_opts)
    taken = {target for target, _ in request.tmpfs} | {target for _, target, _ in request.binds}
    # What the image declares as a volume is meant to be written: an empty, sized tmpfs.
    declared = (path.rstrip("/") or "/" for path in record.volumes)
    volumes = tuple((path, 0) for path in declared if path not in taken)
    asked = {
        "uid": ("flag --user" if request.user else "image", bool(user)),
        "read_only_rootfs": ("flag --read-only", request.read_only is not None),
        "cap_add": ("flag --cap-add", bool(request.cap_add)),
        "cap_drop": ("flag --cap-drop", bool(request.cap_drop)),
        "memory_bytes": ("flag --memory", request.memory_bytes is not None),
        "pids": ("flag --pids-limit", request.pids is not None),
        "millicpus": ("flag --cpus", request.millicpus is not None),
        "nofile": ("flag --ulimit", request.nofile is not None),
        "cpu_shares": ("flag --cpu-shares", request.cpu_shares is not None),
        "cpuset": ("flag --cpuset-cpus", bool(request.cpuset)),
        "io": ("flag --device-…", bool(request.io)),
        "network": ("flag --network", request.network is not None),
        "seccomp": ("flag --security-opt", seccomp is not None),
        "no_new_privileges": ("flag --security-opt", privileges is not None),
        "tmpfs": ("flag --tmpfs" if request.tmpfs else "image", bool(request.tmpfs or volumes)),
        "binds": ("flag --volume", bool(request.binds)),
    }
    return LaunchAsk(
        uid=uid,
        gid=gid,
        user_named=bool(user),
        read_only_rootfs=request.read_only,
        no_new_privileges=privileges,
        cap_add=request.cap_add,
        cap_drop=request.cap_drop,
        seccomp=seccomp,
        memory_bytes=request.memory_bytes,
        pids=request.pids,
        millicpus=request.millicpus,
        nofile=request.nofile,
        memory_swap_bytes=request.memory_swap_bytes,
        cpu_shares=request.cpu_shares,
        cpuset=_processors(request),
        io=_devices(request),
        network=request.network,
        tmpfs=(*request.tmpfs, *volumes),
        binds=_binds(request),
        env_secret_names=tuple(name for name, text in request.env if _is_secret(text)),
        security_opts=others,
        privileged=request.privileged,
        devices=request.devices,
        host_namespaces=request.host_namespaces,
        origins=tuple((field, who) for field, (who, given) in asked.items() if given),
    )


def _binds(request: RunRequest) -> tuple[BindAsk, ...]:
    if not request.binds:
        return ()
    from secure.runtime.binds import look_at

    return tuple(look_at(source, to, read_only=ro) for source, to, ro in request.binds)


def _processors(request: RunRequest) -> str:
    if not request.cpuset:
        return ""
    from secure.runtime.further_limits import processors

    return processors(request.cpuset)


def _devices(request: RunRequest) -> tuple[tuple[str, str, int], ...]:
    if not request.io:
        return ()
    from secure.runtime.further_limits import block_device

    return tuple((rate, block_device(path), most) for rate, path, most in request.io)


def _is_secret(text: str) -> bool:
    """A value in a form that only secrets have; the scanner's full rules cost too much here."""
    return text.startswith(_SECRET_FORMS) and len(text) >= _SHORTEST_SECRET


def _security(options: tuple[str, ...]) -> tuple[str | None, bool | None, tuple[str, ...]]:
    """--security-opt: (seccomp profile, no_new_privs, everything else)."""
    seccomp: str | None = None
    privileges: bool | None = None
    others = []
    for option in options:
        name, _, content = option.replace(":", "=", 1).partition("=")
        if name == "seccomp":
            seccomp = content
        elif name == "no-new-privileges" and content in {"", "true", "false"}:
            privileges = content != "false"
        else:
            others.append(option)
    return seccomp, privileges, tuple(others)


def _refuse(request: RunRequest, record: LaunchRecord, verdict: Verdict) -> None:
    from secure.flows.launch_log import refused
    from secure.report.launch_lines import refusal_lines

    refused(record, verdict)
    lines = refusal_lines(verdict)
    raise PolicyRefusedError(
        f'policy "{verdict.policy}" refuses to run "{request.image}":\n' + "\n".join(lines),
        do="Explain a rule with: secure policy explain RULE",
    )


def _warn(verdict: Verdict, say: Callable[[str], object]) -> None:
    if verdict.findings:
        from secure.report.launch_lines import warning_lines

        for line in warning_lines(verdict):
            say(f"secure: {line}\n")


def _plan(
    container_id: str,
    request: RunRequest,
    settings: Settings,
    record: LaunchRecord,
    support: machine.Support,
) -> Plan:
    resolv_conf = _read_text(_RESOLV_CONF) if settings.network == "host" else ""
    maps = idmaps.choose(request.id_map, settings.uid, settings.gid)
    return make_plan(
        container_id,
        payload(request, record, resolv_conf),
        settings,
        maps,
        record.layers,
        Machine(
            by_cgroup=support.by_cgroup,
            ceilings=_ceilings(),
            present=tuple(path for path in (*MASKED, *READ_ONLY) if os.path.lexists(path)),
        ),
    )


def _start(plan: Plan, ready: Allowed) -> Start:
    """What `supervise` needs for `plan`; its cgroup is made."""
    profile = read_builtin(f"seccomp/{plan.seccomp}.json")
    cache = f"{cache_dir()}/seccomp"
    watched = seccomp.may_listen(ready.support.features.seccomp_actions)
    bpf = seccomp_profile.load_filter(profile, cache, watched=watched)
    plain = (lambda: seccomp_profile.load_filter(profile, cache)) if watched else None
    last = capabilities.last_capability()
    cgroup = ready.support.make_cgroup(plan.id, plan.limits)
    return Start(plan, bpf, last, cgroup, ready.request.interactive, plain)


def _give_back(start: Start) -> None:
    if start.cgroup:
        start.cgroup.kill()
        start.cgroup.remove()


def _ceilings() -> tuple[tuple[str, int], ...]:
    hard = ((name, hard_limit(name)) for name in _RLIMITS)
    return tuple((name, most) for name, most in hard if most != UNLIMITED)


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65_536)
    except OSError:
        return ""
