"""What is known of a container between two commands (runtime-spec runtime.md, "State").

    ROOT/ID/state.json     what was decided; replaced whole
           /config.json    as it was at create: later changes to the bundle do not count
           /filter.N       compiled seccomp filters, for exec
           /go  /said      two pipes with names, see below

Only what cannot be asked from the kernel is written down. Whether the container is creating,
created, running, paused or stopped is asked: `kill -9` of any command leaves nothing that is wrong.

    creating   its maker lives, and has not written `ready`
    created    init holds `go` open: its first instruction is still ours
    running    nobody does: execve closed it
    paused     it is frozen, be it before `start` or after
    stopped    there is no such process (its number and start time), or it is a zombie

`start` writes one byte into `go`; init holds the pipe since before it entered the container and
opens no path for it, so no link or mount can stand in its way. `said` carries back what kept it
from its execve; its end of file means that it worked.

The directory is locked by flock(2) while a command works on it: clients take turns.
"""

from __future__ import annotations

import errno
import os
import time

from secure.errors import (
    LaunchError,
    MachineError,
    NotFoundError,
    TamperedError,
    UsageError,
    shortage,
)
from secure.kernel.cgroup_events import oom_kills
from secure.oci.json_text import decode, encode
from secure.runtime.oci import folders
from secure.store.atomic import make_private_dir
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

CREATING, CREATED, RUNNING = "creating", "created", "running"
PAUSED, STOPPED = "paused", "stopped"

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")
_MAX_BYTES = 4 << 20
_PATIENCE_S = 30.0
_ENXIO = 6
# Of the state that is shown: how many processes the kernel killed because memory ran out.
OOM_KILLS = "secure.oom-kills"
STATE, CONFIG, GO, SAID = "state.json", "config.json", "go", "said"


@value
class Birth:
    """A process that no later one with its number can be taken for; pid 0 is none."""

    pid: int = 0
    start: int = 0

    @classmethod
    def of(cls, pid: int) -> Birth:
        """The process `pid` as it is now; pid 0 if there is none."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else cls()

    def lives(self) -> bool:
        """It exists and is no zombie."""
        fields = _stat(self.pid) if self.pid else ()
        return bool(fields) and int(fields[19]) == self.start and fields[0] not in {b"Z", b"X"}


@value
class State:
    """One container.

    Args:
        init: the container's first process; maker: who creates it.
        ready: it has passed the gate.
        created: RFC 3339.
        cgroups: its directories; freezer: the file that pauses it, "" if none can.
        filters: how many compiled filters lie beside.
        groups_fixed: the kernel lets nobody set groups in its user namespace.
        unit: the scope of systemd that its cgroup lies in, "" if none does.
    """

    id: str
    bundle: str
    init: Birth
    maker: Birth
    ready: bool
    created: str
    annotations: tuple[tuple[str, str], ...]
    cgroups: tuple[str, ...] = ()
    freezer: str = ""
    filters: int = 0
    groups_fixed: bool = False
    unit: str = ""


class Container:
    """One container's directory, held open and locked until `close`."""

    def __init__(self, root: str, container_id: str, fd: int) -> None:
        self.path = f"{root}/{container_id}"
        self.id = container_id
        self._fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    @classmethod
    def make(cls, root: str, state: State, config: bytes) -> Container:
        """A new container's directory, whole and locked before others can see it.

        Raises:
            LaunchError: there is a container of that id.
        """
        check_id(state.id)
        make_private_dir(root)
        folders.sweep(root)
        place = f"{root}/{state.id}"
        temporary, fd = folders.make_locked(folders.unseen(root, state.id))
        made = cls(root, state.id, fd)
        made.path = temporary
        try:
            made.write(CONFIG, config)
            made.save(state)
            for name in (GO, SAID):
                os.mkfifo(name, 0o600, dir_fd=fd)
            os.rename(temporary, place)
        except BaseException as cause:
            made.remove()
            os.close(fd)
            # Not whether it is there now: it may have been deleted meanwhile.
            if isinstance(cause, OSError) and cause.errno in {errno.EEXIST, errno.ENOTEMPTY}:
                raise LaunchError(
                    f'container "{state.id}" exists already',
                    do=f"Delete it first: secure oci delete {state.id}",
                ) from cause
            raise
        made.path = place
        return made

    @classmethod
    def open(cls, root: str, container_id: str) -> Container:
        """An existing container's directory, locked; waits for another command to finish.

        Raises:
            NotFoundError: there is no such container.
        """
        check_id(container_id)
        place = f"{root}/{container_id}"
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fd = folders.open_folder(place)
            except (FileNotFoundError, NotADirectoryError) as cause:
                raise NotFoundError(
                    f'container "{container_id}" does not exist',
                    do="See which do: secure oci list",
                ) from cause
            except OSError as cause:
                # Not the same: `delete --force` of one that does not exist has nothing to do.
                what = f'container "{container_id}" cannot be opened: {cause.strerror}'
                raise shortage(cause) or MachineError(what) from cause
            if folders.locked(fd, deadline) and folders.is_at(place, fd):
                return cls(root, container_id, fd)
            os.close(fd)
            if time.monotonic() > deadline:
                raise LaunchError(
                    f'container "{container_id}" is held by another command since '
                    f"{_PATIENCE_S:g} s",
                    do="Wait for it, or end that command.",
                )

    @staticmethod
    def peek(root: str, container_id: str) -> State | None:
        """What was written down last, without waiting for another command; None: nothing."""
        check_id(container_id)
        try:
            fd = folders.open_folder(f"{root}/{container_id}")
        except OSError:
            return None
        with Container(root, container_id, fd) as found:
            content = found.read(STATE)
        return parse_state(content) if content else None

    def state(self) -> State:
        """What was written down last."""
        return parse_state(self.read(STATE))

    def save(self, state: State) -> None:
        """Replace what is written down."""
        self.write(STATE, encode(_plain(state)).encode() + b"\n")

    def write(self, name: str, content: bytes) -> None:
        """Replace one file whole. Not synced: a restart of the machine ends every container.

        Raises:
            MachineError: it cannot be written, and is as it was.
        """
        temporary = f"{name}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(temporary, flags, 0o600, dir_fd=self._fd)
            try:
                view = memoryview(content)
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as cause:
            raise MachineError(f'cannot write "{self.path}/{name}": {cause.strerror}') from cause

    def read(self, name: str) -> bytes:
        """One file, bounded; b"" if there is none."""
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)
        except FileNotFoundError:
            return b""
        with open(fd, "rb") as file:
            return file.read(_MAX_BYTES + 1)

    def open_pipe(self, name: str, flags: int) -> int:
        """`go` or `said`; never waits, and never follows a link or opens anything but a pipe.

        Raises:
            TamperedError: something else is in its place.
        """
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        fd = os.open(name, flags, dir_fd=self._fd)
        status = os.fstat(fd)
        if status.st_mode & 0o170000 != 0o010000 or status.st_uid != os.geteuid():
            os.close(fd)
            raise TamperedError(f'"{self.path}/{name}" is not the pipe that create made')
        return fd

    def is_held(self) -> bool:
        """Somebody holds `go` open for reading: init, before its execve."""
        try:
            os.close(self.open_pipe(GO, os.O_WRONLY))
        except FileNotFoundError:
            return False
        except OSError as cause:
            if cause.errno != _ENXIO:  # fifo(7): nobody reads
                raise
            return False
        return True

    def remove(self) -> None:
        """Remove the directory; from the first step on, the name is free."""
        root, name = os.path.split(self.path)
        if name == self.id:
            self.path = folders.unseen(root, self.id)
            os.rename(f"{root}/{name}", self.path)
        folders.clear(self.path, self._fd)


