"""Secrets in the files of a layer: contents are joined, searched block by block and forgotten."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.facts.secret import Secret, SecretPlace
from secure.images.background import Background
from secure.scan.layer_facts import SecretMark
from secure.scan.secrets.engine import Engine, Flooded, Found
from secure.scan.secrets.rules.generic import GUESS

_Block = tuple[list[tuple[bytes, bytes]], bool]  # names and contents; are they binary?

_WAITING = 1  # one block is searched, one waits, one grows
_BLOCK = 2 * 1024 * 1024  # joined: enough for hyperscan's full speed, little memory
_ALONE = 256 * 1024  # a file of this size is a block of its own and is not copied
_LARGE = 4 * 1024 * 1024  # two of these are never held at once
_HEAD = 8 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class FileSearch:
    """Takes files one by one; `results` are complete after `finish`.

    What has a NUL in its first 8 KiB is no text and is searched only for forms that chance
    cannot make: keys in compiled programs and .pyc files leak like others.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: dict[bool, list[tuple[bytes, bytes]]] = {False: [], True: []}
        self._size = {False: 0, True: 0}
        self.results: list[SecretMark] = []
        self.unreadable: list[Unreadable] = []
        self._searching = Background(self._search, _WAITING)

    def offer(self, name: bytes, content: bytes) -> None:
        """One file, whole."""
        if content[:2] in _UTF16:
            content = content.decode("utf-16", "replace").encode("utf-8", "replace")
        binary = content.find(b"\0", 0, _HEAD) >= 0
        if len(content) >= _ALONE:
            self._searching.give(([(name, content)], binary))
            if len(content) >= _LARGE:
                self._searching.give(([], binary))  # returns when the large one has been searched
            return
        self._waiting[binary].append((name, content))
        self._size[binary] += len(content)
        if self._size[binary] >= _BLOCK:
            self._flush(binary)

    def finish(self) -> None:
        """Search what still waits."""
        for binary in (False, True):
            self._flush(binary)
        self._searching.finish()

    def _flush(self, binary: bool) -> None:
        files, self._waiting[binary], self._size[binary] = self._waiting[binary], [], 0
        if files:
            self._searching.give((files, binary))

    def _search(self, block: _Block) -> None:
        files, binary = block
        if not files:
            return
        by_file: dict[int, list[Found]] = {}
        for item in self._engine.search([content for _, content in files], binary=binary):
            if isinstance(item, Flooded):
                why = "too many candidates for secrets: searched in part"
                path = text(files[item.span][0])
                self.unreadable.append(Unreadable(path, 0, why, secrets=True))
            else:
                by_file.setdefault(item[0], []).append(item[1])
        for number, (name, content) in enumerate(files):
            found = by_file.get(number, [])
            last_component = name.rpartition(b"/")[2]
            if last_component in self._engine.named:
                found += _new(found, self._engine.search_named(last_component, content))
            for one in found:
                self.results.append(_mark(name, content, one))


def _new(known: list[Found], more: Iterator[Found]) -> list[Found]:
    """What of `more` does not overlap what is known."""
    return [
        item
        for item in more
        if not any(item.start < other.end and other.start < item.end for other in known)
    ]


def _mark(name: bytes, content: bytes, found: Found) -> SecretMark:
    severity = found.severity
    # Keys that packages bring for their own tests and examples open nothing, and what a guess finds
    # in a package's own code is nearly always its documentation.
    guessed = found.rule.id == GUESS
    if _is_packaged(name) and (guessed or (severity == "critical" and _is_test_data(name))):
        severity = "low"
    return SecretMark(
        name,
        Secret(
            rule=found.rule.id,
            title=found.rule.title,
            severity=severity,
            place=SecretPlace.FILE,
            masked=found.masked,
            fingerprint=found.fingerprint,
            location=Location(text(name), 0),
            line=content.count(b"\n", 0, found.start) + 1,
        ),
    )


_TEST_PARTS = frozenset({b"test", b"tests", b"testdata", b"testing", b"examples", b"test-data"})
_PACKAGED = (b"usr/lib/", b"usr/share/")


def _is_packaged(name: bytes) -> bool:
    return name.startswith(_PACKAGED) or b"/site-packages/" in name or b"/node_modules/" in name


def _is_test_data(name: bytes) -> bool:
    return not _TEST_PARTS.isdisjoint(name.split(b"/")[:-1])
