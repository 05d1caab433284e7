"""The one exception hierarchy. Cut by who can act; the class names the exit code.

SecureError                        5  our bug, unless a leaf says otherwise
├── UsageError                     2  the command line: the user changes it
│   └── PolicyFileError            2  a policy file: file, line and key are named
├── InputError                     3  what was read cannot be used: could not decide
│   ├── NotFoundError              3  no such image, file or record
│   ├── ArchiveError               3  a malformed or hostile archive
│   ├── DocumentError              3  a malformed or hostile JSON document (manifest, config, …)
│   ├── DigestMismatchError        3  content is not what its descriptor promises
│   ├── LimitExceededError         3  a bound of `Limits` was reached; the bound is named
│   ├── UnsupportedError           3  a known form this version does not read
│   └── TamperedError              3  our own records are not as we wrote them
├── MachineError                   4  this machine lacks something; `do` says how to get it
│   └── KernelError                4  a system call failed
├── LaunchError                  125  the container was not started, or was killed at the gate
│   ├── PolicyRefusedError         1  the policy says no (`run` turns it into 125, as docker does)
│   ├── NotExecutableError       126  the command cannot be executed
│   └── CommandNotFoundError     127  the command does not exist in the image
└── InterruptedByUserError       130  Ctrl-C or SIGTERM

A message is one sentence (what, where, why); `do` is a second one (what to do).
"""

from __future__ import annotations

import errno
import sys

from secure import system as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class SecureError(Exception):
    """Base of everything a user can meet; `exit_code` is the command's status."""

    exit_code = 5

    def __init__(self, what: str, *, do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.do = do


class UsageError(SecureError):
    """The command line asks for something that does not exist or contradicts itself."""

    exit_code = 2


class PolicyFileError(UsageError):
    """A policy file is wrong; the message starts with FILE:LINE:COLUMN."""


class InputError(SecureError):
    """What was read cannot be used, so nothing could be decided."""

    exit_code = 3


class NotFoundError(InputError):
    """No such image, file or record."""


class ArchiveError(InputError):
    """A malformed or hostile archive."""


class DocumentError(InputError):
    """A malformed or hostile JSON document."""


class DigestMismatchError(InputError):
    """Content is not what its descriptor, manifest or config promises."""


class LimitExceededError(InputError):
    """A bound of `Limits` was reached.

    Args:
        limit: the field of `Limits`.
        where: what was being read.
        bound: the value of the limit, with its unit.
    """

    def __init__(self, limit: str, where: str, bound: str) -> None:
        super().__init__(
            f"{where}: over the limit {limit} ({bound})",
            do="If the input is trusted and really this large, raise that limit.",
        )
        self.limit = limit


class UnsupportedError(InputError):
    """A known form that this version does not read."""


class TamperedError(InputError):
    """Our own records (audit log, stored layers) are not as we wrote them."""


class MachineError(SecureError):
    """This machine lacks something; `do` says how to get it."""

    exit_code = 4


class KernelError(MachineError):
    """A system call failed.

    Args:
        call: name of the system call.
        target: what it was called on.
        number: errno.
        means: errno values whose usual text misleads for this call.
    """

    def __init__(
        self,
        call: str,
        target: bytes | str,
        number: int,
        means: Mapping[int, str] | None = None,
        *,
        do: str = "",
    ) -> None:
        shown = target.decode("utf-8", "backslashreplace") if isinstance(target, bytes) else target
        text = (means or {}).get(number) or os.strerror(number)
        super().__init__(f'{call} "{shown}" failed: {text}', do=do)
        self.call = call
        self.number = number


class LaunchError(SecureError):
    """The container was not started, or was killed at the gate."""

    exit_code = 125


class PolicyRefusedError(LaunchError):
    """The policy says no."""

    exit_code = 1


class NotExecutableError(LaunchError):
    """The command exists but cannot be executed."""

    exit_code = 126


class CommandNotFoundError(LaunchError):
    """The command does not exist in the image."""

    exit_code = 127


class InterruptedByUserError(SecureError):
    """Ctrl-C or SIGTERM."""

    exit_code = 130


# What runs short on a machine can do so at any call, so that no single part expects it.
_SHORT = {
    errno.ENOSPC: "Free some space.",
    errno.EDQUOT: "Free some space, or raise the quota.",
    errno.EFBIG: "Raise the limit of a file's size (ulimit -f).",
    errno.EIO: "Look at the disk; the kernel's log tells more.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
    errno.ENFILE: "Close files, or raise fs.file-max.",
    errno.ENOMEM: "Free some memory, or raise its limit.",
    errno.EAGAIN: "End some processes, or raise their limit (ulimit -u).",
}


def shortage(error: BaseException) -> MachineError | None:
    """What the machine ran out of, as an error of ours; None: that is not what happened."""
    if isinstance(error, MemoryError):
        return MachineError("no memory is free", do=_SHORT[errno.ENOMEM])
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("secure"):
        return MachineError(
            f'the package "{error.name}" is not installed for this Python ({_python()})',
            do="Install this program again: pip install --force-reinstall secure-runtime",
        )
    if isinstance(error, ImportError) and str(error.path).endswith(".so"):
        return MachineError(
            f"a part of this program cannot be loaded: {error}",
            do="Free some memory, raise the limit of open files, or install it again.",
        )
    if not isinstance(error, OSError) or error.errno not in _SHORT:
        return None
    return MachineError(os_error_text(error), do=_SHORT[error.errno])


def _python() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}, {sys.orig_argv[0]}"


def os_error_text(error: OSError) -> str:
    """What and where; not the words of Python."""
    name = error.filename
    if name is None:
        return error.strerror or str(error)
    shown = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name
    return f'"{shown}": {error.strerror}'
