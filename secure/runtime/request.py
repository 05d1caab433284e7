"""What `secure run` was asked, as values."""

from __future__ import annotations

from secure.errors import UsageError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.runtime.record import LaunchRecord


@value
class RunRequest:
    """The flags of `secure run`; `None` or empty means "not given".

    Args:
        binds: (source, target, read_only).
        tmpfs: (target, bytes; 0 where no size was given).
        cpus: thousandths of a processor.
        io: (rate, path of a block device, most in a second).
        security_opts: as given, e.g. "no-new-privileges".
        id_map: "" (default), "single" or "range".
        dry_run: show the plan as an OCI config, start nothing.
    """

    image: str
    command: tuple[str, ...] = ()
    name: str = ""
    entrypoint: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    workdir: str = ""
    hostname: str = ""
    interactive: bool = False
    terminal: bool = False
    remove: bool = False
    read_only: bool | None = None
    binds: tuple[tuple[str, str, bool], ...] = ()
    tmpfs: tuple[tuple[str, int], ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    memory_bytes: int | None = None
    millicpus: int | None = None
    pids: int | None = None
    nofile: int | None = None
    memory_swap_bytes: int | None = None
    cpu_shares: int | None = None
    cpuset: str = ""
    io: tuple[tuple[str, str, int], ...] = ()
    network: str | None = None
    security_opts: tuple[str, ...] = ()
    privileged: bool = False
    devices: tuple[str, ...] = ()
    host_namespaces: tuple[str, ...] = ()
    id_map: str = ""
    policy: str = ""
    dry_run: bool = False


@value
class Payload:
    """The program that will run: image and flags joined, names resolved."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    hostname: str
    terminal: bool
    resolv_conf: str
    origins: tuple[tuple[str, str], ...]


_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def payload(request: RunRequest, record: LaunchRecord, resolv_conf: str) -> Payload:
    """Join flags and image config the way image-spec and docker do.

    A given entrypoint drops the image's command; a given command replaces it.

    Raises:
        UsageError: there is nothing to execute, or an argument that cannot be.
    """
    entrypoint = record.entrypoint
    command = record.cmd
    if request.entrypoint is not None:
        entrypoint = (request.entrypoint,) if request.entrypoint else ()
        command = ()
    if request.command:
        command = request.command
    argv = (*entrypoint, *command)
    if "\0" in "".join(argv):
        raise UsageError(
            "an argument of the command holds a NUL, which no program can be given",
            do="Pass it in a file, or in another form.",
        )
    if not argv or not argv[0]:
        raise UsageError(
            f'image "{request.image}" names no command', do="Give one after the image."
        )
    return Payload(
        argv=argv,
        env=_environment(request, record),
        cwd=request.workdir or record.working_dir or "/",
        hostname=request.hostname,
        terminal=request.terminal,
        resolv_conf=resolv_conf,
        origins=(
            ("command", "flag" if request.command or request.entrypoint is not None else "image"),
            ("working directory", "flag --workdir" if request.workdir else "image"),
        ),
    )


def _environment(request: RunRequest, record: LaunchRecord) -> tuple[tuple[str, str], ...]:
    found = {"PATH": _DEFAULT_PATH, "HOME": record.home_of(request.user), "HOSTNAME": ""}
    if request.terminal:
        found["TERM"] = "xterm"
    for line in record.env:
        name, _, content = line.partition("=")
        found[name] = content
    found.update(request.env)
    if not found["HOSTNAME"]:
        del found["HOSTNAME"]
    return tuple(found.items())
