"""VEX documents from a publisher's server: the archive, then what has changed since."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from feed_server import FeedServer, serving
from vendor_servers import CsafPublisher, document

from secure.errors import ArchiveError, NotFoundError
from secure.flows import db_update
from secure.flows.current_database import the_database
from secure.flows.db import FeedList, Vendor
from secure.flows.db_csaf import csaf
from secure.flows.db_fetch import Fetch
from secure.flows.db_update import Updated, Wanted
from secure.store.download import Patience

_BASE = "/data/csaf/v2/vex"
_BASEOS = "Red Hat:enterprise_linux:9::baseos"


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CsafPublisher]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as server:
        made = CsafPublisher(server, _BASE)
        for number in range(1000, 1003):
            _put(made, number, "2026-01-10")
        made.archive("2026-01-12")
        _put(made, 1003, "2026-01-13")
        yield made


def _put(publisher: CsafPublisher, number: int, day: str, fixed: str = "1-1.el9") -> str:
    path = f"2026/cve-2026-{number}.json"
    publisher.put(path, document(f"CVE-2026-{number}", f"p{number}", fixed, day), day)
    return f"{_BASE}/{path}"


def _update(server: FeedServer, told: Callable[[str], object] = lambda _: None) -> Updated:
    url = server.url
    feeds = FeedList(
        osv=f"{url}/osv", kev=f"{url}/kev.json", epss=f"{url}/epss.csv.gz", ecosystems=(),
        on_request={"Red Hat VEX": Vendor(csaf={"redhat-vex": f"{url}{_BASE}"})},
    )  # fmt: skip
    patience = Patience(attempts=1, pause=lambda _: None)
    return db_update.update(feeds, told, Wanted(ecosystems=("Red Hat VEX",)), patience)


def _few(publisher: CsafPublisher, most_added: int = 1 << 20) -> bool:
    """One update that takes two documents at most one by one."""
    fetch = Fetch((), Patience(attempts=1))
    url = f"{publisher.server.url}{_BASE}"
    return csaf(fetch, "redhat-vex", url, most_single=2, most_added=most_added)


def _failed(done: Updated) -> list[str]:
    """Without KEV and EPSS, which are not on this server."""
    return [one for one in done.failed if one.startswith("redhat-vex")]


def _asked(publisher: CsafPublisher, part: str) -> list[str]:
    return [path for path, _ in publisher.server.asked if part in path and "sha256" not in path]


def _fixed(name: str) -> list[str]:
    with the_database() as found:
        return [span.fixed for one in found.affected(_BASEOS, name) for span in one.ranges]


def test_the_archive_is_fetched_and_then_what_is_newer(publisher: CsafPublisher) -> None:
    done = _update(publisher.server)
    assert (_failed(done), done.report.records) == ([], 4)
    assert (_fixed("p1000"), _fixed("p1003")) == (["1-1.el9"], ["1-1.el9"])
    assert len(_asked(publisher, ".tar.zst")) == 1
    assert _asked(publisher, "/2026/") == [f"{_BASE}/2026/cve-2026-1003.json"]


def test_without_news_only_lists_are_asked_for(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    publisher.server.asked.clear()
    done = _update(publisher.server)
    assert (done.unchanged, done.report.records) == (("redhat-vex",), 4)
    assert (_asked(publisher, ".tar.zst"), _asked(publisher, "/2026/")) == ([], [])


def test_a_changed_document_takes_the_place_of_the_archives(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    changed = _put(publisher, 1001, "2026-01-20", "2-1.el9")
    publisher.server.asked.clear()
    done = _update(publisher.server)
    assert (_failed(done), done.report.records) == ([], 4)
    assert (_fixed("p1001"), _asked(publisher, "/2026/")) == (["2-1.el9"], [changed])


def test_a_document_that_was_taken_back_matches_nothing(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    publisher.delete("2026/cve-2026-1000.json", "2026-01-20")
    assert _update(publisher.server).report.withdrawn == 1
    assert _fixed("p1000") == []
    assert _update(publisher.server).unchanged == ("redhat-vex",)
    with the_database() as found:
        (number,) = found.by_id("CVE-2026-1000")
        assert found.advisory(number).withdrawn == "2026-01-20T00:00:00Z"


def test_a_document_that_was_published_again_is_not_gone(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    publisher.delete("2026/cve-2026-1000.json", "2026-01-20")
    _update(publisher.server)
    again = document("CVE-2026-1000", "p1000", "9-1.el9", "2026-01-11")
    publisher.put("2026/cve-2026-1000.json", again, "2026-02-01")
    _update(publisher.server)
    assert _fixed("p1000") == ["9-1.el9"]


def test_after_many_changes_the_newest_archive_is_fetched(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    for number in range(1000, 1004):
        _put(publisher, number, "2026-01-20", "3-1.el9")
    newest = publisher.archive("2026-01-25")
    _put(publisher, 1004, "2026-01-26")
    publisher.server.asked.clear()
    assert _few(publisher)
    done = _update(publisher.server)
    assert (_failed(done), done.report.records) == ([], 5)
    assert _asked(publisher, ".tar.zst") == [newest]
    assert _asked(publisher, "/2026/") == [f"{_BASE}/2026/cve-2026-1004.json"]
    assert (_fixed("p1000"), _fixed("p1004")) == (["3-1.el9"], ["1-1.el9"])


def test_what_came_one_by_one_does_not_grow_without_end(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    newest = publisher.archive("2026-01-25")
    assert not _few(publisher)
    publisher.server.asked.clear()
    assert _few(publisher, most_added=100)
    assert (_asked(publisher, ".tar.zst"), _asked(publisher, "/2026/")) == ([newest], [])
    done = _update(publisher.server)
    assert (_failed(done), done.report.records, done.report.replaced) == ([], 4, 0)


def test_what_is_too_much_for_one_update_is_named_and_fetched_by_the_next(
    publisher: CsafPublisher,
) -> None:
    _update(publisher.server)
    publisher.server.asked.clear()
    changed = [_put(publisher, number, "2026-01-20", "3-1.el9") for number in range(1000, 1003)]
    with pytest.raises(NotFoundError, match="1 changed documents are left for the next update"):
        _few(publisher)
    assert _asked(publisher, "/2026/") == changed[:2]
    assert _few(publisher)
    assert _asked(publisher, "/2026/") == changed
    assert _asked(publisher, ".tar.zst") == []


def test_documents_are_not_held_without_end(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    fetch, url = Fetch((), Patience(attempts=1)), f"{publisher.server.url}{_BASE}"
    one = fetch.size("redhat-vex.csaf.jsonl")
    changed = [_put(publisher, number, "2026-01-20", "3-1.el9") for number in range(1000, 1003)]
    publisher.server.asked.clear()
    with pytest.raises(NotFoundError, match="1 changed documents are left for the next update"):
        csaf(fetch, "redhat-vex", url, most_added=one)
    assert _asked(publisher, "/2026/") == changed[:2]
    assert csaf(fetch, "redhat-vex", url)
    assert _asked(publisher, "/2026/") == changed


def test_what_came_before_a_failure_is_kept(publisher: CsafPublisher) -> None:
    _update(publisher.server)
    first = _put(publisher, 1000, "2026-01-20", "2-1.el9")
    second = _put(publisher, 1001, "2026-01-21", "2-1.el9")
    kept, publisher.server.files[second] = publisher.server.files[second], b"other"
    (said,) = _failed(_update(publisher.server))
    assert "not the sha256 that it must have" in said
    assert (_fixed("p1000"), _fixed("p1001")) == (["2-1.el9"], ["1-1.el9"])
    publisher.server.files[second] = kept
    publisher.server.asked.clear()
    assert _failed(_update(publisher.server)) == []
    assert _fixed("p1001") == ["2-1.el9"]
    assert first not in _asked(publisher, "/2026/")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("csaf_vex_2026-01-12.tar.zst", b"other", "not the sha256"),
        ("archive_latest.txt", b"../../../secret_2026-01-12.tar.zst", "the newest archive is"),
        ("archive_latest.txt", b"csaf_vex_2026-13-32.tar.zst", "the newest archive is"),
        ("archive_latest.txt", b"csaf_vex_0001-01-01.tar.zst", "the newest archive is"),
        ("changes.csv", b"<html>maintenance</html>", "lists no document"),
        ("changes.csv", b'"../../secret.json","2026-01-13T00:00:00+00:00"', "lists no document"),
        ("changes.csv", b'"2026/cve-2026-1.json","soon"', "lists no document"),
    ],
)
def test_a_publisher_that_is_not_what_it_was_is_named(
    publisher: CsafPublisher, name: str, content: bytes, why: str
) -> None:
    path = f"{_BASE}/{name}"
    kept, publisher.server.files[path] = publisher.server.files[path], content
    lines: list[str] = []
    with pytest.raises(NotFoundError, match="no feed could be had"):
        _update(publisher.server, lines.append)
    assert why in lines[-1]
    assert not _asked(publisher, "secret")
    publisher.server.files[path] = kept
    done = _update(publisher.server)
    assert (_failed(done), done.report.records) == ([], 4)


def test_an_archive_that_is_damaged_is_fetched_anew(publisher: CsafPublisher) -> None:
    path = f"{_BASE}/csaf_vex_2026-01-12.tar.zst"
    whole = publisher.server.files[path]
    publisher.server.files[path] = whole[:-20]
    del publisher.server.files[f"{path}.sha256"]
    with pytest.raises(ArchiveError, match=r"redhat-vex\.csaf\.tar"):
        _update(publisher.server)
    publisher.server.files[path] = whole
    assert _update(publisher.server).report.records == 4


def test_real_documents_come_through_an_archive(publisher: CsafPublisher, shared: Path) -> None:
    with zipfile.ZipFile(shared / "manifests/redhat-csaf-vex-sample.zip") as archive:
        for name in archive.namelist():
            base = name.rpartition("/")[2]
            if base.startswith("cve-2023"):
                publisher.put(f"2023/{base}", archive.read(name), "2024-01-01")
    publisher.archive("2026-01-12")
    done = _update(publisher.server)
    assert (_failed(done), done.report.records) == ([], 7)
    with the_database() as found:
        assert found.by_id("CVE-2023-38545")
