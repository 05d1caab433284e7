"""The database from a server with OSV's layout: whole first, then what has changed."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory
from feed_server import FeedServer, serving

from secure.errors import NotFoundError
from secure.flows import db
from secure.flows.current_database import the_database
from secure.flows.db_update import Updated, Wanted, update
from secure.store.download import Patience
from secure.vulns.manifest import ShrunkError
from secure.vulns.osv import Advisory

_PAD = ("npm", "left-pad")
_FEEDS = db.FeedList(osv="unused", kev="unused", epss="unused", ecosystems=("npm", "Debian"))
_KEV = b'{"vulnerabilities": [{"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10"}]}'
_EPSS = b"#model_version:v2025.03.14\ncve,epss,percentile\nCVE-2021-44228,0.94358,0.99957\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as made:
        made.files["/known_exploited_vulnerabilities.json"] = _KEV
        made.files["/epss_scores-current.csv.gz"] = gzip.compress(_EPSS)
        _publish(made, "npm", *(advisory(f"A-{n}", _PAD) for n in range(100)))
        _publish(made, "Debian", advisory("D-1", ("Debian:12", "openssl")))
        yield made


def _publish(server: FeedServer, ecosystem: str, *records: Advisory) -> None:
    """As OSV does: the export, the list of ids, and every record by itself."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for one in records:
            encoded = msgspec.json.encode(one)
            archive.writestr(f"{one.id}.json", encoded)
            server.files[f"/{ecosystem}/{one.id}.json"] = msgspec.json.format(encoded)
    newest = sorted(records, key=lambda one: one.modified, reverse=True)
    server.files[f"/{ecosystem}/all.zip"] = raw.getvalue()
    ids = "".join(f"{one.modified},{one.id}\n" for one in newest)
    server.files[f"/{ecosystem}/modified_id.csv"] = ids.encode()


def _update(server: FeedServer, *, accept_shrink: bool = False) -> Updated:
    patience = Patience(attempts=1, pause=lambda _: None)
    wanted = Wanted(urls=(server.url,), accept_shrink=accept_shrink)
    return update(_FEEDS, lambda _: None, wanted, patience)


def test_the_first_update_fetches_everything(server: FeedServer) -> None:
    done = _update(server)
    assert (done.report.records, done.failed, done.unchanged) == (101, (), ())
    with the_database() as found:
        assert len(found.affected("Debian:12", "openssl")) == 1
        exploited, probable = found.kev(["CVE-2021-44228"]), found.epss(["CVE-2021-44228"])
    assert exploited["CVE-2021-44228"].added == "2021-12-10"
    assert probable["CVE-2021-44228"].score == 0.94358


def test_lists_of_releases_are_fetched_by_their_names(server: FeedServer) -> None:
    feeds = msgspec.structs.replace(_FEEDS, releases={"distro-info-debian.csv": "unused"})
    columns = b"version,codename,series,created,release,eol,eol-lts\n"
    row = b"12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2028-06-30\n"
    server.files["/distro-info-debian.csv"] = columns + row
    patience = Patience(attempts=1, pause=lambda _: None)
    done = update(feeds, lambda _: None, Wanted(urls=(server.url,)), patience)
    assert done.failed == ()
    with the_database() as found:
        ends = found.release("Debian:12")
    assert ends is not None
    assert (ends.ends, ends.extended_ends) == ("2026-07-11", "2028-06-30")


def test_an_update_without_news_fetches_lists_only(server: FeedServer) -> None:
    _update(server)
    server.asked.clear()
    done = _update(server)
    assert done.report.records == 101
    assert set(done.unchanged) == {"npm", "Debian", "KEV", "EPSS"}
    assert not [path for path, _ in server.asked if path.endswith("all.zip")]


def test_what_has_changed_is_fetched_by_itself(server: FeedServer) -> None:
    _update(server)
    server.asked.clear()
    newer = advisory("A-7", _PAD, fixed="9.0.0", modified="2025-01-01T00:00:00Z")
    rest = (advisory(f"A-{n}", _PAD) for n in range(101) if n != 7)
    _publish(server, "npm", newer, *rest)
    assert _update(server).report.records == 102
    fetched = [path for path, _ in server.asked if path.startswith("/npm/A-")]
    assert sorted(fetched) == ["/npm/A-100.json", "/npm/A-7.json"]
    with the_database() as found:
        fixes = {one.ranges[0].fixed for one in found.affected(*_PAD)}
    assert fixes == {"2.0.0", "9.0.0"}


def test_what_could_not_be_fetched_is_fetched_the_next_time(server: FeedServer) -> None:
    _update(server)
    _publish(server, "npm", *(advisory(f"A-{n}", _PAD) for n in range(101)))
    kept = server.files.pop("/npm/A-100.json")
    assert [one.partition(":")[0] for one in _update(server).failed] == ["npm"]
    server.files["/npm/A-100.json"] = kept
    done = _update(server)
    assert (done.failed, done.report.records) == ((), 102)


