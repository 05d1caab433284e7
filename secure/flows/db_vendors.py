"""Feeds of vendors from the network, each in the layout in which its vendor publishes it.

- files: one file at one address.
- repositories: an rpm repository, whose list (repodata/repomd.xml) names its updateinfo and the
  digest of it. A list of mirrors ("mirror.list") has an address of the repository in each line.
- topics: a catalogue of repositories, as Amazon Linux 2 has for its extras.
- bundles: documents that make one feed only together.
- csaf: `db_csaf.py`.

Sources: createrepo_c; docs.aws.amazon.com, "Amazon Linux 2 extras"; secdb.alpinelinux.org.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import quote

import msgspec

from secure.errors import DocumentError, InputError, NotFoundError
from secure.facts.plain import plain
from secure.flows.db import Topics, Vendor
from secure.flows.db_csaf import csaf, csaf_files
from secure.flows.db_fetch import Fetch, Job
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly
from secure.store.download import digest_of
from secure.vulns.feeds import repomd

_MOST_MIRRORS = 50
_MOST_TOPICS = 500
_TOPIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,60}").fullmatch
_MIRROR = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[!-~]{0,500})?").fullmatch
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can tell: the same parts, the same bytes


class _Catalogued(msgspec.Struct):
    n: str


class _Catalogue(msgspec.Struct):
    topics: list[_Catalogued]


def jobs(fetch: Fetch, vendor: Vendor) -> Iterator[Job]:
    """What there is to do; each is to be done before the next is asked for."""
    for name, url in vendor.files.items():
        yield Job(name, partial(fetch.sound, fetch.at(name, url), name), (name,))
    for name, urls in vendor.repositories.items():
        yield _of_repository(fetch, name, urls)
    for name, topics in vendor.topics.items():
        yield from _of_topics(fetch, name, topics)
    for name, documents in vendor.bundles.items():
        yield Job(name, partial(_bundle, fetch, name, documents), (name,))
    for name, url in vendor.csaf.items():
        yield Job(name, partial(csaf, fetch, name, url), csaf_files(name))


def _of_repository(fetch: Fetch, name: str, urls: tuple[str, ...]) -> Job:
    made = f"{name}.updateinfo.xml"
    return Job(name, partial(_repository, fetch, name, urls, made), (made,))


def _repository(fetch: Fetch, name: str, urls: tuple[str, ...], made: str) -> bool:
    bases = fetch.at(name) or [base for url in urls for base in _bases(fetch, name, url)]
    index = f"{name}.repomd.xml"
    fetch.get([f"{base}/repodata/repomd.xml" for base in bases], index, repomd.MAX_BYTES)
    with open(fetch.path(index), "rb") as file:
        raw = file.read(repomd.MAX_BYTES)
    try:
        listed = repomd.updateinfo(raw)
    except DocumentError as cause:
        fetch.forget(index)
        raise DocumentError(f"repomd.xml {cause.what}") from cause
    return fetch.sound([f"{base}/{quote(listed.place)}" for base in bases], made, listed.digest)


def _bases(fetch: Fetch, name: str, url: str) -> list[str]:
    """Addresses of one repository: the mirrors of a list, or `url` itself."""
    if not url.endswith("/mirror.list"):
        return [url.rstrip("/")]
    lines = fetch.text([url], f"{name}.mirrors").splitlines()
    # A list that came by https leads to https only, as a redirection does.
    scheme = "https://" if url.startswith("https://") else ("https://", "http://")
    found = [line.strip().replace("$basearch", "x86_64").rstrip("/") for line in lines]
    mirrors = [line for line in found if line.startswith(scheme) and _MIRROR(line)][:_MOST_MIRRORS]
    if not mirrors:
        fetch.forget(f"{name}.mirrors")
        raise NotFoundError(f'"{url}" names no mirror')
    return mirrors


def _of_topics(fetch: Fetch, name: str, topics: Topics) -> Iterator[Job]:
    catalogue = f"{name}.catalogue.json"
    urls = fetch.at(catalogue, topics.catalogue)
    yield Job(f"{name} (topics)", partial(fetch.sound, urls, catalogue, check=_topics))
    path = fetch.path(catalogue)
    for topic in _topics(path) if os.path.exists(path) else ():
        url = topics.repository.replace("{topic}", topic)
        job = _of_repository(fetch, f"{name}-{topic}", (url,))
        yield job._replace(work=partial(_if_any, job.work))


def _topics(path: str) -> list[str]:
    """Names of a catalogue that can be in an address.

    Raises:
        DocumentError: it is none, or names none.
    """
    with open(path, "rb") as file:
        raw = file.read(repomd.MAX_BYTES)
    try:
        topics = msgspec.json.decode(raw, type=_Catalogue).topics
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise DocumentError(f"it is no catalogue: {plain(str(cause)[:200])}") from cause
    found = [one.n for one in topics if _TOPIC(one.n)][:_MOST_TOPICS]
    if not found:
        raise DocumentError("it is no catalogue: it names no topic")
    return found


def _if_any(work: Callable[[], bool]) -> bool:
    """Most topics never had an advisory, and say so by not naming a list of them."""
    try:
        return work()
    except NotFoundError:
        return False


def _bundle(fetch: Fetch, name: str, documents: dict[str, str]) -> bool:
    """Documents as one zip; all of them, or the former one stays."""
    for part, url in documents.items():
        urls = fetch.at(f"{name}/{part}", url)
        fetch.get(urls, f"{name}.{part}", DEFAULT_LIMITS.advisory_bytes)
    new, former = fetch.incoming(name), fetch.path(name)
    remove_quietly(new)  # it may be a second name of the one that is used
    with zipfile.ZipFile(new, "w") as archive:
        for part in documents:
            with open(fetch.path(f"{name}.{part}"), "rb") as file:
                content = file.read(DEFAULT_LIMITS.advisory_bytes)
            archive.writestr(zipfile.ZipInfo(part, _EPOCH), content, zipfile.ZIP_DEFLATED)
    if os.path.exists(former) and digest_of(former, "sha256") == digest_of(new, "sha256"):
        return False
    try:
        return fetch.accept(name)
    except InputError:
        for part in documents:
            fetch.forget(f"{name}.{part}")
        raise
