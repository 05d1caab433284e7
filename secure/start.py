"""The start of the process: our packages on the path, the modules of a launch from one file.

Python looks for, opens, checks and reads every .pyc by itself, and its import system takes as long
again to make a module of it: 3 of the 5 ms in which a launch loads its 60 modules. A pack has those
modules compiled, with the same trust as the .pyc files beside it (who may write one may write the
other) and the same check: a module whose source has another time or size than when it was packed
(PEP 552) is left to Python's own import, and the pack is made again by `secure.packing`.
See docs/decisions/0006-packed-modules.md.

Layout: three lengths of four bytes, then what they are of:

    index    marshalled {module: (first byte, byte after the last, is a package)} of the others
    needed   by every start of this kind, marshalled [(module, is a package, stamp, code)], each
             after those that it imports
    others   for each its stamp, and its code marshalled
"""

import gc
import marshal
import posix
import sys
from _frozen_importlib import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.abc import Loader
    from types import CodeType, ModuleType
    from typing import NoReturn

    Needed = list[tuple[str, bool, bytes, CodeType]]
else:
    Loader = object  # importing the real one costs more than the pack saves

_HOME = __file__.rpartition("/")[0]
ROOT = __name__.partition(".")[0]
STAMP = 8  # bytes: time and size of a source
_MOST = 16 * 1024 * 1024
_VERBS = ("create", "run", "exec")  # those that make a process load more than the others
_LAUNCHES = ("run", "oci")
_PACKED = (*_LAUNCHES, "scan", "check", "sbom")
_COLLECT_AFTER = 50_000  # objects


def start() -> "NoReturn":
    """Run the command line of this process, and end it."""
    sys.path += [folder for folder in _site() if folder not in sys.path]
    kind = kind_of(sys.argv[1:])
    pack = Pack(kind) if kind else None
    if pack:
        # A launch makes thousands of objects and no cycles worth finding: 3 ms of collections less;
        # so do the imports of a scan.
        gc.set_threshold(_COLLECT_AFTER)
        sys.meta_path.insert(0, pack)
        pack.load()
    from secure.cli.main import main

    status = main(sys.argv[1:])
    if pack and pack.missed and _may_write() and _is_worth_packing(kind, status):
        from secure.packing import renew

        renew(pack)
    # Not sys.exit: taking the interpreter apart costs 3 ms, and every file of ours is closed.
    posix._exit(status)


def kind_of(words: list[str]) -> str:
    """Which pack a command line takes; "" for none. A wrong guess costs time and nothing else."""
    command = words[0] if words else ""
    if command == "oci":
        verb = next((word for word in words[1:] if word in _VERBS), "")
        return f"oci-{verb}" if verb else "oci"
    return command if command in _PACKED else ""


def _may_write() -> bool:
    return not sys.dont_write_bytecode and posix.access(f"{_HOME}/__pycache__", posix.W_OK)


def _is_worth_packing(kind: str, status: int) -> bool:
    # What a first launch loads besides, to read and scan the image, would only burden the others.
    # A scan says by its status what it found, and has loaded the same modules.
    if kind.partition("-")[0] not in _LAUNCHES:
        return True
    return status == 0 and "secure.flows.prepare" not in sys.modules


def _site() -> list[str]:
    # As we were called: sys.executable is what PYTHONEXECUTABLE says, even under -I.
    return folders_of(_HOME, sys.orig_argv[0].rpartition("/bin/")[0])


def folders_of(home: str, prefix: str) -> list[str]:
    """Where the packages are that we need, behind the folder of ours.

    Args:
        home: of this package: among those that it needs, if it is installed.
        prefix: of the interpreter: a virtual environment in a checkout, or the system's own. With
            that one pip takes what Debian's packages brought already, and installs the rest.
    """
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if prefix == "/usr":
        return [f"/usr/local/lib/{version}/dist-packages", "/usr/lib/python3/dist-packages"]
    if not prefix or home.rpartition("/")[0].endswith("-packages"):
        return []
    return [f"{prefix}/lib/{version}/site-packages"]


class Pack(Loader):
    """A finder for the import system, and the loader of what it finds.

    Args:
        kind: what the pack is for; part of its name.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.path = path_of(kind)
        self.index: dict[str, tuple[int, int, bool]] = {}
        self.missed = False
        self._content = memoryview(b"")
        self._needed: Needed = []
        try:
            self._read()
        except (OSError, ValueError, EOFError, TypeError):
            self.missed = True  # none there, or a damaged one: import works without it

    def _read(self) -> None:
        fd = posix.open(self.path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            content = memoryview(posix.read(fd, _MOST))
        finally:
            posix.close(fd)
        lengths = [int.from_bytes(content[at : at + 4], "little") for at in (0, 4, 8)]
        if len(content) != 12 + sum(lengths):
            raise ValueError
        first, second = 12 + lengths[0], 12 + lengths[0] + lengths[1]
        index = marshal.loads(content[12:first])  # noqa: S302 - ours, as the .pyc files are
        needed = marshal.loads(content[first:second])  # noqa: S302
        if type(index) is not dict or type(needed) is not list:
            raise ValueError
        self.index, self._needed, self._content = index, needed, content[second:]

    def load(self) -> None:
        """Make the modules that every start of this kind needs, each after those it imports."""
        for name, package, stamp, code in self._needed:
            source = source_of(name, package=package)
            # Without its package a module is Python's own import's, as the package is.
            parent, _, last = name.rpartition(".")
            if stamp_of(source) != stamp or (parent and parent not in sys.modules):
                self.missed = True
                continue
            module = type(sys)(name)
            _describe(module, source, package=package)
            sys.modules[name] = module
            try:
                exec(code, module.__dict__)  # noqa: S102
            except Exception:  # noqa: BLE001 - where it is imported, it is also reported
                del sys.modules[name]
                return
            if parent:
                setattr(sys.modules[parent], last, module)
        self._needed = []

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """The module `name`, where the pack has it and its source has not changed since."""
        if not name.startswith(ROOT):
            return None
        if (found := self.index.get(name)) is not None:
            first, _end, package = found
            source = source_of(name, package=package)
            if self._content[first : first + STAMP] == stamp_of(source):
                return ModuleSpec(name, self, origin=source, is_package=package)
        self.missed = True
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """None: the usual kind of module."""

    def exec_module(self, module: "ModuleType") -> None:
        """Run the code of `module` in it."""
        first, end, package = self.index[module.__name__]
        _describe(module, source_of(module.__name__, package=package), package=package)
        exec(marshal.loads(self._content[first + STAMP : end]), module.__dict__)  # noqa: S102, S302


def _describe(module: "ModuleType", source: str, *, package: bool) -> None:
    module.__file__ = source
    if package:
        module.__path__ = [source.rpartition("/")[0]]


def path_of(kind: str) -> str:
    """Where the pack of that kind lies."""
    return f"{_HOME}/__pycache__/{kind}.{sys.implementation.cache_tag}.pack"


def source_of(name: str, *, package: bool) -> str:
    """The source file of a module of ours."""
    inner = name[len(ROOT) :].replace(".", "/")
    return f"{_HOME}{inner}/__init__.py" if package else f"{_HOME}{inner}.py"


def stamp_of(source: str) -> bytes:
    """Time and size of a source, as a .pyc has them; b"" where there is no such source."""
    try:
        status = posix.stat(source)
    except OSError:
        return b""
    seconds, size = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    return seconds.to_bytes(4, "little") + size.to_bytes(4, "little")
