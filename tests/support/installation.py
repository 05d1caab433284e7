"""The real command, installed where every user can run it, and the accounts that run it."""

from __future__ import annotations

import compileall
import ctypes
import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers import ROOT, Caller
from packaging.requirements import Requirement

from secure.audit.read import read
from secure.audit.record import Record, content
from secure.audit.segments import log_path

_SLOW_S = 120
_PR_SET_CHILD_SUBREAPER = 36
_SECURE_CGROUPS = "/sys/fs/cgroup"


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Account:
    """One user with a home of its own for `secure`."""

    who: Caller
    folder: Path
    command: Path

    @property
    def data(self) -> Path:
        return self.folder / "data/secure"

    @property
    def cache(self) -> Path:
        return self.folder / "cache/secure"

    @property
    def log(self) -> Path:
        return Path(log_path(str(self.data)))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"),
        }

    def arguments(self, *words: str) -> list[str]:
        """The command line; `run` gets the id map of this caller."""
        ids = ["--userns", self.who.id_map] if self.who.id_map and words[:1] == ("run",) else []
        return [str(self.command), *words[:1], *ids, *words[1:]]

    def secure(
        self,
        *words: str,
        stdin: str | None = None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdout: int = subprocess.PIPE,
    ) -> Ended:
        """Run `secure` to its end."""
        done = subprocess.run(
            self.arguments(*words),
            stdout=stdout,
            stderr=subprocess.PIPE,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            text=True,
            errors="replace",
            timeout=_SLOW_S,
            check=False,
            cwd=cwd or self.folder,
            env=self.environment | (env or {}),
            **self.who.credentials,
        )
        return Ended(done.returncode, done.stdout or "", done.stderr)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start `secure` and come back at once."""
        defaults: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        return subprocess.Popen(
            self.arguments(*words),
            text=True,
            cwd=self.folder,
            env=self.environment | options.pop("env", {}),
            **(defaults | options),
            **self.who.credentials,
        )

    def made(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        """A file of this user's in its folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        self.own(path.parent, path)
        return path

    def own(self, *paths: Path) -> None:
        """Give files to this user."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self.who.uid, self.who.gid, follow_symlinks=False)

    def records(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, content) of every record of the audit log, oldest first."""
        if not self.log.exists():
            return []
        lines = [line for line in read(str(self.log)) if isinstance(line, Record)]
        return [(line.kind, content(line)) for line in lines]

    def half_written(self) -> list[str]:
        """Files that somebody began and did not finish."""
        found = [str(path) for path in self.folder.rglob("*.tmp")]
        return found + [str(path) for path in (self.data / "images/temporary").glob("*")]


def adopt_orphans() -> None:
    """From now on a process whose parent died becomes a child of this one, and so is noticed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children() -> set[int]:
    """Living children of this process; adopted ones that ended are reaped."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update(map(int, (task / "children").read_text().split()))
    return {pid for pid in found if _is_alive(pid)}


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def mounts() -> set[str]:
    """Lines of this mount namespace."""
    return set(Path("/proc/self/mountinfo").read_text().splitlines())


def cgroups() -> set[str]:
    """Control groups below a directory "secure" that nothing lives in.

    Those with processes are others' (tests run side by side): a process of ours that is left is
    found by `children`.
    """
    # Not by a glob over everything: what others make and remove meanwhile would disturb it.
    bases = [
        _SECURE_CGROUPS,
        *(f"{_SECURE_CGROUPS}/{name}" for name in os.listdir(_SECURE_CGROUPS)),
    ]
    found: set[str] = set()
    for folder in (f"{base}/secure" for base in bases if os.path.isdir(f"{base}/secure")):
        found.update(entry.path for entry in os.scandir(folder) if _is_empty(entry))
    return found


def _is_empty(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() and not Path(entry, "cgroup.procs").read_text()
    except OSError:  # removed meanwhile
        return False


@contextmanager
def leaves_nothing(account: Account) -> Iterator[None]:
    """Whatever happens inside, afterwards there is no new mount, process, cgroup or half file.

    Others may start and end things on this machine at the same time: what is new has to go within
    some seconds.
    """
    looks: tuple[Callable[[], set[Any]], ...] = (mounts, children, cgroups)
    before = [look() for look in looks]
    yield
    deadline = time.monotonic() + 8
    left: list[object] = [1]
    while left and time.monotonic() < deadline:
        left = [new for look, old in zip(looks, before, strict=True) for new in look() - old]
        left += account.half_written()
        if left:
            time.sleep(0.05)
    assert not left, left


@dataclass(frozen=True)
class Installed:
    """A world-readable copy of the product and its dependencies."""

    folder: Path

    @property
    def command(self) -> Path:
        return self.folder / "bin/secure"

    def altered(self, home: Path, file: str, old: str, new: str) -> Path:
        """The command of a copy at `home` with one text of the package replaced.

        Everything else is the same files. A copy that is there already is altered further.
        """
        if not home.exists():
            shutil.copytree(self.folder, home, symlinks=True, copy_function=os.link)
        path = home / "secure" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
        path.unlink()
        path.write_text(text.replace(old, new), encoding="utf-8")
        return home / "bin/secure"

    @contextmanager
    def account(self, who: Caller) -> Iterator[Account]:
        """A fresh home; removed afterwards, with what belongs to subordinate ids."""
        folder = self.folder.parent / f"home-{who.name}-{os.urandom(4).hex()}"
        folder.mkdir(mode=0o755)
        account = Account(who, folder, self.command)
        account.own(folder)
        for name in ("home", "data", "cache", "config", "runtime"):
            (folder / name).mkdir(mode=0o700)
            account.own(folder / name)
        try:
            yield account
        finally:
            _remove(account)


def _remove(account: Account) -> None:
    if os.geteuid() != 0 and account.who.id_map:
        for line in account.secure("images", "list").out.splitlines():
            account.secure("images", "rm", line.split()[0])
    shutil.rmtree(account.folder, ignore_errors=True)


def install(folder: Path) -> Installed:
    """Copy the product into `folder`, as a checkout with a virtual environment beside it."""
    home = folder / "product"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("bin", "secure", "policies", "vulndb"):
        shutil.copytree(ROOT / name, home / name, ignore=ignore)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = home / ".venv/lib" / version / "site-packages"
    packages.mkdir(parents=True)
    for name in dependencies():
        copy_distribution(name, packages)
    (home / ".venv/bin").mkdir()
    (home / ".venv/bin/python3").symlink_to(os.path.realpath(sys.executable))
    # Users that may not write here would compile everything again at each start.
    compileall.compile_dir(home, quiet=2, workers=1)
    _open_to_all(home)
    folder.chmod(0o755)
    return Installed(home)


def dependencies() -> list[str]:
    """Names of the distributions that the product needs to run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line).name for line in project["dependencies"]]


def copy_distribution(name: str, packages: Path) -> None:
    """Copy a distribution of the running environment into another site-packages."""
    for file in importlib.metadata.files(name) or ():
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), target)


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
