"""Makes the packs that `secure.start` reads: which modules, in which order, compiled how.

Only a start that missed a module comes here, so nothing of this is on the launch path.
"""

from __future__ import annotations
import __future__

import ast
import marshal
import os
import sys

from secure.errors import MachineError
from secure.start import ROOT, path_of, source_of, stamp_of
from secure.store.atomic import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

    from secure.start import Pack

_OCI = ("secure.cli.main", "secure.cli.oci", "secure.cli.oci_verbs")
_LAUNCH_LATER = (
    "secure.runtime.gate", "secure.runtime.observe", "secure.flows.launch_log",
    "secure.report.launch_lines", "secure.runtime.refusals", "secure.kernel.subordinate_ids",
)  # fmt: skip
_READER = f"{ROOT}.start"  # is there before any pack
_CREATE_LATER = (
    "secure.runtime.binds", "secure.runtime.terminal", "secure.runtime.observe",
    "secure.runtime.oci.gate", "secure.flows.oci_log", "secure.kernel.cgroup_files",
)  # fmt: skip
# kind -> (what every start of it imports, what it may import later); with all that these import.
_ROOTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "run": (("secure.cli.main", "secure.cli.run", "secure.flows.launch"), _LAUNCH_LATER),
    "oci": ((*_OCI, "secure.flows.oci_lifecycle"), ()),
    "oci-create": ((*_OCI, "secure.flows.oci_create"), _CREATE_LATER),
    "oci-run": (
        (*_OCI, "secure.flows.oci_exec", "secure.flows.oci_create", "secure.flows.oci_lifecycle"),
        _CREATE_LATER,
    ),
    "oci-exec": ((*_OCI, "secure.flows.oci_exec"), _CREATE_LATER),
}


def renew(pack: Pack) -> None:
    """Write the pack again; with a launch's those of its kin that there are not."""
    loaded = {name for name in sys.modules if name.partition(".")[0] == ROOT}
    try:
        _write(pack.kind, {*pack.index, *loaded})
        for kind in _ROOTS:
            if pack.kind in _ROOTS and not os.path.exists(path_of(kind)):
                _write(kind, set())
    except MachineError:
        return  # it can be made the next time; a full disk is no reason to fail now


def _write(kind: str, others: set[str]) -> None:
    needed, later = _ROOTS.get(kind, ((), ()))
    first: dict[str, _Source] = {}
    _close(needed, first)
    rest: dict[str, _Source] = dict(first)
    _close((*later, *sorted(others)), rest)
    index: dict[str, tuple[int, int, bool]] = {}
    parts: list[bytes] = []
    end = 0
    for name, source in rest.items():
        if name not in first:
            part = source.stamp + marshal.dumps(source.code())
            index[name] = (end, end + len(part), source.package)
            parts.append(part)
            end += len(part)
    rows = [
        (name, source.package, source.stamp, source.code())
        for name, source in first.items()
        if name != _READER
    ]
    heads = [marshal.dumps(index), marshal.dumps(rows)]
    lengths = [len(head).to_bytes(4, "little") for head in heads]
    write_file(
        path_of(kind), b"".join((*lengths, end.to_bytes(4, "little"), *heads, *parts)), 0o644
    )


def _close(names: Iterable[str], found: dict[str, _Source], above: tuple[str, ...] = ()) -> None:
    """Add `names` and what they import when they are imported, each after what it imports.

    Args:
        above: what is being added already, for packages that import modules of their own.
    """
    for name in names:
        if name in found or name in above or not (source := _Source.of(name)):
            continue
        parent = name.rpartition(".")[0]
        _close((parent, *source.imports()), found, (*above, name))
        found[name] = source


class _Source:
    """A source file of ours, parsed."""

    def __init__(self, path: str, stamp: bytes, *, package: bool) -> None:
        self.path, self.stamp, self.package = path, stamp, package
        with open(path, encoding="utf-8") as file:
            self.tree = ast.parse(file.read(), path)

    @classmethod
    def of(cls, name: str) -> _Source | None:
        """The module of that name; None where there is none."""
        for package in (True, False):
            path = source_of(name, package=package)
            # The time before the text: what changes in between is then told by its stamp.
            if name.partition(".")[0] == ROOT and (stamp := stamp_of(path)):
                return cls(path, stamp, package=package)
        return None

    def imports(self) -> Iterator[str]:
        """Modules that it names outside of every function and condition, and what may be some."""
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)

    def code(self) -> CodeType:
        """Compiled without docstrings, and without an import of `__future__`."""
        future = [n for n in self.tree.body if getattr(n, "module", "") == "__future__"]
        body = [node for node in self.tree.body if node not in future]
        flags = __future__.annotations.compiler_flag if future else 0
        module = ast.Module(body, [])
        made: CodeType = compile(module, self.path, "exec", flags, dont_inherit=True, optimize=2)
        return made
