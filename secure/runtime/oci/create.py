"""Outside: `create`. Clone, map, limit, hooks, gate; then init waits for `start` without us.

    create                                   init
    ──────                                   ────
    directory, state "creating"
    cgroup with its limits
    clone (after joining, by a middle process) waits
    state: init's birth
    cgroup, id maps
    MAPPED ────────────────────────────────▶ mounts
    prestart, createRuntime ◀──────── HOOKS
    HOOKED, the state ─────────────────────▶ createContainer hooks, masks, pivot_root,
                                             limits, ids, capabilities, filters
    (a filter's listener to its agent ◀─── LISTENER: see `listener`)
    evidence, compared, recorded ◀─── READY
    state: ready, pid file
    GO ────────────────────────────────────▶ waits for a byte in the pipe `go`

If `create` dies before GO, init reads the end of its pipe and exits.
"""

from __future__ import annotations

import os

from secure.errors import DocumentError, KernelError, LaunchError
from secure.kernel import apparmor, descriptors, mount_trees, signals
from secure.kernel.libc import argument_memory, clone, syscall
from secure.kernel.namespaces import CLONE_NEWUSER, NAMESPACES, write_maps
from secure.kernel.rlimits import RLIMITS
from secure.oci.json_text import encode
from secure.runtime import idmaps, protocol
from secure.runtime.oci import cgroup, hooks, inside
from secure.runtime.oci.birth import FLAGS, at_gate, born, inode, owner_of
from secure.runtime.oci.listener import Passing
from secure.runtime.oci.plan import OWN, SHARED, SHIFTED
from secure.runtime.oci.state import CREATING, GO, SAID, Birth, changed, document
from secure.runtime.plan import RANGE, SINGLE, IdMaps
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable

    from secure.facts.evidence import Difference, Evidence
    from secure.oci.runtime_config import RuntimeConfig
    from secure.oci.seccomp_config import Listener
    from secure.runtime.oci.cgroup import Place
    from secure.runtime.oci.plan import BundlePlan, Surroundings
    from secure.runtime.oci.state import Container, State

    Record = Callable[[Evidence, tuple[Difference, ...]], None]

_CGROUP = dict(NAMESPACES)["cgroup"]


@value
class Start:
    """Everything `create` needs.

    Args:
        resources: what the cgroup will limit, config and policy joined.
        promised: (file, content) that was set already, and must be read back as well.
        listener: whose agent answers for the last filter, or None.
        console: connected to --console-socket, or None.
        prepare: called once while init works; what it returns is handed the evidence and every
            difference, before anything of the image runs.
    """

    config: RuntimeConfig
    plan: BundlePlan
    around: Surroundings
    place: Place
    resources: dict[str, object]
    promised: tuple[tuple[str, str], ...]
    filters: tuple[bytes, ...]
    listener: Listener | None
    last_capability: int
    console: socket | None
    prepare: Callable[[], Record]


def create(container: Container, state: State, start: Start) -> State:
    """Bring a container to "created".

    Returns:
        The state as it was written.

    Raises:
        SecureError: it could not be made; nothing of it is left but its directory.
    """
    maker = _Maker(container, state, start)
    try:
        return maker.run()
    except BaseException:
        maker.undo()
        raise


