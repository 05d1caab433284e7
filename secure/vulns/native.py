"""Files of advisories in a form of their giver's own, told by their names, as feeds of a build."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from secure import system as os
from secure.errors import DocumentError, LimitExceededError
from secure.facts.image import Unreadable
from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns import records, schema
from secure.vulns.build import Content, Feed
from secure.vulns.osv import Advisory, Refused
from secure.vulns.tables import whole

_Entries = Iterator[Advisory | Refused | Unreadable]


def feed_of(path: str, limits: Limits) -> Feed:
    """The records of one file: in the form that its name tells, else OSV's."""
    base, content = os.path.basename(path), Content()
    giver = _giver(base) or "osv"
    # SUSE's definitions of one CVE have one id in the files of all products.
    giver_of_ids = base.partition(".xml")[0] if giver == "suse" else giver
    return Feed(f"{giver_of_ids}/{base}", _GIVERS[giver][1](path, limits, content), content)


def is_native(name: str) -> bool:
    """The file with this name is none of OSV's records."""
    return bool(_giver(name))


def _giver(name: str) -> str:
    return next((giver for giver, (named, _) in _GIVERS.items() if named(name)), "")


def _rubysec(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import rubysec

    return rubysec.advisories(content.feed(whole(path, limits)), limits)


def _friendsofphp(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import friendsofphp

    return friendsofphp.advisories(content.feed(whole(path, limits)), limits, _modified(path))


def _secdb(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import alpine_secdb

    documents = []
    for found in records.zip_members(path, limits, content, (".yaml", ".json")):
        if isinstance(found, Unreadable):
            yield found
        else:
            documents.append(found)
    yield from alpine_secdb.advisories(documents, limits, _modified(path))


def _debian(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import debian_lists

    return debian_lists.advisories(content.feed(whole(path, limits)), limits)


def _tracker(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import debian_tracker

    raw = content.feed(whole(path, limits, 4 * limits.database_bytes))  # it has some 60 MiB
    return debian_tracker.advisories(raw, limits, _modified(path))


def _arch(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import arch_tracker

    return arch_tracker.advisories(content.feed(whole(path, limits)), limits, _modified(path))


def _updateinfo(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import updateinfo

    return _xml(path, updateinfo.advisories(records.pieces(path, limits, content), limits))


def _oval(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import oval

    return _xml(path, oval.advisories(_twice(path, limits, content), limits))


def _suse(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import oval_suse

    return _xml(path, oval_suse.advisories(_twice(path, limits, content), limits))


def _twice(path: str, limits: Limits, content: Content) -> Callable[[], Iterator[bytes]]:
    """A file that is read two times, and counted once."""
    counts = iter((content, Content()))
    return lambda: records.pieces(path, limits, next(counts))


def _xml(path: str, entries: _Entries) -> _Entries:
    """The same; what is said of the whole file names it."""
    base = plain(os.path.basename(path))
    try:
        yield from entries
    except DocumentError as cause:
        raise DocumentError(f"{base} {cause.what}", do="Fetch it again.") from cause
    except LimitExceededError as cause:
        if not cause.limit.startswith("xml "):
            raise
        raise DocumentError(f"{base}: {cause.what}") from cause


def _csaf(path: str, limits: Limits, content: Content) -> _Entries:
    from secure.vulns.feeds import redhat_csaf

    for found in records.records(path, limits, content):
        if isinstance(found, Unreadable):
            yield found
            continue
        where, raw = found
        for one in redhat_csaf.advisories(raw, limits, _modified(path)):
            told = f"{where}: {one.id}" if one.id else where
            yield Unreadable(told, 0, one.why) if isinstance(one, Refused) else one


def _modified(path: str) -> str:
    """For records without a time of their own."""
    return schema.rfc3339(int(os.stat(path).st_mtime))


_GIVERS: dict[
    str, tuple[Callable[[str], object], Callable[[str, Limits, Content], _Entries]]
] = {
    "rubysec": (re.compile(r".*rubysec.*\.jsonl").match, _rubysec),
    "friendsofphp": (re.compile(r".*friendsofphp.*\.jsonl").match, _friendsofphp),
    "secdb": (re.compile(r".*secdb.*\.zip").match, _secdb),
    "debian": (re.compile(r"D[SL]A-list\b").match, _debian),
    "debian-tracker": (re.compile(r"debian-tracker.*\.json").match, _tracker),
    "arch": (re.compile(r"arch-.*\.json").match, _arch),
    "updateinfo": (re.compile(r".*updateinfo.*\.xml").match, _updateinfo),
    "suse": (re.compile(r"(?:open)?suse\..*\.xml").match, _suse),
    "oval": (re.compile(r".*oval.*\.xml|com\.oracle\.elsa-.*\.xml").match, _oval),
    "csaf": (re.compile(r".*csaf.*\.(?:json|zip|tar)|cve-\d+-\d+\.json").match, _csaf),
    "osv": (re.compile(r"(?!)").match, records.advisories),
}  # fmt: skip
