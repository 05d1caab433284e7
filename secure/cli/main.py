"""The command `secure`: dispatch by table, errors to exit codes. Nothing heavy is imported here."""

from __future__ import annotations

import errno
import sys

from secure import __version__
from secure import system as os
from secure.errors import (
    InterruptedByUserError,
    MachineError,
    SecureError,
    UsageError,
    shortage,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# command -> (module, what the overview says); the module's `main(argv)` returns the exit code
COMMANDS = {
    "check": ("secure.cli.check", "is this image allowed to ship, and if not, why?"),
    "scan": ("secure.cli.scan", "what is in this image: packages, files, secrets"),
    "diff": ("secure.cli.diff", "what a new image fixes and brings: packages, vulnerabilities"),
    "sbom": ("secure.cli.sbom", "the software bill of materials: write, rate, compare"),
    "db": ("secure.cli.db", "the vulnerability database: update, build, status, search, move"),
    "run": ("secure.cli.run", "run an image hardened, whatever flags or image say"),
    "inspect": ("secure.cli.inspect", "a container: what enforced what, how and why it ended"),
    "policy": ("secure.cli.policy", "list, show, explain and validate policies"),
    "images": ("secure.cli.images", "load, list and remove local images"),
    "audit": ("secure.cli.audit", "the log of verdicts and launches: show, verify, report"),
    "info": ("secure.cli.info", "what this machine can enforce, and what would enable the rest"),
    "setup": ("secure.cli.setup", "what root does once for the users of this machine"),
    "oci": ("secure.cli.oci", "an OCI runtime for engines such as podman: create, start, exec, …"),
    "demo": ("secure.cli.demo", "the whole line on two small images made here"),
}

# A disk that is full or broken; a standard output that the caller closed.
_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF)
WORDS = """  IMAGE: what docker save wrote, an OCI layout, a folder with a root file system; one of
  several in a file: FILE:TAG; for run also a name of: secure images list
  help of a command: secure COMMAND --help · version: secure --version"""
EXIT_CODES = """Exit codes: 0 fine · 1 the policy says no · 2 wrong usage or policy file
  3 could not decide · 4 this machine lacks something · 5 our bug · 130 interrupted
  run: the program's own code (137: killed, also where memory ran out), or 125 (not started),
  126 (cannot be run), 127 (not there)"""


def main(argv: list[str]) -> int:
    """Run one command line; returns the process's exit code."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _replace_closed_streams()
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
        return code
    except SecureError as error:
        return _report(error)
    except KeyboardInterrupt:
        return _report(InterruptedByUserError("interrupted"))
    except OSError as error:
        return _report_output(error)
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback for a user
        return _report_unexpected(error)


def _replace_closed_streams() -> None:
    """Take the places of standard streams that the caller closed, before any file gets them.

    A closed output is opened for reading, so that writing a result still fails;
    messages go nowhere.
    """
    if sys.stdin is None:
        sys.stdin = open(_null_at(0, os.O_RDONLY), closefd=False)  # noqa: SIM115 - open to the end
    if sys.stdout is None:
        sys.stdout = open(_null_at(1, os.O_RDONLY), "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(_null_at(2, os.O_WRONLY), "w", closefd=False)  # noqa: SIM115


def _null_at(place: int, flags: int) -> int:
    opened = os.open(os.devnull, flags)
    os.dup2(opened, place)
    os.set_inheritable(place, True)  # where both are one, dup2 changes nothing
    if opened != place:
        os.close(opened)
    return place


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help", "help"}:
        sys.stdout.write(overview())
        return 0
    if argv[0] in {"--version", "-v", "version"}:
        sys.stdout.write(f"secure {__version__}\n")
        return 0
    if argv[0] not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(argv[0], list(COMMANDS), 1)
        hint = f"Did you mean {near[0]}?" if near else "See: secure --help"
        raise UsageError(f'unknown command "{argv[0]}"', do=hint)
    return _command(COMMANDS[argv[0]][0])(argv[1:])


def _command(module: str) -> Callable[[list[str]], int]:
    # importlib is frozen into the interpreter; its package form would cost time.
    __import__(module)
    found: Callable[[list[str]], int] = sys.modules[module].main
    return found


def overview() -> str:
    """The help of `secure` itself."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        ["Usage: secure COMMAND [OPTION...]", "", *lines, "", WORDS, "", EXIT_CODES, ""]
    )


def _report(error: SecureError) -> int:
    lines = [f"secure: error: {_printable(str(error))}"]
    if error.do:
        lines.append(f"  {_printable(error.do)}")
    _tell("\n".join(lines) + "\n")
    return error.exit_code


def _report_output(error: OSError) -> int:
    """A result that could not be written, or something else that nobody expected to fail."""
    if error.errno != errno.EPIPE and (error.errno not in _UNWRITTEN or error.filename is not None):
        return _report_unexpected(error)
    # What Python still holds for standard output goes nowhere instead of failing again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno == errno.EPIPE:
        return 0  # the reader went away (`secure scan … | head`): nothing is wrong
    return _report(MachineError(f"cannot write the result: {error.strerror}"))


def _report_unexpected(error: Exception) -> int:
    short = shortage(error)
    return _report(short) if short else _report_bug(error)


def _report_bug(error: Exception) -> int:
    if os.environ.get("SECURE_TRACEBACK"):
        raise error
    kind = type(error).__name__
    _tell(
        f"secure: error: internal fault: {kind}: {_printable(str(error))}\n"
        "  This is our bug. Set SECURE_TRACEBACK=1, run it again and report what is printed.\n"
    )
    return SecureError.exit_code


def _tell(text: str) -> None:
    from secure.store.messages import tell

    tell(text)


def _printable(text: str) -> str:
    """Keep newlines; no other control character of any input reaches the terminal."""
    from secure.facts.plain import plain

    return "\n".join(map(plain, text.split("\n")))