def test_a_feed_that_fails_keeps_its_former_state_and_is_named(server: FeedServer) -> None:
    _update(server)
    _publish(server, "Debian", *(advisory(f"D-{n}", ("Debian:12", "x")) for n in range(3)))
    for name in [path for path in server.files if path.startswith("/npm/")]:
        del server.files[name]
    done = _update(server)
    assert [one.partition(":")[0] for one in done.failed] == ["npm"]
    assert done.report.ecosystems == {"npm": 100, "Debian:12": 3}


@pytest.mark.parametrize("damaged", [b"<html>maintenance</html>", b"PK\5\6" + bytes(18)])
def test_an_export_that_is_none_keeps_the_former_one_and_is_fetched_anew(
    server: FeedServer, damaged: bytes
) -> None:
    _update(server)
    _publish(server, "Debian", *(advisory(f"D-{n}", ("Debian:12", "x")) for n in range(3)))
    server.files["/npm/modified_id.csv"] = b"".join(
        b"2026-01-01T00:00:00Z,A-%d\n" % number for number in range(300)
    )
    whole, server.files["/npm/all.zip"] = server.files["/npm/all.zip"], damaged
    done = _update(server)
    assert [one.partition(":")[0] for one in done.failed] == ["npm"]
    assert done.report.ecosystems == {"npm": 100, "Debian:12": 3}
    server.files["/npm/all.zip"] = whole
    assert _update(server).failed == ()


@pytest.mark.parametrize(
    "page", [b"<html>sign in</html>", b"", b"{}", b'{"id": "A-1"}', b"[" * 9999]
)
def test_a_record_that_is_another_page_comes_with_the_export(
    server: FeedServer, page: bytes
) -> None:
    _update(server)
    _publish(server, "npm", *(advisory(f"A-{n}", _PAD) for n in range(101)))
    server.files["/npm/A-100.json"] = page
    done = _update(server)
    assert (done.failed, done.report.records, done.report.refused) == ((), 102, 0)


@pytest.mark.parametrize("page", [b"<html>maintenance</html>", b"", b"x,A-1\n", b"<p>a,b</p>\n"])
def test_a_list_that_is_none_does_not_say_that_nothing_has_changed(
    server: FeedServer, page: bytes
) -> None:
    _update(server)
    _publish(server, "npm", *(advisory(f"A-{n}", _PAD) for n in range(101)))
    server.files["/npm/modified_id.csv"] = page
    assert _update(server).report.records == 102


def test_a_table_that_is_none_keeps_the_former_one(server: FeedServer) -> None:
    _update(server)
    server.files["/known_exploited_vulnerabilities.json"] = b"<html>maintenance</html>"
    server.files["/epss_scores-current.csv.gz"] = gzip.compress(b"maintenance")
    failed = _update(server).failed
    assert [one.partition(":")[0] for one in failed] == ["KEV", "EPSS"]
    with the_database() as found:
        assert found.kev(["CVE-2021-44228"])
        assert found.epss(["CVE-2021-44228"])


def test_an_export_that_lost_many_records_is_refused(server: FeedServer) -> None:
    _update(server)
    _publish(server, "npm", advisory("A-1", _PAD))
    server.files["/npm/modified_id.csv"] = b"".join(
        b"2026-01-01T00:00:00Z,A-%d\n" % number for number in range(300)
    )
    with pytest.raises(ShrunkError, match="npm: 100 to 1"):
        _update(server)
    assert db.status().records == 101
    assert _update(server, accept_shrink=True).report.records == 2


def test_ids_cannot_lead_to_other_places(server: FeedServer) -> None:
    _update(server)
    server.files["/npm/modified_id.csv"] = b"2026-01-01T00:00:00Z,../../secret\n"
    server.asked.clear()
    _update(server)
    assert not [path for path, _ in server.asked if "secret" in path]


def test_a_host_that_cannot_be_connected_to_is_waited_for_once(server: FeedServer) -> None:
    with serving() as gone:
        dead = gone.url
    other = dead.replace("127.0.0.1", "127.0.0.2")
    names = tuple(f"E{number}" for number in range(5))
    feeds = db.FeedList(
        osv=dead, kev=f"{other}/kev", epss=f"{server.url}/epss_scores-current.csv.gz",
        ecosystems=names,
    )  # fmt: skip
    pauses: list[float] = []
    lines: list[str] = []
    with pytest.raises(NotFoundError, match="no feed could be had"):
        update(feeds, lines.append, Wanted(), Patience(attempts=3, pause=pauses.append))
    assert len(pauses) == 2
    assert [line for line in lines if "did not answer before" in line] != []
    assert lines[-1] == "EPSS: fetched\n"


def test_without_any_server_nothing_is_replaced(server: FeedServer) -> None:
    server.files.clear()
    with pytest.raises(NotFoundError, match="no feed could be had"):
        _update(server)
    assert db.status().starter
