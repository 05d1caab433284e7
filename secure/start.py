"""The start of the process: our packages on the path, the modules of a launch from one file.

Python looks for, opens, checks and reads every .pyc by itself: 3 of the 7 ms in which a launch
loads its 60 modules. A pack is those same .pyc files joined together, with the same trust (who may
write one may write the other) and the same check: a module whose source has another time or size
than its .pyc says (PEP 552) is left to Python's own import, and the pack is made again.
See docs/decisions/0006-packed-modules.md.

Layout: the length of the index and that of the .pyc files, four bytes each; the index, marshalled:
{module: (first byte, byte after the last, is a package)}, counted from its end; the .pyc files.
"""

from __future__ import annotations

import gc
import marshal
import posix
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.abc import Loader
    from types import ModuleType
    from typing import NoReturn
else:
    Loader = object  # importing the real one costs more than the pack saves

_HOME = __file__.rpartition("/")[0]
_ROOT = __name__.partition(".")[0]
_TAG = sys.implementation.cache_tag
_HEADER = 16  # bytes of a .pyc before its code: magic number, flags, source time, source size
_MOST = 8 * 1024 * 1024
_LAUNCHES = ("run", "oci")
_PACKED = (*_LAUNCHES, "scan", "check", "sbom")
_COLLECT_AFTER = 50_000  # objects


def start() -> NoReturn:
    """Run the command line of this process, and end it."""
    sys.path += [folder for folder in _site() if folder not in sys.path]
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    pack = Pack(command) if command in _PACKED else None
    if pack:
        # A launch makes thousands of objects and no cycles worth finding: 3 ms of collections less;
        # so do the imports of a scan.
        gc.set_threshold(_COLLECT_AFTER)
        sys.meta_path.insert(0, pack)
    from secure.cli.main import main

    status = main(sys.argv[1:])
    # What a first launch loads besides, to read and scan the image, would only burden the others.
    # A scan says by its status what it found, and has loaded the same modules.
    if pack and (
        command not in _LAUNCHES or (status == 0 and "secure.flows.prepare" not in sys.modules)
    ):
        pack.renew()
    # Not sys.exit: taking the interpreter apart costs 3 ms, and every file of ours is closed.
    posix._exit(status)


def _site() -> list[str]:
    """In a checkout the virtual environment's packages; an installed package lies among them."""
    if _HOME.rpartition("/")[0].endswith("-packages"):
        return []
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # As we were called: sys.executable is what PYTHONEXECUTABLE says, even under -I.
    prefix = sys.orig_argv[0].rpartition("/bin/")[0]
    return [f"{prefix}/lib/{version}/site-packages"] if prefix else []


class Pack(Loader):
    """A finder for the import system, and the loader of what it finds.

    Args:
        command: what the pack is for; part of its name.
    """

    def __init__(self, command: str) -> None:
        self._path = f"{_HOME}/__pycache__/{command}.{_TAG}.pack"
        self._index: dict[str, tuple[int, int, bool]] = {}
        self._content = memoryview(b"")
        self._missed = False
        try:
            self._read()
        except (OSError, ValueError, EOFError, TypeError):
            self._missed = True  # none there, or a damaged one: import works without it

    def _read(self) -> None:
        fd = posix.open(self._path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            content = memoryview(posix.read(fd, _MOST))
        finally:
            posix.close(fd)
        first = 8 + int.from_bytes(content[:4], "little")
        index = marshal.loads(content[8:first])  # noqa: S302 - ours, as the .pyc files are
        if type(index) is not dict or len(content) - first != int.from_bytes(
            content[4:8], "little"
        ):
            raise ValueError
        self._index = index
        self._content = content[first:]

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """The module `name`, where the pack has it and its source has not changed since."""
        if not name.startswith(_ROOT):
            return None
        if (found := self._index.get(name)) is not None:
            first, _end, package = found
            source = _source(name, package=package)
            if self._content[first : first + _HEADER] == _stamp(source):
                return ModuleSpec(name, self, origin=source, is_package=package)
        self._missed = True
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """None: the usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of `module` in it."""
        first, end, package = self._index[module.__name__]
        module.__file__ = source = _source(module.__name__, package=package)
        if package:
            module.__path__ = [source.rpartition("/")[0]]
        exec(marshal.loads(self._content[first + _HEADER : end]), module.__dict__)  # noqa: S102, S302

    def renew(self) -> None:
        """Write the pack again if it lacked a module, where we may write beside the .pyc files."""
        folder = self._path.rpartition("/")[0]
        if not self._missed or sys.dont_write_bytecode or not posix.access(folder, posix.W_OK):
            return
        index: dict[str, tuple[int, int, bool]] = {}
        parts: list[bytes] = []
        end = 0
        loaded = {name: hasattr(module, "__path__") for name, module in sys.modules.items()}
        for name, package in sorted({**self._packages(), **loaded}.items()):
            if name.startswith(_ROOT) and (compiled := _compiled(name, package=package)):
                index[name] = (end, end + len(compiled), package)
                parts.append(compiled)
                end += len(compiled)
        from secure.errors import MachineError
        from secure.store.atomic import write_file

        head = marshal.dumps(index)
        lengths = len(head).to_bytes(4, "little") + end.to_bytes(4, "little")
        try:
            write_file(self._path, b"".join((lengths, head, *parts)), 0o644)
        except MachineError:
            return  # it can be made the next time; a full disk is no reason to fail now

    def _packages(self) -> dict[str, bool]:
        return {name: package for name, (_, _, package) in self._index.items()}


def _source(name: str, *, package: bool) -> str:
    inner = name[len(_ROOT) :].replace(".", "/")
    return f"{_HOME}{inner}/__init__.py" if package else f"{_HOME}{inner}.py"


def _stamp(source: str) -> bytes:
    """What the .pyc of an unchanged `source` begins with; b"" where there is no such source."""
    try:
        status = posix.stat(source)
    except OSError:
        return b""
    seconds, size = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    return MAGIC_NUMBER + bytes(4) + seconds.to_bytes(4, "little") + size.to_bytes(4, "little")


def _compiled(name: str, *, package: bool) -> bytes:
    """The .pyc of a module; b"" where there is none, or one of another source."""
    source = _source(name, package=package)
    folder, _, last = source.rpartition("/")
    try:
        with open(f"{folder}/__pycache__/{last.removesuffix('.py')}.{_TAG}.pyc", "rb") as file:
            compiled = file.read(_MOST)
    except OSError:
        return b""
    return compiled if compiled[:_HEADER] == _stamp(source) else b""
