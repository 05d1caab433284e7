"""`secure run`: flags to a request. On the launch path."""

from __future__ import annotations

import sys

from secure.cli.arguments import Arguments, Command, Option, help_text, must_be_text, parse
from secure.cli.units import count, millicpus, size
from secure.errors import LaunchError, SecureError, UsageError, shortage
from secure.kernel.cgroup_support import RATES
from secure.runtime.request import RunRequest
from secure.store.messages import tell

_NOT_STARTED = LaunchError.exit_code

COMMAND = Command(
    name="run",
    summary="Run an image hardened. The policy decides; a flag can tighten it, never loosen it.",
    words="IMAGE [COMMAND [ARG...]]",
    least=1,
    most=-1,
    stops=True,
    options=(
        Option("--policy", "policy to run under", "NAME|FILE"),
        Option("--interactive", "pass standard input on", short="-i"),
        Option("--tty", "give the program a terminal", short="-t"),
        Option("--rm", "remove the container afterwards (always so)"),
        Option(
            "--env", "set a variable, or take the caller's", "NAME[=VALUE]", "-e", True, raw=True
        ),
        Option(
            "--volume", "share a path, read-only", "SOURCE:TARGET[:ro|rw]", "-v", True, raw=True
        ),
        Option("--tmpfs", "an empty writable directory", "TARGET[:size=SIZE]", many=True),
        Option("--read-only", "read-only root filesystem"),
        Option("--cap-add", "keep a capability", "NAME", many=True),
        Option("--cap-drop", "drop a capability, or ALL", "NAME", many=True),
        Option("--user", "user inside", "USER[:GROUP]", "-u"),
        Option("--memory", "memory limit", "SIZE", "-m"),
        Option("--memory-swap", "memory and swap together: as much as --memory", "SIZE"),
        Option("--cpus", "processors, e.g. 0.5", "NUMBER"),
        Option("--cpu-shares", "of scarce processor time: 1024 is everybody's", "NUMBER", "-c"),
        Option("--cpuset-cpus", "run only on these processors, e.g. 0-2,5", "LIST"),
        *(
            Option(f"--device-{rate}", "slow a disk down", "DEVICE:RATE", many=True)
            for rate in RATES
        ),
        Option("--pids-limit", "most processes", "NUMBER"),
        Option("--ulimit", "nofile=NUMBER", "NAME=NUMBER", many=True),
        Option("--security-opt", "no-new-privileges, seccomp=PROFILE", "OPTION", many=True),
        Option("--workdir", "working directory", "PATH", "-w"),
        Option("--entrypoint", "program to run instead of the image's", "PROGRAM", empty=True),
        Option("--hostname", "host name inside", "NAME"),
        Option("--network", "none or host", "none|host"),
        Option("--userns", "single: one id; range: subordinate ids", "single|range"),
        Option("--dry-run", "show the plan as an OCI runtime config; start nothing"),
        Option("--privileged", "refused by every policy"),
        Option("--device", "refused unless the policy allows it", "DEVICE", many=True),
        Option("--pid", "only the container's own", "MODE"),
        Option("--ipc", "only the container's own", "MODE"),
        Option("--uts", "only the container's own", "MODE"),
    ),
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Run a container; 125 where it was not started."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        sys.stdout.write(help_text(COMMAND))
        return 0
    from secure.flows.launch import launch

    try:
        return launch(request_of(arguments), tell, sys.stdout.write)
    except UsageError:
        raise
    except SecureError as error:
        # docker's convention: 125 is "not started", below it is the program's own code.
        error.exit_code = max(error.exit_code, _NOT_STARTED)
        raise
    except (OSError, MemoryError, ImportError) as cause:
        short = shortage(cause)
        if short is None:
            raise
        short.exit_code = _NOT_STARTED
        raise short from cause


def request_of(arguments: Arguments) -> RunRequest:
    """The flags as a value.

    Raises:
        UsageError: a flag's value makes no sense.
    """
    memory, cpus = arguments.one("--memory"), arguments.one("--cpus")
    pids = arguments.one("--pids-limit")
    entrypoint = arguments.all("--entrypoint")
    binds = tuple(_bind(text) for text in arguments.all("--volume"))
    tmpfs = tuple(_tmpfs(text) for text in arguments.all("--tmpfs"))
    _once([target for _, target, _ in binds] + [target for target, _ in tmpfs])
    swap, shares = arguments.one("--memory-swap"), arguments.one("--cpu-shares")
    return RunRequest(
        image=arguments.words[0],
        command=tuple(arguments.words[1:]),
        entrypoint=entrypoint[-1] if entrypoint else None,
        env=tuple(_variable(text) for text in arguments.all("--env")),
        user=arguments.one("--user"),
        workdir=arguments.one("--workdir"),
        hostname=_hostname(arguments.one("--hostname")),
        interactive=arguments.has("--interactive"),
        terminal=arguments.has("--tty"),
        read_only=arguments.tristate("--read-only"),
        binds=binds,
        tmpfs=tmpfs,
        cap_add=tuple(_capability(text) for text in arguments.all("--cap-add")),
        cap_drop=tuple(_capability(text) for text in arguments.all("--cap-drop")),
        memory_bytes=size("--memory", memory) if memory else None,
        millicpus=millicpus("--cpus", cpus) if cpus else None,
        pids=count("--pids-limit", pids) if pids else None,
        nofile=_nofile(arguments.all("--ulimit")),
        memory_swap_bytes=_swap(swap) if swap else None,
        cpu_shares=count("--cpu-shares", shares) if shares else None,
        cpuset=arguments.one("--cpuset-cpus"),
        io=tuple(_rate(rate, text) for rate in RATES for text in arguments.all(f"--device-{rate}")),
        network=arguments.one("--network") or None,
        security_opts=arguments.all("--security-opt"),
        privileged=arguments.has("--privileged"),
        devices=arguments.all("--device"),
        host_namespaces=_shared(arguments),
        id_map=_choice("--userns", arguments.one("--userns"), ("", "single", "range")),
        policy=arguments.one("--policy"),
        dry_run=arguments.has("--dry-run"),
    )


def _variable(text: str) -> tuple[str, str]:
    import os

    name, equals, content = text.partition("=")
    if not name or "\0" in text:
        raise UsageError(f'--env "{text}" names no variable')
    return name, content if equals else os.environ.get(name, "")


def _bind(text: str) -> tuple[str, str, bool]:
    import os

    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not source or not target or mode not in {"", "ro", "rw"}:
        raise UsageError(
            f'--volume "{text}" is not SOURCE:TARGET[:ro|rw]',
            do="Named volumes and other options are not there yet.",
        )
    if not source.startswith(("/", "./", "../")):
        raise UsageError(f'--volume "{text}": the source is no path', do="Write ./ before it.")
    must_be_text(target)  # the evidence names it; the source may be any bytes
    return os.path.abspath(source), target, mode != "rw"


def _tmpfs(text: str) -> tuple[str, int]:
    target, _, options = text.partition(":")
    wanted = 0
    for option in filter(None, options.split(",")):
        if option.startswith("size="):
            wanted = size("--tmpfs size", option.removeprefix("size="))
        elif option not in {"rw", "nosuid", "nodev", "noexec"}:
            raise UsageError(f'--tmpfs "{text}": unknown option "{option}"', do="Use size=SIZE.")
    return target.rstrip("/") or target, wanted


def _swap(text: str) -> int:
    return -1 if text == "-1" else size("--memory-swap", text)


def _rate(rate: str, text: str) -> tuple[str, str, int]:
    flag = f"--device-{rate}"
    device, colon, most = text.rpartition(":")
    if not device.startswith("/") or not colon:
        raise UsageError(f'{flag} "{text}" is not DEVICE:RATE', do="Write it like /dev/sda:10mb.")
    return rate, device, size(flag, most) if rate.endswith("bps") else count(flag, most)


def _once(targets: list[str]) -> None:
    for target in targets:
        if targets.count(target) > 1:
            raise UsageError(f'two mounts are to be on "{target}"', do="Leave one of them out.")


def _capability(text: str) -> str:
    upper = text.upper()
    return upper if upper == "ALL" or upper.startswith("CAP_") else f"CAP_{upper}"


def _nofile(texts: tuple[str, ...]) -> int | None:
    found = None
    for text in texts:
        name, _, number = text.partition("=")
        if name != "nofile":
            raise UsageError(f'--ulimit "{text}": only nofile can be set', do="Leave it out.")
        found = count("--ulimit nofile", number.partition(":")[0])
    return found


def _hostname(text: str) -> str:
    # hostname(7): letters, digits, hyphens; HOST_NAME_MAX is 64.
    if text and not (len(text) <= 63 and text.replace("-", "").replace(".", "").isalnum()):
        raise UsageError(f'--hostname "{text}" is not a host name')
    return text


def _shared(arguments: Arguments) -> tuple[str, ...]:
    kinds = ("pid", "ipc", "uts")
    return tuple(kind for kind in kinds if arguments.one(f"--{kind}") not in {"", "private"})


def _choice(flag: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise UsageError(f'{flag} "{text}" is unknown', do=f"Use {' or '.join(allowed[1:])}.")
    return text
