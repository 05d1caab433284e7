"""`secure oci create`: bundle + system policy -> a container that waits for `start`."""

from __future__ import annotations

import os

from secure.errors import DocumentError, NotFoundError, UsageError
from secure.flows.clock import now
from secure.flows.oci_engine import connect, write_pid_file
from secure.flows.oci_policy import judge
from secure.kernel.capabilities import last_capability
from secure.kernel.namespaces import in_first_user_namespace
from secure.kernel.subordinate_ids import FEWEST, first_range
from secure.oci.runtime_config import read_config
from secure.runtime.oci import cgroup
from secure.runtime.oci.create import Start, create
from secure.runtime.oci.plan import Surroundings, make_plan
from secure.runtime.oci.state import Birth, Container, State
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import Any

    from secure.facts.evidence import Difference, Evidence
    from secure.oci.runtime_config import RuntimeConfig
    from secure.runtime.oci.cgroup import Place
    from secure.runtime.oci.create import Record
    from secure.runtime.oci.plan import BundlePlan

_MAX_BYTES = 4 << 20
# Above every range that useradd hands out by default, below 2^31; as runtime.idmaps.
_ROOT_BASE = 1_879_048_192


@value
class Request:
    """The flags of `create` and `run`.

    Args:
        root: where state lives. preserve: descriptors beyond standard error to hand on.
        systemd: its cgroup is to lie in a scope of systemd.
        say: writes warnings for people.
    """

    root: str
    id: str
    bundle: str
    pid_file: str
    console_socket: str
    preserve: int
    systemd: bool
    say: Callable[[str], object]


def surroundings() -> Surroundings:
    """Who calls."""
    euid = os.geteuid()
    whole = in_first_user_namespace()
    base = (first_range("subuid", 0) or _ROOT_BASE) if euid == 0 and whole else 0
    return Surroundings(euid, os.getegid(), whole, base, FEWEST)


def create_container(request: Request, console: socket | None = None) -> State:
    """Bring a container to "created".

    Args:
        console: takes the terminal's master, instead of --console-socket.

    Raises:
        SecureError: the policy or the machine says no; nothing is left of it.
    """
    _preserved(request.preserve)
    bundle = os.path.realpath(request.bundle or ".")
    content = _read(f"{bundle}/config.json")
    config = read_config(content)
    for field in config.unknown:
        request.say(f'config.json: unknown field "{field}" is ignored')
    around = surroundings()
    plan = make_plan(request.id, config, around, bundle, request.preserve)
    console = console or _console(request, terminal=plan.process.terminal)
    granted = judge(request.id, bundle, config)
    if config.seccomp and config.seccomp.get("listenerPath") and not granted.listener:
        request.say("linux.seccomp.listenerPath has no effect: no rule has SCMP_ACT_NOTIFY")
    plan = _sized(plan, dict(granted.settings.tmpfs))

    def prepare() -> Record:
        from secure.flows import oci_log

        def record(evidence: Evidence, differences: tuple[Difference, ...]) -> None:
            decided = granted.verdict, granted.seccomp
            oci_log.at_gate(plan, bundle, decided, evidence, differences)

        return record

    state = State(
        id=request.id,
        bundle=bundle,
        init=Birth(),
        maker=Birth.of(os.getpid()),
        ready=False,
        created=now(),
        annotations=config.annotations,
        filters=len(granted.filters),
        groups_fixed=plan.privileges.groups is None,
    )
    container = Container.make(request.root, state, content)
    with container:
        try:
            for number, bpf in enumerate(granted.filters):
                container.write(f"filter.{number}", bpf)
            place, promised = _place(request, config, granted.resources, around)
            start = Start(
                config, plan, around, place, granted.resources, promised, granted.filters,
                granted.listener, last_capability(), console, prepare,
            )  # fmt: skip
            made = create(container, state, start)
            if request.pid_file:
                write_pid_file(request.pid_file, made.init.pid)
        except BaseException:
            container.remove()
            raise
    return made


def _place(
    request: Request, config: RuntimeConfig, resources: dict[str, Any], around: Surroundings
) -> tuple[Place, tuple[tuple[str, str], ...]]:
    """Where its cgroup will be, and what is limited there already."""
    whole = around.euid == 0 and around.whole_machine
    if request.systemd:
        from secure.runtime.oci import scope

        parent, unit = scope.names(config.cgroups_path, request.id, whole_machine=whole)
        numbers, without = scope.annotated(config.annotations)
        for name in without:
            request.say(f'annotation "{name}" has no effect')
        place = scope.enter(parent, unit, (*numbers, *scope.properties(resources)))
        return place, scope.promised(place, resources)
    # Ids are unique below one --root only. A dot: what ends in "-PID" is swept when PID is gone.
    unique = f"{request.id[:200]}.{os.urandom(4).hex()}"
    return cgroup.find(config.cgroups_path, unique, whole_machine=whole), ()


def _sized(plan: BundlePlan, sizes: dict[str, int]) -> BundlePlan:
    """A tmpfs without a size gets the policy's: the kernel's would be half of the memory."""
    mounts = tuple(
        replace(item, options=f"{item.options},size={sizes[item.target]}".lstrip(","))
        if item.kind == "tmpfs" and item.target in sizes and "size=" not in item.options
        else item
        for item in plan.mounts
    )
    return replace(plan, mounts=mounts)


def _preserved(count: int) -> None:
    for fd in range(3, 3 + count):
        try:
            os.fstat(fd)
        except OSError as cause:
            raise UsageError(f"--preserve-fds {count}: descriptor {fd} is not open") from cause


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as cause:
        raise NotFoundError(
            f'"{path}" cannot be read: {cause.strerror}', do="Give the bundle with --bundle."
        ) from cause


def _console(request: Request, *, terminal: bool) -> socket | None:
    if not terminal:
        if request.console_socket:
            raise UsageError("--console-socket is given, but process.terminal is false")
        return None
    if not request.console_socket:
        raise DocumentError("process.terminal: it needs --console-socket, or run without --detach")
    return connect(request.console_socket)
