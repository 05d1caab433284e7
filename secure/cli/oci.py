"""`secure oci`: the command line that engines speak (runc's), over `flows.oci_*`."""

from __future__ import annotations

import sys

from secure.cli.arguments import Arguments, Command, Option, help_text, parse
from secure.cli.engine_log import Log
from secure.errors import SecureError, UsageError, shortage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CODE = 1  # engines know 0 and not 0; `run` and `exec` hand the program's own code on

GLOBALS = Command(
    name="oci",
    summary="An OCI runtime (runtime-spec 1.2) for podman, docker and containerd.\n\n"
    "create ID · start ID · state ID · kill ID [SIGNAL] · delete ID\n"
    "run ID · exec ID COMMAND · ps ID · list · pause ID · resume ID\n"
    "update ID · events ID · features · spec",
    words="VERB [ARG...]",
    most=-1,
    stops=True,
    options=(
        Option("--root", "where the state of containers lives", "DIR"),
        Option("--log", "where messages go, beside standard error", "FILE"),
        Option("--log-format", "text or json", "FORMAT"),
        Option("--debug", "write more to the log"),
        Option("--systemd-cgroup", "make the container's cgroup in a scope of systemd's"),
        Option("--rootless", "true, false or auto: who calls decides", "WHAT"),
        Option("--version", "show the version", short="-v"),
    ),
)


def main(argv: list[str]) -> int:
    """Dispatch on the verb; errors go to standard error and to the log."""
    given = parse(GLOBALS, argv)
    if given.has("--help") or not (given.words or given.has("--version")):
        sys.stdout.write(help_text(GLOBALS))
        return 0
    if given.has("--version"):
        from secure import __version__
        from secure.oci.runtime_config import VERSION

        sys.stdout.write(f"secure-oci version {__version__}\nspec: {VERSION}\n")
        return 0
    log = Log(given)
    try:
        verb, *rest = given.words
        return _verb(verb)(rest, given, log)
    except SecureError as error:
        log.failed(error)
        return error.exit_code if error.exit_code in {126, 127} else _CODE
    except (OSError, MemoryError, ImportError) as cause:
        short = shortage(cause)
        if short is None:
            raise
        log.failed(short)
        return _CODE


def _verb(name: str) -> Callable[[list[str], Arguments, Log], int]:
    from secure.cli import oci_verbs

    found = oci_verbs.VERBS.get(name)
    if found is None:
        raise UsageError(f'unknown command "{name}"', do="See: secure oci --help")
    return found