class _Maker:
    def __init__(self, container: Container, state: State, start: Start) -> None:
        self._container, self._state, self._start = container, state, start
        self._plan = start.plan
        self._limits: tuple[tuple[str, str], ...] = ()
        self._limited = False
        self._pid = 0
        self._go = self._status = self._passing = -1

    def run(self) -> State:
        start, plan = self._start, self._plan
        if plan.process.apparmor:
            apparmor.check_enabled(plan.process.apparmor)
        cgroup.refuse_taken(start.place)
        # Written down first: whoever is killed after making it leaves the name to `delete`.
        place = start.place
        self._save(cgroups=place.all(), freezer=place.freezer(), unit=place.unit)
        self._limits = cgroup.make(place, start.resources) + start.promised
        self._limited = True
        self._pid = self._clone()
        self._save(init=Birth.of(self._pid))
        cgroup.join(start.place, self._pid)
        self._raise_limits()
        if plan.identity == OWN:
            self._map()
        self._score()
        os.write(self._go, protocol.MAPPED)
        self._hooks()
        self._pass_gate()
        self._save(ready=True)
        try:
            os.write(self._go, protocol.GO)
        except BrokenPipeError as cause:  # `delete --force` waits for nobody
            raise LaunchError(f'container "{self._state.id}" was killed meanwhile') from cause
        return self._state

    def undo(self) -> None:
        """Kill what was started and remove its cgroup."""
        if self._pid:
            try:
                os.kill(self._pid, signals.SIGKILL)
                os.waitpid(self._pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self._limited:
            cgroup.remove(self._start.place.all())

    def _save(self, **fields: object) -> None:
        self._state = changed(self._state, **fields)
        self._container.save(self._state)

    def _clone(self) -> int:
        start, plan = self._start, self._plan
        go_reader, self._go = os.pipe2(os.O_CLOEXEC)
        self._status, status_writer = os.pipe2(os.O_CLOEXEC)
        pipes = [self._container.open_pipe(name, os.O_RDWR) for name in (GO, SAID)]
        for fd in pipes:
            os.set_blocking(fd, True)
        flags = sum(FLAGS[name] for name in plan.namespaces if name not in {"cgroup", "time"})
        joins = [(name, _open_namespace(name, path)) for name, path in plan.joins]
        root, trees = -1, dict[int, int]()
        if plan.identity == SHIFTED:
            user = owner_of(joins)
            user = _shifted_namespace(plan) if user < 0 else user
            flags &= ~CLONE_NEWUSER
            joins.insert(0, ("user", user))
            root, trees = _shift(plan, user)
        else:
            os.close(_open_root(plan.root))  # named before anything is started, if it is missing
        by_stage = {name: start.config.hooks_at(name) for name in _INSIDE}
        entry = inside.Entry(
            plan, start.filters, start.last_capability, root, trees,
            by_stage["createContainer"], by_stage["startContainer"],
        )  # fmt: skip
        arguments = argument_memory()
        passing: Passing | None = None
        mine = [self._go, self._status]
        if start.listener:
            self._passing, theirs = descriptors.socket_pair()
            mine.append(self._passing)
            pipes.append(theirs)
            passing = Passing(theirs, start.listener.killable)
        channel = inside.Channel(
            go_reader, status_writer, pipes[0], pipes[1], start.console, arguments, passing
        )
        pid, _ = born(flags, joins, lambda: _enter(entry, channel, mine))
        for fd in (go_reader, status_writer, *pipes, *trees.values(), *dict(joins).values()):
            os.close(fd)
        if root >= 0:
            os.close(root)
        return pid

    def _map(self) -> None:
        plan, around = self._plan, self._start.around
        single = around.euid != 0 and plan.privileges.groups is None
        maps = IdMaps(SINGLE if single else RANGE, plan.uid_map, plan.gid_map, not single)
        idmaps.apply(self._pid, maps)

    def _raise_limits(self) -> None:
        """Hard limits that only root of the machine may raise; init then sets the exact ones."""
        for name, _, hard in self._plan.process.rlimits:
            if self._start.around.euid == 0:
                limit = hard.to_bytes(8, "little", signed=True) * 2
                try:
                    number = RLIMITS[name]
                    syscall("prlimit64", self._pid, number, limit, None, target=name)
                except KernelError:
                    continue  # init will fail, and name it, if it cannot lower to it either

    def _score(self) -> None:
        score = self._plan.process.oom_score_adj
        if score is None:
            return
        try:
            with open(f"/proc/{self._pid}/oom_score_adj", "wb", buffering=0) as file:
                file.write(str(score).encode())
        except OSError as cause:
            raise DocumentError(
                f"process.oomScoreAdj: {score} cannot be set: {cause.strerror}",
                do="Only root may lower it.",
            ) from cause

    def _hooks(self) -> None:
        if not self._plan.hooks:
            return
        protocol.expect(self._status, protocol.HOOKS)
        shown = encode(document(self._state, CREATING)).encode()
        for stage in ("prestart", "createRuntime"):
            hooks.run(stage, self._start.config.hooks_at(stage), shown)
        os.write(self._go, protocol.HOOKED + shown + b"\n")

    def _pass_gate(self) -> None:
        # Init has some milliseconds of mounting before it: time to get ready for the gate.
        from secure.runtime.observe import Known, observe, own_namespaces
        from secure.runtime.oci.gate import Expected, compare

        start, plan = self._start, self._plan
        record = start.prepare()
        mine = own_namespaces()
        joined = tuple((name, inode(path)) for name, path in plan.joins)
        self._await_ready()
        limits = tuple((file, _content(file)) for file, _ in self._limits)
        euid = start.around.euid
        only_ours = all((first, count) == (euid, 1) for _, first, count in plan.uid_map)
        other_ids = plan.identity != SHARED and euid != 0 and not only_ours
        evidence = observe(self._pid, Known(mine, limits, "", other_ids))
        expected = Expected(len(start.filters), self._limits, joined, start.around.whole_machine)
        differences = compare(plan, evidence, expected)
        record(evidence, differences)
        if differences:
            raise at_gate(differences)

    def _await_ready(self) -> None:
        if listener := self._start.listener:
            from secure.runtime.oci import agent

            protocol.expect(self._status, protocol.LISTENER)
            shown = document(self._state, CREATING)
            agent.hand_over(self._passing, listener, self._pid, shown)
            protocol.expect(self._status, protocol.READY, agent.patience(self._status))
        else:
            protocol.expect(self._status, protocol.READY)
        protocol.read_line(self._status)


_INSIDE = ("createContainer", "startContainer")


def _enter(entry: inside.Entry, channel: inside.Channel, others: list[int]) -> None:
    for fd in others:
        os.close(fd)
    inside.enter(entry, channel)


def _open_root(path: str) -> int:
    try:
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as cause:
        raise DocumentError(f'root.path: "{path}": {cause.strerror}') from cause


def _open_namespace(name: str, path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as cause:
        raise DocumentError(f'linux.namespaces: "{name}" at "{path}": {cause.strerror}') from cause


def _content(file: str) -> str:
    from secure.kernel.cgroup_files import read

    return read(file)


def _shifted_namespace(plan: BundlePlan) -> int:
    """A user namespace with the plan's maps, held open by nothing but a descriptor."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = clone(CLONE_NEWUSER | signals.SIGCHLD)
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    try:
        write_maps(child, plan.uid_map, plan.gid_map)
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writer)
        os.close(reader)
        os.waitpid(child, 0)


def _shift(plan: BundlePlan, user: int) -> tuple[int, dict[int, int]]:
    """The root and every bind as detached mounts on which ids on disk mean ids inside."""
    opened = _open_root(plan.root)
    try:
        root = mount_trees.clone_tree(opened, recursive=True)
        mount_trees.shift_ids(root, user, plan.root, recursive=True)
    except KernelError as cause:
        raise LaunchError(
            f'the container has no user namespace, and the ids of "{plan.root}" cannot be shifted '
            f"into a subordinate range: {cause}",
            do="The root of a container is never root of the machine. Give it a user namespace: "
            "podman run --userns=auto, or dockerd --userns-remap=default.",
        ) from cause
    finally:
        os.close(opened)
    trees = {}
    for index, item in enumerate(plan.mounts):
        if item.kind != "bind":
            continue
        source = os.open(item.source, os.O_PATH | os.O_CLOEXEC)
        tree = mount_trees.clone_tree(source, recursive=item.recursive)
        os.close(source)
        try:
            mount_trees.shift_ids(tree, user, item.source, recursive=item.recursive)
        except KernelError:
            os.close(tree)  # bound as it is: its owners show as nobody, which only takes away
            continue
        trees[index] = tree
    return root, trees