def status_of(container: Container, state: State) -> str:
    """One of the specification's words, or "paused"."""
    if state.init.lives():
        if not state.ready:
            return CREATING
        if _frozen(state.freezer):  # first: one that is frozen before `start` takes none
            return PAUSED
        return CREATED if container.is_held() else RUNNING
    return CREATING if not state.init.pid and state.maker.lives() else STOPPED


def document(state: State, status: str) -> dict[str, Any]:
    """The state as the specification wants it shown and handed to hooks."""
    shown: dict[str, Any] = {"ociVersion": "1.2.0", "id": state.id, "status": status}
    if status != STOPPED:
        shown["pid"] = state.init.pid
    shown["bundle"] = state.bundle
    annotations = dict(state.annotations)
    if kills := oom_kills(state.cgroups):
        annotations[OOM_KILLS] = str(kills)
    if annotations:
        shown["annotations"] = annotations
    return shown


def check_id(container_id: str) -> None:
    """It is a name for a directory, and no path.

    Raises:
        UsageError: it is not.
    """
    fine = 0 < len(container_id) <= 255 and _LETTERS.issuperset(container_id)
    if not fine or container_id in {".", ".."}:
        raise UsageError(
            f'"{container_id[:80]}" cannot name a container',
            do="Use letters, digits, and _ + - . (at most 255).",
        )


def parse_state(content: bytes) -> State:
    """What `Container.save` wrote.

    Raises:
        TamperedError: something else.
    """
    found: Any = decode(content, STATE)
    try:
        own = found["secure"]
        return State(
            id=found["id"],
            bundle=found["bundle"],
            init=Birth(*own["init"]),
            maker=Birth(*own["maker"]),
            ready=own["ready"],
            created=own["created"],
            annotations=tuple(found.get("annotations", {}).items()),
            cgroups=tuple(own["cgroups"]),
            freezer=own["freezer"],
            filters=own["filters"],
            groups_fixed=own["groups_fixed"],
            unit=own.get("unit", ""),
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise TamperedError(f"{STATE} is not as it was written: {cause}") from cause


def changed(state: State, **fields: object) -> State:
    """A copy with some fields changed."""
    return replace(state, **fields)


def _plain(state: State) -> dict[str, Any]:
    shown = document(state, CREATED if state.ready else CREATING)
    shown["secure"] = {
        "init": [state.init.pid, state.init.start],
        "maker": [state.maker.pid, state.maker.start],
        "ready": state.ready,
        "created": state.created,
        "cgroups": state.cgroups,
        "freezer": state.freezer,
        "filters": state.filters,
        "groups_fixed": state.groups_fixed,
        "unit": state.unit,
    }
    return shown


def _stat(pid: int) -> tuple[bytes, ...]:
    """Fields of /proc/PID/stat from the third on (proc(5)): 0 is the state, 19 the start time."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return tuple(file.read().rpartition(b")")[2].split())
    except (FileNotFoundError, ProcessLookupError):
        return ()


def _frozen(file: str) -> bool:
    if not file:
        return False
    try:
        with open(file, "rb") as text:
            return text.read(32).strip() in {b"FROZEN", b"FREEZING", b"1"}
    except OSError:
        return False
