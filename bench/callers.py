"""Who runs the commands: root measures as the ordinary user of the kernel tests too."""

from __future__ import annotations

import os
import pickle
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from hierarchy import private_hierarchy

ORDINARY_USER = "secure-test"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """A user, with a home of its own for the time of a measurement."""

    name: str
    uid: int
    gid: int
    home: str

    @property
    def env(self) -> dict[str, str]:
        """All that a command gets; every tool keeps its state below this home."""
        return {
            "PATH": _PATH,
            "HOME": self.home,
            "USER": self.name,
            "XDG_RUNTIME_DIR": f"{self.home}/run",
            "XDG_DATA_HOME": f"{self.home}/share",
            "XDG_CACHE_HOME": f"{self.home}/cache",
        }


@contextmanager
def caller(user: pwd.struct_passwd) -> Iterator[Caller]:
    """`user`, with a fresh home that is removed afterwards."""
    home = tempfile.mkdtemp(prefix=f"secure-bench-{user.pw_name}-", dir="/var/tmp")
    os.mkdir(f"{home}/run", 0o700)
    for path in (home, f"{home}/run"):
        os.chown(path, user.pw_uid, user.pw_gid)
    try:
        yield Caller(user.pw_name, user.pw_uid, user.pw_gid, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def ordinary() -> pwd.struct_passwd:
    """The caller; for root the ordinary user that the test set-up makes.

    Raises:
        RuntimeError: there is none.
    """
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(ORDINARY_USER)
    except KeyError:
        raise RuntimeError(f"no user {ORDINARY_USER}: scripts/test makes it") from None


def as_caller(who: Caller, work: Callable[[], T]) -> T:
    """The result of `work`, done in a child that is that user: no `su` in the measured time."""

    def in_its_name() -> T:
        private_hierarchy(who.home)
        if os.geteuid() != who.uid:
            os.setgroups([])
            os.setresgid(who.gid, who.gid, who.gid)
            os.setresuid(who.uid, who.uid, who.uid)
        return work()

    return in_child(in_its_name)


def in_child(work: Callable[[], T]) -> T:
    """The result of `work`, done in a child: what it imports and reads does not make us larger.

    Raises:
        RuntimeError: it failed; its words were printed by the child.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            with open(writer, "wb") as file:
                pickle.dump(work(), file)
            code = 0
        except BaseException as error:  # noqa: BLE001 - the child ends here, whatever happens
            print(f"{type(error).__name__}: {error}", flush=True)
        finally:
            os._exit(code)
    os.close(writer)
    with open(reader, "rb") as file:
        content = file.read()
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("a part of the measurement failed, see above")
    found: T = pickle.loads(content)  # noqa: S301 - our own child's
    return found
