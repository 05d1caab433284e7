"""Node packages that Yarn's Plug'n'Play loads: .pnp.data.json, or the same text inside .pnp.cjs.

What it names is `declared`: the packages themselves are zips in a cache (`yarn_cache`) or unpacked
below .yarn/unplugged, and the merge joins them.

Source: yarnpkg/berry, "PnP specification" (packageRegistryData: names, then references), and what
Yarn 2 to 4 write: version 2 a literal of JavaScript, later ones a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.errors import DocumentError
from secure.facts.purl import unquote
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.npm import LockedNpm, is_local
from secure.scan.formats.tree import MAX_BYTES, json_tree, listed, loose_json_tree, mapping, word

_STRING = re.compile(rb"(?:const RAW_RUNTIME_STATE =\s*+|hydrateRuntimeState\(JSON\.parse\()'")
_LITERAL = re.compile(rb"return hydrateRuntimeState\((?=\{)")
_PATCHED = re.compile(r"@(npm:[^#:]++)")


def parse_data(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "packageRegistryData" not in top:
        yield file.unreadable('has no "packageRegistryData"')
        return
    # A package is listed once for each set of peers that it is loaded with.
    locked = _locked(listed(top["packageRegistryData"]))
    yield from each_once(file, (one.record(file, YARN_PNP.name) for one in locked))


def _locked(registry: list[object]) -> Iterator[LockedNpm]:
    for name, references in map(_pair, registry):
        for key, value in map(_pair, listed(references)):
            reference, entry = word(key), mapping(value)
            if not word(name) or entry.get("linkType") == "SOFT":
                continue  # the project itself and its workspaces
            if reference.startswith("virtual:"):
                reference = reference.partition("#")[2]
            if is_local(reference):
                continue
            version, outside = _version(reference)
            needs = [word(_pair(need)[0]) for need in listed(entry.get("packageDependencies"))]
            yield LockedNpm(
                word(name),
                version,
                address=outside,
                needs=tuple(need for need in needs if need != word(name)),
            )


def _version(reference: str) -> tuple[str, str]:
    """The version of what a registry gave, else the address of the source.

    "patch:fsevents@npm%3A2.3.3#…" is version 2.3.3 with changes.
    """
    if reference.startswith("patch:") and (origin := _PATCHED.search(unquote(reference))):
        reference = origin[1]
    if reference.startswith("npm:"):
        return reference.removeprefix("npm:").partition("::")[0], ""  # "::__archiveUrl=…"
    return "", reference


def _pair(value: object) -> tuple[object, object]:
    first, second, *_ = [*listed(value), None, None]
    return first, second


def _decode(content: bytes) -> object:
    """The data in a script, or the file itself.

    A script that reads .pnp.data.json says nothing of its own.
    """
    if string := _STRING.search(content):
        # Every quote within is escaped, and the text ends with a brace.
        end = content.find(b"}'", string.end()) + 1
        return json_tree(_unescaped(content[string.end() : end]))
    if literal := _LITERAL.search(content):
        end = content.find(b"}, {basePath", literal.end()) + 1
        return loose_json_tree(content[literal.end() : end])
    if content.lstrip().startswith(b"{"):
        return json_tree(content)
    if b".pnp.data.json" in content and b"hydrateRuntimeState" in content:
        return {"packageRegistryData": []}
    raise DocumentError("is no script of Yarn's Plug'n'Play")


def _unescaped(string: bytes) -> bytes:
    """What a string of JavaScript stands for; line ends, quotes and backslashes are escaped.

    A NUL, which no JSON holds, keeps the place of a backslash: plain replacements take a tenth of
    the memory that an expression with a function does.
    """
    joined = string.replace(b"\\\r\n", b"\n").replace(b"\\\n", b"\n")
    plain = joined.replace(b"\\\\", b"\0")
    return plain.replace(b"\\'", b"'").replace(b"\0", b"\\")


YARN_PNP = Cataloger(
    name="yarn-pnp",
    version=1,
    wants=("*/.pnp.data.json", "*/.pnp.cjs", "*/.pnp.js"),
    max_bytes=MAX_BYTES,
    parse=from_tree(_decode, parse_data),
    database=False,
)
